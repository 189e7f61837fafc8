"""What a coverage report takes beside encoding the corpus by each tokenizer: processor seconds, memory, the same totals.

    python benchmarks/coverage_speed.py CORPUS --trust PUB BASE EXTENDED [THIRD]

CORPUS is a certified corpus; the tokenizers should cut text alike (a base and its extensions), as reports are about. Each way
runs in a process of its own, the ways in turn for some rounds, and medians are shown: `encode_batch` of the tokenizers library
by the first two, whose tokens are only counted; *totals*, the tokens of every document from its units, as the report has them,
and nothing else; *report*, all of `vocab coverage` but for writing it. Totals and report by the first two, by all three, and
with gigatoken, which also stands alone, where it is installed (`assay[fast]`). Prints Markdown: the table of
`results/coverage_speed.md`.
"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from govern.attestation import CertifiedCorpus, verify
from vocab.coverage import cover
from vocab.coverage.arrays import Column, sums
from vocab.coverage.encoding import Encoders, Way
from vocab.coverage.finder import Finder
from vocab.coverage.readers import open_tokenizer
from vocab.coverage.units import Units
from vocab.coverage.value import coverage_of, slices_of, to_json
from vocab.pretokens import batches
from vocab.term_lists import OWN, load, terms_of

ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("tokenizers", type=Path, nargs="+")
    parser.add_argument("--trust", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        corpus = verify(arguments.corpus, [arguments.trust], now=datetime.now(UTC))
        print(json.dumps(measured(arguments.way, corpus, arguments.tokenizers)))
        return
    ways = ["encode_batch, 2", "totals, 2", "report, 2"]
    ways += ["totals, 3", "report, 3"] if len(arguments.tokenizers) > 2 else []
    quick = ["totals with gigatoken, 2", "report with gigatoken, 2", "gigatoken alone, 2"]
    ways += quick if importlib.util.find_spec("gigatoken") else []
    found: dict[str, list[dict[str, object]]] = {way: [] for way in ways}
    for _ in range(arguments.rounds):
        for way in ways:
            command = [sys.executable, __file__, str(arguments.corpus), *map(str, arguments.tokenizers)]
            command += ["--trust", str(arguments.trust), "--way", way]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            found[way].append(json.loads(done.stdout.splitlines()[-1]))
    first = statistics.median(float(one["seconds"]) for one in found[ways[0]])
    print("| way, tokenizers | processor seconds | of encode_batch | MB a second | memory, MB | tokens by each |")
    print("|---|---:|---:|---:|---:|---|")
    for way, runs in found.items():
        seconds = statistics.median(float(one["seconds"]) for one in runs)
        memory = max(int(one["memory"]) for one in runs)
        rate = float(runs[0]["bytes"]) / seconds / 1e6
        tokens = ", ".join(f"{count:,}" for count in runs[0]["tokens"])
        print(f"| {way} | {seconds:.1f} | {seconds / first:.3f} | {rate:.1f} | {memory:,} | {tokens} |")


def measured(way: str, corpus: CertifiedCorpus, paths: list[Path]) -> dict[str, object]:
    """Processor seconds, the highest memory in MB, and the tokens of the corpus by each tokenizer."""
    chosen = paths[: int(way[-1])]
    started = time.process_time()
    size = 0
    tokens = [0] * len(chosen)
    if way.startswith("report"):
        lists = [load(name) for name in OWN]
        engine = "gigatoken" if "gigatoken" in way else "tokenizers"
        covered = cover(chosen, corpus, terms_of(lists), engine=engine)
        to_json(corpus, lists, covered)
        cells = dict(slices_of(covered))["all"]
        size = coverage_of(covered, 0, cells).text_bytes
        tokens = [coverage_of(covered, at, cells).tokens for at in range(len(chosen))]
    elif way.startswith("totals"):
        size, tokens = totals(corpus, chosen, with_gigatoken="gigatoken" in way)
    else:
        encode = [_gigatoken(path) if way.startswith("giga") else _library(path) for path in chosen]
        for held_out in (False, True):
            for batch in batches(corpus, held_out=held_out):
                texts = [text for text, _ in batch]
                size += sum(len(text.encode()) for text in texts)
                for at, count in enumerate(encode):
                    tokens[at] += count(texts)
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"seconds": seconds, "memory": memory, "bytes": size, "tokens": tokens}


def totals(corpus: CertifiedCorpus, paths: list[Path], *, with_gigatoken: bool) -> tuple[int, list[int]]:
    """Bytes of text, and the tokens by each tokenizer, document by document from units."""
    readers = [open_tokenizer(path) for path in paths]
    units = Units(Finder([]))
    encoders = Encoders(readers, [Way(gigatoken=with_gigatoken)] * len(readers))
    counts = [Column() for _ in readers]
    size, tokens = 0, [0] * len(readers)
    for held_out in (False, True):
        for batch in batches(corpus, held_out=held_out):
            texts = [text for text, _ in batch]
            size += sum(len(text.encode()) for text in texts)
            cut = units.cut(texts)
            for new, inside in ((units.new_inside, True), (units.new_first, False)):
                for at, (_, sizes) in encoders.encode(new.texts, inside=inside).items() if new.texts else ():
                    counts[at].put(np.array(new.units), sizes)
            for at, column in enumerate(counts):
                by_document = sums(column.rows[cut.units], cut.sizes)
                tokens[at] += int(by_document.sum())
    return size, tokens


def _library(path: Path):  # noqa: ANN202 (a function of texts)
    tokenizer = open_tokenizer(path).origin.tokenizer()
    return lambda texts: sum(map(len, tokenizer.encode_batch(texts, add_special_tokens=False)))


def _gigatoken(path: Path):  # noqa: ANN202
    import awkward
    import gigatoken

    tokenizer = gigatoken.Tokenizer(str(path))
    return lambda texts: int(awkward.count(tokenizer.encode_batch(texts, parallel=False)))


if __name__ == "__main__":
    main()
