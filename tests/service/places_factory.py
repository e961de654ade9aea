"""Small files in the official layouts, plainly made up, and folders of places built from a few postcodes."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from shared.places.grid import Grid
from shared.places.index import NOT_RECORDED
from shared.places.places import Places, Postcode

KINGSTON, SUTTON, ELMBRIDGE, WIRRAL = "E09000021", "E09000029", "E07000207", "E08000015"
SOME_POSTCODES = {
    "KT1 1AA": KINGSTON,
    "KT1 1AB": KINGSTON,
    "SM1 1AA": SUTTON,
    "SM1 1AB": SUTTON,
    "CH41 1AA": WIRRAL,
    "CR0 2AA": "E09000008",
    "SO14 0AA": "E06000045",
    "GIR 0AA": None,
}
NSPL_2021 = (
    "pcd,pcd2,pcds,dointr,doterm,usertype,oseast1m,osnrth1m,osgrdind,oa11,cty,ced,laua,ward,hlthau,nhser,ctry,rgn,pcon,"
    "eer,teclec,ttwa,pct,itl,park,lsoa11,msoa11,wz11,ccg,bua11,buasd11,ru11ind,oac11,lat,long,lep1,lep2,pfa,imd,calncv,stp"
)
ONSPD_TO_2025 = "pcd,pcd2,pcds,dointr,doterm,oscty,ced,oslaua,osward,parish,usertype,lat,long"
ONSPD_FROM_2025 = "pcd7,pcd8,pcds,dointr,doterm,cty25cd,ced25cd,lad25cd,wd25cd,parncp25cd,usrtypind,lat,long"
LAYOUTS = {NSPL_2021: "laua", ONSPD_TO_2025: "oslaua", ONSPD_FROM_2025: "lad25cd"}
GIAS = [
    "URN",
    "LA (code)",
    "LA (name)",
    "EstablishmentNumber",
    "EstablishmentName",
    "EstablishmentStatus (name)",
    "Postcode",
    "HeadLastName",
]
# Twelve areas of two hundred postcodes: one of them is less than a tenth of the whole.
TWELVE_AREAS = {
    f"{area}{district} {sector}AA": KINGSTON
    for area in ("KT", "SM", "L", "CH", "WA", "PR", "WN", "TW", "SW", "CR", "RH", "GU")
    for district in range(1, 21)
    for sector in range(10)
}


def folder_of(folder: Path, postcodes: Mapping[str, str | None] = SOME_POSTCODES, release: str = "made-up 1") -> Path:
    """A folder of places that knows these postcodes."""
    folder.mkdir(parents=True, exist_ok=True)
    grid = Grid()
    for postcode, district in postcodes.items():
        assert grid.put(postcode, district, NOT_RECORDED)
    grid.mark(release, "made-up", "2026-11-01")
    grid.write(folder)
    return folder


def known(places: Places, text: str) -> Postcode:
    """A postcode that must exist."""
    found = places.postcode(text)
    assert found is not None
    return found


def postcode_csv(rows: Iterable[tuple[str, str, str]], layout: str = NSPL_2021) -> str:
    """A postcode file; a row is postcode, district, month of termination (or empty)."""
    columns = layout.split(",")
    lines = []
    for postcode, district, doterm in rows:
        values = {
            columns[0]: postcode,
            "pcds": postcode,
            "dointr": "199002",
            "doterm": doterm,
            LAYOUTS[layout]: district,
        }
        lines.append([values.get(column, "") for column in columns])
    return _csv([columns, *lines])


def gias_csv(*schools: Mapping[str, str], columns: Sequence[str] = GIAS) -> str:
    """A GIAS file; what a school does not say is as in a plain open school of Kingston."""
    usual = {
        "URN": "900001",
        "LA (code)": "314",
        "LA (name)": "Kingston upon Thames",
        "EstablishmentName": "Test School",
        "EstablishmentStatus (name)": "Open",
        "Postcode": "KT1 1AA",
    }
    return _csv([columns, *([{**usual, **school}.get(column, "") for column in columns] for school in schools)])


def epraccur_csv(*practices: Mapping[int, str]) -> str:
    """An ODS file: 27 columns, no header. Columns by their numbers from 1; the rest as in an open GP practice."""
    usual = {1: "H99001", 2: "TEST SURGERY", 10: "KT1 1AA", 13: "A", 14: "B", 18: "01632 960001", 26: "4"}
    return _csv([[{**usual, **practice}.get(column, "") for column in range(1, 28)] for practice in practices])


def zipped(path: Path, **members: str) -> Path:
    """A zip; `__` in a name stands for a folder, and every member ends in .csv."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name.replace('__', '/')}.csv", text)
    return path


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
