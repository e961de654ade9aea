"""Referrals that no rule can decide, as pages: what is known of each, what a decision would bring about, and deciding.

A service that has them is a `ReviewsPages`. A form is checked by the schema of the API; routing checks the rest.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from marshmallow import ValidationError
from werkzeug.wrappers import Response

from services.operations import schemas
from services.operations.desks import DesksProvider
from services.operations.web.reviewed import as_read
from shared.http.fields import field_errors
from shared.http.request import Request
from shared.messaging.runtime import StoreProvider
from shared.web.forms import Form, Sheet, wrong_of
from shared.web.page import form_of, page, see
from shared.web.pages import Pages
from shared.web.people.records import list_people
from shared.web.people.roles import OPERATIONS

READ, WRITE = "operations:read", "operations:write"
PAGE = 50
DECISION = "/decision"
"""A field that holds `route`, a colon and the agency; or `not-eligible`, or `decide-again`."""


class ReviewsPages:
    """A list; a page for each referral; and one that says what will happen, and asks why, before it does."""

    desks = DesksProvider()
    store = StoreProvider()
    pages: Pages

    @page("GET", "/reviews", scope=READ)
    def reviews_page(self, request: Request) -> Response:
        """The longest known first, all or those of one reason."""
        reasons = self.pages.catalogue.section("review-reasons")
        reason = request.args.get("reason", "")
        chosen = {"reason": reason} if reason in reasons else {}
        asked = {**chosen, "limit": PAGE}
        if request.args.get("cursor"):
            asked["cursor"] = request.args["cursor"]
        found = self.desks.ask("routing", "GET", "/v1/reviews", params=asked)
        now = self.store.resources.clock.now()
        return self.pages.show(
            request,
            "reviews.html",
            items=[
                {**item, "seconds": (now - datetime.fromisoformat(item["changed_at"])).total_seconds()}
                for item in found["items"]
            ],
            reason_chosen=chosen.get("reason", ""),
            first=not request.args.get("cursor"),
            next=urlencode({**chosen, "cursor": found["next"]}) if found["next"] else "",
            names=self._agencies(),
        )

    @page("GET", "/reviews/<referral_id>", scope=READ)
    def review_page(self, request: Request, referral_id: str) -> Response:
        """One referral, whether it waits for a person or not: a possible duplicate is looked at here too."""
        return self._review(request, referral_id, Sheet())

    @page("GET", "/reviews/<referral_id>/decide", scope=WRITE)
    def review_outlook_page(self, request: Request, referral_id: str) -> Response:
        """What the chosen decision would bring about; asks why."""
        decision = request.args.get(DECISION, "")
        if not decision:
            return self._review(request, referral_id, Sheet(wrong={DECISION: self._say("required")}))
        return self._outlook(request, referral_id, Sheet({DECISION: [decision]}))

    @page("POST", "/reviews/<referral_id>/decide", scope=WRITE)
    def review_decide(self, request: Request, referral_id: str) -> Response:
        form = form_of(request)
        try:
            ruling = schemas.Ruling().load(_ruling(form))
        except ValidationError as error:
            wrong = wrong_of(field_errors(error), self.pages.catalogue)
            return self._outlook(request, referral_id, Sheet(form.typed(), wrong))
        # As over the API, so that the audit calls a person by one name.
        ruling["actor"] = f"key:{request.caller.id}"
        path = f"/v1/reviews/{quote(referral_id, safe='')}"
        self.desks.ask("routing", "POST", path, json=ruling)
        return see(f"/reviews/{quote(referral_id, safe='')}?decided=1")

    def _review(self, request: Request, referral_id: str, sheet: Sheet) -> Response:
        return self.pages.show(
            request,
            "review.html",
            422 if sheet.wrong else 200,
            sheet=sheet,
            review=self._found(referral_id),
            names=self._agencies(),
            people=self._people(),
            decided="decided" in request.args,
        )

    def _outlook(self, request: Request, referral_id: str, sheet: Sheet) -> Response:
        """Asked anew each time it is shown, so what it says is true of now."""
        choice = _choice(sheet.text(DECISION))
        path = f"/v1/reviews/{quote(referral_id, safe='')}/outlook"
        outlook = self.desks.ask("routing", "POST", path, json=choice)
        return self.pages.show(
            request,
            "review_decide.html",
            422 if sheet.wrong else 200,
            sheet=sheet,
            review=self._found(referral_id),
            choice=choice,
            outlook=outlook,
            names=self._agencies(),
        )

    def _found(self, referral_id: str) -> dict[str, Any]:
        return as_read(self.desks.ask("routing", "GET", f"/v1/reviews/{quote(referral_id, safe='')}"))

    def _agencies(self) -> dict[str, str]:
        return {each.id: each.name for each in self.store.resources.directory.agencies}

    def _people(self) -> dict[str, str]:
        """Names by what the audit calls people."""
        with self.store.reading() as connection:
            everybody = list_people(connection, self.store.resources.keyring, OPERATIONS)
        return {f"key:p:{each.id}": each.name for each in everybody}

    def _say(self, code: str) -> str:
        return self.pages.catalogue.error(DECISION, code, code)


def _choice(decision: str) -> dict[str, str]:
    """The API's words for the field's."""
    word, _, agency = decision.partition(":")
    return {"decision": word, **({"agency": agency} if agency else {})}


def _ruling(form: Form) -> Mapping[str, Any]:
    """The form as the API's document."""
    numbers = [text for text in form.text("/basis").split(",") if text]
    return {**_choice(form.text(DECISION)), "reason": form.text("/reason"), "basis": numbers}
