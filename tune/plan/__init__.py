"""What a run will cost before it is started: rows, steps, memory by part and time, on this machine and on others.

>>> from tune.plan import plan
>>> plan(load(Path("recipe.toml")), now=datetime.now(UTC)).devices[0].memory.total  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tune.plan.planning import Plan, plan
    from tune.plan.rehearsal import Rehearsal, rehearse

__all__ = ["Plan", "Rehearsal", "plan", "rehearse"]

_HOMES = {"Plan": "planning", "Rehearsal": "rehearsal", "plan": "planning", "rehearse": "rehearsal"}


def __getattr__(name: str) -> Any:
    """The exported object, its module imported on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tune.plan' has no attribute {name!r}")
    return getattr(import_module(f"tune.plan.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The exported names."""
    return list(__all__)
