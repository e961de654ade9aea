"""How a postcode is written: any spacing and case in, `KT1 1AA` out, with the slips that have one cure mended.

Whether the postcode exists is for the index to say. No input or output here.
"""

import re

_SHAPE = re.compile(r"(?:(?:[A-Z][A-HJ-Z][0-9]|[A-Z][1-9])[0-9A-HJ-NP-Z]?|GIR|NPT)[0-9][A-Z]{2}")
_NOISE = re.compile(r"[\s.\-\u2010-\u2015]+")
_AFTER_AREA = re.compile(r"[^A-Z]")
_TO_DIGIT = str.maketrans("OI", "01")
_TO_LETTER = str.maketrans("01", "OI")


def compact(text: str) -> str:
    """`kt1-1aa` as `KT11AA`: no spaces, stops or dashes, in capitals. Nothing is checked."""
    return _NOISE.sub("", text).upper()


def spaced(compacted: str) -> str:
    """`KT11AA` as `KT1 1AA`."""
    return f"{compacted[:-3]} {compacted[-3:]}"


def mended(compacted: str) -> str:
    """O and 0, I and 1 put right where only a letter or only a digit can stand.

    No postcode area has I as its second letter or 0 as its first digit; no outward code ends in O or I; the part after
    the space is a digit and two letters.
    """
    outward, inward = compacted[:-3], compacted[-3:]
    return (
        outward[:1].translate(_TO_LETTER)
        + outward[1:2].replace("0", "O").replace("I", "1")
        + outward[2:].translate(_TO_DIGIT)
        + inward[:1].translate(_TO_DIGIT)
        + inward[1:]
    )


def area_of(postcode: str) -> str:
    """`KT` for `KT1 1AA`, for `KT11AA` and for the sector `KT11`: the letters that it begins with."""
    return _AFTER_AREA.split(postcode, maxsplit=1)[0]


def canonical(text: str) -> str | None:
    """The one way to write this postcode, or None when it is not shaped like one."""
    compacted = compact(text)
    if not _SHAPE.fullmatch(compacted):
        compacted = mended(compacted)
        if not _SHAPE.fullmatch(compacted):
            return None
    return spaced(compacted)
