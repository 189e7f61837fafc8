"""Accelerators by name: memory and published dense speeds, for plans on machines that are not at hand."""

from collections.abc import Iterable
from dataclasses import dataclass

from tune.errors import TuneError

GB, TFLOPS = 1e9, 1e12


@dataclass(frozen=True, slots=True)
class Device:
    """An accelerator: its memory, and operations a second in bfloat16 and float32 where they are known."""

    name: str
    memory_bytes: float
    bf16_flops_per_s: float | None = None
    fp32_flops_per_s: float | None = None


def _known(name: str, memory: float, bf16: float, fp32: float) -> Device:
    return Device(name, memory * GB, bf16 * TFLOPS, fp32 * TFLOPS)


KNOWN = (
    # NVIDIA's data sheets: tensor cores without sparsity, float32 outside them (torch's default).
    _known("A100-40", 40, 312, 19.5),
    _known("A100-80", 80, 312, 19.5),
    _known("H100", 80, 989, 67),  # SXM
    _known("H200", 141, 989, 67),
    _known("L4", 24, 121, 30.3),
    _known("L40S", 48, 362, 91.6),
    _known("RTX-4090", 24, 165, 82.6),  # Ada architecture paper, float32 accumulation
    _known("T4", 16, 65, 8.1),  # float16; it has no bfloat16 and emulates it, slower than this
)


def parse(texts: Iterable[str]) -> tuple[Device, ...]:
    """Devices of `NAME:GB`, or `NAME` where it is known; all that are known where there are no `texts`.

    A known name with other memory keeps its speeds.

    Raises:
        TuneError: a name that is not known stands without memory, or the memory is no positive number.
    """
    found = tuple(_one(text) for text in texts)
    return found or KNOWN


def _one(text: str) -> Device:
    name, colon, size = text.partition(":")
    known = {one.name.casefold(): one for one in KNOWN}.get(name.strip().casefold())
    if not colon:
        if known is None:
            names = ", ".join(one.name for one in KNOWN)
            raise TuneError(f"--devices {text}: not a known name ({names}); add its memory, as in '{text}:24'")
        return known
    try:
        memory = float(size)
    except ValueError:
        memory = 0.0
    if not 0 < memory < 1e6 or not name.strip():
        raise TuneError(f"--devices {text}: expected NAME:GB, a name and gigabytes of memory, as in 'L40S:48'")
    if known is None:
        return Device(name.strip(), memory * GB)
    return Device(known.name, memory * GB, known.bf16_flops_per_s, known.fp32_flops_per_s)
