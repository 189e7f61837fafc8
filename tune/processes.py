"""One run in several processes, as `torchrun` or `accelerate launch` starts them: who leads, and how the others follow.

The first process passes the gate, makes the tokens, and writes checkpoints and adapter; what it found is handed to the others,
so every process trains the same model on the same rows. One process alone does all of it, and nothing here is needed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from govern.errors import GovernError
from tune.errors import TuneError
from vocab.errors import VocabError

if TYPE_CHECKING:
    from tune.recipe import Training

Value = TypeVar("Value")


def count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def leads() -> bool:
    """Whether this is the first process, which alone reads, writes and speaks."""
    return int(os.environ.get("RANK", "0")) == 0


def local() -> int:
    """This process's number on its machine: which accelerator is its own."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def shard(numbers: "Training") -> bool:
    """Whether each process is to hold a part of the model, and not the whole."""
    return numbers.sharding == "full" and count() > 1


@contextmanager
def together() -> Iterator[None]:
    """Joins the processes for as long as it lasts."""
    if count() == 1:
        yield
        return
    import torch
    from torch import distributed

    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def first(find: Callable[[], Value]) -> Value:
    """What `find` gives in the first process, in every process; where it raises there, the others leave with its exit code.

    Raises:
        SystemExit: in the other processes, where `find` raised in the first.
    """
    if count() == 1:
        return find()
    if not leads():
        value, code = _handed(None)
        if code is not None:
            raise SystemExit(code)
        return value  # type: ignore[no-any-return]
    try:
        value = find()
    except (GovernError, TuneError, VocabError) as error:
        _handed((None, error.exit_code))
        raise
    except (KeyboardInterrupt, OSError):
        _handed((None, 3))
        raise
    _handed((value, None))
    return value


def wait() -> None:
    """Returns when every process has come here."""
    if count() > 1:
        from torch import distributed

        distributed.barrier()


def _handed(value: Any) -> Any:
    from torch import distributed

    values = [value]
    distributed.broadcast_object_list(values, src=0)
    return values[0]
