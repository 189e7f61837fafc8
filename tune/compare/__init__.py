"""What an adapter gained over its base: bits per byte of certified held-out text, and answers to tasks, with paired intervals.

>>> from tune.compare import Inputs, compare
>>> compare(Inputs(...), Path("report"), now=datetime.now(UTC))  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tune.compare.comparing import compare
    from tune.compare.gate import Inputs
    from tune.compare.resampling import Plan

__all__ = ["Inputs", "Plan", "compare"]

_HOMES = {"Inputs": "gate", "Plan": "resampling", "compare": "comparing"}


def __getattr__(name: str) -> Any:
    """The exported object, its module imported on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tune.compare' has no attribute {name!r}")
    return getattr(import_module(f"tune.compare.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The exported names."""
    return list(__all__)
