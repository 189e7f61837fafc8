"""Where the shards of a run are worked on: a value that says it, and nothing that does it."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from govern.errors import InputError


@dataclass(frozen=True, slots=True)
class Engine:
    """Where shards are worked on: in this process (one worker), in processes of this machine, or by actors on Ray."""

    workers: int = 1
    ray: bool = False
    address: str | None = None
    """HOST:PORT of a Ray cluster that is running; None where Ray starts one for this process."""

    folder: Path | None = None
    """A private folder that every machine of that cluster sees under this path."""


HERE = Engine()


def on_ray(workers: int, address: str | None = None, folder: Path | None = None) -> Engine:
    """The engine of `workers` actors on Ray.

    Raises:
        InputError: Ray is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError("--engine ray: Ray is not installed; install the extra: pip install 'assay[ray]', or leave it out")
    return Engine(workers, ray=True, address=address, folder=folder)
