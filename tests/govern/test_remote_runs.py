"""Whole runs over inputs in a store: the bytes of a local run, for any number of workers, also after the store was away."""

import csv
import gzip
import importlib.util
import io
import json
import sys
from pathlib import Path
from types import ModuleType

import fsspec
import polars as pl
import pytest
import zstandard

from govern import cli, pipeline
from govern.corpus import SHARD_BYTES
from govern.keys import generate
from govern.sample import write

POLICY = """
name = "quick"

[names]
model = "none"

[[sources]]
match = "host*.csv"
name = "core"

[sources.reading]
encoding = "cp949"

[[sources]]
match = "deep/*"
name = "deep"
"""
SUMS = "SHA256SUMS"


@pytest.fixture(scope="module")
def stores() -> ModuleType:
    """The module `readers/test_remote`, for its store whose reads fail."""
    name = "remote_stores"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("readers") / "test_remote.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Keys, a policy, and documents in JSON Lines, gzip, zstd, Parquet, CSV of CP949, and in a folder of their own."""
    folder = tmp_path_factory.mktemp("home")
    generate(folder / "keys")
    write(90, 5, folder / "sample")
    texts = [
        json.loads(line)["text"]
        for path in sorted((folder / "sample").glob("*.jsonl"))
        for line in path.read_text("utf-8").split("\n")
        if line
    ][:60]
    (folder / "raw" / "deep").mkdir(parents=True)
    rows = [{"id": f"d{number}", "text": text} for number, text in enumerate(texts)]
    lines = [(json.dumps(row, ensure_ascii=False) + "\n").encode() for row in rows]
    raw = folder / "raw"
    (raw / "a.jsonl").write_bytes(b"".join(lines[:10]))
    (raw / "b.jsonl.gz").write_bytes(gzip.compress(b"".join(lines[10:20]), mtime=0))
    (raw / "c.jsonl.zst").write_bytes(zstandard.compress(b"".join(lines[20:30])))
    pl.DataFrame(rows[30:40]).write_parquet(raw / "d.parquet")
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["id", "text"])
    writer.writerows([row["id"], row["text"]] for row in rows[40:50])
    (raw / "host.csv").write_bytes(table.getvalue().encode("cp949", "ignore"))
    (raw / "deep" / "e.jsonl").write_bytes(b"".join(lines[50:]))
    (folder / "quick.toml").write_text(POLICY, "utf-8")
    return folder


@pytest.fixture(autouse=True)
def small_units(monkeypatch):
    """A dozen units of work in a small corpus."""
    monkeypatch.setattr(pipeline, "WORK_BYTES", (4_000, SHARD_BYTES))


def certify(home, given, out, workers=1):
    return cli.main([
        "certify", given, "--out", str(out), "--secret", str(home / "keys" / "secret.key"),
        "--policy", str(home / "quick.toml"), "--workers", str(workers), "--name", "corpus",
    ])  # fmt: skip


@pytest.fixture(scope="module")
def sums(home):
    """The list of checksums of the run over local files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "WORK_BYTES", (4_000, SHARD_BYTES))
        assert certify(home, f"{home}/raw/**/*", home / "local") == 0
    return (home / "local" / SUMS).read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_over_urls_has_the_bytes_of_a_local_one(home, sums, tmp_path, workers):
    """Formats, packings, encodings and sources by name: the same SHA256SUMS, and the same run."""
    assert certify(home, f"file://{home}/raw/**/*", tmp_path / "out", workers) == 0
    assert (tmp_path / "out" / SUMS).read_bytes() == sums
    record = (tmp_path / "out.private" / "run.json").read_bytes()
    assert record == (home / "local.private" / "run.json").read_bytes()
    assert b"file://" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_run_that_was_begun_on_files_goes_on_over_urls(home, sums, tmp_path):
    """Where the bytes lie is no part of a run."""
    assert certify(home, f"{home}/raw/**/*", tmp_path / "out") == 0
    assert certify(home, f"file://{home}/raw/**/*", tmp_path / "out") == 0
    assert (tmp_path / "out" / SUMS).read_bytes() == sums


def test_a_store_that_goes_away_leaves_a_run_that_continues(home, sums, tmp_path, capsys, stores):
    """Whenever it is, exit code 3 and a sentence; in the end the bytes of an unbroken run."""
    failing = stores.Failing
    fsspec.register_implementation("gs", failing, clobber=True)
    failing.store.clear()
    store = failing()
    for path in (home / "raw").rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            store.pipe_file(f"/bucket/raw/{path.relative_to(home / 'raw')}", path.read_bytes())
    command = [
        "certify", "gs://bucket/raw/**/*", str(home / "raw" / "d.parquet"), "--secret", str(home / "keys" / "secret.key"),
        "--policy", str(home / "quick.toml"), "--workers", "1", "--name", "corpus", "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    codes = []
    for left in (0, 4, 9, 14, 18, 22, 26, 30, 34):
        failing.left = left
        codes.append(cli.main(command))
        said = capsys.readouterr().err
        assert "secret words" not in said
        assert codes[-1] == 0 or "its store does not answer" in said
    failing.left = 1_000_000
    assert cli.main(command) == 0
    assert (tmp_path / "out" / SUMS).read_bytes() == sums
    assert set(codes) == {3}
    assert any((tmp_path / "out.private").iterdir())
    failing.store.clear()


def test_a_file_that_is_gone_when_workers_read_it_stops_the_run_and_it_continues(home, sums, tmp_path, capsys, monkeypatch):
    """Exit code 2 names the URL; with the file back the same command continues."""
    raw = tmp_path / "raw"
    raw.mkdir()
    for path in (home / "raw").rglob("*"):
        if path.is_file():
            (raw / path.relative_to(home / "raw")).parent.mkdir(exist_ok=True)
            (raw / path.relative_to(home / "raw")).write_bytes(path.read_bytes())
    whole = (raw / "host.csv").read_bytes()
    real = pipeline.tasks_of

    def gone(*given):
        (raw / "host.csv").unlink()
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "tasks_of", gone)
        assert certify(home, f"file://{raw}/**/*", tmp_path / "out", 2) == 2
    assert f"govern: file://{raw}/host.csv: no such file or folder" in capsys.readouterr().err
    (raw / "host.csv").write_bytes(whole)
    assert certify(home, f"file://{raw}/**/*", tmp_path / "out", 2) == 0
    assert (tmp_path / "out" / SUMS).read_bytes() == sums


def test_every_command_that_reads_inputs_takes_urls(home, tmp_path, capsys):
    """scan, profile and plan say of URLs what they say of paths."""
    policy = ["--policy", str(home / "quick.toml")]
    found = []
    for given in (f"{home}/raw/**/*", f"file://{home}/raw/**/*"):
        out = tmp_path / f"{len(found)}.parquet"
        assert cli.main(["scan", given, "--out", str(out), *policy]) == 0
        assert cli.main(["profile", given, *policy, "--json"]) == 0
        said = capsys.readouterr().out.splitlines()[-1].replace("file://", "")
        plan = ["plan", given, "--secret", str(home / "keys" / "secret.key"), *policy, "--workers", "1", "--json"]
        assert cli.main(plan) == 0
        planned = json.loads(capsys.readouterr().out)
        found.append((pl.read_parquet(out).to_dicts(), said, planned["documents"], planned["text_bytes"], planned["rehearsed"]))
    assert found[0] == found[1]
