"""Proves an extension by its profile: what `vocab extend` runs before it writes, and `vocab check` again.

Numbers kept, the extension stands beside its base; numbers grouped, every number is another sequence of ids, so it stands
beside the ground, and the ground beside the base. The profile `portable` is held to leaks in pre-tokens without a term, the
profile `exact` to the laws of `vocab.exact_laws`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from govern.files import parse_strict
from vocab.base import FAMILY, Base, read_file
from vocab.engines import parities
from vocab.errors import VocabError, VocabRefused
from vocab.exact import is_signs
from vocab.extension import Extended
from vocab.ground import Ground
from vocab.grow import ADDED, OVER, PRESENT, Term
from vocab.growing import Grown, Profile
from vocab.measuring import Sizes, leaks, prove, prove_isolated, prove_numbers, prove_tags, sizes_of
from vocab.merges import Pair
from vocab.model_base import Origin
from vocab.parity import Parity
from vocab.pretokens import added_in, histogram, histograms
from vocab.proof import Leak, Proof, Side
from vocab.trials import made_up

AHEAD = 3
"""Batches that are read before the first of them was encoded."""
MADE_UP, DOCUMENTS, CHARACTERS = 500, 200, 2_000
"""Texts on which engines are compared: made up ones, documents, and how much of each document."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A corpus that was read through.

    Attributes:
        batches: a function that gives its texts in batches from the start.
        counts: its pre-tokens by the ground, to occurrences.
        documents: the same to documents.
        sizes: of each batch, by what the extension stands beside; found again where there are none.
    """

    batches: Callable[[], Iterator[Sequence[str]]]
    counts: Counter[str] = field(repr=False)
    documents: Counter[str] = field(repr=False)
    sizes: tuple[Sizes, ...] = field(repr=False)


def seen(origin: Origin, on: Ground, batches: Callable[[], Iterator[Sequence[str]]]) -> Seen:
    """The corpus read through once: its pre-tokens are counted while the tokens of its documents are."""
    beside = _beside(origin, on)
    reader, unknown = beside.tokenizer(), beside.unknown_id
    sizes: list[Future[Sizes]] = []
    with ThreadPoolExecutor(1) as pool:

        def texts() -> Iterator[str]:
            for batch in batches():
                sizes.append(pool.submit(sizes_of, reader, batch, unknown))
                if len(sizes) > AHEAD:
                    sizes[-AHEAD].result()
                yield from batch

        counts, documents = histograms(on.base, texts())
    return Seen(batches, counts, documents, tuple(one.result() for one in sizes))


def _beside(origin: Origin, on: Ground) -> Origin:
    """What the extension stands beside: its base, or the ground where that groups numbers."""
    return on.base if "pre_tokenizer" in on.replaced else origin


def prove_all(
    origin: Origin,
    on: Ground,
    extended: Origin,
    profile: Profile,
    new: Sequence[Side],
    appended: Sequence[Pair],
    terms: Sequence[Term],
    seen: Seen | None,
) -> Proof:
    """The proof of `extended`, all but what other engines say.

    Args:
        origin: the base as its user has it.
        on: its ground.
        extended: the extension, as read back from its file.
        profile: how terms were added.
        new: every new id of a term or scaffold.
        appended: the merges that follow those of the ground.
        terms: the lines of the lists.
        seen: the corpus; without one, `corpus`, `leak` and `drift` are None.
    """
    listed = used(terms)
    single = [one for term in terms for one in term.variants if one.status in (ADDED, PRESENT)]
    before = _beside(origin, on)
    batches, sizes = (seen.batches(), seen.sizes or None) if seen else (None, None)
    proof = prove(before, extended, new, appended, listed, batches, sizes)
    proof = replace(proof, tags=prove_tags(on, extended))
    if before is not origin and isinstance(origin, Base) and isinstance(on.base, Base):
        texts = seen.batches() if seen else None
        proof = replace(proof, numbers=prove_numbers(origin, on.base, len(on.numbers), texts, listed))
    if seen is None:
        return proof
    if profile == "exact" and isinstance(on.base, Base) and isinstance(extended, Base):
        isolated = [term for term in terms if all(one.status != OVER for one in term.variants)]
        isolated = [
            term
            for term in isolated
            if not (is_signs(term.entry.term) and all(one.status == PRESENT for one in term.variants))
        ]
        single = [one for term in isolated for one in term.variants if one.status in (ADDED, PRESENT)]
        whole = list(dict.fromkeys(one.text.removeprefix(" ") for one in single))
        return replace(proof, drift=prove_isolated(on.base, extended, whole, seen.batches()))
    return replace(proof, leak=_leak(on.base, extended, [one.spelled for one in single], seen, proof))


def used(terms: Sequence[Term]) -> list[str]:
    """The terms that could be tried, in order."""
    return [term.entry.term for term in terms if not term.entry.reason]


def engines_of(extended: Extended, config: Path, texts: Iterable[str], out: Path) -> tuple[Parity, ...]:
    """What other engines make of an extension, on made-up texts and the first of `texts`.

    Args:
        extended: its folder is whole but for its attestation.
        config: the `config.json` of the model that the base belongs to; where there is none, that of a Llama is tried.
        texts: documents.
        out: where it will stand.

    Raises:
        VocabError: `config` is no object.
        VocabRefused: an engine gives other ids that it does not give for the base too.
    """
    terms = [term["term"] for term in extended.record["terms"] if term["status"] != "rejected"]
    sample = [*made_up(terms)[:MADE_UP], *(text[:CHARACTERS] for text in islice(texts, DOCUMENTS))]
    value = parse_strict(read_file(config), str(config)) if config.is_file() else {"model_type": "llama"}
    if not isinstance(value, dict):
        raise VocabError(f"{config}: a JSON {type(value).__name__}, expected an object; restore the file")
    found = parities(extended, sample, value)
    problems = refused_by(found)
    if problems:
        raise VocabRefused(tuple(f"{out}: {problem}; nothing was written" for problem in problems))
    return found


def refused_by(found: Iterable[Parity]) -> tuple[str, ...]:
    """A sentence for each engine that gives other ids because of the extension; for transformers, for whatever reason."""
    return tuple(
        f"{one.engine} {one}"
        for one in found
        if one.status == "differs" and (one.by_extension or one.engine.startswith("transformers"))
    )


def sides(growth: Grown) -> list[Side]:
    """Every new id of a growth with the text that reaches it."""
    by_id = {one.id: one.text for term in growth.terms for one in term.variants if one.status == ADDED}
    return [Side(new_id, token, by_id.get(new_id)) for token, new_id in growth.new_tokens]


def _leak(on: Origin, extended: Origin, spelled: Iterable[str], seen: Seen, proof: Proof) -> Leak:
    """The leaks, on pre-tokens that add up to the tokens of the corpus; else they were cut in a wrong way and are cut again."""

    def texts() -> Iterator[str]:
        return (text for batch in seen.batches() for text in batch)

    spelled = list(spelled)
    leak, tokens = leaks(on, extended, seen.counts, spelled)
    if (
        isinstance(on, Base)
        and on.family == FAMILY
        and tokens + added_in(on, texts()) != (proof.corpus.tokens_extended if proof.corpus else 0)
    ):
        leak, _ = leaks(on, extended, histogram(on, texts(), quick=False), spelled)
    return leak
