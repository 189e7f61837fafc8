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
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path

import detection_sets as sets
from detection_engines import FLOOR, Engine, Finding, Score, Scores, assay, covered, interval, judge, presidio, share
from detection_sets import Document

from govern.policy import ENTITY_TYPES
from govern.samples import pages

SEED = 910_417
"""Not one that a rule was developed on."""

ALL = frozenset(ENTITY_TYPES)
MARKS = "\u0332\ufe0f\u20e3"
"""Marks of the forms that stand on a last digit: what is left of them shows nothing."""

WEAKEST = 12
"""Cells of the evasion matrix that are listed, the worst first."""

PACKAGES = ("presidio-analyzer", "spacy", "phonenumbers", "regex", "python-stdnum")

METHOD = """\
A label counts as found where every character of it lies in findings of its type; a finding counts as right where it touches
a label of its type. P precision, R recall with its Wilson interval at 95 %. Presidio is plain: its default English
recognizers, and for Korean its five Korean recognizers switched on beside the general ones; first all that it gives, which
is its default, then what scores 0.4 or more, which is Assay's floor. Neither side has a name model. Over-masking of
financial text per million tokens is measured by [overmasking.py](../overmasking.py)."""

HEAD = (
    "| type | lang | labels | P | R [95 %] | F1 | F2 | Presidio P | R [95 %] | F2 | ≥ 0.4: P | R | F2 |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
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


def table(sides: list[Side]) -> Iterator[str]:
    """A line per type and language."""
    yield HEAD
    ours, theirs, strict = sides
    for kind, lang in sorted(key for key, score in ours.scores.items() if score.labelled):
        yield line(kind, lang, [side.scores.get((kind, lang), Score()) for side in sides], theirs)
    for lang in sorted({lang for _, lang in ours.scores}):
        shared = [key for key in ours.scores if key[1] == lang and key[0] in theirs.engine.types[lang]]
        sums = [sum((side.scores.get(key, Score()) for key in shared), Score()) for side in (ours, theirs, strict)]
        yield line("**types that both have**", lang, sums, None)


def line(kind: str, lang: str, scores: list[Score], theirs: Side | None) -> str:
    """Cells of one type."""
    one, two, three = scores
    cells = [
        kind,
        lang,
        str(one.labelled),
        share(one.precision),
        interval(one.found, one.labelled),
        share(one.f(1)),
        share(one.f(2)),
    ]
    if theirs is not None and kind not in theirs.engine.types[lang]:
        cells += ["no recognizer", *[""] * 5]
    else:
        cells += [share(two.precision), interval(two.found, two.labelled), share(two.f(2))]
        cells += [share(three.precision), share(three.recall), share(three.f(2))]
    return f"| {' | '.join(cells)} |"


def public(engines: tuple[Engine, Engine], shared: Path) -> Iterator[str]:
    """Sets of other people's making."""
    yield "\n## Public labelled sets\n"
    yield "Only types that the set labels are judged. These are development halves: errors in them were read."
    for name, types in sets.PUBLIC:
        yield f"\n`{name}`\n"
        yield from table(compare(engines, sets.public(shared / "pii" / name), frozenset(types)))
    yield f"\n`{sets.CASES}`: hand-written cases, judged by type alone: found where expected, and besides\n"
    yield "| type | Assay | Presidio | Presidio ≥ 0.4 |\n|---|---:|---:|---:|"
    counts: dict[str, list[Counter[str]]] = defaultdict(lambda: [Counter(), Counter(), Counter()])
    for text, expected in sets.cases(shared / "pii" / sets.CASES):
        ours, theirs = ({(item.entity_type, item.score) for item in engine.find(text, "ko")} for engine in engines)
        for place, found in enumerate((ours, theirs, {item for item in theirs if item[1] >= FLOOR})):
            kinds = {kind for kind, _ in found} & sets.CASE_TYPES
            for kind in kinds.union(expected):
                counts[kind][place]["expected"] += kind in expected
                counts[kind][place]["found"] += kind in expected and kind in kinds
                counts[kind][place]["besides"] += kind not in expected
    for kind in sorted(counts):
        cells = (f"{one['found']} of {one['expected']}, {one['besides']} besides" for one in counts[kind])
        yield f"| {kind} | {' | '.join(cells)} |"


def sample(engines: tuple[Engine, Engine], documents: int) -> Iterator[str]:
    """The sample that `govern sample` writes."""
    yield f"\n## The synthetic sample\n\n`govern sample --documents {documents} --seed {SEED}`, a seed of its own.\n"
    yield from table(compare(engines, sets.sample(documents, SEED), ALL))


def planted(engines: tuple[Engine, Engine], shared: Path, count: int) -> Iterator[str]:
    """Identifiers in real text."""
    yield "\n## Planted into real text\n"
    yield f"One sentence each into {sets.PASSAGE} characters of filings and speeches (en), rulings and statutes (ko).\n"
    yield f"With its context, {count} passages for each type and language; a sentence may hold further values.\n"
    documents = (
        document
        for lang in sets.REAL
        for kind in pages.entity_types(lang)
        for document in sets.planted(shared, lang, kind, count, SEED, context=True)
    )
    yield from table(compare(engines, documents, ALL))
    yield f"\nWithout any context, the value alone (in Korean a particle behind it), {2 * count} passages each\n"
    documents = (
        document
        for lang in sets.REAL
        for kind in sets.CHECKSUM
        for document in sets.planted(shared, lang, kind, 2 * count, SEED, context=False)
    )
    yield from table(compare(engines, documents, frozenset(sets.CHECKSUM)))


def evasions(engines: tuple[Engine, Engine], count: int) -> Iterator[str]:
    """Recall by form, and the weakest cells."""
    theirs = engines[1]
    cells: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for cell, texts in sets.evasions(count, SEED):
        counted = []
        for engine in engines:
            hits = 0
            for text, start, end in texts:
                found = [item for item in engine.find(text, cell.lang) if item.entity_type == cell.entity_type]
                shown = start + len(text[start:end].rstrip(MARKS))
                hits += covered(start, shown, found)
            counted.append((hits, len(texts)))
        cells[cell] = counted
    yield "\n## Evasion\n"
    yield f"Forms × numeric types × languages, up to {count} values a cell ({len(cells)} cells). Recall over all cells of the"
    yield "form, and of the worst one; Presidio over the types that it has.\n"
    for title, place in (("form", 0), ("type", 1)):
        yield f"| {title} | en | worst cell | ko | worst cell | Presidio en | Presidio ko |\n|---|---:|---|---:|---|---:|---:|"
        for name in dict.fromkeys(key[place] for key in cells):
            row = [name]
            for lang in ("en", "ko"):
                mine = {key: value[0] for key, value in cells.items() if key[place] == name and key[2] == lang}
                worst = min(mine, key=lambda key: (ratio(mine[key]), key))
                row += [
                    share(ratio(mine.values())),
                    f"{share(ratio(mine[worst]))} {worst[1 - place] if ratio(mine[worst]) < 1 else ''}".strip(),
                ]
            for lang in ("en", "ko"):
                other = [
                    value[1]
                    for key, value in cells.items()
                    if key[place] == name and key[2] == lang and key[1] in theirs.types[lang]
                ]
                row.append(share(ratio(other)))
            yield f"| {' | '.join(row)} |"
        yield ""
    below = sorted((ratio(value[0]), key) for key, value in cells.items() if ratio(value[0]) < 0.99)
    yield f"Cells under 0.99: {len(below)}" + ("; the worst:\n" if below else ".")
    for recall, (form, kind, lang) in below[:WEAKEST]:
        yield f"- {kind}, {form}, {lang}: {share(recall)}"


def ratio(counts: tuple[int, int] | Iterable[tuple[int, int]]) -> float:
    """Hits of tries."""
    pairs = [counts] if isinstance(counts, tuple) else list(counts)
    tries = sum(pair[1] for pair in pairs)
    return sum(pair[0] for pair in pairs) / tries if tries else math.nan


def names(engine: Engine, shared: Path) -> Iterator[str]:
    """Recall on people in sets that label them."""
    yield "\n## Names of people\n"
    yield "By rule, without a name model, in sets whose development halves were read while writing the rules.\n"
    yield "| set | lang | found | labelled | recall [95 %] | findings | that touch no label |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for name in sets.NAMES:
        scores: Scores = {}
        for document in sets.public(shared / "pii" / f"{name}.jsonl"):
            judge(
                scores, document.lang, engine.find(document.text, document.lang), document.labels, frozenset({"PERSON"})
            )
        for (_, lang), score in scores.items():
            yield (
                f"| {name} | {lang} | {score.found} | {score.labelled} | {interval(score.found, score.labelled)} "
                f"| {score.given} | {score.given - score.right} |"
            )


def report(arguments: argparse.Namespace) -> Iterator[str]:
    """The whole page, line by line."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    sizes = f"--documents {arguments.documents} --planted {arguments.planted} --cell {arguments.cell}"
    command = f"python benchmarks/detection.py {sizes}"
    engines = (assay(), presidio())
    have = (arguments.shared / "pii").is_dir()
    yield "# What is found, beside plain Presidio\n"
    yield f"`{command}`, seed {SEED}; Python {platform.python_version()}, {versions}.\n"
    yield METHOD
    if have:
        yield from public(engines, arguments.shared)
    yield from sample(engines, arguments.documents)
    if have:
        yield from planted(engines, arguments.shared, arguments.planted)
    yield from evasions(engines, arguments.cell)
    if have:
        yield from names(engines[0], arguments.shared)


def main() -> None:
    """Prints the page, or writes it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--planted", type=int, default=60)
    parser.add_argument("--cell", type=int, default=12)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    write: Callable[[str], object] = print
    if arguments.out is None:
        for text in report(arguments):
            write(text)
    else:
        arguments.out.write_text("\n".join(report(arguments)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
