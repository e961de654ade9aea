"""Small pictures of numbers: where bars and lines lie, as plain figures that a template draws as SVG. Pure.

A picture is `WIDTH` units wide; its numbers stand in a table beside it, so readers of every kind have them.
"""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

WIDTH = 640
_ROW, _BAR, _LABEL, _NUMBER = 30, 18, 190, 48
_HEIGHT, _FOOT, _HEAD, _LEFT = 200, 24, 14, 36


class Bar(NamedTuple):
    """One horizontal bar; `y` is the middle of its row."""

    label: str
    value: int
    y: int
    top: int
    width: float


class Bars(NamedTuple):
    """Horizontal bars, one under the other."""

    height: int
    left: int
    thick: int
    bars: list[Bar]


def bars(rows: Sequence[tuple[str, int]]) -> Bars:
    """A bar for each label and number, the longest as wide as there is room."""
    most, room = max([value for _, value in rows] or [0]) or 1, WIDTH - _LABEL - _NUMBER
    drawn = [
        Bar(label, value, _ROW * row + _ROW // 2, _ROW * row + (_ROW - _BAR) // 2, round(room * value / most, 1))
        for row, (label, value) in enumerate(rows)
    ]
    return Bars(_ROW * len(rows), _LABEL, _BAR, drawn)


class Column(NamedTuple):
    """One upright bar of a group; `kind` says which of the group's."""

    kind: int
    x: float
    y: float
    width: float
    height: float


class Columns(NamedTuple):
    """Groups of upright bars, a group for each label; `ticks` are numbers of the scale with their heights."""

    height: int
    left: int
    foot: int
    columns: list[Column]
    labels: list[tuple[str, float]]
    ticks: list[tuple[int, float]]


def columns(rows: Sequence[tuple[str, Sequence[int]]]) -> Columns:
    """A group for each row, a bar for each of its numbers."""
    scale, top = _scale(max([value for _, values in rows for value in values] or [0]))
    room = _HEIGHT - _FOOT - _HEAD
    group = (WIDTH - _LEFT) / max(len(rows), 1)
    drawn, labels = [], []
    for number, (label, values) in enumerate(rows):
        thick = group * 0.76 / max(len(values), 1)
        for kind, value in enumerate(values):
            height = room * value / top
            x = _LEFT + group * number + group * 0.12 + thick * kind
            drawn.append(
                Column(kind, round(x, 1), round(_HEAD + room - height, 1), round(thick - 1, 1), round(height, 1))
            )
        labels.append((label, round(_LEFT + group * (number + 0.5), 1)))
    ticks = [(value, round(_HEAD + room - room * value / top, 1)) for value in range(0, top + 1, scale)]
    return Columns(_HEIGHT, _LEFT, _HEIGHT - 6, drawn, labels, ticks)


class Lines(NamedTuple):
    """Lines over labels; where nothing is known a line is broken, so each is a list of pieces."""

    height: int
    left: int
    foot: int
    lines: list[list[list[tuple[float, float]]]]
    labels: list[tuple[str, float]]
    ticks: list[tuple[int, float]]


def lines(rows: Sequence[tuple[str, Sequence[float | None]]]) -> Lines:
    """A line for each place in the rows' values."""
    known = [value for _, values in rows for value in values if value is not None]
    scale, top = _scale(max(known or [0]))
    room, step = _HEIGHT - _FOOT - _HEAD, (WIDTH - _LEFT) / max(len(rows), 1)
    places = [round(_LEFT + step * (number + 0.5), 1) for number in range(len(rows))]
    drawn: list[list[list[tuple[float, float]]]] = []
    for kind in range(len(rows[0][1]) if rows else 0):
        pieces: list[list[tuple[float, float]]] = [[]]
        for x, (_, values) in zip(places, rows, strict=True):
            value = values[kind]
            if value is None:
                pieces.append([])
            else:
                pieces[-1].append((x, round(_HEAD + room - room * value / top, 1)))
        drawn.append([piece for piece in pieces if piece])
    labels = [(label, x) for (label, _), x in zip(rows, places, strict=True)]
    ticks = [(value, round(_HEAD + room - room * value / top, 1)) for value in range(0, top + 1, scale)]
    return Lines(_HEIGHT, _LEFT, _HEIGHT - 6, drawn, labels, ticks)


def _scale(most: float) -> tuple[int, int]:
    """The step of a scale and its end: round numbers, four steps at most."""
    round_ones = (factor * 10**power for power in range(9) for factor in (1, 2, 5))
    step = next(each for each in round_ones if each * 4 >= most)
    return step, step * max(1, ceil(most / step))
