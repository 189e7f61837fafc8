"""What the Korean model sees of a syllable: itself, its neighbours, the parts of its run, and the words that stand there.

A run is Hangul without a blank: `홍길동은` has the parts `홍길동` and `은` after its third syllable. Parts are hashed, so that
the model learns of name, title and particle what it has read of each, wherever it is written. Words are those of a lexicon of
hashes in the weights: which persons, nouns and places begin and end at a syllable. The architecture is known to spaCy by the
entry point `assay.Syllables.v1`.
"""

import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Maxout, Model, chain, concatenate, list2ragged, ragged2list, with_array
from thinc.layers import HashEmbed

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

Hashes = NDArray[np.uint64]
Flags = NDArray[np.uint8]

PERSON, NOUN, PLACE, OTHER = 1, 2, 4, 8
"""Classes of a word of the lexicon, as bits."""

LONGEST = 6
"""Syllables of the longest word that is looked up."""

FEATURES = (
    "syllable", "pair before", "pair after", "three", "run to here", "run after here", "run", "run before", "run behind",
    "persons", "nouns", "places", "position", "shape",
)  # fmt: skip
"""The columns, in order; each has its rows in the configuration."""

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)


def syllables(width: int, embed_width: int, rows: list[int]) -> Model[list["Doc"], list[Any]]:
    """Embeds the tokens of documents: one table of `rows` for each of `FEATURES`, mixed to vectors of `width`."""
    if len(rows) != len(FEATURES):
        raise ValueError(f"rows: {len(FEATURES)} numbers are needed, one for each of {', '.join(FEATURES)}")
    tables: list[Model[Any, Any]] = [
        HashEmbed(embed_width, count, column=column, seed=column + 7) for column, count in enumerate(rows)
    ]
    mixed = Maxout(width, embed_width * len(rows), nP=3, dropout=0.0, normalize=True)
    model: Model[list[Doc], list[Any]] = chain(
        Model("assay_syllables", _forward, attrs={"lexicon": b""}),
        list2ragged(),
        with_array(concatenate(*tables)),
        with_array(mixed),
        ragged2list(),
    )
    return model


def set_lexicon(model: Model[Any, Any], words: dict[str, int]) -> None:
    """Puts words and their classes into a model, as hashes."""
    classes: dict[int, int] = {}
    for word, kinds in words.items():
        key = word_hash(word)
        classes[key] = classes.get(key, 0) | kinds
    keys = np.array(sorted(classes), np.uint32)
    steps = np.diff(keys, prepend=np.uint32(0)).astype("<u4")
    planes = steps.view(np.uint8).reshape(-1, 4).T.tobytes()
    packed = zlib.compress(planes + bytes(classes[int(key)] for key in keys), 9)
    for node in model.walk():
        if node.name == "assay_syllables":
            node.attrs["lexicon"] = packed


class Lexicon:
    """The words that a pipeline holds; one without the embedding of this module holds none."""

    def __init__(self, nlp: "Language") -> None:
        model = nlp.get_pipe("tok2vec").model if nlp.has_pipe("tok2vec") else None
        nodes = [] if model is None else [node for node in model.walk() if node.name == "assay_syllables"]
        self._keys, self._classes = _lexicon(nodes[0].attrs["lexicon"] if nodes else b"")

    def kinds(self, word: str) -> int:
        """The classes of a word, as bits; 0 of an unknown one."""
        if not 2 <= len(word) <= LONGEST:
            return 0
        key = word_hash(word)
        place = int(np.searchsorted(self._keys, np.uint32(key)))
        return int(self._classes[place]) if place < len(self._keys) and self._keys[place] == key else 0


@lru_cache(4)
def _lexicon(packed: bytes) -> tuple[NDArray[np.uint32], Flags]:
    """The sorted hashes of words, and the classes of each: packed as the four bytes of each step apart, then the classes."""
    data = np.frombuffer(zlib.decompress(packed) if packed else b"", np.uint8)
    planes, classes = data[: len(data) // 5 * 4], data[len(data) // 5 * 4 :]
    steps = np.ascontiguousarray(planes.reshape(4, -1).T).view("<u4").ravel() if len(planes) else np.zeros(0, np.uint32)
    return np.cumsum(steps, dtype=np.uint32), classes


def _forward(model: Model[Any, Any], docs: Sequence["Doc"], is_train: bool) -> tuple[list[Any], Any]:  # noqa: ARG001
    features = columns(docs, *_lexicon(model.attrs["lexicon"]))
    ends = np.cumsum([len(doc) for doc in docs])[:-1]
    return np.split(features, ends), lambda _: []


def columns(docs: Sequence["Doc"], keys: NDArray[np.uint32], classes: Flags) -> Hashes:
    """The features of every token of some documents, (tokens, `len(FEATURES)`)."""
    from spacy.attrs import NORM, SHAPE, SPACY

    if not sum(map(len, docs)):
        return np.zeros((0, len(FEATURES)), np.uint64)
    table = np.concatenate([doc.to_array([NORM, SHAPE, SPACY]).astype(np.uint64) for doc in docs if len(doc)])
    ids, shapes, spaces = table[:, 0], table[:, 1], table[:, 2].astype(bool)
    count = len(ids)
    first = np.zeros(count, bool)
    first[np.cumsum([0, *(len(doc) for doc in docs if len(doc))])[:-1]] = True
    hangul = shapes == _shape_of_a_syllable()
    fresh = first | ~hangul
    fresh[1:] |= spaces[:-1] | ~hangul[:-1]
    run = np.cumsum(fresh) - 1
    starts = np.flatnonzero(fresh)
    stops = np.append(starts[1:], count)
    start, stop = starts[run], stops[run]
    place = np.arange(count)
    part = _Parts(ids)

    gap = np.where(spaces, np.uint64(3), np.uint64(1))
    before = np.where(first, np.uint64(0), np.roll(ids * gap, 1))
    last = np.roll(first, -1)
    after = np.where(last, np.uint64(0), np.roll(ids, -1) * gap)
    whole = part(starts, stops)
    doc_of_run = np.cumsum(first)[starts]
    earlier, later = np.roll(whole, 1), np.roll(whole, -1)
    earlier[np.append(True, doc_of_run[1:] != doc_of_run[:-1])] = 0
    later[np.append(doc_of_run[1:] != doc_of_run[:-1], True)] = 0

    begin, end, at_start = _words(part, place, start, stop, keys, classes)
    position = np.minimum(place - start, 7), np.minimum(stop - start, 9)
    return np.stack(
        [
            ids,
            _mix(before * np.uint64(5) + ids),
            _mix(after * np.uint64(7) + ids),
            _mix(before * np.uint64(5) + after * np.uint64(7) + ids),
            part(start, place + 1),
            part(place + 1, stop),
            whole[run],
            earlier[run],
            later[run],
            _pack(begin[PERSON], end[PERSON], at_start[PERSON]),
            _pack(begin[NOUN], end[NOUN], at_start[NOUN]),
            _pack(begin[PLACE], end[PLACE], begin[OTHER], end[OTHER]),
            _pack(*position, at_start[PERSON], at_start[NOUN]),
            shapes * gap,
        ],
        axis=1,
    )


class _Parts:
    """Hashes of the stretches of a sequence of tokens, by prefix sums."""

    def __init__(self, ids: Hashes) -> None:
        powers = np.ones(len(ids) + 1, np.uint64)
        inverse = powers.copy()
        powers[1:] = _BASE
        inverse[1:] = _INVERSE
        powers, self.inverse = np.cumprod(powers), np.cumprod(inverse)
        self.sums = np.append(np.uint64(0), np.cumsum(ids * powers[:-1]))

    def __call__(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Hashes:
        return _mix((self.sums[stop] - self.sums[start]) * self.inverse[start])


def _words(
    part: _Parts, place: Any, start: Any, stop: Any, keys: NDArray[np.uint32], classes: Flags
) -> tuple[dict[int, Any], dict[int, Any], dict[int, Any]]:
    """By class: the syllables of the longest word that begins at each token, that ends there, and that begins its run."""
    count = len(place)
    begin = {kind: np.zeros(count, np.uint64) for kind in (PERSON, NOUN, PLACE, OTHER)}
    end = {kind: np.zeros(count, np.uint64) for kind in begin}
    for length in range(2, LONGEST + 1):
        at = place[place + length <= stop]
        if not len(at) or not len(keys):
            break
        wanted = (part(at, at + length) >> np.uint64(32)).astype(np.uint32)
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        hit = np.where(keys[found] == wanted, classes[found], 0)
        for kind, lengths in begin.items():
            here = at[(hit & kind) > 0]
            lengths[here] = length
            end[kind][here + length - 1] = length
    return begin, end, {kind: lengths[start] for kind, lengths in begin.items()}


def _pack(*small: Any) -> Hashes:
    """Small numbers as one."""
    packed = np.zeros(len(small[0]), np.uint64)
    for numbers in small:
        packed = packed * np.uint64(16) + numbers.astype(np.uint64)
    return packed + np.uint64(1)


def _mix(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return values ^ (values >> np.uint64(29))


@cache
def _shape_of_a_syllable() -> np.uint64:
    from spacy.strings import get_string_id

    return np.uint64(get_string_id("x"))


@lru_cache(65_536)
def word_hash(word: str) -> int:
    """What the lexicon holds of a word of Hangul."""
    from spacy.strings import get_string_id

    total, power = 0, 1
    for letter in word:
        total += get_string_id(letter) * power
        power = power * _BASE % (1 << 64)
    return int(_mix(np.array([total % (1 << 64)], np.uint64))[0]) >> 32
