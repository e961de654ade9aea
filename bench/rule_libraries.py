"""Decisions per second against two maintained rule libraries that hold the same criteria of every agency.

Families are drawn at random over all that a rule may ask, with unknowns; each library must first give our outcome for every
child of every one of them.
"""

import json
import subprocess
from datetime import date
from pathlib import Path
from random import Random
from time import perf_counter

from bench.expressions import LANGUAGES, context, expressions
from bench.machine import ROOT
from bench.peers_environment import python, versions
from bench.report import Figure, Table, ratios
from shared.directory import load_directory
from shared.directory.agency import Directory
from shared.rules import ChildFacts, Facts, Place
from shared.rules.facts import KINDS, REFERRER_TYPES, RELATIONSHIPS, STAGES, Interval

RECEIVED, RELEASES = date(2026, 11, 21), {"postcodes": "2026-08", "schools": "2026-11-01"}
DISTRICTS = ("E09000021", "E09000021", "E08000012", "E08000015", "E06000006", "E07000207", None)
TITLES = {"rule-engine": "rule-engine, in Python", "zen-engine": "zen-engine, in Rust"}


def measure(folder: Path, rounds: int, number: int) -> Table:
    """In turns; ours gives whole receipts, theirs outcomes alone."""
    directory = load_directory()
    families = some_families(number)
    file = folder / "rules.json"
    file.write_text(json.dumps(told(directory, families)))
    rates: dict[str, list[float]] = {name: [] for name in ("ours", *LANGUAGES)}
    for _ in range(rounds):
        begun = perf_counter()
        for facts in families:
            directory.assess(facts, RECEIVED, RELEASES)
        rates["ours"].append(number / (perf_counter() - begun))
        for name in LANGUAGES:
            said = subprocess.run(
                [python(), "-m", "bench.peers.decide", name, file],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            assert said.returncode == 0, said.stderr
            rates[name].append(float(said.stdout))
    ours = Figure("Waypost, with receipts", rates["ours"], "families/s")
    figures = [ours]
    for name, title in TITLES.items():
        theirs = Figure(title, rates[name], "families/s")
        figures += [theirs, ratios("Waypost in parts of it", ours, theirs)]
    how = (
        f"{number:,} families and consultations drawn at random, {len(directory.agencies)} agencies, one process each, rules "
        "compiled before. All agree on the outcome for each child of each family, for each agency, unknowns and reviews "
        "included; that is checked in every round. The libraries tell the outcome alone; Waypost also every clause with the "
        f"facts it rests on, what is missing and what would change the answer. {versions(*LANGUAGES)}."
    )
    return Table("Rules against two libraries", how, figures)


def told(directory: Directory, families: list[Facts]) -> dict[str, object]:
    """What the libraries' process reads: rules in their languages, families, and our outcomes."""
    return {
        "expressions": {
            name: [expressions(agency.rules, language) for agency in directory.agencies]
            for name, language in LANGUAGES.items()
        },
        "families": [context(facts) for facts in families],
        "expected": [
            [list(each.children.values()) or [each.outcome] for each in directory.assess(facts, RECEIVED, RELEASES)]
            for facts in families
        ],
    }


def some_families(number: int) -> list[Facts]:
    """The same ones every time."""
    random = Random(11)
    return [_family(random) for _ in range(number)]


def _family(random: Random) -> Facts:
    kind = random.choice((*[KINDS[0]] * 9, KINDS[1]))
    stage = random.choice((None, *STAGES))
    low = random.randrange(8)
    return Facts(
        kind=kind,
        referrer_type=random.choice((None, *REFERRER_TYPES)),
        relationship=random.choice((None, *RELATIONSHIPS)),
        stage=stage,
        months_since_release=Interval(low, low + random.randrange(3)) if stage == "released" and low else None,
        home=_place(random),
        borough=_place(random) if kind == "consultation" else Place(None, "not-given"),
        children=()
        if kind == "consultation"
        else tuple(
            ChildFacts(f"c{place}", random.choice((None, *range(20))), _place(random), _place(random))
            for place in range(random.randint(1, 3))
        ),
    )


def _place(random: Random) -> Place:
    code = random.choice(DISTRICTS)
    return Place(code, "postcode" if code else "not-given")
