"""Encodes units: each pre-token once for all tokenizers that cut text alike, and once by the merges of each of them.

Byte-level BPE merges inside pre-tokens alone, so the ids of a unit are those of its pre-tokens. Of an extension, only those are
merged that its base may merge in another way (`vocab.coverage.growth`). A unit that holds an added token, and every unit of a
tokenizer that cuts in another way, is encoded by the library as it stands. `gigatoken` (the extra `fast`) can encode units of
byte-level BPE instead; whoever asks for it compares it with the library.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import WhitespaceSplit

from vocab.base import FAMILY, Base, read_file, read_spec
from vocab.byte_alphabet import spell
from vocab.coverage.arrays import Ints, Numbered, Ragged, sums
from vocab.coverage.growth import Growth, growth
from vocab.coverage.placing import encoded_flat
from vocab.coverage.readers import Reader
from vocab.coverage.spans import LINE
from vocab.cutting import cutting
from vocab.errors import VocabError
from vocab.pretokens import FIRST, added_pattern, cutter

WORDS, PRETOKENS = 1000, 200
"""Texts that are cut, and pre-tokens that are merged, as one text: with more, what the library returns grows slow."""
_LOOKS = re.compile(r"\(\?(?:[=!>]|<[=!])|[*+?]\+|[0-9,]\}\+|\\[bBAzZGK]|[$^]")
"""What makes a pattern look at text that it does not take, or give none of it back."""
_ESCAPED, _CLASS = re.compile(r"\\[^a-zA-Z0-9]"), re.compile(r"\[[^\[\]]*\]")
_DIGITS = (r"\p{N}", r"\p{N}+")
"""Patterns that never take a space, which may stand before the one that words are cut by."""
Ids = npt.NDArray[np.int32]
Encoded = tuple[Ids, Ints]
"""The ids of texts, one text after the other, and how many each has."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a tokenizer counts: by units or by whole documents, and by which engine."""

    units: bool = True
    gigatoken: bool = False


class Encoders:
    """Encodes units by several tokenizers; what two of them have in common is done once."""

    def __init__(self, readers: Sequence[Reader], ways: Sequence[Way], extends: Sequence[int | None] = ()) -> None:
        self._readers = readers
        self.places = tuple(at for at, way in enumerate(ways) if way.units)
        self._quick: dict[int, ByGigatoken] = {}
        self._pretokens: dict[str, PreTokens] = {}
        self._keys: dict[int, str] = {}
        self._by_pretokens: dict[int, ByPreTokens] = {}
        for at in self.places:
            reader = readers[at]
            if not cuts_by_patterns(reader):
                continue
            if ways[at].gigatoken:
                self._quick[at] = ByGigatoken(reader)
            else:
                self._keys[at] = cut_key(reader)
                self._pretokens.setdefault(self._keys[at], PreTokens(_base(reader)))
        # Those without a base first.
        bases = {at: extends[at] if extends else None for at in self._keys}
        for at, base in sorted(bases.items(), key=lambda pair: pair[1] is not None):
            own = None if base is None or self._keys.get(base) != self._keys[at] else self._by_pretokens.get(base)
            self._by_pretokens[at] = ByPreTokens(readers[at], own)

    def encode(self, texts: Sequence[str], *, inside: bool) -> dict[int, Encoded]:
        """The ids of `texts` by each tokenizer that counts by units; by place."""
        cuts = {key: pretokens.cut(texts) for key, pretokens in self._pretokens.items()}
        return {at: self._encode(at, texts, cuts, inside=inside) for at in self.places}

    @property
    def pretokens(self) -> int:
        """Pre-tokens that are kept."""
        return sum(len(one.known) for one in self._pretokens.values())

    def quick(self, texts: Sequence[str]) -> dict[int, Encoded]:
        """The same by those whose ids do not depend on whether a text is the start of a longer one or stands inside it."""
        cuts = {key: pretokens.cut(texts) for key, pretokens in self._pretokens.items()}
        return {at: self._encode(at, texts, cuts, inside=True) for at in (*self._keys, *self._quick)}

    def _encode(self, at: int, texts: Sequence[str], cuts: Mapping[str, "PreCut"], *, inside: bool) -> Encoded:
        if at in self._quick:
            return self._quick[at].encode(texts)
        if at in self._keys:
            return self._by_pretokens[at].encode(texts, cuts[self._keys[at]])
        return encoded_flat(self._readers[at].ids(texts, inside=inside))


@dataclass(frozen=True, slots=True)
class PreCut:
    """The pre-tokens of texts by number, and how many each text has, as if no added token stood in it.

    `new`: the pre-tokens that no text before had, spelled in the byte alphabet, numbered from `known` on.
    """

    flat: Ids
    sizes: Ints
    known: int
    new: list[str]


class PreTokens:
    """The pre-tokens of texts, for all tokenizers that cut alike, each of which reads every result."""

    def __init__(self, origin: Base) -> None:
        self._origin = origin
        self._normalizer = origin.tokenizer().normalizer
        self._together = WORDS if looks_no_further(cutting(origin.spec).patterns) else 1
        self._cut: Callable[[str], list[str]] | None = None
        self.known = Numbered()

    def cut(self, texts: Sequence[str]) -> PreCut:
        """The pre-tokens of `texts`."""
        cut = self._cut = self._cut or cutter(self._origin, texts[:FIRST])
        if self._normalizer is not None:  # before words are joined: where a word ends is told by its length
            texts = [self._normalizer.normalize_str(text) for text in texts]
        is_word = [text[:1] == " " and not text[-1:].isspace() for text in texts]
        words = [at for at, one in enumerate(is_word) if one]
        others = [at for at, one in enumerate(is_word) if not one]
        parts = [words[start : start + self._together] for start in range(0, len(words), self._together)]
        found = [_cut_words(cut, [texts[at] for at in part]) for part in parts]
        found.append(_cut_each(cut, [texts[at] for at in others]))
        known, count = self.known, len(self.known)
        numbers = np.fromiter(map(known.__getitem__, chain.from_iterable(pieces for pieces, _ in found)), np.int32)
        rows: Ragged[np.int32] = Ragged(np.int32)
        rows.put(np.array([*words, *others], np.int64), numbers, np.concatenate([sizes for _, sizes in found]))
        return PreCut(*rows.take(np.arange(len(texts))), count, [spell(piece) for piece in known.after(count)])


def _cut_words(cut: Callable[[str], list[str]], texts: Sequence[str]) -> tuple[list[str], Ints]:
    """The pre-tokens of texts that begin with a space, and how many each has: cut as one text where they end as they should."""
    found = cut("".join(texts))
    ends = np.cumsum(np.fromiter(map(len, found), np.int64, len(found)))
    wanted = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    where = np.minimum(np.searchsorted(ends, wanted), len(ends) - 1)
    if np.array_equal(ends[where], wanted) and ends[-1] == wanted[-1]:
        return found, np.diff(where, prepend=-1)
    return _cut_each(cut, texts)


def _cut_each(cut: Callable[[str], list[str]], texts: Sequence[str]) -> tuple[list[str], Ints]:
    """The same of any texts, cut one by one."""
    rows = [cut(text) for text in texts]
    return list(chain.from_iterable(rows)), np.fromiter(map(len, rows), np.int64, len(rows))


class ByPreTokens:
    """The ids of texts from those of their pre-tokens, each of which the library merges once.

    Of an extension `base` is its base: only what that makes of a pre-token, and more merges may change, is merged again.
    """

    def __init__(self, reader: Reader, base: "ByPreTokens | None" = None) -> None:
        self.reader = reader
        self._apart = added_pattern(reader.origin)
        # The model alone, shared with the tokenizer: a pre-token in the byte alphabet has no white space in it.
        self._model = Tokenizer(_base(reader).tokenizer().model)
        self._model.pre_tokenizer = WhitespaceSplit()
        self._growth = grown(base.reader, reader) if base else None
        self._base = base if self._growth else None
        self.ids: Ragged[np.int32] = Ragged(np.int32)
        self._count = 0

    def encode(self, texts: Sequence[str], cut: PreCut) -> Encoded:
        """The ids of `texts`, of which `cut` are the pre-tokens."""
        self.learn(cut)
        ids, counts = self.ids.take(cut.flat)
        per_text = sums(counts, cut.sizes)
        return _with_added(self.reader, self._apart, texts, ids, per_text)

    def learn(self, cut: PreCut) -> None:
        """Merges the new pre-tokens, where that was not done for another."""
        if self._count > cut.known or not cut.new:
            return
        at = np.arange(self._count, self._count + len(cut.new))
        self._count += len(cut.new)
        if self._base is None or self._growth is None:
            self._merge(at, cut.new)
            return
        self._base.learn(cut)
        ids, sizes = self._base.ids.take(at)
        touched = self._growth.touched(cut.new, ids, sizes)
        self.ids.put(at[~touched], ids[np.repeat(~touched, sizes)], sizes[~touched])
        self._merge(at[touched], [cut.new[one] for one in np.flatnonzero(touched).tolist()])

    def _merge(self, at: Ints, spelled: Sequence[str]) -> None:
        tokens = self.reader.tokens
        for start in range(0, len(spelled), PRETOKENS):
            words = spelled[start : start + PRETOKENS]
            (found,) = self._model.encode_batch_fast([" ".join(words)], add_special_tokens=False)
            ids = np.array(found.ids, np.int32)
            # A token of the byte alphabet is as long as the bytes it stands for, so lengths say where each word ends.
            ends = np.cumsum(tokens.size[ids])
            wanted = np.cumsum(np.fromiter(map(len, words), np.int64, len(words)))
            last = np.searchsorted(ends, wanted)
            if not tokens.plain[ids].all() or not np.array_equal(np.append(ends, 0)[last], wanted):
                ids, counts = encoded_flat([self._model.encode(word, add_special_tokens=False).ids for word in words])
            else:
                counts = np.diff(last, prepend=-1)
            self.ids.put(at[start : start + PRETOKENS], ids, counts)


class ByGigatoken:
    """The ids of texts by gigatoken, but for texts that hold an added token."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._apart = added_pattern(reader.origin)
        file = reader.origin.path
        spec = read_spec(read_file(file), file)
        self._tokenizer = _gigatoken().Tokenizer.from_json(json.dumps(spec, ensure_ascii=False))

    def encode(self, texts: Sequence[str]) -> Encoded:
        """The ids of `texts`."""
        import awkward

        found = self._tokenizer.encode_batch(list(texts), parallel=False)
        ids = np.asarray(awkward.flatten(found)).astype(np.int32)
        counts = np.asarray(awkward.num(found)).astype(np.int64)
        return _with_added(self._reader, self._apart, texts, ids, counts)


def holding_added(apart: re.Pattern[str] | None, texts: Sequence[str]) -> list[int]:
    """Which of `texts` hold an added token, by the pattern of all of them."""
    if apart is None:
        return []
    if LINE in apart.pattern:
        return [at for at, text in enumerate(texts) if apart.search(text)]
    starts = [match.start() for match in apart.finditer(LINE.join(texts))]
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    found: list[int] = np.unique(np.searchsorted(ends, starts, "right")).tolist()
    return found


def _gigatoken() -> Any:
    try:
        import gigatoken
    except ModuleNotFoundError:
        raise VocabError("gigatoken is not installed; install assay[fast], or leave --engine out") from None
    return gigatoken


def cuts_by_patterns(reader: Reader) -> bool:
    """True where the ids of a text are those of pre-tokens that patterns cut, wherever in a text it stands."""
    origin = reader.origin
    if not isinstance(origin, Base) or origin.family != FAMILY:
        return False
    cut = cutting(origin.spec)
    if cut.normalizer and any(token.get("normalized") for token in origin.spec.get("added_tokens", ())):
        return False  # such a token also stands where the text is normalised to it, which no pattern finds
    return not cut.reason and origin.inner() is origin.tokenizer()


def looks_no_further(patterns: Sequence[str]) -> bool:
    """True where what the patterns take of a text does not depend on what they leave after it; white space at the end aside.

    Then words that are cut as one text are cut as each would be, unless a piece goes over the end of one.
    """
    return all(one in _DIGITS for one in patterns[:-1]) and not any(_LOOKS.search(_bare(one)) for one in patterns)


def _bare(pattern: str) -> str:
    """`pattern` without escaped signs and classes of characters, and without the look at white space before a word."""
    bare = _ESCAPED.sub("x", pattern.replace(r"\s+(?!\S)", ""))
    while (shorter := _CLASS.sub("x", bare)) != bare:
        bare = shorter
    return bare


def cut_key(reader: Reader) -> str:
    """The same for tokenizers that make the same pre-tokens of every text without an added token."""
    spec = _base(reader).spec
    return json.dumps([spec.get("normalizer"), spec.get("pre_tokenizer")], sort_keys=True, ensure_ascii=False)


def grown(base: Reader, reader: Reader) -> Growth | None:
    """What `reader` has more than `base`, where it is that with merges at the end."""
    return growth(_base(base), base.merges, _base(reader), reader.merges)


def _base(reader: Reader) -> Base:
    if not isinstance(reader.origin, Base):
        raise TypeError(f"{reader.name}: a SentencePiece model has no pre-tokens")
    return reader.origin


def _with_added(reader: Reader, apart: re.Pattern[str] | None, texts: Sequence[str], ids: Ids, counts: Ints) -> Encoded:
    """`ids`, where the library reads the texts that hold an added token."""
    held = holding_added(apart, texts)
    if not held:
        return ids, counts
    keep = np.ones(len(texts), np.bool_)
    keep[held] = False
    every = Ragged[np.int32](np.int32)
    every.put(np.flatnonzero(keep), ids[np.repeat(keep, counts)], counts[keep])
    every.put(np.array(held), *encoded_flat(reader.ids([texts[at] for at in held], inside=True)))
    return every.take(np.arange(len(texts)))
