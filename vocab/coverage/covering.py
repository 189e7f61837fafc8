"""Covers a certified corpus by several tokenizers at once: decides how each may be counted, counts shards, tries the rest.

A tokenizer counts by units (`vocab.coverage.units`) where the ids of a text are those of its units one after the other. That
is proved on odd and made-up texts first, and audited on some documents (`audit_every`) while the corpus is read; where either
fails it reads every document whole, and the corpus is counted again. What was decided, and why, is part of the result.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from govern.engine import Engine
from govern.shards import map_shards, progress
from vocab.base import Base
from vocab.coverage.aligned import OWN, Aligned, load
from vocab.coverage.arrays import Ints
from vocab.coverage.desk import Desk
from vocab.coverage.encoding import Way
from vocab.coverage.partial import Partial, Plan, Task
from vocab.coverage.probing import InContext, Parity, Unreachable, in_contexts, parity, unreachable
from vocab.coverage.readers import Reader, opened, readers_of
from vocab.coverage.spaced import joins_too_much
from vocab.coverage.tally import COLUMNS, desk_of, refuse_types, tally
from vocab.errors import VocabError
from vocab.pretokens import ODD
from vocab.trials import made_up

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus

DOCUMENTS, HELD_OUT = "documents", "held-out"
TYPE_COLUMN = "type"
ENGINES = ("tokenizers", "gigatoken")
AUDITED, RAREST = 100, 256
"""Documents that are audited of a corpus, about; of a large one, one in so many."""
MOST_SOURCES = 50
"""Sources with slices of their own; what the others hold is one slice."""
_ANCHORS = (r"\\A", r"\\z", r"\\Z")
"""The start and the end of a text, in a pattern as JSON writes it."""
_TERMS, TOGETHER = 200, 20
"""Terms that made-up texts hold, and tokens that stand in one text."""


@dataclass(frozen=True, slots=True)
class Method:
    """How a tokenizer was counted: its way, why not by units (''), texts of the proof, documents of the audit."""

    way: Way
    reason: str
    proved: int
    audited: int


@dataclass(frozen=True, slots=True)
class Covered:
    """Everything that was counted and tried; each tuple has one entry for each tokenizer, in their order."""

    readers: tuple[Reader, ...]
    methods: tuple[Method, ...]
    extends: tuple[int | None, ...]
    terms: tuple[str, ...]
    partial: Partial
    contexts: tuple[tuple[InContext, ...], ...]
    unreachable: tuple[Unreachable | None, ...]
    aligned: Aligned
    parity: tuple[Parity, ...]


def cover(
    tokenizers: Sequence[Path],
    corpus: "CertifiedCorpus",
    terms: Sequence[str],
    *,
    aligned: Aligned | None = None,
    type_column: str = TYPE_COLUMN,
    engine: str = "tokenizers",
    workers: int = 1,
) -> Covered:
    """The coverage of the whole corpus, the held-out part too, by each tokenizer.

    Args:
        tokenizers: folders, `tokenizer.json` files, rank files or SentencePiece models; the first measures the others.
        corpus: what `govern.attestation.verify` returned, with the purpose `evaluate`.
        terms: what is measured as terms.
        aligned: English and Korean sentences of the same meaning; the package's own where it is None.
        type_column: the kept column that holds a document's type, where the corpus has one.
        engine: `gigatoken` encodes units of byte-level BPE in place of the tokenizers library, where both agree.
        workers: processes.

    Raises:
        VocabError: no tokenizer, one that cannot be read, or a column of types that holds something else.
        VerificationError: a shard is not what was certified.
    """
    if not tokenizers:
        raise VocabError("no tokenizer to cover a corpus by, expected one or more; name their files or folders")
    if type_column in COLUMNS:
        raise VocabError(f"column '{type_column}': expected a kept column of document types; name another")
    paths = tuple(tokenizers)
    readers = opened(paths)
    digests = tuple(reader.sha256 for reader in readers)
    listed = tuple(dict.fromkeys(terms))
    parts = ((DOCUMENTS, corpus.documents), (HELD_OUT, corpus.held_out))
    shards = [(part, shard) for part, several in parts for shard in several]
    every = audit_every(sum(shard.documents for _, shard in shards))
    ways = (Way(gigatoken=engine == "gigatoken"),) * len(readers)
    sources = _sources(corpus)
    plan, reasons, proved = _proved(Plan(paths, digests, ways, _extends(readers), listed, type_column, every, sources))
    while True:
        tasks = [Task(plan, shard, part) for part, shard in shards]
        partial = Partial()
        for one in progress(map_shards(tally, tasks, Engine(workers)), len(tasks), "coverage"):
            partial += one
            refuse_types({cell.type for cell in partial.coverage}, type_column)
        if not partial.unlike:
            break
        plan = _without(plan, partial.unlike, reasons, "in a document of the corpus")
    desk = desk_of(plan)
    desk.forget()
    contexts, never = in_contexts(desk, listed), unreachable(desk, _used(partial, len(readers)))
    desk_of.cache_clear()
    pairs = aligned or load(OWN[0])
    return Covered(
        readers=readers,
        methods=tuple(
            Method(way, reasons.get(at, ""), proved, partial.audited if way.units else 0)
            for at, way in enumerate(plan.ways)
        ),
        extends=plan.extends,
        terms=listed,
        partial=partial,
        contexts=tuple(contexts),
        unreachable=tuple(never),
        aligned=pairs,
        parity=tuple(parity(reader, pairs.pairs) for reader in readers),
    )


def _used(partial: Partial, count: int) -> list[Ints]:
    """The ids that stand in the corpus, by tokenizer."""
    every = [[found[at].ids.ids for found in partial.coverage.values()] for at in range(count)]
    return [np.unique(np.concatenate(some)) if some else np.zeros(0, np.int64) for some in every]


def audit_every(documents: int) -> int:
    """One document in so many is audited: a hundred of a corpus, and of a large one a fixed share."""
    return max(1, min(RAREST, documents // AUDITED))


def _sources(corpus: "CertifiedCorpus") -> tuple[str, ...]:
    """The largest sources, where there are more than have slices of their own; else none."""
    listed = corpus.certificate.claim["sources"]
    if len(listed) <= MOST_SOURCES:
        return ()
    largest = sorted(listed, key=lambda one: (-one["documents_certified"], one["name"]))
    return tuple(one["name"] for one in largest[:MOST_SOURCES])


def _extends(readers: Sequence[Reader]) -> tuple[int | None, ...]:
    """For each tokenizer the place of the one that it is an extension of, where that is among them."""
    place = {"sha256:" + reader.sha256: at for at, reader in reversed(list(enumerate(readers)))}
    return tuple(None if one.record is None else place.get(one.record["base"]["sha256"]) for one in readers)


def _proved(plan: Plan) -> tuple[Plan, dict[int, str], int]:
    """The plan with whole documents for tokenizers whose ids are not those of units on odd and made-up texts, and why.

    Neither does one count by units whose ids could differ in texts that are too rare for a proof and an audit to hold.
    """
    readers = readers_of(plan.paths, plan.digests)
    texts = _texts(readers, plan.terms)
    reasons = {at: reason for at, one in enumerate(readers) if (reason := _by_rule(one))}
    ways = tuple(Way(units=False) if at in reasons else way for at, way in enumerate(plan.ways))
    plan = replace(plan, ways=ways)
    while True:
        desk = Desk(plan)
        cut = desk.cut(texts)
        unlike: dict[int, int] = {}
        for at, way in enumerate(plan.ways):
            if not way.units:
                continue
            flat, sizes = desk.ids(at, cut)
            ends = sizes.cumsum()
            whole = readers[at].ids(texts, inside=False)
            rows = zip(ends.tolist(), sizes.tolist(), whole, strict=True)
            differ = sum(flat[end - size : end].tolist() != ids for end, size, ids in rows)
            if differ:
                unlike[at] = differ
        if not unlike:
            return plan, reasons, len(texts)
        for at, differ in unlike.items():
            plan = _without(plan, frozenset({at}), reasons, f"in {differ:,} of {len(texts):,} odd and made-up texts")


def _by_rule(reader: Reader) -> str:
    """Why a tokenizer reads whole documents whatever a proof says; '' for most."""
    spec = reader.origin.spec if isinstance(reader.origin, Base) else {}
    if any(anchor in json.dumps(spec.get("pre_tokenizer")) for anchor in _ANCHORS):
        return "its patterns ask where a text begins or ends"
    return joins_too_much(reader)


def _texts(readers: Sequence[Reader], terms: Sequence[str]) -> list[str]:
    """Texts on which units are tried: odd characters, made-up strings with terms, and tokens in the middle of text.

    The tokens are added ones and those that go on over a space, as a term of several words or a pair of words may.
    """
    tokens = (token for reader in readers for token in (*reader.origin.added, *reader.over_spaces))
    between = [f"rate{token}up {token} 금리 {token}\n  {token}" for token in dict.fromkeys(tokens) if token]
    joined = [" ".join(between[start : start + TOGETHER]) for start in range(0, len(between), TOGETHER)]
    return [*ODD, *made_up(list(terms[:_TERMS])), *joined]


def _without(plan: Plan, unlike: frozenset[int], reasons: dict[int, str], where: str) -> Plan:
    """The plan without what does not hold for the tokenizers `unlike`: gigatoken first, then units."""
    ways = list(plan.ways)
    for at in unlike:
        if ways[at].gigatoken:
            ways[at] = replace(ways[at], gigatoken=False)
            reasons[at] = f"gigatoken gives other ids than the tokenizers library {where}"
        else:
            ways[at] = Way(units=False)
            reasons[at] = f"the ids of a text are not those of its parts one after the other {where}"
    return replace(plan, ways=tuple(ways))
