"""Extends a tokenizer with financial terms and proves what that did.

>>> from pathlib import Path
>>> from vocab import load_base, load_terms
>>> load_terms("finance-ko").entries[0].term
'금리'
>>> load_base(Path("base"))  # doctest: +SKIP

`extend`, `cover` and `check` take the `CertifiedCorpus` that `govern.attestation.verify` returns, never a path.
"""

from importlib import import_module
from typing import Any

_WHERE = {
    "Base": ("vocab.base", "Base"),
    "Coverage": ("vocab.coverage", "Coverage"),
    "Embedded": ("vocab.embed", "Embedded"),
    "ExtendedTokenizer": ("vocab.extend", "ExtendedTokenizer"),
    "Proof": ("vocab.proof", "Proof"),
    "VocabError": ("vocab.errors", "VocabError"),
    "VocabRefused": ("vocab.errors", "VocabRefused"),
    "cover": ("vocab.coverage", "cover"),
    "load_base": ("vocab.base", "load"),
    "load_terms": ("vocab.term_lists", "load"),
    "write_base": ("vocab.train_base", "write_base"),
}

__all__ = sorted(_WHERE)  # noqa: PLE0605 (a sorted list of names)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'vocab' has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)
