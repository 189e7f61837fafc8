"""How much memory each process of a run holds on an input far larger than memory, made on the fly.

Nearly all of it are documents of 4 MB, over the policy's limit: they are read twice, checked, cut into units and set aside,
and not searched, which would take days; between them stand letters that are searched, masked and certified. Packed with
zstd the input takes a few megabytes of disk. Peaks are the kernel's (VmHWM) of every process of the run.

    python benchmarks/memory.py --gigabytes 20
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zstandard

RESULTS = Path(__file__).parent / "results" / "memory.md"
GOVERN = [sys.executable, "-m", "govern"]
DOCUMENT_BYTES = 4_000_000
FILES = 8
LETTERS = 4
"""Letters before each of the long documents."""
SUITE = {
    "name": "any-share-quarantined", "format_version": 1, "description": "All may be set aside.",
    "rules": [{
        "id": "accounting-adds-up", "type": "expect_documents_to_be_accounted_for", "slice": "all", "severity": "critical",
        "kwargs": {"column_list": ["documents_in", "documents", "dropped", "quarantined"]},
        "why": "none is lost", "remedy": "run it again",
    }],
}  # fmt: skip


def main() -> None:
    """Measures and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        size = _write(home / "raw", int(arguments.gigabytes * 1e9))
        subprocess.run([*GOVERN, "keygen", "--out", str(home / "keys")], check=True, stdout=subprocess.DEVNULL)
        (home / "suite.json").write_text(json.dumps(SUITE), encoding="utf-8")
        policy = 'name = "p"\nmax_document_characters = 1000000\n[names]\nmodel = "none"\n'
        (home / "p.toml").write_text(policy, encoding="utf-8")
        command = [
            *GOVERN, "certify", str(home / "raw"), "--out", str(home / "out"), "--secret", str(home / "keys" / "secret.key"),
            "--policy", str(home / "p.toml"), "--suite", str(home / "suite.json"), "--workers", str(arguments.workers),
        ]  # fmt: skip
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        peaks: dict[int, int] = {}
        while process.poll() is None:
            for pid in _family(process.pid):
                peaks[pid] = max(peaks.get(pid, 0), _peak(pid))
            time.sleep(0.5)
        seconds = time.monotonic() - started
        counts = json.loads((home / "out" / "certificate.json").read_bytes())["accounting"]
    command_peak, aside = peaks.pop(process.pid), sum(counts["quarantined"].values())
    RESULTS.write_text(
        f"""# Memory of a long run

`python benchmarks/memory.py --gigabytes {arguments.gigabytes:g}`: {size / 1e9:.1f} GB of text in {FILES} packed files,
{counts["in"]:,} documents in, {counts["certified"]:,} certified and {aside:,} (of 4 MB each) set aside unsearched, in
{seconds / 60:.0f} minutes.

| process | peak, MB |
|---|---:|
| the command | {command_peak / 1000:,.0f} |
| the largest of its workers ({len(peaks)}) | {max(peaks.values(), default=0) / 1000:,.0f} |
""",
        encoding="utf-8",
    )
    sys.stdout.write(RESULTS.read_text(encoding="utf-8"))


def _write(folder: Path, size: int) -> int:
    folder.mkdir()
    count = size // DOCUMENT_BYTES
    blank = "." + " " * DOCUMENT_BYTES
    written = 0
    for part in range(FILES):
        with (folder / f"part-{part}.jsonl.zst").open("wb") as raw, zstandard.ZstdCompressor(3).stream_writer(raw) as stream:
            for number in range(part * count // FILES, (part + 1) * count // FILES):
                letter = f"Order {number}-{{}}: call 02-555-{{}}123 about the letter of the board."
                texts = [letter.format(each, each) for each in range(LETTERS)]
                for each, text in enumerate((*texts, blank)):
                    stream.write((json.dumps({"id": f"{number}-{each}", "text": text}) + "\n").encode())
                    written += len(text)
    return written


def _family(parent: int) -> list[int]:
    """A process and what it started."""
    found = [parent]
    for pid in (path.name for path in Path("/proc").iterdir() if path.name.isdigit()):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(pid))
    return found


def _peak(pid: int) -> int:
    """The most memory that a process held so far, kB; 0 where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
