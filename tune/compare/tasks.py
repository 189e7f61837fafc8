"""Task files: what a model is asked, and which answer is right; read into one form whatever the file's.

In: a JSON Lines, CSV, JSON or text file of a known format, or a TOML file that names one and says how to read it (`Spec`).
Out: a `Task`: items with a prompt, and either completions to choose between or answers to give. Every row is read, or the file
is refused with its number, never with its text. A file is hashed as the bytes that are parsed. `docs/compare.md` shows the
formats.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tune.compare.prompts import LANGUAGES, WORDINGS, Wording, places
from tune.compare.task_files import TABLE_SUFFIXES, Opened, decoded, objects, read_bytes, tables
from tune.compare.task_formats import MOST_OPTIONS, Item, items_of
from tune.errors import TuneError

Kind = Literal["labels", "options", "answers"]
Format = Literal["labels", "options", "answers", "phrasebank", "fomc", "sentfin", "tatqa"]
FORMATS: tuple[Format, ...] = ("labels", "options", "answers", "phrasebank", "fomc", "sentfin", "tatqa")
KINDS: Mapping[Format, Kind] = {
    "labels": "labels", "options": "options", "answers": "answers",
    "phrasebank": "labels", "fomc": "labels", "sentfin": "labels", "tatqa": "answers",
}  # fmt: skip
NEEDED: Mapping[Format, tuple[str, ...]] = {
    "labels": ("text",), "phrasebank": ("text",), "fomc": ("text",), "sentfin": ("text", "entity"),
    "tatqa": ("question", "context"), "answers": ("question",),
}  # fmt: skip
"""Places that a prompt of a format must have."""


@dataclass(frozen=True, slots=True)
class Task:
    """The items of a task file; `labels` are the same for all of them, or there are none.

    `files` are the names of the files it was read from, and their SHA-256.
    """

    name: str
    format: Format
    kind: Kind
    labels: tuple[str, ...]
    items: tuple[Item, ...] = field(repr=False)
    files: tuple[tuple[str, str], ...]

    @property
    def rows(self) -> int:
        """How many rows of the file have items."""
        return len({item.row for item in self.items})


class Spec(BaseModel):
    """A TOML file beside a task's data: which file, in which format, and in which words a model is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(pattern=r"^[\w .-]{1,60}$")]
    format: Format
    file: str = Field(min_length=1)
    contexts: str | None = Field(None, min_length=1)
    text: str = "text"
    label: str = "label"
    labels: dict[str, dict[str, str]] = {}
    prompts: dict[str, str] = {}


def read(argument: str) -> Task:
    """The task that an argument of `--task` names: FILE, FORMAT:FILE, or a TOML file.

    Raises:
        TuneError: it cannot be read, or a row is not of its format.
    """
    try:
        argument.encode()
    except UnicodeEncodeError:
        raise TuneError(f"--task {ascii(argument)[1:-1]}: a name that is not UTF-8; rename the file") from None
    named, _, rest = argument.partition(":")
    if named in FORMATS and rest:
        path = Path(rest)
        return _built(Spec(name=_name(path), format=named, file=path.name), path.parent, argument)
    path = Path(argument)
    if path.suffix.lower() == ".toml":
        return _built(_spec(path), path.parent, str(path), toml=path)
    found = _detected(path)
    return _built(Spec(name=_name(path), format=found, file=path.name), path.parent, str(path))


def some_rows(task: Task, rows: int | None) -> Task:
    """The items of at most `rows` rows of the file, evenly spaced."""
    numbers = sorted({item.row for item in task.items})
    if rows is None or rows >= len(numbers):
        return task
    chosen = {numbers[at * len(numbers) // rows] for at in range(rows)}
    return replace(task, items=tuple(item for item in task.items if item.row in chosen))


def _built(spec: Spec, folder: Path, where: str, toml: Path | None = None) -> Task:
    path = folder / spec.file
    data, digest = read_bytes(path)
    files = [(path.name, digest)]
    if toml is not None:
        files.insert(0, (toml.name, read_bytes(toml)[1]))
    contexts = None
    _check_keys(spec, path, where)
    if spec.contexts is not None:
        other, beside = read_bytes(folder / spec.contexts)
        contexts = Opened(folder / spec.contexts, other)
        files.append(((folder / spec.contexts).name, beside))
    wording = _wording(spec, where)
    items = items_of(spec.format, wording, Opened(path, data), contexts, (spec.text, spec.label))
    kind = KINDS[spec.format]
    if not items:
        raise TuneError(f"{path}: empty; give a file with items")
    if kind == "labels" and len({item.answer for item in items}) == 1:
        raise TuneError(
            f"{path}: every item has the same label, so any constant answer is right; give two labels or more"
        )
    labels = tuple(wording.labels) if kind == "labels" else ()
    return Task(spec.name, spec.format, kind, labels, items, tuple(files))


def _spec(path: Path) -> Spec:
    try:
        return Spec.model_validate(tomllib.loads(decoded(path, read_bytes(path)[0])))
    except tomllib.TOMLDecodeError as error:
        raise TuneError(f"{path}: not valid TOML ({error}); correct the line") from None
    except RecursionError:
        raise TuneError(f"{path}: not valid TOML (nested too deep); correct it") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise TuneError(f"{path}: key '{key}' is not one a task has; correct or remove it") from None
        if first["type"] == "missing":
            raise TuneError(f"{path}: key '{key}' is missing; add it") from None
        raise TuneError(f"{path}: key '{key}': {first['msg'][:1].lower()}{first['msg'][1:]}") from None


def _check_keys(spec: Spec, path: Path, where: str) -> None:
    """Refuses keys that the format does not read, so that none is ignored."""
    odd = [] if spec.format == "labels" else sorted({"text", "label"} & spec.model_fields_set)
    if odd:
        raise TuneError(f"{where}: key '{odd[0]}' is of format 'labels', and '{spec.format}' has its own; remove it")
    if spec.contexts is not None and spec.format != "tatqa":
        raise TuneError(f"{where}: key 'contexts' is of format 'tatqa', not of '{spec.format}'; remove it")
    if spec.contexts is not None and path.suffix.lower() == ".json":
        raise TuneError(f"{where}: the published file holds its contexts; remove the key 'contexts'")


def _wording(spec: Spec, where: str) -> Wording:
    """The words of a task: those of its format, and what the TOML file says instead."""
    known = WORDINGS.get(spec.format, Wording({}, {}))
    prompts = {**known.prompts, **spec.prompts}
    labels = spec.labels or known.labels
    kind = KINDS[spec.format]
    odd = sorted({*prompts} - {*LANGUAGES})
    if odd:
        raise TuneError(f"{where}: prompts has '{odd[0]}', expected en and ko; correct it")
    if kind == "options" and (spec.labels or spec.prompts):
        raise TuneError(f"{where}: format 'options' has its prompts and options in each row; remove prompts and labels")
    if kind == "labels":
        _check_labels(where, labels, prompts)
    elif spec.labels:
        raise TuneError(f"{where}: format '{spec.format}' has no labels; remove them")
    for lang, prompt in prompts.items():
        absent = [name for name in NEEDED[spec.format] if name not in places(prompt)]
        if absent:
            raise TuneError(f"{where}: prompts.{lang} has no {{{absent[0]}}}, where it belongs to; add it")
        if prompt != prompt.rstrip():
            raise TuneError(f"{where}: prompts.{lang} ends with white space, which the answer brings; remove it")
    return Wording(prompts, labels)


def _check_labels(where: str, labels: Mapping[str, Mapping[str, str]], prompts: Mapping[str, str]) -> None:
    if not prompts:
        raise TuneError(f"{where}: format 'labels' needs [prompts] with en or ko; write a TOML file with them")
    if not 2 <= len(labels) <= MOST_OPTIONS:
        raise TuneError(f"{where}: {len(labels)} labels, expected 2 to {MOST_OPTIONS}; list them under [labels]")
    for lang in prompts:
        words = [one.get(lang, "") for one in labels.values()]
        if not all(word.strip() == word and word for word in words):
            raise TuneError(f"{where}: a label has no words for '{lang}', or white space round them; correct [labels]")
        if len(set(words)) != len(words):
            raise TuneError(f"{where}: two labels have the same words for '{lang}'; give each its own")


def _name(path: Path) -> str:
    kept = "".join(one if one.isalnum() or one in " ._-" else "_" for one in path.stem)
    return kept[:60] or "task"


def _detected(path: Path) -> Format:
    """The format of a file by what its first row holds."""
    opened = Opened(path, read_bytes(path)[0])
    suffix = path.suffix.lower()
    if suffix == ".json":
        return "tatqa"
    if suffix == ".txt":
        return "phrasebank"
    first = next(iter(tables(opened) if suffix in TABLE_SUFFIXES else objects(opened)), None)
    if first is None:
        raise TuneError(f"{path}: empty; give a file with items")
    for format_, keys in _SIGNS:
        if keys <= {key.strip().lower() for key in first.values}:
            return format_
    raise TuneError(
        f"{path}: its keys are those of no known format; say which it is (--task FORMAT:{path.name}, "
        f"with {', '.join(FORMATS)}), or describe it in a TOML file"
    )


_SIGNS: Sequence[tuple[Format, frozenset[str]]] = (
    ("options", frozenset(("prompt", "options", "answer"))),
    ("answers", frozenset(("question", "answers"))),
    ("answers", frozenset(("prompt", "answers"))),
    ("tatqa", frozenset(("question", "answer", "answer_type"))),
    ("sentfin", frozenset(("text", "entities"))),
    ("sentfin", frozenset(("title", "decisions"))),
    ("phrasebank", frozenset(("text", "text_ko", "label"))),
    ("phrasebank", frozenset(("sentence", "kor_sentence"))),
    ("fomc", frozenset(("text", "label", "label_id"))),
    ("fomc", frozenset(("sentence", "label", "year"))),
)
"""Keys that tell a format, in the order in which they are tried."""
