"""OpenID Connect: one organisation's provider asked who somebody is (authorization code, PKCE, state and nonce).

What the provider says of itself is kept for an hour; its keys are asked for again when a token names one that is not known.
"""

import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import requests

from shared.web.people.openid_settings import Registration

if TYPE_CHECKING:
    from shared.web.people.id_tokens import IdTokens

SCOPES = "openid email profile"
KEPT_SECONDS = 3600
_TIMEOUT = (3, 7)


class Refused(Exception):
    """The provider's answer cannot be trusted or did not come; `code` says why, and holds nothing of it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Begun:
    """What the browser carries until it comes back: nobody else can finish what it began."""

    owner: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Account:
    """Whose account it is at the provider. `email` is there only where the provider has verified it."""

    issuer: str
    subject: str
    email: str | None
    name: str | None


class Provider:
    """One organisation's provider. `return_to` is our address that it sends people back to."""

    def __init__(self, registration: Registration, return_to: str) -> None:
        self.registration = registration
        self._return_to = return_to
        self._http = requests.Session()
        # A .netrc of the machine must not speak for us.
        self._http.trust_env = False
        self._about: tuple[float, Mapping[str, Any]] | None = None
        self._tokens: IdTokens | None = None

    def begin(self) -> tuple[str, Begun]:
        """Where to send the browser, and what it carries meanwhile. Raises Refused."""
        begun = Begun(self.registration.owner, *(secrets.token_urlsafe(32) for _ in range(3)))
        challenge = urlsafe_b64encode(sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.registration.client_id,
            "redirect_uri": self._return_to,
            "scope": SCOPES,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = self._endpoint("authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", begun

    def finish(self, begun: Begun, answer: Mapping[str, str], now: datetime) -> Account:
        """Whose account it is, from what the browser brought back. Raises Refused."""
        if not compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise Refused("state")
        if answer.get("iss", self.registration.issuer) != self.registration.issuer:
            raise Refused("issuer")
        if "code" not in answer:
            raise Refused("no-code")
        tokens = self._exchange(answer["code"], begun.verifier)
        claims = self._verified(str(tokens.get("id_token", "")), begun.nonce, now)
        if "email" not in claims and tokens.get("access_token"):
            claims = {**self._user_info(str(tokens["access_token"]), claims["sub"]), **claims}
        email, name = claims.get("email"), claims.get("name")
        vouched = claims.get("email_verified") is True or self.registration.addresses_are_verified
        verified = isinstance(email, str) and vouched
        named = isinstance(name, str) and name.strip()
        return Account(
            self.registration.issuer, claims["sub"], email if verified else None, str(name).strip() if named else None
        )

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._return_to,
            "code_verifier": verifier,
        }
        known = self._discovered().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        identity, secret = self.registration.client_id, self.registration.client_secret
        address = self._endpoint("token_endpoint")
        if "client_secret_basic" in known:
            # RFC 6749 has both parts form-encoded before they are joined.
            return self._json("POST", address, data=sent, auth=(quote(identity, safe=""), quote(secret, safe="")))
        return self._json("POST", address, data={**sent, "client_id": identity, "client_secret": secret})

    def _verified(self, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        # Loaded when somebody signs in so: what reads signatures is large, and most of the time nobody does.
        from shared.web.people.id_tokens import IdTokens

        if self._tokens is None:
            self._tokens = IdTokens(self.registration, lambda: self._json("GET", self._endpoint("jwks_uri")))
        return self._tokens.claims(token, nonce, now)

    def _user_info(self, access_token: str, subject: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}"}
        told = self._json("GET", self._endpoint("userinfo_endpoint"), headers=headers)
        if told.get("sub") != subject:
            raise Refused("userinfo")
        return told

    def _endpoint(self, name: str) -> str:
        address = self._discovered().get(name)
        if not isinstance(address, str):
            raise Refused("discovery")
        return address

    def _discovered(self) -> Mapping[str, Any]:
        if self._about is None or time.monotonic() > self._about[0]:
            address = self.registration.issuer.rstrip("/") + "/.well-known/openid-configuration"
            about = self._json("GET", address)
            if about.get("issuer") != self.registration.issuer:
                raise Refused("discovery")
            self._about = (time.monotonic() + KEPT_SECONDS, about)
        return self._about[1]

    def _json(self, method: str, address: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            answer = self._http.request(method, address, timeout=_TIMEOUT, allow_redirects=False, **arguments)
            told = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError):
            raise Refused("provider-away") from None
        if not isinstance(told, dict):
            raise Refused("provider-refused")
        return told


def carried(begun: Begun) -> dict[str, str]:
    return asdict(begun)
