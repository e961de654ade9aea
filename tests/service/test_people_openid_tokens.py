"""What a provider says is believed only when all of it is right: signature, issuer, audience, times, nonce, and whose it is."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import eventlet
import orjson
import pytest
from eventlet import wsgi
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from shared.web.people.openid import Provider, Refused
from shared.web.people.openid_settings import Registration

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECRET = "a secret that both know, long enough for a hash"
RSA, OTHER = (RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}) for _ in range(2))
EC = ECKey.generate_key("P-256", {"kid": "second"})
Claims = dict[str, Any]


class Liar:
    """A provider that says whatever a test wants; `asked` is what its token endpoint was sent."""

    def __init__(self) -> None:
        self._socket = eventlet.listen(("127.0.0.1", 0))
        self.issuer = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.keys: list[Key] = [RSA]
        self.about: Claims = {}
        self.tokens: Claims = {}
        self.user: Claims = {}
        self.asked: dict[str, str] = {}
        self._server = eventlet.spawn(wsgi.server, self._socket, self._answer, log_output=False)

    def stop(self) -> None:
        self._server.kill()
        self._socket.close()

    def _answer(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/token":
            sent = parse_qs(environ["wsgi.input"].read().decode())
            self.asked = {name: values[0] for name, values in sent.items()}
        endpoints = {"authorization_endpoint": "auth", "token_endpoint": "token", "userinfo_endpoint": "me"}
        said = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "jwks_uri": f"{self.issuer}/keys",
                **{name: f"{self.issuer}/{place}" for name, place in endpoints.items()},
                **self.about,
            },
            "/keys": {"keys": [key.as_dict(private=False) for key in self.keys]},
            "/token": self.tokens,
            "/me": self.user,
        }[path]
        start("200 OK", [("Content-Type", "application/json")])
        return [orjson.dumps(said)]


@pytest.fixture
def liar() -> Iterator[Liar]:
    liar = Liar()
    yield liar
    liar.stop()


class Visit:
    """A provider of ours that asks the liar, and a browser that has been sent there."""

    def __init__(self, liar: Liar) -> None:
        self.liar = liar
        self.provider = Provider(Registration("families-apart", liar.issuer, "waypost", SECRET), "http://here/back")
        _, self.begun = self.provider.begin()

    def claims(self, **other: Any) -> Claims:
        now = int(NOW.timestamp())
        told = {
            "iss": self.liar.issuer,
            "aud": "waypost",
            "sub": "somebody",
            "iat": now,
            "exp": now + 300,
            "nonce": self.begun.nonce,
            "email": "worker@example.org",
            "email_verified": True,
        } | other
        return {name: value for name, value in told.items() if value is not None}

    def returns(self, claims: Claims, key: Key = RSA, alg: str = "RS256", **header: Any) -> Any:
        """What becomes of it when the provider gives this token."""
        named = {"alg": alg, **({"kid": key.kid} if key.kid else {}), **header}
        self.liar.tokens = {"id_token": jwt.encode(named, claims, key, [alg]), "access_token": "access"}
        return self.finish()

    def finish(self, **answer: str) -> Any:
        return self.provider.finish(self.begun, {"code": "a code", "state": self.begun.state, **answer}, NOW)


@pytest.fixture
def visit(liar: Liar) -> Visit:
    return Visit(liar)


def refusal(visit: Visit, claims: Claims, **how: Any) -> str:
    with pytest.raises(Refused) as refused:
        visit.returns(claims, **how)
    return refused.value.code


def test_a_right_answer_says_who_it_is(visit: Visit) -> None:
    account = visit.returns(visit.claims(name="Test Worker"))
    assert (account.subject, account.email, account.name) == ("somebody", "worker@example.org", "Test Worker")
    assert visit.liar.asked["code_verifier"] == visit.begun.verifier
    assert visit.returns(visit.claims(aud=["waypost", "other"], azp="waypost")).subject == "somebody"


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "https://elsewhere.example.org"},
        {"iss": None},
        {"aud": "somebody-else"},
        {"aud": ["waypost", "other"]},
        {"aud": ["waypost", "other"], "azp": "other"},
        {"azp": "other"},
        {"aud": None},
        {"exp": int(NOW.timestamp()) - 61},
        {"exp": None},
        {"iat": int(NOW.timestamp()) + 61},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
)
def test_a_claim_that_is_wrong_or_missing_is_not_believed(visit: Visit, other: Claims) -> None:
    assert refusal(visit, visit.claims(**other)) == "id-token"


def test_a_signature_of_anybody_else_is_none(visit: Visit) -> None:
    assert refusal(visit, visit.claims(), key=OTHER) == "id-token"
    with_our_secret = OctKey.import_key(SECRET)
    assert refusal(visit, visit.claims(), key=with_our_secret, alg="HS256", kid="first") == "id-token"
    signed = visit.liar.tokens["id_token"]
    header, payload, _ = signed.split(".")
    unsigned = _encoded({"alg": "none", "typ": "JWT"})
    for token in (f"{unsigned}.{payload}.", f"{header}.{payload}.", "", "nonsense", f"{header}.{payload}"):
        visit.liar.tokens = {"id_token": token, "access_token": "access"}
        with pytest.raises(Refused):
            visit.finish()


def _encoded(part: Claims) -> str:
    return urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode()


def test_new_keys_are_asked_for_when_they_are_needed(visit: Visit) -> None:
    visit.returns(visit.claims())
    visit.liar.keys = [EC]
    assert visit.returns(visit.claims(), key=EC, alg="ES256").subject == "somebody"
    assert refusal(visit, visit.claims(), key=RSA) == "id-token"


def test_an_address_counts_when_the_provider_vouches_for_it(liar: Liar, visit: Visit) -> None:
    assert visit.returns(visit.claims(email_verified=None)).email is None
    assert visit.returns(visit.claims(email_verified="true")).email is None
    trusting = Registration("families-apart", liar.issuer, "waypost", SECRET, addresses_are_verified=True)
    visit.provider = Provider(trusting, "http://here/back")
    assert visit.returns(visit.claims(email_verified=None)).email == "worker@example.org"


def test_what_is_told_of_somebody_else_is_not_taken(visit: Visit) -> None:
    visit.liar.user = {"sub": "somebody", "email": "worker@example.org", "email_verified": True}
    assert visit.returns(visit.claims(email=None)).email == "worker@example.org"
    visit.liar.user["sub"] = "another"
    assert refusal(visit, visit.claims(email=None)) == "userinfo"


def test_an_answer_to_somebody_else_s_question_is_not_taken(visit: Visit) -> None:
    visit.returns(visit.claims())
    for answer, code in (
        ({"state": "made-up"}, "state"),
        ({"iss": "https://elsewhere.example.org"}, "issuer"),
    ):
        with pytest.raises(Refused) as refused:
            visit.finish(**answer)
        assert refused.value.code == code
    with pytest.raises(Refused):
        visit.provider.finish(visit.begun, {"state": visit.begun.state, "error": "access_denied"}, NOW)


def test_a_provider_that_says_it_is_another_or_is_away_is_refused(liar: Liar, visit: Visit) -> None:
    liar.about = {"issuer": "https://elsewhere.example.org"}
    assert _begin(Provider(visit.provider.registration, "http://here/back")) == "discovery"
    liar.stop()
    assert _begin(Provider(visit.provider.registration, "http://here/back")) == "provider-away"


def _begin(provider: Provider) -> str:
    with pytest.raises(Refused) as refused:
        provider.begin()
    return refused.value.code
