"""What of people stands under the master key, for whoever puts it under a newer one."""

from typing import Any

from sqlalchemy import Row

from shared.privacy.rewrapping import Sealed
from shared.web.people.records import EMAIL, NAME, TOTP
from shared.web.people.tables import invitations, people


def _of(column: str, part: str) -> tuple[Sealed, Sealed]:
    def name(row: Row[Any]) -> str:
        return f"people:{row.id}:{part}"

    return Sealed(people, column, name), Sealed(invitations, column, name)


SEALED = (*_of("email", EMAIL), *_of("name", NAME), *_of("totp_secret", TOTP))
