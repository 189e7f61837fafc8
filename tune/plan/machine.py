"""This machine: its memory, what the libraries of training take of it, and its speeds, measured in a process apart.

`python -m tune.plan.machine TOKENS WIDTH OUTPUTS` imports what `tune run` imports, says what the process holds then, times
three kinds of work on matrices of that shape for a moment, and prints JSON. It reads no file of a recipe and trains nothing.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LIBRARIES_BYTES = 900_000_000
"""Of a process with torch 2.15 and its CUDA libraries, transformers, peft and bitsandbytes; where it is not measured."""
GIVE_BACK = "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"
"""For the variable GLIBC_TUNABLES: without these caches glibc joins freed blocks again, instead of growing past them."""
TIMED_S = 0.2
"""How long each kind of work is repeated."""
TIMED_TOKENS = 1024
"""Of a product, at most: what is wanted is its speed, and more would only take longer."""
BLOCK = 16_000_000
"""Floats of the blocks that are moved; 64 MB, so that each is new memory."""
MEASURE_S = 300
"""After which a measurement is given up."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory, and speeds: operations in float32, weights made of 4 bits, bytes moved; None where they were not measured.

    `gives_back`: whether processes started here have an allocator that keeps nothing of what is freed.
    """

    memory_bytes: int
    available_bytes: int
    libraries_bytes: int
    threads: int
    flops_per_s: float | None = None
    dequantised_per_s: float | None = None
    moved_bytes_per_s: float | None = None
    gives_back: bool = False


def measure(tokens: int, width: int, outputs: int) -> Machine:
    """This machine at products `[tokens, width] x [width, outputs]`; no speeds where the extra `tune` is not installed.

    However many tokens are asked for, `TIMED_TOKENS` are timed at most.
    """
    sizes = (min(tokens, TIMED_TOKENS), width, outputs)
    command = [sys.executable, "-m", "tune.plan.machine", *map(str, sizes)]
    memory = (memory_bytes(), available_bytes())
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=MEASURE_S)  # noqa: S603 (ourselves)
        found = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError):
        found = {"libraries_bytes": LIBRARIES_BYTES, "threads": os.cpu_count() or 1}
    told = os.environ.get("GLIBC_TUNABLES", "").split(":")
    return Machine(*memory, **found, gives_back=all(one in told for one in GIVE_BACK.split(":")))


def memory_bytes() -> int:
    """What this process may use: the machine's memory, or less where a container has a limit."""
    limits = [
        _limit(Path(name)) for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    ]
    return min([_pages("SC_PHYS_PAGES"), *(limit for limit in limits if limit)])


def available_bytes() -> int:
    """What is free now, or held by what the system can drop."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return memory_bytes()
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return min([memory_bytes(), *found])


def resident_bytes() -> int:
    """What this process holds now; 0 where the system does not say."""
    return _status("VmRSS")


def peak_bytes() -> int:
    """The most that this process ever held; on Linux without what its parent held when it was started."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM") or (peak if sys.platform == "darwin" else peak * 1024)


def _status(key: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:")), 0)


def _pages(name: str) -> int:
    return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")


def _limit(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _measured(tokens: int, width: int, outputs: int) -> dict[str, float]:
    from tune.loading import go_offline

    go_offline()
    import accelerate  # noqa: F401 (imported for its memory, as the next)
    import bitsandbytes
    import peft  # noqa: F401
    import torch
    from transformers import AutoModelForCausalLM, Trainer  # noqa: F401

    import tune.running
    import tune.train  # noqa: F401

    libraries = resident_bytes() or LIBRARIES_BYTES
    x, weight = torch.randn(tokens, width), torch.randn(outputs, width)
    packed, state = bitsandbytes.functional.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    block = torch.ones(BLOCK)
    with torch.no_grad():
        product = _seconds(lambda: torch.nn.functional.linear(x, weight))
        unpacking = _seconds(lambda: bitsandbytes.functional.dequantize_4bit(packed, state))
        moving = _seconds(lambda: block * block)
    return {
        "libraries_bytes": libraries,
        "threads": torch.get_num_threads(),
        "flops_per_s": 2 * tokens * width * outputs / product,
        "dequantised_per_s": width * outputs / unpacking,
        "moved_bytes_per_s": 3 * 4 * BLOCK / moving,
    }


def _seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, on average over a moment, its first time left out."""
    work()
    began, times = time.perf_counter(), 0
    while time.perf_counter() - began < TIMED_S:
        work()
        times += 1
    return (time.perf_counter() - began) / times


if __name__ == "__main__":
    print(json.dumps(_measured(*map(int, sys.argv[1:]))))
