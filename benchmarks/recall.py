"""What the default policy finds of labelled personal data: recall by type and language, and findings on unlabelled text.

    python benchmarks/recall.py [LABELLED.jsonl ...] [--documents 1500] [--seed 1]

Without files it measures the project's own synthetic sample; the rules were written with its kinds of text in view, so its
figure is an upper one. A file holds one object a line with `text` and `spans` (`start`, `end`, `mapped` as entity type).
A label counts as found where every character of it lies in some finding. A PERSON finding counts as unlabelled where it
touches no label. Prints Markdown.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from govern.detect import Detector, build, find
from govern.policy import load
from govern.sample import write

Labelled = tuple[str, str, list[tuple[int, int, str]]]


def sample(documents: int, seed: int) -> Iterator[Labelled]:
    """(language, text, labels) of the synthetic sample."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sample"
        write(documents, seed, out)
        labels: dict[str, list[tuple[int, int, str]]] = {}
        for line in (out / "labels" / "labels.jsonl").read_text("utf-8").splitlines():
            label = json.loads(line)
            labels.setdefault(label["id"], []).append((label["start"], label["end"], label["entity_type"]))
        frames = [pl.read_ndjson(path) for path in sorted(out.glob("*.jsonl"))]
        frames += [pl.read_parquet(path) for path in sorted(out.glob("*.parquet"))]
        for row in (row for frame in frames for row in frame.iter_rows(named=True)):
            yield row["lang"], row["text"], labels.get(row["id"], [])


def labelled(path: Path) -> Iterator[Labelled]:
    """(language, text, labels) of a file with `spans`."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["spans"] is not None:
            yield row["lang"], row["text"], [(s["start"], s["end"], s["mapped"]) for s in row["spans"] if s["mapped"]]


def measure(detector: Detector, documents: Iterator[Labelled]) -> tuple[Counter[tuple[str, str, str]], Counter[str]]:
    """Counts of (type, language, found | labelled), and of PERSON findings by `touching` and `unlabelled`."""
    counts: Counter[tuple[str, str, str]] = Counter()
    people: Counter[str] = Counter()
    for lang, text, labels in documents:
        spans = find(detector, text)
        covered = {place for span in spans for place in range(span.start, span.end)}
        for start, end, kind in labels:
            if kind in detector.entity_types:
                counts[kind, lang, "labelled"] += 1
                counts[kind, lang, "found"] += covered.issuperset(range(start, end))
        for span in spans:
            if span.entity_type == "PERSON":
                touching = any(start < span.end and span.start < end for start, end, _ in labels)
                people["touching" if touching else "unlabelled"] += 1
    return counts, people


def main() -> None:
    """Prints a table per set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    detector = build(load("default"))
    name = f"govern sample, {arguments.documents} documents, seed {arguments.seed}"
    sets = [(path.name, labelled(path)) for path in arguments.files]
    for title, documents in sets or [(name, sample(arguments.documents, arguments.seed))]:
        counts, people = measure(detector, documents)
        print(f"\n## {title}\n\n| type | language | found | labelled | recall |\n|---|---|---:|---:|---:|")
        for kind, lang in sorted({key[:2] for key in counts}):
            found, whole = counts[kind, lang, "found"], counts[kind, lang, "labelled"]
            print(f"| {kind} | {lang} | {found} | {whole} | {found / whole:.3f} |")
        print(f"\nPERSON findings: {people['touching']} touch a label, {people['unlabelled']} do not.")


if __name__ == "__main__":
    main()
