"""What the engine on Ray costs beside processes of one machine, in the same run: the same corpus, alternately.

    python benchmarks/ray_overhead.py [--documents 800] [--rounds 3] [--tasks 300]

Both certify a synthetic corpus with two workers, by rules alone; then both map a function that does nothing. Memory is the
proportional share (PSS) of every process of the run, added up, at its highest of samples half a second apart. Prints Markdown:
`results/ray.md`. Needs Linux and the extra `ray`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SAMPLE_S = 0.5
WORKERS = 2
NOTHING = """
import sys, time
from govern.engine import Engine, on_ray
from govern.shards import map_shards
engine = on_ray({workers}) if sys.argv[1] == "ray" else Engine({workers})
begun = time.perf_counter()
results = map_shards(abs, range({tasks}), engine)
next(results)
first = time.perf_counter()
sum(1 for _ in results)
print(first - begun, (time.perf_counter() - first) / ({tasks} - 1))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=300, help="that do nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        govern("sample", "--documents", str(arguments.documents), "--seed", "1", "--out", str(folder / "raw"))
        govern("keygen", "--out", str(folder / "keys"))
        (folder / "rules.toml").write_text('name = "rules"\n[names]\nmodel = "none"\n')
        seconds: dict[str, list[float]] = {"local": [], "ray": []}
        memory: dict[str, list[float]] = {"local": [], "ray": []}
        for number in range(arguments.rounds):
            for engine in ("local", "ray"):
                took, peak = certified(folder, engine, folder / f"{engine}-{number}")
                seconds[engine].append(took)
                memory[engine].append(peak)
        sums = {path.read_bytes() for path in folder.glob("*/SHA256SUMS")}
    maps = {engine: nothing(engine, arguments.tasks) for engine in ("local", "ray")}
    print(f"{arguments.documents:,} documents, {arguments.rounds} runs each, {len(sums)} different SHA256SUMS\n")
    print("| with two workers | processes | Ray | ratio |\n|---|---:|---:|---:|")
    for title, unit, found in (("certify, all of it", "s", seconds), ("memory at the peak", "MB", memory)):
        local, ray = (statistics.median(found[engine]) for engine in ("local", "ray"))
        print(f"| {title} | {local:,.0f} {unit} | {ray:,.0f} {unit} | {ray / local:.2f} |")
    for at, (title, unit, scale) in enumerate((("until the first result", "s", 1), ("each task after it", "ms", 1000))):
        local, ray = (scale * maps[engine][at] for engine in ("local", "ray"))
        print(f"| {title}, of tasks that do nothing | {local:,.2f} {unit} | {ray:,.2f} {unit} | {ray / local:.1f} |")


def govern(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "govern", *arguments], check=True, capture_output=True)


def certified(folder: Path, engine: str, out: Path) -> tuple[float, float]:
    """Seconds and MB of one run."""
    command = [
        sys.executable, "-m", "govern", "certify", str(folder / "raw"), "--out", str(out),
        "--policy", str(folder / "rules.toml"), "--secret", str(folder / "keys" / "secret.key"),
        "--workers", str(WORKERS), "--engine", engine,
    ]  # fmt: skip
    begun, peak = time.perf_counter(), 0.0
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while run.poll() is None:
        peak = max(peak, sum(shares(run.pid)))
        time.sleep(SAMPLE_S)
    if run.returncode:
        raise SystemExit(f"{engine}: exit code {run.returncode}")
    return time.perf_counter() - begun, peak


def shares(session: int) -> Iterator[float]:
    """The proportional memory of each process of a session, MB."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                rollup = (folder / "smaps_rollup").read_text()
                yield int(rollup.partition("Pss:")[2].split()[0]) / 1000
        except (OSError, ValueError, IndexError):
            continue


def nothing(engine: str, tasks: int) -> tuple[float, float]:
    """Seconds until the first result, and for each one after it."""
    lines = NOTHING.format(workers=WORKERS, tasks=tasks).splitlines()
    code = "if __name__ == '__main__':\n" + "".join(f"    {line}\n" for line in lines)
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(code)
        script.flush()
        done = subprocess.run([sys.executable, script.name, engine], check=True, capture_output=True, text=True)
    first, each = map(float, done.stdout.split())
    return first, each


if __name__ == "__main__":
    main()
