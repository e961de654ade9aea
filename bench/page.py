"""docs/benchmarks.md: one part for each measure, in order. The page is where parts are kept, so one is renewed in any clone."""

import re
from collections.abc import Sequence

HEAD = """# Benchmarks

Written by `make bench`: change the benchmark, not this page. `python -m bench NAME` measures a part again and renews it here.
Every figure of Waypost stands beside a floor or a peer that was measured in the same run on the same machine, in turns, so
that a slow or busy machine slows both; compare the parts, not the absolute figures. Where the load average is well above what
a measurement itself needs, other work was in the way. All that is durable in production is durable here: every commit and
every confirm is on disk.
"""
_LAST_LINE = re.compile(r"^`([a-z-]+)`, \d{4}-\d\d-\d\d \d\d:\d\d UTC, revision \S+, \d+ s\.\n", re.MULTILINE)


def last_line(name: str, when: str, revision: str, seconds: float) -> str:
    """What ends a part, and says whose it is. `when`: like 2026-11-22 10:34."""
    return f"`{name}`, {when} UTC, revision {revision}, {seconds:.0f} s.\n"


def parts_of(page: str) -> dict[str, str]:
    """What the page holds, by the measure's name; nothing of its head and of the machine."""
    _, _, rest = page.partition("## The machine\n")
    begin = rest.find("## ")
    parts = {}
    for end in _LAST_LINE.finditer(rest):
        parts[end[1]] = rest[begin : end.end()].lstrip("\n")
        begin = end.end()
    return parts


def renewed(page: str, machine: str, measured: dict[str, str], names: Sequence[str]) -> str:
    """The page with `measured` in the places of what was there; it says which of `names` were never measured."""
    parts = parts_of(page) | measured
    missing = [f"`{name}`" for name in names if name not in parts]
    never = [f"Never measured: {', '.join(missing)}.\n"] if missing else []
    return "\n".join([HEAD, machine, *(parts[name] for name in names if name in parts), *never])
