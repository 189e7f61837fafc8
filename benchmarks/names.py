"""Names of people: precision and recall on labelled sets and planted sentences, over-masking and speed of each name step.

    python benchmarks/names.py [--model FOLDER] [--point FOLDER ...] [--pipeline PATH ...] [--quick] [--out FILE]

Each engine is a name step: rules alone, the package's model alone, both, and rules with a model given by path in its
place. A point is another folder that the recipe wrote: its recall and its speed stand beside those of the model. A finding
counts where it overlaps a label by half of their union (IoU 0.5), one to one. Sets are whole documents where the source
tells them apart. Nothing that the model was trained on is measured: FiNER-ORD and KMOU were never read, and a fifth of the
documents of the other sets was held back. Planted sentences are those of `names_kinds_*.toml`, which no training saw;
their names are drawn as the recipe draws them, and, in rows of their own, of those in Latin letters that neither training
nor any list of the model has. Prints Markdown.
"""

import argparse
import json
import platform
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from govern import detect, policy
from govern.ner import PIPELINES, bundled, models
from govern.ner.recipe import corpora, plant

HERE = Path(__file__).parent
Spans = list[tuple[int, int]]
Find = Callable[[str], Spans]
SEED = 20_261
UNSEEN = ("finer_ord_en.dev.jsonl", "finer_ord_en.train.jsonl", "kmou_ner_ko.train.jsonl")
RUNNING = (
    ("text_en/sec_filings_en.parquet", "sec_filing_html"),
    ("text_en/fed_speeches_en.parquet", None),
    ("text_ko/kr_court_rulings_finance_ko.parquet", None),
    ("text_ko/kr_statutes_finance_ko.parquet", None),
)
OWN = "rules + model"
FILLED = 4
"""Times each held-out sentence is filled."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text and its persons; `who` says of each which person it names, where that is known."""

    text: str
    gold: tuple[tuple[int, int], ...]
    who: tuple[str, ...] = ()


@dataclass(slots=True)
class Score:
    """Counts over a set."""

    gold: int = 0
    found: int = 0
    right: int = 0
    people: int = 0
    whole: int = 0
    covered: int = 0
    seconds: float = 0.0
    words: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def precision(self) -> float:
        """Right findings of all."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Found labels of all."""
        return self.right / self.gold if self.gold else 1.0

    def f(self, beta: float) -> float:
        """The F measure."""
        p, r = self.precision, self.recall
        return (1 + beta * beta) * p * r / (beta * beta * p + r) if p + r else 0.0


def unseen(shared: Path, name: str, *, most: int | None = None) -> list[Document]:
    """The documents of a set that no training read."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (shared / "pii" / name).read_text("utf-8").splitlines():
        row = json.loads(line)
        groups[row.get("doc_id", row["id"])].append(row)
    documents = []
    for rows in list(groups.values())[:most]:
        text, gold = "", []
        for row in rows:
            text += "\n" if text else ""
            shift = len(text)
            text += row["text"]
            gold += [(s["start"] + shift, s["end"] + shift) for s in row["spans"] if s["mapped"] == "PERSON"]
        documents.append(Document(text, tuple(gold)))
    return documents


def held(shared: Path, name: str) -> list[Document]:
    """The part of a set that was held back."""
    return [
        Document(example.text, tuple((start, end) for start, end, label in example.spans if label == "PERSON"))
        for example in corpora.labelled(shared, name, held=True)
    ]


def planted(lang: str, *, unlisted: bool = False) -> dict[str, list[Document]]:
    """By kind: held-out sentences with names, of the lists or of none, and the decoys."""
    kinds, decoys = plant.read(HERE / f"names_kinds_{lang}.toml")
    rng = random.Random(SEED)
    made: dict[str, list[Document]] = {}
    for kind, texts in (*kinds.items(), ("decoys", decoys)):
        for text in texts:
            for _ in range(FILLED if kind != "decoys" else 1):
                example, who = plant.fill(text, lang, rng, held=unlisted)
                people = [(span, person) for span, person in zip(example.spans, who, strict=True) if person]
                spans = tuple((start, end) for (start, end, _), _ in people)
                made.setdefault(kind, []).append(Document(example.text, spans, tuple(person for _, person in people)))
    return made


def judge(documents: Iterable[Document], find: Find) -> Score:
    """The score of an engine on documents."""
    score = Score()
    for document in documents:
        begun = time.process_time()
        found = find(document.text)
        score.seconds += time.process_time() - begun
        score.words += len(document.text.split())
        left = list(found)
        hit = []
        for gold in document.gold:
            best = max(left, key=lambda span: _overlap(gold, span), default=None)
            hit.append(best is not None and _overlap(gold, best) >= 0.5)
            if hit[-1] and best is not None:
                left.remove(best)
        score.gold += len(document.gold)
        score.found += len(found)
        score.right += sum(hit)
        masked = _characters(found)
        people: dict[str, bool] = {}
        for (start, end), person in zip(document.gold, document.who, strict=False):
            people[person] = people.get(person, True) and _all_masked(document.text, start, end, masked)
        score.people += len(people)
        score.whole += sum(people.values())
        score.covered += len(masked - _characters(document.gold))
    return score


def _overlap(one: tuple[int, int], two: tuple[int, int]) -> float:
    common = min(one[1], two[1]) - max(one[0], two[0])
    return max(0, common) / (max(one[1], two[1]) - min(one[0], two[0]))


def _characters(spans: Iterable[tuple[int, int]]) -> set[int]:
    return {place for start, end in spans for place in range(start, end)}


def _all_masked(text: str, start: int, end: int, masked: set[int]) -> bool:
    return all(place in masked for place in range(start, end) if text[place].isalnum())


def engines(model: Path, pipelines: list[Path]) -> Iterator[tuple[str, Find]]:
    """Each name step by name."""
    narrowed = policy.load("default").narrowed(["PERSON"], None)
    rules = detect.build(narrowed.by_rule())
    own = bundled.load(model)
    yield "rules", partial(_step, rules)
    yield "model alone", partial(_step, replace(rules, model=own, name_rules=()))
    yield OWN, partial(_step, replace(rules, model=own))
    for path in pipelines:
        yield f"rules + {path.name}", partial(_step, replace(rules, model=models.open(path)))


def _step(detector: detect.Detector, text: str) -> Spans:
    return [(span.start, span.end) for span in detect.find(detector, text) if span.entity_type == "PERSON"]


HEAD = "| set | engine | persons | P | R | F1 | F2 |\n|---|---|---:|---:|---:|---:|---:|"


def row(name: str, engine: str, score: Score) -> str:
    """A line of the table."""
    numbers = " | ".join(f"{value:.3f}" for value in (score.precision, score.recall, score.f(1), score.f(2)))
    return f"| {name} | {engine} | {score.gold} | {numbers} |"


def labelled(shared: Path, steps: list[tuple[str, Find]], *, quick: bool) -> Iterator[str]:
    """The labelled sets."""
    most = 60 if quick else None
    sets = {f"{name} (never trained on)": unseen(shared, name, most=most) for name in UNSEEN}
    sets |= {f"{name} (held back)": held(shared, name)[: most and most * 5] for name in (*corpora.ENGLISH, corpora.KOREAN)}
    yield HEAD
    for name, documents in sets.items():
        for engine, find in steps:
            yield row(name, engine, judge(documents, find))


def kinds(steps: list[tuple[str, Find]], *, quick: bool) -> Iterator[str]:
    """Planted sentences by kind, subjects, and what is masked of sentences with no person."""
    yield "| language | kind | engine | persons | P | R | subjects masked whole | of |"
    yield "|---|---|---|---:|---:|---:|---:|---:|"
    decoys = []
    for lang, unlisted in (("en", False), ("en", True), ("ko", False)):
        every = planted(lang, unlisted=unlisted)
        none = every.pop("decoys")
        for engine, find in steps:
            whole = Score()
            for kind, documents in every.items():
                score = judge(documents[:: FILLED if quick else 1], find)
                whole += score
                if engine == OWN and not unlisted:
                    yield _kind(lang, kind, engine, score)
            yield _kind(lang, "**all**, names of no list" if unlisted else "**all**", engine, whole)
            if unlisted:
                continue
            score = judge(none, find)
            share = score.covered / sum(len(document.text) for document in none)
            decoys.append(f"| {lang} | {engine} | {score.found} | {len(none)} | {100 * share:.2f} % |")
    yield "\nSentences in which nobody is named:\n"
    yield "| language | engine | findings | sentences | characters masked |"
    yield "|---|---|---:|---:|---:|"
    yield from decoys


def _kind(lang: str, kind: str, engine: str, score: Score) -> str:
    share = f"{score.whole / score.people:.3f}" if score.people else ""
    numbers = f"{score.gold} | {score.precision:.3f} | {score.recall:.3f} | {share} | {score.people}"
    return f"| {lang} | {kind} | {engine} | {numbers} |"


def running(shared: Path, steps: list[tuple[str, Find]], *, quick: bool) -> Iterator[str]:
    """Characters masked in running financial text, and words per second of processor time."""
    import polars as pl

    yield (
        "\nRunning text. Filings and rulings name real officers and judges, whom nobody labelled, so what is masked there is "
        "an upper bound of what belongs to no person; statutes name nobody.\n"
    )
    yield "| text | engine | words | characters masked as names | words/s |\n|---|---|---:|---:|---:|"
    for name, kind in RUNNING:
        frame = pl.read_parquet(shared / name)
        texts = (frame.filter(pl.col("kind") == kind) if kind else frame)["text"].to_list()
        texts = texts[:: 12 if quick else 3]
        for engine, find in steps:
            score = judge([Document(text, ()) for text in texts], find)
            share = score.covered / sum(map(len, texts))
            speed = score.words / score.seconds
            yield f"| {Path(name).stem} | {engine} | {score.words:,} | {100 * share:.2f} % | {speed:,.0f} |"


def points(shared: Path, folders: list[Path]) -> Iterator[str]:
    """Recall against speed: rules with each model, on English news and on filings."""
    import polars as pl

    filings = pl.read_parquet(shared / RUNNING[0][0]).filter(pl.col("kind") == RUNNING[0][1])["text"].to_list()[::12]
    news = unseen(shared, UNSEEN[0])
    yield "\nPoints that were tried: the model alone on filings, and rules with the model on FiNER-ORD dev.\n"
    yield "| English pipeline | MB | P | R | F1 | words/s |\n|---|---:|---:|---:|---:|---:|"
    narrowed = policy.load("default").narrowed(["PERSON"], None)
    rules = detect.build(narrowed.by_rule())
    for folder in folders:
        model = bundled.load(folder)
        score = judge(news, partial(_step, replace(rules, model=model)))
        begun = time.process_time()
        model.persons(filings)
        speed = sum(len(text.split()) for text in filings) / (time.process_time() - begun)
        encode = model.english.config["components"]["tok2vec"]["model"]["encode"]
        size = sum(path.stat().st_size for path in (folder / "en").rglob("*") if path.is_file()) / 1e6
        numbers = f"{size:.1f} | {score.precision:.3f} | {score.recall:.3f} | {score.f(1):.3f} | {speed:,.0f}"
        yield f"| {folder.name}: width {encode['width']}, depth {encode['depth']} | {numbers} |"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--model", type=Path, default=PIPELINES, help="a folder that the recipe wrote (default: the package's)")
    parser.add_argument("--point", type=Path, action="append", default=[], help="another such folder, measured for its speed")
    parser.add_argument("--pipeline", type=Path, action="append", default=[], help="another model, by path")
    parser.add_argument("--quick", action="store_true", help="a part of each set")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    steps = list(engines(arguments.model, arguments.pipeline))
    lines = [
        "# Names of people",
        f"\n{platform.machine()}, Python {platform.python_version()}, spaCy {metadata.version('spacy')}; one thread.\n",
        *labelled(arguments.shared, steps, quick=arguments.quick),
        "\nPlanted into sentences of finance that no training saw:\n",
        *kinds(steps, quick=arguments.quick),
        *running(arguments.shared, steps, quick=arguments.quick),
        *points(arguments.shared, [arguments.model, *arguments.point]),
    ]
    page = "\n".join(lines) + "\n"
    print(page)
    if arguments.out is not None:
        arguments.out.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
