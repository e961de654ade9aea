"""The pages by which people sign in and out. A service that has them is a `SignInRoutes`."""

from typing import Any
from urllib.parse import quote

import structlog
from werkzeug.wrappers import Response

from shared.http import problems
from shared.http.request import Request
from shared.web.page import form_of, page, see
from shared.web.pages import Pages
from shared.web.people import openid_people, sessions, signing_in
from shared.web.people.openid import Begun, Refused, carried
from shared.web.people.roles import ACCOUNT
from shared.web.people.showing import again, wrong
from shared.web.people.sign_in import PATH, RETURN_PATH, SignIn, SignInProvider, local_path
from shared.web.people.signing_in import Halfway

NOTICES = ("signed-out", "too-late")
ANYBODY = "whoever signs in is not signed in yet"
_CODE, _OPENID = "code", "openid"
_log = structlog.get_logger(__name__)


class SignInRoutes:
    """Pages only: what they do stands in `signing_in` and `openid`."""

    people: SignIn = SignInProvider()
    pages: Pages

    @page("GET", PATH, public=ANYBODY)
    def show_sign_in(self, request: Request) -> Response:
        """E-mail and pass phrase, or one's organisation."""
        following = local_path(request.args.get("next"))
        if self.people.session(request) is not None:
            return see(following)
        return self.pages.show(request, "sign_in.html", **_about(self.people, following, request))

    @page("POST", PATH, public=ANYBODY)
    def take_pass_phrase(self, request: Request) -> Response:
        """The first step."""
        form, people = form_of(request), self.people
        following = local_path(form.text("next"))
        email, phrase = form.text("/email"), form.text("/pass_phrase")
        missing = [name for name, text in (("/email", email), ("/pass_phrase", phrase)) if not text]
        if missing:
            return again(
                self.pages, request, "sign_in.html", wrong("required", *missing), **_about(people, following, request)
            )
        address = people.address_of(request)
        people.wrong_tries.check(address)
        halfway = signing_in.take_pass_phrase(people.store, email, phrase, people.providers)
        if halfway is None:
            people.wrong_tries.take(address)
            refused = wrong("not-signed-in", "/email")
            return again(self.pages, request, "sign_in.html", refused, **_about(people, following, request))
        note = {"person": halfway.person_id, "mark": halfway.mark, "next": following}
        return people.carried.give(see(f"{PATH}/code"), _CODE, note)

    @page("GET", f"{PATH}/code", public=ANYBODY)
    def show_code(self, request: Request) -> Response:
        """Where the authenticator's code is typed."""
        if self.people.carried.read(request, _CODE) is None:
            return see(PATH)
        return self.pages.show(request, "sign_in_code.html")

    @page("GET", f"{PATH}/recovery-code", public=ANYBODY)
    def show_recovery_code(self, request: Request) -> Response:
        """Where a recovery code is typed instead."""
        if self.people.carried.read(request, _CODE) is None:
            return see(PATH)
        return self.pages.show(request, "sign_in_recovery.html")

    @page("POST", f"{PATH}/code", public=ANYBODY)
    def take_code(self, request: Request) -> Response:
        """The second step."""
        return self._second_step(request, "sign_in_code.html")

    @page("POST", f"{PATH}/recovery-code", public=ANYBODY)
    def take_recovery_code(self, request: Request) -> Response:
        """The second step without the authenticator."""
        return self._second_step(request, "sign_in_recovery.html")

    @page("GET", f"{PATH}/with/<owner>", public=ANYBODY)
    def begin_openid(self, request: Request, owner: str) -> Response:
        """To one's organisation, which says who one is. A link and no form: a form of ours may go nowhere else."""
        provider = self.people.providers.get(owner)
        if provider is None:
            raise problems.not_found()
        try:
            address, begun = provider.begin()
        except Refused as refused:
            return _not_let_in(self.pages, request, refused.code)
        note = {**carried(begun), "next": local_path(request.args.get("next"))}
        return self.people.carried.give(see(address), _OPENID, note)

    @page("GET", RETURN_PATH, public=ANYBODY)
    def finish_openid(self, request: Request) -> Response:
        """Back from one's organisation."""
        people = self.people
        note = people.carried.read(request, _OPENID)
        if note is None or note["owner"] not in people.providers:
            return _not_let_in(self.pages, request, "too-late")
        begun = Begun(*(note[name] for name in ("owner", "state", "nonce", "verifier")))
        try:
            account = people.providers[begun.owner].finish(begun, request.args, people.store.resources.clock.now())
        except Refused as refused:
            return people.carried.drop(_not_let_in(self.pages, request, refused.code), _OPENID)
        secret = openid_people.let_in(people.store, begun.owner, account)
        if secret is None:
            return people.carried.drop(_not_let_in(self.pages, request, "not-invited"), _OPENID)
        return people.carried.drop(people.give(see(local_path(note["next"])), secret), _OPENID)

    @page("POST", "/sign-out", scope=ACCOUNT)
    def sign_out(self, request: Request) -> Response:
        """Ends the session in hand."""
        found = self.people.session(request)
        if found is not None:
            session, person = found
            with self.people.store.writing() as transaction:
                sessions.end(transaction, person.id, session.id)
            _log.info("people.signed-out", person=person.id)
        response = see(f"{PATH}?signed-out=yes")
        self.people.cookies.take_back(response, self.people.cookie)
        return response

    def _second_step(self, request: Request, template: str) -> Response:
        people, code = self.people, form_of(request).text("/sign_in_code")
        note = people.carried.read(request, _CODE)
        if note is None:
            return see(f"{PATH}?too-late=yes")
        if not code:
            return again(self.pages, request, template, wrong("required", "/sign_in_code"))
        address = people.address_of(request)
        people.wrong_tries.check(address)
        secret = signing_in.take_code(people.store, Halfway(note["person"], note["mark"]), code)
        if secret is None:
            people.wrong_tries.take(address)
            return again(self.pages, request, template, wrong("not-signed-in", "/sign_in_code"))
        return people.carried.drop(people.give(see(local_path(note["next"])), secret), _CODE)


def _about(people: SignIn, following: str, request: Request) -> dict[str, Any]:
    """What the page of the first step needs: where to go afterwards, and the organisations that sign people in."""
    query = "" if following == "/" else f"?next={quote(following, safe='')}"
    named = [(people.owner_name(owner), f"{PATH}/with/{quote(owner)}{query}") for owner in people.providers]
    notice = next((each for each in NOTICES if each in request.args), "")
    return {"following": following, "organisations": sorted(named), "notice": notice}


def _not_let_in(pages: Pages, request: Request, code: str) -> Response:
    _log.info("people.refused", reason=f"openid-{code}", person=None)
    return pages.show(request, "openid_refused.html", 403, reason=code)
