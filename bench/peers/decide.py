"""Decisions of a rule library: `python -m bench.peers.decide LIBRARY FILE`, FILE as bench.rule_libraries writes it.

Fails unless every family's outcome is the expected one; then prints how many families it decides in a second.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import rule_engine
import zen

COMPILERS: dict[str, Callable[[str], Callable[[Any], Any]]] = {
    "rule-engine": lambda text: rule_engine.Rule(text).evaluate,
    "zen-engine": lambda text: zen.compile_expression(text).evaluate,
}


def main(library: str, file: str) -> None:
    told = json.loads(Path(file).read_text())
    compiled = [
        {kind: COMPILERS[library](text) for kind, text in each.items()} for each in told["expressions"][library]
    ]

    def decide(family: dict[str, Any]) -> list[Any]:
        return [agency[family["kind"]](family) for agency in compiled]

    for family, expected in zip(told["families"], told["expected"], strict=True):
        found = [list(outcomes) for outcomes in decide(family)]
        assert found == expected, f"{library} says {found}, expected was {expected}: {family}"
    begun = perf_counter()
    for family in told["families"]:
        decide(family)
    print(len(told["families"]) / (perf_counter() - begun))


if __name__ == "__main__":
    main(*sys.argv[1:])
