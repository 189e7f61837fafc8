"""Fine-tunes (QLoRA) only on a corpus whose certificate verifies, and signs the adapter with its chain of digests.

    >>> from datetime import UTC, datetime
    >>> from pathlib import Path
    >>> import tune
    >>> result = tune.run(tune.load(Path("recipe.toml")), now=datetime.now(UTC))
    >>> chain = tune.verify(result.adapter, (Path("keys/sign.pub"),), now=datetime.now(UTC))

Everything is imported on first use: `import tune` loads no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tune.attesting import attest
    from tune.callback import gate_callback
    from tune.chain import Chain, Link, verify
    from tune.errors import TuneError, TuneInterrupted, TuneRefused
    from tune.recipe import Recipe, load
    from tune.running import Result, run

_HOMES = {
    "Chain": "tune.chain",
    "Link": "tune.chain",
    "Recipe": "tune.recipe",
    "Result": "tune.running",
    "TuneError": "tune.errors",
    "TuneInterrupted": "tune.errors",
    "TuneRefused": "tune.errors",
    "attest": "tune.attesting",
    "gate_callback": "tune.callback",
    "load": "tune.recipe",
    "run": "tune.running",
    "verify": "tune.chain",
}

__all__ = [
    "Chain",
    "Link",
    "Recipe",
    "Result",
    "TuneError",
    "TuneInterrupted",
    "TuneRefused",
    "attest",
    "gate_callback",
    "load",
    "run",
    "verify",
]


def __getattr__(name: str) -> Any:
    """The public name `name`, its module loaded on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tune' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
