"""Somebody who is signed in, and the key as which the service's code knows them: a person calls as a program does."""

from dataclasses import dataclass

from shared.http.keys import Key
from shared.web.people.roles import scopes_of


@dataclass(frozen=True)
class Person:
    """What a page finds at `request.person`. `owner` is an agency's id, or `operations`."""

    id: str
    name: str
    role: str
    owner: str

    @property
    def key(self) -> Key:
        """What a page finds at `request.key`: what people do is recorded under `p:` and their id, never their name."""
        return Key(f"p:{self.id}", self.owner, scopes_of(self.role))
