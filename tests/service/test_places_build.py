"""The index of the whole United Kingdom, built from the packaged directory."""

import signal
import subprocess
import sys

import pytest

from shared.places.build import build_if_needed, packaged_release
from shared.places.importers import import_file
from shared.places.index import PostcodeIndex
from shared.places.places import Places
from tests.service.places_factory import KINGSTON, WIRRAL, folder_of, known, postcode_csv


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    """Built where an older release of the package was, which takes seconds: once, for all that follow."""
    folder = folder_of(tmp_path_factory.mktemp("country") / "places", release=packaged_release() + ".older")
    seen = []
    assert build_if_needed(folder, lambda done, of: seen.append((done, of)))
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    return folder


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("KT1 1AA", KINGSTON),
        ("KT3 6JD", "E09000024"),
        ("TW10 7AA", "E09000027"),
        ("CH41 1AA", WIRRAL),
        ("WA7 1AA", "E06000006"),
        ("HU1 1AA", "E06000010"),
        ("EH1 1AA", "S12000036"),
        ("CF10 1AA", "W06000015"),
        ("BT1 1AA", "N09000003"),
        ("AB11 3AG", None),
    ],
)
def test_a_fresh_install_knows_every_postcode(country, text, district):
    found = Places.open(country).postcode(text)
    assert found is not None
    assert found.district == district


def test_it_is_the_whole_country_of_the_newest_package_and_small(country):
    places = Places.open(country)
    assert (country / "postcodes.index").stat().st_size < 40_000_000
    assert places.releases == {"postcodes": packaged_release()}
    assert places.postcode("KT1 1ZZ") is None


def test_every_district_in_it_has_a_name(country):
    index = PostcodeIndex(country / "postcodes.index")
    places = Places.open(country)
    assert index.rows > 2_500_000
    assert [code for code in index.districts if code and not places.district_name(code)] == []


def test_it_is_not_built_twice_and_imports_are_not_undone(country, tmp_path):
    assert not build_if_needed(country)
    folder = folder_of(tmp_path / "places")
    (file := tmp_path / "NSPL_NOV_2021.csv").write_text(postcode_csv([("KT1 1AA", WIRRAL, "")]))
    import_file(file, folder)
    assert not build_if_needed(folder)
    assert known(Places.open(folder), "KT1 1AA").district == WIRRAL


KILLED_BEFORE_THE_RENAME = """
import os, signal, sys
from pathlib import Path
from shared.places.importers import import_file
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
import_file(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_kill_in_the_middle_of_writing_leaves_the_old_index_and_does_not_stand_in_the_way(tmp_path):
    folder = folder_of(tmp_path / "places")
    (file := tmp_path / "NSPL_NOV_2021.csv").write_text(postcode_csv([("KT1 1AA", WIRRAL, "")]))
    killed = subprocess.run([sys.executable, "-c", KILLED_BEFORE_THE_RENAME, file, folder], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert known(Places.open(folder), "KT1 1AA").district == KINGSTON
    import_file(file, folder)
    assert known(Places.open(folder), "KT1 1AA").district == WIRRAL
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "postcodes.index"]
