"""What a measurement gives: tables of figures, each figure the median of its rounds with the lowest and the highest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, in every round, and the goal where there is one."""

    name: str
    rounds: Sequence[float]
    unit: str
    goal: str = ""

    @property
    def median(self) -> float:
        return median(self.rounds)

    def cells(self) -> list[str]:
        return [self.name, f"{_number(self.median)} {self.unit}".strip(), self._spread(), self.goal]

    def _spread(self) -> str:
        if len(self.rounds) == 1:
            return ""
        return f"{_number(min(self.rounds))} to {_number(max(self.rounds))}"


@dataclass(frozen=True)
class Table:
    """One measurement. `how` is what a reader must know to judge it."""

    title: str
    how: str
    figures: list[Figure] = field(default_factory=list)
    loads: tuple[float, float] | None = None
    """The machine's load average before and after, the measurement's own load in it."""

    def markdown(self) -> str:
        rows = [["", "median", "lowest to highest", "goal"], ["---"] * 4, *(figure.cells() for figure in self.figures)]
        if all(not figure.goal for figure in self.figures):
            rows = [row[:3] for row in rows]
        if all(len(figure.rounds) == 1 for figure in self.figures):
            rows = [row[:2] + row[3:] for row in rows]
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([f"## {self.title}", "", self.how, "", *lines, *self._busy(), ""])

    def _busy(self) -> list[str]:
        if self.loads is None:
            return []
        before, after = self.loads
        return [
            "",
            f"Load average of the machine: {before:.1f} before, {after:.1f} after, the measurement's own load included.",
        ]


def ratios(name: str, ours: Figure, floor: Figure, goal: str = "") -> Figure:
    """Ours in parts of the floor, round by round: both sides of a round saw the same machine."""
    return Figure(name, [a / b for a, b in zip(ours.rounds, floor.rounds, strict=True)], "", goal)


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
