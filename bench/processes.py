"""What processes use, and on which cores they run."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.process import Process


def processor_seconds(process: Process) -> float:
    """The processor time that a process has used until now, its own and the kernel's for it."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process: Process) -> float:
    """Megabytes of a process that are in memory."""
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 1e6


def family_seconds(process: Process) -> float:
    """The processor time that a process has used until now, with the processes that it began, the ended ones too."""
    return sum(_family(process).values()) / os.sysconf("SC_CLK_TCK")


def _family(process: Process) -> dict[int, int]:
    """A process and those that it began, and their children: the ticks of the processor that each has used, by number."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    spent: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # One that has just ended.
            fields = path.read_text().rpartition(")")[2].split()
            number = int(path.parent.name)
            children[int(fields[1])].append(number)
            spent[number] = sum(int(field) for field in fields[11:15])
    family = [process.pid]
    for each in family:
        family += children[each]
    return {each: spent[each] for each in family if each in spent}


@contextmanager
def core_to_itself(*measured: Process, beside: Iterable[Process]) -> Iterator[None]:
    """Each measured process has the first core, with no other beside it but those; the client and `beside` have the others.

    Left to itself, the system puts what was woken on the core of who woke it: a process that wakes its client, its database
    and its broker all the time then waits beside an idle core. Where there is one core alone, all stays as it is.
    """
    cores = sorted(os.sched_getaffinity(0))
    beside = list(beside)
    if cores[1:]:
        _place(measured, cores[:1])
        _place(beside, cores[1:])
        os.sched_setaffinity(0, cores[1:])
    try:
        yield
    finally:
        _place([*measured, *beside], cores)
        os.sched_setaffinity(0, cores)


def _place(processes: Iterable[Process], cores: Sequence[int]) -> None:
    """What they begin from now on is placed as they are."""
    for number in (each for process in processes for each in _family(process)):
        with suppress(OSError):  # One that has just ended.
            for thread in os.listdir(f"/proc/{number}/task"):
                os.sched_setaffinity(int(thread), cores)
