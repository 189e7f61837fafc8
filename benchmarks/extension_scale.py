"""What `vocab extend` takes on a corpus of one's own: seconds, processor seconds, and memory at its highest.

    python benchmarks/extension_scale.py BASE CORPUS TERMS --trust PUB

BASE is a tokenizer, CORPUS a certified corpus, TERMS a term list. Runs the command twice, each in a process of its own: as
installed, and as if `transformers` were not, since reading the result by that library takes PyTorch into memory. Prints
Markdown: the table of `results/extension_scale.md`.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HIDING = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {hidden!r} else real(name, *rest)
from vocab.cli import main
sys.exit(main(sys.argv[1:]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("terms", type=Path)
    parser.add_argument("--trust", type=Path, required=True)
    arguments = parser.parse_args()
    print("| packages | seconds | processor seconds | memory, GB | documents | tokens before | after | new ids |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, hidden in (("of the base install", ("transformers", "torch")), ("and `transformers`", ())):
        print(f"| {name} | {measured(arguments, hidden)} |", flush=True)


def measured(arguments: argparse.Namespace, hidden: tuple[str, ...]) -> str:
    """The cells of one run. Memory is the highest of any child so far, so the run that takes less comes first."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", HIDING.format(hidden=hidden), "extend", str(arguments.base), "--json"]
        command += ["--corpus", str(arguments.corpus), "--trust", str(arguments.trust)]
        command += ["--terms", str(arguments.terms), "--out", str(Path(folder) / "out")]
        started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    result = json.loads(done.stdout)
    text = result["proof"]["corpus"]
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        f"{seconds:.0f} | {spent:.0f} | {after.ru_maxrss / 1e6:.2f} | {text['documents']:,} | {text['tokens_base']:,} | "
        f"{text['tokens_extended']:,} | {result['new_ids']:,}"
    )


if __name__ == "__main__":
    main()
