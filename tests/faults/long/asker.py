"""A program that asks every route of one contract with what Schemathesis makes up, fitting and not fitting, and each key.

Its one argument is a JSON document: `contract` (a path), `url`, `keys` (by name; "" is no key), `strangers` (names of keys that
may see nobody's family), `known` (path parameters that name something real), `seed`, `examples` (for each route, key and kind).
It prints what came of it as JSON: `asked`, `answers` (how many, by hundreds), `troubles` (first lines, at most MOST).

A program of its own, since Schemathesis and its client are not made for eventlet's patched world.
"""

import json
import re
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from tests.support.personal import NAMES, TELEPHONES

MOST = 20
WITHIN = 30
FAMILY = re.compile(f"{NAMES}|{TELEPHONES}")
INSIDE = re.compile(r"Traceback|File \"|psycopg|sqlalchemy|sqlite3|marshmallow|\bSELECT\b.*\bFROM\b")


class Asker:
    """Asks, counts, and keeps what must not be."""

    def __init__(self, about: dict[str, Any]) -> None:
        self.about = about
        self.asked = 0
        self.answers: Counter[str] = Counter()
        self.troubles: list[str] = []

    def ask_everything(self) -> None:
        schema = schemathesis.openapi.from_dict(json.loads(Path(self.about["contract"]).read_text()))
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            for key, mode in product(self.about["keys"], (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
                self._ask_one(operation, key, mode)

    def _ask_one(self, operation: Any, key: str, mode: GenerationMode) -> None:
        names = {name: value for name, value in self.about["known"].items() if f"{{{name}}}" in operation.path}
        strategy = operation.as_strategy(generation_mode=mode, path_parameters=names or None)

        @seed(self.about["seed"])
        @settings(
            max_examples=self.about["examples"],
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def ask(case: Any) -> None:
            self._ask(case, key)

        try:
            ask()
        except Exception as error:
            # Nothing can be made up for a route that takes nothing and cannot be asked wrongly.
            if type(error).__name__ not in ("Unsatisfiable", "SkipTest", "Skipped"):
                raise

    def _ask(self, case: Any, key: str) -> None:
        secret = self.about["keys"][key]
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        what = f"{case.method} {case.operation.path} with {key or 'no key'}"
        self.asked += 1
        try:
            answer = case.call(base_url=self.about["url"], headers=headers, timeout=WITHIN)
        except (requests.RequestException, ValueError) as error:
            # What cannot be sent at all, such as a line end in a header, is no answer of ours; silence would be.
            self.answers["not sent" if not isinstance(error, requests.Timeout) else "none"] += 1
            if isinstance(error, requests.Timeout):
                self._note(f"{what}: no answer within {WITHIN} s")
            return
        status, text = answer.status_code, answer.content.decode(errors="replace")
        self.answers[f"{status // 100}xx"] += 1
        if status >= 500:
            self._note(f"{what}: {status} {text[:200]}")
        if status >= 400 and INSIDE.search(text):
            self._note(f"{what}: {status} tells of the inside")
        if (status >= 400 or key in self.about["strangers"]) and FAMILY.search(text):
            self._note(f"{what}: {status} names somebody")

    def _note(self, trouble: str) -> None:
        if len(self.troubles) < MOST:
            self.troubles.append(trouble)


if __name__ == "__main__":
    asker = Asker(json.loads(sys.argv[1]))
    asker.ask_everything()
    print(json.dumps({"asked": asker.asked, "answers": asker.answers, "troubles": asker.troubles}))
