"""Turns what was counted into the value of `coverage.json`, format version 2: whole numbers, ratios in parts per million.

It holds names, digests, terms of the lists, made-up numbers and counts, and no text of the corpus. The same counts give the
same value. What each field means stands in the table `measures`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from vocab import numbers
from vocab.coverage.counts import FORMATS, PAGE_CHARACTERS, SPLITTER, WINDOWS, Cost, Coverage, NumberCost
from vocab.coverage.covering import DOCUMENTS, HELD_OUT, Covered
from vocab.coverage.intervals import LEVEL, REPLICATES, Floats, interval
from vocab.coverage.measures import MEASURES, at_95, below, renyi
from vocab.coverage.partial import EACH, SHARED, Cell
from vocab.coverage.probing import SPACE, cut_after_space
from vocab.report import FORMAT_VERSION

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus
    from vocab.term_lists import TermList

WORST, GAINED = 50, 20
"""Rows of terms and shapes that are listed."""
KINDS = ("term", "scaffold", "number", "tag")
Slice = tuple[str, list[Cell]]


def to_json(corpus: "CertifiedCorpus", lists: "Sequence[TermList]", covered: Covered) -> dict[str, Any]:
    """The value of `coverage.json`."""
    slices = slices_of(covered)
    return {
        "format_version": FORMAT_VERSION,
        "kind": "assay-coverage-report",
        "corpus": {
            "name": corpus.certificate.claim["corpus"]["name"],
            "certificate": corpus.certificate.digest,
            "documents": sum(shard.documents for shard in corpus.documents),
            "held_out": sum(shard.documents for shard in corpus.held_out),
        },
        "splitter": SPLITTER,
        "page_characters": PAGE_CHARACTERS,
        "bootstrap": {"replicates": REPLICATES, "level_ppm": round(LEVEL * 1_000_000), "by": "document"},
        "measures": [asdict(measure) for measure in MEASURES],
        "term_lists": [{"name": one.name, "sha256": "sha256:" + one.sha256} for one in lists],
        "terms": len(covered.terms),
        "aligned": {
            "name": covered.aligned.name,
            "sha256": "sha256:" + covered.aligned.sha256.removeprefix("sha256:"),
            "pairs": len(covered.aligned.pairs),
        },
        "tokenizers": [_tokenizer(covered, at, slices) for at in range(len(covered.readers))],
        **_terms(covered),
        "worst_numbers": _worst_numbers(covered),
    }


def slices_of(covered: Covered) -> list[Slice]:
    """Every slice by name with its cells: all, languages, sources, types of documents, the held-out part."""
    cells = sorted(covered.partial.coverage, key=lambda cell: (cell.part, cell.lang, cell.source, cell.type))
    named: dict[str, list[Cell]] = {"all": cells}
    for key in ("lang", "source", "type"):
        for value in sorted({getattr(cell, key) for cell in cells} - {""}):
            named[f"{key}:{value}"] = [cell for cell in cells if getattr(cell, key) == value]
    held_out = [cell for cell in cells if cell.part == HELD_OUT]
    return [*named.items(), *([(HELD_OUT, held_out)] if held_out else [])]


def coverage_of(covered: Covered, at: int, cells: Sequence[Cell]) -> Coverage:
    """The coverage of the tokenizer in place `at` on the documents of `cells`."""
    return sum((covered.partial.coverage[cell][at] for cell in cells), Coverage())


def _tokenizer(covered: Covered, at: int, slices: Sequence[Slice]) -> dict[str, Any]:
    reader, method, parity = covered.readers[at], covered.methods[at], covered.parity[at]
    extends, unreachable = covered.extends[at], covered.unreachable[at]
    space = next(one for one in covered.contexts[at] if one.context == SPACE)
    return {
        "name": reader.name,
        "sha256": "sha256:" + reader.sha256,
        "family": reader.family,
        "vocab_size": reader.vocab_size,
        "method": {
            "way": "units" if method.way.units else "whole documents",
            "engine": "gigatoken" if method.way.gigatoken else reader.engine,
            "reason": method.reason,
            "proved_texts": method.proved,
            "audited_documents": method.audited,
        },
        "extends": None if extends is None else covered.readers[extends].name,
        "unreachable": None if unreachable is None else {"ids": unreachable.ids, "not_text": unreachable.not_text},
        "aligned": {
            "tokens_en": parity.tokens_en,
            "tokens_ko": parity.tokens_ko,
            "parity_ppm": _ratio(parity.tokens_ko, parity.tokens_en),
            "parity_interval_ppm": _interval(parity.interval),
        },
        "contexts": [
            {"context": one.context, "terms": len(one.tried), "single": int(one.single.sum())}
            for one in covered.contexts[at]
        ],
        "term_types": {"terms": len(space.tried), "single_ppm": _ratio(int(space.single.sum()), len(space.tried))},
        "new_ids": _new_ids(covered, at),
        "slices": [_slice(covered, at, name, cells) for name, cells in slices],
    }


def _new_ids(covered: Covered, at: int) -> dict[str, Any] | None:
    record = covered.readers[at].record
    if record is None:
        return None
    cells = covered.partial.coverage
    held_out = coverage_of(covered, at, [cell for cell in cells if cell.part == HELD_OUT]).ids
    rest = coverage_of(covered, at, [cell for cell in cells if cell.part == DOCUMENTS]).ids
    rows = [
        {
            "id": one["id"],
            "token": one["token"],
            "kind": one["kind"],
            "count": rest.of(one["id"]),
            "held_out": held_out.of(one["id"]),
        }
        for one in record["new_ids"]
    ]
    zero = [row for row in rows if not row["count"] + row["held_out"]]
    kinds = {f"{kind}s": sum(row["kind"] == kind for row in rows) for kind in KINDS}
    return {
        "ids": len(rows), **kinds, "zero": len(zero), "zero_terms": sum(row["kind"] == "term" for row in zero), "rows": rows,
    }  # fmt: skip


def _slice(covered: Covered, at: int, name: str, cells: Sequence[Cell]) -> dict[str, Any]:
    one, first = coverage_of(covered, at, cells), coverage_of(covered, 0, cells)
    total = sum((covered.partial.replicates[cell] for cell in cells), np.zeros(1))
    return {
        "slice": name,
        "documents": one.documents,
        "text_bytes": one.text_bytes,
        "characters": one.characters,
        "words": one.words,
        "tokens": one.tokens,
        "unknown_tokens": one.unknown_tokens,
        "byte_tokens": one.byte_tokens,
        "partial_tokens": one.partial_tokens,
        "divided_characters": one.divided_characters,
        "lost_characters": one.lost_characters,
        "bytes_per_token_ppm": _ppm(one.bytes_per_token),
        "characters_per_token_ppm": _ppm(one.characters_per_token),
        "fertility_ppm": _ppm(one.fertility),
        "unknown_ppm": _ppm(one.of_tokens(one.unknown_tokens)),
        "byte_ppm": _ppm(one.of_tokens(one.byte_tokens)),
        "partial_ppm": _ppm(one.of_tokens(one.partial_tokens)),
        "intervals": _intervals(total, at) if one.documents > 1 else dict.fromkeys(_RATIOS),
        "ids": _ids(one, covered.readers[at].vocab_size),
        "windows": [
            {"tokens": window, "pages_ppm": _ppm(one.pages(window)), "whole_documents": whole}
            for window, whole in zip(WINDOWS, one.whole, strict=True)
        ],
        "terms": _cost(one.terms),
        "numbers": {form: _number(cost) for form, cost in zip(FORMATS, one.numbers, strict=True)},
        "all_numbers": _number(one.all_numbers),
        "digit_runs": _runs(one),
        "against_first": {
            "tokens_saved": first.tokens - one.tokens,
            "saved_ppm": _ratio(first.tokens - one.tokens, first.tokens),
            "relative_cost_ppm": _ratio(one.tokens, first.tokens),
            "documents_shorter": one.documents_shorter,
            "documents_longer": one.documents_longer,
        },
        "changed": None if one.changed is None else asdict(one.changed),
    }


_RATIOS = {
    "bytes_per_token_ppm": ("text_bytes", "tokens"),
    "characters_per_token_ppm": ("characters", "tokens"),
    "fertility_ppm": ("tokens", "words"),
    "term_tokens_each_ppm": ("term_tokens", "term_occurrences"),
    "term_single_ppm": ("term_single", "term_occurrences"),
    "number_tokens_each_ppm": ("number_tokens", "number_occurrences"),
    "saved_ppm": ("saved", "first"),
}
"""Ratios with an interval: what stands above and below."""


def _intervals(total: Floats, at: int) -> dict[str, list[int] | None]:
    columns = {name: total[:, place] for place, name in enumerate(SHARED)}
    columns |= {name: total[:, len(SHARED) + at * len(EACH) + place] for place, name in enumerate(EACH)}
    columns["first"] = total[:, len(SHARED)]
    columns["saved"] = columns["first"] - columns["tokens"]
    return {name: _interval(interval(columns[above], columns[under])) for name, (above, under) in _RATIOS.items()}


def _ids(one: Coverage, size: int) -> dict[str, Any]:
    counts = one.ids.counts
    used = int(np.count_nonzero(counts))
    return {
        "used": used,
        "utilisation_ppm": _ratio(used, size),
        "renyi_ppm": _ppm(renyi(counts, size)),
        "at_95": at_95(counts),
        "below_100": below(counts),
    }


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "occurrences": cost.occurrences,
        "tokens": cost.tokens,
        "single": cost.single,
        "tokens_each_ppm": _ppm(cost.tokens_each),
        "single_ppm": _ppm(cost.single_rate),
    }


def _number(cost: NumberCost) -> dict[str, Any]:
    return {**asdict(cost), "tokens_each_ppm": _ppm(cost.tokens_each), "boundary_f1_ppm": _ppm(cost.boundary_f1)}


def _runs(one: Coverage) -> list[dict[str, Any]]:
    found = []
    for length in sorted({length for length, _ in one.runs}):
        counts = [count for (digits, _), count in one.runs.items() if digits == length]
        total = sum(counts)
        row = {"length": length, "runs": total, "patterns": len(counts), "commonest_ppm": _ratio(max(counts), total)}
        found.append(row)
    return found


def _terms(covered: Covered) -> dict[str, Any]:
    """The terms that cost most with the last tokenizer, those it saved most on, and those it did nothing for."""
    table = covered.partial.terms
    last = len(covered.readers) - 1
    count = len(covered.terms)
    occurrences = table[0] if table.size else np.zeros(count, np.int64)
    tokens = [table[1 + 2 * at] if table.size else occurrences for at in range(last + 1)]
    single = [table[2 + 2 * at] if table.size else occurrences for at in range(last + 1)]
    excess = tokens[last] - occurrences
    saved = tokens[0] - tokens[last]

    def rows(order: Sequence[int]) -> list[dict[str, Any]]:
        return [
            {
                "term": covered.terms[at],
                "occurrences": int(occurrences[at]),
                "by": [
                    {"tokens": int(tokens[n][at]), "single": int(single[n][at]), **_cut(covered, n, covered.terms[at])}
                    for n in range(last + 1)
                ],
            }
            for at in order
        ]

    return {
        "worst_terms": rows(_most(excess, covered.terms, WORST)),
        "gained_terms": rows(_most(saved, covered.terms, GAINED)) if last else [],
        "idle_terms": _idle(covered, occurrences),
    }


def _idle(covered: Covered, occurrences: "np.ndarray[Any, np.dtype[np.int64]]") -> dict[str, int]:
    alone = []
    for contexts in (covered.contexts[0], covered.contexts[-1]):
        space = next(one for one in contexts if one.context == SPACE)
        flags = np.zeros(len(covered.terms), np.bool_)
        flags[space.tried] = space.single
        alone.append(flags)
    stands = occurrences > 0
    before, after = alone
    return {
        "absent": int(np.count_nonzero(~stands)),
        "already_single": int(np.count_nonzero(stands & before)),
        "single_now": int(np.count_nonzero(stands & ~before & after)),
        "still_split": int(np.count_nonzero(stands & ~before & ~after)),
    }


def _worst_numbers(covered: Covered) -> list[dict[str, Any]]:
    """The shapes of numbers that take most tokens with the last tokenizer."""
    shapes = sorted(covered.partial.shapes.items(), key=lambda one: (-int(one[1][-1]), one[0]))[:WORST]
    found = []
    for (form, shape), counts in shapes:
        example = numbers.example(shape)
        by = [{"tokens": int(count), **_cut(covered, at, example)} for at, count in enumerate(counts[1:])]
        for one in by:
            del one["each_tokens"]
        row = {"shape": shape, "example": example, "format": FORMATS[form], "occurrences": int(counts[0]), "by": by}
        found.append(row)
    return found


def _cut(covered: Covered, at: int, text: str) -> dict[str, Any]:
    pieces = cut_after_space(covered.readers[at], text)
    return {"each_tokens": sum(tokens for _, tokens in pieces), "pieces": [[piece, tokens] for piece, tokens in pieces]}


def _most(values: "np.ndarray[Any, np.dtype[np.int64]]", terms: Sequence[str], count: int) -> list[int]:
    """The places of the largest values above 0, equal ones by term."""
    order = sorted(np.flatnonzero(values > 0).tolist(), key=lambda at: (-int(values[at]), terms[at]))
    return order[:count]


def _ratio(above: int, under: int) -> int | None:
    return _ppm(above / under) if under else None


def _ppm(ratio: float | None) -> int | None:
    return None if ratio is None else round(ratio * 1_000_000)


def _interval(found: tuple[float, float] | None) -> list[int] | None:
    return None if found is None else [round(bound * 1_000_000) for bound in found]
