"""Who may call: keys of organisations, and for the inner routes the key that services trust each other by."""

import hmac

from shared.http import problems
from shared.http.access import Access
from shared.http.keys import Key
from shared.http.request import Request

INTERNAL = "internal"


class InnerAccess(Access):
    """`Access`, with a scope that no organisation's key can have."""

    def admit(self, request: Request, scope: str, address: str) -> None:
        if scope != INTERNAL:
            super().admit(request, scope, address)
            return
        expected = str(self.container.config.get("INTERNAL_KEY") or "")
        scheme, _, sent = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        self._failed.check(address)
        # With no key configured nothing opens: an empty one would otherwise equal an empty header.
        same = hmac.compare_digest(sent.strip().encode("latin-1"), expected.encode())
        if not expected or scheme.lower() != "bearer" or not same:
            self._failed.take(address)
            raise problems.unauthorised()
        request.key = Key(INTERNAL, INTERNAL, frozenset({INTERNAL}))
