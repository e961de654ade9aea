"""What operations keeps of the agency directory.

`directory_versions`     files as they were uploaded and what entries they make, by whom, based on which publication; how far
                         they were tried over past facts: `trial_after` is the last referral, `trial_counts` changes by kind.
`directory_publications` which version was made live, by whom; the highest `number` is. The first is the folder, as it was.
`directory_changes`      what a draft would change, a row for each referral, as it was found.
"""

from sqlalchemy import JSON, Column, Index, Integer, MetaData, String, Table

from shared.database.types import Moment


def add_directory_tables(metadata: MetaData) -> None:
    """Declares the three in operations' metadata."""
    Table(
        "directory_versions",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("version", String(80), nullable=False),
        Column("files", JSON, nullable=False),
        Column("entries", JSON, nullable=False),
        Column("state", String(20), nullable=False),
        Column("note", String(500), nullable=False),
        Column("uploaded_by", String(80), nullable=False),
        Column("uploaded_at", Moment, nullable=False),
        Column("based_on", Integer, nullable=False),
        Column("trial_state", String(20), nullable=False),
        Column("trial_live", String(80)),
        Column("trial_after", String(80), nullable=False),
        Column("trial_total", Integer, nullable=False),
        Column("trial_looked", Integer, nullable=False),
        Column("trial_counts", JSON, nullable=False),
        Column("trial_moved_at", Moment),
        Index("directory_versions_state", "state"),
    )
    Table(
        "directory_publications",
        metadata,
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("version_id", String(36), nullable=False),
        Column("action", String(20), nullable=False),
        Column("actor", String(80), nullable=False),
        Column("at", Moment, nullable=False),
    )
    Table(
        "directory_changes",
        metadata,
        Column("version_id", String(36), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("referral_id", String(80), nullable=False),
        Column("reference", String(20), nullable=False),
        Column("kind", String(20), nullable=False),
        Column("agencies", JSON, nullable=False),
        Index("directory_changes_kind", "version_id", "kind", "number"),
    )
