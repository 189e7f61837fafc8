"""Places tokens in texts, in bytes, and counts what they cost: whole texts, numbers, digit runs, terms.

Where the tokens of a text spell its bytes one after the other, their places follow from their lengths; where a normalizer, an
unknown token or a missing byte stands between, the tokenizer's own offsets say it, and a token that holds part of a character
stands where the character does. A term or a number costs the tokens that hold a byte of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from vocab.coverage.arrays import Ints, places, sums
from vocab.coverage.readers import Reader
from vocab.coverage.spans import WHITE_POINTS, Found, Spans, Texts, bytes_at, code_points

SPACE = 0x20


@dataclass(frozen=True)
class Placed:
    """The tokens of texts: ids, their places in bytes of all texts, and by text how many are odd in some way."""

    ids: npt.NDArray[np.int32]
    sizes: Ints
    start: Ints
    end: Ints
    begins: npt.NDArray[np.bool_]
    """The token begins where a character does."""
    partial: Ints
    divided: Ints
    lost: Ints
    otherwise: npt.NDArray[np.bool_]
    """By text: its tokens do not spell its bytes."""
    agrees: bool = True
    """The ids of such texts are those of the library, which says where they stand."""


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
    more = sums(lengths, sizes) - texts.sizes
    plain = sums(~tokens.plain[ids], sizes) == 0
    fits = _spell(reader, texts, ids, sizes, plain & (more == 0), 0)
    prefixed = _spell(reader, texts, ids, sizes, plain & (more == 1), 1)
    ends = np.cumsum(lengths)
    before = np.concatenate(([0], ends))[np.cumsum(sizes) - sizes]
    first = np.repeat(texts.bounds[:-1], sizes)
    end = ends - np.repeat(before + prefixed, sizes) + first
    start = np.maximum(end - lengths, first)
    begins, partial, divided = _partial(texts, start, end, sizes)
    lost, agrees = np.zeros(len(sizes), np.int64), True
    odd = np.flatnonzero(~(fits | prefixed))
    if len(odd):
        fronts = np.cumsum(sizes) - sizes
        encoded = reader.encode([texts.texts[at] for at in odd.tolist()], inside=inside)
        for at, one in zip(odd.tolist(), encoded, strict=True):
            where = slice(int(fronts[at]), int(fronts[at] + sizes[at]))
            if one.ids != ids[where].tolist():
                agrees, start[where], end[where] = False, texts.bounds[at], texts.bounds[at]
                continue
            offsets = _offsets(reader, ids[where], one.offsets)
            start[where], end[where] = _by_offsets(texts, at, offsets)
            begins[where] = np.append(True, offsets[1:, 0] >= offsets[:-1, 1])[: len(offsets)]
            partial[at], divided[at], lost[at] = _counts(texts.texts[at], offsets, composes=reader.composes)
    return Placed(ids, sizes, start, end, begins, partial, divided, lost, ~(fits | prefixed), agrees)


def costs(reader: Reader, texts: Texts, placed: Placed, found: Found) -> Costs:
    """What everything that was found costs."""
    numbers, terms, runs = found.numbers, found.terms, found.runs
    number_first, number_last = _covering(placed, numbers)
    term_first, term_last = _covering(placed, terms)
    fused = (
        np.concatenate(([0], np.cumsum(reader.tokens.fused[placed.ids]))) if len(placed.ids) else np.zeros(1, np.int64)
    )
    starts = _distinct(placed.start[placed.begins])
    cut = np.zeros(len(found.boundary), np.bool_)
    if len(starts) and len(found.boundary):
        near = np.minimum(np.searchsorted(starts, found.boundary), len(starts) - 1)
        cut = starts[near] == found.boundary
    return Costs(
        number_last - number_first,
        _single(reader, texts, placed, numbers, number_first, number_last),
        np.bincount(found.boundary_of, cut, len(numbers.text)).astype(np.int64),
        _within(starts, numbers)[1],
        fused[number_last] - fused[number_first],
        _broken(reader, texts, placed, numbers),
        _patterns(starts, runs),
        term_last - term_first,
        _single(reader, texts, placed, terms, term_first, term_last),
    )


def _spell(
    reader: Reader, texts: Texts, ids: npt.NDArray[np.int32], sizes: Ints, chosen: npt.NDArray[np.bool_], spaces: int
) -> npt.NDArray[np.bool_]:
    """Which of the `chosen` texts their tokens spell, byte by byte, after as many `spaces` as the tokenizer puts in front."""
    tokens = reader.tokens
    own = ids[np.repeat(chosen, sizes)]
    spelled = tokens.blob[places(tokens.start[own], tokens.size[own])]
    lengths = texts.sizes[chosen]
    result = chosen.copy()
    if spaces:
        fronts = np.cumsum(lengths + spaces) - lengths - spaces
        result[chosen] = spelled[fronts] == SPACE
        spelled = np.delete(spelled, fronts)
    wanted = texts.blob[places(texts.bounds[:-1][chosen], lengths)]
    result[chosen] &= sums(spelled != wanted, lengths) == 0
    return result


def _partial(texts: Texts, start: Ints, end: Ints, sizes: Ints) -> tuple[npt.NDArray[np.bool_], Ints, Ints]:
    """Tokens that begin where a character does; by text tokens that hold part of one, and characters that are divided."""
    goes_on = np.append((texts.blob & 0xC0) == 0x80, False)
    last = len(goes_on) - 1
    inside, ends = goes_on[np.minimum(start, last)], goes_on[np.minimum(end, last)]
    character = np.cumsum(~goes_on)
    lead = character[np.minimum(start, last)]
    again = np.zeros(len(start), np.bool_)
    again[1:] = inside[:-1] & inside[1:] & (lead[1:] == lead[:-1])
    return ~inside, sums(inside | ends, sizes), sums(inside & ~again, sizes)


def _offsets(reader: Reader, ids: npt.NDArray[np.int32], offsets: Sequence[tuple[int, int]]) -> Ints:
    """The offsets of a text's tokens as rows; a space that was put in front of a character holds nothing of it."""
    rows = np.array(offsets, np.int64).reshape(-1, 2)
    tokens = reader.tokens
    in_front = np.append(rows[1:, 0] < rows[:-1, 1], False)[: len(rows)] & tokens.plain[ids] & (tokens.size[ids] == 1)
    in_front[in_front] = tokens.blob[tokens.start[ids[in_front]]] == SPACE
    rows[in_front, 1] = rows[in_front, 0]
    return rows


def _by_offsets(texts: Texts, at: int, offsets: Ints) -> tuple[Ints, Ints]:
    """The places of the tokens of one text by the offsets in code points, none before the one before it."""
    byte_at = bytes_at(texts.texts[at]) + texts.bounds[at]
    return np.maximum.accumulate(byte_at[offsets[:, 0]]), np.maximum.accumulate(byte_at[offsets[:, 1]])


def _counts(text: str, offsets: Ints, *, composes: bool) -> tuple[int, int, int]:
    """Tokens that share a character with another, characters that are shared, characters in no token (spaces aside).

    A mark that is read with the character before it, where the tokenizer `composes`, stands with that in its token.
    """
    ink = np.concatenate(([0], np.cumsum(~np.isin(code_points(text), WHITE_POINTS))))
    if not len(offsets):
        return 0, 0, int(ink[-1])
    start, end = offsets[:, 0], offsets[:, 1]
    shares = start[1:] < end[:-1]
    partial = np.append(shares, False) | np.append(False, shares)
    reached = np.concatenate(([0], np.maximum.accumulate(end)))
    following = np.append(start, len(text))
    lost = np.maximum(ink[following] - ink[reached], 0)
    for gap in np.flatnonzero(lost).tolist() if composes else ():
        if len(normalize("NFC", text[max(reached[gap] - 1, 0) : following[gap]])) == 1:
            lost[gap] = 0
    return int(np.count_nonzero(partial)), len(np.unique(start[1:][shares])), int(lost.sum())


def _covering(placed: Placed, spans: Spans) -> tuple[Ints, Ints]:
    """The first token that holds a byte of each span, and the one after the last."""
    return np.searchsorted(placed.end, spans.start, "right"), np.searchsorted(placed.start, spans.end, "left")


def alone(reader: Reader, texts: Texts, placed: Placed, spans: Spans) -> npt.NDArray[np.bool_]:
    """Where one token holds a span, and nothing but white space with it."""
    return _single(reader, texts, placed, spans, *_covering(placed, spans))


def _single(
    reader: Reader, texts: Texts, placed: Placed, spans: Spans, first: Ints, last: Ints
) -> npt.NDArray[np.bool_]:
    result: npt.NDArray[np.bool_] = (last - first) == 1
    if not len(placed.start):
        return result
    token = np.minimum(first, len(placed.start) - 1)
    ink = texts.ink
    begins = np.minimum(placed.start[token], spans.start)
    result &= (placed.end[token] == spans.end) & (ink[spans.start] == ink[begins])
    if reader.unknown_id is not None:
        result &= placed.ids[token] != reader.unknown_id  # text that is not read is not one token of its own
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
    """Numbers that the tokens which hold them do not decode to again.

    A token that is the very bytes it stands for needs no decoding; only texts that tokens do not spell are looked at.
    """
    result = np.zeros(len(numbers.text), np.bool_)
    rows = np.flatnonzero(placed.otherwise[numbers.text])
    if not len(rows):
        return result
    tokens = reader.tokens
    first, last = (found[rows] for found in _covering(placed, numbers))
    held = places(first, last - first)
    own = placed.ids[held]
    size = placed.end[held] - placed.start[held]
    same = tokens.plain[own] & (tokens.size[own] == size)
    spelled = tokens.blob[places(tokens.start[own][same], size[same])]
    same[same] = sums(spelled != texts.blob[places(placed.start[held][same], size[same])], size[same]) == 0
    intact = (sums(same, last - first) == last - first) & (
        sums(size, last - first) >= (numbers.end - numbers.start)[rows]
    )
    for row, begin, end in zip(rows[~intact].tolist(), first[~intact].tolist(), last[~intact].tolist(), strict=True):
        said = texts.blob[numbers.start[row] : numbers.end[row]].tobytes().decode()
        result[row] = said not in reader.decoded(placed.ids[begin:end].tolist())
    return result


def encoded_flat(rows: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int32], Ints]:
    """Lists of ids as one array, and their lengths."""
    sizes = np.array([len(row) for row in rows], np.int64)
    flat: Any = np.fromiter((one for row in rows for one in row), np.int32, int(sizes.sum()))
    return flat, sizes
