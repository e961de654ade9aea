"""OpenAPI 3.1 of a service, from what its routes declare; the same routes give the same bytes."""

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from marshmallow import fields
from marshmallow.fields import Field
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from shared.contracts.json_schema import Definitions, field_of, reference_to
from shared.http.idempotency import HEADER
from shared.http.problems import MEDIA_TYPE
from shared.http.route import Route
from shared.version import VERSION

_PLACE = "#/components/schemas/"
_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem details. `code` and the codes in `errors` are stable; sentences may be reworded.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
                "required": ["pointer", "code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "code"],
}


def openapi_of(service: Any) -> dict[str, Any]:
    """The document of one service class. Raises ValueError when two different schemas have one name."""
    schemas: Definitions = {"Problem": _PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for route, method in sorted(_routes(service), key=lambda found: (found[0].url, found[0].http_method)):
        operations = paths.setdefault(_ARGUMENT.sub(r"{\1}", route.url), {})
        operations[route.http_method.lower()] = _operation(route, method, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Waypost {service.name}",
            "version": VERSION,
            "description": inspect.cleandoc(service.__doc__ or ""),
        },
        "paths": paths,
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas)},
            "responses": {
                "Problem": {
                    "description": "What went wrong",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": _PLACE + "Problem"}}},
                }
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "wp_<id>_<secret>"}},
        },
    }


def _routes(service: type) -> Iterator[tuple[Route, Any]]:
    for _, method in inspect.getmembers(service, inspect.isfunction):
        for entry in getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ()):
            if isinstance(entry, Route) and entry.for_programs:
                yield entry, method


def _operation(route: Route, method: Any, schemas: Definitions) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(method.__doc__ or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": method.__name__,
        "summary": route.summary or summary,
        "security": [{"key": [route.scope]}] if route.scope else [],
    }
    if description.strip():
        operation["description"] = description.strip()
    parameters = _parameters(route, schemas)
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        body = reference_to(route.body, schemas, _PLACE)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    operation["responses"] = _responses(route, schemas)
    return operation


def _parameters(route: Route, schemas: Definitions) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        _parameter(name, "path", fields.String(required=True), schemas) for name in _ARGUMENT.findall(route.url)
    ]
    if route.query is not None:
        query = route.query() if isinstance(route.query, type) else route.query
        found += [_parameter(field.data_key or name, "query", field, schemas) for name, field in query.fields.items()]
    if route.idempotent:
        found.append(
            {
                "name": HEADER,
                "in": "header",
                "description": "With the same key and body the first answer is given again, and nothing happens twice.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    return found


def _parameter(name: str, where: str, field: Field[Any], schemas: Definitions) -> dict[str, Any]:
    return {"name": name, "in": where, "required": field.required, "schema": field_of(field, schemas, _PLACE)}


def _responses(route: Route, schemas: Definitions) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, schema in sorted((route.returns or {200: None}).items()):
        answers[str(status)] = {"description": HTTPStatus(status).phrase}
        if schema is not None:
            shown = reference_to(schema, schemas, _PLACE)
            answers[str(status)]["content"] = {"application/json": {"schema": shown}}
    usual = {429} | ({401, 403} if route.scope else set()) | ({400, 413, 415, 422} if route.body is not None else set())
    usual |= {409, 422} if route.idempotent else set()
    for status in sorted(usual | set(route.problems)):
        answers[str(status)] = {"$ref": "#/components/responses/Problem"}
    return answers
