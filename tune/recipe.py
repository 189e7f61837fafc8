"""What one fine-tune is to do: a TOML file becomes a frozen `Recipe`.

Unknown keys are refused with the file and the key. Paths are read relative to the recipe file. Every default stands once, here,
with its source; `tune init` writes both into a new file. `Recipe.record` is what the adapter keeps: the numbers and no path, so
the same training recorded on two machines has one digest.
"""

import tomllib
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from govern.files import canonical, digest
from tune.errors import TuneError
from tune.folders import read_json

PATHS = ("corpus", "model", "tokenizer", "out", "sign_key", "passphrase_file", "revocations", "cache", "tracking")
TABLES = ("data", "training", "lora", "quantisation", "card")


KINDS = {
    "is_instance_of": "expected a path in quotes",
    "tuple_type": "expected a list",
    "model_type": "expected a table",
    "too_short": "expected one at least",
}
"""What pydantic names by Python's types, in TOML's words."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Training(_Part):
    """How long, how fast and from which seed."""

    seed: int = Field(0, ge=0, lt=2**32, description="of every random choice")
    epochs: float | None = Field(
        None,
        gt=0,
        description="1 where neither this nor steps is given: 1 to 3 is usual, and the first repeats nothing",
    )
    steps: int | None = Field(None, ge=1, le=10**9, description="optimiser steps; instead of epochs")
    batch: int = Field(
        16, ge=1, le=10**6, description="rows a step; LoRA Without Regret (2025): LoRA pays for batches above 32"
    )
    micro_batch: int = Field(
        1, ge=1, le=10**6, description="rows at once; packed rows are full already, so memory decides"
    )
    learning_rate: float = Field(
        2e-4, gt=0, le=1, description="of LoRA; QLoRA (2305.14314), table 9; 1e-4 at 30B parameters and above"
    )
    row_learning_rate: float | None = Field(
        None, gt=0, le=1, description="of new token rows; as learning_rate where absent"
    )
    max_length: int = Field(1024, ge=8, le=131_072, description="tokens in a row, and in a document's window")
    warm_up: float = Field(0.03, ge=0, lt=1, description="share of the steps; QLoRA, section B.2")
    schedule: Literal["cosine", "linear", "constant"] = Field(
        "cosine", description="of the rate after warm-up, down to 0, or held: cosine, linear, constant"
    )
    weight_decay: float = Field(
        0.0, ge=0, lt=1, description="of LoRA; QLoRA, section B.2, has none; new rows never have any"
    )
    clip: float = Field(
        1.0,
        gt=0,
        description="norm of a gradient; the 0.3 of QLoRA slows small models, 1.0 is what Trainer's users keep",
    )
    checkpoint_steps: int = Field(50, ge=1, le=10**9, description="steps between checkpoints: what a kill can cost")
    evaluation_rows: int = Field(
        32, ge=0, le=10**9, description="held-out rows measured before and after; 0 measures none"
    )
    evaluation_steps: int | None = Field(None, ge=1, le=10**9, description="also after every so many steps")
    patience: int | None = Field(
        None, ge=1, le=10**9, description="evaluations in a row without a lower loss that end training early"
    )
    sharding: Literal["none", "full"] = Field(
        "none",
        description="of several processes: none, each holds the whole model (DDP); full, each holds a part of it (FSDP)",
    )
    activation_checkpointing: bool = Field(
        True, description="recompute activations: a third more time for a fraction of the memory, as in QLoRA"
    )

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.epochs is not None and self.steps is not None:
            raise ValueError("epochs and steps are both given; keep one")
        if self.batch % self.micro_batch:
            raise ValueError(f"batch {self.batch} is not a multiple of micro_batch {self.micro_batch}; change one")
        if self.evaluation_steps is not None and not self.evaluation_rows:
            raise ValueError("evaluation_steps is given, and evaluation_rows is 0; give rows to evaluate on")
        if self.patience is not None and self.evaluation_steps is None:
            raise ValueError("patience is given without evaluation_steps; say after how many steps to evaluate")
        return self


class Lora(_Part):
    """The shape of the adapter: LoRA on every linear layer but the output head (QLoRA, section 4; LoRA Without Regret)."""

    rank: int = Field(
        16,
        ge=1,
        le=1024,
        description="of LoRA's matrices; 16 is enough where LoRA parameters outnumber loss tokens (LoRA Without Regret)",
    )
    alpha: int = Field(
        32,
        ge=1,
        le=10**6,
        description="LoRA's scale; twice the rank: with 1/rank scaling the best rate then hardly moves with the rank",
    )
    dropout: float = Field(0.05, ge=0, lt=1, description="of LoRA's input; QLoRA, section B.2, for models up to 13B")
    targets: tuple[str, ...] | None = Field(
        None, min_length=1, strict=False, description="names of layers; all linear ones but the head where absent"
    )
    rslora: bool = Field(
        False, description="alpha / sqrt(rank) (2312.03732), for ranks of hundreds; variants end within 2% (2602.04998)"
    )
    dora: bool = Field(False, description="magnitude and direction apart (2402.09353); slower, and the same holds")


class Quantisation(_Part):
    """How the frozen base is held in memory."""

    type: Literal["nf4", "none"] = Field(
        "nf4",
        description="nf4: NormalFloat-4 keeps 16-bit quality, FP4 loses a point (QLoRA, section 3); none: as it lies",
    )
    double: bool = Field(
        True, description="quantise the constants too: 0.37 bit a parameter less, no loss (QLoRA, section 3)"
    )
    compute: Literal["auto", "bfloat16", "float32"] = Field(
        "auto", description="what products are computed in; auto: bfloat16 on an accelerator, float32 on a processor"
    )


class Data(_Part):
    """How documents become rows of tokens."""

    format: Literal["text", "prompt-completion", "messages"] = Field(
        "text", description="the columns to learn from: text, prompt and completion, or messages with a chat template"
    )
    loss: Literal["completion", "all"] = Field(
        "completion",
        description="of a prompt and its completion, or of messages, learn what the assistant says (completion), or all",
    )
    template: Path | None = Field(
        None, description="a file with the chat template (Jinja); the tokenizer folder's where absent"
    )
    long: Literal["split", "truncate", "drop"] = Field(
        "split", description="what becomes of a document longer than max_length: split, truncate, drop"
    )
    overlap: int = Field(
        0,
        ge=0,
        description="tokens that a part of a split document repeats of the one before, unlearned, as its context",
    )


def _says_something(text: str) -> str:
    if not any(letter.isalnum() for letter in text):
        raise ValueError("holds no word; say something, or leave the key out")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") and letter != "\n" for letter in text):
        raise ValueError("holds a hidden character; leave it out")
    return text


Words = Annotated[str, AfterValidator(_says_something)]
"""A text for people: with a letter or a digit in it, and no control or formatting character but a line's end."""


class Card(_Part):
    """What no run can measure and a regulator asks for; what is left out is said to be missing."""

    owner: Words | None = Field(None, min_length=1, max_length=200, description="who answers for the adapter")
    intended_use: Words | None = Field(None, min_length=1, max_length=2000, description="what it is for")
    forbidden_use: Words | None = Field(None, min_length=1, max_length=2000, description="what it must not be used for")
    legal_basis: Words | None = Field(None, min_length=1, max_length=500, description="of processing the corpus")
    approval: Words | None = Field(
        None, min_length=1, max_length=200, description="the number of the approval to train"
    )


class Source(_Part):
    """A further certified corpus, and how often each of its documents is seen in an epoch."""

    corpus: Path = Field(description="a certified corpus")
    weight: float = Field(1.0, gt=0, le=100, description="how often each of its documents is seen in an epoch")


class Numbers(_Part):
    """What shaped an adapter: everything a recipe says but where things lie."""

    weight: float = Field(
        1.0, gt=0, le=100, description="how often each document of the corpus is seen in an epoch; 0.5: half of them"
    )
    data: Data = Data.model_validate({})
    training: Training = Training.model_validate({})
    lora: Lora = Lora.model_validate({})
    quantisation: Quantisation = Quantisation.model_validate({})
    card: Card = Card.model_validate({})


class Recipe(Numbers):
    """One fine-tune: what goes in, where the adapter goes, which keys are trusted, and the numbers."""

    corpus: Path = Field(description="a certified corpus")
    also: tuple[Source, ...] = Field((), strict=False, description="further certified corpora")
    trust: tuple[Path, ...] = Field(min_length=1, description="whose signatures on corpus and tokenizer count")
    signatures: int | None = Field(None, ge=1, description="more signatures than the certificate asks for")
    revocations: Path | None = Field(None, description="a signed revocation list")
    model: Path = Field(description="a folder: config.json and safetensors")
    model_digest: str | None = Field(
        None, pattern=r"^sha256:[0-9a-f]{64}$", description="the only base that may be trained; any where absent"
    )
    tokenizer: Path = Field(description="a base tokenizer, or the signed folder that `vocab extend` wrote")
    out: Path = Field(description="a new folder, for the adapter")
    sign_key: Path = Field(description="signs the adapter's provenance")
    passphrase_file: Path | None = Field(None, description="its first line opens the signing key")
    tracking: Path | None = Field(None, description="a folder for MLflow's records of the run (extra mlflow)")
    cache: Path | None = Field(None, description="a folder that keeps tokens between runs; none are kept where absent")

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.data.overlap >= self.training.max_length // 2:
            raise ValueError(
                f"data.overlap {self.data.overlap} is half of training.max_length {self.training.max_length} or more; lower it"
            )
        return self

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every corpus with its weight, the first first."""
        return (Source(corpus=self.corpus, weight=self.weight), *self.also)

    def record(self) -> dict[str, Any]:
        """The recipe as JSON without paths: what shaped the adapter, not where it lay."""
        numbers = self.model_dump(mode="json", include=set(TABLES), exclude={"data": {"template"}})
        return {"format_version": 1, "weights": [source.weight for source in self.sources], **numbers}

    @property
    def digest(self) -> str:
        """`sha256:` over `record()`."""
        return digest(self.record())


def load(path: Path) -> Recipe:
    """The recipe in a TOML file.

    Raises:
        TuneError: the file cannot be read, is not TOML, lacks a key, or has one that no recipe has.
    """
    try:
        values = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise TuneError(f"{path}: {error.strerror or 'cannot be read'}; check the path of the recipe") from None
    except UnicodeDecodeError:
        raise TuneError(f"{path}: not UTF-8, so not TOML; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise TuneError(f"{path}: not valid TOML ({error}); correct the line") from None
    except RecursionError:
        raise TuneError(f"{path}: not valid TOML (nested too deep); correct it") from None
    try:
        return Recipe.model_validate(_placed(values, path))
    except ValidationError as error:
        raise TuneError(f"{path}: {_sentence(error)}") from None


def recorded(path: Path) -> Numbers:
    """The numbers of the recipe that an adapter keeps in its `recipe.json`; a key that it lacks had the default.

    Raises:
        TuneError: the file is none, or is of a later version.
    """
    found = read_json(path)
    if found.pop("format_version", None) != 1:
        raise TuneError(f"{path}: format_version is not 1; update assay to read it")
    found.pop("weights", None)
    try:
        return Numbers.model_validate_json(canonical(found))
    except ValidationError as error:
        raise TuneError(f"{path}: {_sentence(error)}") from None


def _placed(values: dict[str, Any], file: Path) -> dict[str, Any]:
    placed = dict(values)
    for name in PATHS:
        if isinstance(placed.get(name), str):
            placed[name] = _path(placed[name], file, name)
    also, data = placed.get("also"), placed.get("data")
    for table in also if isinstance(also, list) else []:
        _place(table, "corpus", "also.corpus", file)
    _place(data, "template", "data.template", file)
    trust = placed.get("trust")
    if isinstance(trust, list) and all(isinstance(item, str) for item in trust):
        placed["trust"] = tuple(_path(item, file, "trust") for item in trust)
    return placed


def _place(table: Any, key: str, name: str, file: Path) -> None:
    if isinstance(table, dict) and isinstance(table.get(key), str):
        table[key] = _path(table[key], file, name)


def _path(text: str, file: Path, key: str) -> Path:
    if not text or "\0" in text:
        raise TuneError(f"{file}: key '{key}' is empty or holds a zero byte, expected a path; correct it")
    return file.parent / text


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    key = "".join(letter if letter.isprintable() else "?" for letter in ".".join(str(part) for part in first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"key '{key}' is not one a recipe has; correct or remove it"
    if first["type"] == "missing":
        return f"key '{key}' is missing; add it"
    if first["type"] in KINDS:
        return f"key '{key}': {KINDS[first['type']]}; correct it"
    message = first["msg"].removeprefix("Value error, ")
    return f"key '{key}': {message[:1].lower()}{message[1:]}" if key else message
