"""Tries tokenizers on texts that no corpus is needed for: terms in every context, every token's own text, aligned sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vocab.coverage.arrays import Ints
from vocab.coverage.desk import Desk
from vocab.coverage.encoding import cuts_by_patterns
from vocab.coverage.intervals import interval, keys_of, replicates
from vocab.coverage.placing import alone, encoded_flat, place
from vocab.coverage.readers import Reader
from vocab.coverage.spans import Spans, texts_of
from vocab.show import pieces
from vocab.trials import CONTEXTS, fitting

TOGETHER = 20_000
"""Texts that are placed together."""
SPACE = "space"
"""The context in which a term stands by itself after a space."""


@dataclass(frozen=True, slots=True)
class InContext:
    """Terms in one context: which were tried, as places in the list of terms, and which of these are one token."""

    context: str
    tried: Ints
    single: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Ids, added ones aside, that never come out for their own text, and ids that are no text alone."""

    ids: int
    not_text: int


@dataclass(frozen=True, slots=True)
class Parity:
    """Tokens of aligned text in English and Korean, and the 95 % interval of Korean to English by pair."""

    tokens_en: int
    tokens_ko: int
    interval: tuple[float, float] | None


def in_contexts(desk: Desk, at: int, terms: Sequence[str]) -> tuple[InContext, ...]:
    """How `terms` fare in each context with the tokenizer in place `at`."""
    number = {term: place_ for place_, term in enumerate(terms)}
    found = []
    for name, head, tail in CONTEXTS:
        tried = fitting(name, terms)
        parts = [
            _single(desk, at, [head + term + tail for term in tried[start : start + TOGETHER]], head, tail)
            for start in range(0, len(tried), TOGETHER)
        ]
        single = np.concatenate([np.zeros(0, np.bool_), *parts])
        found.append(InContext(name, np.array([number[term] for term in tried], np.int64), single))
    return tuple(found)


def unreachable(desk: Desk, at: int) -> Unreachable | None:
    """Which ids the tokenizer in place `at` never gives; None where tokens do not say what text they stand for."""
    reader = desk.readers[at]
    tokens = reader.tokens
    added = set(reader.origin.added.values())
    ids: list[int] = []
    texts: list[str] = []
    not_text = 0
    for number in sorted(set(reader.origin.vocab.values()) - added):
        if not tokens.plain[number]:
            not_text += 1
            continue
        data = tokens.blob[tokens.start[number] : tokens.start[number] + tokens.size[number]].tobytes()
        try:
            texts.append(data.decode())
        except UnicodeDecodeError:
            not_text += 1
            continue
        ids.append(number)
    if not ids:
        return None
    never = 0
    for start in range(0, len(ids), TOGETHER):
        flat, sizes = desk.encode(at, texts[start : start + TOGETHER])
        first = np.minimum(np.cumsum(sizes) - sizes, max(len(flat) - 1, 0))
        wanted = np.array(ids[start : start + TOGETHER])
        never += int(np.count_nonzero((sizes != 1) | (flat[first] != wanted))) if len(flat) else len(wanted)
    return Unreachable(never, not_text)


def parity(reader: Reader, pairs: Sequence[tuple[str, str]]) -> Parity:
    """What aligned sentences cost in English and in Korean."""
    english, korean = (
        np.array([len(ids) for ids in reader.ids([pair[side] for pair in pairs], inside=False)], np.int64)
        for side in (0, 1)
    )
    sums = replicates(keys_of([f"pair {at}" for at in range(len(pairs))]), np.stack([english, korean], axis=1))
    return Parity(int(english.sum()), int(korean.sum()), interval(sums[:, 1], sums[:, 0]) if len(pairs) > 1 else None)


def cut_after_space(reader: Reader, text: str) -> list[tuple[str, int]]:
    """The pieces of `text` where it stands after a word and a space, and how many tokens each takes."""
    whole = f"a {text}"
    cut = pieces(reader.offsets([whole])[0][0])
    return [(whole[max(one.start, 1) : one.end], one.tokens) for one in cut if one.end > 2]


def _single(desk: Desk, at: int, texts: Sequence[str], head: str, tail: str) -> npt.NDArray[np.bool_]:
    reader = desk.readers[at]
    listed = texts_of(texts)
    quick = desk.plan.ways[at].units and cuts_by_patterns(reader)
    ids, sizes = desk.encode(at, texts) if quick else encoded_flat(reader.ids(texts, inside=False))
    placed = place(reader, listed, ids, sizes, inside=False)
    every = np.arange(len(texts))
    start = listed.bounds[:-1] + len(head.encode())
    return alone(listed, placed, Spans(every, every, start, listed.bounds[1:] - len(tail.encode())))
