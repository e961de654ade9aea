"""The events keep what they promise: thin, readable for ever, heard by somebody, and published as they are."""

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator
from marshmallow import Schema
from marshmallow.fields import Dict, Field, List, Nested

from services.catalogue import service_class
from services.commands.contracts import documents
from shared.contracts import fields
from shared.contracts.envelope import EventSchema, read
from shared.contracts.registry import EVENTS, schema_for
from shared.contracts.routing import TaskRecalled
from shared.messaging.runtime import InboxProvider
from shared.settings import SERVICES

SAMPLES = Path(__file__).parent / "samples"
PUBLISHED = Path("docs/contracts")
THIN = (
    fields.Id,
    fields.Code,
    fields.PlaceCode,
    fields.Reference,
    fields.Month,
    fields.Moment,
    fields.Day,
    fields.Count,
    fields.Flag,
    fields.Link,
    fields.Release,
    fields.Receipt,
)
FOR_AGENCIES_ALONE = {TaskRecalled}
PERSONAL = re.compile(r"name|birth|postcode|address|phone|mail|note|contact_(?!by)|question", re.IGNORECASE)


def leaves(schema: Schema, path: str = "") -> Iterator[tuple[str, Field]]:
    """Every field of a contract that holds a value, however deep."""
    for name, field in schema.fields.items():
        yield from _leaves(field, f"{path}/{name}")


def _leaves(field: Field | None, path: str) -> Iterator[tuple[str, Field]]:
    assert field is not None, path
    if isinstance(field, Nested):
        yield from leaves(field.schema, path)
    elif isinstance(field, List):
        yield from _leaves(field.inner, path)
    elif isinstance(field, Dict) and not isinstance(field, fields.Receipt):
        yield from _leaves(field.key_field, path + "#key")
        yield from _leaves(field.value_field, path + "#value")
    else:
        yield path, field


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type())
def test_an_event_has_only_fields_that_nothing_personal_fits_into(event: type[EventSchema]) -> None:
    for path, field in leaves(schema_for(event)):
        assert isinstance(field, THIN), f"{path} is a {type(field).__name__}"
        assert not PERSONAL.search(path), f"{path} sounds personal"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type())
def test_the_golden_sample_of_an_event_still_loads_and_keeps_its_published_schema(event: type[EventSchema]) -> None:
    body = (SAMPLES / f"{event.type()}.json").read_bytes()
    loaded = read(body, {event.type(): schema_for(event)})
    assert loaded.data["referral_id"] == loaded.subject
    published = orjson.loads((PUBLISHED / "events" / f"{event.type()}.json").read_bytes())
    Draft202012Validator(published).validate(orjson.loads(body))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type())
def test_a_reader_ignores_what_a_later_version_adds(event: type[EventSchema]) -> None:
    later = orjson.loads((SAMPLES / f"{event.type()}.json").read_bytes())
    later["addedlater"] = "x"
    later["data"]["added_later"] = {"deep": [1]}
    assert "added_later" not in read(orjson.dumps(later), {event.type(): schema_for(event)}).data


def test_every_event_is_heard_by_a_service() -> None:
    heard = {
        schema
        for name in SERVICES
        if isinstance(inbox := getattr(service_class(name), "inbox", None), InboxProvider)
        for schema in inbox.handlers
    }
    assert set(EVENTS) - heard == FOR_AGENCIES_ALONE


def test_what_is_published_is_what_the_code_says() -> None:
    written = {str(path.relative_to(PUBLISHED)): orjson.loads(path.read_bytes()) for path in PUBLISHED.rglob("*.json")}
    wanted = documents()
    assert sorted(written) == sorted(wanted)
    stale = [name for name, document in wanted.items() if written[name] != orjson.loads(orjson.dumps(document))]
    assert stale == [], "run `make contracts`"
