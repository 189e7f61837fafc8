"""What a person decided on a review page, as the page downloads it: one JSON object, read strictly.

Of false positives it names keyed values; of misses places of the certified text, never the text. An unknown key, another
format version or a value twice is refused: a file that no page wrote is not guessed at.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from govern.errors import InputError
from govern.files import parse_strict

FORMAT_VERSION = 1
FALSE_POSITIVES, MISSES = "false-positives", "misses"
FILE_BYTES = 16 * 1024 * 1024


def _printable(text: str) -> str:
    """As the lists that they go into take reason and owner."""
    if not text.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return text


Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S"), AfterValidator(_printable)]
Digest = Annotated[str, Field(pattern=r"^hmac-sha256:[0-9a-f]{32}$")]


class Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Value(Part):
    """A value by its keyed digest."""

    entity_type: str
    value: Digest


class Miss(Part):
    """Code points `start` to `end` of a field of a certified document, which hold personal data that was not masked."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    field: str
    start: Annotated[int, Field(ge=0)]
    end: int
    entity_type: str

    @model_validator(mode="after")
    def _ordered(self) -> "Miss":
        if self.start >= self.end:
            raise ValueError("a stretch ends behind its start")
        return self


class Answers(Part):
    """What both kinds say: of which corpus, under which secret, why, who answers for it and until when it holds."""

    format_version: Literal[1]
    certificate: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    secret_key_id: Digest
    reason: Text
    owner: Text
    expires: date


class FalsePositives(Answers):
    """Values that a person accepted as false positives, and those that are right as masked."""

    kind: Literal["false-positives"]
    accepted: list[Value]
    rejected: list[Value]

    @model_validator(mode="after")
    def _once(self) -> "FalsePositives":
        every = [*self.accepted, *self.rejected]
        if len(set(every)) != len(every):
            raise ValueError("a value is decided twice")
        return self


class Misses(Answers):
    """Places that masking missed."""

    kind: Literal["misses"]
    misses: list[Miss]


_FILE: TypeAdapter[FalsePositives | Misses] = TypeAdapter(
    Annotated[FalsePositives | Misses, Field(discriminator="kind")]
)


def read(path: Path) -> FalsePositives | Misses:
    """The answers in a file.

    Raises:
        InputError: it cannot be read, is no JSON, or is not what a page of this version downloads.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(FILE_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the path of the answers") from None
    if len(data) > FILE_BYTES:
        raise InputError(f"{path}: over {FILE_BYTES // 2**20} MB, which no page downloads; check the path")
    value = parse_strict(data, str(path), "download the answers again")
    version = value.get("format_version") if isinstance(value, dict) else None
    if type(version) is not int or version != FORMAT_VERSION:
        shown = version if type(version) is int else "none"
        raise InputError(
            f"{path}: format_version {shown}, expected {FORMAT_VERSION}; give what a review page downloaded"
        )
    try:
        return _FILE.validate_json(data)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ascii(".".join(map(str, problem["loc"])) or "the file")[1:-1]
        what = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"].removeprefix("Value error, ")
        raise InputError(f"{path}: {where}: {what}; give the file as the page downloaded it") from None
