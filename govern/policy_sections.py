"""The tables of a policy file, each a frozen model that refuses unknown keys."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from govern.readers.reading import Reading

Action = Literal["tag", "surrogate", "pseudonym", "partial", "generalise", "redact", "encrypt", "keep", "off"]
"""What is done with a value that was found: an operator of `govern.operators`, or nothing; `off` does not look for it."""

Purpose = Literal["train", "evaluate"]


class Section(BaseModel):
    """A table of a policy."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Names(Section):
    """How names are found.

    `model` is `bundled`, the model of this package; `none`; or a folder relative to the policy file: a spaCy pipeline, a token
    classifier of Hugging Face's or a GLiNER model. `spacy_pipeline` is such a folder too, under its earlier key; persons of a
    spaCy pipeline score `spacy_score`.
    """

    rules: bool = True
    model: Annotated[str, Field(min_length=1)] = "bundled"
    spacy_pipeline: str | None = None
    spacy_score: Annotated[float, Field(ge=0, le=1)] = 0.6

    @model_validator(mode="after")
    def _one(self) -> "Names":
        if self.spacy_pipeline is not None and "model" in self.model_fields_set and self.model != "none":
            raise ValueError("model and spacy_pipeline are both given, and are two keys of one thing; remove spacy_pipeline")
        return self


class Pseudonyms(Section):
    """Values have one replacement within a domain, and none in common across domains."""

    domain: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "default"


class Generalise(Section):
    """How much is said of a generalised value; an age band needs the day it is of."""

    date_of_birth: Literal["month", "year", "decade", "age-band"] = "decade"
    address: Literal["province", "district"] = "province"
    as_of: date | None = None

    @model_validator(mode="after")
    def _dated(self) -> "Generalise":
        if self.date_of_birth == "age-band" and self.as_of is None:
            raise ValueError("an age band is of a day; add as_of = 2026-01-01, or choose another date_of_birth")
        return self


class Column(Section):
    """What is done with an input column, or with `outer.inner` of one; what no policy names is dropped and counted.

    `text`, `id`: this column, where no flag names another. `keep`: published, its values masked like the text. `known`: its
    values are personal data of `entity_type`; they are searched in the document's text and the column is dropped. `join-key`:
    its value finds a row of the known values.
    """

    role: Literal["text", "id", "keep", "known", "join-key", "drop"]
    entity_type: str | None = None

    @model_validator(mode="after")
    def _typed(self) -> "Column":
        if (self.role == "known") != (self.entity_type is not None):
            raise ValueError("a column with role known has an entity_type, and no other has; add it, or remove it")
        return self


class Known(Section):
    """The file of known values that `govern known build` wrote, relative to the policy file, and where they are searched.

    `everywhere`: all of them in every document. `join`: in a document with a join key, the values of its row alone.
    """

    table: Annotated[str, Field(min_length=1)]
    search: Literal["everywhere", "join", "both"] = "everywhere"


class Waiver(Section):
    """A failed expectation of the suite that does not block, to the end of a day: who answers for it, and why."""

    id: Annotated[str, Field(min_length=1)]
    who: Annotated[str, Field(min_length=1)]
    why: Annotated[str, Field(min_length=1)]
    until: date


class Failures(Section):
    """What becomes of what cannot be read or finished, and the share of documents set aside at which a run stops.

    A row is bad where it cannot be read, and a unit of work where the process that does it dies twice or meets a defect:
    `stop` ends the run, `quarantine` sets its documents aside. `max_quarantined` is a share of the documents that came in.
    """

    on_bad_row: Literal["stop", "quarantine"] = "stop"
    on_bad_shard: Literal["stop", "quarantine"] = "stop"
    max_quarantined: Annotated[float, Field(ge=0, lt=1)] | None = None


class Retention(Section):
    """Until when what a run leaves may be kept, as declared; each stands in the certificate."""

    corpus_until: date | None = None
    private_until: date | None = None
    vault_until: date | None = None


class Source(Section):
    """What is declared about the input files whose name matches `match`, and what is done otherwise in them.

    `reading` says how the files are read, where that is not the policy's `reading`. `entities` are actions for this source
    alone; `reason` says why, and stands in the certificate.
    """

    match: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    owner: str | None = None
    licence: str | None = None
    legal_basis: str | None = None
    period: str | None = None
    reason: str | None = None
    reading: Reading | None = None
    entities: dict[str, Action] = {}
