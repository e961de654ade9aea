"""The runbook, docs/operations.md, as a part of a page: the same text that stands beside the code, for whoever is on duty.

Each heading has the id that its words make, so `/runbook#broker-alarm` leads to the steps for what the overview calls so.
"""

import re
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

FILE = Path(__file__).parents[3] / "docs" / "operations.md"


@cache
def runbook() -> Markup:
    """All of it but its first heading, which is the page's own."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(FILE.read_text(encoding="utf-8"))
    _dress(tokens)
    return Markup(reader.renderer.render(tokens[3:], reader.options, {}))


def anchor(heading: str) -> str:
    """`The broker is away` has the id `the-broker-is-away`."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _dress(tokens: list[Token]) -> None:
    """What our pages ask of headings, tables and code; links to other files of the repository are words here."""
    heading = ""
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[number + 1].content
            token.attrSet("id", anchor(heading))
        if token.type in ("heading_open", "heading_close") and token.tag == "h4":
            token.tag = "h3"
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "table_open":
            about = f'<section class="scrolls" tabindex="0" aria-label="{escape(heading)}">'
            tokens[number] = Token("html_block", "", 0, content=f"{about}<table>")
        elif token.type == "table_close":
            tokens[number] = Token("html_block", "", 0, content="</table></section>\n")
        elif token.type == "fence":
            code = f'<pre class="code">{escape(token.content)}</pre>\n'
            tokens[number] = Token("html_block", "", 0, content=code)
        elif token.children:
            token.children = _without_files(token.children)


def _without_files(tokens: list[Token]) -> list[Token]:
    kept, inside = [], False
    for token in tokens:
        if token.type == "link_open" and not str(token.attrGet("href")).startswith(("#", "https:")):
            inside = True
        elif token.type == "link_close" and inside:
            inside = False
        else:
            kept.append(token)
    return kept
