"""Tries tokenizers on texts that no corpus is needed for: terms in every context, every token's own text, aligned sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vocab.coverage.arrays import Ints, alike, rows_of
from vocab.coverage.desk import Desk
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


def in_contexts(desk: Desk, terms: Sequence[str]) -> list[tuple[InContext, ...]]:
    """How `terms` fare in each context, by tokenizer."""
    number = {term: place_ for place_, term in enumerate(terms)}
    found: list[list[InContext]] = [[] for _ in desk.readers]
    for name, head, tail in CONTEXTS:
        tried = fitting(name, terms)
        at = np.array([number[term] for term in tried], np.int64)
        single = [np.zeros(len(tried), np.bool_) for _ in desk.readers]
        for start in range(0, len(tried), TOGETHER):
            part = slice(start, start + TOGETHER)
            for place_, flags in enumerate(_single(desk, tried[part], head, tail)):
                single[place_][part] = flags
        for place_, flags in enumerate(single):
            found[place_].append(InContext(name, at, flags))
    return [tuple(rows) for rows in found]


def unreachable(desk: Desk, used: Sequence[Ints]) -> list[Unreachable | None]:
    """Which ids each tokenizer never gives; None where its tokens do not say what text they stand for.

    An id that was `used`, by tokenizer, is one that it gives. The text of any other is encoded as it stands inside a longer
    one, and one that begins with a space also without that space as a whole text, to which some tokenizers put it.
    """
    own = [_own_texts(reader, frozenset(ids.tolist())) for reader, ids in zip(desk.readers, used, strict=True)]
    missed: list[list[tuple[str, int]]] = [[] for _ in own]
    every = list(dict.fromkeys(text for texts, *_ in own for text in texts))
    for start in range(0, len(every), TOGETHER):
        part = every[start : start + TOGETHER]
        encoded = desk.encode(part, whole=False)
        for at, (texts, *_) in enumerate(own):
            ids, sizes = encoded.get(at) or encoded_flat(desk.readers[at].ids(part, inside=True))
            given = _single_ids(ids, sizes)
            missed[at] += [
                (text, one) for text, got in zip(part, given, strict=True) for one in texts.get(text, ()) if one != got
            ]
    return [
        Unreachable(len(_never(reader, rows)), not_text) if says else None
        for reader, rows, (_, not_text, says) in zip(desk.readers, missed, own, strict=True)
    ]


def _single_ids(ids: npt.NDArray[np.int32], sizes: Ints) -> list[int]:
    """For each text its id where it has one alone, else -1."""
    first = np.append(ids, 0)[np.minimum(np.cumsum(sizes) - sizes, len(ids))]
    found: list[int] = np.where(sizes == 1, first, -1).tolist()
    return found


def _never(reader: Reader, rows: Sequence[tuple[str, int]]) -> list[int]:
    """Those ids of `rows` that no whole text gives either, of which the tokenizer makes the text of the id."""
    spaced = [(text[1:], one) for text, one in rows if len(text) > 1 and text[0] == " "]
    ids, sizes = encoded_flat(reader.ids([text for text, _ in spaced], inside=False))
    found = {one for (_, one), got in zip(spaced, _single_ids(ids, sizes), strict=True) if one == got}
    return [one for _, one in rows if one not in found]


def _own_texts(reader: Reader, used: frozenset[int]) -> tuple[dict[str, list[int]], int, bool]:
    """The texts of ids that are not `used`, how many ids are no text alone, and whether any is one; added ones aside."""
    tokens = reader.tokens
    data = tokens.blob.tobytes()
    found: dict[str, list[int]] = {}
    numbers = sorted(set(reader.origin.vocab.values()) - set(reader.origin.added.values()))
    not_text = 0
    for number in numbers:
        start = int(tokens.start[number])
        try:
            text = data[start : start + int(tokens.size[number])].decode() if tokens.plain[number] else ""
        except UnicodeDecodeError:
            text = ""
        if not text:
            not_text += 1
        elif number not in used:
            found.setdefault(text, []).append(number)
    return found, not_text, not_text < len(numbers)


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


def _single(desk: Desk, terms: Sequence[str], head: str, tail: str) -> list[npt.NDArray[np.bool_]]:
    """Which of `terms` are one token between `head` and `tail`, by tokenizer."""
    texts = [head + term + tail for term in terms]
    own = desk.encode(texts, whole=True)
    encoded = [own.get(at) or encoded_flat(one.ids(texts, inside=False)) for at, one in enumerate(desk.readers)]
    found: dict[int, npt.NDArray[np.bool_]] = {}
    for at, base in sorted(enumerate(desk.plan.extends), key=lambda pair: pair[1] is not None):
        reader = desk.readers[at]
        if base not in found:
            found[at] = _is_single(reader, texts, *encoded[at], head, tail)
            continue
        changed = np.flatnonzero(~alike(encoded[base], encoded[at]))  # the same tokens are as good as they were
        found[at] = found[base].copy()
        found[at][changed] = _is_single(
            reader, [texts[one] for one in changed.tolist()], *rows_of(*encoded[at], changed), head, tail
        )
    return [found[at] for at in range(len(desk.readers))]


def _is_single(
    reader: Reader, texts: Sequence[str], ids: npt.NDArray[np.int32], sizes: Ints, head: str, tail: str
) -> npt.NDArray[np.bool_]:
    """Where what stands between `head` and `tail` is one token."""
    held = texts_of(texts)
    placed = place(reader, held, ids, sizes, inside=False)
    every = np.arange(len(texts))
    start, end = held.bounds[:-1] + len(head.encode()), held.bounds[1:] - len(tail.encode())
    return alone(reader, held, placed, Spans(every, every, start, end))
