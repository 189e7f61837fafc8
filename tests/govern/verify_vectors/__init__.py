"""What a verifier must refuse: each vector changes a good signed folder in one way and says what the refusal names.

A vector gets a fresh copy of a signed folder; it changes the copy, and may change which keys are trusted and which
options are given. Where a shell cannot tell (the certificate's schema), its `shell` is False.
"""

from verify_vectors import certificates, files, lists, signatures, spelling, statements, trust
from verify_vectors.case import Case, Vector

__all__ = ["ALL", "Case"]

_SOURCES = (files, spelling, signatures, statements, lists, certificates, trust)
ALL: tuple[Vector, ...] = tuple(vector for source in _SOURCES for vector in source.vectors())
