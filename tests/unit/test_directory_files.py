"""The directory that comes with Waypost, and what becomes of one with mistakes."""

import shutil
from pathlib import Path

import pytest

from shared.directory import DirectoryError, load_directory
from shared.directory.reader import PACKAGED
from shared.directory.schema import AgencyEntry
from tests.unit.rules_factory import DIRECTORY, KINGSTON, LEEDS, a_child, a_family, decisions, outcomes

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "directory.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGED, tmp_path / "agencies"))


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / f"{name}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def problems(folder: Path) -> list[str]:
    with pytest.raises(DirectoryError) as caught:
        load_directory(folder)
    return caught.value.problems


def test_the_two_agencies_and_the_helpline_are_there() -> None:
    assert [agency.id for agency in DIRECTORY.agencies] == ["families-apart", "time-matters"]
    (helpline,) = DIRECTORY.signposts
    assert (helpline.name, helpline.telephone, helpline.website) == (
        "National Prisoners' Families Helpline",
        "0808 808 2003",
        "https://www.prisonersfamilies.org",
    )


def test_an_agency_states_its_terms() -> None:
    agency = DIRECTORY.agency("families-apart")

    assert (agency.acknowledge_days, agency.decide_days, agency.first_contact_days) == (2, 5, 10)
    assert agency.consent_version == "2026-11"
    assert agency.channels == ("queue", "feed", "e-mail")
    assert agency.notify_email is None
    assert agency.verified_on is None
    assert "telling-the-children" in agency.needs
    with pytest.raises(KeyError):
        DIRECTORY.agency("nobody")


@pytest.mark.parametrize(
    ("name", "published"),
    [
        (
            "families-apart",
            "supports Kingston children and their families who have a parent or significant relative in prison",
        ),
        ("families-apart", "Be residents of the Kingston Borough"),
        ("families-apart", "Have children who attend Kingston schools"),
        ("families-apart", "Be registered with a Kingston GP"),
        ("families-apart", "at any time during their relative's prison sentence and up to 3 months post release"),
        ("families-apart", "support to professionals in the borough working with the prisoner's families"),
        (
            "time-matters",
            "a Merseyside based service who provide group and individual support for children and young people aged "
            "5yrs to 18yrs, both face to face and online",
        ),
        ("time-matters", "where a parent is in prison or is being sent to prison"),
    ],
)
def test_published_sentences_are_quoted_word_for_word(name: str, published: str) -> None:
    sentences = DIRECTORY.agency(name).listing["sentences"].values()

    assert published in [sentence["text"] for sentence in sentences]


def test_adding_a_third_agency_is_adding_one_file(folder: Path) -> None:
    text = (folder / "time-matters.yaml").read_text()
    text = text.replace("id: time-matters", "id: made-up-agency", 1).replace("between: [5, 18]", "between: [0, 11]")
    text = text.replace("[E08000011, E08000012, E08000013, E08000014, E08000015]", f"[{LEEDS}]")
    (folder / "made-up-agency.yaml").write_text(text)

    directory = load_directory(folder)

    assert outcomes(a_family(a_child(age=3), lives_in=LEEDS), directory) == {
        "families-apart": "ineligible",
        "made-up-agency": "eligible",
        "time-matters": "ineligible",
    }
    assert outcomes(a_family(a_child(age=12), lives_in=LEEDS), directory)["made-up-agency"] == "ineligible"


def test_an_agency_may_review_by_each_childs_age(folder: Path) -> None:
    change(
        folder,
        "time-matters",
        "review:\n",
        "review:\n"
        "  child:\n"
        "    - id: nearly-five\n"
        "      when: {id: aged-four, fact: age, between: [4, 4], interpretation: Made up for this test.}\n"
        "      instead_of: [aged-5-to-18]\n"
        "      reason: Made up for this test.\n",
    )
    family = a_family(a_child("c3", 3), a_child("c4", 4), lives_in="E08000012")

    decision = decisions(family, load_directory(folder))["time-matters"]

    assert decision.children == {"c3": "ineligible", "c4": "review"}
    assert [(reason.id, reason.child) for reason in decision.receipt.reviews] == [("nearly-five", "c4")]


def test_the_version_follows_what_the_files_say_and_not_how(folder: Path) -> None:
    assert DIRECTORY.version.startswith("dir-")
    assert len(DIRECTORY.version) == 20

    change(folder, "families-apart", "id: families-apart", "# A comment says nothing.\nid:    families-apart")
    assert load_directory(folder).version == DIRECTORY.version

    when = "  when: {source: wirral-safeguarding, text: where a parent is in prison or is being sent to prison}\n"
    change(folder, "time-matters", when, "")
    change(folder, "time-matters", "sentences:\n", "sentences:\n" + when)
    assert load_directory(folder).version == DIRECTORY.version

    change(folder, "families-apart", "at-most: 3", "at-most: 4")
    assert load_directory(folder).version != DIRECTORY.version


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param(
            "at-most: 3",
            "at-most: three",
            "criteria.family.all.1.any.1.all.1.at-most: is not a whole number.",
            id="a word for a number",
        ),
        pytest.param(
            "capacity: open", "capacity: full", "capacity: is not any of open, waiting-list, closed.", id="capacity"
        ),
        pytest.param(
            "fact: any_child.school",
            "fact: any_child.shool",
            "criteria.family.all.0.any.1.fact: 'any_child.shool' is not known here. Use any of kind, ",
            id="a fact that does not exist",
        ),
        pytest.param(
            "in: [remand, sentenced]",
            "in: [remand, senteced]",
            "criteria.family.all.1.any.0.in: 'senteced' is not a stage. Use any of awaiting-sentence, ",
            id="a stage that does not exist",
        ),
        pytest.param(
            "in: [E09000021]",
            "in: [Kingston]",
            "criteria.family.all.0.any.0.in: 'Kingston' is no place. Use ONS codes like E09000021",
            id="a district by name",
        ),
        pytest.param(
            "sentence: residents",
            "sentence: nobody",
            "clause 'home-in-kingston' names the sentence 'nobody'.",
            id="a sentence",
        ),
        pytest.param(
            "source: project-page", "source: nowhere", "sentences.who names the source 'nowhere'.", id="a source"
        ),
        pytest.param(
            "id: school-in-kingston",
            "id: home-in-kingston",
            "clause id 'home-in-kingston' is there 2 times. Give each clause its own.",
            id="a clause id twice",
        ),
        pytest.param(
            "instead_of: [relative-in-prison]",
            "instead_of: [relative]",
            "review 'awaiting-sentence' stands in for 'relative'. Name clauses of criteria.family.",
            id="a review of no clause",
        ),
        pytest.param(
            "even_if_eligible: true",
            "instead_of: []",
            "review.family.1: has no clear effect. Give it either",
            id="no effect",
        ),
        pytest.param(
            "at-most: 3", "at-most: 3\n                at-least: 1", "all.1: has 2 of the operators", id="two operators"
        ),
        pytest.param(
            "at-most: 3", "in: [E09000021]", "compares months_since_release with the wrong operator.", id="operator"
        ),
        pytest.param("response_times:", "answer_times:", "response_times: is missing. Add it.", id="a missing key"),
        pytest.param(
            "response_times:",
            "answer_times:",
            "answer_times: is not a key that the directory knows.",
            id="an unknown key",
        ),
        pytest.param("verified_on: null", "verified_on: last year", "verified_on: is not a date.", id="a date"),
        pytest.param(
            "id: families-apart", "id: families", "id: is 'families'. Give file and entry the same name.", id="the id"
        ),
        pytest.param(
            "kind: agency", "kind: charity", "kind: is not any of agency, signpost, retention.", id="the kind"
        ),
        pytest.param("capacity: open", "capacity: [open", "is not YAML. Line ", id="broken YAML"),
        pytest.param(
            "capacity: open", "capacity: open\ncapacity: closed", "the key 'capacity' is there twice", id="a key twice"
        ),
        pytest.param(
            "020 8546 3258", "ask for us", "phones.0.number: is no telephone number.", id="a telephone number"
        ),
    ],
)
def test_a_mistake_is_told_with_file_path_and_what_to_do(folder: Path, old: str, new: str, problem: str) -> None:
    change(folder, "families-apart", old, new)

    told = problems(folder)

    assert all(line.startswith("families-apart.yaml: ") for line in told)
    assert any(problem in line for line in told), told


def test_a_review_may_not_stand_in_for_a_clause_that_must_be_false(folder: Path) -> None:
    change(
        folder,
        "families-apart",
        "          - id: gp-in-kingston\n",
        "          - not: {id: home-in-hull, fact: home, in: [E06000010], interpretation: Made up for this test.}\n"
        "          - id: gp-in-kingston\n",
    )
    change(folder, "families-apart", "instead_of: [relative-in-prison]", "instead_of: [home-in-hull]")

    (told,) = problems(folder)

    assert "which is under a `not`. Turn it round." in told


def test_all_mistakes_of_all_files_are_told_at_once(folder: Path) -> None:
    change(folder, "families-apart", "capacity: open", "capacity: full")
    change(folder, "time-matters", "between: [5, 18]", "between: [18, 5]")

    assert problems(folder) == [
        "families-apart.yaml: capacity: is not any of open, waiting-list, closed.",
        "time-matters.yaml: criteria.child.between: starts above its end. Write [lowest, highest].",
    ]


def test_a_folder_without_files_is_no_directory(tmp_path: Path) -> None:
    (told,) = problems(tmp_path)

    assert "no .yaml file is there" in told


def test_the_documentation_explains_every_key_of_a_file() -> None:
    text = DOCUMENTATION.read_text()

    for key in AgencyEntry().fields:
        assert f"`{key}`" in text, key


def test_the_documentations_example_is_a_file_that_can_be_used(tmp_path: Path) -> None:
    example = DOCUMENTATION.read_text().split("```yaml\n")[1].split("```")[0]
    (tmp_path / "example-agency.yaml").write_text(example)

    directory = load_directory(tmp_path)

    assert outcomes(a_family(a_child(age=9), lives_in=LEEDS), directory) == {"example-agency": "eligible"}
    assert outcomes(a_family(a_child(age=2), lives_in=LEEDS), directory) == {"example-agency": "ineligible"}
    assert outcomes(a_family(a_child(school_in=KINGSTON), lives_in=KINGSTON), directory) == {
        "example-agency": "ineligible"
    }
