"""Places tokens in texts, in bytes, and counts what they cost: whole texts, numbers, digit runs, terms.

Where the tokens of a text spell its bytes one after the other, their places follow from their lengths; where a normalizer, an
unknown token or a missing byte stands between, the tokenizer's own offsets say it, and a token that holds part of a character
stands where the character does. A term or a number costs the tokens that hold a byte of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from vocab.coverage.arrays import Ints, places, sums
from vocab.coverage.readers import Offsets, Reader
from vocab.coverage.spans import Found, Spans, Texts

WHITE = np.isin(np.arange(256), list(b" \t\n\r\x0b\x0c"))


@dataclass(frozen=True)
class Placed:
    """The tokens of texts: ids, their places in bytes of all texts, and by text how many are odd in some way."""

    ids: npt.NDArray[np.int32]
    sizes: Ints
    start: Ints
    end: Ints
    partial: Ints
    divided: Ints
    lost: Ints
    otherwise: npt.NDArray[np.bool_]
    """By text: its tokens do not spell its bytes."""


@dataclass(frozen=True)
class Costs:
    """What `Found` costs, row by row: tokens that hold a byte of it, and what is asked of numbers, runs and terms."""

    number_tokens: Ints
    number_single: npt.NDArray[np.bool_]
    hits: Ints
    cuts: Ints
    fused: Ints
    broken: npt.NDArray[np.bool_]
    run_cuts: Ints
    """Where runs are cut: bit `n` for a cut after digit `n`."""
    term_tokens: Ints
    term_single: npt.NDArray[np.bool_]


def place(reader: Reader, texts: Texts, ids: npt.NDArray[np.int32], sizes: Ints, *, inside: bool) -> Placed:
    """The places of the tokens `ids`, `sizes` of them in each text."""
    tokens = reader.tokens
    lengths = tokens.size[ids]
    plain = sums(~tokens.plain[ids], sizes) == 0
    fits = plain & (sums(lengths, sizes) == texts.sizes)
    fits &= ~_differs(reader, texts, ids, sizes, fits)
    shift = np.repeat(texts.bounds[:-1], sizes)
    ends = np.cumsum(lengths)
    before = np.repeat(np.concatenate(([0], ends))[np.cumsum(sizes) - sizes], sizes)
    end = ends - before + shift
    start = end - lengths
    partial, divided = _partial(texts, start, end, sizes)
    lost = np.zeros(len(sizes), np.int64)
    odd = np.flatnonzero(~fits)
    if len(odd):
        first = np.cumsum(sizes) - sizes
        encoded = reader.encode([texts.texts[at] for at in odd.tolist()], inside=inside)
        for at, one in zip(odd.tolist(), encoded, strict=True):
            where = slice(int(first[at]), int(first[at] + sizes[at]))
            offsets = list(one.offsets)
            start[where], end[where] = _by_offsets(texts, at, offsets)
            partial[at], divided[at], lost[at] = _counts(texts.texts[at], offsets)
    return Placed(ids, sizes, start, end, partial, divided, lost, ~fits)


def costs(reader: Reader, texts: Texts, placed: Placed, found: Found) -> Costs:
    """What everything that was found costs."""
    numbers, terms, runs = found.numbers, found.terms, found.runs
    number_first, number_last = _covering(placed, numbers)
    term_first, term_last = _covering(placed, terms)
    fused = np.concatenate(([0], np.cumsum(reader.tokens.fused[placed.ids]))) if len(placed.ids) else np.zeros(1, np.int64)
    starts = _distinct(placed.start)
    cut = np.zeros(len(found.boundary), np.bool_)
    if len(starts) and len(found.boundary):
        near = np.minimum(np.searchsorted(starts, found.boundary), len(starts) - 1)
        cut = starts[near] == found.boundary
    return Costs(
        number_last - number_first,
        _single(texts, placed, numbers, number_first, number_last),
        np.bincount(found.boundary_of, cut, len(numbers.text)).astype(np.int64),
        _within(starts, numbers)[1],
        fused[number_last] - fused[number_first],
        _broken(reader, texts, placed, numbers),
        _patterns(starts, runs),
        term_last - term_first,
        _single(texts, placed, terms, term_first, term_last),
    )


def _differs(
    reader: Reader, texts: Texts, ids: npt.NDArray[np.int32], sizes: Ints, fits: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """By text that `fits` in length: its tokens spell other bytes."""
    tokens = reader.tokens
    of_fitting = np.repeat(fits, sizes)
    chosen = ids[of_fitting]
    spelled = tokens.blob[places(tokens.start[chosen], tokens.size[chosen])]
    bytes_ = texts.sizes
    wanted = texts.blob[places(texts.bounds[:-1][fits], bytes_[fits])]
    result = np.zeros(len(sizes), np.bool_)
    result[fits] = sums(spelled != wanted, bytes_[fits]) > 0
    return result


def _partial(texts: Texts, start: Ints, end: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """By text: tokens that begin or end inside a character, and characters that are divided between tokens."""
    goes_on = np.append((texts.blob & 0xC0) == 0x80, False)
    last = len(goes_on) - 1
    begins, ends = goes_on[np.minimum(start, last)], goes_on[np.minimum(end, last)]
    character = np.cumsum(~goes_on)
    lead = character[np.minimum(start, last)]
    again = np.zeros(len(start), np.bool_)
    again[1:] = begins[:-1] & begins[1:] & (lead[1:] == lead[:-1])
    return sums(begins | ends, sizes), sums(begins & ~again, sizes)


def _by_offsets(texts: Texts, at: int, offsets: Offsets) -> tuple[Ints, Ints]:
    """The places of the tokens of one text by the offsets in code points, none before the one before it."""
    text = texts.texts[at]
    byte_at = np.concatenate(([0], np.cumsum([len(character.encode()) for character in text], dtype=np.int64)))
    pairs = np.array(offsets, np.int64).reshape(-1, 2)
    first = texts.bounds[at]
    start, end = (first + byte_at[pairs[:, side]] for side in (0, 1))
    return np.maximum.accumulate(start), np.maximum.accumulate(end)


def _counts(text: str, offsets: Offsets) -> tuple[int, int, int]:
    """Tokens that share a character with another, characters that are shared, characters in no token (spaces aside)."""
    shared = {one[0] for one, two in pairwise(offsets) if two[0] < one[1]}
    alike = [two[0] < one[1] for one, two in pairwise(offsets)]
    partial = sum(one or two for one, two in zip([False, *alike], [*alike, False], strict=True)) if offsets else 0
    lost, at = 0, 0
    for start, end in offsets:
        if start > at:
            lost += len("".join(text[at:start].split()))
        at = max(at, end)
    return partial, len(shared), lost + len("".join(text[at:].split()))


def _covering(placed: Placed, spans: Spans) -> tuple[Ints, Ints]:
    """The first token that holds a byte of each span, and the one after the last."""
    return np.searchsorted(placed.end, spans.start, "right"), np.searchsorted(placed.start, spans.end, "left")


def alone(texts: Texts, placed: Placed, spans: Spans) -> npt.NDArray[np.bool_]:
    """Where one token holds a span, and nothing but white space with it."""
    return _single(texts, placed, spans, *_covering(placed, spans))


def _single(texts: Texts, placed: Placed, spans: Spans, first: Ints, last: Ints) -> npt.NDArray[np.bool_]:
    result: npt.NDArray[np.bool_] = (last - first) == 1
    if not len(placed.start):
        return result
    token = np.minimum(first, len(placed.start) - 1)
    ink = np.concatenate(([0], np.cumsum(~WHITE[texts.blob])))
    begins = np.minimum(placed.start[token], spans.start)
    result &= (placed.end[token] == spans.end) & (ink[spans.start] == ink[begins])
    return result


def _distinct(sorted_places: Ints) -> Ints:
    keep = np.ones(len(sorted_places), np.bool_)
    keep[1:] = sorted_places[1:] != sorted_places[:-1]
    return sorted_places[keep]


def _within(starts: Ints, spans: Spans) -> tuple[Ints, Ints]:
    """The first of `starts` that is strictly inside each span, and how many are."""
    first = np.searchsorted(starts, spans.start, "right")
    return first, np.maximum(np.searchsorted(starts, spans.end, "left") - first, 0)


def _patterns(starts: Ints, runs: Spans) -> Ints:
    first, count = _within(starts, runs)
    after = starts[places(first, count)] - np.repeat(runs.start, count)
    return sums(np.left_shift(1, after), count)


def _broken(reader: Reader, texts: Texts, placed: Placed, numbers: Spans) -> npt.NDArray[np.bool_]:
    """Numbers that the tokens of their text do not decode to again."""
    result = np.zeros(len(numbers.text), np.bool_)
    rows = np.flatnonzero(placed.otherwise[numbers.text])
    first = np.cumsum(placed.sizes) - placed.sizes
    decoded: dict[int, str] = {}
    for row in rows.tolist():
        at = int(numbers.text[row])
        if at not in decoded:
            decoded[at] = reader.decoded(placed.ids[first[at] : first[at] + placed.sizes[at]].tolist())
        said = texts.blob[numbers.start[row] : numbers.end[row]].tobytes().decode()
        result[row] = said not in decoded[at]
    return result


def encoded_flat(rows: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int32], Ints]:
    """Lists of ids as one array, and their lengths."""
    sizes = np.array([len(row) for row in rows], np.int64)
    flat: Any = np.fromiter((one for row in rows for one in row), np.int32, int(sizes.sum()))
    return flat, sizes
