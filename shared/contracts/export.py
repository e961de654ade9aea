"""The events as published contracts: a JSON Schema for each, and AsyncAPI 3 for who says and hears them."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from shared.contracts.envelope import CONTENT_TYPE, EventSchema
from shared.contracts.json_schema import DIALECT, schema_of
from shared.contracts.registry import EVENTS

TEXT = {"type": "string", "minLength": 1, "maxLength": 200}


def event_schema(schema: type[EventSchema]) -> dict[str, Any]:
    """The JSON Schema of one event, envelope and data."""
    data = schema_of(schema)
    definitions = data.pop("$defs", {})
    data.pop("$schema")
    data["additionalProperties"] = True
    document: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"urn:waypost:schema:{schema.type()}",
        "title": schema.type(),
        "description": inspect.cleandoc(schema.__doc__ or ""),
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": TEXT,
            "source": {"const": f"urn:waypost:{schema.PRODUCER}"},
            "type": {"const": schema.type()},
            "subject": {**TEXT, "description": "The referral's id"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"const": f"urn:waypost:schema:{schema.type()}"},
            "sequence": {
                "type": "string",
                "pattern": r"^\d{10}$",
                "description": "Counts up for each subject and source",
            },
            "correlationid": TEXT,
            "causationid": TEXT,
            "traceparent": {
                "type": "string",
                "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
                "description": "W3C trace context, there only when somebody traces",
            },
            "rehearsal": {"const": True, "description": "There only when the referral is made up"},
            "data": data,
        },
        "required": ["specversion", "id", "source", "type", "subject", "time", "sequence", "data"],
    }
    if definitions:
        document["$defs"] = definitions
    return document


def asyncapi(version: str, heard_by: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """AsyncAPI 3 of all events; `heard_by` gives for each service the types that it handles."""
    messages, operations = {}, {}
    for schema in EVENTS:
        messages[schema.type()] = {
            "name": schema.type(),
            "title": schema.FACT,
            "summary": inspect.cleandoc(schema.__doc__ or ""),
            "contentType": CONTENT_TYPE,
            "payload": {"$ref": f"./events/{schema.type()}.json"},
        }
    for producer in sorted({schema.PRODUCER for schema in EVENTS}):
        said = [schema.type() for schema in EVENTS if producer == schema.PRODUCER]
        operations[f"{producer}-says"] = _operation("send", said)
    for service, types in sorted(heard_by.items()):
        operations[f"{service}-hears"] = _operation("receive", sorted(types))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Waypost events", "version": version},
        "defaultContentType": CONTENT_TYPE,
        "channels": {
            "events": {
                "address": "waypost.events",
                "description": "A topic exchange; the routing key is the event's type.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": "waypost.events", "type": "topic"}}},
            }
        },
        "operations": operations,
        "components": {"messages": messages},
    }


def _operation(action: str, types: Sequence[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/events"},
        "messages": [{"$ref": f"#/channels/events/messages/{name}"} for name in types],
    }
