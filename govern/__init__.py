"""Finds and masks personal data in English and Korean text, validates its quality, and certifies what is left.

    >>> from pathlib import Path
    >>> from datetime import UTC, datetime
    >>> from govern import verify, read_certified
    >>> corpus = verify(Path("corpus"), [Path("keys/sign.pub")], now=datetime.now(UTC))
    >>> frame = read_certified(corpus.documents[0])

Everything is imported on first use: `import govern` loads no spaCy, Presidio, Great Expectations or polars.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Certificate": "govern.certificate",
    "CertifiedCorpus": "govern.attestation",
    "Document": "govern.corpus",
    "GovernError": "govern.errors",
    "Policy": "govern.policy",
    "Request": "govern.pipeline",
    "Span": "govern.detect",
    "certify": "govern.pipeline",
    "find": "govern.scan",
    "load_policy": "govern.policy:load",
    "read_certified": "govern.corpus",
    "sign": "govern.attestation",
    "verify": "govern.attestation",
}

__all__ = [  # noqa: PLE0604  # the names stand once, in _HOMES
    *sorted(_HOMES)
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'govern' has no attribute '{name}'")
    module, _, other = _HOMES[name].partition(":")
    return getattr(import_module(module), other or name)
