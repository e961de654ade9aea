"""The last hour as a picture so small that it stands in a table: a bar for each minute. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 120, 24
_STEP = 2


@dataclass(frozen=True)
class Picture:
    """An SVG path of bars, and the same in words."""

    path: str
    about: str


def last_hour(values: Sequence[int | None] | None) -> Picture:
    """`values` are messages in each minute, the oldest first; None where nobody looked."""
    known = [value for value in values or () if value is not None]
    most = max(known, default=0)
    if not values or not known:
        return Picture("", "Not known yet")
    bars = []
    for number, value in enumerate(values):
        if value:
            # One message is seen beside a thousand.
            height = max(2, round(value / most * (HEIGHT - 2)))
            bars.append(f"M{number * _STEP + 1} {HEIGHT}v-{height}")
    if not most:
        return Picture("", "Nothing within the last hour")
    return Picture("".join(bars), f"{sum(known)} within the last hour, at most {most} in a minute")
