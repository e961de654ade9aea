"""The migration step that chained the audit. It stays as it is: later steps build on it.

On both databases a trigger refuses to change or delete an entry, so that a slip shows at once; the chain shows the rest.
"""

from typing import Any

import sqlalchemy as sa

from shared.database.types import BigKey, Moment

_REFUSAL = "the audit is only ever added to"


def create(op: Any) -> None:
    """Makes the audit where there was none. `op` is Alembic's."""
    op.create_table(
        "audit",
        sa.Column("id", BigKey, primary_key=True, autoincrement=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
    )
    chain(op)


def chain(op: Any) -> None:
    """Chains an audit that is there; what it holds so far stays, outside the chain."""
    op.add_column("audit", sa.Column("number", sa.BigInteger))
    op.add_column("audit", sa.Column("mac", sa.String(64)))
    op.create_index("audit_number", "audit", ["number"], unique=True)
    op.create_index("audit_subject", "audit", ["subject"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def unchain(op: Any) -> None:
    """Takes the chain off; the entries stay."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_update")
        op.execute("DROP TRIGGER audit_no_delete")
    else:
        op.execute("DROP TRIGGER audit_is_kept ON audit")
        op.execute("DROP FUNCTION audit_refuse")
    op.drop_table("audit_head")
    op.drop_index("audit_number", "audit")
    op.drop_index("audit_subject", "audit")
    for name in ("number", "mac"):
        op.drop_column("audit", name)


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            for act in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    ]
