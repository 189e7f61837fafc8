"""Whole runs on a Ray cluster of their own: a local run's bytes, whatever is killed; loopback alone; nothing left behind."""

import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from govern.keys import derive, generate, load_secret
from govern.run_keys import keys_of
from govern.sample import write

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra `ray` is not installed"),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc"),
]
ROOT = Path(__file__).parents[2]
END_S = 20
"""Seconds that a cluster may need to be gone."""

RUN_S = 240
CANARIES = ("canary.zebra@example.com", "010-9876-1234", "4111 1111 1111 1111", "Zebulon Canaryworth", "canaryfilecanary")
SMALL_UNITS = (
    "import sys; from govern import cli, pipeline; pipeline.WORK_BYTES = (6_000, 8_000_000); sys.exit(cli.main())"
)
"""`govern` with a dozen units of work in a small corpus."""


@dataclass(frozen=True)
class World:
    """A corpus with canaries, keys and a policy without a name model, and the SHA256SUMS of a local run."""

    folder: Path
    sums: bytes

    def command(self, out: Path, *more: str) -> list[str]:
        secret, policy = self.folder / "keys" / "secret.key", self.folder / "quick.toml"
        return [
            "certify", str(self.folder / "raw"), "--out", str(out), "--secret", str(secret), "--policy", str(policy),
            "--workers", "2", *more,
        ]  # fmt: skip

    def here(self, out: Path) -> None:
        """The command on the local engine."""
        command = [sys.executable, "-c", SMALL_UNITS, *self.command(out)]
        subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)

    def run(self, out: Path, *more: str) -> "Run":
        """The command on Ray in a process group of its own, every process of it marked."""
        mark = f"GOVERN_TEST={secrets.token_hex(8)}"
        name, _, value = mark.partition("=")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), name: value, "TMPDIR": str(out.parent)}
        command = [*more, sys.executable, "-c", SMALL_UNITS, *self.command(out, "--engine", "ray")]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        return Run(process, mark.encode(), out)


@dataclass(frozen=True)
class Run:
    """A run that was started: its process and what marks the processes it started."""

    process: "subprocess.Popen[str]"
    mark: bytes
    out: Path

    def processes(self) -> list[int]:
        """Those in the session that it began, or with its mark: a process may leave the one, or write over the other."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            state, _, _, session = (content(folder / "stat").rpartition(b")")[2].split() + [b""] * 4)[:4]
            if state not in (b"Z", b"") and (int(session) == self.process.pid or self.mark in content(folder / "environ")):
                found.append(int(folder.name))
        return found

    def workers(self) -> list[int]:
        return [number for number in self.processes() if content(Path(f"/proc/{number}/cmdline")).startswith(b"ray::Worker")]

    def listening(self) -> set[str]:
        """The addresses that its processes listen on, as the kernel writes them."""
        inodes = set()
        for number in self.processes():
            for path in Path(f"/proc/{number}/fd").glob("*"):
                try:
                    inodes.add(str(path.readlink()).removeprefix("socket:[").removesuffix("]"))
                except OSError:
                    continue
        tables = (content(Path("/proc/net") / table).decode().splitlines()[1:] for table in ("tcp", "tcp6"))
        rows = [row.split() for table in tables for row in table]
        return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}

    def wait_for(self, seen: Callable[[], object]) -> None:
        deadline = time.monotonic() + RUN_S
        while not seen():
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def states(self) -> int:
        return len(list(self.out.with_name(self.out.name + ".private").glob("states/*.json")))

    def end(self) -> str:
        return self.process.communicate(timeout=RUN_S)[0]

    def gone(self) -> bool:
        """Whether all that it started ends by itself."""
        deadline = time.monotonic() + END_S
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        left = self.processes()
        for number in left:
            os.kill(number, signal.SIGKILL)
        return not left


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    generate(folder / "keys")
    write(100, 3, folder / "raw")
    text = f"Mr. {CANARIES[3]}, {CANARIES[1]}, card {CANARIES[2]}, {CANARIES[0]}: no."
    rows = [{"id": f"{CANARIES[0]}-{number}", "text": f"{text} {number}"} for number in range(10)]
    (folder / "raw" / f"{CANARIES[4]}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (folder / "quick.toml").write_text('name = "quick"\n[names]\nmodel = "none"\n')
    World(folder, b"").here(folder / "local")
    return World(folder, (folder / "local" / "SHA256SUMS").read_bytes())


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short path: a socket's may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as name:
        yield Path(name)


def private_words(world: World) -> list[bytes]:
    """What may stand in none of Ray's files: personal data, names of files, the secret and each key made of it."""
    secret = load_secret(world.folder / "keys" / "secret.key")
    keys = keys_of(secret)
    made = [secret, derive(secret, "allow"), *(getattr(keys, one.name) for one in fields(keys))]
    written = (form.encode() for key in made for form in (key.hex(), repr(key)))
    return [*(word.encode() for word in CANARIES), *made, *written]


def check_nothing_private(world: World, folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any(path.name.startswith("raylet") for path in files)
    for path in files:
        data = path.read_bytes()
        assert not [word for word in private_words(world) if word in data], path.name


def test_the_bytes_are_those_of_a_local_run_and_loopback_alone_listens(world: World, place: Path) -> None:
    """While it runs, every socket of the cluster is on 127.0.0.1; afterwards neither process, folder nor key is left."""
    run = world.run(place / "out")
    run.wait_for(lambda: len(run.workers()) == 2 and run.states() > 1)
    heard = run.listening()
    printed = run.end()
    assert run.process.returncode == 0, printed
    assert heard == {"0100007F", "0000000000000000FFFF00000100007F"}
    assert run.gone()
    assert not list(place.glob("govern-ray-*"))
    assert not list(place.rglob("engine.key"))
    assert (place / "out" / "SHA256SUMS").read_bytes() == world.sums


def test_killed_workers_change_no_byte(world: World, place: Path) -> None:
    """Workers that die in the middle of shards are started again; the run goes on to its end."""
    run = world.run(place / "out")
    for done in (0, 3):
        run.wait_for(lambda done=done: run.workers() and run.states() >= done)
        os.kill(run.workers()[0], signal.SIGKILL)
    printed = run.end()
    assert run.process.returncode == 0, printed
    assert (place / "out" / "SHA256SUMS").read_bytes() == world.sums
    assert run.gone()


def test_a_killed_run_leaves_no_process_and_continues(world: World, place: Path) -> None:
    """The cluster ends with its driver; in Ray's folder nothing is private; the same command continues."""
    run = world.run(place / "out")
    run.wait_for(lambda: run.states() > 1)
    (logs,) = place.glob("govern-ray-*")
    check_nothing_private(world, logs)
    run.process.kill()
    run.end()
    assert run.gone()
    assert not logs.exists()
    done = run.states()
    again = world.run(place / "out")
    printed = again.end()
    assert again.process.returncode == 0, printed
    assert 1 < done < again.states()
    assert (place / "out" / "SHA256SUMS").read_bytes() == world.sums
    assert again.gone()


def test_an_interrupted_run_takes_its_cluster_down(world: World, place: Path) -> None:
    """Ctrl-C: exit code 3 and a sentence, no process left; the local engine goes on where Ray stopped."""
    run = world.run(place / "out")
    run.wait_for(lambda: run.states() > 1)
    os.killpg(run.process.pid, signal.SIGINT)
    printed = run.end()
    assert run.process.returncode == 3, printed
    assert printed.splitlines()[-1] == "govern: interrupted; the same command again continues"
    assert run.gone()
    assert not list(place.glob("govern-ray-*"))
    world.here(place / "out")
    assert (place / "out" / "SHA256SUMS").read_bytes() == world.sums


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_process_of_the_cluster_calls_outside(world: World, place: Path) -> None:
    """Of all that a run and its cluster bind or connect to, each internet address is loopback."""
    trace = place / "trace"
    run = world.run(place / "out", "strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,bind,sendto", "-o", str(trace))
    printed = run.end()
    assert run.process.returncode == 0, printed
    called = set(re.findall(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', trace.read_text()))
    assert {one or other for one, other in called} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    assert called
    assert run.gone()
