"""References that survive a telephone: `7KX-3FM-9QF`.

Twenty-three signs without vowels (no words by accident) and without look-alikes (0 O, 1 I L, 5 S, 2 Z, U V), in three
groups; the last sign is a check. 23 is prime, so the weighted sum finds every single wrong sign and every swapped pair.
"""

from collections.abc import Sequence

from shared.randomness import Pieces

SIGNS = "346789BCDFGHJKMNPQRTWXY"
_VALUE = {sign: number for number, sign in enumerate(SIGNS)}
_PAIRS = [first + second for first in SIGNS for second in SIGNS]
_RANDOM_SIGNS = 8
_random = Pieces(20)
"""So many bytes more than eight signs need that each reference is as likely as any other, to one part in 10^37."""


def new_reference() -> str:
    """A new reference, at random among 78 thousand million: it tells nothing about how many there are."""
    number = int.from_bytes(_random.next()) % len(SIGNS) ** _RANDOM_SIGNS
    signs = ""
    while len(signs) < _RANDOM_SIGNS:
        number, pair = divmod(number, len(_PAIRS))
        signs += _PAIRS[pair]
    return _grouped(signs + _check_sign(signs))


def read_reference(text: str) -> str | None:
    """The canonical form of a reference as somebody typed it (any case, spaces or dashes), or None when it is not one."""
    signs = [sign for sign in text.upper() if sign not in " -\t"]
    if len(signs) != _RANDOM_SIGNS + 1 or any(sign not in _VALUE for sign in signs):
        return None
    if _check_sign(signs[:-1]) != signs[-1]:
        return None
    return _grouped("".join(signs))


def beginning_with(text: str) -> tuple[str, str] | None:
    """The first and the last reference that could begin with what somebody typed, or None when none could.

    Both are whole, so that every database orders what lies between them alike.
    """
    signs = "".join(sign for sign in text.upper() if sign not in " -\t")
    length = _RANDOM_SIGNS + 1
    if len(signs) > length or any(sign not in _VALUE for sign in signs):
        return None
    return _grouped(signs.ljust(length, SIGNS[0])), _grouped(signs.ljust(length, SIGNS[-1]))


def _check_sign(signs: Sequence[str]) -> str:
    total = sum([weight * _VALUE[sign] for weight, sign in enumerate(signs, start=2)])
    return SIGNS[-total % len(SIGNS)]


def _grouped(signs: str) -> str:
    return f"{signs[:3]}-{signs[3:6]}-{signs[6:]}"
