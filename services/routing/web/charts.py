"""Small pictures of numbers: where bars and lines lie, as plain figures that a template draws as SVG. Pure.

A picture is `WIDTH` by `HEIGHT` units and holds no words; scale and labels stand around it, the numbers in a table beside it.
"""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

WIDTH, HEIGHT = 600, 160
_PART_OF_GROUP = 0.76
"""How much of its place a group of bars fills."""


def shares(values: Sequence[int]) -> list[float]:
    """How long a bar is for each number, in hundredths of the longest."""
    most = max(values, default=0) or 1
    return [round(100 * value / most, 1) for value in values]


class Bar(NamedTuple):
    """One upright bar; `kind` says which of its group it is."""

    kind: int
    x: float
    y: float
    width: float
    height: float


class Picture(NamedTuple):
    """Bars or lines over labels. `ticks` are the numbers of the scale with their heights, the highest first."""

    labels: list[str]
    ticks: list[tuple[int, float]]
    bars: list[Bar]
    lines: list[tuple[int, list[tuple[float, float]]]]


def columns(rows: Sequence[tuple[str, Sequence[int]]]) -> Picture:
    """A group of bars for each row, a bar for each of its numbers."""
    step, top = _scale([value for _, values in rows for value in values])
    place = WIDTH / max(len(rows), 1)
    bars = []
    for number, (_, values) in enumerate(rows):
        thick = place * _PART_OF_GROUP / max(len(values), 1)
        begin = place * (number + (1 - _PART_OF_GROUP) / 2)
        for kind, value in enumerate(values):
            y = _height(value, top)
            bars.append(Bar(kind, round(begin + thick * kind, 1), y, round(thick - 1, 1), round(HEIGHT - y, 1)))
    return Picture([label for label, _ in rows], _ticks(step, top), bars, [])


def lines(rows: Sequence[tuple[str, Sequence[float | None]]]) -> Picture:
    """A line for each place in the rows' values; broken where a value is not known."""
    step, top = _scale([value for _, values in rows for value in values if value is not None])
    place = WIDTH / max(len(rows), 1)
    drawn: list[tuple[int, list[tuple[float, float]]]] = []
    for kind in range(len(rows[0][1]) if rows else 0):
        points: list[tuple[float, float]] = []
        for number, (_, values) in enumerate(rows):
            value = values[kind]
            if value is None:
                points = []
                continue
            if not points:
                drawn.append((kind, points))
            points.append((round(place * (number + 0.5), 1), _height(value, top)))
    return Picture([label for label, _ in rows], _ticks(step, top), [], drawn)


def _height(value: float, top: int) -> float:
    return round(HEIGHT - HEIGHT * value / top, 1)


def _ticks(step: int, top: int) -> list[tuple[int, float]]:
    return [(value, _height(value, top)) for value in range(top, -1, -step)]


def _scale(values: Sequence[float]) -> tuple[int, int]:
    """The step of a scale and its end: round numbers, four steps at most."""
    most = max(values, default=0)
    round_ones = (factor * 10**power for power in range(9) for factor in (1, 2, 5))
    step = next(each for each in round_ones if each * 4 >= most)
    return step, step * max(1, ceil(most / step))
