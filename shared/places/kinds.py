"""The three data sets, and the file of the folder that each lies in."""

from enum import StrEnum


class Kind(StrEnum):
    """What a file tells about."""

    SCHOOLS = "schools"
    PRACTICES = "practices"
    POSTCODES = "postcodes"


FILES = {
    Kind.POSTCODES: "postcodes.index",
    Kind.SCHOOLS: "schools.sqlite3",
    Kind.PRACTICES: "practices.sqlite3",
}
REGISTERS = (Kind.SCHOOLS, Kind.PRACTICES)
