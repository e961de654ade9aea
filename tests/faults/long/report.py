"""docs/reliability.md: what was broken, what came of it, and how to have one row again."""

from collections.abc import Iterable, Mapping

from tests.faults.long.driver import Row

HEAD = """# Reliability

Written by `make faults`, whole: change the faults (`tests/faults/long/`), not this page. In each row a system of its own (every
service a process, PostgreSQL, RabbitMQ with quorum queues, durable as in production) is given referrals by clients that do not
wait for one another and keep a ledger; it is broken, mended, and then everything is held against the ledger: the API, every
service's database, every inbox, the events, e-mails, one agency's queue and the other's feed.

- **acknowledged**: referrals that a client was told are taken. A client that is told nothing tries again under the same key.
- **lost**, **unexpected**, **duplicates**: effects that are missing, that nobody asked for, that came twice; in all places.
- **recovery**: from the mending until all that was acknowledged by then is decided, while referrals go on arriving.
- **longest wait**: of a client, from its first try until it was told.
- **what shows it**: that the fault really struck. A row whose fault did not strike fails.

A message to an agency or a person may come more than once (an agency tells the copy by its id; an e-mail that was handed over
at the moment of a crash cannot be told apart): counted are effects, and what was noted as sent.

One row again: `.venv/bin/python -m tests.faults.long "NAME" --seed SEED`. The seed decides what is sent and when it breaks,
as nearly as timing allows.
"""
COLUMNS = (
    "fault",
    "seed",
    "acknowledged",
    "lost",
    "unexpected",
    "duplicates",
    "recovery",
    "longest wait",
    "what shows it",
    "result",
)


def page(facts: Mapping[str, str], parts: Mapping[str, list[Row]], minutes: float) -> str:
    """The whole page, from rows by part."""
    rows = [row for part in parts.values() for row in part]
    failed = [row.name for row in rows if row.trouble]
    verdict = f"All {len(rows)} passed." if not failed else f"{len(failed)} of {len(rows)} failed: {', '.join(failed)}."
    machine = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    tables = "\n\n".join(f"## {title}\n\n{table(part)}" for title, part in parts.items())
    return f"{HEAD}\n**{verdict}**\n\n## The machine\n\n{machine}\n\n{tables}\n\nRun in {minutes:.0f} minutes.\n"


def table(rows: Iterable[Row]) -> str:
    cells = [COLUMNS, ("---",) * len(COLUMNS), *(_cells(row) for row in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (row.seed, row.acknowledged, row.lost, row.unexpected, row.duplicate)
    result = f"**failed**: {row.trouble}" if row.trouble else "passed"
    return (
        row.name,
        *map(str, numbers),
        _seconds(row.recovery),
        _seconds(row.longest),
        row.struck,
        result.replace("|", "/"),
    )


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"
