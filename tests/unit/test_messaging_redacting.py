"""Of a message's body people see codes, ids, counts and times that its contract names, and nothing that may be of somebody."""

from typing import Any

import orjson
import pytest

from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.referrals import ReferralSubmitted
from shared.contracts.registry import EVENTS, schema_for
from shared.messaging.redacting import MASK, NOT_JSON, redacted, restored
from tests.support.deciding import Family
from tests.support.parking import withdrawal

SCHEMAS = {schema.type(): schema_for(schema) for schema in EVENTS}
MARK = "Test Child"


def shown(body: bytes) -> Any:
    return redacted(body, SCHEMAS)


def test_an_event_that_keeps_its_contract_is_shown_whole_but_for_receipts() -> None:
    body = Family().submitted(home="E09000021")
    assert shown(body) == orjson.loads(body)
    receipt = {"sentence": MARK}
    outcome = {"agency": "families-apart", "outcome": "eligible", "children": {}, "missing": [], "receipt": receipt}
    event = orjson.loads(body) | {"type": EligibilityAssessed.type()}
    event["data"] = {"referral_id": event["subject"], "outcomes": [outcome]}
    (seen,) = shown(orjson.dumps(event))["data"]["outcomes"]
    assert (seen["agency"], seen["receipt"]) == ("families-apart", MASK)


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": MARK},
        {"referral_id": "Oliver"},
        {"reason": {"name": MARK}},
        {"reason": [MARK]},
        {MARK: "other"},
        {"note": MARK},
    ],
)
def test_what_the_contract_does_not_allow_is_hidden_with_its_name(changes: dict[str, Any]) -> None:
    seen = orjson.dumps(shown(withdrawal(**changes))).decode()
    assert MASK in seen
    for hidden in (MARK, "Oliver", "note"):
        assert hidden not in seen


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "time", "sequence", "correlationid", "name", MARK])
def test_an_envelope_says_nothing_that_a_person_wrote(name: str) -> None:
    body = orjson.dumps(orjson.loads(withdrawal()) | {name: MARK})
    assert MARK not in orjson.dumps(shown(body)).decode()


@pytest.mark.parametrize("data", [MARK, [MARK], None, 7])
def test_data_that_is_none_is_hidden_whole(data: Any) -> None:
    body = orjson.dumps(orjson.loads(withdrawal()) | {"data": data})
    assert shown(body)["data"] == MASK


def test_what_is_no_json_or_no_event_is_not_shown_at_all() -> None:
    assert shown(MARK.encode()) == NOT_JSON
    assert shown(orjson.dumps([MARK])) == MASK
    assert shown(orjson.dumps({"data": "x" * 70_000})) == NOT_JSON
    unknown = orjson.dumps(orjson.loads(withdrawal()) | {"type": "uk.waypost.elsewhere.unheard-of.v1"})
    assert shown(unknown)["data"] == MASK


def test_what_stays_masked_where_it_was_is_restored_and_nothing_else_is() -> None:
    original = {"data": {"reason": MARK, "items": ["a", MARK], "note": MARK}}
    mended = {"data": {"reason": MASK, "items": [MASK, MASK], "moved": MASK, MASK: MASK}}
    assert restored(mended, original) == {"data": {"reason": MARK, "items": ["a", MARK], "moved": MASK}}


def test_every_contract_can_be_shown() -> None:
    for kind in SCHEMAS:
        body = orjson.dumps(orjson.loads(withdrawal()) | {"type": kind, "data": {"referral_id": MARK}})
        assert MARK not in orjson.dumps(shown(body)).decode()
    assert ReferralSubmitted.type() in SCHEMAS
