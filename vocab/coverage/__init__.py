"""How well tokenizers cover a certified corpus: what a text costs, what became of terms and numbers, what an extension changed.

    from vocab.coverage import cover, open_tokenizer
    readers = [open_tokenizer(path) for path in paths]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocab.coverage.covering import SPLITTER, Cost, Coverage, Covered, Reader, cover, measure, open_tokenizer, term_pattern

__all__ = ["SPLITTER", "Cost", "Coverage", "Covered", "Reader", "cover", "measure", "open_tokenizer", "term_pattern"]


def __getattr__(name: str) -> Any:
    """The exported object, its module imported on first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'vocab.coverage' has no attribute {name!r}")
    return getattr(import_module("vocab.coverage.covering"), name)


def __dir__() -> list[str]:
    """The exported names."""
    return list(__all__)
