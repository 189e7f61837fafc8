"""The policy: which personal data is masked and how, what the corpus is for, where it comes from.

Read from TOML; unknown keys are refused, each default stands here once, and the resolved value is part of the
certificate. `load("default")` reads the packaged policy; anything with a suffix or a folder is a path.
"""

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError, ValidationInfo, field_validator, model_validator

from govern.clean import Step
from govern.errors import InputError
from govern.files import digest
from govern.ner import PIPELINES
from govern.operators.serving import cannot
from govern.policy_sections import (
    Action,
    Column,
    Failures,
    Generalise,
    Known,
    Names,
    Pseudonyms,
    Purpose,
    Retention,
    Section,
    Source,
    Waiver,
)
from govern.readers.reading import AS_NAMED, Reading

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

REST = "*"
"""The pattern of a source for whatever no other source matches."""

FILE_BYTES = 4 * 1024 * 1024
"""A policy is never longer; more is not read."""

RESERVED_COLUMNS = (
    "id", "text", "lang", "source", "turns", "duplicate", "recorded", "witnessed", "spans", "masked_characters",
    "raw_characters", "text_bytes", "characters", "words", "letters", "visible", "control", "hidden", "mojibake", "markup",
    "empty",
)  # fmt: skip
"""Columns that a run makes itself."""


class Policy(Section):
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
    regex_timeout_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10.0
    keep_columns: tuple[str, ...] = ()
    presidio: tuple[str, ...] = ()
    entities: dict[str, Action] = Field(default_factory=dict, validate_default=True)
    scores: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)
    cleaning: tuple[Step, ...] = ()
    columns: dict[str, Column] = Field(default_factory=dict)
    lists: str | None = None
    known: Known | None = None
    failures: Failures = Failures()
    retention: Retention = Retention()
    names: Names = Names()
    pseudonyms: Pseudonyms = Pseudonyms()
    generalise: Generalise = Generalise()
    reading: Reading = AS_NAMED
    sources: tuple[Source, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    _folder: Path = PrivateAttr(default_factory=Path)

    @field_validator("purposes", "keep_columns", "presidio", "sources", "cleaning", "waivers", mode="before")
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

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.strip() or not value.isprintable():
            raise ValueError("blank, or holds what cannot be printed")
        return value

    @field_validator("purposes")
    @classmethod
    def _distinct(cls, value: tuple[Purpose, ...]) -> tuple[Purpose, ...]:
        if not value or len(set(value)) != len(value):
            raise ValueError("names no purpose, or one twice")
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
        _check_actions(value, supported)
        return {name: value.get(name, "keep" if name in KEPT else "tag") for name in supported}

    @model_validator(mode="after")
    def _consistent(self) -> "Policy":
        names: dict[str, Source] = {}
        for source in self.sources:
            self._check_source(source, names.setdefault(source.name, source))
        cards = {action for kind, action in self.every_action() if kind == "CREDIT_CARD"}
        if "partial" in cards and cards & {"pseudonym", "surrogate", "encrypt"}:
            raise ValueError(
                "CREDIT_CARD is shown in part in one source and keyed in another; truncated and keyed forms of one number may "
                "not meet in one corpus (PCI DSS 3.5.1.1); choose one of them"
            )
        for entity_type in self.scores:
            if entity_type not in self.entities:
                raise ValueError(f"scores: nothing finds '{entity_type}'; remove it, or correct its spelling")
        self._check_columns()
        return self

    def _check_columns(self) -> None:
        for name, column in self.columns.items():
            if (name in RESERVED_COLUMNS and column.role not in ("text", "id")) or name in self.keep_columns:
                raise ValueError(
                    f"columns: '{name}' is a column of Assay's own, or stands in keep_columns too; remove one"
                )
            if column.entity_type is not None and column.entity_type not in self.entities:
                raise ValueError(
                    f"columns: nothing finds '{column.entity_type}' of column '{name}'; correct its spelling"
                )
        for role in ("text", "id", "join-key"):
            having = [name for name, column in self.columns.items() if column.role == role]
            if len(having) > 1:
                raise ValueError(f"columns: '{having[0]}' and '{having[1]}' both have the role {role}; choose one")
        joining = [name for name, column in self.columns.items() if column.role == "join-key"]
        joined = self.known is not None and self.known.search != "everywhere"
        if bool(joining) != joined:
            raise ValueError(
                "a join key goes with known values that are searched by it; give a column the role join-key and "
                'known.search = "join" or "both", or neither'
            )

    def _check_source(self, source: Source, namesake: Source) -> None:
        if source.entities != namesake.entities:
            raise ValueError(f"two sources named '{source.name}' have other entities; give one another name")
        if source.entities and not (source.reason or "").strip():
            raise ValueError(f"source '{source.name}' has entities of its own and no reason; add reason")
        _check_actions(source.entities, tuple(self.entities))
        for entity_type, action in source.entities.items():
            if action == "off" or self.entities[entity_type] == "off":
                raise ValueError(
                    f"source '{source.name}' and '{entity_type}': what is looked for is one for all sources; use keep in "
                    "place of off"
                )

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
        return self._with(entities=actions, min_score=self.min_score if min_score is None else min_score)

    def _with(self, **values: object) -> "Policy":
        other = self.model_copy(update=values)
        other._folder = self._folder  # noqa: SLF001 — a copy of this very class
        return other

    def resolved(self) -> dict[str, Any]:
        """The whole policy as JSON, defaults filled in."""
        return self.model_dump(mode="json")

    @property
    def digest(self) -> str:
        """`sha256:` of the resolved policy; the order of keys never changes it."""
        return digest(self.resolved())

    def tagged(self) -> "Policy":
        """This policy with a tag for every value that it replaces, so that what it finds can be asked without the secret."""

        def plain(actions: dict[str, Action]) -> dict[str, Action]:
            return {kind: action if action in ("keep", "off") else "tag" for kind, action in actions.items()}

        sources = tuple(source.model_copy(update={"entities": plain(source.entities)}) for source in self.sources)
        return self._with(entities=plain(self.entities), sources=sources)

    @property
    def published_columns(self) -> tuple[str, ...]:
        """Input columns that are published beside the text, masked like it."""
        return (*self.keep_columns, *(name for name, column in self.columns.items() if column.role == "keep"))

    @property
    def read_columns(self) -> tuple[str, ...]:
        """Every column beside text and id that a run reads."""
        joining = () if self.join_column is None else (self.join_column,)
        return (*self.published_columns, *(name for name, _ in self.searched_columns), *joining)

    @property
    def searched_columns(self) -> tuple[tuple[str, str], ...]:
        """(column, entity type) of the columns whose values are searched in the text."""
        return tuple(
            (name, column.entity_type) for name, column in self.columns.items() if column.entity_type is not None
        )

    @property
    def join_column(self) -> str | None:
        """The column that finds a row of the known values."""
        return self._column("join-key")

    @property
    def text_column(self) -> str | None:
        """The column that holds the text, if the policy says it."""
        return self._column("text")

    @property
    def id_column(self) -> str | None:
        """The column of ids, if the policy says it."""
        return self._column("id")

    def _column(self, role: str) -> str | None:
        return next((name for name, column in self.columns.items() if column.role == role), None)

    def reading_of(self, file_name: str) -> Reading:
        """How the input file `file_name` is read: as its source says, else as the policy says of all."""
        declared = self.source(file_name)
        return self.reading if declared is None or declared.reading is None else declared.reading

    def least(self, entity_type: str) -> float:
        """The score from which on findings of a type count."""
        return self.scores.get(entity_type, self.min_score)

    @property
    def lists_path(self) -> Path | None:
        """Where the allow and deny lists lie, if the policy names them."""
        return None if self.lists is None else self._folder / self.lists

    @property
    def known_path(self) -> Path | None:
        """Where the known values lie, if the policy names them."""
        return None if self.known is None else self._folder / self.known.table

    @property
    def folder(self) -> Path:
        """Where relative paths of the policy start."""
        return self._folder

    def by_rule(self) -> "Policy":
        """The same policy with no name model: names are found by rule alone."""
        return self.model_copy(update={"names": Names(rules=self.names.rules, model="none")})

    @property
    def name_model(self) -> Path | None:
        """Where the name model lies, if the policy names one."""
        if self.names.spacy_pipeline is not None:
            return self._folder / self.names.spacy_pipeline
        if self.names.model == "bundled":
            return PIPELINES
        return None if self.names.model == "none" else self._folder / self.names.model

    def source(self, file_name: str) -> Source | None:
        """What is declared about the input file `file_name`: the one source that matches, else the one for all (`*`).

        Raises:
            InputError: two sources match; the patterns are named, the file is not.
        """
        matching = [source for source in self.sources if fnmatchcase(file_name, source.match)]
        special = [source for source in matching if source.match != REST] or matching
        if len(special) > 1:
            first, second = special[:2]
            raise InputError(
                f"policy '{self.name}': one input file matches the sources '{first.match}' and '{second.match}'; narrow one "
                f"of the patterns ('{REST}' alone stands for the rest)"
            )
        return special[0] if special else None

    def actions(self, source_name: str) -> dict[str, Action]:
        """What is done with each entity type in documents of the source of that declared name."""
        own = next((source.entities for source in self.sources if source.name == source_name), {})
        return {**self.entities, **own} if own else self.entities

    def every_action(self) -> tuple[tuple[str, Action], ...]:
        """Each (entity type, action) that occurs in any source, in order."""
        places = (self.entities, *(source.entities for source in self.sources))
        return tuple(sorted({pair for place in places for pair in place.items()}))


def _check_actions(actions: dict[str, Action], supported: tuple[str, ...]) -> None:
    for entity_type, action in actions.items():
        if entity_type not in supported:
            raise ValueError(f"nothing finds '{entity_type}'; supported are: {', '.join(supported)}")
        reason = cannot(action, entity_type)
        if reason is not None:
            raise ValueError(f'{entity_type} = "{action}": {reason}')


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
        with path.open("rb") as stream:
            data = stream.read(FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be read"
        raise InputError(f"{ascii(str(path))[1:-1]}: {reason}; check the path of the policy") from None
    if len(data) > FILE_BYTES:
        raise InputError(f"{path}: over {FILE_BYTES // 2**20} MB, which no policy is; check the path")
    return data


def _parse(data: bytes, where: str, folder: Path) -> Policy:
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (RecursionError, OverflowError):
        raise InputError(f"{where}: nested too deeply, or a number too long; correct the policy") from None
    except UnicodeDecodeError:
        raise InputError(f"{where}: not UTF-8; save the policy as UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: not TOML ({error}); correct the line") from None
    except ValueError:
        raise InputError(f"{where}: holds a number too long to be one; correct the policy") from None
    try:
        policy = Policy.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{where}: {_sentence(error)}") from None
    policy._folder = folder  # noqa: SLF001 — where relative paths start is not part of the policy's value
    return policy


def _sentence(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    named = ".".join(map(str, problem["loc"])) or "the policy"
    key = named if named.isprintable() else ascii(named)[1:-1]
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{key}'; remove it, or correct its spelling (docs/policies.md lists the keys)"
    if problem["type"] == "missing":
        return f"key '{key}' is missing; add it (docs/policies.md lists the keys)"
    return f"key '{key}': {problem['msg'].removeprefix('Value error, ')}; correct the value"
