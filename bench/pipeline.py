"""Referrals routed per second from a backlog, against the same three steps on Celery, Dramatiq and FastStream.

Three ways through one PostgreSQL and one RabbitMQ: Waypost's own services, with rules, receipts and tasks; three services of
ours that do as little as the peers' steps; and the peers. Each has a process for each of its three steps. A peer is given
one event twice, and must have had its effect once.
"""

from bench import floors, plain_services
from bench.client import closed_loop
from bench.events import DONE_WITHIN, until, until_sent
from bench.peers_environment import versions
from bench.pipeline_peers import PEERS, THREADS, PeerPipeline
from bench.report import Figure, Table, ratios
from bench.systems import Scale, Servers
from shared.contracts.referrals import ReferralSubmitted
from shared.contracts.routing import ReferralRouted
from shared.messaging.broker import EVENTS

TITLES = {"celery": "Celery", "dramatiq": "Dramatiq", "faststream": "FastStream"}
HOW = (
    "{referrals:,} `referral.submitted` wait in the queue of the first of three steps, a process for each: submitted, "
    "assessed, routed. Counted from the first commit of the first step to the last of the third. A step is one commit of "
    '"taken" (a key that is there already stops it) and an effect, then the next event with a confirm, then the '
    "acknowledgement. The peers and Waypost's bare services do just that; Waypost's own services decide by the rules of two "
    "agencies, write receipts of every clause, tasks and timeline, send each event to all who hear it, and begin together, "
    "while the peers' later steps wait ready. The peers have no outbox: their confirm comes between commit and "
    "acknowledgement. Celery: quorum queues, {threads} threads, late acknowledgement, prefetch 64 a thread. Dramatiq: its "
    "durable classic queues, {threads} threads. FastStream: quorum queues, 16 at once. {versions}."
)


def measure(servers: Servers, rounds: int, referrals: int) -> list[Table]:
    """In turns; each round on fresh databases and virtual hosts."""
    rates: dict[str, list[float]] = {name: [] for name in ("services", "bare", *PEERS)}
    for number in range(rounds):
        rate, bodies = _services(servers.scale(), referrals)
        rates["services"].append(rate)
        rates["bare"].append(_bare(servers, bodies))
        for name in PEERS:
            place = servers.folder / f"{name}-{number}"
            place.mkdir()
            rates[name].append(PeerPipeline(servers, name, place).rate(bodies[0], referrals))
    services = Figure("Waypost's services: referrals, eligibility, routing", rates["services"], "/s")
    bare = Figure("Waypost's inbox, outbox and relay, with the peers' steps", rates["bare"], "/s")
    figures = [services, bare]
    for name, title in TITLES.items():
        theirs = Figure(title, rates[name], "/s")
        figures += [
            theirs,
            ratios("... Waypost's services in parts of it", services, theirs),
            ratios("... the same steps on Waypost in parts of it", bare, theirs, "3"),
        ]
    how = HOW.format(
        referrals=referrals,
        threads=THREADS,
        versions=versions("celery", "dramatiq", "faststream", "aio-pika", "asyncpg"),
    )
    return [Table("Pipeline against peers: referrals routed per second", how, figures)]


def _services(scale: Scale, referrals: int) -> tuple[float, list[bytes]]:
    """The rate, and the events that waited."""
    scale.start("referrals")
    closed_loop(scale.port, scale.referrals(), DONE_WITHIN, referrals)
    until_sent(scale, "referrals", referrals)
    scale.stop()
    submitted = f"SELECT body FROM referrals.outbox WHERE type = '{ReferralSubmitted.type()}'"
    bodies = [bytes(body) for (body,) in scale.rows(submitted)]
    for name in ("referrals", "routing", "eligibility"):
        scale.launch(name)
    routed = f"FROM referrals.inbox WHERE type = '{ReferralRouted.type()}'"
    until(lambda: scale.ask(f"SELECT count(*) {routed}")[0] == referrals)
    scale.stop()
    (seconds,) = scale.ask(
        f"SELECT extract(epoch FROM (SELECT max(taken_at) {routed}) - least("
        "(SELECT min(taken_at) FROM eligibility.inbox), (SELECT min(taken_at) FROM routing.inbox)))"
    )
    return referrals / float(seconds), bodies


def _bare(servers: Servers, bodies: list[bytes]) -> float:
    scale = servers.scale()
    url = scale.use_empty_broker()
    plain_services.prepare(scale.settings)
    with floors.alone(floors.leave, url, EVENTS, ReferralSubmitted.type(), bodies) as pipe:
        pipe.recv()
    for name in reversed(plain_services.STEPS):
        scale.start_module(name, "bench.plain_services", name)
    until(lambda: scale.ask("SELECT count(*) FROM notifications.effects")[0] == len(bodies))
    scale.stop()
    counts = scale.ask("SELECT (SELECT count(*) FROM eligibility.effects), (SELECT count(*) FROM routing.effects)")
    assert counts == (len(bodies), len(bodies)), f"{counts} effects of {len(bodies)} events"
    (seconds,) = scale.ask(
        "SELECT extract(epoch FROM (SELECT max(at) FROM notifications.effects) - (SELECT min(at) FROM eligibility.effects))"
    )
    return len(bodies) / float(seconds)
