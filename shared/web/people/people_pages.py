"""The pages about an organisation's people. A service that has them is a `PeoplePages`."""

from typing import Any

from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Response

from shared.http import problems
from shared.http.fields import field_errors
from shared.http.problems import Problem
from shared.http.request import Request
from shared.web.forms import sheet_of
from shared.web.page import form_of, page, see
from shared.web.pages import Pages
from shared.web.people.roles import PEOPLE_READ, PEOPLE_WRITE, ROLES
from shared.web.people.schemas import NewInvitationSchema, RoleSchema
from shared.web.people.showing import again
from shared.web.people.sign_in import SignIn, SignInProvider

PATH = "/people"
_ONE = f"{PATH}/<person_id>"


class PeoplePages:
    """Pages only: what they do stands in `staff`."""

    people: SignIn = SignInProvider()
    pages: Pages

    @page("GET", PATH, scope=PEOPLE_READ)
    def show_people(self, request: Request) -> Response:
        """Who works here, and who was invited."""
        staff = self.people.staff(request.caller)
        return self.pages.show(
            request,
            "people.html",
            organisation=self.people.owner_name(staff.owner),
            staff=staff.everybody(),
            invited=staff.invited(),
            done=request.args.get("done", ""),
        )

    @page("GET", f"{PATH}/invite", scope=PEOPLE_WRITE)
    def show_invite(self, request: Request) -> Response:
        """Whom to invite."""
        return self.pages.show(request, "people_invite.html", **self._roles())

    @page("POST", f"{PATH}/invite", scope=PEOPLE_WRITE)
    def take_invite(self, request: Request) -> Response:
        """The invitation's address, to pass on."""
        try:
            said = _loaded(NewInvitationSchema(), request, "email", "role")
            made = self.people.staff(request.caller).invite(**said)
        except Problem as problem:
            return again(self.pages, request, "people_invite.html", problem, **self._roles())
        return self.pages.show(request, "people_invited.html", made=made)

    @page("POST", f"{PATH}/invitations/<invitation_id>/withdraw", scope=PEOPLE_WRITE)
    def take_withdraw(self, request: Request, invitation_id: str) -> Response:
        """The invitation no longer works."""
        self.people.staff(request.caller).withdraw(invitation_id)
        return see(f"{PATH}?done=withdrawn")

    @page("GET", _ONE, scope=PEOPLE_READ)
    def show_one(self, request: Request, person_id: str) -> Response:
        """One of them, and what may be done."""
        about = self.people.staff(request.caller).one(person_id)
        sheet = sheet_of({"role": about.role})
        return self.pages.show(request, "people_person.html", about=about, sheet=sheet, **self._roles())

    @page("POST", f"{_ONE}/role", scope=PEOPLE_WRITE)
    def take_role(self, request: Request, person_id: str) -> Response:
        """Another role."""
        staff = self.people.staff(request.caller)
        try:
            staff.change_role(person_id, **_loaded(RoleSchema(), request, "role"))
        except Problem as problem:
            about = staff.one(person_id)
            return again(self.pages, request, "people_person.html", problem, about=about, **self._roles())
        return see(f"{PATH}?done=role")

    @page("GET", f"{_ONE}/end", scope=PEOPLE_WRITE)
    def show_end(self, request: Request, person_id: str) -> Response:
        """Whether they are really to sign in no more."""
        return self.pages.show(request, "people_end.html", about=self.people.staff(request.caller).one(person_id))

    @page("POST", f"{_ONE}/end", scope=PEOPLE_WRITE)
    def take_end(self, request: Request, person_id: str) -> Response:
        """They sign in no more."""
        self.people.staff(request.caller).end(person_id)
        return see(f"{PATH}?done=ended")

    def _roles(self) -> dict[str, Any]:
        return {"roles": ROLES[self.people.service]}


def _loaded(schema: Schema, request: Request, *names: str) -> Any:
    """What a form says, by the API's own schema; raises its 422 problem."""
    form = form_of(request)
    try:
        return schema.load({name: text for name in names if (text := form.text(f"/{name}"))})
    except ValidationError as error:
        raise problems.invalid(field_errors(error)) from None
