"""`waypost places update`: fetches the official files and imports them, one by one, each all or nothing.

A file that the server says is unchanged since its last import (ETag, Last-Modified) is not fetched again. GIAS names
its file by the day and publishes in the morning: `{date}` in an address is tried as today and as the three days before.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

from shared.places.atomic import replacing
from shared.places.errors import CannotDownload
from shared.places.importers import Imported, holds, import_file
from shared.places.kinds import Kind
from shared.places.progress import Progress

# The ONS gives each release of ONSPD and NSPL an address of its own, so there is none to put here.
ADDRESSES = {
    Kind.SCHOOLS: "https://ea-edubase-api-prod.azurewebsites.net/edubase/downloads/public/edubasealldata{date}.csv",
    Kind.PRACTICES: "https://www.odsdatasearchandexport.nhs.uk/api/getReport?report=epraccur",
}
STATE = "downloads.json"
TIMEOUT = (10, 60)  # seconds to connect, and between two pieces of the answer
DAYS_BACK = 3
_CHUNK = 1 << 16
_FILE_NAME = re.compile(r'filename="?([^";]+)')


@dataclass(frozen=True)
class Seen:
    """What the server said of the file that was imported last."""

    address: str
    etag: str | None
    last_modified: str | None
    release: str

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the file only if it is another one."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


def update(
    kind: Kind, address: str, folder: Path, today: date, downloading: Progress, importing: Progress
) -> Imported | None:
    """Downloads and imports one file; None: unchanged since the last time.

    Raises CannotDownload, CannotImport, PlacesBusy; nothing is changed then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seen = _seen(folder)
    last = seen.get(kind)
    for candidate in _candidates(address, today):
        current = last is not None and last.address == candidate and holds(folder, kind, last.release)
        conditions = last.conditions() if last and current else {}
        try:
            with requests.get(candidate, headers=conditions, stream=True, timeout=TIMEOUT) as answer:
                if answer.status_code == requests.codes.not_modified:
                    return None
                if answer.status_code == requests.codes.not_found and "{date}" in address:
                    continue
                answer.raise_for_status()
                with tempfile.TemporaryDirectory(dir=folder, prefix="download-") as scratch:
                    file = Path(scratch) / _name(answer, candidate)
                    _save(answer, file, downloading)
                    imported = import_file(file, folder, importing, expected=kind, release=_day(answer))
        except requests.RequestException as error:
            raise CannotDownload(f"{candidate} could not be downloaded ({_reason(error)}).") from None
        now = Seen(candidate, answer.headers.get("ETag"), answer.headers.get("Last-Modified"), imported.release)
        _remember(folder, {**seen, kind: now})
        return imported
    raise CannotDownload(f"{address} was not found for {today} nor for the {DAYS_BACK} days before.")


def _candidates(address: str, today: date) -> Iterator[str]:
    if "{date}" not in address:
        yield address
        return
    for days in range(DAYS_BACK + 1):
        yield address.replace("{date}", (today - timedelta(days)).strftime("%Y%m%d"))


def _save(answer: requests.Response, path: Path, progress: Progress) -> None:
    size = int(answer.headers.get("Content-Length") or 0)
    with path.open("wb") as file:
        for chunk in answer.iter_content(_CHUNK):
            file.write(chunk)
            progress(file.tell(), size)


def _name(answer: requests.Response, address: str) -> str:
    """A file name that may tell the release; only its last part is used, whatever the server says."""
    match = _FILE_NAME.search(answer.headers.get("Content-Disposition", ""))
    return Path(match.group(1) if match else unquote(urlsplit(address).path)).name or "download"


def _day(answer: requests.Response) -> str | None:
    """The day on which the server says that the file was last changed."""
    stated = answer.headers.get("Last-Modified")
    try:
        return parsedate_to_datetime(stated).date().isoformat() if stated else None
    except ValueError:
        return None


def _reason(error: requests.RequestException) -> str:
    return f"status {error.response.status_code}" if error.response is not None else type(error).__name__


def _seen(folder: Path) -> Mapping[Kind, Seen]:
    try:
        stored = json.loads((folder / STATE).read_text())
        return {Kind(kind): Seen(**item) for kind, item in stored.items()}
    except (FileNotFoundError, ValueError, TypeError):
        # Without it every file is fetched once more, which harms nothing.
        return {}


def _remember(folder: Path, seen: Mapping[Kind, Seen]) -> None:
    with replacing(folder / STATE) as part:
        part.write_text(json.dumps({kind: asdict(item) for kind, item in seen.items()}))
