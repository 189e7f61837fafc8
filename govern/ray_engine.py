"""The second engine of `map_shards`: actors on Ray, on a cluster of this run's own or on one that is running.

Tasks and results travel sealed under a key that lies in a private folder (0600) which every worker reads: what Ray stores,
logs or sends holds no text, path or secret. A shard whose worker is lost is worked on again. How much is in flight depends on
the workers, never on the number of shards.
"""

import atexit
import pickle
import platform
import secrets
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from govern.engine import Engine
from govern.errors import InputError, Interrupted
from govern.files import digest, write_whole
from govern.ray_cluster import Cluster

if TYPE_CHECKING:
    from ray.exceptions import RayError

TRIES = 4
"""How often a shard is begun before the run stops: a worker that died of it once may die of it again."""

IN_FLIGHT = 2
"""Shards that an actor has: one that it works on, and the next."""

AHEAD = 16
"""Shards for each actor that may be done before an earlier one is."""

KEY_FILE = "engine.key"
NONCE_BYTES = 12
SEALED_FOR = b"assay/v1/engine"

Task = TypeVar("Task")
Result = TypeVar("Result")


class Worker:
    """One actor; the models that its first shard loads stay for the next ones."""

    def __init__(self, key: str) -> None:
        self.key = Path(key)

    def run(self, sealed: bytes) -> bytes:
        """What the function made of the task or raised, sealed; nothing where this machine cannot read the key."""
        from cryptography.exceptions import InvalidTag

        try:
            seal = _Seal(self.key.read_bytes())
            installed, call = seal.open(sealed)
        except (OSError, InvalidTag):
            return b""
        try:
            _check_installed(installed)
            function, task = pickle.loads(call)  # noqa: S301 - written by the run that holds the key
            return seal.close((True, function(task)))
        except Exception as error:  # noqa: BLE001 - the process boundary: raised again where the run is
            return seal.close((False, error))


class _Seal:
    """AES-256-GCM over pickled values, a fresh nonce before each."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.cipher = AESGCM(key)

    def close(self, value: object) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, pickle.dumps(value), SEALED_FOR)

    def open(self, sealed: bytes) -> Any:
        data = self.cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], SEALED_FOR)
        return pickle.loads(data)  # noqa: S301 - its tag shows that a holder of the key wrote it


@cache
def _installed() -> str:
    """A digest over what makes the results of two machines the same: code, packages, Python and processor architecture."""
    from govern.environment import environment
    from govern.private import code_digest

    return digest([code_digest(), environment(), platform.python_version(), platform.machine()])


def _check_installed(wanted: str) -> None:
    if wanted != _installed():
        raise InputError(
            f"a worker on {platform.node()}: has another assay, Python or packages than the machine that asks, so its results "
            "could differ; install the same lock on every machine of the cluster"
        )


def map_on_ray(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    engine: Engine,
    lost: Callable[[Task], Result] | None = None,
    *,
    attempts: int = 1,
) -> Iterator[Result]:
    """`function` of each task, in order, by actors that stay until this process ends or something is raised.

    A task that loses its worker `TRIES` times is, where `lost` is given, given to a worker that does nothing else, `attempts`
    times; if that one is lost, too, and another worker still answers, `lost` of the task stands for its result.

    Raises:
        InputError: Ray is not installed, no cluster answers, it is too small, or a worker cannot read the private folder or
            has another assay.
        Interrupted: a shard lost its worker `TRIES` times, or the cluster is gone.
    """
    held = _held(engine)
    from ray.exceptions import RayError

    try:
        actors = held.actors(len(tasks))
        answers = _in_order(actors, lambda at: held.sealed(function, tasks[at]), len(tasks), settle=lost is not None)
        for at, answer in enumerate(answers):
            if lost is None or not isinstance(answer, RayError):
                yield held.opened(answer)
                continue
            alone = held.alone(held.sealed(function, tasks[at]), attempts)
            yield held.opened(alone) if alone is not None else lost(tasks[at])
    except BaseException as error:
        leave()
        if isinstance(error, RayError):
            raise Interrupted(
                f"Ray: a shard lost its worker {TRIES} times, or the cluster is gone ({type(error).__name__}); run the same "
                "command again, with fewer --workers if memory ran out, and see that every machine can import assay"
            ) from None
        raise


def _in_order(
    actors: Sequence[Any], sealed: Callable[[int], bytes], count: int, *, settle: bool
) -> "Iterator[bytes | RayError]":
    """The answers to `count` tasks, in their order, or how one was lost; a task is made when it is sent.

    Where it is to `settle`, no actor works on anything when a lost task is handed out: its neighbours may have had the memory.
    """
    import ray
    from ray.exceptions import RayError

    flying: dict[Any, tuple[int, int]] = {}
    load = [0] * len(actors)
    early: dict[int, bytes | RayError] = {}
    sent = 0
    for number in range(count):
        while number not in early:
            while sent < min(count, number + AHEAD * len(actors)) and min(load) < IN_FLIGHT:
                actor = load.index(min(load))
                flying[actors[actor].run.remote(sealed(sent))] = sent, actor
                load[actor] += 1
                sent += 1
            (ready,), _ = ray.wait(list(flying), num_returns=1)
            done, actor = flying.pop(ready)
            load[actor] -= 1
            try:
                early[done] = ray.get(ready)
            except RayError as error:
                early[done] = error
        if settle and flying and isinstance(early[number], RayError):
            ray.wait(list(flying), num_returns=len(flying))
        yield early.pop(number)


class _Held:
    """This process in a cluster: its actors, the key that tasks are sealed under, and what goes when it leaves."""

    def __init__(self, engine: Engine) -> None:
        if engine.address is not None and engine.folder is None:
            raise InputError("--ray-address: a folder that every machine of the cluster reads is needed")
        self.engine = engine
        self.seal = _Seal(secret := secrets.token_bytes(32))
        self.pool: list[Any] = []
        self.cluster = Cluster(engine)
        self.key = (engine.folder or self.cluster.own or Path()) / KEY_FILE
        write_whole(self.key, secret, 0o600)

    def actors(self, tasks: int) -> list[Any]:
        """As many actors as there are workers, or tasks where these are fewer."""
        import ray

        worker = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=TRIES - 1)(Worker)
        wanted = min(self.engine.workers, tasks)
        self.pool.extend(worker.remote(str(self.key)) for _ in range(wanted - len(self.pool)))
        return self.pool[:wanted]

    def alone(self, sealed: bytes, attempts: int) -> bytes | None:
        """The answer to a task by a worker that has no other; None where each of so many workers is lost of it.

        Raises:
            RayError: no worker is to be had at all.
        """
        import ray
        from ray.exceptions import RayError

        worker = ray.remote(num_cpus=0)(Worker)  # the others hold every processor, and do nothing
        for _ in range(attempts):
            actor = worker.remote(str(self.key))
            try:
                return bytes(ray.get(actor.run.remote(sealed)))
            except RayError:
                continue
            finally:
                ray.kill(actor)
        probe = worker.remote(str(self.key))
        self.opened(ray.get(probe.run.remote(self.sealed(abs, 0))))
        ray.kill(probe)
        return None

    def sealed(self, function: Callable[[Any], Any], task: object) -> bytes:
        return self.seal.close((_installed(), pickle.dumps((function, task))))

    def opened(self, answer: "bytes | RayError") -> Any:
        """What a worker gave back; what it raised, or how it was lost, is raised here."""
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            raise InputError(
                f"{self.key}: a worker cannot read it; inputs and --out must lie in a folder that every machine of the cluster "
                "sees under the same path, as the same user"
            )
        whole, value = self.seal.open(answer)
        if not whole:
            raise value
        return value

    def leave(self) -> None:
        import ray

        for actor in self.pool:
            ray.kill(actor)
        self.key.unlink(missing_ok=True)
        self.cluster.leave()


_HELD: list[_Held] = []
"""The cluster that this process is in, if it is in one: a start takes seconds, and a run maps more than once."""


def _held(engine: Engine) -> _Held:
    if not _HELD or _HELD[0].engine != engine:
        leave()
        _HELD.append(_Held(engine))
        atexit.register(leave)  # before Ray's own, which came with its import
    return _HELD[0]


def leave() -> None:
    """Leaves the cluster, and ends it where it is this process's own."""
    while _HELD:
        _HELD.pop().leave()
