"""Proves an extension by its profile: what `vocab extend` runs before it writes, and `vocab check` again.

Numbers kept, the extension stands beside its base; numbers grouped, every number is another sequence of ids, so it stands
beside the ground, and the ground beside the base. The profile `portable` is held to leaks in pre-tokens without a term, the
profile `exact` to the laws of `vocab.exact_laws`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vocab.base import Base
from vocab.ground import Ground
from vocab.grow import ADDED, OVER, PRESENT, Term
from vocab.growing import Grown, Profile
from vocab.merges import Pair
from vocab.pretokens import added_in, histogram
from vocab.proof import Leak, Proof, Side, leaks, prove, prove_isolated, prove_numbers, prove_tags


@dataclass(frozen=True, slots=True)
class Seen:
    """A corpus to prove on: a function that gives its texts in batches from the start, and its pre-tokens by the ground."""

    batches: Callable[[], Iterator[Sequence[str]]]
    counts: Mapping[str, int] = field(repr=False)


def prove_all(
    origin: Base,
    on: Ground,
    extended: Base,
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
    used = [term.entry.term for term in terms if not term.entry.reason]
    single = [one for term in terms for one in term.variants if one.status in (ADDED, PRESENT)]
    by_numbers = "pre_tokenizer" in on.replaced
    before = on.base if by_numbers else origin
    proof = prove(before, extended, new, appended, used, seen.batches() if seen else None)
    proof = replace(proof, tags=prove_tags(on, extended))
    if by_numbers:
        proof = replace(proof, numbers=prove_numbers(origin, on, seen.batches() if seen else None, used))
    if seen is None:
        return proof
    if profile == "exact":
        isolated = [term for term in terms if all(one.status != OVER for one in term.variants)]
        single = [one for term in isolated for one in term.variants if one.status in (ADDED, PRESENT)]
        whole = list(dict.fromkeys(one.text.removeprefix(" ") for one in single))
        return replace(proof, drift=prove_isolated(on.base, extended, whole, seen.batches()))
    return replace(proof, leak=_leak(on.base, extended, [one.spelled for one in single], seen, proof))


def sides(growth: Grown) -> list[Side]:
    """Every new id of a growth with the text that reaches it."""
    by_id = {one.id: one.text for term in growth.terms for one in term.variants if one.status == ADDED}
    return [Side(new_id, token, by_id.get(new_id)) for token, new_id in growth.new_tokens]


def _leak(on: Base, extended: Base, spelled: Iterable[str], seen: Seen, proof: Proof) -> Leak:
    """The leaks, on pre-tokens that add up to the tokens of the corpus; else they were cut in a wrong way and are cut again."""

    def texts() -> Iterator[str]:
        return (text for batch in seen.batches() for text in batch)

    spelled = list(spelled)
    leak, tokens = leaks(on, extended, seen.counts, spelled)
    if tokens + added_in(on, texts()) != (proof.corpus.tokens_extended if proof.corpus else 0):
        leak, _ = leaks(on, extended, histogram(on, texts(), quick=False), spelled)
    return leak
