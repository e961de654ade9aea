"""Lives of families at random, over HTTP: the default system, its people, and a clock that goes on by hours and days.

See `tests.support.lives`: what everybody sees is held against a model of the whole after each change.
"""

import tempfile
from pathlib import Path

from tests.faults.long.driver import Row, named_in_logs
from tests.faults.long.scenario import Servers
from tests.support.lives import live, started
from tests.support.lives.witness import SCHOOL

NAME = "lives of families at random, over HTTP"
STEPS = 40


def lives(servers: Servers, seed: int, least: int) -> Row:
    """A tenth of `least` is how many examples are lived, each of up to three families."""
    folder = Path(tempfile.mkdtemp(prefix="lives-", dir=servers.folder))
    with started(folder, servers.places) as witness:
        troubles = []
        try:
            live(witness, examples=max(1, least // 10), steps=STEPS, by=seed)
        except Exception as error:
            print("\n".join([str(error), *getattr(error, "__notes__", [])]))
            said = str(error).splitlines() or [""]
            troubles.append(f"{type(error).__name__}: {said[0]}"[:160])
        taken = sum(1 for _ in witness.every(SCHOOL, "/referrals"))
        named = named_in_logs(witness.system, servers)
        print("\n".join(named[:20]))
    troubles += [f"logs name somebody in {len(named)} places"] if named else []
    struck = f"{witness.changes:,} changes to {taken:,} families, {witness.asked:,} requests, {witness.days} days"
    return Row(NAME, seed, struck, taken, trouble="; ".join(troubles))


FAULTS = {NAME: lives}
