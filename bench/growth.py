"""A million referrals stored: what intake, the list of one's referrals and a family's page cost beside an empty database.

A few referrals go the whole way; the rest are copied in the database after one of them, with ids of their own, older than
any real one. All belong to the one organisation that asks, which is the worst case for a list.
"""

from collections.abc import Iterator, Mapping

import psycopg
from sqlalchemy import Table as Stored

from bench.client import closed_loop
from bench.events import until
from bench.intake import WARM_UP, Loads
from bench.pages import LIMITS, times_of
from bench.report import Figure, Table, percentile, ratios
from bench.systems import CLIENTS, Scale, Servers
from services.catalogue import runtime_of
from services.referrals.tables import metadata
from shared.http.stored_keys import create_key

TABLES = (
    *("referrals", "referral_keys", "children", "consents", "timeline", "assessments"),
    *("outbox", "subjects", "idempotency"),
)
AT_ONCE, ASKED = 50_000, 40
SETTLED = (
    f"SELECT (SELECT count(*) FROM referrals.referrals WHERE status = 'routed') >= {CLIENTS} "
    "AND NOT EXISTS (SELECT 1 FROM referrals.outbox WHERE sent_at IS NULL)"
)
# How a copy's columns differ from the pattern's, n being its number; the other columns are the same.
_ID = "lpad(to_hex(n), 8, '0') || substr({}, 9)"
_OF_THE_COPY = {
    "id": _ID,
    "referral_id": _ID,
    "subject": _ID,
    "event_id": _ID,
    "reference": "regexp_replace(upper(lpad(to_hex(n), 9, '0')), '(...)(...)(...)', '\\1-\\2-\\3')",
    "tracking_hash": "sha256(n::text::bytea)",
    "blind_index": "md5(n::text) || md5({})",
    "key": "'copy-' || n",
}


def measure(servers: Servers, rounds: int, seconds: float, referrals: int) -> list[Table]:
    """Both systems run side by side and are asked in turns."""
    sides = {"empty": _Side(servers), "full": _Side(servers)}
    sides["full"].fill(referrals)
    for side in sides.values():
        side.start()
    for _ in range(rounds):
        for side in sides.values():
            side.round(seconds)
    figures = []
    for name, unit, goal in (
        ("accepted referrals", "/s", "0.83 or more"),
        ("the list of one's referrals, p50", "ms", "under 1.2"),
        ("a family's page, p50", "ms", "under 1.2"),
    ):
        empty, full = (Figure(f"{name}: {word}", sides[word].figures[name], unit) for word in ("empty", "full"))
        figures += [empty, full, ratios("... full in parts of empty", full, empty, goal)]
    figures += [
        Figure(f"WAL that PostgreSQL writes a referral: {word}", side.wal, "kB") for word, side in sides.items()
    ]
    figures += [
        Figure(f"PostgreSQL's processor time a referral: {word}", side.postgres, "µs") for word, side in sides.items()
    ]
    for side in sides.values():
        side.scale.stop()
    how = (
        f"{referrals:,} referrals stored on PostgreSQL, all of one organisation, with all that their service keeps of each "
        f"({', '.join(TABLES)}), {sides['full'].gigabytes():.1f} GB with indexes, beside a database with {CLIENTS}. Intake: "
        f"{CLIENTS} clients, closed loop, {seconds:.0f} s a round; list and page: {ASKED} times a round, one at a time. The "
        "agencies' pages over many referrals are measured below. PostgreSQL has 32 MB of buffers. The first change of a page "
        "after a checkpoint puts the whole page into the write-ahead log; where the table is small that soon ends, and where "
        "a hash of each child goes to its place among a million it goes on, until each page has been touched once."
    )
    return [Table(f"Growth: {referrals:,} referrals stored", how, figures)]


class _Side:
    """One system, with a few referrals that went the whole way."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self.scale: Scale = servers.scale()
        self.scale.environment |= LIMITS
        self.figures: dict[str, list[float]] = {
            name: [] for name in ("accepted referrals", "the list of one's referrals, p50", "a family's page, p50")
        }
        self.wal: list[float] = []
        for name in ("referrals", "eligibility", "routing"):
            self.scale.start(name)
        answers = closed_loop(self.scale.port, self.scale.referrals(), 60, CLIENTS)
        until(lambda: self.scale.ask(SETTLED)[0], 120)
        self.scale.stop()
        self._page = answers[0].body.partition(b'"tracking_url":"')[2].partition(b'"')[0].decode()

    def fill(self, referrals: int) -> None:
        """Copies one referral until there are so many more."""
        (pattern,) = self.scale.ask("SELECT min(id) FROM referrals.referrals WHERE status = 'routed'")
        (key,) = self.scale.ask("SELECT min(key) FROM referrals.idempotency")
        with psycopg.connect(self.scale.database_url("referrals"), autocommit=True) as store:
            # What is copied need not be on disk before the next copy; the checkpoint puts it there.
            store.execute("SET synchronous_commit = off")
            for first in range(0, referrals, AT_ONCE):
                for statement in _copies(pattern, key, first, min(first + AT_ONCE, referrals) - 1):
                    store.execute(statement.encode())
            for name in TABLES:
                store.execute(f"VACUUM ANALYZE {name}".encode())
                (rows,) = store.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() or (0,)
                assert rows > referrals, f"{rows} rows in {name} are not those of {referrals} referrals more"
        self.scale.rows("CHECKPOINT")

    @property
    def postgres(self) -> list[float]:
        """PostgreSQL's processor time, in microseconds a referral."""
        return self._load.postgres

    def start(self) -> None:
        runtime = runtime_of("referrals", self.scale.settings)
        self._key = create_key(runtime.store, "bench", ["referrals:read"], "bench")
        runtime.store.database.close()
        process = self.scale.start("referrals")
        closed_loop(self.scale.port, self.scale.referrals(), WARM_UP)
        self._load = Loads(self._servers, process, self.scale.port)

    def round(self, seconds: float) -> None:
        (before,) = self.scale.ask("SELECT pg_current_wal_lsn()")
        self._load.load(self.scale.referrals(), seconds)
        (written,) = self.scale.ask(f"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '{before}')")
        self.wal.append(float(written) / (self._load.rates[-1] * seconds) / 1000)
        address = f"http://127.0.0.1:{self.scale.port}"
        lists = times_of(f"{address}/v1/referrals", {}, ASKED, {"Authorization": f"Bearer {self._key}"})
        pages = times_of(address + "/track/" + self._page.rpartition("/")[2], {}, ASKED)
        self.figures["accepted referrals"].append(self._load.rates[-1])
        self.figures["the list of one's referrals, p50"].append(percentile(lists, 0.5))
        self.figures["a family's page, p50"].append(percentile(pages, 0.5))

    def gigabytes(self) -> float:
        parts = " + ".join(f"pg_total_relation_size('referrals.{name}')" for name in TABLES)
        return float(self.scale.ask(f"SELECT {parts}")[0]) / 1e9


def _copies(pattern: str, key: str, first: int, last: int) -> Iterator[str]:
    """A statement for each table: the rows of the referral `pattern`, and the first answer to `key`, again and again."""
    tables: Mapping[str, Stored] = metadata.tables
    for name in TABLES:
        columns = [column.name for column in tables[name].columns if column.autoincrement is not True]
        if name == "outbox":
            columns.remove("position")
        about = next(word for word in ("referral_id", "subject", "key", "id") if word in columns)
        given = [_OF_THE_COPY.get(column, "{}").format(f'"{column}"') for column in columns]
        yield (
            f"INSERT INTO {name} ({', '.join(columns)}) SELECT {', '.join(given)} "
            f"FROM {name}, generate_series({first}, {last}) AS n WHERE {about} = '{key if about == 'key' else pattern}'"
        )
