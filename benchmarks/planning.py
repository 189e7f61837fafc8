"""How well `plan` foretells a run: a share of a synthetic corpus is rehearsed, then the whole is certified.

Seconds of the clock, on one worker, so nothing else should run beside it. The share is rehearsed once more after the run: what
the two plans differ by in time is the machine's, and in no interval.

    python benchmarks/planning.py --documents 20000 --share 0.02
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from growing import Ran, timed

RESULTS = Path(__file__).parent / "results" / "planning.md"


def main() -> None:
    """Measures and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--share", type=float, default=0.02)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        RESULTS.write_text(_measured(Path(name), asked.documents, asked.share), encoding="utf-8")


def _measured(home: Path, documents: int, share: float) -> str:
    timed("keygen", "--out", str(home / "keys"))
    timed("sample", "--documents", str(documents), "--seed", "1", "--out", str(home / "old"))
    (home / "plain.toml").write_text('name = "p"\n', encoding="utf-8")
    of = [str(home / "old" / file) for file in ("letters.jsonl", "notes.jsonl")]
    of += ["--secret", str(home / "keys" / "secret.key"), "--policy", str(home / "plain.toml"), "--workers", "1"]
    planning = timed("plan", *of, "--share", str(share), "--json")
    ran = timed("certify", *of, "--out", str(home / "whole"))
    foretold, after = (
        json.loads(each.printed) for each in (planning, timed("plan", *of, "--share", str(share), "--json"))
    )
    return f"""# What a plan says, beside its run

`python benchmarks/planning.py --documents {documents} --share {share}`: `govern plan` rehearsed {foretold["rehearsed"]:,} of
{foretold["documents"]:,} documents in {planning.clock_s:.0f} s of the clock; then the run it speaks of, on one worker.

| | foretold | 95 % interval | came to | foretold after it |
|---|---:|---:|---:|---:|
{chr(10).join(_rows(foretold, after, ran, home / "whole"))}
"""


def _rows(plan: dict[str, Any], after: dict[str, Any], ran: Ran, out: Path) -> list[str]:
    accounting = json.loads((out / "certificate.json").read_bytes())["accounting"]
    disk = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    private = sum(path.stat().st_size for path in Path(f"{out}.private").rglob("*") if path.is_file())
    aside = sum(accounting["quarantined"].values()) / accounting["in"]

    def row(title: str, name: str, came_to: float, unit: float, digits: int) -> str:
        interval = " to ".join(f"{end / unit:,.{digits}f}" for end in plan.get(f"{name}_interval", ()))
        first, came, last = (f"{value / unit:,.{digits}f}" for value in (plan[name], came_to, after[name]))
        return f"| {title} | {first} | {interval} | {came} | {last} |".replace("|  |", "| |")

    first, last = ("refused" if each["refused"] else "pass" for each in (plan, after))
    return [
        row("time, s", "total_s", ran.clock_s, 1, 0),
        row("disk, MB", "disk_bytes", disk, 1e6, 2),
        row("disk of `DIR.private`, MB", "private_bytes", private, 1e6, 2),
        row("memory of the largest process, MB", "memory_bytes", ran.peak_bytes, 1e6, 0),
        row("quarantined, %", "quarantined", aside, 0.01, 2),
        f"| decision | {first} | | pass | {last} |",
    ]


if __name__ == "__main__":
    main()
