"""Renders the one-page report of a run: counts and decisions in, self-contained HTML out; no clock, no script, no request.

Its size depends on entity types, sources and rules, of which the most frequent are shown, and not on documents.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from govern import charts
from govern.validate import BOUNDS, limit
from govern.wording import Words

if TYPE_CHECKING:
    from jinja2 import Environment

    from govern.evidence import Evidence

TYPES, SOURCES, SLICES = 16, 20, 40
"""Rows of a table or chart at most: entity types drawn, sources, slices."""
LANGUAGES = ("ko", "en", "und")
"""The series of a chart, in their order."""
KEYS = ("a", "b", "c")
"""The colours of the series, as the page names them."""
CORPUS = {"letters_ppm": "letters_ppm", "masked_characters_ppm": "masked_characters_ppm"}
"""By measure of a document the metric of the corpus that thresholds are about."""


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(loader=PackageLoader("govern"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def render(
    claim: dict[str, Any],
    evidence: "Evidence",
    *,
    lang: str = "en",
    blocking: tuple[str, ...] = (),
    certificate_digest: str | None = None,
    signatures: tuple[str, ...] = (),
    issued: str | None = None,
    not_after: str | None = None,
) -> bytes:
    """The HTML of a claim and its evidence in English or Korean; `blocking` holds the reasons of a refusal."""
    words = Words(lang)
    environment = _templates().overlay()
    environment.filters["said"] = words.said
    counts, privacy, results = claim["accounting"], claim["privacy"], claim["quality"]["results"]
    slices = [dict(zip(evidence.table, values, strict=True)) for values in zip(*evidence.table.values(), strict=True)]
    by_source = _by_source(evidence)
    spoken = [lang for lang in LANGUAGES if f"lang:{lang}" in evidence.table["slice"]]
    html = environment.get_template("report.html.j2").render(
        _=words.of,
        said=words.said,
        slice=words.slice,
        number=lambda value: "–" if value is None else f"{value:,}",
        share=lambda part: round(100 * part / counts["in"], 2),
        lang=lang,
        name=claim["corpus"]["name"],
        decision="refused" if blocking else "passed",
        statement=claim["statement"],
        blocking=blocking,
        waivers=claim["decision"]["waivers"],
        releases=claim["decision"].get("releases", ()),
        came_in=counts["in"],
        certified=counts["certified"],
        dropped=counts["dropped"],
        quarantined=counts["quarantined"],
        columns_dropped=counts["columns_dropped"],
        text_bytes=claim["corpus"]["text_bytes"],
        entities=_by_type(privacy["entities"], spoken),
        **_entity_chart(privacy["entities"]),
        languages=[(KEYS[LANGUAGES.index(lang)], lang) for lang in spoken],
        by_source=by_source[:SOURCES],
        sources_left=max(0, len(by_source) - SOURCES),
        **{name: privacy[name]["status"].replace("_", " ") for name in ("recall", "residual", "review")},
        results=[_result(row, words) for row in results],
        passed=sum(row["status"] == "passed" for row in results),
        warnings=sum(row["status"] == "failed" for row in results),
        charts=[_distribution(entry, claim, words) for entry in evidence.distributions if entry["documents"]],
        worst=[entry for entry in map(_furthest, evidence.worst) if entry["documents"]],
        slices=slices[:SLICES],
        slices_left=max(0, len(slices) - SLICES),
        splits=() if blocking else claim["corpus"]["splits"],
        non_claims=claim["non_claims"],
        certificate_digest=certificate_digest,
        purposes=claim["purpose"]["allowed"],
        policy_name=claim["pipeline"]["policy"]["name"],
        policy_digest=claim["pipeline"]["policy"]["digest"],
        suite=claim["quality"]["suite"]["name"],
        suite_digest=claim["quality"]["suite"]["digest"],
        recognizers_digest=claim["pipeline"]["recognizers"]["digest"],
        assay=claim["pipeline"]["assay"],
        environment_digest=claim["pipeline"]["environment_digest"],
        signatures=signatures,
        issued=issued,
        not_after=not_after,
    )
    return html.encode()


def written(name: str, value: Any) -> str:
    """A value as a reader wants it: shares in percent, thousands apart; `name` is its metric's."""
    if value is None:
        return "–"
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    if name.endswith("_ppm"):
        return f"{value / 10_000:z,.2f}".rstrip("0").rstrip(".") + "\N{NO-BREAK SPACE}%"
    if name.endswith("_milli"):
        return f"{value / 1000:,.2f}"
    return f"{value:,}"


def _result(row: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """A rule's result with what it asked for, and its value, as written."""
    arguments = row["arguments"]
    name = arguments.get("column", "")
    held = {key: arguments[key] for key in BOUNDS if arguments.get(key) is not None}
    bounds = [f"{words.of(BOUNDS[key])} {written(name, value)}" for key, value in held.items()]
    if name and bounds:
        asked = f"{words.said('metric: ' + name)}: {', '.join(bounds)}"
    else:
        asked = words.said(limit(row["expectation"], arguments))
    return {**row, "asked": asked, "value": written(name, row["observed"])}


def _entity_chart(entities: list[dict[str, Any]]) -> dict[str, Any]:
    """The most frequent types by language, drawn."""
    from markupsafe import Markup

    spans: Counter[tuple[str, str]] = Counter()
    for row in entities:
        spans[row["entity_type"], row["lang"]] += row["spans"]
    totals = Counter({kind: sum(spans[kind, lang] for lang in LANGUAGES) for kind in {kind for kind, _ in spans}})
    chosen = sorted(totals, key=lambda kind: (-totals[kind], kind))[:TYPES]
    series = [[spans[kind, lang] for kind in chosen] for lang in LANGUAGES]
    drawn = charts.bars("entities", chosen, series) if any(totals.values()) else ""
    return {"entity_chart": Markup(drawn), "types": len(totals), "most_types": len(chosen)}  # noqa: S704 - drawn here


def _by_type(entities: list[dict[str, Any]], spoken: list[str]) -> list[dict[str, Any]]:
    """A row for each type and action: findings by language, findings and documents in all."""
    kinds = sorted({(row["entity_type"], row["action"]) for row in entities})
    found = []
    for kind, action in kinds:
        rows = {row["lang"]: row for row in entities if (row["entity_type"], row["action"]) == (kind, action)}
        by_lang = [rows[lang]["spans"] if lang in rows else 0 for lang in spoken]
        documents = sum(row["documents"] for row in rows.values())
        found.append(
            {"entity_type": kind, "action": action, "by_lang": by_lang, "spans": sum(by_lang), "documents": documents}
        )
    return found


def _by_source(evidence: "Evidence") -> list[dict[str, Any]]:
    """The sources with most findings, each with its three most frequent types."""
    found: dict[str, Counter[str]] = {}
    for row in evidence.entities:
        found.setdefault(row["source"], Counter())[row["entity_type"]] += row["spans"]
    rows = [
        {
            "source": source,
            "spans": types.total(),
            "types": sorted(types.items(), key=lambda item: (-item[1], item[0]))[:3],
        }
        for source, types in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["spans"], row["source"]))


def _distribution(entry: Mapping[str, Any], claim: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """A measure's histogram with what the suite and the policy ask for, and where the corpus as a whole lies."""
    from markupsafe import Markup

    name, ends = entry["measure"], entry["from"]
    share = name.endswith("_ppm")
    limits = _limits(name, claim)
    value = claim["quality"]["metrics"].get(CORPUS.get(name, ""))
    series = [entry["documents"].get(f"lang:{lang}", [0] * len(ends)) for lang in LANGUAGES]
    labels = [f"{end // 10_000}%" if share else _short(end) for end in ends]
    places = [_place(limit_, ends, share=share) for limit_ in limits]
    drawn = charts.histogram(
        name, labels, series, [place for place in places if place <= len(ends)],
        None if value is None else _place(value, ends, share=share),
    )  # fmt: skip
    notes = []
    if value is not None:
        notes.append(words.of("whole corpus: {value}").format(value=written(name, value)))
    if limits:
        said = ", ".join(written(name, limit_) for limit_ in limits)
        notes.append(words.of("thresholds: {values}" if len(limits) > 1 else "threshold: {values}").format(values=said))
    if any(place > len(ends) for place in places):
        notes.append(words.of("beyond the axis"))
    return {"measure": name, "svg": Markup(drawn), "note": "; ".join(notes)}  # noqa: S704 - drawn here


def _limits(name: str, claim: Mapping[str, Any]) -> list[int]:
    """The thresholds that are drawn in: the suite's for the whole corpus, and the policy's longest document."""
    if name == "characters":
        longest = claim["pipeline"]["policy"]["resolved"].get("max_document_characters")
        return [] if longest is None else [longest]
    if name not in CORPUS:
        return []
    found = {
        row["arguments"][key]
        for row in claim["quality"]["results"]
        if row["arguments"].get("column") == CORPUS[name] and row["arguments"].get("slice", "all") == "all"
        for key in ("min_value", "max_value")
        if row["arguments"].get(key) is not None
    }
    return sorted(found)


def _place(value: float, ends: list[int], *, share: bool) -> float:
    """Where a value lies on the axis of bins, from 0 at the left end of the first; within a bin by its share of it."""
    if share:
        return value / ends[1]
    at = max(place for place, end in enumerate(ends) if end <= value)
    width = ends[at + 1] - ends[at] if at + 1 < len(ends) else max(1, ends[at])
    return at + min(1.5, (value - ends[at]) / width)


def _short(number: int) -> str:
    """A bin's lower end in few characters."""
    for unit, sign in ((1_000_000, "M"), (1000, "k")):
        if number >= unit:
            return f"{number // unit}{sign}"
    return str(number)


def _furthest(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The documents furthest out, their values as written; one with none of what is measured is none of them."""
    name = entry["measure"]
    rows = [row for row in entry["documents"] if row["value"] or not entry["highest"]]
    return {**entry, "documents": [{**row, "said": written(name, row["value"])} for row in rows]}
