"""Adds terms to a `tokenizer.json` that is an export of SentencePiece: BPE with ▁ for spaces, or Unigram.

In: a parsed file, terms, and the words of a corpus (`spec_words`). Out: the file with new tokens at the end of its
vocabulary, and for BPE merges at the end of its merges, by the rules of `vocab.pieces`: the chain that leaks least, or the
score just above the best path. `base_of` takes them off again and gives the parsed file as it was. Ids of the base keep
their meaning, those of added tokens that only `added_tokens` holds too: such a token gets a place in the vocabulary.

BPE needs both halves of a merge as tokens, so a term with a character that is none is left out there (`bytes missing`); a
.model can be given such a term.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocab.base import Base, build, refuse_other_kinds
from vocab.errors import VocabError
from vocab.ground import grown_spec, moved
from vocab.grow import ADDED, CUT, NO_BYTES, NOT_SINGLE, PRESENT, Term, casings, variants
from vocab.merges import Merges, Pair
from vocab.piece_models import SPACE
from vocab.pieces import CROSSING, attested, described, lengthening, scored, unjoinable, unusable
from vocab.pretokens import WORD, holding
from vocab.term_lists import Entry

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Spec = dict[str, Any]
_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class SpecGrowth:
    """A `tokenizer.json` with terms, and what became of each.

    Attributes:
        spec: the parsed file.
        terms: a `Term` for each entry; the `spelled` of a variant is the token.
        new_tokens: (token, id) of each new id, ascending.
        merges: the merges at the end; none for Unigram.
        moved: added tokens that got a place in the vocabulary, by id.
        unknown: new ids with a character that the base has no token for.
    """

    spec: Spec = field(repr=False)
    terms: tuple[Term, ...]
    new_tokens: tuple[tuple[str, int], ...]
    merges: tuple[Pair, ...]
    moved: tuple[str, ...]
    unknown: tuple[int, ...]

    @property
    def scaffolds(self) -> tuple[int, ...]:
        """New ids that are no variant of a term: they exist so that a variant can be reached."""
        targets = {variant.spelled for term in self.terms for variant in term.variants if variant.status == ADDED}
        return tuple(number for token, number in self.new_tokens if token not in targets)


@dataclass(frozen=True, slots=True)
class _Read:
    """The terms of a file: their texts, the tokens these would be, and what is known of them before anything is added."""

    entries: Sequence[Entry]
    texts: Mapping[Entry, Sequence[str]]
    spelled: Mapping[str, str]
    status: dict[str, str]

    @property
    def wanted(self) -> set[str]:
        """The tokens that are to be made."""
        return {token for text, token in self.spelled.items() if text not in self.status}


def grow_bpe_spec(
    spec: Spec, entries: Sequence[Entry], counts: Counter[str], where: str = "tokenizer.json"
) -> SpecGrowth:
    """The growth of an exported BPE by the terms of `entries`, leaks counted on `counts` (word to occurrences).

    Raises:
        VocabError: it is no BPE that writes a space as ▁ before a word.
    """
    base = _based(spec, where, "BPE")
    inner = _inner(spec, where)
    read = _read(base, inner, entries, counts)
    for text, token in read.spelled.items():
        if text not in read.status and any(character not in base.vocab for character in token):
            read.status[text] = NO_BYTES
    wanted = read.wanted
    merges = Merges(
        base.vocab, base.merges, forbidden=base.added, next_id=base.next_id, ignores_merges=base.ignores_merges
    )
    near = _near(inner, counts, wanted, base.vocab)
    with_term = holding(near, (token.lstrip(SPACE) for token in read.spelled.values()))
    merges.watch({word: counts[word] for word in near if word not in with_term})
    reached = {token: merges.reach(token, wanted) for token in sorted(wanted, key=lambda one: (len(one), one))}
    tokens = tuple((one.product, one.new_id) for one in merges.appended if one.new_id is not None)
    pairs = tuple(one.pair for one in merges.appended)
    grown = grown_spec(base, tokens, pairs) if pairs else spec
    after = _inner(grown, where)
    single = {token for token in wanted if reached[token] and _ids(after, [token]) == [[merges.vocab[token]]]}
    _settle(read, single)
    known = dict(merges.vocab)
    return SpecGrowth(
        grown, described(read.entries, read.texts, read.spelled, read.status, known), tokens, pairs,
        moved(base) if pairs else (), (),
    )  # fmt: skip


def grow_unigram_spec(
    spec: Spec, entries: Sequence[Entry], counts: Counter[str], where: str = "tokenizer.json"
) -> SpecGrowth:
    """The growth of an exported Unigram by the terms of `entries`; a word of `counts` gets no longer.

    Raises:
        VocabError: it is no Unigram that writes a space as ▁ before a word, or its ids cannot go on.
    """
    base = _based(spec, where, "Unigram")
    inner = _inner(spec, where)
    rows = [*spec["model"]["vocab"]]
    outside = _outside(base, len(rows))
    rows += [[token, 0.0] for token in outside]
    read = _read(base, inner, entries, counts)
    scores = {token: score for token, score in spec["model"]["vocab"] if token not in base.added}
    left = read.wanted - {token for token, _ in rows}
    olds = _ids(inner, counts)
    while True:
        new = scored(scores, left)
        grown = {**spec, "model": {**spec["model"], "vocab": [*rows, *([piece.text, piece.score] for piece in new)]}}
        after = _inner(grown, where)
        ids = {piece.text: at for at, piece in enumerate(new, len(rows))}
        failed = {token for token, one in zip(left, _ids(after, left), strict=True) if one != [ids[token]]}
        if not failed:
            names = dict(enumerate((piece.text for piece in new), len(rows)))
            unknown = spec["model"].get("unk_id")
            longer = lengthening(olds, _ids(after, counts), len(rows), -1 if unknown is None else unknown)
            failed = {names[at] for at in longer}
        if not failed:
            break
        left -= failed
    _settle(read, left)
    known = {token: at for at, (token, _) in enumerate(rows)} | ids
    characters = {token for token, _ in spec["model"]["vocab"]}
    return SpecGrowth(
        grown if new else spec, described(read.entries, read.texts, read.spelled, read.status, known), tuple(ids.items()), (),
        outside if new else (), tuple(at for token, at in ids.items() if not characters.issuperset(token)),
    )  # fmt: skip


def base_of(spec: Spec, growth: SpecGrowth) -> Spec:
    """The file that `growth` was made from, equal to it part by part, and in the same order.

    Raises:
        VocabError: `spec` does not end with what `growth` added.
    """
    model = spec["model"]
    added = [*growth.moved, *(token for token, _ in growth.new_tokens)]
    vocab, merges = model["vocab"], model.get("merges")
    last = [row if isinstance(row, str) else row[0] for row in [*vocab][len(vocab) - len(added) :]]
    pairs = [tuple(one.split(" ")) if isinstance(one, str) else tuple(one) for one in merges or ()]
    if last != added or pairs[len(pairs) - len(growth.merges) :] != list(growth.merges):
        raise VocabError("tokenizer.json: it does not end with what was added to it; get the base itself")
    rest = len(vocab) - len(added)
    shorter: Any = vocab[:rest] if isinstance(vocab, list) else dict(list(vocab.items())[:rest])
    kept = {} if merges is None else {"merges": merges[: len(merges) - len(growth.merges)]}
    return {**spec, "model": {**model, "vocab": shorter, **kept}}


def spec_words(spec: Spec, texts: Iterable[str], where: str = "tokenizer.json") -> Counter[str]:
    """How often each word stands in `texts`, as the model of `spec` is given it: normalised, each with the ▁ before it."""
    tokenizer = build(spec, where)
    normalizer, cutter = tokenizer.normalizer, tokenizer.pre_tokenizer
    counts: Counter[str] = Counter()
    for text in texts:
        plain = normalizer.normalize_str(text) if normalizer else text
        pieces = [piece for piece, _ in cutter.pre_tokenize_str(plain)] if cutter else [plain]
        counts.update(word for piece in pieces for word in WORD.findall(piece))
    return counts


def _based(spec: Spec, where: str, kind: str) -> Base:
    """The file as a base.

    Raises:
        VocabError: it is of another kind.
    """
    model = spec["model"]
    found = model.get("type") or ("BPE" if "merges" in model else "Unigram")
    if found != kind:
        raise VocabError(f"{where}: the model is {found}, expected {kind}; choose another tokenizer")
    refuse_other_kinds(spec, where)
    return Base(Path(where), "", spec)


def _outside(base: Base, size: int) -> tuple[str, ...]:
    """The added tokens of a Unigram that its vocabulary does not hold, by id; they have to follow it at once.

    Raises:
        VocabError: they do not.
    """
    held = {token for token, _ in base.spec["model"]["vocab"]}
    outside = sorted((number, token) for token, number in base.added.items() if token not in held)
    if [number for number, _ in outside] != list(range(size, size + len(outside))):
        raise VocabError(
            f"{base.path}: added tokens do not follow the vocabulary of {size:,}, so new ids have no place; export it again"
        )
    return tuple(token for _, token in outside)


def _read(base: Base, inner: "Tokenizer", entries: Sequence[Entry], counts: Counter[str]) -> _Read:
    model = base.spec["model"]
    usable = [replace(entry, reason=entry.reason or unusable(entry.term, base.added)) for entry in entries]
    cased = casings(usable, attested(usable, counts))
    texts = {entry: tuple(variants(entry, cased)) for entry in usable if not entry.reason}
    bare = base.inner()
    across = any(CROSSING.search(row if isinstance(row, str) else row[0]) for row in model["vocab"])
    spelled: dict[str, str] = {}
    status: dict[str, str] = {}
    for text in (text for some in texts.values() for text in some):
        plain = text.removeprefix(" ")
        form = (bare.normalizer.normalize_str(plain) if bare.normalizer else plain).replace(" ", SPACE)
        spelled[text] = (SPACE if form and text != plain else "") + form
        pieces = [piece for piece, _ in bare.pre_tokenizer.pre_tokenize_str(form)] if bare.pre_tokenizer else [form]
        what = unjoinable(text, spelled[text], across)
        if what or len(pieces) != 1:
            status[text] = what or CUT
    unknown = model.get("unk_id") if isinstance(model["vocab"], list) else model["vocab"].get(model.get("unk_token"))
    for text, ids in zip(spelled, _ids(inner, spelled.values()), strict=True):
        if text not in status and ids == [base.vocab.get(spelled[text])] and ids[0] != unknown:
            status[text] = PRESENT
    return _Read(usable, texts, spelled, status)


def _near(inner: "Tokenizer", counts: Counter[str], wanted: set[str], vocab: Mapping[str, int]) -> list[str]:
    """The words in which two neighbouring tokens make a part of a wanted one: no other can change."""
    products = {
        text[start:end]
        for text in wanted
        for start, end in itertools.combinations(range(len(text) + 1), 2)
        if end - start > 1 and text[start:end] not in vocab
    }
    names = {number: token for token, number in vocab.items()}
    return [
        word
        for word, ids in zip(counts, _ids(inner, counts), strict=True)
        if any(names[left] + names[right] in products for left, right in itertools.pairwise(ids))
    ]


def _settle(read: _Read, single: Iterable[str]) -> None:
    """Says of every variant that was wanted whether it is one token now."""
    made = set(single)
    for text, token in read.spelled.items():
        read.status.setdefault(text, ADDED if token in made else NOT_SINGLE)


def _inner(spec: Spec, where: str) -> "Tokenizer":
    """The model alone, for text that is normalised and cut already."""
    return build({**spec, "normalizer": None, "pre_tokenizer": None, "post_processor": None, "added_tokens": []}, where)


def _ids(tokenizer: "Tokenizer", texts: Iterable[str]) -> list[list[int]]:
    every = list(texts)
    return [
        one.ids
        for at in range(0, len(every), _BATCH)
        for one in tokenizer.encode_batch_fast(every[at : at + _BATCH], add_special_tokens=False)
    ]
