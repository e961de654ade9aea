"""All routes of sign-in in one: accounts, invitations, one's own account, an organisation's people."""

from shared.timer import timer
from shared.web.people.account_routes import AccountRoutes
from shared.web.people.invitation_routes import InvitationRoutes
from shared.web.people.people_pages import PeoplePages
from shared.web.people.people_routes import PeopleRoutes
from shared.web.people.sign_in_routes import SignInRoutes
from shared.web.people.tidying import tidy

TIDIED_EVERY_SECONDS = 3600


class PeopleSite(SignInRoutes, InvitationRoutes, AccountRoutes, PeoplePages, PeopleRoutes):
    """A service where people sign in is a `PeopleSite`, and has `pages` and the tables of people."""

    @timer(interval=TIDIED_EVERY_SECONDS)
    def tidy_people(self) -> None:
        tidy(self.people.store)
