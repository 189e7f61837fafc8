"""The engine on Ray: the same results as in processes, what a lost worker costs, and what a cluster hears and keeps."""

import importlib
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from govern import ray_engine
from govern.engine import Engine
from govern.errors import InputError, Interrupted, VerificationError
from govern.keys import generate
from govern.sample import write
from govern.shards import map_shards

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra `ray` is not installed"),
]
HERE = Path(__file__).parent
START_S = 60


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as one:
        return one.connect_ex((host, int(port))) == 0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Engine]:
    """A cluster of two processors that runs before and after, on loopback, with a token and a private folder."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        (folder / "token").write_text(secrets.token_hex(32))
        (folder / "shared").mkdir(mode=0o700)
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(folder / "token"))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]))
        patch.syspath_prepend(str(HERE))
        address = f"127.0.0.1:{free_port()}"
        command = [
            str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--node-ip-address=127.0.0.1",
            f"--port={address.split(':')[1]}", "--num-cpus=2", "--num-gpus=0", "--object-store-memory=100000000",
            "--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder / 'ray'}",
        ]  # fmt: skip
        environment = {**os.environ, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
        with (folder / "log").open("wb") as log:
            head = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            deadline = time.monotonic() + START_S
            while not answers(address) and time.monotonic() < deadline:
                time.sleep(0.2)
            assert head.poll() is None, (folder / "log").read_text()
            yield Engine(2, ray=True, address=address, folder=folder / "shared")
        finally:
            ray_engine.leave()
            head.send_signal(signal.SIGTERM)
            head.wait(START_S)


@pytest.fixture(scope="module")
def tasks(cluster: Engine) -> ModuleType:
    """The functions that workers run."""
    return importlib.import_module("ray_tasks")


def test_results_come_in_shard_order(cluster: Engine, tasks: ModuleType) -> None:
    """Whichever is done first."""
    assert list(map_shards(tasks.later_ones_first, list(range(20)), cluster)) == [-n for n in range(20)]


def test_actors_keep_what_they_loaded(cluster: Engine, tasks: ModuleType) -> None:
    """Two workers do everything, of one map and of the next."""
    first, second = (list(map_shards(tasks.worker, list(range(10)), cluster)) for _ in range(2))
    assert len({process for process, _ in first + second}) <= 2
    assert max(calls for _, calls in second) > max(calls for _, calls in first)


def test_no_more_is_begun_than_a_window(cluster: Engine, tasks: ModuleType, tmp_path: Path) -> None:
    """While one shard takes long, the others do not pile up: what is held does not grow with the number of shards."""
    seen: list[int] = []

    def let_go() -> None:
        time.sleep(4)
        seen.append(len(list(tmp_path.iterdir())))
        (tmp_path / "go").touch()

    threading.Thread(target=let_go).start()
    count = 500
    assert list(map_shards(tasks.begin, [(tmp_path, number) for number in range(count)], cluster)) == list(range(count))
    assert 2 < seen[0] <= 2 * ray_engine.AHEAD


def test_a_lost_worker_costs_no_shard(cluster: Engine, tasks: ModuleType, tmp_path: Path) -> None:
    """A worker that is killed is started again, and does its shard again."""
    assert list(map_shards(tasks.die_once, [(tmp_path, number) for number in range(8)], cluster)) == list(range(8))
    assert (tmp_path / "3.died").exists()


def test_a_shard_that_kills_every_worker_stops_the_run_as_resumable(cluster: Engine, tasks: ModuleType) -> None:
    """Nothing is skipped: exit code 3, and what to do."""
    with pytest.raises(Interrupted, match=f"lost its worker {ray_engine.TRIES} times.*run the same command again"):
        list(map_shards(tasks.die, list(range(8)), cluster))


def test_a_shard_that_kills_every_worker_is_lost_where_something_stands_for_it(cluster: Engine, tasks: ModuleType) -> None:
    """It alone, once: those that waited behind it in the same worker are done, and come in order."""
    lost: list[int] = []
    results = map_shards(tasks.die, list(range(8)), cluster, lambda number: lost.append(number) or 1000)
    assert list(results) == [0, 1, 2, 1000, 4, 5, 6, 7]
    assert lost == [3]


def test_a_lost_shard_is_tried_again_while_nothing_else_works(
    cluster: Engine, tasks: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have died of its neighbours' memory: then it is done, and not set aside."""
    done: list[bool] = []
    monkeypatch.setattr(ray_engine._Held, "alone", lambda *_: done.append((tmp_path / "done").exists()))
    work = [(tmp_path, number, ray_engine.TRIES) for number in range(4)]
    results = list(map_shards(tasks.die_beside, work, cluster, lambda _: -1))
    assert results[:3] == [0, -1, 2]  # 3 may have waited behind 1 in the same worker, and be tried alone, too
    assert done
    assert all(done)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("input", InputError), ("unknown", "DetectionUnknown"), ("verification", VerificationError), ("defect", LookupError)],
)
def test_what_a_function_raises_arrives_as_it_is(
    cluster: Engine, tasks: ModuleType, kind: str, wanted: type[Exception] | str
) -> None:
    """Of the same class, with the same words, as if it was raised here."""
    with pytest.raises(Exception) as caught:
        list(map_shards(tasks.refuse, [kind], cluster))
    assert type(caught.value).__name__ == (wanted if isinstance(wanted, str) else wanted.__name__)
    if kind == "verification":
        assert caught.value.problems == ("one", "two")


def test_workers_with_another_assay_are_refused(
    cluster: Engine, tasks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their results could differ; nothing else would show it."""
    monkeypatch.setattr(ray_engine, "_installed", lambda: "sha256:another")
    with pytest.raises(InputError, match="has another assay"):
        list(map_shards(tasks.later_ones_first, [1], cluster))


def test_a_worker_that_cannot_read_the_folder_is_an_error_with_a_remedy(cluster: Engine, tasks: ModuleType) -> None:
    """As where a machine of the cluster does not have the shared folder."""
    results = map_shards(tasks.later_ones_first, list(range(50)), cluster)
    assert next(results) == 0
    (cluster.folder / ray_engine.KEY_FILE).unlink()
    with pytest.raises(InputError, match="every machine of the cluster sees under the same path"):
        list(results)


def test_the_key_is_closed_to_others_and_goes(cluster: Engine, tasks: ModuleType) -> None:
    """It lies in the private folder while the run is on."""
    results = map_shards(tasks.later_ones_first, [0, 1], cluster)
    next(results)
    key = cluster.folder / ray_engine.KEY_FILE
    assert key.stat().st_mode & 0o077 == 0
    results.close()  # type: ignore[attr-defined]
    assert not key.exists()


def test_more_workers_than_the_cluster_has_are_refused(cluster: Engine) -> None:
    """Else the run would wait for ever."""
    with pytest.raises(InputError, match="--workers 64: the cluster has 2 processors"):
        list(map_shards(abs, [1], replace(cluster, workers=64)))


def test_no_cluster_at_the_address_is_an_error_with_a_remedy(cluster: Engine) -> None:
    """Exit code 2, as any input that cannot be used, and at once."""
    with pytest.raises(InputError, match=r"--ray-address 127\.0\.0\.1:9: nothing answers .* start the cluster"):
        list(map_shards(abs, [1], replace(cluster, address="127.0.0.1:9")))


def test_a_run_on_a_cluster_that_runs_already_survives_its_driver(cluster: Engine, tmp_path: Path) -> None:
    """The command is killed; its actors go, the cluster stays; the command again ends in the bytes of a local run."""
    generate(tmp_path / "keys")
    write(60, 3, tmp_path / "raw")
    (tmp_path / "quick.toml").write_text('name = "quick"\n[names]\nmodel = "none"\n')
    small = "import sys; from govern import cli, pipeline; pipeline.WORK_BYTES = (4_000, 9_000_000); sys.exit(cli.main())"

    def command(out: str, *more: str) -> list[str]:
        secret, policy = tmp_path / "keys" / "secret.key", tmp_path / "quick.toml"
        given = ("--secret", str(secret), "--policy", str(policy), "--workers", "2", *more)
        return [sys.executable, "-c", small, "certify", str(tmp_path / "raw"), "--out", str(tmp_path / out), *given]

    def states() -> int:
        return len(list((tmp_path / "out.private").glob("states/*.json")))

    subprocess.run(command("local"), check=True, capture_output=True)
    ray = command("out", "--engine", "ray", "--ray-address", str(cluster.address))
    first = subprocess.Popen(ray, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while states() < 2:
        assert first.poll() is None
        time.sleep(0.05)
    first.kill()
    first.wait()
    done = states()
    again = subprocess.run(ray, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert done < states()
    assert (tmp_path / "out" / "SHA256SUMS").read_bytes() == (tmp_path / "local" / "SHA256SUMS").read_bytes()
