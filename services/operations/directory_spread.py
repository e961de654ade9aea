"""Brings the live directory to every service: at once when it is published, and again to whoever had no ear for it.

A service is told over its management listener and keeps it in its own database. The order matters: who is told of an
agency by others knows it before eligibility's rules name it.
"""

from typing import Any

import eventlet
import structlog

from services.operations.desks import Desks
from services.operations.directory_kept import live, newest_publication
from shared.http.problems import Problem
from shared.messaging.store import Store

ORDER = ("notifications", "routing", "referrals", "eligibility")
log = structlog.get_logger(__name__)


def spread(store: Store, desks: Desks) -> None:
    """Tells each service that goes by an older publication. Raises nothing: who does not answer is told the next time."""
    with store.reading() as connection:
        newest = newest_publication(connection)
        if newest is None:
            return
        published = live(connection, store)
    body = {
        "number": published.number,
        "files": published.files,
        "former": published.former,
        "actor": newest["actor"],
    }
    for service in ORDER:
        try:
            known = desks.ask(service, "GET", "/v1/directory")
            if known["number"] < published.number and not known["forced"]:
                desks.ask(service, "POST", "/v1/directory", json=body)
        except Problem as problem:
            log.warning("directory.not-taken-up", service=service, number=published.number, problem=problem.code)


def told(desks: Desks) -> list[dict[str, Any]]:
    """What each service goes by, asked of all at the same time; one that does not answer has no version."""
    return list(eventlet.GreenPool(len(ORDER)).imap(lambda service: _told(desks, service), ORDER))


def _told(desks: Desks, service: str) -> dict[str, Any]:
    try:
        known = desks.ask(service, "GET", "/v1/directory")
    except Problem:
        return {"service": service, "version": None, "number": None, "forced": False}
    return {"service": service, **{name: known[name] for name in ("version", "number", "forced")}}
