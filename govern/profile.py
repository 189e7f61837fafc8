"""A first look at data that nobody has described: files, encodings, columns, and what their values look like.

Nothing is masked, measured in full, signed or written. Of each file the first rows are read, in the encoding that it reads as,
so that a file which `certify` would refuse is described too, with the sentence that says why. No value of a column is shown:
only how long values are, how many differ, and which entity types stand in them.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from shlex import quote
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from govern.errors import InputError
from govern.readers import Given, Input, Place, Reading, input_files, kind_of, rows
from govern.readers.reading import proposed
from govern.readers.row import named
from govern.readers.streams import opened
from govern.turns import layout_of

if TYPE_CHECKING:
    from govern.policy import Policy

ROWS = 2_000
"""Rows of a file that are looked at."""

VALUES = 40
"""Values of a column that are searched for personal data."""

SAMPLE = 64_000
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]{0,20}")
_WORD = re.compile(r"[\w./:=@%+,-]+")
DISTINCT = 0.99
LONG = 60
"""Characters from which on, on the average, a column of text is taken for the text of documents."""


@dataclass(slots=True)
class ColumnLook:
    """What a column's values look like; lengths are of values as text."""

    name: str
    filled: int = 0
    characters: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    distinct: set[int] = field(default_factory=set, repr=False)
    searched: int = 0
    types: Counter[str] = field(default_factory=Counter)
    """In how many of the values that were searched each entity type was found."""

    @property
    def mean(self) -> int:
        """Characters of a value, on the average."""
        return self.characters // max(1, self.filled)


@dataclass(frozen=True, slots=True)
class FileLook:
    """What a file looks like; `problem` is why it could not be read on."""

    path: Place = field(repr=False)
    format: str
    encoding: str
    rows: int
    whole: bool
    columns: tuple[ColumnLook, ...]
    layout: str
    languages: Counter[str]
    problem: str = ""

    @property
    def shown(self) -> dict[str, str | None]:
        """What each column is called, as it may be printed; None where that may be a value."""
        names = named(column.name for column in self.columns)
        return {column.name: column.name if column.name in names else None for column in self.columns}

    @property
    def sayable(self) -> bool:
        """Whether the columns that a command would name may be printed, and any at all."""
        wanted = [name for name in self.candidates() if name is not None]
        return not self.columns or (any(self.shown.values()) and all(self.shown[name] for name in wanted))

    def candidates(self) -> tuple[str | None, str | None]:
        """The columns that look like text and id."""
        text = [column for column in self.columns if column.kinds["text"] * 2 > column.filled and column.mean >= LONG]
        ids = [
            column
            for column in self.columns
            if self.rows and len(column.distinct) >= DISTINCT * self.rows and column.filled == self.rows and column.mean < LONG
        ]
        named = [column for column in ids if column.name.lower().rpartition("_")[2] in ("id", "no", "key", "번호")]
        longest = max(text, key=lambda column: column.mean, default=None)
        chosen = next(iter([*named, *ids]), None)
        return longest.name if longest else None, chosen.name if chosen else None


def look(inputs: tuple[Given, ...], policy: "Policy", encoding: str | None = None) -> tuple[FileLook, ...]:
    """What each input file looks like.

    Raises:
        InputError: no such file, or a file of no known format.
    """
    from govern import detect

    detector = detect.build(policy.by_rule().tagged()) if policy.lists is None and policy.known is None else None
    return tuple(_file(file, detector, encoding) for file in input_files(inputs, policy.reading_of))


def _file(file: Input, detector: Any, encoding: str | None) -> FileLook:
    reading = file.reading
    if kind_of(file.name, reading) != "parquet":
        chosen = encoding or (reading.encoding if reading.encoding != "utf-8" else _encoding(file))
        try:
            reading = Reading.model_validate({**reading.model_dump(), "encoding": chosen})
        except ValueError:
            raise InputError(f"--encoding {chosen}: not one that is read; use utf-8, cp949, utf-16 or latin-1") from None
    columns: dict[str, ColumnLook] = {}
    languages: Counter[str] = Counter()
    count, layout, problem, whole = 0, "text", "", True
    texts: list[str] = []
    try:
        for row in islice(rows(Input(file.path, file.name, reading)), ROWS + 1):
            if count == ROWS:
                whole = False
                break
            if not count:
                layout = layout_of(row.values, "text", row.values.get("text"))
            count += 1
            for name, value in row.values.items():
                _add(columns.setdefault(name, ColumnLook(name)), value, detector)
            texts.append(" ".join(value for value in row.values.values() if isinstance(value, str))[:2000])
    except InputError as error:
        problem, whole = str(error), False
    languages.update(_languages(texts))
    kind = str(kind_of(file.name, reading))
    return FileLook(file.path, kind, reading.encoding, count, whole, tuple(columns.values()), layout, languages, problem)


def _encoding(file: Input) -> str:
    """The encoding that the beginning of a file reads as."""
    stream = opened(file.path)
    try:
        sample = stream.read(SAMPLE)
    except (EOFError, OSError):
        return "utf-8"
    finally:
        stream.close()
    try:
        sample[: len(sample) - 4 if len(sample) == SAMPLE else None].decode("utf-8")
    except UnicodeDecodeError as error:
        if len(sample) < SAMPLE or error.start < len(sample) - 8:
            return proposed(sample) or "latin-1"
    return "utf-8"


def _add(column: ColumnLook, value: Any, detector: Any) -> None:
    if value is None or value == "":
        return
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    column.filled += 1
    column.characters += len(text)
    column.kinds[_kind(value)] += 1
    column.distinct.add(hash(text))
    if detector is not None and column.searched < VALUES and not isinstance(value, bool | float):
        from govern.detect import DetectionUnknown, find

        column.searched += 1
        try:
            found = {span.entity_type for span in find(detector, text[:4000], column.name)}
        except DetectionUnknown:
            found = {"unknown"}
        column.types.update(found)


def _kind(value: Any) -> str:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return "number"
    if isinstance(value, str):
        return "JSON" if value[:1] in "{[" and value[-1:] in "}]" else "text"
    return "number" if isinstance(value, int | float) else "objects" if isinstance(value, dict | list) else "dates and others"


def _languages(texts: list[str]) -> list[str]:
    import polars as pl

    from govern import signals

    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(signals.language()).to_series().to_list()


def said(looks: tuple[FileLook, ...]) -> list[str]:
    """The looks as lines."""
    lines: list[str] = []
    for one in looks:
        more = "" if one.whole else ", of which the first were read" if not one.problem else ", then refused"
        langs = ", ".join(f"{lang} {count}" for lang, count in one.languages.most_common())
        encoding = "" if one.format == "parquet" else f", {one.encoding}"
        lines.append(f"{one.path}: {one.format}{encoding}, {one.rows:,} rows{more}; {langs or 'no text'}")
        for column in one.columns:
            name = one.shown[column.name] or "(a name not shown)"
            kind = column.kinds.most_common(1)[0][0] if column.kinds else "nothing"
            types = ", ".join(f"{kind} in {count} of {column.searched}" for kind, count in column.types.most_common(3))
            share = 100 * column.filled // max(1, one.rows)
            lines.append(f"  {_wide(name, 24)} {kind:<8} {share:>3} % filled, {column.mean:>7,} characters  {types}".rstrip())
        lines += [f"  {one.problem}"] if one.problem else []
    return lines


def _wide(text: str, columns: int) -> str:
    """The text with blanks to a width; a Korean letter is two wide."""
    return text + " " * max(0, columns - sum(1 + (east_asian_width(letter) in "WF") for letter in text))


def _quoted(word: object) -> str:
    """A word of a command as a shell takes it; letters of any script need no quotation."""
    return str(word) if _WORD.fullmatch(str(word)) else quote(str(word))


def advice(looks: tuple[FileLook, ...], inputs: tuple[Given, ...]) -> str:
    """The command that would certify these files."""
    unnamed = next((one for one in looks if not one.sayable), None)
    if unnamed is not None:
        return (
            f"next: {unnamed.path} has columns whose names may be values and are not shown; if it has no heading, give the "
            "names with header for its source in the policy"
        )
    flags = []
    encodings = {one.encoding for one in looks if one.format != "parquet"}
    if len(encodings) == 1 and encodings != {"utf-8"}:
        flags.append(f"--encoding {encodings.pop()}")
    differing = ["encoding"] if len(encodings) > 1 else []
    tables = [one for one in looks if one.format != "text"]
    texts = {one.candidates()[0] for one in tables if one.layout == "text"}
    ids = {one.candidates()[1] for one in tables}
    for what, names in (("text", texts), ("id", ids)):
        if len(names) > 1:
            differing.append(f"the column of {what}")
        elif names - {what, None}:
            flags.append(f"--{what}-column {_quoted(names.pop())}")
    command = f"govern certify {' '.join(map(_quoted, inputs))} {' '.join((*flags, '--out DIR --secret FILE'))}"
    if not differing:
        return f"next: {command}"
    return f"next: files differ in {' and '.join(differing)}; certify them apart, or say it for each source in the policy"
