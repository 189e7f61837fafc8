"""What an extension of the profile `exact` promises, checked on given texts by running it beside its base."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from vocab.base import Base, build
from vocab.boundaries import Reader, word_about
from vocab.isolating import PARTICLES

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_BESIDE = 24
"""Characters beside a term that a token of the base may take together with it."""
Token = tuple[int, int, int]
"""Start and end, in characters, and id."""


def wrong(
    base: Base, spec: dict[str, Any], terms: Iterable[str], texts: Sequence[str], particles: Sequence[str] = PARTICLES
) -> tuple[str, ...]:
    """A sentence for each law that `spec` breaks on `texts`; terms are found by character, not by the patterns of `spec`.

    Args:
        base: the base.
        spec: the parsed `tokenizer.json` of its extension.
        terms: what is one token in it, with or without the space before them.
        texts: what to encode by both.
        particles: those that the extension was made with.
    """
    return compared(base, base.tokenizer(), build(spec, str(base.path)), terms, texts, particles)


def compared(
    base: Base,
    before: "Tokenizer",
    after: "Tokenizer",
    terms: Iterable[str],
    texts: Sequence[str],
    particles: Sequence[str] = PARTICLES,
) -> tuple[str, ...]:
    """`wrong`, for tokenizers that were built already."""
    now = after.get_vocab(with_added_tokens=True)
    changed = sum(now.get(token) != number for token, number in before.get_vocab(with_added_tokens=True).items())
    reader = Reader((term.removeprefix(" ") for term in terms), particles)
    numbered = [(number, part) for number, text in enumerate(texts, 1) for part in _parts(base, before, text)]
    parts = [part for _, part in numbered]
    olds = before.encode_batch(parts, add_special_tokens=False)
    news = after.encode_batch(parts, add_special_tokens=False)
    found: dict[str, set[int]] = {}
    first_new = base.next_id
    for (number, part), old, new in zip(numbered, olds, news, strict=True):
        laws = [*_broken(before, reader, part, tokens_of(old), tokens_of(new), first_new)]
        if old.ids != new.ids and before.decode(old.ids, False) != after.decode(new.ids, False):
            laws.append("decode to other text than by the base")
        for law in laws:
            found.setdefault(law, set()).add(number)
    sentences = [f"{len(at)} of {len(texts)} texts {law} (first: text {min(at)})" for law, at in sorted(found.items())]
    if changed:
        sentences.insert(0, f"{changed} ids of the base changed their meaning, expected none")
    return tuple(f"{base.path}: {sentence}; extend the base again" for sentence in sentences)


def _broken(
    before: "Tokenizer", reader: Reader, text: str, old: list[Token], new: list[Token], first_new: int
) -> Iterator[str]:
    """The laws that `text` breaks. What touches a term at a boundary may be a term too: `11` in `A11`, if A is one."""
    terms = reader.every(text)
    if old == new and not terms:
        return
    if len(new) > len(old):
        yield "became longer"
    exact = {(start - space, end) for start, end in terms for space in (0, text[:start].endswith(" "))}
    edges = {at for span in exact for at in span}
    fresh = [(a, b) for a, b, number in new if number >= first_new and (a, b) not in exact]
    touching = [(a, b) for a, b in fresh if edges & {a, b} and reader.is_term(text[a:b].removeprefix(" "))]
    if len(touching) < len(fresh):
        yield "have a new id where no term stands"
    zones = [word_about(text, start, end) for start, end in (*terms, *touching)]
    if any(not any(a < end and b > start for start, end in zones) for a, b, _ in set(old) ^ set(new)):
        yield "have other ids where no term stands"
    for start, end in reader.longest(text):
        if not is_single(new, text, start, end) and not _is_left(before, text, start, end):
            yield "hold a term that is not one token"
            return


def is_single(tokens: Sequence[Token], text: str, start: int, end: int) -> bool:
    """True where one token is the span, with or without the space before it, and no other has a part of it."""
    first = bisect_right(tokens, start, key=lambda one: one[1])  # starts rise along the text, and ends do
    held = [(a, b) for a, b, _ in tokens[first : bisect_left(tokens, end, key=lambda one: one[0])]]
    return len(held) == 1 and held[0] in {(start, end), (start - text[:start].endswith(" "), end)}


def _is_left(before: "Tokenizer", text: str, start: int, end: int) -> bool:
    """True where the base needs fewer tokens for a term and what touches it than for its parts beside the term and one."""
    first, last = word_about(text, start, end)
    first, last = max(first, start - _BESIDE), min(last, end + _BESIDE)
    return _needs_fewer(before, text[first:last], start - first, end - first)


@lru_cache(maxsize=4096)
def _needs_fewer(before: "Tokenizer", text: str, start: int, end: int) -> bool:
    """The same where `text` is all that touches the term.

    What touches it is any part that goes up to it: `Repos` may be one token and ` Repos` two.
    """
    spans = [(one, other) for one in range(start + 1) for other in range(end, len(text) + 1)]
    sides = dict.fromkeys(side for one, other in spans for side in (text[one:start].removesuffix(" "), text[end:other]))
    wholes = dict.fromkeys(text[one:other] for one, other in spans)
    listed = [*sides, *wholes]
    size = dict(
        zip(listed, (len(found.ids) for found in before.encode_batch(listed, add_special_tokens=False)), strict=True)
    )
    return any(
        size[text[one:other]] < size[text[one:start].removesuffix(" ")] + 1 + size[text[end:other]]
        for one, other in spans
    )


def tokens_of(encoding: "Encoding") -> list[Token]:
    """The tokens of an encoding; one that is a part of a character spans all of it."""
    return [(start, end, number) for (start, end), number in zip(encoding.offsets, encoding.ids, strict=True)]


def _parts(base: Base, tokenizer: "Tokenizer", text: str) -> list[str]:
    """The normalised text between the added tokens that stand in it."""
    added = [re.escape(token) for token in sorted(base.added, key=lambda token: (-len(token), token)) if token]
    parts = re.split("|".join(added), text) if added else [text]
    return [tokenizer.normalizer.normalize_str(part) if tokenizer.normalizer else part for part in parts]
