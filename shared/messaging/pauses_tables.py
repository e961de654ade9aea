"""The table of what operations have paused, in the database of the service that does it; no row where nothing is paused.

`what` is `handling` (of the service's own queue) or an agency's channel, `agency` is empty for the former. `actor` is a key's
or a person's id as in the audit.
"""

from sqlalchemy import Column, MetaData, String, Table

from shared.database.types import Moment

REASON = 500


def add_pauses_table(metadata: MetaData) -> None:
    """Declares it in a service's metadata."""
    Table(
        "pauses",
        metadata,
        Column("what", String(20), primary_key=True),
        Column("agency", String(80), primary_key=True),
        Column("reason", String(REASON), nullable=False),
        Column("actor", String(80), nullable=False),
        Column("since", Moment, nullable=False),
    )
