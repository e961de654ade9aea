"""A service's audit for operations, on its management listener as `GET /v1/audit`: a page of it, the newest first."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from shared.audit.reading import newest
from shared.http.pages import as_page, read_page
from shared.http.request import Request
from shared.messaging.store import Store

NAME = validate.Length(1, 80)
_SHOWN = ("id", "at", "actor", "action", "subject", "detail", "number")


class AuditQuery(Schema):
    """About what, by whom, of which kind; a page of them."""

    subject = fields.String(validate=NAME)
    action = fields.String(validate=NAME)
    actor = fields.String(validate=NAME)
    cursor = fields.String()
    limit = fields.Integer()


def answer_audit(store: Store, request: Request) -> dict[str, Any]:
    """`{items, next}`; raises a 400 problem for a query that cannot be used."""
    request.load_query(AuditQuery())
    return audit_page(store, request.args)


def audit_page(store: Store, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The same of texts that were checked."""
    page = read_page(asked, int)
    before = int(page.after[0]) if page.after else None
    filters = {name: asked.get(name) for name in ("subject", "action", "actor")}
    with store.reading() as connection:
        rows = newest(connection, page.limit + 1, before, **filters)
    return as_page(rows, page, lambda row: (row.id,), lambda row: {name: getattr(row, name) for name in _SHOWN})
