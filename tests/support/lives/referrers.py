"""What those do who refer a family, and another organisation that has nothing to do with it."""

from collections.abc import Sequence
from dataclasses import replace

import eventlet
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from shared.ids import new_id
from tests.support.families import HULL, consent
from tests.support.lives.people import POSTCODES, Json, People, a_family, scopes, seldom
from tests.support.lives.story import MAY, Story
from tests.support.lives.where import WHERE, Lives
from tests.support.lives.witness import SCHOOL, STRANGER, Family
from tests.support.routing_model import AGENCIES

MOST_FAMILIES = 3
KEPT_HOURS = 6 * 24
"""For at least so long a first answer is given again under its key."""

families = st.sampled_from(WHERE)
choices = st.sampled_from([AGENCIES, AGENCIES, (), AGENCIES[:1], AGENCIES[1:]])
TRIES: list[tuple[str, Json | None]] = [
    ("", None),
    ("/timeline", None),
    ("/withdrawal", {"reason": "other"}),
    ("/consent", {"given": consent(*AGENCIES)}),
    ("/information", {"home": {"postcode": HULL}}),
]


class Referrers(People):
    @initialize(lives=families, other=families, chosen=choices, scope=scopes)
    def begins(self, lives: Lives, other: Lives, chosen: tuple[str, ...], scope: tuple[str, ...]) -> None:
        """Two at least, so that one may be taken for the other."""
        self.check(self._refer(lives, chosen, scope, times=1))
        self.check(self._refer(other, (), AGENCIES, times=1))

    @precondition(lambda self: len(self.families) < MOST_FAMILIES)
    @rule(
        lives=families,
        chosen=choices,
        scope=st.one_of(scopes, scopes, st.just(())),
        times=st.integers(1, 2),
        haste=seldom,
    )
    def is_referred(
        self, lives: Lives, chosen: tuple[str, ...], scope: tuple[str, ...], times: int, haste: bool
    ) -> None:
        """Some send the request twice at once; now and then it is taken back as soon as it is made."""
        found = self._refer(lives, chosen, scope, times)
        # Whom nobody can take may have been told so before: what comes of that is left to chance by no example.
        if haste and "withdraw" in found.story.allowed:
            self.says(found, "withdrawal", {"reason": "family-declined"}, "withdraw")
            self.witness.wait_until_still(found)
            asked = {agency for agency in AGENCIES if self.witness.tasks(agency, found.reference)}
            found.story.ends_in_haste("withdrawn", asked)
        self.check(found)

    def _refer(self, lives: Lives, chosen: Sequence[str], scope: Sequence[str], times: int) -> Family:
        names, body = a_family(lives, chosen, scope)
        key = new_id()
        answers = list(eventlet.GreenPool(times).imap(lambda _: self.post("", body, key), range(times)))
        assert {answer.status_code for answer in answers} <= {201, 409}, [answer.text for answer in answers]
        taken, *others = [answer.json() for answer in answers if answer.status_code == 201]
        assert all(other == taken for other in others)
        found = Family(key, body, names, taken, Story(lives, tuple(chosen), tuple(scope)))
        self.families.append(found)
        return found

    @precondition(lambda self: any(each.age < KEPT_HOURS for each in self.families))
    @rule(data=st.data(), otherwise=st.booleans())
    def is_referred_again(self, data: st.DataObject, otherwise: bool) -> None:
        """Under the same key: with the same body the first answer, with another one a refusal; nothing new comes of either."""
        found = self.one(data, [each for each in self.families if each.age < KEPT_HOURS])
        again = self.post("", found.body | ({"notes": "Made-up note, another."} if otherwise else {}), found.key)
        assert again.status_code == (422 if otherwise else 201), again.text
        assert otherwise or again.json() == found.answer
        found.unchecked = True

    @rule(data=st.data(), scope=scopes)
    def agrees(self, data: st.DataObject, scope: tuple[str, ...]) -> None:
        found = self.one(data)
        if self.says(found, "consent", {"given": consent(*scope)}, "give-consent"):
            found.story.agrees(*scope)
            self.check(found)

    @rule(data=st.data(), really=seldom)
    def takes_agreement_back(self, data: st.DataObject, really: bool) -> None:
        end = {"withdrawn_by": "parent-or-carer", "withdrawn_at": "2026-11-20T10:00:00Z"}
        if really and self.says(found := self.one(data), "consent", {"withdrawn": end}, "withdraw-consent"):
            found.story.takes_agreement_back()
            self.check(found)

    @rule(
        data=st.data(),
        part=st.sampled_from(["told", "school", "gp", "home"]),
        place=st.sampled_from(sorted(POSTCODES)),
    )
    def tells_more(self, data: st.DataObject, part: str, place: str) -> None:
        """What an agency asks for, which changes nothing else; or where the family is."""
        found, where = self.one(data), {"postcode": POSTCODES[place]}
        (child,) = self.witness.read(SCHOOL, f"/referrals/{found.id}")["referral"]["children"]
        of_child = {"id": child["id"], part: "yes" if part == "told" else where}
        said = {"home": where} if part == "home" else {"children": [of_child]}
        if self.says(found, "information", said, "supply-information"):
            lives = found.story.lives
            found.story.tells(lives if part == "told" else replace(lives, **{part: place}))
            self.check(found)

    @rule(data=st.data(), really=seldom, how=st.sampled_from(["withdrawn", "entered-in-error"]))
    def ends(self, data: st.DataObject, really: bool, how: str) -> None:
        if really and self.is_ended(found := self.one(data), how):
            self.check(found)

    def is_ended(self, found: Family, how: str) -> bool:
        """Whether it could be."""
        if how == "withdrawn":
            done = self.says(found, "withdrawal", {"reason": "family-declined"}, "withdraw")
        else:
            done = self.says(found, "entered-in-error", {"reason": "wrong-family"}, "enter-in-error")
        if done:
            found.story.ends(how)
        return done

    @precondition(lambda self: any(each.story.status in MAY["reopen"] for each in self.families))
    @rule(data=st.data())
    def is_opened_again(self, data: st.DataObject) -> None:
        found = self.one(data, [each for each in self.families if each.story.status in MAY["reopen"]])
        assert self.says(found, "reopen", {"reason": "more-is-known"}, "reopen")
        found.story.begins_anew()
        self.check(found)

    @rule(data=st.data(), tried=st.sampled_from(TRIES))
    def stranger_tries(self, data: st.DataObject, tried: tuple[str, Json | None]) -> None:
        """Another organisation that refers finds nothing."""
        (path, said), found = tried, self.one(data)
        method = "POST" if said else "GET"
        answer = self.witness.ask(STRANGER, method, f"/referrals/{found.id}{path}", said)
        assert answer.status_code == 404, answer.text
        found.unchecked = True
