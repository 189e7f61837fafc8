"""Decides what is added to a base: the variants of each term, their merges and ids, and what could not be added.

Variants of a term are the term, the term after a space, and the casings of it that the corpus attests (for terms of
more than three letters, seen twice or more), each bare and after a space. Only terms of the lists give text; the corpus
gives counts and casings. Pure functions over values: the same base, terms and counts give the same result.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vocab.base import Base
from vocab.byte_alphabet import read, spell
from vocab.isolating import PARTICLES
from vocab.merges import Appended, Merges
from vocab.pretokens import PRETOKENS, holding
from vocab.spelling import whole
from vocab.term_lists import Entry

ADDED, PRESENT, CUT, NOT_SINGLE, NO_BYTES = "added", "already single", "cut", "not single", "bytes missing"
OVER = "over budget"
REASONS = {
    CUT: "the base's pre-tokenizer cuts it, so no merge can join it",
    NOT_SINGLE: "no order of merges makes one token of it; taken back",
    NO_BYTES: "the base has no token for some of its bytes",
    OVER: "its ids are more than --budget leaves; terms that save more tokens went first",
}
MIN_CASING_LETTERS = 4
"""Shorter words in another casing are other words: IRS and irs, PD and pd."""
MIN_CASING_COUNT = 2


@dataclass(frozen=True, slots=True)
class Budget:
    """How many ids terms may take, and how many tokens each term saves in the corpus: the order in which they are tried."""

    ids: int
    saved: Mapping[str, int] = field(repr=False)

    def order(self, entries: Iterable[Entry]) -> list[Entry]:
        """The usable entries, those first that save most; of equals the first of the lists."""
        return sorted((entry for entry in entries if not entry.reason), key=lambda one: -self.saved.get(one.term, 0))


@dataclass(frozen=True, slots=True)
class Variant:
    """One spelling of a term: its text, what became of it, and the id it encodes to (None where it is not single)."""

    text: str
    spelled: str
    status: str
    id: int | None


@dataclass(frozen=True, slots=True)
class Term:
    """A line of a term list with its variants; a line that cannot be used has none, and `entry.reason` says why."""

    entry: Entry
    variants: tuple[Variant, ...]

    @property
    def status(self) -> str:
        """`rejected`, one of the statuses of a variant where all agree, or `partly added`."""
        if self.entry.reason:
            return "rejected"
        held = {variant.status for variant in self.variants}
        if held <= {ADDED, PRESENT}:
            return ADDED if ADDED in held else PRESENT
        return next(iter(held)) if len(held) == 1 else "partly added" if held & {ADDED, PRESENT} else NOT_SINGLE


@dataclass(frozen=True, slots=True)
class Growth:
    """What is added to a base: terms with their variants, and the appended merges in order."""

    terms: tuple[Term, ...]
    appended: tuple[Appended, ...]

    @property
    def new_tokens(self) -> tuple[tuple[str, int], ...]:
        """(token in the byte alphabet, id) of each new id, ascending."""
        return tuple((one.product, one.new_id) for one in self.appended if one.new_id is not None)

    @property
    def scaffolds(self) -> tuple[int, ...]:
        """New ids that are no variant of a term: they exist so that merges can reach one."""
        targets = {variant.spelled for term in self.terms for variant in term.variants if variant.status == ADDED}
        return tuple(new_id for token, new_id in self.new_tokens if token not in targets)


def grow(
    base: Base, entries: Sequence[Entry], counts: Counter[str], budget: Budget | None = None, particles: int = 0
) -> Growth:
    """The growth of `base` by the terms of `entries`, leaks counted on `counts` (pre-token to occurrences).

    Without a budget every term is tried, shorter variants first, so that longer ones are built on them; with one, the terms
    that save most tokens go first, and a term whose ids no longer fit is left out. Then up to so many terms with one of
    their `particles` become tokens too (`금리를`), those that save most in the corpus: merges of the base run first, and
    cross the edge of a term there.
    """
    tokenizer = base.inner()
    only = whole(base)
    spellings = casings(entries, counts)
    merges = Merges(
        base.vocab,
        base.merges,
        forbidden=base.added,
        next_id=base.next_id,
        ignores_merges=base.ignores_merges,
    )
    texts = {entry: tuple(variants(entry, spellings)) for entry in entries if not entry.reason}
    spelled = {text: only(text) for some in texts.values() for text in some}
    status: dict[str, str] = {}
    for text, token in spelled.items():
        if not token:
            status[text] = CUT
        elif any(character not in base.vocab for character in token):
            status[text] = NO_BYTES
        elif len(tokenizer.encode(text, add_special_tokens=False).ids) == 1:
            status[text] = PRESENT
    wanted = {token for text, token in spelled.items() if text not in status}
    cores = [token.removeprefix("Ġ") for token in spelled.values()]
    with_term = holding(counts, cores)
    free = {pretoken: count for pretoken, count in counts.items() if pretoken not in with_term}
    merges.watch(free, dict(_split(base, list(free))))
    over: set[str] = set()
    if budget is None:
        for token in sorted(wanted, key=lambda token: (len(token), token)):
            merges.reach(token, wanted)
    else:
        tokens = [[spelled[text] for text in texts[entry]] for entry in budget.order(texts)]
        over = _within(merges, [[token for token in some if token in wanted] for some in tokens], wanted, budget.ids)
    behind = _with_particles(texts, counts, merges, particles) if particles else {}
    closed = {spell(text) for text in behind}
    start = merges.next_id if budget is None else base.next_id
    room = budget.ids if budget else len(base.vocab)
    for text, entry in behind.items():
        mark = len(merges.appended)
        if merges.reach(spell(text), closed) and merges.next_id - start <= room:
            texts[entry] += (text,)
            spelled[text] = spell(text)
            wanted.add(spell(text))
        else:
            merges.take_back(mark)
    for text, token in spelled.items():
        if token in wanted:
            single = len(merges.split(token)) == 1
            status[text] = ADDED if single else OVER if token in over else NOT_SINGLE
    ids = {text: merges.vocab.get(token) for text, token in spelled.items() if status[text] in (ADDED, PRESENT)}
    terms = (
        Term(entry, tuple(Variant(text, spelled[text], status[text], ids.get(text)) for text in texts.get(entry, ())))
        for entry in entries
    )
    return Growth(tuple(terms), tuple(merges.appended))


def _with_particles(
    texts: Mapping[Entry, Sequence[str]], counts: Mapping[str, int], merges: Merges, most: int
) -> dict[str, Entry]:
    """The pre-tokens that are a term and a particle and still several tokens, with the term; those first that save most."""
    terms = {entry.term: entry for entry in texts}
    tails, sizes = frozenset(PARTICLES), sorted({len(one) for one in PARTICLES})
    found: dict[str, tuple[int, Entry]] = {}
    for pretoken, count in counts.items():
        try:
            text = read(pretoken).decode()
        except UnicodeDecodeError:
            continue
        core = text.removeprefix(" ")
        held = [terms[core[:-size]] for size in sizes if core[-size:] in tails and core[:-size] in terms]
        saved = count * (len(merges.split(pretoken)) - 1) if held else 0
        if saved:
            found[text] = (saved, held[0])
    best = sorted(found, key=lambda text: (-found[text][0], text))[:most]
    return {text: found[text][1] for text in best}


def _split(base: Base, pretokens: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each pre-token with its tokens by the base."""
    model, tokens = base.model_alone(), {number: token for token, number in base.vocab.items()}
    for start in range(0, len(pretokens), PRETOKENS):
        part = pretokens[start : start + PRETOKENS]
        for pretoken, one in zip(part, model.encode_batch_fast(part, add_special_tokens=False), strict=True):
            yield pretoken, tuple([tokens[number] for number in one.ids])


def _within(merges: Merges, terms: Iterable[Sequence[str]], wanted: set[str], ids: int) -> set[str]:
    """Reaches the tokens of one term after another while they take no more than `ids`; the tokens that were left out."""
    over: set[str] = set()
    last = merges.next_id + ids
    for tokens in terms:
        start = len(merges.appended)
        for token in tokens:
            merges.reach(token, wanted)
        if merges.next_id > last:
            merges.take_back(start)
            over.update(tokens)
    return over


def variants(entry: Entry, spellings: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    """The texts of a term: as listed and in its other casings, each bare and after a space."""
    for text in (entry.term, *spellings.get(entry.term, ())):
        yield text
        yield " " + text


def casings(entries: Sequence[Entry], counts: Counter[str]) -> dict[str, tuple[str, ...]]:
    """For each term, the other casings that stand as a pre-token of their own, sorted; those that are terms are left out."""
    terms = {entry.term for entry in entries if not entry.reason}
    folded: dict[str, str] = {}
    for term in sorted(terms):
        if sum(character.isalpha() for character in term) >= MIN_CASING_LETTERS:
            folded.setdefault(term.casefold(), term)
    seen: Counter[str] = Counter()
    lengths = {len(term.encode()) for term in folded.values()}
    for pretoken, count in counts.items():
        core = pretoken.removeprefix("Ġ")
        if len(core) not in lengths:
            continue
        try:
            seen[read(core).decode()] += count
        except (KeyError, UnicodeDecodeError):
            continue
    found: dict[str, list[str]] = {}
    for text, count in seen.items():
        as_listed = folded.get(text.casefold())
        if as_listed is not None and text not in terms and count >= MIN_CASING_COUNT:
            found.setdefault(as_listed, []).append(text)
    return {term: tuple(sorted(texts)) for term, texts in found.items()}
