"""What another directory would have decided, and why: the clauses that are answered differently."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from shared.directory import Directory, read_directory
from shared.directory.compared import difference
from shared.directory.reader import PACKAGED, files_of
from shared.directory.showing import changes_between
from shared.rules import Facts
from tests.unit.rules_factory import DIRECTORY, HULL, KINGSTON, LIVERPOOL, RECEIVED, RELEASES, a_child, a_family

A, B = "families-apart", "time-matters"


def changed(name: str, *replaced: tuple[str, str]) -> Directory:
    files = files_of(PACKAGED)
    text = files[f"{name}.yaml"]
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return read_directory({**files, f"{name}.yaml": text})


def differs(facts: Facts, draft: Directory) -> dict[str, Any] | None:
    live = DIRECTORY.assess(facts, RECEIVED, RELEASES)
    return difference(live, draft.assess(facts, RECEIVED, RELEASES))


IN_HULL = a_family(a_child(school_in=HULL, gp_in=HULL), lives_in=HULL)
IN_KINGSTON = a_family(lives_in=KINGSTON)
TO_HULL = changed(A, ("in: [E09000021]", f"in: [{HULL}]"))


@pytest.mark.parametrize(
    ("facts", "kind", "was", "becomes"),
    [(IN_HULL, "newly-in", "ineligible", "eligible"), (IN_KINGSTON, "newly-out", "eligible", "ineligible")],
)
def test_who_is_newly_in_or_out_is_told_with_the_clause(facts: Facts, kind: str, was: str, becomes: str) -> None:
    found = differs(facts, TO_HULL)
    assert found
    (agency,) = found["agencies"]
    assert (found["kind"], agency["agency"], agency["was"], agency["becomes"]) == (kind, A, was, becomes)
    home = next(reason for reason in agency["because"] if reason["clause"] == "home-in-kingston")
    assert (home["was"], home["becomes"]) == (("false", "true") if kind == "newly-in" else ("true", "false"))
    assert home["sentence"] == "Be residents of the Kingston Borough"


def test_who_goes_from_one_agency_to_another_is_sent_elsewhere() -> None:
    files = {name: text for name, text in files_of(PACKAGED).items() if name != f"{A}.yaml"}
    widened = files[f"{B}.yaml"].replace(LIVERPOOL, KINGSTON)
    found = differs(IN_KINGSTON, read_directory({**files, f"{B}.yaml": widened}))
    assert found
    assert found["kind"] == "re-routed"
    assert [(each["agency"], each["becomes"]) for each in found["agencies"]] == [(A, None), (B, "eligible")]


def test_where_nothing_is_decided_otherwise_there_is_nothing_to_tell() -> None:
    assert differs(IN_KINGSTON, changed(A, ("capacity: open", "capacity: closed"))) is None


def test_what_entries_say_otherwise_is_listed_by_key(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PACKAGED, tmp_path / "agencies"))
    (folder / f"{B}.yaml").unlink()
    text = (folder / "retention.yaml").read_text()
    (folder / "retention.yaml").write_text(text.replace("{days: 30}", "{days: 31}"))
    draft = read_directory(files_of(folder))
    assert changes_between(DIRECTORY, draft) == [
        {"id": B, "change": "removed", "keys": []},
        {"id": "retention", "change": "changed", "keys": ["entered-in-error"]},
    ]
    assert changes_between(DIRECTORY, changed(A, ("verified_on: null", "verified_on: 2026-11-18"))) == [
        {"id": A, "change": "changed", "keys": ["verified_on"]}
    ]


def test_an_agency_that_was_once_is_still_known_by_its_id_and_asked_nothing() -> None:
    files = files_of(PACKAGED)
    former = {f"{A}.yaml": files.pop(f"{A}.yaml"), "broken.yaml": "not: [yaml"}
    directory = read_directory(files, former)
    assert [each.id for each in directory.agencies] == [B]
    assert directory.agency(A).name == "Families Apart"
    assert directory.version == read_directory(files).version
