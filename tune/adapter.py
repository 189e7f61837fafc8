"""The adapter folder: PEFT's two files made reproducible, the recipe, the numbers, a card, and the signed provenance.

`adapter_config.json` leaves PEFT with sets in any order and the base's local path; here it becomes canonical JSON with sorted
lists and no path. `provenance.json` is an in-toto Statement in a DSSE envelope: its subjects are all the other files, its
predicate the digests of everything that went in. It holds one time, `issued`, and no path, host or text.
"""

import hashlib
import platform
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.attestation import PREDICATE_ADAPTER, seal, statement
from govern.clock import as_text
from govern.environment import environment
from govern.files import canonical, digest, list_files, sha256_file, write_whole
from tune import plot
from tune.errors import TuneRefused
from tune.folders import read_json
from tune.weights import metadata as metadata_of

if TYPE_CHECKING:
    from govern.keys import PrivateKey
    from tune.dataset import Dataset
    from tune.gate import Admitted, Passed
    from tune.recipe import Card, Recipe
    from tune.train import Evaluation, Measured

FORMAT_VERSION = 1
CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
RECIPE = "recipe.json"
METRICS = "metrics.jsonl"
CARD = "README.md"
PROVENANCE = "provenance.json"
NEEDED = (CARD, CONFIG, WEIGHTS, METRICS, RECIPE)
FILES = (*NEEDED, *plot.NAMES)
"""What a run writes; adapters of earlier versions have those of `NEEDED` alone."""
UNGOVERNED = "UNGOVERNED.json"
"""Stands where the provenance would, unsigned."""
MARKDOWN = "\\`*_[]<>#|!~"
"""What Markdown takes for something else than itself."""
MARK = {"assay": "ungoverned"}
PACKAGES = ("accelerate", "bitsandbytes", "matplotlib", "peft", "safetensors", "tokenizers", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that a run knows when training is over."""

    recipe: "Recipe"
    passed: "Passed"
    data: "Dataset"
    held_out: "Dataset | None"
    measured: "Measured"


def write(folder: Path, made: Made, key: "PrivateKey | None", *, issued: datetime) -> dict[str, Any]:
    """Completes the folder that training left `adapter_config.json` and weights in, signs it, and returns the predicate.

    Without a key, as for an ungoverned run, nothing is signed: the weights and a file beside them say that it is ungoverned.

    Raises:
        TuneRefused: the folder holds a file that no adapter has.
    """
    canonicalise(folder / CONFIG)
    if key is None:
        mark(folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes for the owner alone; the adapter is to be handed on
    write_whole(folder / RECIPE, canonical(made.recipe.record()))
    write_whole(folder / METRICS, metrics(made.measured))
    predicate = provenance(made, issued)
    for name, data in plot.draw(made.measured).items():
        write_whole(folder / name, data)
    write_whole(folder / CARD, card(made, predicate).encode())
    found = list_files(folder)
    if found != tuple(sorted(FILES)):
        odd = ", ".join(sorted({*found} ^ {*FILES}))
        raise TuneRefused(
            f"{folder}: training left other files than an adapter has ({odd}); remove the folder and run again"
        )
    subjects = [(name, sha256_file(folder / name)) for name in found]
    if key is None:
        write_whole(folder / UNGOVERNED, canonical(statement(subjects, PREDICATE_ADAPTER, predicate)))
    else:
        write_whole(folder / PROVENANCE, seal(statement(subjects, PREDICATE_ADAPTER, predicate), key))
    return predicate


def mark(weights: Path) -> None:
    """Writes into the weights' own header that they are ungoverned, so that the mark goes where the file goes."""
    from safetensors.torch import load_file, save_file

    save_file(load_file(weights), weights, metadata={"format": "pt", **MARK})


def is_marked(weights: Path) -> bool:
    """Whether the header of these weights says that they are ungoverned."""
    found = metadata_of(weights)
    return all(found.get(name) == value for name, value in MARK.items())


def canonicalise(path: Path) -> None:
    """Rewrites `adapter_config.json` as canonical JSON: sorted target modules, and no path of the base model."""
    config = read_json(path)
    config["base_model_name_or_path"] = None
    if isinstance(config.get("target_modules"), list):
        config["target_modules"] = sorted(config["target_modules"], key=str)
    try:
        data = canonical(config)
    except ValueError:
        raise TuneRefused(f"{path}: holds a number or a text that no JSON carries; restore the file") from None
    write_whole(path, data)


def provenance(made: Made, issued: datetime) -> dict[str, Any]:
    """The predicate: what went in, by digest; what was measured; which code did it."""
    passed, measured = made.passed, made.measured
    return {
        "format_version": FORMAT_VERSION,
        "governance": "governed" if passed.governed else "ungoverned",
        "issued": as_text(issued),
        "code": code(),
        **inputs(passed),
        "recipe": made.recipe.digest,
        "card": {"missing": missing(made.recipe.card)},
        "metrics": "sha256:" + hashlib.sha256(metrics(made.measured)).hexdigest(),
        "hardware": {"machine": platform.machine(), "device": measured.device, "processes": measured.processes},
        "dataset": _dataset(made.data),
        "held_out": None if made.held_out is None else _dataset(made.held_out),
        "training": {
            "seed": made.recipe.training.seed,
            "steps": measured.steps,
            "epochs": measured.epochs,
            "trainable_parameters": measured.trainable_parameters,
            "first_loss": measured.first_loss,
            "final_loss": measured.final_loss,
            "ended_early": measured.ended_early,
            **_evaluation("before", measured.held_out_before),
            **_evaluation("after", measured.held_out_after),
        },
    }


def inputs(passed: "Passed") -> dict[str, Any]:
    """What went in, by digest: corpora, tokenizer, base model."""
    return {
        "corpus": _corpus(passed.corpora[0]),
        "also": [_corpus(one) for one in passed.corpora[1:]],
        "tokenizer": {
            "digest": passed.tokenizer.digest,
            "certificate": passed.tokenizer.certificate,
            "signed": passed.tokenizer_signed,
            "ids": passed.tokenizer.size,
            "new_ids": len(passed.tokenizer.new_ids),
            "template": None if passed.template is None else passed.template.digest,
        },
        "model": {"digest": passed.base.digest, "files": dict(passed.base.files), "parameters": passed.base.parameters},
    }


def metrics(measured: "Measured") -> bytes:
    """What `metrics.jsonl` holds: a line for each step."""
    return b"".join(canonical(entry) + b"\n" for entry in measured.log)


def missing(card: "Card") -> list[str]:
    """The fields of a card that nobody filled in."""
    return [name for name, value in card.model_dump().items() if value is None]


def code() -> dict[str, Any]:
    """Which code made an adapter: the version, a digest of this package's sources, packages, and the whole environment."""
    found = environment(("tune",))
    return {
        "assay": found["assay"],
        "tune_sources": sources("tune"),
        "environment_digest": found["environment_digest"],
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


@cache
def sources(*packages: str) -> str:
    """The digest of every source and template of these packages of the project, as they were when it was first asked for."""
    top = Path(__file__).parents[1]
    found = [
        path for package in packages for path in (top / package).rglob("*") if path.suffix in (".py", ".jinja", ".j2")
    ]
    return digest({path.relative_to(top).as_posix(): sha256_file(path) for path in sorted(found)})


def card(made: Made, predicate: dict[str, Any]) -> str:
    """The model card, of measured values; what was not measured is said to be missing."""
    from jinja2 import Environment, StrictUndefined

    text = resources.files("tune").joinpath("templates/card.md.jinja").read_text("utf-8")
    template = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True).from_string(text)  # noqa: S701  Markdown
    fields = {name.replace("_", " "): _one_line(value) for name, value in made.recipe.card.model_dump().items()}
    note = made.passed.base.note
    return template.render(p=predicate, recipe=made.recipe, data=made.data, note=note, card=fields) + "\n"


def _one_line(value: str | None) -> str | None:
    """A field of a card as a cell of a Markdown table."""
    if value is None:
        return None
    return "".join(f"\\{letter}" if letter in MARKDOWN else letter for letter in " ".join(value.split()))


def _evaluation(when: str, found: "Evaluation | None") -> dict[str, float | None]:
    return {
        f"held_out_loss_{when}": None if found is None else found.loss,
        f"held_out_bits_per_byte_{when}": None if found is None else found.bits_per_byte,
    }


def _corpus(one: "Admitted") -> dict[str, Any]:
    return {
        "certificate": one.certificate,
        "manifest": one.manifest,
        "key_ids": list(one.key_ids),
        "weight": one.weight,
    }


def _dataset(data: "Dataset") -> dict[str, Any]:
    return {
        "digest": data.digest,
        "documents": data.documents,
        "rows": len(data),
        "tokens": data.tokens,
        "loss_tokens": data.loss_tokens,
        "counts": {**asdict(data.counts), "dropped": dict(data.counts.dropped)},
    }
