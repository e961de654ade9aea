"""What is kept of the rows of the official files, and which files are refused."""

import pytest

from shared.places.errors import CannotImport
from shared.places.index import CELLS, LIVE, TERMINATED, UNITS
from shared.places.readers import postcodes, practices, schools
from tests.service.places_factory import GIAS, KINGSTON, LAYOUTS


def gias(**school: str) -> list[str]:
    usual = {
        "URN": "900001",
        "LA (code)": "314",
        "LA (name)": "Kingston upon Thames",
        "EstablishmentName": "Test School",
        "EstablishmentStatus (name)": "Open",
        "Postcode": "kt11aa",
        "HeadLastName": "Nobody",
    }
    return [{**usual, **school}.get(column, "") for column in GIAS]


def practice(**changed: str) -> list[str]:
    row = [""] * 27
    row[0], row[1], row[9], row[12], row[25] = "H99001", "TEST SURGERY", "KT1 1AA", "A", "4"
    for column, value in changed.items():
        row[int(column.removeprefix("column_")) - 1] = value
    return row


def test_a_school_is_kept_with_its_authority_and_without_its_head():
    (school,) = schools([GIAS, gias()], "file.csv")
    assert (school.code, school.name, school.postcode, school.authority, school.open) == (
        "900001",
        "Test School",
        "KT1 1AA",
        "314",
        True,
    )
    assert "Nobody" not in repr(school)


def test_a_closed_school_is_kept_as_closed():
    (school,) = schools([GIAS, gias(**{"EstablishmentStatus (name)": "Closed"})], "file.csv")
    assert not school.open


@pytest.mark.parametrize(("code", "name"), [("000", ""), ("", ""), ("999", "Does not apply")])
def test_a_school_whose_authority_does_not_apply_has_none(code, name):
    (school,) = schools([GIAS, gias(**{"LA (code)": code, "LA (name)": name})], "file.csv")
    assert school.authority is None


@pytest.mark.parametrize("column", ["LA (code)", "LA (name)", "EstablishmentStatus (name)"])
def test_a_gias_file_without_a_needed_column_is_refused_by_the_columns_name(column):
    header = [name for name in GIAS if name != column]
    with pytest.raises(CannotImport, match=column.replace("(", r"\(").replace(")", r"\)")):
        list(schools([header], "file.csv"))


@pytest.mark.parametrize("left_out", [{"column_13": "C"}, {"column_26": "1"}, {"column_26": ""}])
def test_only_active_gp_practices_are_kept(left_out):
    kept = list(practices([practice(), practice(column_1="H99002", **left_out)]))
    assert [entry.code for entry in kept] == ["H99001"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_district_column_of_every_year_is_found(layout):
    columns = layout.split(",")
    row = [{"pcds": "KT1 1AA", columns[0]: "KT1 1AA", LAYOUTS[layout]: KINGSTON}.get(name, "") for name in columns]
    grid = postcodes([columns, row], "file.csv")
    assert list(grid.districts) == [KINGSTON]
    assert grid.sectors["KT11"][UNITS["AA"]] & 3 == LIVE


def test_a_month_of_termination_is_a_terminated_postcode():
    grid = postcodes([["pcds", "doterm", "laua"], ["KT1 1AA", "200207", KINGSTON]], "file.csv")
    assert grid.sectors["KT11"][UNITS["AA"]] & 3 == TERMINATED


def test_a_postcode_without_a_district_is_kept_as_one_that_exists():
    grid = postcodes([["pcds", "doterm", "laua"], ["KT1 1AA", "", ""]], "file.csv")
    assert grid.sectors["KT11"].count(0) == CELLS - 1
    assert grid.districts == {}


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["pcds", "doterm", "oa11"], "no column of districts"),
        (["pcds", "doterm", "lad24cd", "lad25cd"], "more than one column of districts"),
        (["pcds", "lad25cd"], "no column doterm"),
    ],
)
def test_a_postcode_file_without_the_needed_columns_is_refused(header, said):
    with pytest.raises(CannotImport, match=said):
        postcodes([header, ["KT1 1AA", "", "", ""]], "file.csv")


@pytest.mark.parametrize("row", [["KT1 1A"], ["nothing", "", KINGSTON]])
def test_a_postcode_file_with_rows_that_are_cut_short_or_no_postcodes_is_refused(row):
    with pytest.raises(CannotImport, match="1 rows"):
        postcodes([["pcds", "doterm", "laua"], ["KT1 1AA", "", KINGSTON], row], "file.csv")
