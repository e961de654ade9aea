"""The API about an organisation's people. A service that has it is a `PeopleRoutes`; the pages are in `people_pages`."""

from typing import Any

from shared.http.request import Request
from shared.http.route import route
from shared.web.people import schemas
from shared.web.people.roles import PEOPLE_READ, PEOPLE_WRITE
from shared.web.people.sign_in import SignIn, SignInProvider

_ONE, _INVITATIONS = "/v1/people/<person_id>", "/v1/people/invitations"
_PERSON: dict[str, Any] = {"returns": {200: schemas.PersonSchema}}


class PeopleRoutes:
    """Routes only: what they do stands in `staff`."""

    people: SignIn = SignInProvider()

    @route("GET", "/v1/people", scope=PEOPLE_READ, returns={200: schemas.PeopleSchema})
    def list_people(self, request: Request) -> Any:
        """The organisation's people, those who have ended last."""
        return schemas.PeopleSchema().dump({"items": self.people.staff(request.caller).everybody()})

    @route("GET", _INVITATIONS, scope=PEOPLE_READ, returns={200: schemas.InvitationsSchema})
    def list_invitations(self, request: Request) -> Any:
        """Who was invited and has not accepted yet."""
        return schemas.InvitationsSchema().dump({"items": self.people.staff(request.caller).invited()})

    @route(
        "POST",
        _INVITATIONS,
        scope=PEOPLE_WRITE,
        body=schemas.NewInvitationSchema,
        returns={201: schemas.NewInvitationShownSchema},
    )
    def invite(self, request: Request) -> Any:
        """An invitation, good for a week and once. One to the same address before it no longer works."""
        said = request.load(schemas.NewInvitationSchema())
        return 201, schemas.NewInvitationShownSchema().dump(self.people.staff(request.caller).invite(**said))

    @route("DELETE", f"{_INVITATIONS}/<invitation_id>", scope=PEOPLE_WRITE, returns={204: None}, problems=[404])
    def withdraw_invitation(self, request: Request, invitation_id: str) -> None:
        """The invitation's address no longer works."""
        self.people.staff(request.caller).withdraw(invitation_id)

    @route("GET", _ONE, scope=PEOPLE_READ, problems=[404], **_PERSON)
    def show_person(self, request: Request, person_id: str) -> Any:
        """One of the organisation's people."""
        return schemas.PersonSchema().dump(self.people.staff(request.caller).one(person_id))

    @route("POST", f"{_ONE}/role", scope=PEOPLE_WRITE, body=schemas.RoleSchema, problems=[404, 409], **_PERSON)
    def change_role(self, request: Request, person_id: str) -> Any:
        """Another role; whoever gets it signs in again. Nobody changes their own."""
        staff = self.people.staff(request.caller)
        staff.change_role(person_id, request.load(schemas.RoleSchema())["role"])
        return schemas.PersonSchema().dump(staff.one(person_id))

    @route("POST", f"{_ONE}/end", scope=PEOPLE_WRITE, problems=[404, 409], **_PERSON)
    def end_person(self, request: Request, person_id: str) -> Any:
        """They no longer sign in, from this moment on. Nobody ends themselves."""
        staff = self.people.staff(request.caller)
        staff.end(person_id)
        return schemas.PersonSchema().dump(staff.one(person_id))
