"""Counts how well a tokenizer covers a certified corpus: bytes per token, fertility, terms, numbers by format.

A `Coverage` holds raw counts of one slice of the corpus; `+` merges slices or shards, and every ratio is a property, so
counts agree under any sharding. *Fertility* is tokens per word, and a word is a run of non-space characters, which in
Korean is an eojeol. A term or number costs the tokens that hold a character of it. Reads byte-level BPE and any other
`tokenizer.json`, and SentencePiece `.model` files.
"""

import hashlib
import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from vocab import numbers
from vocab.base import build, find, read_file, read_spec
from vocab.errors import VocabError
from vocab.pretokens import batches
from vocab.trials import CONTEXTS, fitting

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus

SPLITTER = "runs of non-space characters (in Korean: eojeol)"
Offsets = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Cost:
    """Occurrences of something in text, the tokens that hold a character of it, and how many took exactly one token."""

    occurrences: int = 0
    tokens: int = 0
    single: int = 0

    @property
    def tokens_each(self) -> float | None:
        """Tokens per occurrence; None where there is none."""
        return self.tokens / self.occurrences if self.occurrences else None

    @property
    def single_rate(self) -> float | None:
        """The share that took one token of its own; None where there is none."""
        return self.single / self.occurrences if self.occurrences else None

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.occurrences + other.occurrences, self.tokens + other.tokens, self.single + other.single)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Raw counts of a tokenizer on one slice of text."""

    documents: int = 0
    text_bytes: int = 0
    characters: int = 0
    words: int = 0
    tokens: int = 0
    unknown_tokens: int = 0
    divided_characters: int = 0
    lost_characters: int = 0
    terms: Cost = Cost()
    numbers: tuple[Cost, ...] = (Cost(),) * len(numbers.FORMATS)

    @property
    def bytes_per_token(self) -> float | None:
        """UTF-8 bytes of text per token; None for an empty slice."""
        return self.text_bytes / self.tokens if self.tokens else None

    @property
    def fertility(self) -> float | None:
        """Tokens per word (`SPLITTER`); None for an empty slice."""
        return self.tokens / self.words if self.words else None

    @property
    def all_numbers(self) -> Cost:
        """The cost of numbers of every format."""
        return sum(self.numbers, Cost())

    def __add__(self, other: "Coverage") -> "Coverage":
        simple = [one.name for one in fields(Coverage) if one.name != "numbers"]
        return Coverage(
            **{name: getattr(self, name) + getattr(other, name) for name in simple},
            numbers=tuple(one + two for one, two in zip(self.numbers, other.numbers, strict=True)),
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """A tokenizer as coverage needs it: texts to the (start, end) of each token in code points, and unknown tokens."""

    name: str
    sha256: str
    family: str
    vocab_size: int
    offsets: Callable[[Sequence[str]], list[tuple[Offsets, int]]]


@dataclass(frozen=True, slots=True)
class Covered:
    """One tokenizer's coverage: by slice, and terms that are one token by context (context, tried, single)."""

    tokenizer: Reader
    slices: tuple[tuple[str, Coverage], ...]
    contexts: tuple[tuple[str, int, int], ...]


def cover(tokenizers: Sequence[Path], corpus: "CertifiedCorpus", terms: Sequence[str]) -> tuple[Covered, ...]:
    """The coverage of each tokenizer on the whole corpus: slices `all`, `lang:…`, and `held-out` where there is one.

    Args:
        tokenizers: folders, `tokenizer.json` files or SentencePiece models; the first is what others are compared with.
        corpus: what `govern.attestation.verify` returned, with the purpose `evaluate`.
        terms: single-token rates are of these.

    Raises:
        VocabError: a tokenizer cannot be read.
    """
    readers = [open_tokenizer(path) for path in tokenizers]
    readers = _named_apart(readers, tokenizers)
    found: list[dict[str, Coverage]] = [{} for _ in readers]
    pattern = term_pattern(terms)
    for held_out in (False, True):
        for batch in batches(corpus, held_out=held_out):
            for reader, slices in zip(readers, found, strict=True):
                for (_, lang), one in zip(batch, measure(reader, [text for text, _ in batch], pattern), strict=True):
                    for name in ("all", f"lang:{lang}", *(("held-out",) if held_out else ())):
                        slices[name] = slices.get(name, Coverage()) + one
    return tuple(
        Covered(reader, tuple(sorted(slices.items(), key=_order)), _contexts(reader, terms))
        for reader, slices in zip(readers, found, strict=True)
    )


def measure(reader: Reader, texts: Sequence[str], terms: re.Pattern[str] | None) -> tuple[Coverage, ...]:
    """The coverage of each text."""
    return tuple(
        _count(text, offsets, unknown, terms)
        for text, (offsets, unknown) in zip(texts, reader.offsets(list(texts)), strict=True)
    )


def term_pattern(terms: Iterable[str]) -> re.Pattern[str] | None:
    """Matches a term that begins a word; the longest at each place. A Latin term also ends a word."""
    ordered = sorted(set(terms), key=lambda term: (-len(term), term))
    if not ordered:
        return None
    latin = [re.escape(term) for term in ordered if term.isascii()]
    other = [re.escape(term) for term in ordered if not term.isascii()]
    ways = [rf"(?:{'|'.join(latin)})(?![A-Za-z0-9])"] if latin else []
    ways += [f"(?:{'|'.join(other)})"] if other else []
    return re.compile(rf"(?<!\w)(?:{'|'.join(ways)})")


def open_tokenizer(path: Path) -> Reader:
    """The tokenizer at `path`, of whatever family.

    Raises:
        VocabError: nothing readable is there.
    """
    file = find(path)
    data = read_file(file)
    name = path.absolute().name
    sha256 = hashlib.sha256(data).hexdigest()
    if file.suffix == ".model":
        return _sentencepiece(data, file, name, sha256)
    spec = read_spec(data, file)
    tokenizer = build(spec, str(file))
    kind = str(spec["model"].get("type") or "BPE")
    unknown = tokenizer.token_to_id(spec["model"].get("unk_token") or "") if spec["model"].get("unk_token") else None

    def offsets(texts: Sequence[str]) -> list[tuple[Offsets, int]]:
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [(one.offsets, 0 if unknown is None else one.ids.count(unknown)) for one in encodings]

    size = tokenizer.get_vocab_size(with_added_tokens=True)
    return Reader(name, sha256, f"tokenizer.json, {kind}", size, offsets)


def _sentencepiece(data: bytes, file: Path, name: str, sha256: str) -> Reader:
    from sentencepiece import SentencePieceProcessor

    try:
        model = SentencePieceProcessor(model_proto=data)
    except RuntimeError:
        model = None
    if model is None or not data:  # an empty file is read in silence, and fails at the first text
        raise VocabError(f"{file}: not a SentencePiece model; check the file")

    def offsets(texts: Sequence[str]) -> list[tuple[Offsets, int]]:
        found = []
        for text in texts:
            mapped = model.encode(text, out_type="offset_mapping")
            ids = mapped["ids"]
            spans = _whole_characters(mapped["offsets"], [model.is_byte(one) for one in ids])
            found.append((spans, ids.count(model.unk_id())))
        return found

    return Reader(name, sha256, "SentencePiece model", model.get_piece_size(), offsets)


def _whole_characters(offsets: Sequence[tuple[int, int]], is_byte: Sequence[bool]) -> Offsets:
    """The offsets with each byte piece at the character it is part of: the model puts all but the last before it."""
    spans = [(int(start), int(end)) for start, end in offsets]
    for at in range(len(spans) - 2, -1, -1):
        if is_byte[at] and spans[at][0] == spans[at][1]:
            spans[at] = spans[at + 1]
    return spans


def _named_apart(readers: list[Reader], paths: Sequence[Path]) -> list[Reader]:
    names = [reader.name for reader in readers]
    if len(set(names)) == len(names):
        return readers
    return [
        Reader(f"{at}. {path.absolute().parent.name}/{one.name}", one.sha256, one.family, one.vocab_size, one.offsets)
        for at, (one, path) in enumerate(zip(readers, paths, strict=True), 1)
    ]


def _order(one: tuple[str, Coverage]) -> tuple[int, str]:
    """The whole corpus first, then languages, then the held-out part."""
    return {"all": 0, "held-out": 2}.get(one[0], 1), one[0]


def _count(text: str, offsets: Offsets, unknown: int, terms: re.Pattern[str] | None) -> Coverage:
    starts = [start for start, _ in offsets]
    ends = [end for _, end in offsets]
    by_format = dict.fromkeys(numbers.FORMATS, Cost())
    for name, start, end in numbers.find(text):
        by_format[name] += _cost(text, starts, ends, start, end)
    matches = terms.finditer(text) if terms else ()
    return Coverage(
        documents=1,
        text_bytes=len(text.encode()),
        characters=len(text),
        words=len(text.split()),
        tokens=len(offsets),
        unknown_tokens=unknown,
        divided_characters=_divided(offsets),
        lost_characters=_lost(text, offsets),
        terms=sum((_cost(text, starts, ends, match.start(), match.end()) for match in matches), Cost()),
        numbers=tuple(by_format.values()),
    )


def _cost(text: str, starts: list[int], ends: list[int], start: int, end: int) -> Cost:
    """The tokens that hold a character of `text[start:end]`; single where one token holds it and a space at most."""
    first, last = bisect_right(ends, start), bisect_left(starts, end)
    single = last - first == 1 and ends[first] == end and not text[starts[first] : start].strip()
    return Cost(1, last - first, int(single))


def _divided(offsets: Offsets) -> int:
    """Characters that two or more tokens share, as where byte-level merges end inside a Hangul syllable."""
    shared = {one[0] for one, two in itertools.pairwise(offsets) if two[0] < one[1]}
    return len(shared)


def _lost(text: str, offsets: Offsets) -> int:
    """Characters, spaces aside, that stand in no token: a vocabulary without their bytes drops them in silence."""
    lost, at = 0, 0
    for start, end in offsets:
        if start > at:
            lost += len("".join(text[at:start].split()))
        at = max(at, end)
    return lost + len("".join(text[at:].split()))


def _contexts(reader: Reader, terms: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """For each context, how many terms there are and how many are one token in it."""
    result = []
    for name, head, tail in CONTEXTS:
        tried = fitting(name, terms)
        texts = [head + term + tail for term in tried]
        single = 0
        for text, term, (offsets, _) in zip(texts, tried, reader.offsets(texts), strict=True):
            starts, ends = [one[0] for one in offsets], [one[1] for one in offsets]
            single += _cost(text, starts, ends, len(head), len(head) + len(term)).single
        result.append((name, len(tried), single))
    return tuple(result)
