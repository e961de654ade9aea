"""The network: slow, reset, closed, silent; between clients, services, database and broker.

Silence has two kinds. It may pass, and all that was kept back arrives. Or one side has forgotten the connection and the other
is never told: that must be found out by whoever waits.
"""

import eventlet

from tests.faults.long.scenario import Ground, Scenario

BETWEEN = {
    "clients and referrals": "http",
    "services and database": "database",
    "services and broker": "broker",
    "services themselves": "inside",
}


def slow(between: str) -> Scenario:
    def breaks(ground: Ground) -> str:
        ground.by[BETWEEN[between]].latency = 0.05
        return "50 ms for each piece, in each direction"

    def mends(ground: Ground) -> None:
        ground.by[BETWEEN[between]].latency = 0.0

    return Scenario(f"slow between {between}", breaks, mends, (6, 8), proxied=True)


def reset(between: str) -> Scenario:
    def breaks(ground: Ground) -> str:
        ended = 0
        for _ in range(12):
            ended += ground.by[BETWEEN[between]].reset()
            eventlet.sleep(ground.chance.uniform(0.05, 0.8))
        assert ended, "there was no connection to reset"
        return f"{ended} connections reset, in 12 rounds"

    return Scenario(f"connections reset between {between}", breaks, proxied=True)


def closed(between: str) -> Scenario:
    def breaks(ground: Ground) -> str:
        proxy = ground.by[BETWEEN[between]]
        proxy.refuse()
        return f"{proxy.reset()} connections reset, no new one let in"

    return Scenario(
        f"no way between {between}", breaks, lambda ground: ground.by[BETWEEN[between]].accept(), (4, 7), proxied=True
    )


def silent(between: str) -> Scenario:
    def breaks(ground: Ground) -> str:
        ground.by[BETWEEN[between]].freeze()
        return "nothing passes, nobody is told"

    return Scenario(
        f"silence between {between}", breaks, lambda ground: ground.by[BETWEEN[between]].thaw(), (6, 12), proxied=True
    )


def forgotten(between: str) -> Scenario:
    def breaks(ground: Ground) -> str:
        count = ground.by[BETWEEN[between]].forget()
        assert count, "there was no connection to forget"
        return f"{count} connections half-open for good"

    return Scenario(f"half-open between {between}", breaks, proxied=True, rate=5)


def _reset_everywhere(ground: Ground) -> str:
    ended = 0
    for _ in range(10):
        ended += sum(proxy.reset() for proxy in ground.by.values())
        eventlet.sleep(ground.chance.uniform(0.05, 0.6))
    return f"{ended} connections reset, in 10 rounds"


RESET_EVERYWHERE = Scenario("connections reset between everybody", _reset_everywhere, proxied=True)
SCENARIOS = [
    *(
        make(between)
        for between in ("services and database", "services and broker")
        for make in (slow, reset, closed, silent, forgotten)
    ),
    *(make("clients and referrals") for make in (slow, silent)),
    silent("services themselves"),
    RESET_EVERYWHERE,
]
