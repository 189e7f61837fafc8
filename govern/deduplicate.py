"""Exact duplicates: documents whose masked text is the same after Unicode NFC and white-space folding.

The key is keyed (HMAC-SHA-256), so that what a shard stores cannot be guessed back. The first document in corpus order
stays. Two letters that differ in masked values alone are duplicates: a model would see the same text twice.
"""

import hmac
import unicodedata

KEY_BYTES = 16


def duplicate_key(key: bytes, text: str) -> bytes:
    """The 16-byte keyed digest under which equal texts meet."""
    folded = " ".join(unicodedata.normalize("NFC", text).split())
    return hmac.digest(key, folded.encode(), "sha256")[:KEY_BYTES]


def split_position(key: bytes, duplicate: bytes) -> int:
    """A duplicate group's place in [0, 1,000,000): parts cut by it are disjoint by document and by duplicate group."""
    return int.from_bytes(hmac.digest(key, duplicate, "sha256")[:8]) * 1_000_000 >> 64
