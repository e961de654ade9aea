"""A move that a form asks for: the form read as the API's document, checked by its schema, made by the same code, once.

A form carries a key of its own. The same form with the same content, however often it is sent, is one move; with other
content it is another.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from marshmallow import Schema, ValidationError

from services.routing.acting import act
from services.routing.once import Once
from services.routing.rehearsing import refusals_noted
from services.routing.schemas import SAID
from shared.http import problems
from shared.http.fields import field_errors
from shared.http.idempotency import fingerprint
from shared.http.keys import Key
from shared.messaging.store import Store
from shared.web.forms import Form

KEY = "key"
_KEY = re.compile(r"[0-9a-f-]{36}")


def schema_of(action: str) -> Schema:
    """The schema of what is said with an action; raises a 404 problem where there is no such action."""
    if action not in SAID:
        raise problems.not_found()
    return SAID[action]()


def said_in(form: Form, action: str) -> dict[str, Any]:
    """What the form says; raises a 422 problem with every field error."""
    schema = schema_of(action)
    return loaded(schema, _document(form, schema))


def loaded(schema: Schema, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as the API's schema loads it; raises a 422 problem with every field error."""
    try:
        said: dict[str, Any] = schema.load(document)
    except ValidationError as error:
        raise problems.invalid(field_errors(error)) from None
    return said


def make(store: Store, once: Once, key: Key, task_id: str, action: str, form: Form) -> dict[str, Any]:
    """Makes the move; answers the task in full. Raises problems: 404, 409, 422."""
    said = said_in(form, action)
    asked = fingerprint("POST", f"/tasks/{task_id}/{action}", orjson.dumps(said, option=orjson.OPT_SORT_KEYS))
    with refusals_noted(store, key.owner, task_id, action):
        answer = once.under(
            key.owner,
            f"{_form_key(form)}:{asked}",
            asked,
            lambda transaction: act(transaction, key, task_id, action, said),
        )
    shown: dict[str, Any] = orjson.loads(answer.data)
    return shown


def _form_key(form: Form) -> str:
    key = form.text(KEY)
    if not _KEY.fullmatch(key):
        raise problems.bad_request("not-a-form", "The form cannot be read")
    return key


def _document(form: Form, schema: Schema) -> Mapping[str, Any]:
    document: dict[str, Any] = {}
    for name in schema.fields:
        pointer = f"/{name}"
        if name == "items" and form.texts(pointer):
            document[name] = form.texts(pointer)
        elif name == "worker" and form.has(pointer):
            document[name] = form.text(pointer) or None
        elif name != "items" and form.text(pointer):
            document[name] = form.text(pointer)
    return document
