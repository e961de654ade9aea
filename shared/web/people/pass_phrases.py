"""Pass phrases: what is good enough, and how they are kept (argon2id).

Length counts, and not to be among the first that anybody would try; signs of several kinds are not asked for, since they
make phrases harder to remember and no harder to guess (NIST SP 800-63B).
"""

import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from eventlet import tpool
from eventlet.semaphore import Semaphore

SHORTEST, LONGEST = 12, 200
_FEWEST_SIGNS = 5
# A tenth of a second and 46 MiB for each try. Two at a time: a crowd of guessers waits, and memory stays bounded.
_hasher = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)
_two = Semaphore(2)


def fault_of(phrase: str, email: str) -> str | None:
    """Why a phrase cannot be taken: `too-short`, `too-long`, `too-common`, `like-the-address`; None when it can."""
    plain = _letters(phrase)
    name = _letters(email.partition("@")[0])
    if len(phrase) < SHORTEST:
        return "too-short"
    if len(phrase) > LONGEST:
        return "too-long"
    if len(name) > 2 and name in plain:
        return "like-the-address"
    return "too-common" if len(set(plain)) < _FEWEST_SIGNS or _once(plain) in _common() else None


def hashed(phrase: str) -> str:
    """What is stored."""
    return str(_in_a_thread(_hasher.hash, _normal(phrase)))


def matches(stored: str | None, phrase: str) -> bool:
    """Whether the phrase is the stored one. With nothing stored it takes as long, and is not."""
    try:
        _in_a_thread(_hasher.verify, stored or _nobodys(), _normal(phrase)[: LONGEST * 2])
    except VerifyMismatchError:
        return False
    return stored is not None


def _in_a_thread(work: object, *given: str) -> object:
    """Hashing lets go of the interpreter, so everybody else is served meanwhile."""
    with _two:
        return tpool.execute(work, *given)


def _normal(phrase: str) -> str:
    """The same phrase from every keyboard."""
    return unicodedata.normalize("NFKC", phrase)


def _letters(text: str) -> str:
    return "".join(sign for sign in _normal(text).casefold() if sign.isalnum())


def _once(text: str) -> str:
    """`wordwordword` is `word`."""
    return next(
        (
            text[:length]
            for length in range(1, len(text) // 2 + 1)
            if len(text) % length == 0 and text[:length] * (len(text) // length) == text
        ),
        text,
    )


@cache
def _common() -> frozenset[str]:
    lines = (Path(__file__).parent / "common.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(_letters(line) for line in lines if line and not line.startswith("#"))


@cache
def _nobodys() -> str:
    return _hasher.hash("a phrase that nobody has")
