"""A value sealed for one subject and one part of it: moved elsewhere, or changed by a bit, it does not open.

AES-256-GCM with a random nonce. The subject (a referral's id) and the part (`child`, `notes`) are authenticated with the
value, so a blob copied to another row or column is refused. Destroying the wrapped key of a subject erases every value
that was sealed with it, in every backup too.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.randomness import Pieces

VERSION = b"\x01"
KEY_BYTES = 32
_NONCE_BYTES = 12
_BODY = len(VERSION) + _NONCE_BYTES
_nonces = Pieces(_NONCE_BYTES)


class SealBroken(Exception):
    """What was to be opened was sealed by another key, for another subject or part, or has been changed."""


@dataclass(frozen=True)
class WrappedKey:
    """A subject's key as it is stored: `blob` opens with the master key called `key_id`."""

    key_id: str
    blob: bytes


class DataKey:
    """The key of one subject, unwrapped: seals and opens what `orjson` can write."""

    __slots__ = ("_cipher", "_subject")

    def __init__(self, subject: str, key: bytes) -> None:
        self._subject = subject
        self._cipher = AESGCM(key)

    def seal(self, part: str, value: Any) -> bytes:
        """`value` (anything JSON can hold, dates as their ISO text) as bytes that only this key, for this part, opens."""
        return seal(self._cipher, bound_to(self._subject, part), orjson.dumps(value))

    def open(self, part: str, blob: bytes) -> Any:
        """What `seal` was given for this subject and part; raises SealBroken for anything else."""
        return orjson.loads(unseal(self._cipher, bound_to(self._subject, part), blob))


def bound_to(subject: str, part: str) -> bytes:
    """What is authenticated beside the value. The length keeps ("a", "bc") and ("ab", "c") apart."""
    return f"{len(subject)}:{subject}{part}".encode()


def seal(cipher: AESGCM, binding: bytes, value: bytes) -> bytes:
    """Version byte, nonce, then the encrypted value with its tag."""
    nonce = _nonces.next()
    return VERSION + nonce + cipher.encrypt(nonce, value, binding)


def unseal(cipher: AESGCM, binding: bytes, blob: bytes) -> bytes:
    """The value; raises SealBroken, which says nothing about it."""
    if blob[:1] != VERSION:
        raise SealBroken("not a sealed value, or sealed by a later version")
    try:
        return cipher.decrypt(blob[1:_BODY], blob[_BODY:], binding)
    except (InvalidTag, ValueError):
        raise SealBroken("sealed by another key, for another subject or part, or changed") from None
