"""Who may call: keys of organisations, passes of those who follow a referral, the key that services trust each other by."""

import hmac

from services.referrals.passes import PREFIX, find_pass
from shared.http import problems
from shared.http.access import Access
from shared.http.keys import Key
from shared.http.request import Request

INTERNAL = "internal"


class InnerAccess(Access):
    """`Access`, with a scope that no organisation's key can have, and with passes instead of keys."""

    def admit(self, request: Request, scope: str, address: str) -> None:
        scheme, _, sent = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        secret = sent.strip() if scheme.lower() == "bearer" else ""
        if scope == INTERNAL:
            self._admit_service(request, secret, address)
        elif secret.startswith(PREFIX):
            self._admit_pass(request, secret, address)
        else:
            super().admit(request, scope, address)

    def _admit_service(self, request: Request, secret: str, address: str) -> None:
        expected = str(self.container.config.get("INTERNAL_KEY") or "")
        self._failed.check(address)
        # With no key configured nothing opens: an empty one would otherwise equal an empty header.
        if not expected or not hmac.compare_digest(secret.encode("latin-1"), expected.encode()):
            self._failed.take(address)
            raise problems.unauthorised()
        request.key = Key(INTERNAL, INTERNAL, frozenset({INTERNAL}))

    def _admit_pass(self, request: Request, secret: str, address: str) -> None:
        """A pass opens the routes that name its own referral, and none that does not."""
        self._failed.check(address)
        found = find_pass(self.container.config["runtime"].store, secret)
        if found is None:
            self._failed.take(address)
            raise problems.unauthorised()
        self._keys.take(found.id)
        about = request.path_values.get("referral_id")
        if about is None:
            raise problems.forbidden("A pass opens one referral.", "missing-scope")
        if about != found.referral_id:
            raise problems.not_found()
        request.key = found
