"""Lists in pages: a limit, and an opaque cursor that says where the last page ended.

A cursor is the sort key of the last row: ids and times, never anything personal, since it travels in URLs.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from shared.database.types import LARGEST_KEY
from shared.http import problems

MOST = 100
USUAL = 50
_CURSOR_MOST = 400

Scalar = str | int
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page:
    """What a client asked for: at most `limit` rows, after the row whose sort key is `after`."""

    limit: int
    after: tuple[Scalar, ...] | None


def read_page(arguments: Mapping[str, str], *shape: type) -> Page:
    """`limit` (1 to 100, 50 unless told) and `cursor` from a query; `shape` are the types of the cursor's values.

    Raises a 400 problem for either that cannot be used: a cursor of another list, or one that was made up.
    """
    limit = arguments.get("limit", str(USUAL))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= MOST):
        raise problems.bad_request("bad-limit", "limit cannot be used", f"Send a whole number from 1 to {MOST}.")
    cursor = arguments.get("cursor")
    return Page(int(limit), None if cursor is None else decode_cursor(cursor, *shape))


def encode_cursor(*values: Scalar) -> str:
    """The values as one opaque word, safe in a URL."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def decode_cursor(cursor: str, *shape: type) -> tuple[Scalar, ...]:
    """The values that `encode_cursor` was given; raises a 400 problem when they are not of these types."""
    try:
        if len(cursor) > _CURSOR_MOST:
            raise ValueError
        text = cursor.encode("ascii")
        values = orjson.loads(base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        values = None
    if (
        not isinstance(values, list)
        or [type(value) for value in values] != list(shape)
        or not all(map(_storable, values))
    ):
        raise problems.bad_request("bad-cursor", "cursor cannot be used", "Send the `next` of the page before.")
    return tuple(values)


def _storable(value: Scalar) -> bool:
    """Whether a database can compare it with what it holds."""
    return abs(value) <= LARGEST_KEY if isinstance(value, int) else "\0" not in value


def as_page(
    rows: Sequence[Row], page: Page, sort_key: Callable[[Row], tuple[Scalar, ...]], shown: Callable[[Row], Any]
) -> dict[str, Any]:
    """The answer `{items, next}`. Ask the database for `page.limit + 1` rows: one too many means more."""
    kept = rows[: page.limit]
    more = len(rows) > page.limit
    return {"items": [shown(row) for row in kept], "next": encode_cursor(*sort_key(kept[-1])) if more else None}
