"""Why intake and the way to an agency take as long as they do: where processor time goes, and where events wait."""

import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from bench.client import closed_loop, open_loop
from bench.latency import RATE
from bench.processes import family_seconds
from bench.report import Figure, Table, percentile
from bench.systems import Scale, Servers
from shared.settings import SERVICES

PARTS = {
    "reading the head of a request": "shared.http.protocol.Protocol._next_head",
    "who asks: the key and its limits": "shared.http.route.Route.admit",
    "checking and loading the body": "services.referrals.forms.Form.read",
    "accepting, with that: places, sealing, rows": "services.referrals.intake.Intake.accept",
    "the commit that requests share": "shared.messaging.store.Store._commit_group",
    "all of HTTP, with most of what is above": "shared.http.listener.Listener._serve",
    "the relay": "shared.messaging.relay.Relay._send_until_stopped",
}
"""Functions, with what they call; some call others of these."""
OWN = 8
STEPS = {
    "received, until its event is sent": ("r.received_at", "ro.sent_at"),
    "sent, until eligibility takes it": ("ro.sent_at", "ei.taken_at"),
    "taken, until the assessment is sent": ("ei.taken_at", "eo.sent_at"),
    "sent, until routing takes it": ("eo.sent_at", "ri.taken_at"),
    "taken, until the agency's event is sent": ("ri.taken_at", "go.sent_at"),
    "all of it": ("r.received_at", "go.sent_at"),
}
WAY = """
    FROM referrals.referrals r
    JOIN referrals.outbox ro ON ro.subject = r.id AND ro.type LIKE '%.submitted.%'
    JOIN eligibility.inbox ei ON ei.event_id = ro.event_id
    JOIN eligibility.outbox eo ON eo.subject = r.id
    JOIN routing.inbox ri ON ri.event_id = eo.event_id
    JOIN routing.outbox go ON go.subject = r.id AND go.audience IS NOT NULL AND go.type LIKE '%.routed.%'
    WHERE r.received_at >= '{since}'
"""
SETTLED_WITHIN = 30


def measure(servers: Servers, seconds: float) -> list[Table]:
    """Both tables; a second of each warms up."""
    return [_intake(servers, servers.folder / "sampled", seconds), _way(servers, seconds)]


def _intake(servers: Servers, sampled: Path, seconds: float) -> Table:
    sampled.mkdir()
    scale = servers.scale(sampled)
    scale.start("referrals")
    closed_loop(scale.port, scale.referrals(), 1)
    scale.sample()
    closed_loop(scale.port, scale.referrals(), seconds)
    scale.stop()
    own, whole = _report((sampled / "referrals.txt").read_text())
    how = (
        "The referrals process in the burst of above, looked at by a sampling profiler a thousand times a second of processor "
        "time (which slows it by about a tenth). First what it does, with all that is called for it; then the functions with "
        "the most time of their own. No function stands out: what is left is spread over the whole of the work."
    )
    figures = [Figure(name, [whole[place]], "%") for name, place in PARTS.items() if place in whole]
    figures += [Figure(f"by itself: `{name}`", [share], "%") for name, share in list(own.items())[:OWN]]
    return Table("Why: where intake's processor time goes", how, figures)


def _report(text: str) -> tuple[dict[str, float], dict[str, float]]:
    """What `bench.sampling` wrote: the shares of functions, by themselves and with what they call, in percent."""
    own, _, whole = text.partition("\nwith what it calls\n")
    return _shares(own), _shares(whole)


def _shares(lines: str) -> dict[str, float]:
    """The largest first; the lines of a function are taken together."""
    found: defaultdict[str, float] = defaultdict(float)
    for line in lines.splitlines():
        share, sign, name = line.partition("%  ")
        if sign:
            found[name.partition(":")[0]] += float(share)
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def _way(servers: Servers, seconds: float) -> Table:
    scale = servers.scale()
    scale.start_each()
    requests = scale.referrals()[0]
    open_loop(scale.port, requests, RATE, 1 + seconds / 4)
    time.sleep(1)
    (since,) = scale.ask("SELECT now()")
    used, begun = _used(servers, scale.processor_seconds()), time.monotonic()
    count = len(open_loop(scale.port, requests, RATE, seconds))
    busy = time.monotonic() - begun
    spent = {name: after - used[name] for name, after in _used(servers, scale.processor_seconds()).items()}
    taken = _steps(scale, since, count)
    scale.stop()
    figures = [Figure(f"{name}, p50", [percentile(each, 0.5)], "ms") for name, each in taken.items()]
    figures += [
        Figure(f"processor time a referral, {name}", [each / count * 1000], "ms") for name, each in spent.items()
    ]
    total = sum(spent.values())
    figures += [
        Figure("processor time a referral, all of it", [total / count * 1000], "ms"),
        Figure("of the two cores, in use", [total / busy / 2 * 100], "%"),
    ]
    how = (
        f"{RATE:.0f} referrals a second as in the measurement of latency, every service at work; when each step was written "
        "down, by the database's rows. All processes share two cores: the busier these are, the longer whatever is ready "
        "waits for one, at each of about a dozen changes from process to process."
    )
    return Table("Why: where the way to an agency's queue takes its time", how, figures)


def _used(servers: Servers, services: dict[str, float]) -> dict[str, float]:
    postgres, rabbitmq = (family_seconds(each) for each in servers.processes)
    return {name: services[name] for name in SERVICES} | {"PostgreSQL": postgres, "RabbitMQ": rabbitmq}


def _steps(scale: Scale, since: datetime, count: int) -> dict[str, list[float]]:
    """Milliseconds of each step of each referral, once all have come to their end."""
    columns = sorted({column for step in STEPS.values() for column in step})
    query = f"SELECT {', '.join(columns)} {WAY.format(since=since)}"
    deadline = time.monotonic() + SETTLED_WITHIN
    while len(rows := [row for row in scale.rows(query) if None not in row]) < count and time.monotonic() < deadline:
        time.sleep(0.5)
    at = [dict(zip(columns, row, strict=True)) for row in rows]
    return {
        name: [(each[after] - each[before]).total_seconds() * 1000 for each in at]
        for name, (before, after) in STEPS.items()
    }
