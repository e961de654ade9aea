"""The triggers by which the database counts parked messages in `parked_groups`, as they come, are retried or discarded.

SQLite counts row by row. PostgreSQL counts once for each statement, the groups always in the same order: two transactions
that meet the same groups wait for each other instead of for ever.
"""

_COUNTED = "(error, place, type) DO UPDATE SET messages = parked_groups.messages + excluded.messages"
_OLD, _NEW = "OLD.error, OLD.place, OLD.type", "NEW.error, NEW.place, NEW.type"
NAMES = ("failures_parked_in", "failures_parked_out", "failures_parked_moved")


def triggers(dialect: str) -> list[str]:
    """The statements that make them."""
    return _sqlite() if dialect == "sqlite" else _postgresql()


def drops(dialect: str) -> list[str]:
    """The statements that take them away."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER {name}" for name in NAMES]
    return [*(f"DROP TRIGGER {name} ON failures" for name in NAMES), "DROP FUNCTION parked_count"]


def _sqlite() -> list[str]:
    def count(what: str, number: int) -> str:
        # A WHERE keeps SQLite from reading ON CONFLICT as part of a join, and here says whether there is anything to count.
        parked = f"{what[:3]}.parked_at IS NOT NULL"
        return (
            f"INSERT INTO parked_groups (error, place, type, messages) SELECT {what}, {number} WHERE {parked} "
            f"ON CONFLICT {_COUNTED};"
        )

    come, go, moved = NAMES
    return [
        f"CREATE TRIGGER {come} AFTER INSERT ON failures WHEN NEW.parked_at IS NOT NULL BEGIN {count(_NEW, 1)} END",
        f"CREATE TRIGGER {go} AFTER DELETE ON failures WHEN OLD.parked_at IS NOT NULL BEGIN {count(_OLD, -1)} END",
        f"CREATE TRIGGER {moved} AFTER UPDATE OF parked_at, error, place, type ON failures "
        f"BEGIN {count(_OLD, -1)} {count(_NEW, 1)} END",
    ]


def _postgresql() -> list[str]:
    def counted(*sources: tuple[str, int]) -> str:
        rows = " UNION ALL ".join(
            f"SELECT error, place, type, {number} AS number FROM {name} WHERE parked_at IS NOT NULL"
            for name, number in sources
        )
        return (
            f"INSERT INTO parked_groups (error, place, type, messages) SELECT error, place, type, sum(number) FROM ({rows}) "
            "AS changed GROUP BY error, place, type HAVING sum(number) <> 0 ORDER BY error, place, type "
            f"ON CONFLICT {_COUNTED};"
        )

    come, go, moved = NAMES
    each = "FOR EACH STATEMENT EXECUTE FUNCTION parked_count()"
    return [
        "CREATE FUNCTION parked_count() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'INSERT' THEN {counted(('came', 1))} "
        f"ELSIF TG_OP = 'DELETE' THEN {counted(('went', -1))} "
        f"ELSE {counted(('went', -1), ('came', 1))} END IF; RETURN NULL; END $$",
        f"CREATE TRIGGER {come} AFTER INSERT ON failures REFERENCING NEW TABLE AS came {each}",
        f"CREATE TRIGGER {go} AFTER DELETE ON failures REFERENCING OLD TABLE AS went {each}",
        f"CREATE TRIGGER {moved} AFTER UPDATE ON failures REFERENCING OLD TABLE AS went NEW TABLE AS came {each}",
    ]
