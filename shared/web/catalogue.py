"""All short texts of the pages in one folder for each language: labels of codes, error sentences, titles of problems.

`words/en/` is whole, a file for each group of pages; another language may be partly done, and English stands in for the
rest. What is longer than a sentence stands in the templates (`templates/<language>/` for another language, found first).
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "words"
_NUMBER = re.compile(r"/\d+(?=/|$)")


class Catalogue:
    """`Catalogue.of("en")`; looked up by section and code."""

    def __init__(self, words: dict[str, Any], instead: "Catalogue | None" = None) -> None:
        self._words = words
        self._instead = instead

    @classmethod
    @cache
    def of(cls, language: str) -> "Catalogue":
        """A language's catalogue, with English behind it. Raises KeyError where there is none, or two files say one thing."""
        words: dict[str, Any] = {}
        files = sorted((FOLDER / language).glob("*.yaml"))
        if not files:
            raise KeyError(language)
        for path in files:
            _add(words, yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader), path.name)
        return cls(words, None if language == "en" else cls.of("en"))

    def word(self, section: str, code: str) -> str:
        """The label of a code; raises KeyError for one that nobody has named, which a test notices."""
        try:
            return str(self._words[section][code])
        except KeyError:
            if self._instead is None:
                raise KeyError(f"{section}: {code}") from None
            return self._instead.word(section, code)

    def section(self, section: str) -> dict[str, str]:
        """All labels of a section, in the file's order."""
        behind = self._instead.section(section) if self._instead else {}
        here: dict[str, str] = self._words.get(section, {})
        return behind | here

    def error(self, pointer: str, code: str, otherwise: str, section: str = "errors") -> str:
        """What to do about an error: the sentence for this field, else for this code, else `otherwise`.

        `section` is where a group of pages has sentences of its own, for fields that others have too.
        """
        errors = self._words.get("errors", {})
        place = _NUMBER.sub("/*", pointer)
        found = self._words.get(section, {}).get(place, {}).get(code) or errors.get(place, {}).get(code)
        found = found or errors.get("any", {}).get(code)
        if found:
            return str(found)
        return self._instead.error(pointer, code, otherwise, section) if self._instead else otherwise


def _add(words: dict[str, Any], more: dict[str, Any], file: str) -> None:
    """Sections that two files have are put together; what is in both of them is a mistake."""
    for name, value in more.items():
        if isinstance(value, dict):
            _add(words.setdefault(name, {}), value, file)
        elif name in words:
            raise KeyError(f"{file}: {name} stands in another file too")
        else:
            words[name] = value
