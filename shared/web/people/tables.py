"""The tables of people, in the database of each service where people sign in.

`people`         who may sign in. Name, e-mail and authenticator's secret are sealed; the e-mail is found by a blind index, and
                 belongs to one person who has not ended. `openid` is a blind index of issuer and subject.
`invitations`    who was asked to join, by the hash of a secret that only the invitation's address holds; name, pass phrase
                 and authenticator wait here until the invitation is accepted, and go then.
`sessions`       who is signed in, by the hash of the secret in their cookie.
`recovery_codes` keyed hashes of the codes that stand in for an authenticator, each once.
`sign_in_tries`  wrong tries by blind index of the e-mail that was typed, whether or not anybody has it.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, text

from shared.database.types import Moment

metadata = MetaData()
NOT_ENDED = text("ended_at IS NULL")

people = Table(
    "people",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("role", String(40), nullable=False),
    Column("email", LargeBinary, nullable=False),
    Column("email_index", String(64), nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("pass_phrase", String(200)),
    Column("totp_secret", LargeBinary),
    Column("totp_step", BigInteger),
    Column("openid", String(64)),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("people_owner", "owner", "id"),
    Index("people_email", "email_index", unique=True, sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED),
    Index("people_openid", "openid", unique=True, sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("owner", String(80), nullable=False),
    Column("role", String(40), nullable=False),
    Column("email", LargeBinary, nullable=False),
    Column("email_index", String(64), nullable=False),
    Column("invited_by", String(80), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("name", LargeBinary),
    Column("pass_phrase", String(200)),
    Column("totp_secret", LargeBinary),
    Index("invitations_email", "owner", "email_index", unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("person_id", String(36), ForeignKey("people.id"), nullable=False, index=True),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("person_id", String(36), ForeignKey("people.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("used_at", Moment),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("who", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("locked_until", Moment),
)


def add_people_tables(service: MetaData) -> None:
    """Declares the five tables in a service's metadata."""
    for table in metadata.sorted_tables:
        table.to_metadata(service)
