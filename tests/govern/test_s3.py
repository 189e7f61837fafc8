"""Runs and copies over an S3 server on this machine: a local run's bytes, and a sentence for what fails."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from govern.files import list_files
from govern.keys import generate
from govern.sample import write

pytestmark = [
    pytest.mark.remote,
    pytest.mark.skipif(importlib.util.find_spec("s3fs") is None, reason="the extra `remote` is not installed"),
]
ROOT = Path(__file__).parents[2]
SMALL_UNITS = (
    "import sys; from govern import cli, pipeline; pipeline.WORK_BYTES = (4_000, 8_000_000); sys.exit(cli.main())"
)
"""`govern` with a dozen units of work in a small corpus."""

RUN_S = 240


@pytest.fixture(scope="module")
def s3() -> ModuleType:
    """The module `s3_server`."""
    spec = importlib.util.spec_from_file_location("s3_server", Path(__file__).with_name("s3_server.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules["s3_server"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["s3_server"])
    return sys.modules["s3_server"]


@pytest.fixture
def store(s3: ModuleType, home: Path) -> Iterator[Any]:
    """A server with the inputs in it."""
    with s3.served() as store:
        for name in list_files(home / "raw"):
            store.objects[f"bucket/raw/{name}"] = (home / "raw" / name).read_bytes()
        store.objects["bucket/raw/"] = b""
        yield store


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs, keys, a policy without a name model, and the folder of a local run, signed."""
    folder = tmp_path_factory.mktemp("home")
    generate(folder / "keys")
    write(60, 4, folder / "sample")
    (folder / "raw" / "deep").mkdir(parents=True)
    for path in (folder / "sample").iterdir():
        if path.suffix == ".jsonl":
            (folder / "raw" / "deep" / path.name).write_bytes(path.read_bytes())
        elif path.suffix == ".parquet":
            (folder / "raw" / path.name).write_bytes(path.read_bytes())
    (folder / "quick.toml").write_text('name = "quick"\n[names]\nmodel = "none"\n')
    done = govern(None, certify(folder, f"{folder}/raw/**/*", folder / "local"))
    assert done.returncode == 0, done.stderr
    return folder


def certify(home: Path, given: str, out: Path, workers: int = 2) -> list[str]:
    return [
        "certify", given, "--out", str(out), "--secret", str(home / "keys" / "secret.key"), "--policy",
        str(home / "quick.toml"), "--workers", str(workers), "--name", "corpus", "--sign-key", str(home / "keys" / "sign.pem"),
    ]  # fmt: skip


def govern(store: Any, arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """The command with the server's address and credentials in its environment; nothing else of it says S3."""
    named = {
        "PYTHONPATH": str(ROOT), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "hushhush", "AWS_MAX_ATTEMPTS": "1",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "127.0.0.1",
    }  # fmt: skip
    if store is not None:
        named["AWS_ENDPOINT_URL"] = store.url
    done = subprocess.run(
        [sys.executable, "-c", SMALL_UNITS, *arguments],
        env={**os.environ, **named, **environment}, capture_output=True, text=True, timeout=RUN_S, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "hushhush" not in done.stdout + done.stderr
    assert "secret words" not in done.stdout + done.stderr
    return done


def sums(folder: Path) -> bytes:
    return (folder / "SHA256SUMS").read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_over_s3_has_the_bytes_of_a_local_one(home: Path, store: Any, tmp_path: Path, workers: int) -> None:
    """JSON Lines and Parquet, below a pattern; only ranges are asked for, and nothing is written to the store."""
    done = govern(store, certify(home, "s3://bucket/raw/**/*", tmp_path / "out", workers))
    assert done.returncode == 0, done.stderr
    assert sums(tmp_path / "out") == sums(home / "local")
    assert not [asked for asked in store.asked if asked.split()[0] not in ("GET", "HEAD")]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"s3://" not in kept
    assert b"hushhush" not in kept


@pytest.mark.parametrize("how", ["away", "half", "denied"])
def test_a_store_that_fails_within_a_run_leaves_one_that_continues(home: Path, store: Any, tmp_path: Path, how: str) -> None:
    """Cut connections are exit code 3, a refusal 2; the same command then makes the same bytes, also from workers."""
    command = certify(home, "s3://bucket/raw/**/*", tmp_path / "out")
    store.how = how
    codes = []
    for fail_from in (1, 12):
        store.fail_from, store.gets = fail_from, 0
        done = govern(store, command)
        codes.append(done.returncode)
        assert "govern: s3://bucket/raw/" in done.stderr
    store.heal()
    assert set(codes) == {2 if how == "denied" else 3}
    assert govern(store, command).returncode == 0
    assert sums(tmp_path / "out") == sums(home / "local")


def test_a_copy_to_s3_and_back_is_the_folder(home: Path, store: Any, tmp_path: Path) -> None:
    """Also where it is refused half way, and continued."""
    trust = ["--trust", str(home / "keys" / "sign.pub")]
    store.puts_left = 5
    done = govern(store, ["copy", str(home / "local"), "s3://bucket/corpus", *trust])
    assert done.returncode == 2, done.stderr
    assert "gives no permission" in done.stderr
    assert "bucket/corpus/attestation.json" not in store.objects
    store.heal()
    done = govern(store, ["copy", str(home / "local"), "s3://bucket/corpus", *trust, "--json"])
    files = list_files(home / "local")
    assert json.loads(done.stdout)["kept"] == 5
    assert {f"bucket/corpus/{name}" for name in files} == {name for name in store.objects if "/corpus/" in name}
    assert govern(store, ["copy", "s3://bucket/corpus", str(tmp_path / "back"), *trust]).returncode == 0
    assert all((tmp_path / "back" / name).read_bytes() == (home / "local" / name).read_bytes() for name in files)
    store.objects["bucket/corpus/report.html"] += b"x"
    assert govern(store, ["copy", "s3://bucket/corpus", str(tmp_path / "more"), *trust]).returncode == 1
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        ("s3://bucket/none.jsonl", {}, "no such file or folder"),
        ("s3://none/raw/*.jsonl", {}, "no such file or folder"),
        ("s3://bucket/raw/*.none", {}, "no file matches"),
        ("s3://bucket/raw", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "does not answer"),
        ("s3://bucket/raw", {"AWS_ENDPOINT_URL": "nonsense"}, "settings of its store"),
        ("s3://bucket/raw", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no credentials"),
        ("s3://bucket/raw", {"AWS_PROFILE": "none"}, "no credentials"),
        ("s3://BAD_bucket!/raw", {}, "check URL, endpoint and region"),
    ],
)
def test_what_cannot_be_opened_is_a_sentence(store: Any, given: str, environment: dict[str, str], said: str) -> None:
    """Exit code 2, or 3 where it may answer later; the URL and the remedy, whatever the store or its package raises."""
    done = govern(store, ["profile", given], **environment)
    assert done.returncode == (3 if said == "does not answer" else 2)
    assert done.stderr.startswith(f"govern: {given}: ")
    assert said in done.stderr
