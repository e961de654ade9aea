"""The runbook, docs/operations.md, as pages: the same text that stands beside the code, for whoever is on duty.

Each of its sections is a page, each heading has the id that its words make: `/runbook/what-is-wrong#broker-alarm` leads to the
steps for what the overview calls so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it.token import Token

FILE = Path(__file__).parents[3] / "docs" / "operations.md"
WHAT_IS_WRONG = "/runbook/what-is-wrong#"
"""Before a concern's code: where its steps are."""


@dataclass(frozen=True)
class Section:
    """What stands under one heading of the second level."""

    title: str
    text: Markup


@cache
def runbook() -> Mapping[str, Section]:
    """The sections by their ids, in the file's order."""
    from markdown_it import MarkdownIt  # When somebody looks: much of it, for one page.

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    found = {}
    for title, tokens in _sections(reader.parse(FILE.read_text(encoding="utf-8"))):
        _dress(title, tokens)
        found[anchor(title)] = Section(title, Markup(reader.renderer.render(tokens, reader.options, {})))
    return found


def anchor(heading: str) -> str:
    """`The broker is away` has the id `the-broker-is-away`."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _sections(tokens: Sequence["Token"]) -> Iterator[tuple[str, list["Token"]]]:
    starts = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        yield tokens[start + 1].content, list(tokens[start + 3 : end])


def _dress(heading: str, tokens: list["Token"]) -> None:
    """What our pages ask of headings, tables and code; links to other files of the repository are words here."""
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[number + 1].content
            token.attrSet("id", anchor(heading))
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h2"
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "table_open":
            about = f'<section class="scrolls" tabindex="0" aria-label="{escape(heading)}">'
            tokens[number] = _html(f"{about}<table>")
        elif token.type == "table_close":
            tokens[number] = _html("</table></section>\n")
        elif token.type == "fence":
            code = f'<pre class="code">{escape(token.content)}</pre>\n'
            tokens[number] = _html(code)
        elif token.children:
            token.children = _without_files(token.children)


def _html(text: str) -> "Token":
    from markdown_it.token import Token

    return Token("html_block", "", 0, content=text)


def _without_files(tokens: list["Token"]) -> list["Token"]:
    kept, inside = [], False
    for token in tokens:
        if token.type == "link_open" and not str(token.attrGet("href")).startswith("https:"):
            inside = True
        elif token.type == "link_close" and inside:
            inside = False
        else:
            kept.append(token)
    return kept
