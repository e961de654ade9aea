"""What no message may say, and what no template may contain: the check that lets a text out of the house.

A template is closed: fixed words, and variables out of VARIABLES, put in as they are. No loop, condition, filter,
attribute or call, so nothing can reach what a message was made from. Its fixed words may hold no name (a capital
inside a sentence), no address, no number, and no word from which prison, a place, a need or a relation could be
guessed.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, nodes

VARIABLES = frozenset({"reference", "link", "acknowledge_by", "decide_by", "wanted", "owed", "due_on", "code"})
OUR_NAME = "Waypost"

_STEMS = [
    stem
    for line in (Path(__file__).parent / "revealing.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for stem in line.split()
]
_REVEALING = re.compile(rf"\b(?:{'|'.join(_STEMS)})\w*", re.IGNORECASE)
_CONTACT = re.compile(r"\S*(?:@|://|www\.|\d)\S*")
_CAPITAL_INSIDE = re.compile(r"(?<![.!?:])(?<!\n)[ \t]([A-Z]\w*)")
_PLAIN = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name)


def revealed_by(text: str, names: Iterable[str] = ()) -> list[str]:
    """The words of `text` that could give a family away; `names` are further names that must not be in it."""
    lowered = text.lower()
    return [*_REVEALING.findall(text), *(name for name in names if name.lower() in lowered)]


def faults_of(source: str) -> list[str]:
    """Why the text of a template may not go out, one line for each reason; empty when it may."""
    try:
        tree = Environment(autoescape=True).parse(source)
    except TemplateSyntaxError as error:
        return [f"is not a template (line {error.lineno})"]
    return list(_faults(tree))


def _faults(tree: nodes.Template) -> Iterator[str]:
    fixed = ""
    for node in _walk(tree):
        if not isinstance(node, _PLAIN):
            yield f"does more than put in a variable ({type(node).__name__})"
        elif isinstance(node, nodes.Name):
            fixed += "x"
            if node.name not in VARIABLES:
                yield f"uses the variable {node.name}"
        elif isinstance(node, nodes.TemplateData):
            fixed += node.data
    yield from (f"says '{word}'" for word in revealed_by(fixed))
    yield from (f"holds the contact or number '{word}'" for word in _CONTACT.findall(fixed))
    yield from (f"may name somebody: '{word}'" for word in _CAPITAL_INSIDE.findall(fixed) if word != OUR_NAME)


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)
