"""How an input file is read: its format, by declaration or by the ending of its name, its encoding and its cells."""

import codecs
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Format = Literal["jsonl", "parquet", "csv", "fixed", "text"]
Encoding = Literal["utf-8", "cp949", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]

SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "text",
}  # fmt: skip
PACKED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_ALIASES = {
    "utf8": "utf-8", "utf-8-sig": "utf-8", "euc-kr": "cp949", "euc_kr": "cp949", "euckr": "cp949", "uhc": "cp949",
    "ms949": "cp949", "windows-949": "cp949", "utf16": "utf-16", "latin1": "latin-1", "iso-8859-1": "latin-1",
}  # fmt: skip
"""Other names of the encodings; CP949 holds all of EUC-KR."""


class FixedField(BaseModel):
    """A field of a fixed-width record: bytes `start` (from 1) to `start + length` of the line, as the file is encoded."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1)]
    start: Annotated[int, Field(ge=1)]
    length: Annotated[int, Field(ge=1)]


class Reading(BaseModel):
    """How files are read. What is not given is known by the file: its format by the name, a CSV's separator by the heading.

    `header` names the columns of a CSV that has no heading. `fields` are those of fixed width.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Format | None = None
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    quote: Annotated[str, Field(max_length=1)] = '"'
    header: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    fields: tuple[FixedField, ...] = ()

    @field_validator("encoding", mode="before")
    @classmethod
    def _usual(cls, given: object) -> object:
        return _ALIASES.get(given.lower(), given.lower()) if isinstance(given, str) else given

    @field_validator("header", "fields", mode="before")
    @classmethod
    def _tuple(cls, given: object) -> object:
        return tuple(given) if isinstance(given, list) else given

    @model_validator(mode="after")
    def _fits(self) -> "Reading":
        if (self.format == "fixed") != bool(self.fields):
            raise ValueError('fields go with format = "fixed", and it with them; give both or neither')
        names = [each.name for each in self.fields] or list(self.header)
        if len(set(names)) < len(names):
            raise ValueError("two columns have one name; rename one")
        if self.format == "parquet" and self.encoding != "utf-8":
            raise ValueError("Parquet says its own encoding; remove encoding")
        if self.fields and self.encoding.startswith("utf-16"):
            raise ValueError("fixed width counts bytes, and UTF-16 has two for each character; convert the file to UTF-8 first")
        if self.quote and self.quote == self.delimiter:
            raise ValueError("delimiter and quote are the same character; change one")
        return self


AS_NAMED = Reading()
"""UTF-8, and the format that the name says."""


def kind_of(name: str, reading: Reading) -> Format | None:
    """The format of a file of this name, None where neither declaration nor name says it."""
    return reading.format or SUFFIXES.get(Path(unpacked(name)).suffix.lower())


def packing(name: str) -> str | None:
    """`gzip` or `zstd`, by the ending."""
    return PACKED.get(Path(name).suffix.lower())


def unpacked(name: str) -> str:
    """The name without the ending of its packing."""
    return name[: -len(Path(name).suffix)] if packing(name) else name


def wide(sample: bytes) -> Encoding | None:
    """The UTF-16 that plain English without its mark is in: every second byte is zero, and hardly another."""
    zeros = [sample[first::2].count(0) * 2 for first in (0, 1)]
    if max(zeros) * 2 <= len(sample) or min(zeros) * 20 >= len(sample):
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def proposed(sample: bytes) -> str | None:
    """Which of the known encodings a sample that is no UTF-8 reads as; Latin-1 fits anything and is never proposed alone."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or sample[:4000].count(0) > len(sample[:4000]) // 8:
        return "utf-16"
    cut = sample[: len(sample) - len(sample) % 2]
    for end in (len(cut), len(cut) - 1):
        try:
            text = cut[:end].decode("cp949")
        except UnicodeDecodeError:
            continue
        if sum("가" <= letter <= "힣" for letter in text) * 4 > sum(not letter.isascii() for letter in text):
            return "cp949"
    return None
