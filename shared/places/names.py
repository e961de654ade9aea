"""Districts and authorities by code: the names, and which authority is one district. Read once from `data/`."""

import csv
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"
_GIAS = "gias:"


@cache
def _districts() -> dict[str, str]:
    return {row["code"]: row["name"] for row in _rows("districts.csv")}


@cache
def _authorities() -> dict[str, tuple[str, str]]:
    return {row["gias"]: (row["district"], row["name"]) for row in _rows("authorities.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def district_of_authority(gias: str) -> str | None:
    """The ONS district that a GIAS authority is; None for a county, which covers several, and for a code not listed."""
    return _authorities().get(gias, ("", ""))[0] or None


def place_of_authority(gias: str) -> str:
    """How an authority is called in facts and events: its district, or `gias:936` where it is not one district."""
    return district_of_authority(gias) or _GIAS + gias


def place_name(code: str) -> str | None:
    """`Kingston upon Thames` for E09000021, `Surrey` for gias:936; None for a code that is not listed."""
    if code.startswith(_GIAS):
        return _authorities().get(code.removeprefix(_GIAS), ("", ""))[1] or None
    return _districts().get(code)
