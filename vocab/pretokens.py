"""Counts the pre-tokens of a corpus: exact, mergeable with `+`, and all that BPE needs to know of a text.

A pre-token is what the base's pre-tokenizer hands to the merges, spelled in the byte alphabet. Special and other added
tokens that stand in a text as such are cut out first, as the tokenizer does. Where the pre-tokenizer is a row of patterns,
the `regex` library cuts in the place of the tokenizers library, three times as fast; the first texts and odd ones are cut by
both, and where one of them differs the tokenizers library cuts them all.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import regex

from vocab.base import FAMILY, Base
from vocab.byte_alphabet import read
from vocab.cutting import cutting
from vocab.model_base import ModelBase, Origin
from vocab.piece_models import SPACE

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus

WORD = re.compile(f"{SPACE}*[^{SPACE}]+|{SPACE}+")
"""A word of text in which ▁ stands for a space."""
BATCH_DOCUMENTS = 256
BATCH_CHARACTERS = 400_000
"""Documents that are encoded together, and their text: a token takes a hundred bytes while its batch is looked at."""
PRETOKENS = 20_000
"""Pre-tokens that are encoded together."""
FIRST = 64
"""Texts that are cut by both libraries before one is trusted."""
ODD = (
    "a\x00b\x1c\x1d\x1e\x1f\x7f\x85\xa0\u1680\u180e\u2003\u2028\u2029\u202f\u205f\u200b\u2060\u3000\ufeff c",
    "'s 'S don'T we'LL 'ſ  x \n\r\n \r\t 1,234.56 ①²½Ⅳ٣१ １２３ 1조2,000억 (3.5%) --- ...!? @user_name #tag",
    "İıßẞﬁǅʰªᾳͅ é e\u0301 \u0301x ᄀ\u1161\u11a8 각금리를 漢字かなカナ ไทย עברית",
    "🏦👩\u200d💻🇰🇷 \U0001d7d9\U0001e900\U00031350\U0010ffff\ue000",
)
"""Characters that regular expression libraries tell apart in different ways."""


def batches(corpus: "CertifiedCorpus", *, held_out: bool = False) -> Iterator[list[tuple[str, str]]]:
    """The documents of a certified corpus as lists of (text, lang), each shard hashed as it is parsed.

    Args:
        corpus: what `govern.attestation.verify` returned.
        held_out: the held-out part instead of the part to train on.
    """
    from govern.corpus import read_texts

    for shard in corpus.held_out if held_out else corpus.documents:
        frame = read_texts(shard)
        batch: list[tuple[str, str]] = []
        characters = 0
        for text, lang in frame.select("text", "lang").iter_rows():
            batch.append((text, lang))
            characters += len(text)
            if len(batch) == BATCH_DOCUMENTS or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
        if batch:
            yield batch


def histogram(base: Origin, texts: Iterable[str], *, quick: bool = True) -> Counter[str]:
    """How often each pre-token stands in `texts`; not `quick`, the tokenizers library alone cuts them."""
    counts: Counter[str] = Counter()
    for _, pieces in pieces_of(base, texts, quick=quick):
        counts.update(pieces)
    return Counter({base.spelled(piece): count for piece, count in counts.items()})


def histograms(base: Origin, texts: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """How often each pre-token stands in `texts`, and in how many of them."""
    counts: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for _, pieces in pieces_of(base, texts):
        counts.update(pieces)
        documents.update(set(pieces))
    both = ({base.spelled(piece): count for piece, count in some.items()} for some in (counts, documents))
    occurrences, held = map(Counter, both)
    return occurrences, held


def added_in(base: Base, texts: Iterable[str]) -> int:
    """How often an added token of the base stands in `texts`."""
    apart = added_pattern(base)
    return sum(len(apart.findall(text)) for text in texts) if apart else 0


def pieces_of(base: Origin, texts: Iterable[str], *, quick: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Each text with its pre-tokens, in order and as normalised text; where nothing cuts it, with its words."""
    if isinstance(base, ModelBase):
        inner = base.tokenizer()
        yield from ((text, WORD.findall(inner.normalized(text))) for text in texts)
        return
    if base.family != FAMILY:
        yield from _words(base, texts)
        return
    apart = added_pattern(base)
    whole = iter(texts)
    first = list(islice(whole, FIRST))
    cut = cutter(base, first, quick=quick)
    for text in chain(first, whole):
        parts = [part for part in apart.split(text) if part] if apart else [text]
        yield text, cut(parts[0]) if len(parts) == 1 else [piece for part in parts for piece in cut(part)]


def cutter(base: Base, first: Sequence[str], *, quick: bool = True) -> Callable[[str], list[str]]:
    """What gives the pre-tokens of a text without added tokens, for byte-level BPE; by `regex` where both cut `first` alike."""
    tokenizer = base.tokenizer()
    normalizer, pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer

    def by_library(text: str) -> list[str]:
        return [read(piece).decode() for piece, _ in pre_tokenizer.pre_tokenize_str(text)]

    cut = _quick(base) if quick else None
    if cut is None or any(cut(text) != by_library(text) for text in (*ODD, *first)):
        cut = by_library
    if normalizer is None:
        return cut
    chosen = cut
    return lambda text: chosen(normalizer.normalize_str(text))


def _words(base: Base, texts: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    tokenizer, apart, is_export = base.tokenizer(), added_pattern(base), base.space == SPACE
    normalizer, pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    for text in texts:
        found: list[str] = []
        for part in apart.split(text) if apart else [text]:
            plain = normalizer.normalize_str(part) if normalizer else part
            pieces = [piece for piece, _ in pre_tokenizer.pre_tokenize_str(plain)] if pre_tokenizer else [plain]
            found += [word for piece in pieces for word in WORD.findall(piece)] if is_export else pieces
        yield text, found


def added_pattern(base: Origin) -> re.Pattern[str] | None:
    """Any added token of the base, the longest first; None where it has none."""
    added = [re.escape(token) for token in sorted(base.added, key=lambda token: (-len(token), token)) if token]
    return re.compile("|".join(added)) if added else None


def _quick(base: Base) -> Callable[[str], list[str]] | None:
    """Cuts as the base's pre-tokenizer should; None where that is no row of patterns, or one that is not understood."""
    found = cutting(base.spec)
    if found.reason or not found.patterns:
        return None
    try:
        first, *others = [regex.compile(pattern) for pattern in found.patterns]
    except regex.error:
        return None

    def cut(text: str) -> list[str]:
        pieces = _cut(first, text)
        for pattern in others:
            pieces = [part for piece in pieces for part in _cut(pattern, piece)]
        return pieces

    return cut


def _cut(pattern: Any, text: str) -> list[str]:
    """`text` in pieces: each match, and what stands between two."""
    found: list[str] = [] if pattern.groups else pattern.findall(text)
    if sum(map(len, found)) == len(text) and "" not in found:
        return found
    found, last = [], 0
    for match in pattern.finditer(text):
        found += [part for part in (text[last : match.start()], match[0]) if part]
        last = match.end()
    return [*found, text[last:]] if last < len(text) else found


def holding(pretokens: Iterable[str], terms: Iterable[str]) -> frozenset[str]:
    """Those of `pretokens` that hold one of `terms`, both spelled in the byte alphabet."""
    wanted = {term for term in terms if term}
    if not wanted:
        return frozenset()
    head = min(2, *(len(term) for term in wanted))
    by_head: dict[str, list[str]] = {}
    for term in sorted(wanted):
        by_head.setdefault(term[:head], []).append(term)
    return frozenset(pretoken for pretoken in pretokens if _holds(pretoken, by_head, head))


def _holds(pretoken: str, by_head: Mapping[str, Sequence[str]], head: int) -> bool:
    for at in range(len(pretoken) - head + 1):
        terms = by_head.get(pretoken[at : at + head])
        if terms and any(pretoken.startswith(term, at) for term in terms):
            return True
    return False
