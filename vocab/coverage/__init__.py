"""How well tokenizers cover a certified corpus: what text costs, what became of terms and numbers, what an extension changed.

>>> from pathlib import Path
>>> from vocab.coverage import open_tokenizer
>>> open_tokenizer(Path("base")).offsets(["EBITDA rose"])  # doctest: +SKIP

`cover` takes the `CertifiedCorpus` that `govern.attestation.verify` returns, and counts it by all tokenizers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocab.coverage.counts import Cost, Coverage, NumberCost
    from vocab.coverage.covering import Covered, cover
    from vocab.coverage.readers import Reader, open_tokenizer

__all__ = ["Cost", "Coverage", "Covered", "NumberCost", "Reader", "cover", "open_tokenizer"]

_HOMES = {
    "Cost": "counts", "Coverage": "counts", "Covered": "covering", "NumberCost": "counts", "Reader": "readers",
    "cover": "covering", "open_tokenizer": "readers",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The exported object, its module imported on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vocab.coverage' has no attribute {name!r}")
    return getattr(import_module(f"vocab.coverage.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The exported names."""
    return list(__all__)
