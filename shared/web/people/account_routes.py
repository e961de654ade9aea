"""The pages of one's own account. A service that has them is an `AccountRoutes`."""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup
from werkzeug.wrappers import Response

from shared.http.problems import Problem
from shared.http.request import Request
from shared.web.page import form_of, page, see
from shared.web.pages import Pages
from shared.web.people import account, codes, sessions
from shared.web.people.person import Person
from shared.web.people.records import Listed
from shared.web.people.roles import ACCOUNT
from shared.web.people.sessions import Session
from shared.web.people.showing import again
from shared.web.people.sign_in import SignIn, SignInProvider

PATH = "/account"
_AUTHENTICATOR = "authenticator"


class AccountRoutes:
    """Pages only: what they do stands in `account`."""

    people: SignIn = SignInProvider()
    pages: Pages

    @page("GET", PATH, scope=ACCOUNT)
    def show_account(self, request: Request) -> Response:
        """Who one is here, where one is signed in, and what one may change."""
        here, person = self._here(request)
        store = self.people.store
        return self.pages.show(
            request,
            "account.html",
            about=self._listed(person),
            organisation=self.people.owner_name(person.owner),
            here=here.id,
            sessions=account.own_sessions(store, person.id, self.people.idle),
            codes_left=account.codes_left(store, person.id),
            done=request.args.get("done", ""),
        )

    @page("POST", f"{PATH}/sessions/<session_id>/end", scope=ACCOUNT)
    def end_session(self, request: Request, session_id: str) -> Response:
        """Signs out in one other place."""
        _, person = self._here(request)
        with self.people.store.writing() as transaction:
            sessions.end(transaction, person.id, session_id)
        return see(f"{PATH}?done=signed-out-there")

    @page("POST", f"{PATH}/sign-out-everywhere", scope=ACCOUNT)
    def sign_out_everywhere(self, request: Request) -> Response:
        """Signs out everywhere, here as well."""
        _, person = self._here(request)
        with self.people.store.writing() as transaction:
            sessions.end_all(transaction, person.id)
        response = see("/sign-in?signed-out=yes")
        self.people.cookies.take_back(response, self.people.cookie)
        return response

    @page("GET", f"{PATH}/pass-phrase", scope=ACCOUNT)
    def show_pass_phrase(self, request: Request) -> Response:
        """Where the pass phrase is changed."""
        return self.pages.show(request, "account_pass_phrase.html")

    @page("POST", f"{PATH}/pass-phrase", scope=ACCOUNT)
    def change_pass_phrase(self, request: Request) -> Response:
        """A new pass phrase; everywhere else one is signed out."""
        here, person = self._here(request)
        form, store = form_of(request), self.people.store
        old, new = form.text("/pass_phrase"), form.text("/new_pass_phrase")
        try:
            account.change_pass_phrase(store, person.id, here.id, old, new)
        except Problem as problem:
            return again(self.pages, request, "account_pass_phrase.html", problem)
        return see(f"{PATH}?done=pass-phrase")

    @page("GET", f"{PATH}/recovery-codes", scope=ACCOUNT)
    def show_renew_codes(self, request: Request) -> Response:
        """Where new recovery codes are asked for."""
        return self.pages.show(request, "account_confirm.html", what="recovery-codes")

    @page("POST", f"{PATH}/recovery-codes", scope=ACCOUNT)
    def renew_codes(self, request: Request) -> Response:
        """New recovery codes, shown this once."""

        def done(person: Person, phrase: str) -> Response:
            renewed = account.renew_codes(self.people.store, person.id, phrase)
            return self.pages.show(request, "recovery_codes.html", codes=renewed, following=PATH)

        return self._confirmed(request, "recovery-codes", done)

    @page("GET", f"{PATH}/authenticator", scope=ACCOUNT)
    def show_change_authenticator(self, request: Request) -> Response:
        """Where a new authenticator is asked for."""
        return self.pages.show(request, "account_confirm.html", what="authenticator")

    @page("POST", f"{PATH}/authenticator", scope=ACCOUNT)
    def begin_authenticator(self, request: Request) -> Response:
        """The pass phrase was typed again; the new authenticator is set up next."""

        def done(person: Person, phrase: str) -> Response:
            secret = account.begin_authenticator(self.people.store, person.id, phrase)
            note = {"person": person.id, "secret": secret}
            return self.people.carried.give(see(f"{PATH}/authenticator/new"), _AUTHENTICATOR, note)

        return self._confirmed(request, "authenticator", done)

    @page("GET", f"{PATH}/authenticator/new", scope=ACCOUNT)
    def show_authenticator(self, request: Request) -> Response:
        """The code to scan, and where to type what the authenticator shows."""
        shown = self._new_authenticator(request)
        if shown is None:
            return see(f"{PATH}/authenticator")
        return self.pages.show(request, "account_authenticator.html", **shown[1])

    @page("POST", f"{PATH}/authenticator/new", scope=ACCOUNT)
    def finish_authenticator(self, request: Request) -> Response:
        """The new authenticator has shown that it works; from now on it counts."""
        here, person = self._here(request)
        shown = self._new_authenticator(request)
        if shown is None:
            return see(f"{PATH}/authenticator")
        store, code = self.people.store, form_of(request).text("/sign_in_code")
        try:
            account.finish_authenticator(store, person.id, here.id, shown[0], code)
        except Problem as problem:
            return again(self.pages, request, "account_authenticator.html", problem, **shown[1])
        return self.people.carried.drop(see(f"{PATH}?done=authenticator"), _AUTHENTICATOR)

    def _confirmed(self, request: Request, what: str, done: Callable[[Person, str], Response]) -> Response:
        _, person = self._here(request)
        try:
            return done(person, form_of(request).text("/pass_phrase"))
        except Problem as problem:
            return again(self.pages, request, "account_confirm.html", problem, what=what)

    def _here(self, request: Request) -> tuple[Session, Person]:
        found = self.people.session(request)
        if found is None:
            raise self.people.signed_out(request)
        return found

    def _listed(self, person: Person) -> Listed:
        return self.people.staff(person.key).one(person.id)

    def _new_authenticator(self, request: Request) -> tuple[str, dict[str, Any]] | None:
        """The secret that the browser carries for this person, and what sets an authenticator up with it."""
        _, person = self._here(request)
        note = self.people.carried.read(request, _AUTHENTICATOR)
        if note is None or note["person"] != person.id:
            return None
        picture = Markup(codes.picture(note["secret"], self._listed(person).email))
        return note["secret"], {"picture": picture, "secret": codes.grouped(note["secret"])}
