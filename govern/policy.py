"""The policy: which personal data is masked and how, what the corpus is for, where it comes from.

Read from TOML; unknown keys are refused, each default stands here once, and the resolved value is part of the
certificate. `load("default")` reads the packaged policy; anything with a suffix or a folder is a path.
"""

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, ValidationInfo, field_validator

from govern.errors import InputError
from govern.files import digest

ENTITY_TYPES = (
    "PERSON", "DATE_OF_BIRTH", "EMAIL_ADDRESS", "PHONE_NUMBER", "STREET_ADDRESS", "KR_ADDRESS", "IP_ADDRESS", "MAC_ADDRESS",
    "URL_CREDENTIAL", "API_KEY", "CRYPTO", "CREDIT_CARD", "CARD_SECURITY_CODE", "PIN", "IBAN_CODE", "SWIFT_CODE",
    "ABA_ROUTING_NUMBER", "US_BANK_NUMBER", "KR_BANK_ACCOUNT", "CUSTOMER_ID", "US_SSN", "US_ITIN", "US_EIN", "US_PASSPORT",
    "US_DRIVER_LICENSE", "UK_NINO", "PASSPORT", "KR_RRN", "KR_FRN", "KR_BRN", "KR_CRN", "KR_PASSPORT", "KR_DRIVER_LICENSE",
    "KR_HEALTH_INSURANCE", "KR_VEHICLE_PLATE", "KR_CI_DI",
)  # fmt: skip
"""Every entity type that something finds, whatever the policy."""

KEPT = frozenset({"KR_CRN"})
"""Found and counted, but left unless a policy says `tag`: the number of a company, never of a person."""

RESERVED_COLUMNS = (
    "id", "text", "lang", "source", "duplicate", "spans", "masked_characters", "raw_characters", "text_bytes", "characters",
    "words", "letters", "visible", "control", "hidden", "mojibake", "markup", "empty",
)  # fmt: skip
"""Columns that a run makes itself."""

Action = Literal["tag", "keep", "off"]
Purpose = Literal["train", "evaluate"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Names(_Section):
    """How names are found; `spacy_pipeline` is a folder, relative to the policy file."""

    rules: bool = True
    spacy_pipeline: str | None = None
    spacy_score: Annotated[float, Field(ge=0, le=1)] = 0.6


class Source(_Section):
    """What is declared about the input files whose name matches the pattern `match`."""

    match: str
    name: Annotated[str, Field(min_length=1)]
    owner: str | None = None
    licence: str | None = None
    legal_basis: str | None = None
    period: str | None = None


class Policy(_Section):
    """What a certification run does and claims; two equal policies have equal digests."""

    name: Annotated[str, Field(min_length=1)]
    purposes: tuple[Purpose, ...] = ("train", "evaluate")
    intended_use: str = "Training and evaluating language models on financial text"
    signatures_required: Annotated[int, Field(ge=1)] = 1
    issuer: str | None = None
    residency: str | None = None
    approval: str | None = None
    suite: str = "corpus-default"
    min_score: Annotated[float, Field(gt=0, le=1)] = 0.4
    max_document_characters: Annotated[int, Field(ge=1)] = 2_000_000
    regex_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    keep_columns: tuple[str, ...] = ()
    presidio: tuple[str, ...] = ()
    entities: Annotated[dict[str, Action], Field(validate_default=True)] = {}
    names: Names = Names()
    sources: tuple[Source, ...] = ()

    _folder: Path = PrivateAttr(default_factory=Path)

    @field_validator("purposes", "keep_columns", "presidio", "sources", mode="before")
    @classmethod
    def _array(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("keep_columns")
    @classmethod
    def _free(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name in RESERVED_COLUMNS or value.count(name) > 1:
                raise ValueError(f"'{name}' is a column of Assay's own, or stands twice; rename the input's column")
        return value

    @field_validator("purposes")
    @classmethod
    def _distinct(cls, value: tuple[Purpose, ...]) -> tuple[Purpose, ...]:
        if len(set(value)) != len(value):
            raise ValueError("names a purpose twice")
        return value

    @field_validator("presidio")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value:
            entity_types_of(value)
        return value

    @field_validator("entities")
    @classmethod
    def _supported(cls, value: dict[str, Action], info: ValidationInfo) -> dict[str, Action]:
        """Every type has an action: one that the policy does not name is masked, but for those of companies."""
        supported = ENTITY_TYPES + entity_types_of(info.data.get("presidio", ()))
        for entity_type in value:
            if entity_type not in supported:
                raise ValueError(f"nothing finds '{entity_type}'; supported are: {', '.join(supported)}")
        return {name: value.get(name, "keep" if name in KEPT else "tag") for name in supported}

    def narrowed(self, entities: Iterable[str] | None, min_score: float | None) -> "Policy":
        """This policy, looking for those entity types alone (None: all of its own), from that score on (None: its own).

        Raises:
            InputError: no such type, or a score that is none.
        """
        wanted = None if entities is None else set(entities)
        for entity_type in sorted(wanted or ()):
            if entity_type not in self.entities:
                raise InputError(
                    f"entity type '{entity_type}': nothing finds it; use some of {', '.join(sorted(self.entities))}"
                )
        if min_score is not None and not 0 < min_score <= 1:
            raise InputError(f"score {min_score}: expected more than 0 and at most 1; 0.4 is the default")
        actions: dict[str, Action] = {
            name: action if wanted is None or name in wanted else "off" for name, action in self.entities.items()
        }
        narrow = self.model_copy(
            update={"entities": actions, "min_score": self.min_score if min_score is None else min_score}
        )
        narrow._folder = self._folder  # noqa: SLF001 — a copy of this very class
        return narrow

    def resolved(self) -> dict[str, Any]:
        """The whole policy as JSON, defaults filled in."""
        return self.model_dump(mode="json")

    @property
    def digest(self) -> str:
        """`sha256:` of the resolved policy; the order of keys never changes it."""
        return digest(self.resolved())

    @property
    def pipeline_path(self) -> Path | None:
        """Where the spaCy pipeline lies, if the policy names one."""
        return None if self.names.spacy_pipeline is None else self._folder / self.names.spacy_pipeline

    def source(self, file_name: str) -> Source | None:
        """What is declared about the input file `file_name`; the first match counts."""
        return next((source for source in self.sources if fnmatchcase(file_name, source.match)), None)


def entity_types_of(recognizers: tuple[str, ...]) -> tuple[str, ...]:
    """The entity types that recognizers of Presidio add, in order, each once; Presidio is loaded where there are some."""
    if not recognizers:
        return ()
    from govern.recognizers import presidio

    added = presidio.entity_types_of(recognizers)
    return tuple(name for name in dict.fromkeys(added) if name not in ENTITY_TYPES)


def load(name_or_path: str | Path) -> Policy:
    """The policy of a packaged name (`default`) or in a TOML file.

    Raises:
        InputError: no such policy, not TOML, an unknown key, a value that does not fit; file and key are named.
    """
    path = Path(name_or_path)
    if path.suffix or len(path.parts) > 1:
        return _parse(_read(path), str(path), path.parent)
    packaged = resources.files("govern").joinpath("policies", f"{path.name}.toml")
    if not packaged.is_file():
        folder = resources.files("govern").joinpath("policies")
        names = ", ".join(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml")))
        raise InputError(f"policy '{name_or_path}': not packaged; use one of {names}, or the path of a .toml file")
    return _parse(packaged.read_bytes(), f"policy '{name_or_path}'", Path())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the path of the policy") from None


def _parse(data: bytes, where: str, folder: Path) -> Policy:
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{where}: not UTF-8; save the policy as UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: not TOML ({error}); correct the line") from None
    try:
        policy = Policy.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{where}: {_sentence(error)}") from None
    policy._folder = folder  # noqa: SLF001 — where relative paths start is not part of the policy's value
    return policy


def _sentence(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(map(str, problem["loc"])) or "the policy"
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{key}'; remove it, or correct its spelling (docs/policies.md lists the keys)"
    if problem["type"] == "missing":
        return f"key '{key}' is missing; add it (docs/policies.md lists the keys)"
    return f"key '{key}': {problem['msg'].removeprefix('Value error, ')}; correct the value"
