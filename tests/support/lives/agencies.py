"""What agencies do with their tasks, and try with those of the other one."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.ids import new_id
from tests.support.lives.people import Json, People, agencies
from tests.support.lives.witness import Family
from tests.support.routing_model import ACTIONS, AGENCIES, LEADS_TO, ModelTask

REASONS = {"reject": "age", "hold": "waiting-list", "complete": "group", "fail": "family-declined"}
KEPT_AS = REASONS | {"request-information": "awaiting-information"}


class Agencies(People):
    @precondition(lambda self: bool(_in_hand(self.families)))
    @rule(data=st.data())
    def agency_goes_on(self, data: st.DataObject) -> None:
        """Moves that can be made: by chance alone few tasks would come far."""
        found, task = data.draw(st.sampled_from(_in_hand(self.families)))
        for _ in range(data.draw(st.integers(1, 3))):
            if task.is_open:
                action = data.draw(st.sampled_from(sorted(LEADS_TO[task.state])))
                self.moves(found, task.agency, action, times=data.draw(st.integers(1, 2)))
        self.check(found)

    @rule(data=st.data(), agency=agencies, action=st.sampled_from(ACTIONS))
    def agency_acts(self, data: st.DataObject, agency: str, action: str) -> None:
        """Any move at all, also one that the other agency tries."""
        found = self.one(data)
        for task in self.witness.tasks(agency, found.reference):
            path = f"/tasks/{task['id']}/{action}"
            answer = self.witness.ask(_other(agency), "POST", path, _said(action))
            assert answer.status_code == 404, answer.text
        if self.moves(found, agency, action):
            self.check(found)

    def moves(self, found: Family, agency: str, action: str, times: int = 1) -> bool:
        """Whether the agency's newest task could be moved so; what can be is asked for so many times under one key."""
        rows = self.witness.tasks(agency, found.reference)
        allowed = found.story.act(agency, action, KEPT_AS.get(action))
        assert rows or not allowed
        found.unchecked |= not allowed
        if rows:
            path, key = f"/tasks/{rows[-1]['id']}/{action}", new_id()
            for _ in range(times if allowed else 1):
                answer = self.witness.ask(agency, "POST", path, _said(action), key)
                assert answer.status_code == (200 if allowed else 409), answer.text
        if allowed:
            found.seen.add(rows[-1]["id"])
        return allowed

    @rule(data=st.data(), agency=agencies, whole=st.booleans())
    def agency_looks(self, data: st.DataObject, agency: str, whole: bool) -> None:
        """At its tasks, or at the family behind them; the other agency finds neither."""
        found = self.one(data)
        for row, task in zip(self.witness.tasks(agency, found.reference), found.story.of(agency), strict=True):
            path = f"/tasks/{row['id']}{'/referral' if whole else ''}"
            answer = self.witness.ask(agency, "GET", path)
            assert answer.status_code == (410 if whole and not task.is_open else 200), answer.text
            named = [each.reference for each in self.families if any(name in answer.text for name in each.names)]
            assert named == ([found.reference] if whole and task.is_open else []), answer.text
            assert self.witness.ask(_other(agency), "GET", path).status_code == 404
            if not whole:
                found.seen.add(row["id"])


def _in_hand(families: list[Family]) -> list[tuple[Family, ModelTask]]:
    return [(found, task) for found in families for task in found.story.tasks if task.is_open]


def _other(agency: str) -> str:
    return next(each for each in AGENCIES if each != agency)


def _said(action: str) -> Json:
    if action == "request-information":
        return {"items": ["told"]}
    return {"reason": REASONS[action]} if action in REASONS else {}
