"""Runs one function over many shards, in a pool of local processes or on Ray; results come back in shard order.

Workers receive paths and small values, never text. A worker that dies leaves its shard undone: the run stops as resumable,
or, where the caller says what stands for a lost shard, goes on with that; nothing is skipped. A worker whose parent was
killed, or was interrupted, ends by itself within a second.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import TypeVar

from govern.engine import HERE, Engine
from govern.errors import Interrupted

PARENT_CHECK_S = 0.5
ATTEMPTS = 2

Task = TypeVar("Task")
Result = TypeVar("Result")


def map_shards(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    engine: Engine = HERE,
    lost: Callable[[Task], Result] | None = None,
) -> Iterator[Result]:
    """`function` of each task, in order, whatever the engine.

    Where `lost` is given, each task is done in another process; one whose process dies twice while it does nothing else is
    lost, and `lost` of it stands for its result.

    Raises:
        Interrupted: a worker died, of memory or a signal, and nothing stands for a lost task; on Ray, where it died of one
            task again and again, or the cluster is gone.
    """
    if engine.ray and tasks:
        from govern.ray_engine import map_on_ray

        yield from map_on_ray(function, tasks, engine, lost, attempts=ATTEMPTS)
        return
    workers = engine.workers
    if lost is None and (workers <= 1 or len(tasks) <= 1):
        yield from map(function, tasks)
        return
    done = 0
    while done < len(tasks):
        try:
            for result in _pooled(function, tasks[done:], workers):
                yield result
                done += 1
        except BrokenProcessPool:
            if lost is None:
                raise Interrupted(
                    "a worker process died (out of memory, or killed); run the same command again, with fewer --workers if "
                    "memory ran out"
                ) from None
            for task in tasks[done : done + 2 * workers + 1]:  # the one it died of is among those that were begun
                yield _alone(function, task, lost)
                done += 1


def _alone(function: Callable[[Task], Result], task: Task, lost: Callable[[Task], Result]) -> Result:
    """`function` of a task in a process that does nothing else."""
    for _ in range(ATTEMPTS):
        try:
            return next(_pooled(function, [task], 1))
        except BrokenProcessPool:
            continue
    return lost(task)


def _pooled(function: Callable[[Task], Result], tasks: Sequence[Task], workers: int) -> Iterator[Result]:
    """`function` of each task, in order.

    Raises:
        BrokenProcessPool: a worker died.
    """
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, initializer=_begin, initargs=(os.getpid(), stop))
    waiting: list[Future[Result]] = []
    try:
        with interrupts_held():
            waiting.extend(pool.submit(function, task) for task in tasks)
        for done in waiting:
            yield done.result()
    except BrokenProcessPool:
        raise
    except BaseException:
        stop.set()  # what the others still do is not wanted any more
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back while processes start, so that they never see one: it is the parent's, when the block ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(parent: int, stop: Event) -> None:
    """Ends this worker when the parent is gone or says so; Ctrl-C is the parent's."""

    def watch() -> None:
        while os.getppid() == parent and not stop.wait(PARENT_CHECK_S):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def progress(results: Iterator[Result], total: int, what: str, unit: str = "shard") -> Iterator[Result]:
    """Passes results on; a bar on a terminal, else a plain line at each tenth, on standard error."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(results, total=total, desc=what, unit=unit)
        return
    for done, result in enumerate(results, 1):
        if done == total or done * 10 // total != (done - 1) * 10 // total:
            print(f"{what}: {done} of {total} {unit}s", file=sys.stderr)
        yield result
