"""Tries tokenizers on texts that no corpus is needed for: terms in every context, every token's own text, aligned sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vocab.coverage.arrays import Ints
from vocab.coverage.desk import Desk
from vocab.coverage.intervals import interval, keys_of, replicates
from vocab.coverage.placing import alone, encoded_flat, place
from vocab.coverage.readers import Reader
from vocab.coverage.spans import Spans, Texts, texts_of
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
            texts = texts_of([head + term + tail for term in tried[part]])
            encoded = desk.encode(texts.texts, whole=True)
            for place_, reader in enumerate(desk.readers):
                ids, sizes = encoded.get(place_) or encoded_flat(reader.ids(texts.texts, inside=False))
                single[place_][part] = _single(reader, texts, ids, sizes, head, tail)
        for place_, flags in enumerate(single):
            found[place_].append(InContext(name, at, flags))
    return [tuple(rows) for rows in found]


def unreachable(desk: Desk) -> list[Unreachable | None]:
    """Which ids each tokenizer never gives; None where its tokens do not say what text they stand for.

    The text of an id is encoded as it stands inside a longer one, and one that begins with a space also without that space
    as a whole text, to which some tokenizers put it.
    """
    own = [_own_texts(reader) for reader in desk.readers]
    missed: list[list[tuple[str, int]]] = [[] for _ in own]
    every = list(dict.fromkeys(text for texts, _ in own for text in texts))
    for start in range(0, len(every), TOGETHER):
        part = every[start : start + TOGETHER]
        encoded = desk.encode(part, whole=False)
        for at, (texts, _) in enumerate(own):
            ids, sizes = encoded.get(at) or encoded_flat(desk.readers[at].ids(part, inside=True))
            given = _single_ids(ids, sizes)
            missed[at] += [
                (text, one) for text, got in zip(part, given, strict=True) for one in texts.get(text, ()) if one != got
            ]
    return [
        Unreachable(len(_never(reader, rows)), not_text) if texts else None
        for reader, rows, (texts, not_text) in zip(desk.readers, missed, own, strict=True)
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


def _own_texts(reader: Reader) -> tuple[dict[str, list[int]], int]:
    """The texts that ids stand for, added ones aside, and how many ids are no text alone."""
    tokens = reader.tokens
    data = tokens.blob.tobytes()
    found: dict[str, list[int]] = {}
    not_text = 0
    for number in sorted(set(reader.origin.vocab.values()) - set(reader.origin.added.values())):
        start = int(tokens.start[number])
        try:
            text = data[start : start + int(tokens.size[number])].decode() if tokens.plain[number] else ""
        except UnicodeDecodeError:
            text = ""
        if text:
            found.setdefault(text, []).append(number)
        else:
            not_text += 1
    return found, not_text


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


def _single(
    reader: Reader, texts: Texts, ids: npt.NDArray[np.int32], sizes: Ints, head: str, tail: str
) -> npt.NDArray[np.bool_]:
    """Where what stands between `head` and `tail` is one token."""
    placed = place(reader, texts, ids, sizes, inside=False)
    every = np.arange(len(texts.texts))
    start, end = texts.bounds[:-1] + len(head.encode()), texts.bounds[1:] - len(tail.encode())
    return alone(reader, texts, placed, Spans(every, every, start, end))
