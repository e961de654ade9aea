"""The texts of messages: a folder for each template, with its subject and its body, and for families a short text.

They are read once, at start, and one that could reveal anything (see `discretion`) is refused, so that it cannot go
out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from services.notifications.discretion import faults_of

FOLDER = Path(__file__).parent / "templates"
# Texts, not pages: nothing is escaped. A variable that is not given is an error, never an empty space.
_ENVIRONMENT = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)


class TemplateRefused(Exception):
    """A template may not be used; the text names its file and each reason."""


@dataclass(frozen=True)
class Template:
    """One message's subject and body, still with their variables; `text` is the whole as a text to a telephone."""

    subject: jinja2.Template
    body: jinja2.Template
    text: jinja2.Template | None = None

    def render(self, words: Mapping[str, str]) -> tuple[str, str]:
        """Subject and body; raises jinja2.UndefinedError when one of their variables is not in `words`."""
        return self.subject.render(words).strip(), self.body.render(words)

    def render_text(self, words: Mapping[str, str]) -> str | None:
        """The text to a telephone, or None where nobody is told this by text."""
        return self.text.render(words).strip() if self.text else None


def load_templates(folder: Path = FOLDER) -> dict[str, Template]:
    """Every template of a folder by its name. Raises TemplateRefused."""
    faults = [
        f"{path.parent.name}/{path.name} {fault}"
        for path in sorted(folder.glob("*/*.txt"))
        for fault in faults_of(path.read_text(encoding="utf-8"))
    ]
    if faults:
        raise TemplateRefused("\n".join(faults))
    return {path.name: _template(path) for path in sorted(folder.iterdir())}


def _template(folder: Path) -> Template:
    text = folder / "text.txt"
    return Template(_read(folder / "subject.txt"), _read(folder / "body.txt"), _read(text) if text.is_file() else None)


def _read(path: Path) -> jinja2.Template:
    return _ENVIRONMENT.from_string(path.read_text(encoding="utf-8"))
