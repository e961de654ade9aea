"""Every error that a client can see, as RFC 9457 problem details: a stable code first, a sentence second.

A problem never repeats a value that the client sent: it may be somebody's name, and answers end up in logs and tickets.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from werkzeug.wrappers import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """One thing wrong in a body: where (RFC 6901, "" is the whole), a stable code, and a sentence for people."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """Raised anywhere in a handler, it becomes the answer. `code` is stable; `title` and `detail` may be reworded."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        instance: str | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.instance = instance

    def body(self) -> dict[str, Any]:
        """The members of the problem document."""
        document: dict[str, Any] = {
            "type": f"urn:waypost:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            document["detail"] = self.detail
        if self.instance:
            document["instance"] = self.instance
        if self.errors:
            document["errors"] = [asdict(error) for error in self.errors]
        return document

    def response(self) -> Response:
        return Response(orjson.dumps(self.body()), self.status, self.headers, content_type=MEDIA_TYPE)


def bad_request(code: str, title: str, detail: str | None = None) -> Problem:
    return Problem(400, code, title, detail)


def unauthorised(code: str = "unauthorised") -> Problem:
    """One answer for a missing, unknown, wrong and revoked key, so that none can be told from another."""
    detail = "Send 'Authorization: Bearer' with an API key that is in use."
    return Problem(401, code, "No valid key", detail, headers={"WWW-Authenticate": 'Bearer realm="waypost"'})


def forbidden(detail: str | None = None, code: str = "forbidden") -> Problem:
    return Problem(403, code, "Not allowed", detail)


def not_found(detail: str | None = None, code: str = "not-found") -> Problem:
    return Problem(404, code, "Not found", detail)


def method_not_allowed(allowed: Iterable[str]) -> Problem:
    return Problem(405, "method-not-allowed", "Method not allowed", headers={"Allow": ", ".join(sorted(allowed))})


def timed_out() -> Problem:
    return Problem(408, "request-timeout", "The request did not arrive in time")


def conflict(code: str, title: str, detail: str | None = None) -> Problem:
    return Problem(409, code, title, detail)


def too_large(limit: int) -> Problem:
    return Problem(413, "too-large", "Body too large", f"At most {limit} bytes are taken here.")


def unsupported(expected: str) -> Problem:
    return Problem(415, "unsupported-media-type", "Unsupported media type", f"Send the body as {expected}.")


def invalid(errors: Sequence[FieldError]) -> Problem:
    return Problem(422, "invalid", "The body cannot be taken as it is", errors=errors)


def rate_limited(retry_after: float) -> Problem:
    """`retry_after` in seconds; the header rounds it up."""
    headers = {"Retry-After": str(max(1, -int(-retry_after // 1)))}
    return Problem(429, "rate-limited", "Too many requests", "Wait as long as Retry-After says.", headers=headers)


def internal(error_id: str) -> Problem:
    """What a client learns of a fault of ours: an id that finds the log line, and nothing of the fault."""
    detail = "The fault is ours and is recorded under `instance`. Asking again with the same Idempotency-Key is safe."
    return Problem(500, "internal", "Something failed here", detail, instance=f"urn:uuid:{error_id}")


def unavailable(retry_after: int = 2, code: str = "unavailable") -> Problem:
    return Problem(503, code, "Not available just now", headers={"Retry-After": str(retry_after)})
