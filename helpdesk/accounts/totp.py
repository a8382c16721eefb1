"""Codes that a phone and the service make of one secret and the time (RFC 6238), and codes for who lost the phone."""

import hashlib
import re
from datetime import datetime
from hmac import compare_digest
from typing import Final

import pyotp
import segno

from helpdesk.accounts.typeable import as_made, typeable

SECONDS: Final = 30
# Clocks differ, and people type slowly: the code before and the one after are good too.
TOLERANCE: Final = 1
RECOVERY_CODES: Final = 10
_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)


def new_secret() -> str:
    """160 bits, as the RFC recommends, in the alphabet that apps ask for."""
    return pyotp.random_base32()


def address(secret: str, *, username: str, issuer: str) -> str:
    """`otpauth://…`: what an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def qr_code(text: str) -> str:
    """Inline SVG: it needs no request, and no exception in the page's policy. White behind it, also in the dark."""
    return segno.make(text, micro=False).svg_inline(scale=5, border=4, light="#fff")


def matching_step(secret: str, typed: str, *, now: datetime, after: int = -1) -> int | None:
    """Which step of time the code belongs to; None for a wrong one, and for one that is not later than `after`."""
    code = "".join(typed.split())
    if not _CODE.fullmatch(code):
        return None
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // SECONDS
    steps = range(current - TOLERANCE, current + TOLERANCE + 1)
    return next((step for step in steps if step > after and compare_digest(totp.generate_otp(step), code)), None)


def new_recovery_codes() -> list[str]:
    return [typeable(groups=4, letters=4) for _ in range(RECOVERY_CODES)]


def recovery_digest(typed: str) -> str:
    """Of 80 random bits a plain hash is enough: nobody goes through them."""
    return hashlib.sha256(as_made(typed).encode(errors="surrogatepass")).hexdigest()
