"""The packed rows that a recipe trains on and those it is measured on: made once, kept in a folder, and read from there.

The folder is the recipe's `cache`, or one inside the unfinished run, so that a resumed run and each process of a run reads what
was made before. What is read is what a signed record names.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from govern.attestation import SPLITS
from tune import adapter, cache, dataset

if TYPE_CHECKING:
    from govern.keys import PrivateKey
    from tune.gate import Passed
    from tune.recipe import Recipe

FOLDER = "tokens"
DOCUMENTS, HELD_OUT = SPLITS


def make(
    recipe: "Recipe", passed: "Passed", partial: Path, key: "PrivateKey | None", say: Callable[[str], None]
) -> None:
    """Leaves the rows of a recipe where `read` finds them, making those that are not there or do not hold.

    Args:
        recipe: what is trained.
        passed: what passed the gate.
        partial: the folder of the unfinished run.
        key: signs what is kept; None in an ungoverned run.
        say: called with a line where what was kept does not hold.

    Raises:
        VerificationError: a shard is not what was certified.
        TuneError: there is nothing to learn from, or a folder cannot be made.
    """
    for part in _parts(recipe, passed):
        cache.kept(
            _folder(recipe, partial, key), _shaped_by(recipe, passed, part), key, _maker(recipe, passed, part), say
        )


def read(
    recipe: "Recipe", passed: "Passed", partial: Path, key: "PrivateKey | None"
) -> tuple[dataset.Dataset, dataset.Dataset | None]:
    """The rows to train on, and at most `evaluation_rows` of those held out, evenly spaced, since packing puts long ones first.

    Raises:
        GovernError: what was kept is not signed by `key`.
        TuneError: it is not what its record names.
    """
    folder = _folder(recipe, partial, key)
    found = {part: cache.read(folder, _shaped_by(recipe, passed, part), key) for part in _parts(recipe, passed)}
    held_out = found.get(HELD_OUT)
    wanted = recipe.training.evaluation_rows
    return found[DOCUMENTS], None if held_out is None else dataset.some_rows(held_out, wanted)


def _parts(recipe: "Recipe", passed: "Passed") -> tuple[str, ...]:
    measured = recipe.training.evaluation_rows and any(one.held_out for one in passed.corpora)
    return (DOCUMENTS, HELD_OUT) if measured else (DOCUMENTS,)


def _folder(recipe: "Recipe", partial: Path, key: "PrivateKey | None") -> Path:
    """An ungoverned run keeps nothing beyond itself, since nothing would sign it."""
    return partial / FOLDER if recipe.cache is None or key is None else recipe.cache


def _shaped_by(recipe: "Recipe", passed: "Passed", part: str) -> dict[str, object]:
    return cache.key(recipe, passed, part, adapter.sources("tune", "vocab", "govern"))


def _maker(recipe: "Recipe", passed: "Passed", part: str) -> Callable[[Path], dataset.Dataset]:
    held_out = part == HELD_OUT
    parts = [
        dataset.Part(one.held_out, 1.0) if held_out else dataset.Part(one.documents, one.weight)
        for one in passed.corpora
    ]

    def build(folder: Path) -> dataset.Dataset:
        return dataset.build_all(
            parts,
            passed.tokenizer,
            recipe.training.max_length,
            data=recipe.data,
            template=passed.template,
            seed=recipe.training.seed,
            with_bytes=held_out,
            folder=folder,
        )

    return build
