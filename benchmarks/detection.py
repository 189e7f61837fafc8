"""Precision, recall, F1 and F2 of detection by type and language, with intervals, beside plain Presidio in the same run.

    python benchmarks/detection.py [--shared ../shared/data] [--documents 1500] [--planted 60] [--cell 12] [--out FILE]

Four measurements: public labelled sets; the synthetic sample, of a seed that nobody developed on; identifiers planted into
real filings, speeches, rulings and statutes, with and without context words; the evasion matrix. Then names of people, by
rule. What needs the shared data is left out where they are not there. A label counts as found where every character of it
lies in findings of its type; a finding counts as right where it touches a label of its type. In real text the findings
that were there before planting are not counted. Over-masking of financial text is `overmasking.py`'s. Prints Markdown.
"""

import argparse
import math
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import detection_sets as sets
from detection_engines import FLOOR, Engine, Finding, Score, Scores, assay, covered, interval, judge, presidio, share
from detection_sets import Document

from govern.policy import ENTITY_TYPES
from govern.samples import evasion, pages

SEED = 910_417
"""Not one that a rule was developed on."""

ALL = frozenset(ENTITY_TYPES)
MARKS = "\u0332\ufe0f\u20e3"
"""Marks of the forms that stand on a last digit: what is left of them shows nothing."""

LEAST = 0.99
WEAKEST = 12
"""Cells of the evasion matrix that are listed, the worst first."""

PACKAGES = ("presidio-analyzer", "spacy", "phonenumbers", "regex", "python-stdnum")

METHOD = """\
A label counts as found where every character of it lies in findings of its type; a finding counts as right where it touches
a label of its type. P precision, R recall with its Wilson interval at 95 %, masked: found as whatever type. Presidio is
plain: its default English recognizers, and for Korean its five Korean recognizers switched on beside the general ones;
first all that it gives, which is its default, then what scores 0.4 or more, which is Assay's floor. Neither side has a name
model. Values, seeds and places are fresh; the sentences round them are those of `govern sample` and of the evasion matrix,
which those who wrote the rules have seen. Over-masking of financial text per million tokens is measured by
[overmasking.py](../overmasking.py)."""

PUBLIC = "Only types that the set labels are judged. These are development halves: errors in them were read."

NONE = "no recognizer"
HEAD = (
    "| type | lang | labels | P | R [95 %] | masked | F1 | F2 | Presidio P | R [95 %] | F2 | ≥ 0.4: P | R | F2 |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


class Side:
    """An engine, which of its findings are counted, and its scores on one set."""

    def __init__(self, engine: Engine, floor: float = 0.0) -> None:
        self.engine, self.floor = engine, floor
        self.scores: Scores = {}

    def add(self, document: Document, types: frozenset[str], found: list[Finding]) -> None:
        """Judges what was found in a document."""
        kept = [finding for finding in found if finding.score >= self.floor]
        judge(self.scores, document.lang, kept, document.labels, types)


def compare(engines: tuple[Engine, Engine], documents: Iterable[Document], types: frozenset[str]) -> list[Side]:
    """Assay, Presidio, and Presidio's findings of `FLOOR` and more, over the same documents."""
    ours, theirs = engines
    sides = [Side(ours), Side(theirs), Side(theirs, FLOOR)]
    for document in documents:
        found = {engine.name: new_findings(engine, document) for engine in engines}
        for side in sides:
            side.add(document, types, found[side.engine.name])
    return sides


def new_findings(engine: Engine, document: Document) -> list[Finding]:
    """What is found, less what was found before planting."""
    found = engine.find(document.text, document.lang)
    if not document.before:
        return found
    shift = len(document.text) - len(document.before)
    earlier = {
        (
            item.start + shift * (item.start >= document.at),
            item.end + shift * (item.end > document.at),
            item.entity_type,
        )
        for item in engine.find(document.before, document.lang)
    }
    return [item for item in found if (item.start, item.end, item.entity_type) not in earlier]


class Page:
    """Lines of the page, and those of its summary."""

    def __init__(self, engines: tuple[Engine, Engine]) -> None:
        self.engines = engines
        self.lines: list[str] = []
        self.summary: list[str] = []

    def table(self, title: str, documents: Iterable[Document], types: frozenset[str]) -> None:
        """A line per type and language, and the sums of what both sides have."""
        sides = compare(self.engines, documents, types)
        ours, theirs, _ = sides
        keys = sorted(key for key, score in ours.scores.items() if score.labelled)
        self.lines.append(HEAD)
        for key in keys:
            scores = [side.scores.get(key, Score()) for side in sides]
            cells = _cells(scores) if key[0] in theirs.engine.types[key[1]] else [*_cells(scores)[:6], NONE, *[""] * 5]
            self.lines.append(_row(*key, *cells))
        for lang in sorted({lang for _, lang in keys}):
            both = [key for key in keys if key[1] == lang and key[0] in theirs.engine.types[lang]]
            every = [key for key in keys if key[1] == lang]
            for name, chosen in (("both have", both), ("all", every)):
                scores = [sum((side.scores.get(key, Score()) for key in chosen), Score()) for side in sides]
                cells = _cells(scores) if chosen is both else _cells(scores)[:6]
                if chosen and (chosen is both or len(every) > len(both)):
                    self.summary.append(_row(title, lang, f"{len(chosen)}, {name}", *cells, *[""] * (12 - len(cells))))
                if chosen is both and chosen:
                    self.lines.append(_row("**types that both have**", lang, *cells))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(scores: list[Score]) -> list[str]:
    """Ours: labels, precision, recall, masked by any type, F1, F2; then theirs twice."""
    one, two, three = scores
    ours = [str(one.labelled), share(one.precision), interval(one.found, one.labelled)]
    masked = one.masked / one.labelled if one.labelled else math.nan
    ours += [share(masked), share(one.f(1)), share(one.f(2))]
    theirs = [share(two.precision), interval(two.found, two.labelled), share(two.f(2))]
    return [*ours, *theirs, share(three.precision), share(three.recall), share(three.f(2))]


def public(page: Page, shared: Path) -> None:
    """Sets of other people's making."""
    page.lines += ["\n## Public labelled sets\n", PUBLIC]
    for name, types in sets.PUBLIC:
        page.lines.append(f"\n`{name}`\n")
        page.table(f"public: {name.partition('.')[0]}", sets.public(shared / "pii" / name), frozenset(types))
    page.lines += [f"\n`{sets.CASES}`: hand-written cases, judged by type alone: found where expected, and besides\n"]
    page.lines += ["| type | Assay | Presidio | Presidio ≥ 0.4 |", "|---|---:|---:|---:|"]
    counts: dict[str, list[Counter[str]]] = defaultdict(lambda: [Counter(), Counter(), Counter()])
    for text, expected in sets.cases(shared / "pii" / sets.CASES):
        ours, theirs = ({(item.entity_type, item.score) for item in engine.find(text, "ko")} for engine in page.engines)
        for place, found in enumerate((ours, theirs, {item for item in theirs if item[1] >= FLOOR})):
            kinds = {kind for kind, _ in found} & sets.CASE_TYPES
            for kind in kinds.union(expected):
                counts[kind][place]["expected"] += kind in expected
                counts[kind][place]["found"] += kind in expected and kind in kinds
                counts[kind][place]["besides"] += kind not in expected
    for kind in sorted(counts):
        page.lines.append(
            _row(kind, *(f"{one['found']} of {one['expected']}, {one['besides']} besides" for one in counts[kind]))
        )


def sample(page: Page, documents: int) -> None:
    """The sample that `govern sample` writes."""
    page.lines.append("\n## The synthetic sample\n")
    page.lines.append(f"`govern sample --documents {documents} --seed {SEED}`, a seed of its own.\n")
    page.table("synthetic sample", sets.sample(documents, SEED), ALL)


def planted(page: Page, shared: Path, count: int) -> None:
    """Identifiers in real text."""
    page.lines += ["\n## Planted into real text\n"]
    page.lines += [
        f"One sentence each into {sets.PASSAGE} characters of filings and speeches (en), rulings and statutes (ko)."
    ]
    page.lines += [
        f"\nIn its context, {count} passages for each type and language; a sentence may hold further values.\n"
    ]
    with_context = (
        document
        for lang in sets.REAL
        for kind in pages.entity_types(lang)
        for document in sets.planted(shared, lang, kind, count, SEED, context=True)
    )
    page.table("planted in real text", with_context, ALL)
    page.lines.append(
        f"\nWithout context, the value alone (in Korean a particle behind it), {2 * count} passages each.\n"
    )
    without_context = (
        document
        for lang in sets.REAL
        for kind in sets.CHECKSUM
        for document in sets.planted(shared, lang, kind, 2 * count, SEED, context=False)
    )
    page.table("with check digits, no context", without_context, frozenset(sets.CHECKSUM))


Cells = dict[evasion.Cell, list[tuple[int, int]]]
"""Hits and tries of each engine."""


def _fill(engines: tuple[Engine, Engine], count: int) -> Cells:
    cells: Cells = {}
    for cell, texts in sets.evasions(count, SEED):
        cells[cell] = []
        for engine in engines:
            hits = 0
            for text, start, end in texts:
                found = [item for item in engine.find(text, cell.lang) if item.entity_type in cell.accepted]
                hits += covered(start, start + len(text[start:end].rstrip(MARKS)), found)
            cells[cell].append((hits, len(texts)))
    return cells


def evasions(page: Page, count: int) -> None:
    """Recall by form, and the weakest cells."""
    cells = _fill(page.engines, count)
    theirs = page.engines[1].types
    page.lines += ["\n## Evasion\n"]
    page.lines += [
        f"Forms × numeric types × languages, up to {count} values a cell, {len(cells)} cells. Recall over the cells of a"
    ]
    page.lines += ["form or type, and of the worst cell; Presidio over the types that it has.\n"]
    for title, place in (("form", 0), ("type", 1)):
        page.lines += [
            _row(title, "en", "worst", "ko", "worst", "Presidio en", "Presidio ko"),
            "|---|---:|---|---:|---|---:|---:|",
        ]
        for name in dict.fromkeys(key[place] for key in cells):
            row, other = [name], []
            for lang in ("en", "ko"):
                chosen = {key: value for key, value in cells.items() if key[place] == name and key.lang == lang}
                worst = min(chosen, key=lambda key: (ratio([chosen[key][0]]), key))
                least = ratio([chosen[worst][0]])
                row += [share(ratio(value[0] for value in chosen.values()))]
                row += [share(least) + (f" {worst[1 - place]}" if least < 1 else "")]
                other += [share(ratio(value[1] for key, value in chosen.items() if key.entity_type in theirs[lang]))]
            page.lines.append(_row(*row, *other))
        page.lines.append("")
    for lang in ("en", "ko"):
        mine, other = (
            [value[place] for key, value in cells.items() if key.lang == lang and key.entity_type in theirs[lang]]
            for place in (0, 1)
        )
        every = [value[0] for key, value in cells.items() if key.lang == lang]
        kinds = {key.entity_type for key in cells}
        both = f"{len(kinds & theirs[lang])}, both have"
        for name, counts, cell in ((both, mine, _recall(other)), (f"{len(kinds)}, all", every, "")):
            page.summary.append(
                _row("evasion", lang, name, str(_sum(counts)[1]), "", _recall(counts), "", "", "", "", cell, *[""] * 4)
            )
    below = sorted((ratio([value[0]]), key) for key, value in cells.items() if ratio([value[0]]) < LEAST)
    page.lines.append(f"Cells under {LEAST}: {len(below)}" + ("; the worst:\n" if below else "."))
    page.lines += [f"- {key.entity_type}, {key.form}, {key.lang}: {share(recall)}" for recall, key in below[:WEAKEST]]


def _sum(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    pairs = list(counts)
    return sum(hits for hits, _ in pairs), sum(tries for _, tries in pairs)


def _recall(counts: Iterable[tuple[int, int]]) -> str:
    return interval(*_sum(counts))


def ratio(counts: Iterable[tuple[int, int]]) -> float:
    """Hits of tries."""
    hits, tries = _sum(counts)
    return hits / tries if tries else math.nan


def names(page: Page, shared: Path) -> None:
    """Recall on people in sets that label them."""
    engine = page.engines[0]
    page.lines += ["\n## Names of people\n"]
    page.lines += [
        "By rule, without a name model, in sets whose development halves were read while writing the rules.\n"
    ]
    page.lines += ["| set | lang | found | labelled | recall [95 %] | findings | that touch no label |"]
    page.lines += ["|---|---|---:|---:|---:|---:|---:|"]
    for name in sets.NAMES:
        scores: Scores = {}
        for document in sets.public(shared / "pii" / f"{name}.jsonl"):
            found = engine.find(document.text, document.lang)
            judge(scores, document.lang, found, document.labels, frozenset({"PERSON"}))
        for (_, lang), score in scores.items():
            counted = (score.found, score.labelled, interval(score.found, score.labelled))
            page.lines.append(_row(name, lang, *map(str, (*counted, score.given, score.given - score.right))))


def report(arguments: argparse.Namespace) -> list[str]:
    """The whole page, line by line."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    sizes = f"--documents {arguments.documents} --planted {arguments.planted} --cell {arguments.cell}"
    command = f"python benchmarks/detection.py {sizes}"
    page = Page((assay(), presidio()))
    have = (arguments.shared / "pii").is_dir()
    if have:
        public(page, arguments.shared)
    sample(page, arguments.documents)
    if have:
        planted(page, arguments.shared, arguments.planted)
    evasions(page, arguments.cell)
    if have:
        names(page, arguments.shared)
    return [
        "# What is found, beside plain Presidio\n",
        f"`{command}`, seed {SEED}; Python {platform.python_version()}, {versions}.\n",
        METHOD,
        "\n## Summary\n",
        "| set " + HEAD.replace("| type | lang |", "| lang | types |").replace("|---|---|", "|---|---|---|"),
        *page.summary,
        *page.lines,
    ]


def main() -> None:
    """Prints the page, or writes it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--planted", type=int, default=60)
    parser.add_argument("--cell", type=int, default=12)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    text = "\n".join(report(arguments))
    if arguments.out is None:
        print(text)
    else:
        arguments.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
