"""A provider's id tokens: signed with a key of its own, for us, for this sign-in, and now (OpenID Connect Core, 3.1.3.7)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from shared.web.people.openid import Refused
from shared.web.people.openid_settings import Registration

# Signed with the provider's private key; a secret that both know, or none at all, is no signature here.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
CLOCKS_DIFFER_SECONDS = 60


class IdTokens:
    """Those of one provider. `fetch_keys` asks it for the document with its keys, now."""

    def __init__(self, registration: Registration, fetch_keys: Callable[[], Mapping[str, Any]]) -> None:
        self._registration = registration
        self._fetch_keys = fetch_keys
        self._keys: KeySet | None = None

    def claims(self, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        """What the token says. Raises Refused where it cannot be trusted."""
        client = self._registration.client_id
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=CLOCKS_DIFFER_SECONDS,
            iss={"essential": True, "value": self._registration.issuer},
            aud={"essential": True, "value": client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._decoded(token)
            registry.validate(claims)
        except (JoseError, ValueError):
            raise Refused("id-token") from None
        others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if others else client) != client:
            raise Refused("id-token")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._keys or self._asked_for(), ALGORITHMS).claims
        except InvalidKeyIdError:
            # The provider has new keys.
            return jwt.decode(token, self._asked_for(), ALGORITHMS).claims

    def _asked_for(self) -> KeySet:
        try:
            self._keys = KeySet.import_key_set(self._fetch_keys())  # type: ignore[arg-type]
        except (JoseError, KeyError, TypeError):
            raise Refused("keys") from None
        return self._keys
