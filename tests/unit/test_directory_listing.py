"""The public list of services: what anybody may read about each agency, unconfirmed entries marked."""

import json
from pathlib import Path

from shared.directory import load_directory, services_list
from shared.directory.reader import PACKAGED
from tests.unit.rules_factory import DIRECTORY

LISTED = {service["id"]: service for service in services_list(DIRECTORY)}


def test_agencies_and_the_helpline_are_listed() -> None:
    assert list(LISTED) == ["families-apart", "time-matters", "prisoners-families-helpline"]
    assert LISTED["prisoners-families-helpline"]["kind"] == "signpost"
    assert LISTED["prisoners-families-helpline"]["phones"][0]["number"] == "0808 808 2003"


def test_an_entry_says_in_the_published_words_whom_it_is_for() -> None:
    families_apart, time_matters = LISTED["families-apart"], LISTED["time-matters"]

    assert '"Be registered with a Kingston GP"' in families_apart["eligibility_description"]
    assert families_apart["consultation"] is True
    assert families_apart["organization"]["name"] == "Kingston WelCare"
    assert (time_matters["minimum_age"], time_matters["maximum_age"]) == (5, 18)
    assert time_matters["consultation"] is False
    assert {area["name"] for area in time_matters["service_areas"]} == {
        *("Knowsley", "Liverpool", "Sefton", "St. Helens", "Wirral")
    }


def test_what_nobody_has_confirmed_is_shown_as_unverified() -> None:
    assert LISTED["families-apart"]["verification"] == "unverified"
    assert LISTED["families-apart"]["assured_date"] is None


def test_a_confirmed_entry_shows_when_it_was(tmp_path: Path) -> None:
    text = (PACKAGED / "time-matters.yaml").read_text().replace("verified_on: null", "verified_on: 2026-11-02")
    (tmp_path / "time-matters.yaml").write_text(text)

    (service,) = services_list(load_directory(tmp_path))

    assert (service["verification"], service["assured_date"]) == ("verified", "2026-11-02")


def test_the_list_is_plain_json_and_tells_no_one_how_an_agency_is_notified() -> None:
    text = json.dumps(services_list(DIRECTORY))

    assert "notify" not in text
    assert "channels" not in text
