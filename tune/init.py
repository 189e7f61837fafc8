"""A commented recipe for a given corpus, model and tokenizer: what `tune init` writes.

Every key of a recipe stands in the file with what it means and where its default comes from; a default is commented out, so a
file says what its writer chose. What is known of the model and the corpus is filled in: the rate of a large model, a window
that the model takes. `tune.axolotl` gives the choices of an Axolotl file.
"""

import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel as Model

from govern.attestation import CertifiedCorpus, verify
from govern.files import write_whole
from tune.documents import COLUMNS
from tune.errors import TuneError
from tune.folders import BaseModel, base_model, tokenizer
from tune.gate import PURPOSE
from tune.recipe import Card, Data, Lora, Quantisation, Recipe, Source, Training, load

TABLES: dict[str, type[Model]] = {
    "data": Data,
    "training": Training,
    "lora": Lora,
    "quantisation": Quantisation,
    "card": Card,
}
ALSO = "also"
"""The key of further corpora: one table each."""
LARGE, LARGE_RATE = 30_000_000_000, 1e-4
"""Parameters of a model for which QLoRA halves the rate, and that rate."""
WIDTH = 110
Choices = Mapping[str, Mapping[str, Any]]
"""Values by table and key."""


def write(
    file: Path,
    *,
    corpus: Path,
    trust: Sequence[Path],
    model: Path,
    words: Path,
    out: Path,
    sign_key: Path,
    now: datetime,
    choices: Choices | None = None,
) -> Recipe:
    """Writes a recipe to `file` and returns it.

    Args:
        file: a new file.
        corpus: a certified corpus that may train.
        trust: public keys.
        model: a folder with the base's config.json and safetensors.
        words: the tokenizer's folder.
        out: where the adapter is to go.
        sign_key: the key that is to sign it.
        now: the moment to check dates for.
        choices: what was chosen already; wins over what is filled in.

    Raises:
        GovernError: the corpus does not verify.
        TuneError: `file` exists, model or tokenizer cannot be read, or a choice is not one a recipe has.
    """
    if file.exists():
        raise TuneError(f"{file}: exists, and a recipe may have been changed by hand; remove it, or name another file")
    found = verify(corpus, list(trust), now=now, purpose=PURPOSE)
    base = base_model(model)
    tokenizer(words)
    paths = {"corpus": corpus, "model": model, "tokenizer": words, "out": out, "sign_key": sign_key}
    placed: dict[str, Any] = {name: _beside(file, path) for name, path in paths.items()}
    placed["model_digest"] = base.digest
    placed["trust"] = [_beside(file, path) for path in trust]
    chosen = {table: {**_known(base, found).get(table, {}), **(choices or {}).get(table, {})} for table in TABLES}
    text = "\n".join([*_head(base, found), *_lines(Recipe, placed), *_also(), *_tables(chosen)]) + "\n"
    try:
        write_whole(file, text.encode())
    except OSError as error:
        raise TuneError(f"{file}: {error.strerror or 'cannot be written'}; choose another place") from None
    try:
        return load(file)
    except TuneError:
        file.unlink()
        raise


def _head(base: BaseModel, corpus: CertifiedCorpus) -> Iterator[str]:
    documents, held_out = (sum(shard.documents for shard in part) for part in (corpus.documents, corpus.held_out))
    yield f"# Corpus: {documents:,} documents to train on, {held_out:,} held out."
    yield f"# Certificate: {corpus.certificate.digest}"
    yield f"# Model: {base.parameters:,} parameters, {base.rows:,} token rows."
    yield "# A key that is commented out has its default. Paths are relative to this file."


def _known(base: BaseModel, corpus: CertifiedCorpus) -> dict[str, dict[str, Any]]:
    """What the model and the corpus say about a recipe."""
    training: dict[str, Any] = {}
    if base.parameters >= LARGE:
        training["learning_rate"] = LARGE_RATE
    if base.positions is not None and base.positions < Training.model_fields["max_length"].default:
        training["max_length"] = base.positions
    if not corpus.held_out:
        training["evaluation_rows"] = 0
    columns = set(corpus.certificate.claim["corpus"]["columns"])
    fitting = [name for name, needed in COLUMNS.items() if columns.issuperset(needed)]
    data = {"format": fitting[0]} if fitting and Data.model_fields["format"].default not in fitting else {}
    return {"data": data, "training": training}


def _also() -> Iterator[str]:
    yield ""
    yield f"# {Recipe.model_fields[ALSO].description}, a table each:"
    yield f"# [[{ALSO}]]"
    for line in _lines(Source, {}):
        yield line or "#"


def _tables(chosen: Choices) -> Iterator[str]:
    for table, kind in TABLES.items():
        yield ""
        yield f"[{table}]"
        yield from _lines(kind, chosen[table])
        unknown = set(chosen[table]) - set(kind.model_fields)
        if unknown:
            raise TuneError(f"{table}.{min(unknown)}: no key of a recipe; leave it out")


def _lines(kind: type[Model], values: Mapping[str, Any]) -> Iterator[str]:
    """Each key of `kind` that is no table: what it means, and its value, commented out where that is the default."""
    for name, field in kind.model_fields.items():
        if name in (*TABLES, ALSO):
            continue
        yield ""
        yield from textwrap.wrap(field.description or "", WIDTH, initial_indent="# ", subsequent_indent="# ")
        if name in values:
            yield f"{name} = {_toml(values[name])}"
        else:
            default = "…" if field.default is None or field.is_required() else _toml(field.default)
            yield f"# {name} = {default}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(character, character) for character in value) + '"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value)


_ESCAPES = {"\\": "\\\\", '"': '\\"', **{chr(code): f"\\u{code:04x}" for code in (*range(32), 127)}}


def _beside(file: Path, path: Path) -> str:
    """`path` as it is written in `file`: an absolute one stays, any other is relative to the file's folder."""
    return str(path) if path.is_absolute() else os.path.relpath(path, file.parent)
