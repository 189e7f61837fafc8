"""What a corpus that grows or changes costs beside doing it all again.

One synthetic corpus is certified whole; then again with another threshold, another operator and a tenth of new documents, each
with `--reuse`, and each compared byte for byte with a run that did it all. CPU seconds of the command and its workers.

    python benchmarks/growing.py --documents 10000
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).parent / "results" / "growing.md"
GOVERN = [sys.executable, "-m", "govern"]


class Ran(NamedTuple):
    """A command that ended: seconds of CPU and clock, its largest process, what it printed."""

    cpu_s: float
    clock_s: float
    peak_bytes: int
    printed: str


def timed(*command: str) -> Ran:
    """A command and what it took."""
    began = time.monotonic()
    process = subprocess.Popen([*GOVERN, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}\n{printed}")
    return Ran(usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss * 1024, printed)


def main() -> None:
    """Measures and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    documents = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as name:
        RESULTS.write_text(_measured(Path(name), documents), encoding="utf-8")


def _measured(home: Path, documents: int) -> str:
    timed("keygen", "--out", str(home / "keys"))
    for part, seed, count in (("old", 1, documents), ("new", 2, documents // 10)):
        timed("sample", "--documents", str(count), "--seed", str(seed), "--out", str(home / part))
    old = [str(home / "old" / file) for file in ("letters.jsonl", "notes.jsonl")]
    fresh = home / "new" / "letters.jsonl"
    rows = fresh.read_text("utf-8").replace('{"id": "letter-', '{"id": "next-letter-')
    (home / "next-month.jsonl").write_text(rows, "utf-8")
    policies = {"plain": "", "operator": '[entities]\nPERSON = "surrogate"\n', "claim": 'intended_use = "another"\n'}
    for title, text in policies.items():
        (home / f"{title}.toml").write_text('name = "p"\n' + text, encoding="utf-8")

    def certify(out: str, policy: str, inputs: list[str], *more: str) -> tuple[Ran, bytes]:
        ran = timed(
            "certify", *inputs, "--out", str(home / out), "--secret", secret, "--policy", str(home / f"{policy}.toml"),
            "--workers", "1", *more,
        )  # fmt: skip
        return ran, (home / out / "SHA256SUMS").read_bytes()

    secret = str(home / "keys" / "secret.key")
    certify("whole", "plain", old)
    timed("sample", "--documents", "60", "--seed", "3", "--out", str(home / "few"))
    few = home / "few" / "letters.jsonl"
    few.write_text("\n".join(few.read_text("utf-8").split("\n")[:20]), "utf-8")
    nothing, _ = certify("nothing", "plain", [str(few)])
    rows = []
    cases = (
        ("another threshold or sentence of the certificate", "claim", old),
        ("another operator (tags to surrogates)", "operator", old),
        ("a tenth of new documents", "plain", [*old, str(home / "next-month.jsonl")]),
    )
    for number, (title, policy, inputs) in enumerate(cases):
        again, reused = certify(f"reused-{number}", policy, inputs, "--reuse", str(home / "whole"))
        full, sums = certify(f"full-{number}", policy, inputs)
        spent, start = full.cpu_s, nothing.cpu_s
        ratios = f"{again.cpu_s / spent:.3f} | {max(0.0, again.cpu_s - start) / (spent - start):.3f}"
        rows.append(
            f"| {title} | {spent:.1f} | {again.cpu_s:.1f} | {ratios} | {'yes' if reused == sums else '**no**'} |"
        )
    return f"""# A corpus that changes

`python benchmarks/growing.py --documents {documents}`: CPU seconds of one worker. Start, imports and decision are the same
for any corpus ({nothing.cpu_s:.1f} s for 20 documents), so the last ratio, without them, is what a long run comes to.

| what changed | all again, s | `--reuse`, s | ratio | without start | same bytes |
|---|---:|---:|---:|---:|---|
{chr(10).join(rows)}
"""


if __name__ == "__main__":
    main()
