"""Inputs made to exhaust memory or to write elsewhere: refused with a sentence, or certified, under 512 MB."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

MOST_MB = 512
MEGABYTE = 1_000_000
MEASURE = """
import os, sys
child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss // 1000)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a command and prints the most memory that it held, in MB."""


def certify(tmp_path: Path, *inputs: Path) -> tuple[int, str, int]:
    """Exit code, what stood on standard error, and peak memory in MB."""
    (tmp_path / "secret").write_bytes(bytes(range(32)))
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "p.toml").write_text('name = "p"\n[names]\nmodel = "none"\n')
    command = [
        "-m", "govern", "certify", *map(str, inputs), "--out", str(tmp_path / "out"), "--secret", str(tmp_path / "secret"),
        "--policy", str(tmp_path / "p.toml"), "--workers", "1",
    ]  # fmt: skip
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, int(done.stdout.split()[-1])


def one_line(folder: Path) -> Path:
    """A line of 100 MB."""
    path = folder / "line.jsonl"
    with path.open("wb") as stream:
        stream.write(b'{"text": "')
        for _ in range(100):
            stream.write(b"x" * MEGABYTE)
        stream.write(b'"}\n')
    return path


def deep(folder: Path) -> Path:
    """JSON that is nested 10,000 deep."""
    path = folder / "deep.jsonl"
    path.write_text('{"text": "a", "n": ' + "[" * 10_000 + "]" * 10_000 + "}\n")
    return path


def gzip_bomb(folder: Path) -> Path:
    """A line of 1 GB in a megabyte of gzip."""
    path = folder / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=9) as stream:
        stream.write(b'{"text": "')
        for _ in range(1000):
            stream.write(b"x" * MEGABYTE)
    return path


def empty_lines(folder: Path) -> Path:
    """A gigabyte of nothing but line ends."""
    path = folder / "lines.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as stream:
        stream.write(b"id,text\n")
        for _ in range(1000):
            stream.write(b"\n" * MEGABYTE)
    return path


def columns(folder: Path) -> Path:
    """A CSV of a million columns."""
    path = folder / "columns.csv"
    path.write_text(",".join(f"c{number}" for number in range(MEGABYTE)) + "\n" + "1," * (MEGABYTE - 1) + "1\n")
    return path


def parquet_bomb(folder: Path) -> Path:
    """500 MB of text in a few kilobytes of Parquet."""
    path = folder / "bomb.parquet"
    frame = pl.concat([pl.DataFrame({"text": ["y" * MEGABYTE]})] * 500).rechunk()
    frame.write_parquet(path, compression="zstd", compression_level=22)
    assert path.stat().st_size < 100_000
    return path


HOSTILE = {
    one_line: "of more than 64,000,000 bytes",
    deep: "nested too deeply",
    gzip_bomb: "of more than 64,000,000 bytes",
    empty_lines: "an empty line before it",
    columns: "1,000,000 columns, at most 4,096 are read",
    parquet_bomb: "",
}


@pytest.mark.parametrize("made", HOSTILE, ids=lambda made: made.__name__)
def test_a_hostile_input_is_refused_under_512_mb(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    """Exit code 2, a sentence that names the file, no folder left."""
    path = made(tmp_path)
    code, said, peak = certify(tmp_path, path)
    assert code == 2, said
    assert path.name in said
    assert HOSTILE[made] in said
    assert "Traceback" not in said
    assert peak < MOST_MB
    assert not (tmp_path / "out").exists()


def test_names_that_climb_out_write_nothing_elsewhere(tmp_path: Path) -> None:
    """In ids, sources, columns and file names."""
    raw = tmp_path / "raw"
    raw.mkdir()
    climbing = "../../" * 8 + "etc/climbed"
    name = "a..%2f..\\climbed;$(touch climbed)`touch climbed`.jsonl"
    text = "The board met in quarter {} and kept the rate."
    rows = [{"id": f"{climbing}{n}", "text": text.format(n), climbing: "x"} for n in range(9)]
    (raw / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    before = {path for path in tmp_path.parent.iterdir() if path != tmp_path}
    code, said, _ = certify(tmp_path, raw)
    assert code == 0, said
    assert {path for path in tmp_path.parent.iterdir() if path != tmp_path} == before
    written = {path.name for path in tmp_path.rglob("*") if not path.is_relative_to(raw)}
    assert not any("climbed" in each for each in written)
    assert not Path("climbed").exists()
    assert not os.path.lexists("/etc/climbed0")
