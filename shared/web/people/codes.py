"""One-time codes of an authenticator (TOTP, RFC 6238), each good for once, and how an authenticator is set up."""

import hmac
from datetime import datetime

import pyotp
import segno

ISSUER = "Waypost"
DIGITS, SECONDS = 6, 30
_AROUND = (0, -1, 1)


def new_secret() -> str:
    """160 random bits, as authenticators take them."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: datetime, used: int | None) -> int | None:
    """The number of the half minute that a code belongs to: this one, or one beside it, since clocks differ.

    None for a wrong code, and for one no later than `used`, the last that was taken.
    """
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit() and len(typed) == DIGITS):
        return None
    current, totp = int(now.timestamp()) // SECONDS, pyotp.TOTP(secret)
    fresh = [current + near for near in _AROUND if used is None or current + near > used]
    return next((step for step in fresh if hmac.compare_digest(totp.generate_otp(step), typed)), None)


def is_code(text: str) -> bool:
    """Whether a text has the shape of an authenticator's code."""
    typed = "".join(text.split())
    return typed.isascii() and typed.isdigit()


def picture(secret: str, email: str) -> str:
    """The QR code that an authenticator reads, as SVG for inside a page; it names whose it is."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    drawn = segno.make(address, error="m", micro=False)
    return drawn.svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)


def grouped(secret: str) -> str:
    """The secret for those who type it."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
