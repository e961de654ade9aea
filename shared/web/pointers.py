"""JSON pointers (RFC 6901) as the names of form fields: an error of the API then finds its field by itself.

Only the pointers that our own documents have: names and places in lists, without escapes.
"""

from typing import Any


def at(document: Any, pointer: str) -> Any:
    """What the document holds there; None where there is nothing."""
    for part in pointer.split("/")[1:]:
        if isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            return None
    return document


def put(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Sets a value, making what leads to it. An item is added at the end of a list at most; raises IndexError beyond."""
    *way, last = pointer.split("/")[1:]
    here: Any = document
    for part, following in zip(way, [*way, last][1:], strict=True):
        empty: Any = [] if following.isdigit() else {}
        if isinstance(here, list):
            if int(part) == len(here):
                here.append(empty)
            here = here[int(part)]
        else:
            if not isinstance(here.get(part), type(empty)):
                here[part] = empty
            here = here[part]
    if isinstance(here, list):
        here[int(last) : int(last) + 1] = [value]
    else:
        here[last] = value


def remove(document: dict[str, Any], pointer: str) -> None:
    """Takes a value out; an item of a list moves those after it up. Nothing happens where there is nothing."""
    above, _, last = pointer.rpartition("/")
    here = at(document, above)
    if isinstance(here, list) and last.isdigit() and int(last) < len(here):
        del here[int(last)]
    elif isinstance(here, dict):
        here.pop(last, None)


def id_of(pointer: str) -> str:
    """The id of the field on the page: `/children/0/first_name` is `children-0-first_name`."""
    return pointer.strip("/").replace("/", "-")
