"""A process's place in a Ray cluster: one of its own, which starts and ends with it, or one that is running.

A cluster of its own listens on loopback alone, asks for a token, reports to nobody and calls no address outside. It ends with
the process, also with one that is killed.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from govern.engine import Engine
from govern.errors import GovernError, InputError

STORE_BYTES = 100_000_000
"""Shared memory of an own cluster. Only states of shards pass through it; Ray's default is 30 % of the machine's memory."""

ANSWER_S = 10
"""Seconds that a cluster has to take a connection."""

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Nothing is reported to Ray's makers, and the current folder is not uploaded to the cluster when `uv run` started this."""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray's own switch for a node that is 127.0.0.1; without it Ray takes 127.0.0.1 for the machine's outward address."""


class Cluster:
    """The cluster of an engine, which this process is in until it leaves."""

    def __init__(self, engine: Engine) -> None:
        self.own = own = Path(tempfile.mkdtemp(prefix="govern-ray-")) if engine.address is None else None
        """Closed to others (0700): sockets and logs of an own cluster. A socket's path may have 107 bytes, so it lies here."""

        self.guard: _Guard | None = None
        try:
            _prepare(engine, own)
            if own is not None:
                self.guard = _Guard(own)
            _join(engine, own)
            _check(engine, own)
            if self.guard is not None:
                self.guard.name()
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """Leaves the cluster, and ends it where it is this process's own."""
        import ray

        if self.guard is not None:
            self.guard.name()
        ray.shutdown()
        if self.guard is not None:
            self.guard.process.communicate()
        if self.own is not None:
            shutil.rmtree(self.own, ignore_errors=True)


def _prepare(engine: Engine, own: Path | None) -> None:
    """Imports Ray under the environment that it reads then."""
    os.environ.update(QUIET)
    if own is not None or _is_loopback(_reached(str(engine.address))):
        os.environ.update(LOOPBACK)
    if own is not None:
        (own / "token").write_text(secrets.token_hex(32))
        os.environ.update({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(own / "token")})
    import ray  # noqa: F401 - under this environment


def _join(engine: Engine, own: Path | None) -> None:
    """Starts a cluster that is this process's own, or connects to the one at the engine's address."""
    import ray
    from ray.exceptions import RayError

    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    before = signal.getsignal(signal.SIGTERM)
    try:
        if own is None:
            ray.init(engine.address, **quiet)
        else:
            with _no_dashboard():
                ray.init(
                    "local", num_cpus=engine.workers, num_gpus=0, object_store_memory=STORE_BYTES, _temp_dir=str(own), **quiet
                )
    except (RayError, OSError, RuntimeError, ValueError) as error:
        where = "Ray" if own is not None else f"--ray-address {engine.address}"
        raise InputError(
            f"{where}: no cluster of this Ray ({ray.__version__}) and Python starts or answers ({type(error).__name__}); this "
            "machine must be one of the cluster's; check the address, the versions and RAY_AUTH_TOKEN_PATH"
        ) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _reached(address: str) -> str:
    """The host of the address, where something answers: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except OSError as error:
        raise InputError(
            f"--ray-address {address}: nothing answers ({error.strerror or 'no such host, or too slow'}); correct it, or start "
            "the cluster"
        ) from None
    return host


class _Guard:
    """What ends an own cluster, and removes its folder, when this process is gone."""

    def __init__(self, own: Path) -> None:
        command = [sys.executable, "-m", "govern.ray_guard", str(own)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own module
        self.others = _descendants()

    def name(self) -> None:
        """Tells it which processes were started since it began."""
        lines = "".join(f"{number}\n" for number in sorted(_descendants() - self.others)).encode()
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.write(lines)
                self.process.stdin.flush()


def _descendants() -> set[int]:
    import psutil  # Ray brings it

    return {process.pid for process in psutil.Process().children(recursive=True)}


@contextmanager
def _no_dashboard() -> Iterator[None]:
    """Within, Ray starts no dashboard process: even without pages it asks a cloud's metadata address what machine this is."""
    from ray._private import services

    before = services.start_api_server
    services.start_api_server = lambda *_, **__: (None, None)  # what it returns where the process does not start
    try:
        yield
    finally:
        services.start_api_server = before


def _check(engine: Engine, own: Path | None) -> None:
    """Returns where an own cluster is on loopback, and any is as large as was asked."""
    import ray

    if own is not None and not all(_is_loopback(node["NodeManagerAddress"]) for node in ray.nodes()):
        raise GovernError("Ray: the cluster does not listen on loopback alone; start govern in a process of its own")
    there = int(ray.cluster_resources().get("CPU", 0))
    if there < engine.workers:
        raise InputError(f"--workers {engine.workers}: the cluster has {there} processors; ask for as many at most")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
