"""Renders coverage: `coverage.json` (versioned), a terminal table, and a self-contained `report.html`.

The page runs no script, loads nothing, and escapes every value; its policy says so to the browser. It holds counts,
names of tokenizers and of term lists, and no text of the corpus. The same counts give the same bytes.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.files import canonical, write_whole
from vocab import numbers
from vocab.coverage import SPLITTER, Cost, Coverage, Covered
from vocab.folders import building

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus
    from vocab.term_lists import TermList

FORMAT_VERSION = 1
JSON, HTML = "coverage.json", "report.html"
ABSENT = "–"


def to_json(corpus: "CertifiedCorpus", lists: "Sequence[TermList]", covered: Sequence[Covered]) -> dict[str, Any]:
    """The value of `coverage.json`: raw counts, and each ratio as whole parts per million (null where undefined)."""
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
        "term_lists": [{"name": one.name, "sha256": "sha256:" + one.sha256} for one in lists],
        "tokenizers": [_tokenizer(one) for one in covered],
    }


def write(value: dict[str, Any], out: Path) -> None:
    """Writes `coverage.json` and `report.html` into the new folder `out`."""
    with building(out, JSON) as partial:
        write_whole(partial / JSON, canonical(value))
        write_whole(partial / HTML, html(value).encode())


def html(value: dict[str, Any]) -> str:
    """The report as one page."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("vocab").joinpath("templates", "coverage.html.j2").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(report=value, tables=_tables(value)) + "\n"


def lines(value: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    corpus = value["corpus"]
    result = [f"{corpus['name']}: {corpus['documents']:,} documents and {corpus['held_out']:,} held out"]
    for title, head, rows in _tables(value):
        widths = [max(_width(row[at]) for row in (head, *rows)) for at in range(len(head))]
        result += ["", title]
        for row in (head, *rows):
            cells = [_pad(cell, width, left=at == 0) for at, (cell, width) in enumerate(zip(row, widths, strict=True))]
            result.append("  " + "  ".join(cells).rstrip())
    return result


def _tokenizer(covered: Covered) -> dict[str, Any]:
    reader = covered.tokenizer
    return {
        "name": reader.name,
        "sha256": "sha256:" + reader.sha256,
        "family": reader.family,
        "vocab_size": reader.vocab_size,
        "slices": [{"slice": name, **_counts(one)} for name, one in covered.slices],
        "contexts": [{"context": name, "terms": tried, "single": single} for name, tried, single in covered.contexts],
    }


def _counts(one: Coverage) -> dict[str, Any]:
    return {
        "documents": one.documents,
        "text_bytes": one.text_bytes,
        "characters": one.characters,
        "words": one.words,
        "tokens": one.tokens,
        "unknown_tokens": one.unknown_tokens,
        "divided_characters": one.divided_characters,
        "lost_characters": one.lost_characters,
        "bytes_per_token_ppm": _ppm(one.bytes_per_token),
        "fertility_ppm": _ppm(one.fertility),
        "terms": _cost(one.terms),
        "numbers": {name: _cost(cost) for name, cost in zip(numbers.FORMATS, one.numbers, strict=True)},
    }


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "occurrences": cost.occurrences,
        "tokens": cost.tokens,
        "single": cost.single,
        "tokens_each_ppm": _ppm(cost.tokens_each),
        "single_rate_ppm": _ppm(cost.single_rate),
    }


def _ppm(ratio: float | None) -> int | None:
    return None if ratio is None else round(ratio * 1_000_000)


Table = tuple[str, list[str], list[list[str]]]


def _tables(value: dict[str, Any]) -> list[Table]:
    """(title, head, rows) for the terminal and the page: the first tokenizer, then the others with their difference."""
    tokenizers = value["tokenizers"]
    names = [one["name"] for one in tokenizers]
    tables = []
    for at, piece in enumerate(tokenizers[0]["slices"]):
        slices = [one["slices"][at] for one in tokenizers]
        rows = [
            ["vocabulary", *_row([one["vocab_size"] for one in tokenizers], _whole)],
            ["tokens", *_row([one["tokens"] for one in slices], _whole)],
            ["bytes per token", *_row([one["bytes_per_token_ppm"] for one in slices], _ratio)],
            ["tokens per word", *_row([one["fertility_ppm"] for one in slices], _ratio)],
            ["characters divided between tokens", *_row([one["divided_characters"] for one in slices], _whole)],
            ["characters lost", *_row([one["lost_characters"] for one in slices], _whole)],
            ["unknown tokens", *_row([one["unknown_tokens"] for one in slices], _whole)],
            ["terms: tokens each", *_row([one["terms"]["tokens_each_ppm"] for one in slices], _ratio)],
            ["terms: one token", *_points([one["terms"]["single_rate_ppm"] for one in slices])],
        ]
        rows += [
            [f"{name}: tokens each", *_row([one["numbers"][name]["tokens_each_ppm"] for one in slices], _ratio)]
            for name in numbers.FORMATS
            if piece["numbers"][name]["occurrences"]
        ]
        title = f"{_title(piece['slice'])} ({piece['documents']:,} documents, {piece['text_bytes']:,} bytes)"
        tables.append((title, ["", *names], rows))
    contexts = tokenizers[0]["contexts"]
    if contexts and contexts[0]["terms"]:
        rows = [
            [
                one["context"] + ("" if one["terms"] == contexts[0]["terms"] else f" (of {one['terms']:,})"),
                *(f"{tokenizer['contexts'][at]['single']:,}" for tokenizer in tokenizers),
            ]
            for at, one in enumerate(contexts)
        ]
        tables.append((f"Terms that are one token, by context (of {contexts[0]['terms']:,})", ["", *names], rows))
    return tables


def _title(name: str) -> str:
    return {"all": "The whole corpus", "held-out": "The held-out part", "lang:en": "English", "lang:ko": "Korean"}.get(
        name, name.removeprefix("lang:")
    )


def _row(values: list[int | None], show: Any) -> list[str]:
    first = values[0]
    return [show(first), *(show(value) + _change(first, value) for value in values[1:])]


def _change(first: int | None, value: int | None) -> str:
    """The difference in percent of the first; a difference never rounds to none."""
    if not first or value is None or value == first:
        return ""
    percent = 100 * (value - first) / first
    return f" ({percent:+.1f}%)" if abs(percent) >= 0.05 else " (< 0.1%)" if percent > 0 else " (> -0.1%)"


def _points(values: list[int | None]) -> list[str]:
    """Shares in percent, the others with their difference in percentage points."""
    first = values[0]
    cells = [_percent(first)]
    for value in values[1:]:
        change = "" if first is None or value is None or value == first else f" ({(value - first) / 10_000:+.1f} pp)"
        cells.append(_percent(value) + change)
    return cells


def _whole(value: int | None) -> str:
    return ABSENT if value is None else f"{value:,}"


def _ratio(value: int | None) -> str:
    return ABSENT if value is None else f"{value / 1_000_000:.3f}"


def _percent(value: int | None) -> str:
    """A share in percent; only none is 0.0% and only all is 100.0%."""
    if value is None:
        return ABSENT
    shown = min(max(value / 10_000, 0.1), 99.9) if 0 < value < 1_000_000 else value / 10_000
    return f"{shown:.1f}%"


def _width(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _pad(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text
