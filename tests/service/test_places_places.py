"""The questions that the services ask of places."""

import csv
import os
from pathlib import Path

import pytest

import shared.places
from shared.places.errors import PlacesNotBuilt
from shared.places.importers import import_file
from shared.places.names import place_of_authority
from shared.places.places import LOOK_EVERY, Found, Places
from tests.service.places_factory import (
    KINGSTON,
    SOME_POSTCODES,
    SUTTON,
    WIRRAL,
    epraccur_csv,
    folder_of,
    gias_csv,
    known,
)


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def put(folder: Path, name: str, text: str) -> None:
    (file := folder.parent / name).write_text(text)
    import_file(file, folder)


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "places")


@pytest.fixture
def places(folder):
    put(
        folder,
        "edubasealldata20260201.csv",
        gias_csv(
            {"URN": "900001", "EstablishmentName": "St. James's Test School", "Postcode": "SM1 1AA"},
            {"URN": "900002", "LA (code)": "936", "LA (name)": "Surrey", "EstablishmentName": "Test Academy"},
            {
                "URN": "900003",
                "LA (code)": "344",
                "LA (name)": "Wirral",
                "EstablishmentName": "A Closed Test School",
                "EstablishmentStatus (name)": "Closed",
            },
            {
                "URN": "900004",
                "LA (code)": "000",
                "LA (name)": "Does not apply",
                "EstablishmentName": "Zoo Test School",
            },
        ),
    )
    put(
        folder, "epraccur_2025-08-18.csv", epraccur_csv({}, {1: "Y99002", 10: "ZZ99 9ZZ"}, {1: "H99003", 10: "GIR 0AA"})
    )
    return Places.open(folder)


@pytest.mark.parametrize("text", ["KT1 1AA", "kt11aa", " kt1  1aa", "KTI IAA", "kt1-1aa"])
def test_a_postcode_is_found_however_it_is_typed(places, text):
    found = places.postcode(text)
    assert (found.text, found.district, found.terminated, found.recorded) == ("KT1 1AA", KINGSTON, False, False)


@pytest.mark.parametrize("text", ["KT1 1AC", "KT9 9ZZ", "ZZ1 1ZZ", "", "A", "Kingston", "KT1 1A1", "\u212a\U0001f600"])
def test_what_does_not_exist_is_none(places, text):
    assert places.postcode(text) is None


def test_a_postcode_without_a_district_exists(places):
    found = places.postcode("GIR 0AA")
    assert found is not None
    assert found.district is None


def test_a_school_belongs_to_its_authority_and_not_to_where_it_stands(places):
    found = places.school("900001", "SM1 1AA")
    assert (found.place, found.source, found.authority, found.district) == (KINGSTON, "urn", "314", KINGSTON)
    assert found.name == "St. James's Test School"


def test_a_school_of_a_county_is_known_and_in_no_single_district(places):
    found = places.school("900002", None)
    assert (found.place, found.source, found.district, found.known) == ("gias:936", "urn", None, True)
    assert places.district_name("gias:936") == "Surrey"


def test_a_closed_school_still_has_its_authority(places):
    assert places.school("900003", None).place == WIRRAL


@pytest.mark.parametrize("urn", [None, "", "123456", "900004"])
def test_a_school_without_a_known_number_is_where_its_postcode_is(places, urn):
    assert places.school(urn, "SM1 1AA") == Found(SUTTON, "postcode", district=SUTTON)


def test_a_school_is_found_by_postcode_before_any_import(folder):
    places = Places.open(folder)
    assert places.school("900001", "KT1 1AA").source == "postcode"
    assert places.releases == {"postcodes": "made-up 1"}


@pytest.mark.parametrize(
    ("urn", "postcode", "why"),
    [
        (None, None, "not-given"),
        ("123456", None, "not-found"),
        (None, "KT9 9ZZ", "not-found"),
        (None, "GIR 0AA", "no-district"),
    ],
)
def test_an_unknown_school_says_why_it_is_unknown(places, urn, postcode, why):
    found = places.school(urn, postcode)
    assert (found.place, found.source, found.known) == (None, why, False)


def test_a_practice_is_where_its_own_postcode_is(places):
    found = places.practice(" h99001 ", "SM1 1AA")
    assert (found.place, found.source, found.code, found.name) == (KINGSTON, "ods", "H99001", "TEST SURGERY")


@pytest.mark.parametrize("code", [None, "H00000", "Y99002", "H99003"])
def test_a_practice_whose_code_tells_no_district_is_where_the_given_postcode_is(places, code):
    assert places.practice(code, "SM1 1AA") == Found(SUTTON, "postcode", district=SUTTON)


def test_every_release_is_told(places):
    assert places.releases == {
        "postcodes": "made-up 1",
        "schools": "edubasealldata20260201",
        "practices": "epraccur 2025-08-18",
    }


@pytest.mark.parametrize("typed", ["st james", "james", "TEST jam", "St. James's"])
def test_schools_are_offered_by_the_beginnings_of_words(places, typed):
    assert [school.code for school in places.search_schools(typed)] == ["900001"]


def test_open_schools_are_offered_before_closed_ones_and_no_more_than_asked(places):
    assert [school.code for school in places.search_schools("test", limit=2)] == ["900001", "900002"]
    assert [school.open for school in places.search_schools("test")] == [True, True, True, False]
    assert places.search_schools("tset") == places.search_schools("%") == places.search_schools("") == []


def test_practices_are_offered_too(places):
    assert [entry.code for entry in places.search_practices("surg", limit=1)] == ["H99001"]


def test_a_file_that_is_replaced_is_seen_within_five_seconds(folder):
    clock = Clock()
    places = Places(folder, clock)
    # In another order, so that numbers and districts no longer match: an index written over in place would show.
    folder_of(folder, dict(reversed(SOME_POSTCODES.items())) | {"KT1 1AA": SUTTON}, release="made-up 2")
    assert known(places, "KT1 1AA").district == KINGSTON
    clock.now += LOOK_EVERY
    assert known(places, "KT1 1AA").district == SUTTON
    assert places.releases["postcodes"] == "made-up 2"


def test_schools_that_are_imported_later_are_seen(folder):
    clock = Clock()
    places = Places(folder, clock)
    put(folder, "gias.csv", gias_csv({}))
    clock.now += LOOK_EVERY
    assert places.school("900001", None).known


def test_what_was_read_goes_on_serving_while_the_index_is_gone(folder):
    clock = Clock()
    places = Places(folder, clock)
    os.unlink(folder / "postcodes.index")
    clock.now += LOOK_EVERY
    assert known(places, "KT1 1AA").district == KINGSTON


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: None,
        lambda content: b"",
        lambda content: b"something else altogether, of some length",
        lambda content: content[:-2],
        lambda content: content.replace(b'"byteorder": "little"', b'"byteorder": "middle"'),
        lambda content: content.replace(b'{"byteorder', b'["byteorder'),
    ],
)
def test_without_a_good_index_one_is_told_what_to_do(folder, spoil):
    index = folder / "postcodes.index"
    content = spoil(index.read_bytes())
    index.unlink()
    if content is not None:
        index.write_bytes(content)
    with pytest.raises(PlacesNotBuilt, match="waypost places build"):
        Places.open(folder)


@pytest.mark.parametrize(
    ("code", "name"),
    [(KINGSTON, "Kingston upon Thames"), ("E06000010", "Kingston upon Hull, City of"), ("E00000000", None)],
)
def test_districts_have_names(places, code, name):
    assert places.district_name(code) == name


@pytest.mark.parametrize(
    ("gias", "place"),
    [
        ("314", KINGSTON),
        ("340", "E08000011"),
        ("341", "E08000012"),
        ("342", "E08000013"),
        ("343", "E08000014"),
        ("344", WIRRAL),
        ("876", "E06000006"),
        ("936", "gias:936"),
        ("999", "gias:999"),
    ],
)
def test_authorities_are_the_districts_that_they_are(gias, place):
    assert place_of_authority(gias) == place


def test_the_two_tables_of_names_agree():
    data = Path(shared.places.__file__).parent / "data"
    with (data / "districts.csv").open() as file:
        districts = {row["code"] for row in csv.DictReader(file)}
    with (data / "authorities.csv").open() as file:
        authorities = list(csv.DictReader(file))
    single = [row["district"] for row in authorities if row["district"]]
    assert set(single) <= districts
    assert len(set(single)) == len(single)
    assert len({row["gias"] for row in authorities}) == len(authorities)
