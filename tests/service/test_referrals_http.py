"""The referrals service as a whole, over its sockets: who may call what, what is public, and what each page allows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from services.referrals.tables import metadata
from shared.http.stored_keys import create_key
from tests.support.deciding import PAIRS, pair_in
from tests.support.pairs import scale_pair
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.referring import ReferralsDesk, a_child, a_referral
from tests.support.serving import INTERNAL_KEY, Running


@pytest.fixture(scope="module", params=PAIRS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("referrals")
    service = Running(ReferralsDesk(pair_in(request, folder), folder))
    yield service
    service.stop()


def test_a_school_refers_reads_changes_and_follows(running: Running) -> None:
    status, headers, body = running.ask("POST", "/v1/referrals", a_referral(), Idempotency_Key="first")
    assert status == 201
    here = headers["Location"]

    status, _, shown = running.ask("GET", here)
    assert (status, orjson.loads(shown)["reference"]) == (200, orjson.loads(body)["reference"])
    status, _, listed = running.ask("GET", "/v1/referrals?status=screening&limit=1")
    assert [item["id"] for item in orjson.loads(listed)["items"]] == [orjson.loads(body)["id"]]
    status, _, changed = running.ask("POST", f"{here}/information", {"home": {"postcode": "KT1 1AB"}})
    assert (status, orjson.loads(changed)["status"]) == (200, "screening")
    ended = {"withdrawn": {"withdrawn_by": "young-person", "withdrawn_at": "2026-11-20T09:00:00Z"}}
    assert running.ask("POST", f"{here}/consent", ended)[0] == 200
    assert running.ask("POST", f"{here}/withdrawal", {"reason": "other"})[0] == 200
    status, _, timeline = running.ask("GET", f"{here}/timeline")
    assert [item["type"] for item in orjson.loads(timeline)["items"]] == [
        "received",
        "information-supplied",
        "consent-withdrawn",
        "withdrawn",
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/referrals"),
        ("GET", "/v1/referrals"),
        ("GET", "/v1/referrals/1"),
        ("GET", "/v1/referrals/1/timeline"),
        ("POST", "/v1/referrals/1/withdrawal"),
        ("POST", "/v1/referrals/1/consent"),
        ("POST", "/v1/referrals/1/information"),
        ("POST", "/v1/referrals/1/reopen"),
        ("POST", "/v1/referrals/1/entered-in-error"),
        ("POST", "/internal/v1/recipients"),
        ("GET", "/internal/v1/referrals/1/disclosure"),
    ],
)
def test_nothing_about_a_referral_is_open(running: Running, method: str, path: str) -> None:
    body: dict[str, Any] | None = {} if method == "POST" else None

    assert running.ask(method, path, body, key="")[0] == 401
    assert running.ask(method, path, body, key="wp_aaaaaaaaaa_wrong")[0] == 401


def test_while_the_database_is_away_a_client_is_told_to_ask_again(
    postgres: Postgres, rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    pair = scale_pair(postgres, rabbitmq)
    service = Running(ReferralsDesk(pair, tmp_path))
    name = make_url(pair.database_url("referrals")).database
    asked = {"Idempotency_Key": "while-away"}
    here = service.ask("POST", "/v1/referrals", a_referral())[1]["Location"]

    postgres.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    postgres.psql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
    refused = [service.ask("POST", "/v1/referrals", a_referral(), **asked), service.ask("GET", here)]
    postgres.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    assert [status for status, _, _ in refused] == [503, 503]
    assert {headers["Retry-After"] for _, headers, _ in refused} == {"2"}
    assert {orjson.loads(body)["code"] for _, _, body in refused} == {"database-away"}
    status, headers, _ = service.ask("POST", "/v1/referrals", a_referral(), **asked)
    assert (status, "Idempotent-Replayed" in headers) == (201, False), "nothing was taken while the database was away"
    service.stop()


def test_a_key_that_may_read_may_not_write(running: Running) -> None:
    reader = create_key(running.desk.runtime.store, "test-school", ["referrals:read"], "reader")

    assert running.ask("POST", "/v1/referrals", a_referral(), key=reader)[0] == 403


def test_the_inner_route_opens_to_the_services_key_alone(running: Running) -> None:
    taken = orjson.loads(running.ask("POST", "/v1/referrals", a_referral())[2])
    path, reader = "/internal/v1/recipients", {"audience": "referrer", "purpose": "received", "event": ""}
    asked = {"readers": [reader | {"referral_id": referral_id} for referral_id in ("no-such", taken["id"])]}

    assert running.ask("POST", path, asked)[0] == 401
    status, _, body = running.ask("POST", path, asked, key=INTERNAL_KEY)
    nobody, teacher = orjson.loads(body)["recipients"]
    assert (status, nobody["reason"], teacher["address"]) == (200, "recipient-unknown", "teacher@example.org")
    for wrong in ({"audience": "child"}, {"purpose": "Not a code"}, {"referral_id": 7}):
        question = {"readers": [reader | {"referral_id": taken["id"]} | wrong]}
        assert running.ask("POST", path, question, key=INTERNAL_KEY)[0] == 422


def test_with_no_services_key_configured_the_inner_route_opens_to_nobody(running: Running) -> None:
    running.container.config["INTERNAL_KEY"] = ""
    try:
        assert running.ask("POST", "/internal/v1/recipients", {"readers": []}, key=" ")[0] == 401
    finally:
        running.container.config["INTERNAL_KEY"] = INTERNAL_KEY


def test_an_anonymous_question_is_answered_and_leaves_nothing(running: Running) -> None:
    question = {
        "kind": "family-support",
        "home": {"postcode": "CH41 1AA"},
        "children": [{"age": 4}, {"age": 9, "school": {"postcode": "KT1 1AA"}}],
        "relative": {"relationship": "parent", "stage": "sentenced"},
    }

    before = {table: len(running.desk.rows(table)) for table in metadata.tables}

    status, _, body = running.ask("POST", "/v1/eligibility-checks", question, key="")

    assert status == 200
    answers = {answer["agency"]: answer for answer in orjson.loads(body)["agencies"]}
    assert answers["time-matters"]["children"] == {"1": "ineligible", "2": "eligible"}
    assert "eligible from age 5" in [item["text"] for item in answers["time-matters"]["receipt"]["would_change"]]
    assert answers["families-apart"]["outcome"] == "eligible"
    assert orjson.loads(body)["signposts"][0]["id"] == "prisoners-families-helpline"
    assert {table: len(running.desk.rows(table)) for table in metadata.tables} == before


def test_an_anonymous_question_says_what_is_missing_and_what_is_wrong(running: Running) -> None:
    def asked(**about: Any) -> dict[str, Any]:
        answer: dict[str, Any] = orjson.loads(running.ask("POST", "/v1/eligibility-checks", about, key="")[2])
        return answer

    unsure = asked(kind="family-support", children=[{"age": 9}], relative={"stage": "sentenced"})
    wrong = asked(kind="family-support", home={"postcode": "ZZ1 1ZZ"}, children=[a_child()])

    (kingston,) = [answer for answer in unsure["agencies"] if answer["agency"] == "families-apart"]
    assert kingston["outcome"] == "needs-information"
    assert sorted(kingston["missing"]) == ["home", "practice", "school"]
    assert ("/home/postcode", "postcode-does-not-exist") in [
        (each["pointer"], each["code"]) for each in wrong["errors"]
    ]
    assert ("/children/0/first_name", "unknown-field") in [(each["pointer"], each["code"]) for each in wrong["errors"]]


def test_the_directory_is_public(running: Running) -> None:
    status, _, body = running.ask("GET", "/v1/services", key="")

    assert status == 200
    assert {"families-apart", "time-matters"} <= {entry["id"] for entry in orjson.loads(body)}


def test_the_tracking_page_lets_nothing_in_or_out(running: Running) -> None:
    _, _, body = running.ask("POST", "/v1/referrals", a_referral())
    path = "/track/" + orjson.loads(body)["tracking_url"].rpartition("/")[2]

    status, headers, page = running.ask("GET", path, key="")

    assert status == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "noindex" in headers["X-Robots-Tag"]
    html = page.decode()
    assert "<script>" not in html
    assert " style=" not in html
    assert "unsafe" not in headers["Content-Security-Policy"]
    style = html.partition('rel="stylesheet" href="')[2].partition('"')[0]
    status, headers, _ = running.ask("GET", style, key="")
    assert (status, headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert running.ask("GET", "/static/other.css", key="")[0] == 404


def test_the_migration_makes_the_tables_that_the_service_speaks_of(running: Running) -> None:
    made = inspect(running.desk.runtime.store.database.engine)

    for name, table in metadata.tables.items():
        assert {column["name"] for column in made.get_columns(name)} == set(table.columns.keys())
        assert {index["name"] for index in made.get_indexes(name) if not index["unique"]} == {
            index.name for index in table.indexes if not index.unique
        }
