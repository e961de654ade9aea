"""What all who do something to families have in common: whom they do it to, and how what comes of it is checked."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from tests.support.families import HALTON, HULL, KINGSTON, LIVERPOOL, born, consent, family
from tests.support.lives.seen import differences
from tests.support.lives.surroundings import Surroundings
from tests.support.lives.where import Lives
from tests.support.lives.witness import SCHOOL, Family, Witness
from tests.support.routing_model import AGENCIES

Json = dict[str, Any]
POSTCODES = {"kingston": KINGSTON, "merseyside": LIVERPOOL, "halton": HALTON, "elsewhere": HULL}

agencies = st.sampled_from(AGENCIES)
scopes = st.sampled_from([AGENCIES, AGENCIES, AGENCIES, AGENCIES[:1], AGENCIES[1:]])
seldom = st.integers(0, 7).map(lambda number: number == 5)
"""Lives that end early show little."""

_numbers = count(1)


class People(RuleBasedStateMachine):
    """A few families of one example. `witness` and `surroundings` are those of the whole run."""

    witness: Witness
    surroundings: Surroundings

    def __init__(self) -> None:
        super().__init__()
        self.families: list[Family] = []

    def one(self, data: st.DataObject, among: Sequence[Family] | None = None) -> Family:
        return data.draw(st.sampled_from(self.families if among is None else among))

    def post(self, path: str, body: Json, key: str | None = None) -> Any:
        """As the school, below `/v1/referrals`."""
        return self.witness.ask(SCHOOL, "POST", f"/referrals{path}", body, key)

    def says(self, found: Family, path: str, body: Json, action: str) -> bool:
        """Whether the school could do that, which the story must say too."""
        answer = self.post(f"/{found.id}/{path}", body)
        allowed = action in found.story.allowed
        assert answer.status_code == (200 if allowed else 409), answer.text
        found.unchecked |= not allowed
        return allowed

    def check(self, found: Family) -> None:
        self.witness.wait_for(found, differences)
        found.unchecked = False


def a_family(lives: Lives, chosen: Sequence[str], scope: Sequence[str]) -> tuple[tuple[str, ...], Json]:
    """The words that tell a new family from every other; and its referral, as it is posted."""
    number = next(_numbers)
    first, last, parent = (f"Test {who}-{number:05}" for who in ("Child", "Kin", "Parent"))
    email = f"parent-{number:05}@example.org"
    given = {"school": lives.school, "gp": lives.gp}
    places = {part: {"postcode": POSTCODES[place]} for part, place in given.items() if place}
    child = {"first_name": first, "last_name": last, "date_of_birth": born(9), "told": "partly"}
    safe = {"safe": True, "message": False, "text": False, "name_organisation": False}
    contact = {"name": parent, "relationship": "mother", "telephone": f"01632 960{number % 1000:03}", "email": email}
    body = family(
        home=POSTCODES[lives.home],
        children=[child | places],
        family_contact=contact | {"safe_contact": {"telephone": safe}},
        preferred_agencies=list(chosen),
        consent=consent(*scope) | {"name": parent} if scope else None,
    )
    return (first, last, parent, email), body
