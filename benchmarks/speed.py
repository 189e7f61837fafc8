"""Speed of detection beside plain Presidio, in one run on one core: megabytes of text a second, and their ratio.

    python benchmarks/speed.py [TEXT.parquet ...] [--megabytes 2]

Without files it reads the project's own synthetic sample. Presidio runs its default English recognizers through
`AnalyzerEngine` over a blank spaCy pipeline, so neither side has a name model in the ratio; the last column is the default
policy with the model of the package. Prints a Markdown table.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from govern.detect import build, find
from govern.policy import load
from govern.sample import write


def texts(paths: list[Path], limit: int) -> dict[str, list[str]]:
    """Texts by file, about `limit` bytes of each."""
    found = {}
    for path in paths:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)
        chosen, size = [], 0
        for text in frame["text"].to_list():
            if size >= limit:
                break
            chosen.append(text)
            size += len(text.encode())
        found[path.stem] = chosen
    return found


def presidio() -> Callable[[str], Any]:
    """Plain Presidio: default English recognizers over a blank pipeline."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())

    class Blank(SpacyNlpEngine):
        """A spaCy engine without a model, which needs no download."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en", config={"nlp": {}})}
            self.nlp["en"].max_length = 10_000_000

        def is_loaded(self) -> bool:
            return True

    engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
    return lambda text: engine.analyze(text, "en")


def rate(function: Callable[[str], Any], documents: list[str]) -> float:
    """Megabytes of UTF-8 text a second."""
    begin = time.process_time()
    for text in documents:
        function(text)
    return sum(len(text.encode()) for text in documents) / 1e6 / (time.process_time() - begin)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--megabytes", type=float, default=1.0)
    arguments = parser.parse_args()
    whole = build(load("default"))
    detector = replace(whole, model=None)
    plain = presidio()
    with tempfile.TemporaryDirectory() as folder:
        files = arguments.files
        if not files:
            write(2000, 1, Path(folder) / "sample")
            files = sorted((Path(folder) / "sample").glob("*.*l*"))
            files = [path for path in files if path.suffix in (".jsonl", ".parquet")]
        groups = texts(files, int(arguments.megabytes * 1e6))
    print("| text | MB | Assay, MB/s | Presidio, MB/s | ratio | Assay with its name model |\n|---|---:|---:|---:|---:|---:|")
    for name, documents in groups.items():
        size = sum(len(text.encode()) for text in documents) / 1e6
        ours = rate(lambda text: find(detector, text), documents)
        theirs = rate(plain, documents)
        named = rate(lambda text: find(whole, text), documents)
        print(f"| {name} | {size:.2f} | {ours:.2f} | {theirs:.3f} | {ours / theirs:.1f} | {named:.2f} |")


if __name__ == "__main__":
    main()
