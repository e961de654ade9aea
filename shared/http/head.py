"""The head of a request, read strictly: what two readers could understand differently is refused, never guessed."""

import re
from functools import lru_cache
from typing import Any, BinaryIO
from urllib.parse import unquote

from shared.http import problems
from shared.http.problems import Problem

LINE_MOST = 8192
HEAD_MOST = 65536

_REQUEST_LINE = re.compile(rb"([A-Z]{1,16}) (?:http://[^/ ]+)?(/[!-~]*|\*) HTTP/1\.([01])")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DIGITS = re.compile(r"[0-9]{1,18}")


class Head:
    """What a client asks: `method`, `target`, `version`, and the values of each field by its name in small letters."""

    __slots__ = ("fields", "method", "target", "version")

    def __init__(self, method: str, target: str, version: str, fields: dict[str, list[str]]) -> None:
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields

    def get(self, name: str) -> str:
        """The first value of a field, "" where there is none."""
        values = self.fields.get(name)
        return values[0] if values else ""

    @property
    def chunked(self) -> bool:
        return "transfer-encoding" in self.fields

    @property
    def length(self) -> int:
        """Bytes of the body, where it is not chunked."""
        return int(self.get("content-length") or 0)

    @property
    def persistent(self) -> bool:
        """Whether the client means to ask again on the same connection."""
        tokens = self.get("connection").lower()
        return "close" not in tokens if self.version == "HTTP/1.1" else "keep-alive" in tokens

    def environ(self) -> dict[str, Any]:
        """What werkzeug wants to know of it. Names with an underscore stay away: `_` and `-` would be the same there."""
        path, _, query = self.target.partition("?")
        environ = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1") if "%" in path else path,
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": self.version,
            "CONTENT_TYPE": self.get("content-type"),
            "wsgi.url_scheme": "http",
            "wsgi.input_terminated": True,
        }
        if length := self.get("content-length"):
            environ["CONTENT_LENGTH"] = length
        for name, values in self.fields.items():
            key = _environ_key(name)
            if key is not None:
                environ[key] = values[0] if len(values) == 1 else ",".join(values)
        return environ


def read_head(rfile: BinaryIO, buffered: bytes) -> Head | None:
    """The next head; None where the connection ends before one. `buffered` is what `rfile` holds already.

    Raises problems: 400 for what is no HTTP/1.1, 431 for one that is too large; OSError when the connection breaks.
    """
    end = buffered.find(b"\r\n\r\n")
    if end >= 0 and buffered.count(b"\n", 0, end) == buffered.count(b"\r\n", 0, end):
        lines = rfile.read(end + 4)[:end].split(b"\r\n")
    else:
        lines = _line_by_line(rfile)
        if not lines:
            return None
    return _parsed(lines)


def _line_by_line(rfile: BinaryIO) -> list[bytes]:
    lines: list[bytes] = []
    left = HEAD_MOST
    while True:
        line = rfile.readline(LINE_MOST)
        left -= len(line)
        if len(line) >= LINE_MOST or left < 0:
            raise Problem(431, "head-too-large", "The request's head is too large")
        if not line and not lines:
            return lines
        if not line.endswith(b"\n"):
            # An end of input in the head is no end of the head: what came is not what was meant.
            raise _malformed()
        line = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        if not line and lines:
            return lines
        lines.append(line)


def _parsed(lines: list[bytes]) -> Head:
    start = _REQUEST_LINE.fullmatch(lines[0])
    if start is None:
        raise problems.bad_request("bad-request", "This is not an HTTP/1.1 request")
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        written, colon, rest = line.partition(b":")
        name = _small(written)
        if not (name and colon) or b"\0" in rest or b"\r" in rest:
            raise _malformed()
        value = rest.strip(b" \t").decode("latin-1")
        if name in fields:
            fields[name].append(value)
        else:
            fields[name] = [value]
    head = Head(start[1].decode(), start[2].decode(), "HTTP/1.1" if start[3] == b"1" else "HTTP/1.0", fields)
    _check_framing(head)
    return head


def _check_framing(head: Head) -> None:
    lengths, codings = head.fields.get("content-length", ()), head.fields.get("transfer-encoding", ())
    if lengths and (codings or len(set(lengths)) > 1 or not _DIGITS.fullmatch(lengths[0])):
        raise problems.bad_request("bad-length", "The length of the body is given in two ways, or is no number")
    if codings and ([coding.lower() for coding in codings] != ["chunked"] or head.version == "HTTP/1.0"):
        raise problems.bad_request("bad-transfer-encoding", "The only transfer coding is 'chunked'")
    if head.version == "HTTP/1.1" and len(head.fields.get("host", ())) != 1:
        raise problems.bad_request("bad-host", "An HTTP/1.1 request names one Host")


def _malformed() -> Problem:
    return problems.bad_request("bad-request", "The request's head is malformed")


@lru_cache(maxsize=1000)
def _small(name: bytes) -> str:
    """A field's name in small letters; "" for what is none."""
    return name.decode("ascii").lower() if _NAME.fullmatch(name) else ""


@lru_cache(maxsize=1000)
def _environ_key(name: str) -> str | None:
    if "_" in name or name in ("content-type", "content-length"):
        return None
    return "HTTP_" + name.replace("-", "_").upper()
