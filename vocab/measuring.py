"""Measures what an extension did, against its base.

Every number comes from the tokenizers library itself, or from that of SentencePiece, run on the base and on the extension: a
checker that shared the arithmetic of `merges` would share its mistakes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vocab.base import Base
from vocab.ground import Ground
from vocab.merges import Pair
from vocab.model_base import ModelBase, Origin
from vocab.piece_chain import Joins
from vocab.pretokens import PRETOKENS, holding
from vocab.proof import Drift, Leak, Numbers, OnText, Position, Proof, Side, Tags
from vocab.sentence_piece import BPE
from vocab.spelling import ids_of
from vocab.trials import CONTEXTS, fitting, made_up

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from vocab.processors import PieceProcessor

    Reader = Tokenizer | PieceProcessor

LEAKS_BY_ID = 20


@dataclass(frozen=True, slots=True)
class Sizes:
    """The tokens of each text of a batch, and the places of those that hold text the tokenizer has no token for."""

    tokens: tuple[int, ...]
    unread: frozenset[int] = frozenset()


def prove(
    base: Origin,
    extended: Origin,
    new: Sequence[Side],
    appended: Sequence[Pair],
    terms: Sequence[str],
    batches: Iterable[Sequence[str]] | None = None,
    sizes: Iterable[Sizes] | None = None,
) -> Proof:
    """The proof of `extended` against `base`, but for what depends on the profile.

    Args:
        base: the base.
        extended: the extension, as read back from its file.
        new: every new id of a term or scaffold.
        appended: the merges that follow the base's.
        terms: the terms that were added or were single already, as text.
        batches: texts of the corpus, or None for a proof without one.
        sizes: those of the batches by the base, where they are known.
    """
    before, after = base.tokenizer(), extended.tokenizer()
    ids = before.get_vocab(with_added_tokens=True)
    now = after.get_vocab(with_added_tokens=True)
    vocab = extended.vocab
    return Proof(
        base_ids=len(ids),
        base_ids_changed=sum(now.get(token) != number for token, number in ids.items()),
        new_ids=len(new),
        scaffold_ids=tuple(sorted(one.id for one in new if one.text is None)),
        unreachable_ids=_unreachable(extended, new, appended),
        merges=len(appended),
        merges_out_of_order=sum(vocab[a + b] <= max(vocab[a], vocab[b]) for a, b in appended),
        missing_bytes=base.missing_bytes,
        positions=_positions(before, after, terms),
        fuzz=on_text(before, after, made_up(terms), base.unknown_id),
        corpus=None if batches is None else on_texts(before, after, batches, base.unknown_id, sizes),
        leak=None,
    )


def prove_tags(on: Ground, extended: Origin) -> Tags | None:
    """That each masking tag of the ground is one token wherever it stands; None where it has none."""
    if not on.tags:
        return None
    tokenizer = extended.tokenizer()
    wrong = set()
    for _, head, tail in CONTEXTS:
        encoded = tokenizer.encode_batch([head + tag + tail for tag, _ in on.tags], add_special_tokens=False)
        wrong |= {number for (_, number), one in zip(on.tags, encoded, strict=True) if one.ids.count(number) != 1}
    return Tags(len(on.tags), len(wrong))


def prove_isolated(on: Base, extended: Base, terms: Sequence[str], batches: Iterable[Sequence[str]]) -> Drift:
    """Which laws of the profile `exact` the texts break, the ground beside the extension."""
    from vocab.exact_laws import compared

    before, after = on.tokenizer(), extended.tokenizer()
    documents, broken = 0, dict.fromkeys(compared(on, before, after, terms, made_up(terms)))
    for texts in batches:
        documents += len(texts)
        broken |= dict.fromkeys(compared(on, before, after, terms, texts))
    return Drift(documents, tuple(broken))


def prove_numbers(
    origin: Base, on: Base, new_ids: int, batches: Iterable[Sequence[str]] | None, terms: Sequence[str]
) -> Numbers:
    """What grouping digits did to `origin`, with `on` as its ground; texts made up of terms and odd characters are cut too."""
    from vocab.digits import not_single, policy_of, probes, wrong

    where = str(origin.path)
    before, after = origin.tokenizer(), on.tokenizer()
    texts = [*probes(), *made_up(terms)]
    return Numbers(
        policy=policy_of(origin.spec, where).kind,
        new_ids=new_ids,
        not_single=not_single(on.spec, where),
        cut_otherwise=len(wrong(origin.spec, on.spec, texts, where)),
        corpus=None if batches is None else on_texts(before, after, batches),
    )


def sizes_of(reader: "Reader", texts: Sequence[str], unknown: int | None = None) -> Sizes:
    """The sizes of `texts`; `unknown` is the id of what is lost."""
    encoded: list[Any] = reader.encode_batch_fast(list(texts), add_special_tokens=False)
    unread = () if unknown is None else (at for at, one in enumerate(encoded) if unknown in one.ids)
    return Sizes(tuple(map(len, encoded)), frozenset(unread))


def on_text(before: "Reader", after: "Reader", texts: Sequence[str], unknown: int | None = None) -> OnText:
    """The counts over `texts`, each encoded by both tokenizers and decoded again; `unknown` is the id of what is lost."""
    return on_texts(before, after, [texts], unknown)


def on_texts(
    before: "Reader",
    after: "Reader",
    batches: Iterable[Sequence[str]],
    unknown: int | None = None,
    sizes: Iterable[Sizes] | None = None,
) -> OnText:
    """The sum of `on_text` over batches, whose `sizes` by the base may be known; the next is encoded while one is counted."""
    known = None if sizes is None else iter(sizes)

    def encoded(batch: list[str], size: Sizes | None) -> tuple[Sizes, list[list[int]]]:
        size = size or sizes_of(before, batch, unknown)
        return size, [one.ids for one in after.encode_batch_fast(batch, add_special_tokens=False)]

    total = OnText()
    waiting: list[tuple[list[str], Future[tuple[Sizes, list[list[int]]]]]] = []
    with ThreadPoolExecutor(1) as ahead:
        for batch in batches:
            texts = list(batch)
            waiting.append((texts, ahead.submit(encoded, texts, next(known) if known else None)))
            if len(waiting) > 1:
                first, done = waiting.pop(0)
                total += _counted(before, after, first, *done.result())
        for first, done in waiting:
            total += _counted(before, after, first, *done.result())
    return total


def _counted(before: "Reader", after: "Reader", batch: list[str], sizes: Sizes, news: list[list[int]]) -> OnText:
    olds, unread = sizes.tokens, sizes.unread
    decoded = after.decode_batch(news, skip_special_tokens=False)
    normalizer = before.normalizer
    plain = [normalizer.normalize_str(text) for text in batch] if normalizer else batch
    odd = [at for at, (text, read) in enumerate(zip(plain, decoded, strict=True)) if text != read]
    again: list[Any] = before.encode_batch_fast([batch[at] for at in odd], add_special_tokens=False)
    by_base = before.decode_batch([one.ids for one in again], skip_special_tokens=False)
    pairs = [(old, len(new)) for old, new in zip(olds, news, strict=True)]
    judged = [pair for at, pair in enumerate(pairs) if at not in unread]
    return OnText(
        documents=len(batch),
        documents_longer=sum(new > old for old, new in judged),
        documents_shorter=sum(new < old for old, new in pairs),
        tokens_base=sum(old for old, _ in pairs),
        tokens_extended=sum(new for _, new in pairs),
        decoded_otherwise=sum(decoded[at] != text for at, text in zip(odd, by_base, strict=True) if at not in unread),
        not_round_trip=len(odd),
        unread=len(unread),
    )


def leaks(on: Origin, extended: Origin, counts: Mapping[str, int], spelled_terms: Iterable[str]) -> tuple[Leak, int]:
    """What changed in pre-tokens that hold no term, and how many tokens of the extension all of them are.

    Args:
        on: the ground.
        extended: its extension, with the same pre-tokenizer.
        counts: pre-tokens of the corpus to occurrences.
        spelled_terms: every variant of every term, as the ground spells it: what holds one of them is not term-free.
    """
    with_term = holding(counts, (term.removeprefix(on.space) for term in spelled_terms))
    pretokens = list(counts)
    changed, occurrences, longer, total = 0, 0, 0, 0
    by_id: Counter[int] = Counter()
    models, first_new, unknown = (on.model_alone(), extended.model_alone()), on.next_id, on.unknown_id
    for start in range(0, len(pretokens), PRETOKENS):
        part = pretokens[start : start + PRETOKENS]
        olds, news = (model.encode_batch_fast(part, add_special_tokens=False) for model in models)
        for pretoken, old, new in zip(part, olds, news, strict=True):
            count = counts[pretoken]
            total += count * len(new)
            longer += len(new) > len(old) and (unknown is None or unknown not in old.ids)
            if pretoken in with_term or old.ids == new.ids:
                continue
            changed += 1
            occurrences += count
            for one in new.ids:
                if one >= first_new:
                    by_id[one] += count
    most = sorted(by_id.items(), key=lambda one: (-one[1], one[0]))[:LEAKS_BY_ID]
    free = [count for pretoken, count in counts.items() if pretoken not in with_term]
    return Leak(len(free), sum(free), changed, occurrences, longer, tuple(most)), total


def _unreachable(extended: Origin, new: Sequence[Side], appended: Sequence[Pair]) -> tuple[int, ...]:
    """New ids that no text of a term encodes to, and scaffolds on no path of merges to such an id."""
    made_of: dict[str, list[Pair]] = {}
    for pair in appended:
        made_of.setdefault(pair[0] + pair[1], []).append(pair)
    named = [one for one in new if one.text is not None]
    encoded = ids_of(extended, [one.text or "" for one in named], [one.token for one in named])
    open_paths = [one.token for one, ids in zip(named, encoded, strict=True) if ids == [one.id]]
    if isinstance(extended, ModelBase) and extended.family == BPE:
        joins = Joins(extended.model, ())
        open_paths += sorted({part for token in open_paths for part in joins.made_of(token)})
    reached: set[str] = set()
    while open_paths:
        token = open_paths.pop()
        if token not in reached:
            reached.add(token)
            open_paths.extend(part for pair in made_of.get(token, ()) for part in pair)
    vocab = extended.vocab
    ids = {vocab[token] for token in reached}
    return tuple(sorted(one.id for one in new if one.id not in ids))


def _positions(before: "Reader", after: "Reader", terms: Sequence[str]) -> tuple[Position, ...]:
    positions = []
    for name, head, tail in CONTEXTS:
        tried = fitting(name, terms)
        texts = [head + term + tail for term in tried]
        spans = [(len(head), len(head) + len(term)) for term in tried]
        singles = [
            sum(map(_is_single, tokenizer.encode_batch(texts, add_special_tokens=False), texts, spans))
            for tokenizer in (before, after)
        ]
        positions.append(Position(name, len(tried), singles[0], singles[1]))
    return tuple(positions)


def _is_single(encoding: Any, text: str, span: tuple[int, int]) -> bool:
    """True where one token covers `span`, and at most the one space before it."""
    start, end = span
    starts = (start, start - 1) if text[:start].endswith(" ") else (start,)
    covering = [offset for offset in encoding.offsets if offset[0] < end and offset[1] > start]
    return len(covering) == 1 and covering[0][0] in starts and covering[0][1] == end
