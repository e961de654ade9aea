"""Official files in: recognised by what is in them, imported whole or not at all."""

import hashlib

import pytest

from shared.places.atomic import only_writer
from shared.places.errors import CannotImport, PlacesBusy, PlacesNotBuilt
from shared.places.importers import import_file
from shared.places.kinds import Kind
from shared.places.places import Places
from tests.service.places_factory import (
    ELMBRIDGE,
    GIAS,
    KINGSTON,
    ONSPD_FROM_2025,
    SUTTON,
    TWELVE_AREAS,
    WIRRAL,
    epraccur_csv,
    folder_of,
    gias_csv,
    known,
    postcode_csv,
    zipped,
)


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "places")


@pytest.fixture
def write(tmp_path):
    def write(name, text, encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_gias_is_read_in_each_encoding_that_it_comes_in(folder, write, encoding):
    file = write("edubasealldata20260201.csv", gias_csv({"EstablishmentName": "Collège Test’s"}), encoding)
    imported = import_file(file, folder)
    assert (imported.kind, imported.release, imported.rows) == (Kind.SCHOOLS, "edubasealldata20260201", 1)
    assert Places.open(folder).school("900001", None).name == "Collège Test’s"


def test_a_character_of_cp1252_far_down_in_the_file_is_read_right(folder, write):
    plain = [{"URN": str(900_000 + number)} for number in range(3000)]
    file = write("gias.csv", gias_csv(*plain, {"URN": "990000", "EstablishmentName": "École Test"}), "cp1252")
    import_file(file, folder)
    assert Places.open(folder).school("990000", None).name == "École Test"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_epraccur_is_known_by_its_27_columns(folder, write, encoding):
    file = write("anything.txt", epraccur_csv({}, {1: "H99002", 13: "C"}, {1: "H99003", 26: "10"}), encoding)
    assert import_file(file, folder).rows == 1
    assert Places.open(folder).practice("H99001", None).place == KINGSTON


def test_epraccur_with_a_header_line_is_read_too(folder, write):
    header = ",".join(f"Column {number}" for number in range(1, 28))
    assert import_file(write("epraccur.csv", f"{header}\r\n{epraccur_csv({})}"), folder).rows == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_postcode_file_of_one_area_is_laid_over_the_index(folder, write, encoding):
    rows = [("KT1 1AA", ELMBRIDGE, ""), ("KT9 9ZZ", KINGSTON, "200207")]
    imported = import_file(write("NSPL_NOV_2021_UK_KT.csv", postcode_csv(rows), encoding), folder)
    places = Places.open(folder)
    assert not imported.replaced
    assert known(places, "KT1 1AA").district == ELMBRIDGE
    assert known(places, "KT9 9ZZ").terminated
    assert known(places, "KT1 1AB").district == KINGSTON, "what the file does not hold stays"
    assert known(places, "SM1 1AA").district == SUTTON
    assert places.releases["postcodes"] == "made-up 1; KT: NSPL_NOV_2021 over made-up 1"
    assert places.release_of(known(places, "SM1 1AA")) == "made-up 1"


def test_a_postcode_file_of_the_whole_country_replaces_the_index(tmp_path, write):
    folder = folder_of(tmp_path / "places", TWELVE_AREAS)
    rows = [(postcode, WIRRAL, "") for postcode in list(TWELVE_AREAS)[:-1]]
    imported = import_file(write("ONSPD_NOV_2026_UK.csv", postcode_csv(rows, ONSPD_FROM_2025)), folder)
    places = Places.open(folder)
    assert imported.replaced
    assert places.releases["postcodes"] == "ONSPD_NOV_2026"
    assert known(places, "KT1 1AA").district == WIRRAL
    assert places.postcode("GU20 9AA") is None, "not in the new file"


def test_a_file_that_lacks_a_whole_area_is_never_taken_for_the_country(tmp_path, write):
    folder = folder_of(tmp_path / "places", TWELVE_AREAS)
    rows = [(postcode, WIRRAL, "") for postcode in TWELVE_AREAS if not postcode.startswith("SM")]
    assert not import_file(write("part.csv", postcode_csv(rows)), folder).replaced
    assert known(Places.open(folder), "SM1 1AA").district == KINGSTON


def test_a_postcode_file_needs_an_index_to_lie_over(tmp_path, write):
    with pytest.raises(PlacesNotBuilt, match="waypost places build"):
        import_file(write("part.csv", postcode_csv([("KT1 1AA", KINGSTON, "")])), tmp_path / "empty")


def test_a_zip_with_one_such_file_is_read(folder, tmp_path):
    archive = zipped(tmp_path / "results.zip", edubasealldata20260201=gias_csv({}), links="URN,LinkURN\r\n1,2\r\n")
    assert import_file(archive, folder).release == "edubasealldata20260201"


def test_of_an_ons_zip_the_file_of_the_country_is_read_and_not_its_parts(folder, tmp_path):
    archive = zipped(
        tmp_path / "ONSPD_NOV_2026.zip",
        Data__ONSPD_NOV_2026_UK=postcode_csv([("KT1 1AA", WIRRAL, ""), ("SM1 1AA", WIRRAL, "")]),
        Data__multi_csv__ONSPD_NOV_2026_UK_KT=postcode_csv([("KT1 1AA", WIRRAL, "")]),
        Documents__names="LAD25CD,LAD25NM\r\nE09000021,Kingston\r\n",
    )
    assert import_file(archive, folder).rows == 2


def test_a_zip_that_could_mean_two_things_is_refused(folder, tmp_path):
    with pytest.raises(CannotImport, match="2 files that could be meant"):
        import_file(zipped(tmp_path / "both.zip", a=gias_csv({}), b=epraccur_csv({})), folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Name,Date of birth\r\nTest Child,2017-03-14\r\n",
        b"Test Child 2017-03-14",
        b"\x00\x01\x02\x03" * 100,
        b"PK\x03\x04 torn zip",
        b"URN,LinkURN,LinkName\r\n1,2,Test\r\n",
        '{"postcode": "KT1 1AA"}'.encode("utf-16"),
    ],
)
def test_any_other_file_is_refused_with_what_was_looked_for_and_nothing_of_what_it_holds(folder, write, content):
    with pytest.raises(CannotImport) as refused:
        import_file(write("other.csv", content), folder)
    said = str(refused.value)
    assert "edubasealldata" in said
    assert "epraccur" in said
    assert "ONSPD or NSPL" in said
    assert "Child" not in said
    assert "2017" not in said


def test_a_file_that_is_not_there_is_told_so(folder, tmp_path):
    with pytest.raises(CannotImport, match="No such file"):
        import_file(tmp_path / "none.csv", folder)


def test_gias_without_the_authoritys_code_is_refused_by_the_columns_name_and_changes_nothing(folder, write):
    import_file(write("edubasealldata20260201.csv", gias_csv({})), folder)
    without = [column for column in GIAS if column != "LA (code)"]
    with pytest.raises(CannotImport, match=r"no column LA \(code\)"):
        import_file(write("edubasealldata20260301.csv", gias_csv({"URN": "900002"}, columns=without)), folder)
    assert Places.open(folder).school("900001", None).authority == "314"


def test_a_register_without_entries_never_replaces_one_with(folder, write):
    import_file(write("first.csv", epraccur_csv({})), folder)
    with pytest.raises(CannotImport, match="no practices"):
        import_file(write("second.csv", epraccur_csv({13: "C"})), folder)
    assert Places.open(folder).practice("H99001", None).known


@pytest.mark.parametrize("place", [0.01, 0.9, 0.999])
def test_a_damaged_zip_changes_nothing(folder, tmp_path, place):
    names = (hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(4000))
    archive = zipped(tmp_path / "gias.zip", gias=gias_csv(*({"EstablishmentName": name} for name in names)))
    content = bytearray(archive.read_bytes())
    middle = int(len(content) * place)
    content[middle : middle + 30] = bytes(30)
    archive.write_bytes(content)
    with pytest.raises(CannotImport, match="damaged"):
        import_file(archive, folder)
    assert "schools" not in Places.open(folder).releases


def test_a_name_without_a_date_gives_a_release_of_hash_and_day(folder, write):
    release = import_file(write("epraccur.csv", epraccur_csv({})), folder).release
    assert release.startswith("epraccur sha256:")
    assert " imported 20" in release
    assert import_file(write("epraccur_2025-08-18_full.csv", epraccur_csv({})), folder).release == "epraccur 2025-08-18"


def test_two_writers_never_meet(folder, write):
    with only_writer(folder), pytest.raises(PlacesBusy):
        import_file(write("gias.csv", gias_csv({})), folder)


def test_progress_ends_at_the_end(folder, write):
    seen = []
    import_file(write("gias.csv", gias_csv({})), folder, lambda done, of: seen.append((done, of)))
    assert seen[-1][0] == seen[-1][1] > 0
