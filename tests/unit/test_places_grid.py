"""Postcodes put together: what wins, what stays, where it came from."""

from shared.places.grid import Grid
from shared.places.index import LIVE, NOT_RECORDED, TERMINATED, UNITS


def grid(release: str, **postcodes: tuple[str | None, int]) -> Grid:
    made = Grid()
    for postcode, (district, status) in postcodes.items():
        assert made.put(postcode, district, status)
    made.mark(release, f"{release}.csv", "2026-11-01")
    return made


def told(of: Grid, postcode: str) -> tuple[str | None, int]:
    cell = of.sectors[postcode[:-2]][UNITS[postcode[-2:]]]
    return [None, *of.districts][cell >> 2], cell & 3


def test_the_newer_wins_and_what_it_does_not_hold_stays():
    whole = grid("old", KT11AA=("E1", NOT_RECORDED), KT11AB=("E1", NOT_RECORDED), SM11AA=("E2", NOT_RECORDED))
    whole.lay_over(grid("new", KT11AA=("E3", LIVE), KT19ZZ=(None, TERMINATED)))
    assert told(whole, "KT11AA") == ("E3", LIVE)
    assert told(whole, "KT11AB") == ("E1", NOT_RECORDED)
    assert told(whole, "KT19ZZ") == (None, TERMINATED)
    assert told(whole, "SM11AA") == ("E2", NOT_RECORDED)


def test_each_area_says_which_releases_it_is_made_of():
    whole = grid("old", KT11AA=("E1", LIVE), SM11AA=("E2", LIVE))
    whole.lay_over(grid("new", KT11AA=("E1", LIVE)))
    assert whole.layers == {"KT": ["new", "old"], "SM": ["old"]}


def test_the_same_file_once_more_leaves_no_second_trace():
    whole = grid("old", KT11AA=("E1", LIVE))
    for _ in range(2):
        whole.lay_over(grid("new", KT11AA=("E1", LIVE)))
    assert whole.layers == {"KT": ["new", "old"]}
    assert [item.release for item in whole.imports] == ["old", "new"]


def test_postcodes_are_counted_by_area():
    rows = grid("old", KT11AA=("E1", LIVE), KT22AB=(None, LIVE), L11AA=("E2", LIVE)).rows_by_area()
    assert rows == {"KT": 2, "L": 1}


def test_what_is_no_postcode_is_not_put():
    made = Grid()
    assert not any(made.put(text, "E1", LIVE) for text in ("", "KT1", "KT1 1A1", "K 1AA", "ABC1 1AA", "KT1 1aa"))
    assert made.sectors == {}
