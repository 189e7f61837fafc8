"""Decides what is added to a WordPiece base: each term as a word's beginning, and after a number where text has it so.

In: a base of the kind that BERT has (greedy, longest match first; pieces inside a word carry a prefix, `##`), terms, and how
often each word of a corpus stands in it (`count_words`). Out: the new tokens, and with `spec_with` the parsed
`tokenizer.json`; `spec_without` is the way back. Pure functions: the same values give the same result.

A term `금리` is added as `금리`, which is any word's beginning that no longer token matches: alone, or before a particle. It
is added as `##금리` too only where the corpus has it right after a digit (`25bps`, `5억원`) and where that changes no more
other text than it helps, since `##bp` would also be found in `subprocess`. A term is in its normal form: what the base
lower-cases is lower case, and what its pre-tokenizer cuts (`P/E`, `credit risk`) cannot be a token and is said to be cut.

Nothing else is added: a piece is found by its spelling, not built from parts, so no term needs a token besides its own.

Longest match first *can* make a word longer: by `시장가` the word `시장가격에` is no longer `시장 ##가격에` but
`시장가 ##격 ##에`, and a rest that no piece spells loses the whole word. If the old tokens of a word have a boundary where the
term ends, the rest is written as before, so the word gets shorter or stays as it is. Only a word in which an old token crosses
the term's end can get longer, and for most terms such a word can be made up, so nothing is promised for every string. The
promise is for a set: every word of the corpus, and every term before each particle and before `s`. A term that would make one
of these longer, or unknown, is refused by name. Words that the corpus lacks can still get longer; `longer` counts them on
other text. Terms are tried from the longest: `시장가격` as a term makes `시장가` harmless.

A word that the base cannot read at all (one unknown token for it) is outside of that promise: read, it has more tokens.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vocab.base import Base, build
from vocab.boundaries import Reader, is_hangul
from vocab.errors import VocabError
from vocab.ground import grown_spec
from vocab.grow import ADDED, CUT, MIN_CASING_COUNT, MIN_CASING_LETTERS, PRESENT, Term, Variant
from vocab.isolating import PARTICLES
from vocab.term_lists import Entry

FAMILY = "WordPiece"
LONG, LENGTHENS = "too long", "lengthens"
REASONS = {
    CUT: "the base's normalizer or pre-tokenizer cuts it or leaves nothing of it, so no token can be all of it",
    LONG: "it is longer than the words that the base reads",
    LENGTHENS: "a word of the corpus, or the term before a particle, would get more tokens or be lost",
}
MIN_AFTER_DIGIT = 2
"""How often a term must stand right after a digit in the corpus."""


@dataclass(frozen=True, slots=True)
class WordGrowth:
    """What is added to a WordPiece base.

    Attributes:
        terms: the terms with their variants; the text of a variant inside a word begins with the base's prefix.
        new_tokens: (token as spelled in the vocabulary, id) of each new id, ascending.
    """

    terms: tuple[Term, ...]
    new_tokens: tuple[tuple[str, int], ...]

    @property
    def scaffolds(self) -> tuple[int, ...]:
        """Always empty: WordPiece looks a piece up by its spelling, so every new id is a variant of a term."""
        return ()


@dataclass(frozen=True, slots=True)
class Effects:
    """How often words of a corpus are written in another way than by the base.

    Attributes:
        words: occurrences of all words.
        with_term: changed, and a term stands in the word at a boundary.
        leak: changed, and no term stands so: `금리인하` with `금리`.
        longer: more tokens than by the base, or unknown where the base reads it; nothing that was `read`.
        read: unknown to the base, and no longer.
    """

    words: int
    with_term: int
    leak: int
    longer: int
    read: int


class _Pieces:
    """The tokens of a vocabulary, and how a word is written in them; tokens may be added and taken back."""

    def __init__(self, vocab: Iterable[str], prefix: str, longest: int) -> None:
        self.prefix, self.longest_word = prefix, longest
        self.tokens = set(vocab)
        self._size = max(map(len, self.tokens), default=1)

    def add(self, token: str) -> None:
        self.tokens.add(token)
        self._size = max(self._size, len(token))

    def take_back(self, token: str) -> None:
        self.tokens.discard(token)

    def split(self, word: str) -> list[str]:
        """The tokens of `word`, the longest match first; none where it is unknown."""
        found: list[str] = []
        start = 0
        while start < len(word) <= self.longest_word:
            prefix = self.prefix if start else ""
            ends = range(min(len(word), start + self._size), start, -1)
            end = next((end for end in ends if prefix + word[start:end] in self.tokens), 0)
            if not end:
                return []
            found.append(prefix + word[start:end])
            start = end
        return found


def grow_words(base: Base, entries: Sequence[Entry], counts: Counter[str]) -> WordGrowth:
    """The growth of `base` by the terms of `entries`.

    Args:
        base: a WordPiece tokenizer; it is not changed.
        entries: the terms, in order.
        counts: how often each word stands in the corpus, as `count_words` gives it.

    Raises:
        VocabError: the base is of another kind.
    """
    prefix, longest = _settings(base)
    normal = _normal_forms(base)
    casings = _casings(entries, counts)
    texts = {one: (one.term, *casings.get(one.term, ())) for one in entries if not one.reason}
    forms = {text: normal(text) for some in texts.values() for text in some}
    status: dict[str, str] = {}
    for form in dict.fromkeys(forms.values()):
        reason = CUT if not form else LONG if len(form) > longest else PRESENT if form in base.vocab else ""
        if reason:
            status[form] = reason
    pieces = _Pieces(base.vocab, prefix, longest)
    words = sorted(counts)
    tails = tuple(dict.fromkeys(map(normal, ("", "s", *PARTICLES))))
    for form in sorted({*forms.values()} - status.keys(), key=lambda form: (-len(form), form)):
        probes = [*_beginning(words, form), *(form + tail for tail in tails)]
        status[form] = ADDED if _add(pieces, form, probes) else LENGTHENS
    usable = [form for form in dict.fromkeys(forms.values()) if status[form] in (ADDED, PRESENT)]
    for form, reason in _inner(pieces, usable, counts, base.vocab, tails).items():
        status[prefix + form] = reason
    order: dict[str, None] = {}
    for some in texts.values():
        for form in dict.fromkeys(forms[text] for text in some):
            order.update(dict.fromkeys(one for one in (form, prefix + form) if status.get(one) == ADDED))
    ids = {**base.vocab, **{token: number for number, token in enumerate(order, base.next_id)}}
    terms = tuple(Term(one, tuple(_variants(texts.get(one, ()), forms, prefix, status, ids))) for one in entries)
    return WordGrowth(terms, tuple((token, ids[token]) for token in order))


def spec_with(base: Base, growth: WordGrowth) -> dict[str, Any]:
    """The `tokenizer.json` of `base` with the tokens of `growth` at the end of its vocabulary.

    Added tokens that the model does not hold get a place there too, or the library would give them the new ids.
    """
    return grown_spec(base, growth.new_tokens)


def spec_without(
    spec: Mapping[str, Any], new_tokens: Iterable[tuple[str, int]], moved_tokens: Iterable[str] = ()
) -> dict[str, Any]:
    """The `tokenizer.json` of the base: `spec` without its new tokens and without those that `vocab.ground.moved` names."""
    model = spec["model"]
    gone = {token for token, _ in new_tokens} | set(moved_tokens)
    vocab = {token: number for token, number in model["vocab"].items() if token not in gone}
    return {**spec, "model": {**model, "vocab": vocab}}


def count_words(base: Base, texts: Iterable[str]) -> Counter[str]:
    """How often each word stands in `texts`: normalised, cut by the pre-tokenizer, added tokens left out."""
    tokenizer = base.tokenizer()
    normalizer, pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    added = [re.escape(token) for token in sorted(base.added, key=lambda token: (-len(token), token)) if token]
    apart = re.compile("|".join(added)) if added else None
    counts: Counter[str] = Counter()
    for text in texts:
        for part in apart.split(text) if apart else (text,):
            plain = normalizer.normalize_str(part) if normalizer else part
            counts.update([word for word, _ in pre_tokenizer.pre_tokenize_str(plain)] if pre_tokenizer else [plain])
    return counts


def longer(base: Base, growth: WordGrowth, counts: Counter[str]) -> int:
    """How often a word of `counts` gets more tokens than by the base, or is lost; 0 for the corpus of the growth."""
    return effects(base, growth, counts).longer


def effects(base: Base, growth: WordGrowth, counts: Counter[str]) -> Effects:
    """What `growth` does to the words of `counts`, by the tokenizers library itself on both sides."""
    before, after = base.tokenizer().model, build(spec_with(base, growth), str(base.path)).model
    unknown = base.vocab[base.spec["model"]["unk_token"]]
    normal = _normal_forms(base)
    reader = _reader(
        normal(one.text) for term in growth.terms for one in term.variants if one.status in (ADDED, PRESENT)
    )
    with_term = leak = more = read = 0
    for word, count in counts.items():
        old = [token.id for token in before.tokenize(word)]
        new = [token.id for token in after.tokenize(word)]
        if old == new:
            continue
        held = bool(reader.every(unicodedata.normalize("NFC", word)))
        with_term += count * held
        leak += count * (not held)
        read += count * (old == [unknown])
        more += count * (old != [unknown] and (len(new) > len(old) or new == [unknown]))
    return Effects(counts.total(), with_term, leak, more, read)


def _settings(base: Base) -> tuple[str, int]:
    """The prefix of pieces inside a word, and the characters of the longest word that is read."""
    model = base.spec["model"]
    if model.get("type") != FAMILY:
        raise VocabError(
            f"{base.path}: the model is {model.get('type') or 'unnamed'}, expected {FAMILY}; extend it by the profile for "
            "its kind"
        )
    if model.get("unk_token") not in base.vocab:
        raise VocabError(f"{base.path}: no token for unknown words in its vocabulary; export the tokenizer again")
    return model["continuing_subword_prefix"], model["max_input_chars_per_word"]


def _normal_forms(base: Base) -> Callable[[str], str]:
    """A function from a text to the one word that the base makes of it, or '' where it makes none or several."""
    tokenizer = base.tokenizer()

    def normal(text: str) -> str:
        plain = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
        pieces = tokenizer.pre_tokenizer.pre_tokenize_str(plain) if tokenizer.pre_tokenizer else [(plain, (0, 0))]
        return plain if [piece for piece, _ in pieces] == [plain] else ""

    return normal


def _add(pieces: _Pieces, token: str, words: Iterable[str]) -> bool:
    """Adds `token` where none of `words` gets longer or unknown by it; else leaves the pieces as they were."""
    before = {word: len(pieces.split(word)) for word in words}
    pieces.add(token)
    if all(not size or 0 < len(pieces.split(word)) <= size for word, size in before.items()):
        return True
    pieces.take_back(token)
    return False


def _inner(
    pieces: _Pieces, forms: Sequence[str], counts: Counter[str], vocab: Mapping[str, int], tails: Sequence[str]
) -> dict[str, str]:
    """The status of each form as a piece inside a word, of those that stand right after a digit often enough."""
    composed = {unicodedata.normalize("NFC", form): form for form in forms}
    reader = _reader(composed)
    wanted: dict[str, set[str]] = {}
    for word in counts:
        if word[:1].isdecimal() and not word.isdecimal():
            text = unicodedata.normalize("NFC", word)
            for start, end in reader.every(text):
                if start and text[start - 1].isdecimal():
                    wanted.setdefault(composed[text[start:end]], set()).add(word)
    often = {form for form, some in wanted.items() if sum(counts[word] for word in some) >= MIN_AFTER_DIGIT}
    status = {form: PRESENT for form in often if pieces.prefix + form in vocab}
    for form, words in _holding(counts, often - status.keys()).items():
        token = pieces.prefix + form
        before = {word: pieces.split(word) for word in words}
        if not _add(pieces, token, [*words, *("0" + form + tail for tail in tails)]):
            status[form] = LENGTHENS
            continue
        changed = {word for word, old in before.items() if pieces.split(word) != old}
        gained = sum(counts[word] for word in changed & wanted[form])
        if gained and sum(counts[word] for word in changed - wanted[form]) <= gained:
            status[form] = ADDED
        else:
            pieces.take_back(token)
    return status


def _holding(words: Iterable[str], forms: Iterable[str]) -> dict[str, list[str]]:
    """For each form, from the longest, the words that hold it after their first character."""
    found: dict[str, list[str]] = {form: [] for form in sorted(forms, key=lambda form: (-len(form), form))}
    by_head: dict[str, list[str]] = {}
    for form in found:
        by_head.setdefault(form[0], []).append(form)
    for word in words:
        held = {form for at in range(1, len(word)) for form in by_head.get(word[at], ()) if word.startswith(form, at)}
        for form in held:
            found[form].append(word)
    return found


def _beginning(words: Sequence[str], form: str) -> Sequence[str]:
    """Those of the sorted `words` that begin with `form`."""
    start = bisect_left(words, form)
    end = start
    while end < len(words) and words[end].startswith(form):
        end += 1
    return words[start:end]


def _reader(forms: Iterable[str]) -> Reader:
    return Reader({unicodedata.normalize("NFC", form) for form in forms if form}, PARTICLES)


def _variants(
    texts: Sequence[str], forms: Mapping[str, str], prefix: str, status: Mapping[str, str], ids: Mapping[str, int]
) -> Iterable[Variant]:
    """The variants of a term: one for each normal form of its texts, then that form inside a word."""
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(forms[text], text)
    for form, text in first.items():
        for token, shown in ((form, text), (prefix + form, prefix + text)):
            if token in status:
                known = status[token] in (ADDED, PRESENT)
                yield Variant(shown, token if form else "", status[token], ids[token] if known else None)


def _casings(entries: Sequence[Entry], counts: Counter[str]) -> dict[str, tuple[str, ...]]:
    """For each term of more than three letters, the other casings of it that are words of the corpus, sorted."""
    terms = {entry.term for entry in entries if not entry.reason}
    folded = {
        term.casefold(): term
        for term in sorted(terms, reverse=True)
        if sum(character.isalpha() for character in term) >= MIN_CASING_LETTERS and not is_hangul(term[0])
    }
    found: dict[str, list[str]] = {}
    for word, count in counts.items():
        term = folded.get(word.casefold())
        if term is not None and word not in terms and count >= MIN_CASING_COUNT:
            found.setdefault(term, []).append(word)
    return {term: tuple(sorted(words)) for term, words in found.items()}
