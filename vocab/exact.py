"""Makes terms single tokens of byte-level BPE without a merge, and changes no text that holds none (profile `exact`).

In: a base and the texts of terms. Out: its parsed `tokenizer.json` with a first `Split` that isolates each term at a
boundary (`vocab.isolating`), the base's own splits, which leave such a piece whole, `ignore_merges`, by which a piece that
is a token takes its id, and the new tokens at the end of the vocabulary. Every new id is a term; there are no others.

Guaranteed, and checked on given texts by `wrong`:

- text without a term at a boundary has the ids of the base;
- a term at a boundary is one token, whatever merges cross its edge, unless the base has a token over that edge and needs
  fewer tokens for the term and what touches it (`금리를` where that is a token): there the text is left to the base;
- no text has more tokens than by the base, and every text decodes as by the base.

`ignore_merges` is sound only where no token of the base is out of reach of its merges, since it would then be produced:
such a base is refused, and so is one whose pre-tokenizer is not understood. SentencePiece is refused too: its exports name
bytes by tokens such as `<0x41>`, which a piece of that text would take, and Unigram knows no `ignore_merges`.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from vocab.base import Base, kinds, without_prefix_space
from vocab.boundaries import Reader, is_hangul, is_word
from vocab.byte_alphabet import read, spell
from vocab.cutting import BUILT_IN, WHOLE, flat
from vocab.errors import VocabError
from vocab.exact_laws import wrong
from vocab.grow import ADDED, NO_BYTES, PRESENT, Variant
from vocab.isolating import PARTICLES, finding, guarded, literal
from vocab.reach import never_produced

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["MAX_CHARACTERS", "PARTICLES", "REASONS", "WARN_ABOVE", "Isolated", "isolated", "wrong"]

Spec = dict[str, Any]
_Context = tuple[str, str, bool]
"""Where the base is left alone: text that ends with a term, text after it, and true for after a space too."""

WARN_ABOVE = 500
"""More terms than these slow the tokenizer down so much that its user should be told."""
MAX_CHARACTERS = 100
UNUSABLE, CHANGED, SPECIAL, LONG, NO_CUT = "unusable", "changed", "special", "too long", "no cut"
REASONS = {
    UNUSABLE: "it is empty, begins with a combining mark, has space at its edge, or holds a control character or a line end",
    CHANGED: "the base's normalizer writes it in another way",
    SPECIAL: "it holds an added token of the base",
    LONG: f"it has more than {MAX_CHARACTERS} characters",
    NO_CUT: "no token of the base ends inside it, or a part of it is a term too, so nothing would tell it from the same "
    "characters inside a word",
    NO_BYTES: "the base has no token for some of its bytes",
}
_REMEDY = "take the profile 'portable' or another base"
_INSIDE = (
    "a{}b",
    "x{} y",
    "_{}_",
    "my{}",
    "{}s_",
    "{}é",
    "é{}",
    "É{}x",
    "\u0301{}",
    "{}\u0301",
    "{}X {}x",
    "가{}",
    "{}_ {}1a",
)
"""Where a term is inside a word: none of these may change."""


@dataclass(frozen=True, slots=True)
class Isolated:
    """A base with terms as single tokens, and what became of each.

    Attributes:
        spec: the parsed `tokenizer.json`.
        new_tokens: (token in the byte alphabet, id) of each new id, ascending from the base's next.
        variants: each term bare and after a space; the status is `ADDED`, `PRESENT` or a key of `REASONS`.
        kept: texts over the edge of a term that the base writes with fewer tokens, and that are left to it.
    """

    spec: Spec = field(repr=False)
    new_tokens: tuple[tuple[str, int], ...] = field(repr=False)
    variants: tuple[Variant, ...] = field(repr=False)
    kept: tuple[str, ...] = field(repr=False)

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms that are one token, without the space before them; signs that the base has are left to it."""
        single = (one.text.removeprefix(" ") for one in self.variants if one.status in (ADDED, PRESENT))
        return tuple(dict.fromkeys(single))


def isolated(base: Base, variants: Sequence[str], particles: Sequence[str] = PARTICLES) -> Isolated:
    """`base` with each of `variants` as one token, bare and after a space, whichever of both is given.

    Args:
        base: byte-level BPE; it is not changed.
        variants: terms in every casing that is wanted, with or without the space before them.
        particles: what may stand between a term in Hangul and the end of its word.

    Raises:
        VocabError: the base cannot be extended so that text without a term keeps its ids; the sentence says why.
    """
    splits, byte_level = _splits(base)
    _refuse_unreached(base)
    inner = base.inner()
    status = {term: _status(term, base, inner) for term in dict.fromkeys(one.removeprefix(" ") for one in variants)}
    forms = _forms(term for term, reason in status.items() if not reason)
    ids = dict(zip(forms, _ids(inner, forms), strict=True))
    known = {form: one[0] if len(one) == 1 else base.vocab.get(spell(form)) for form, one in ids.items()}
    cuts = {form: _cut(inner, form, ids) for form in forms if known[form] is None}
    status |= {form.removeprefix(" "): NO_CUT for form, at in cuts.items() if at is None}
    own = {term for term in status if is_signs(term) and all(known.get(form) is not None for form in _forms([term]))}
    terms = [term for term, reason in status.items() if not reason and term not in own]
    new = {form: at for at, form in enumerate((one for one in _forms(terms) if known[one] is None), base.next_id)}
    kept = _kept(inner, terms, particles)
    spec = base.spec
    if terms:
        inside = {form: at for form in new if (at := cuts[form])}
        guards = [(guarded(pattern, terms, inside), how) for pattern, how in splits]
        spec = _spec(base, finding(terms, particles, kept), guards, byte_level, new)
    _refuse_wrong(base, spec, terms, particles)
    described = tuple(
        Variant(
            form,
            spell(form),
            reason or (ADDED if form in new else PRESENT),
            None if reason else new.get(form, known[form]),
        )
        for term, reason in status.items()
        for form in _forms([term])
    )
    left = tuple(before + after for contexts in kept.values() for before, after, _ in contexts)
    return Isolated(spec, tuple((spell(form), number) for form, number in new.items()), described, left)


def refuse_isolating(base: Base) -> None:
    """Returns where terms can be isolated in `base`, whatever they are; else `VocabError`, as `isolated` raises it."""
    _splits(base)
    _refuse_unreached(base)


def is_signs(term: str) -> bool:
    """True where no letter, mark or digit is in `term`: such a term that the base has whole is left to it."""
    return not any(unicodedata.category(one)[0] in "LMN" for one in term)


def _spec(base: Base, find: str, splits: Sequence[tuple[str, Spec]], byte_level: Spec, new: Mapping[str, int]) -> Spec:
    """The base with `find` before its own splits. Added tokens get a place in the model, or they would lose their ids."""
    model = base.spec["model"]
    moved = {token: number for token, number in base.added.items() if token not in base.vocab}
    vocab = {**base.vocab, **moved, **{spell(form): number for form, number in new.items()}}
    pre_tokenizers = [_split(find), *({**how, "pattern": {"Regex": pattern}} for pattern, how in splits), byte_level]
    return {
        **base.spec,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": pre_tokenizers},
        "model": {**model, "ignore_merges": True, "vocab": vocab},
    }


def _splits(base: Base) -> tuple[list[tuple[str, Spec]], Spec]:
    """The patterns by which the base cuts text, each with its `Split`, and its `ByteLevel` without one."""
    pre_tokenizer = base.spec.get("pre_tokenizer") or {}
    if base.spec["model"].get("type", "BPE") != "BPE" or "ByteLevel" not in kinds(pre_tokenizer, "pretokenizers"):
        _refuse(base, "no byte-level BPE, so a token of bytes could be taken for text, or no token is taken whole")
    if without_prefix_space(pre_tokenizer) != pre_tokenizer:
        _refuse(base, "its pre-tokenizer puts a space before each piece, so before what follows a term too")
    splits: list[tuple[str, Spec]] = []
    *before, last = flat(pre_tokenizer)
    for part in before:
        pattern = part.get("pattern") or {}
        if part["type"] == "Split" and (part["behavior"], bool(part.get("invert"))) in WHOLE:
            splits.append((pattern["Regex"] if "Regex" in pattern else literal(pattern["String"]), part))
        elif part["type"] == "Digits":
            one = r"\p{N}" if part.get("individual_digits") else r"\p{N}+"
            splits.append((one, _split(one)))
        else:
            _refuse(base, f"its pre-tokenizer has a part {part['type']} that would cut a term again")
    if last["type"] != "ByteLevel":
        _refuse(base, f"its pre-tokenizer ends with {last['type']}, expected ByteLevel")
    if last.get("use_regex", True):
        splits.append((BUILT_IN, _split(BUILT_IN)))
    if len(base.inner().pre_tokenizer.pre_tokenize_str("a b")) < 2:
        _refuse(base, "its pre-tokenizer does not cut text between words")
    return splits, {**last, "use_regex": False}


def _split(pattern: str) -> Spec:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def _refuse_unreached(base: Base) -> None:
    if base.ignores_merges:
        return
    never = len(never_produced(base).whole)
    if never:
        _refuse(
            base,
            f"{never:,} of its tokens are a whole piece of text and out of reach of its merges: they would be produced",
        )


def _refuse_wrong(base: Base, spec: Spec, terms: Sequence[str], particles: Sequence[str]) -> None:
    texts = [frame.replace("{}", term) for term in terms for frame in _INSIDE]
    if wrong(base, spec, terms, texts, particles):
        _refuse(
            base, "its pre-tokenizer, or some of these terms together, would let a part of a word be taken for a term"
        )


def _status(term: str, base: Base, inner: "Tokenizer") -> str:
    """Why `term` cannot be isolated, or ''."""
    kinds_of = [unicodedata.category(one)[0] for one in term]
    if not term or term != term.strip() or kinds_of[0] == "M":
        return UNUSABLE
    if any(kind == "C" or (kind == "Z" and one != " ") for kind, one in zip(kinds_of, term, strict=True)):
        return UNUSABLE
    if len(term) > MAX_CHARACTERS:
        return LONG
    if any(token in f" {term}" for token in base.added if token):
        return SPECIAL
    if inner.normalizer and inner.normalizer.normalize_str(term) != term:
        return CHANGED
    return NO_BYTES if any(one not in base.vocab for one in spell(f" {term}")) else ""


def _cut(inner: "Tokenizer", form: str, ids: Mapping[str, Sequence[int]]) -> int | None:
    """After how many characters `form` can be cut so that both parts keep the ids that they have in it.

    0 where the base never takes `form` as one piece of a word; None where it may, and there is no such place.
    """
    if len(inner.pre_tokenizer.pre_tokenize_str(form)) > 1:
        return 0
    for at in range(1, len(form)):
        parts = (form[:at], form[at:])
        found = _ids(inner, parts)
        apart = all(len(one) == 1 or part not in ids for part, one in zip(parts, found, strict=True))
        if found[0] + found[1] == ids[form] and apart:
            return at
    return None if is_word(form.lstrip()[0]) or is_word(form[-1]) else 0


def _kept(inner: "Tokenizer", terms: Sequence[str], particles: Sequence[str]) -> dict[str, list[_Context]]:
    """For each term, the contexts that the base writes with fewer tokens than if it were cut out of them.

    Tried are the particles and the plural, with each character that a token of the base has before the first of the term, and
    whatever a token of the base holds beside a term at a boundary; each as it stands, and after a space.
    """
    tried = dict.fromkeys((*_in_tokens(inner, terms, particles), *_beside(inner, terms, particles)))
    alone = _fewer(inner, [*tried])
    spaced = [(f" {before}", term, after) for before, term, after in tried if not before.startswith(" ")]
    after_space = dict(zip(spaced, _fewer(inner, spaced), strict=True))
    kept: dict[str, list[_Context]] = {}
    for (before, term, after), fewer in zip(tried, alone, strict=True):
        too = after_space.get((f" {before}", term, after))
        if fewer:
            kept.setdefault(term, []).append((before + term, after, too is not False))
        elif too:
            kept.setdefault(term, []).append((f" {before}{term}", after, True))
    return kept


def _in_tokens(inner: "Tokenizer", terms: Sequence[str], particles: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    """(text before, term, text after) of each token of the base that holds a term at a boundary and something beside it."""
    reader = Reader(terms, particles)
    for token in sorted(inner.get_vocab(with_added_tokens=False)):  # the library gives them in any order
        if text := _text(token):
            for start, end in reader.every(text):
                if end < len(text) or text[:start] not in ("", " "):
                    yield text[:start], text[start:end], text[end:]


def _beside(inner: "Tokenizer", terms: Sequence[str], particles: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    """The same of each term with its particles or its plural, and each character that a token has before its first one."""
    reader = Reader(terms, particles)
    heads: dict[str, set[str]] = {}
    for token in inner.get_vocab(with_added_tokens=False):
        if len(text := _text(token)) > 1:
            heads.setdefault(text[1], set()).add(text[0])
    for term in terms:
        firsts = [
            one
            for one in sorted(heads.get(term[0], ()))
            if one != " " and (1, 1 + len(term)) in reader.every(one + term)
        ]
        for before in ("", *firsts):
            for after in ("", *particles) if is_hangul(term[-1]) else ("", "s"):
                yield before, term, after


def _text(token: str) -> str:
    """The text of a token of the base; '' where it is none, or a part of a character."""
    try:
        return read(token).decode()
    except (KeyError, UnicodeDecodeError):
        return ""


def _fewer(inner: "Tokenizer", contexts: Sequence[tuple[str, str, str]]) -> list[bool]:
    """For each (text before, term, text after): whether the base writes it with fewer tokens than cut round the term."""
    sides = [(before.removesuffix(" "), after) for before, _, after in contexts]
    size = {part: len(one) for part, one in _sized(inner, (part for both in sides for part in both))}
    wholes = _ids(inner, ["".join(context) for context in contexts])
    return [len(one) < size[left] + 1 + size[right] for one, (left, right) in zip(wholes, sides, strict=True)]


def _sized(inner: "Tokenizer", parts: Iterable[str]) -> Iterable[tuple[str, list[int]]]:
    distinct = list(dict.fromkeys(parts))
    return zip(distinct, _ids(inner, distinct), strict=True)


def _forms(terms: Iterable[str]) -> list[str]:
    return [form for term in terms for form in (term, f" {term}")]


def _ids(tokenizer: "Tokenizer", texts: Sequence[str]) -> list[list[int]]:
    return [one.ids for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


def _refuse(base: Base, reason: str) -> NoReturn:
    raise VocabError(f"{base.path}: {reason}; {_REMEDY}")
