"""Signatures, checked by an independent reading of the Standard Webhooks text and by its own published example."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from services.routing.webhooks.signing import new_secret, signed_headers

NOW = datetime.fromtimestamp(1614265330, UTC)


def test_the_example_of_standard_webhooks_is_signed_as_it_says() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = signed_headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", NOW, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_give_two_signatures_the_newest_first() -> None:
    new, old = new_secret(), new_secret()
    headers = signed_headers([new, old], "e1", NOW, b"body")
    expected = []
    for secret in (new, old):
        key = base64.b64decode(secret.split("_")[1])
        digest = hmac.new(key, b"e1.1614265330.body", hashlib.sha256).digest()
        expected.append("v1," + base64.b64encode(digest).decode())
    assert headers["webhook-signature"].split(" ") == expected


def test_a_secret_is_32_random_bytes() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32
