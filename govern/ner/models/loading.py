"""What loading a model has in common: the packages it needs, one thread, silence, and what a library raises."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govern.errors import InputError

UNLOADABLE = (OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, ImportError, ArithmeticError)
"""What the libraries raise where the files of a folder do not make a model."""


def need(path: Path, packages: tuple[str, ...], remedy: str) -> None:
    """Raises `InputError` with the remedy where a package is not installed."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"{path}: this model needs {', '.join(missing)}, not installed here; {remedy}")


def unloadable(path: Path, error: BaseException) -> InputError:
    """The sentence for a folder that does not load; it holds the kind of the error alone."""
    return InputError(
        f"{path}: the model does not load ({type(error).__name__}); save it again with the installed versions of its packages"
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch computes on one thread: certify's workers are processes, and sums must not depend on the cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def quiet() -> Iterator[None]:
    """Within, transformers shows no progress and warns of nothing; what matters is checked by the caller."""
    from transformers.utils import logging

    shown, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if shown:
            logging.enable_progress_bar()
