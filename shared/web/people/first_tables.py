"""The migration step that first made the tables of people, at each service. It stays as it is: later steps build on it."""

from typing import Any

import sqlalchemy as sa

from shared.database.types import Moment


def create(op: Any) -> None:
    """`op` is Alembic's."""
    not_ended = sa.text("ended_at IS NULL")
    op.create_table(
        "people",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("email", sa.LargeBinary, nullable=False),
        sa.Column("email_index", sa.String(64), nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("pass_phrase", sa.String(200)),
        sa.Column("totp_secret", sa.LargeBinary),
        sa.Column("totp_step", sa.BigInteger),
        sa.Column("openid", sa.String(64)),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
    )
    op.create_index("people_owner", "people", ["owner", "id"])
    for name, column in (("people_email", "email_index"), ("people_openid", "openid")):
        op.create_index(name, "people", [column], unique=True, sqlite_where=not_ended, postgresql_where=not_ended)
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("email", sa.LargeBinary, nullable=False),
        sa.Column("email_index", sa.String(64), nullable=False),
        sa.Column("invited_by", sa.String(80), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("name", sa.LargeBinary),
        sa.Column("pass_phrase", sa.String(200)),
        sa.Column("totp_secret", sa.LargeBinary),
    )
    op.create_index("invitations_email", "invitations", ["owner", "email_index"], unique=True)
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("person_id", sa.String(36), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("person_id", sa.String(36), sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("used_at", Moment),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", Moment, nullable=False),
        sa.Column("locked_until", Moment),
    )


def drop(op: Any) -> None:
    for name in ("sign_in_tries", "recovery_codes", "sessions", "invitations", "people"):
        op.drop_table(name)
