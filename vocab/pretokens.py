"""Counts the pre-tokens of a corpus: exact, mergeable with `+`, and all that BPE needs to know of a text.

A pre-token is what the base's pre-tokenizer hands to the merges, spelled in the byte alphabet. Special and other added
tokens that stand in a text as such are cut out first, as the tokenizer does.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from vocab.base import Base
from vocab.byte_alphabet import spell

if TYPE_CHECKING:
    from collections.abc import Callable

    from govern.attestation import CertifiedCorpus

BATCH_DOCUMENTS = 256
"""Documents that are encoded together."""


def batches(corpus: "CertifiedCorpus", *, held_out: bool = False) -> Iterator[list[tuple[str, str]]]:
    """The documents of a certified corpus as lists of (text, lang), each shard hashed as it is parsed.

    Args:
        corpus: what `govern.attestation.verify` returned.
        held_out: the held-out part instead of the part to train on.
    """
    from govern.corpus import read_certified

    for shard in corpus.held_out if held_out else corpus.documents:
        frame = read_certified(shard)
        rows = list(zip(frame["text"].to_list(), frame["lang"].to_list(), strict=True))
        for start in range(0, len(rows), BATCH_DOCUMENTS):
            yield rows[start : start + BATCH_DOCUMENTS]


def histogram(base: Base, texts: Iterable[str]) -> Counter[str]:
    """How often each pre-token stands in `texts`."""
    tokenizer = base.tokenizer()
    pre_tokenizer, normalizer = tokenizer.pre_tokenizer, tokenizer.normalizer
    added = [re.escape(token) for token in sorted(base.added, key=lambda token: (-len(token), token)) if token]
    apart = re.compile("|".join(added)) if added else None
    counts: Counter[str] = Counter()
    for text in texts:
        for part in apart.split(text) if apart else (text,):
            plain = normalizer.normalize_str(part) if normalizer else part
            counts.update(pretoken for pretoken, _ in pre_tokenizer.pre_tokenize_str(plain))
    return counts


def whole(base: Base) -> "Callable[[str], str]":
    """A function from a text to its only pre-token, or '' where the pre-tokenizer cuts or changes it."""
    inner = base.inner()

    def only(text: str) -> str:
        plain = inner.normalizer.normalize_str(text) if inner.normalizer else text
        pieces = inner.pre_tokenizer.pre_tokenize_str(plain)
        spelled = spell(plain)
        return spelled if [piece for piece, _ in pieces] == [spelled] else ""

    return only


def holding(pretokens: Iterable[str], terms: Iterable[str]) -> frozenset[str]:
    """Those of `pretokens` that hold one of `terms`, both spelled in the byte alphabet."""
    wanted = {term for term in terms if term}
    if not wanted:
        return frozenset()
    head = min(2, *(len(term) for term in wanted))
    by_head: dict[str, list[str]] = {}
    for term in sorted(wanted):
        by_head.setdefault(term[:head], []).append(term)
    return frozenset(
        pretoken
        for pretoken in pretokens
        if any(
            pretoken.startswith(term, at)
            for at in range(len(pretoken) - head + 1)
            for term in by_head.get(pretoken[at : at + head], ())
        )
    )
