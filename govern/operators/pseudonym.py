"""Twelve letters for a value: the same for the same value under one key, and no use to one who lacks the key.

Letters, since a pseudonym of hexadecimal digits looks like a number to recognizers and costs a model three times the
tokens. 26 to the power of 12 is 56 bits: among five million values the chance that any two share one is 0.00013.
"""

import hashlib
import hmac

from govern.normalize import PSEUDONYM_LETTERS


def pseudonym(key: bytes, value: str) -> str:
    """Twelve lower-case letters from HMAC-SHA256 (RFC 2104) of a canonical value."""
    number = int.from_bytes(hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).digest())
    letters = []
    for _ in range(PSEUDONYM_LETTERS):
        number, place = divmod(number, 26)
        letters.append(chr(ord("a") + place))
    return "".join(letters)
