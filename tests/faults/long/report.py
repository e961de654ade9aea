"""docs/reliability.md: what was broken, what came of it, and how to have one row again."""

from collections.abc import Collection, Iterable, Mapping

from tests.faults.long.results import Result

HEAD = """# Reliability

Written by `make faults`: change the faults (`tests/faults/long/`), not this page. In each row a system of its own (every
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

One row again: `.venv/bin/python -m tests.faults.long "NAME" --seed SEED`, which renews that row here. The seed decides what is
sent and when it breaks, as nearly as timing allows.
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
    "run",
)


def page(facts: Mapping[str, str], parts: Mapping[str, Collection[str]], results: Mapping[str, Result]) -> str:
    """The whole page: for each part the names of its rows, and what came of those that were run."""
    names = [name for part in parts.values() for name in part]
    missing = [name for name in names if name not in results]
    failed = [name for name in names if name in results and results[name].row.trouble]
    verdict = f"{len(names) - len(failed) - len(missing)} of {len(names)} faults passed."
    verdict += f" Failed: {', '.join(failed)}." if failed else ""
    verdict += f" Not run yet: {', '.join(missing)}." if missing else ""
    machine = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    tables = "\n\n".join(
        f"## {title}\n\n{table([results[name] for name in part if name in results])}" for title, part in parts.items()
    )
    return f"{HEAD}\n**{verdict}**\n\n{tables}\n\n## The machine\n\n{machine}\n"


def table(results: Iterable[Result]) -> str:
    cells = [COLUMNS, ("---",) * len(COLUMNS), *(_cells(result) for result in results)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def _cells(result: Result) -> tuple[str, ...]:
    row = result.row
    numbers = (row.seed, row.acknowledged, row.lost, row.unexpected, row.duplicate)
    said = f"**failed**: {row.trouble}" if row.trouble else "passed"
    words = (row.struck, said, f"{result.date}, {result.revision}")
    times = (_seconds(row.recovery), _seconds(row.longest))
    return (row.name, *map(str, numbers), *times, *(word.replace("|", "/") for word in words))


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"
