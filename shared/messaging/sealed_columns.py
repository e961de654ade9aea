"""What of messages stands under the master key, for whoever puts it under a newer one."""

from sqlalchemy import MetaData

from shared.messaging.mending import version_part
from shared.privacy.rewrapping import Sealed


def sealed_messages(metadata: MetaData) -> tuple[Sealed, Sealed]:
    """Messages that failed, and the versions of those that somebody mended."""
    return (
        Sealed(metadata.tables["failures"], "body", lambda row: str(row.event_id)),
        Sealed(metadata.tables["parked_versions"], "body", lambda row: version_part(row.event_id, row.version)),
    )
