"""The disks that Waypost fills: of its data folder (`data`), and of the database where a folder on that disk can be seen.

SQLite's disk is the data folder's. PostgreSQL tells nobody how full its disk is, so `WAYPOST_DATABASE_FOLDER` names a folder on
it; the folder itself need not be readable.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.core import Metric

from shared.messaging.gauges import gauges
from shared.settings import Settings


class Disks:
    """Measured when asked for: the kernel answers at once."""

    def __init__(self, settings: Settings) -> None:
        self._folders = {"data": settings.data, "database": settings.database_folder}

    def measured(self) -> list[dict[str, Any]]:
        """`disk`, and `free` and `size` in bytes; a folder that is not there is left out."""
        found = ((name, _room(folder)) for name, folder in self._folders.items() if folder)
        return [{"disk": name, "free": room[0], "size": room[1]} for name, room in found if room]

    def look(self) -> Iterator[Metric]:
        """The same for Prometheus."""
        measured = self.measured()
        for name, what in (("free", "free for us on a disk"), ("size", "that a disk has")):
            values = {disk["disk"]: disk[name] for disk in measured}
            yield gauges(f"waypost_disk_{name}_bytes", f"Bytes {what}.", "disk", values)


def _room(folder: Path) -> tuple[int, int] | None:
    """What is free to us and what there is; what only root may use counts as neither."""
    try:
        told = os.statvfs(folder)
    except OSError:
        return None
    used = told.f_blocks - told.f_bfree
    return told.f_bavail * told.f_frsize, (used + told.f_bavail) * told.f_frsize
