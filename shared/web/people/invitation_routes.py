"""The pages by which somebody who was invited makes their account. A service that has them is an `InvitationRoutes`."""

from typing import Any

import structlog
from markupsafe import Markup
from marshmallow import ValidationError
from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from shared.audit.record import record
from shared.http import problems
from shared.http.fields import field_errors
from shared.http.problems import Problem
from shared.http.request import Request
from shared.web.forms import Form
from shared.web.page import form_of, page, see
from shared.web.pages import Pages
from shared.web.people import codes, invitations, sessions
from shared.web.people.account import fault_of
from shared.web.people.pass_phrases import hashed
from shared.web.people.schemas import NameSchema
from shared.web.people.showing import again, wrong
from shared.web.people.sign_in import SignIn, SignInProvider

WITH_ADDRESS = "the address holds a secret of 32 random bytes"
_PATH = "/invitations/<secret>"
_log = structlog.get_logger(__name__)


class InvitationRoutes:
    """Pages only: what they do stands in `invitations`."""

    people: SignIn = SignInProvider()
    pages: Pages

    @page("GET", _PATH, public=WITH_ADDRESS)
    def show_invitation(self, request: Request, secret: str) -> Response:
        """Name and pass phrase, or one's organisation."""
        row = self._invitation(secret)
        if row is None:
            return self.pages.show(request, "invitation_unknown.html", 404)
        if row["owner"] in self.people.providers:
            return self.pages.show(request, "invitation_openid.html", **self._about(row), owner=row["owner"])
        return self.pages.show(request, "invitation.html", **self._about(row))

    @page("POST", _PATH, public=WITH_ADDRESS)
    def begin_account(self, request: Request, secret: str) -> Response:
        """The first step."""
        row = self._invitation(secret)
        if row is None or row["owner"] in self.people.providers:
            return self.pages.show(request, "invitation_unknown.html", 404)
        about = self._about(row)
        try:
            name, phrase = _first_step(form_of(request), about["email"])
        except Problem as problem:
            return again(self.pages, request, "invitation.html", problem, **about)
        stored = hashed(phrase)
        with self.people.store.writing() as transaction:
            invitations.begin(transaction, row, name, stored)
        return see(f"{request.path}/authenticator")

    @page("GET", f"{_PATH}/authenticator", public=WITH_ADDRESS)
    def show_new_authenticator(self, request: Request, secret: str) -> Response:
        """The code to scan, and where to type what the authenticator shows."""
        row = self._invitation(secret)
        shown = self._authenticator(row)
        if row is None or shown is None:
            return self.pages.show(request, "invitation_unknown.html", 404)
        return self.pages.show(request, "invitation_authenticator.html", **shown)

    @page("POST", f"{_PATH}/authenticator", public=WITH_ADDRESS)
    def make_account(self, request: Request, secret: str) -> Response:
        """The second step: the account is made, its owner signed in, and the recovery codes shown."""
        row = self._invitation(secret)
        shown = self._authenticator(row)
        if row is None or shown is None:
            return self.pages.show(request, "invitation_unknown.html", 404)
        made = self._finish(row, form_of(request).text("/sign_in_code"))
        if made is None:
            return again(
                self.pages, request, "invitation_authenticator.html", wrong("wrong-code", "/sign_in_code"), **shown
            )
        session, recovery_codes = made
        response = self.pages.show(request, "recovery_codes.html", codes=recovery_codes, following="/")
        return self.people.give(response, session)

    def _finish(self, row: RowMapping, code: str) -> tuple[str, list[str]] | None:
        """The new session's secret and the recovery codes; raises a 409 problem where the address is somebody's already."""
        store = self.people.store
        try:
            with store.writing() as transaction:
                made = invitations.finish(transaction, row, code)
                if made is None:
                    return None
                person_id, recovery_codes = made
                session = sessions.start(transaction, person_id)
                record(transaction, f"key:p:{person_id}", "people.join", person_id, row["role"])
        except IntegrityError:
            raise problems.conflict("address-taken", "There is an account with this address already") from None
        _log.info("people.joined", person=person_id, role=row["role"])
        return session, recovery_codes

    def _invitation(self, secret: str) -> RowMapping | None:
        store = self.people.store
        with store.reading() as connection:
            return invitations.find(connection, secret, store.resources.clock.now())

    def _about(self, row: RowMapping) -> dict[str, Any]:
        """What the pages say of an invitation: to whom, of which organisation, as what."""
        email = invitations.email_of(self.people.store.resources.keyring, row)
        return {"email": email, "organisation": self.people.owner_name(row["owner"]), "role": row["role"]}

    def _authenticator(self, row: RowMapping | None) -> dict[str, Any] | None:
        """What sets an authenticator up; None before the first step is done."""
        keyring = self.people.store.resources.keyring
        secret = invitations.authenticator(keyring, row) if row is not None else None
        if row is None or secret is None:
            return None
        email = invitations.email_of(keyring, row)
        return {"picture": Markup(codes.picture(secret, email)), "secret": codes.grouped(secret)}


def _first_step(form: Form, email: str) -> tuple[str, str]:
    """Name and pass phrase as they were typed; raises a 422 problem that says all that is wrong."""
    typed, phrase = {"name": form.text("/name")} if form.text("/name") else {}, form.text("/pass_phrase")
    errors = fault_of(phrase, email, "/pass_phrase")
    try:
        name: str = NameSchema().load(typed)["name"]
    except ValidationError as error:
        errors = [*field_errors(error), *errors]
    if errors:
        raise problems.invalid(errors)
    return name, phrase
