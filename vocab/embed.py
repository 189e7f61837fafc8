"""Gives a model rows for the new ids of an extended tokenizer: each the mean of the sub-tokens it replaces.

In: a `transformers` model folder (`config.json`, safetensors) of the base, and the extended tokenizer. Out: a new folder with
the model, its input and output embeddings resized to a multiple of 64, the tokenizer, and `embedding.json`, which says how.
New rows are set *by id*, since a new id may fall into a padding row that resizing by number would skip; scaffolds have theirs
too. Guaranteed: every other tensor and every row of a base id keeps its bits, tensors are streamed, so memory does not grow
with the model, and the same inputs give the same bytes. No code of a model is run and no pickle is read.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govern.files import canonical, sha256_file, write_whole
from vocab.base import CONFIG, EXTENSION, SPECIAL_TOKENS, TOKENIZER, read_file, read_spec
from vocab.check import intact
from vocab.embedding_rows import Choice, Embedding, Pieces, Resized, new_rows
from vocab.errors import VocabError, VocabRefused
from vocab.extension import Extended, content_digest, read
from vocab.folders import building
from vocab.model_folder import CONFIG as MODEL_CONFIG
from vocab.model_folder import Model, load
from vocab.tensor_files import INDEX, SUFFIX, read_index, write
from vocab.trials import made_up

MULTIPLE = 64
"""Rows are a multiple of this, which matrix units like."""
UNEXPLAINED_ROWS = 1024
"""Padding rows that a model may have past its tokenizer where that tokenizer does not lie beside it to be compared."""
RECORD = "embedding.json"
TOKENIZER_FILES = (TOKENIZER, CONFIG, SPECIAL_TOKENS, EXTENSION)
KEPT = ("generation_config.json", "chat_template.jinja", "chat_template.json")
LICENCES = ("LICENSE", "LICENCE", "NOTICE", "USE_POLICY")
"""Files of a model folder that stay true of the result, by name or by how the name begins; others may describe the base."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What was done: rows before and after, new ids set, how, tensors resized, rows of padding added, and what was not done."""

    folder: Path
    rows_before: int
    rows_after: int
    new_rows: int
    tensors: tuple[str, ...]
    tied: bool
    input: str
    output: str
    padding_rows: int
    notes: tuple[str, ...]


def embed(
    model: Path,
    tokenizer: Path,
    out: Path,
    *,
    input_rows: Choice = "mean",
    output_rows: Choice | None = None,
    seed: int = 0,
) -> Embedded:
    """Writes `model` with rows for the new ids of `tokenizer` to the new folder `out`.

    Args:
        model: a folder with `config.json` and safetensors of one of `model_folder.LAYOUTS`.
        tokenizer: a folder that `vocab extend` wrote.
        out: a new folder; it appears when it is whole.
        input_rows: how rows of the input embedding are made.
        output_rows: the same of the output embedding, `mean` by default; a tied model has no other rows than the input's.
        seed: of `random`.

    Raises:
        VocabError: the extra `tune` is missing, or a folder cannot be used.
        VocabRefused: the model belongs to another base, or the result would give other ids.
    """
    _need_transformers()
    intact(tokenizer)
    extended = read(tokenizer)
    if not (tokenizer / TOKENIZER).is_file():
        raise VocabError(
            f"{tokenizer}: no {TOKENIZER}, expected one that transformers reads; its README says why there is none; extend a "
            "base that has one"
        )
    pieces = _pieces(extended)
    source = load(model)
    notes = (*_same_base(source, extended), *_left(model))
    if source.tied and output_rows not in (None, input_rows):
        raise VocabError(
            f"{model}: ties its output to its input embedding, so output rows cannot be '{output_rows}'; leave it out"
        )
    outputs: Choice = input_rows if source.tied else output_rows or "mean"
    count = -(-max(source.rows, extended.tokenizer.next_id) // MULTIPLE) * MULTIPLE
    resized = {}
    for tensor, choice in ((source.input, input_rows), (source.output, outputs)):
        if tensor is not None:
            embedding = Embedding(tensor, extended.base.next_id)
            resized[tensor.name] = Resized(embedding, count, new_rows(embedding, pieces, choice, seed))
    names = tuple(sorted(resized))
    padding = count - max(source.rows, extended.tokenizer.next_id)
    made = Embedded(out, source.rows, count, len(pieces), names, source.tied, input_rows, outputs, padding, notes)
    with building(out, RECORD) as partial:
        for folder, kept in ((model, _kept(model)), (tokenizer, TOKENIZER_FILES), (tokenizer, KEPT)):
            for name in kept:
                if (folder / name).is_file():
                    write_whole(partial / name, read_file(folder / name))
        write_whole(partial / MODEL_CONFIG, _spell_json({**source.config, "vocab_size": count}))
        _same_ids(partial, extended)  # before the weights, which take longest
        size = sum(write(file, partial / file.path.name, resized) for file in source.files)
        added = [(count - source.rows) * one.embedding.width for one in resized.values()]
        _write_index(model, partial, size, added[0] if source.tied else sum(added))
        write_whole(partial / RECORD, canonical(_record(made, extended, seed)))
    return made


def _need_transformers() -> None:
    import importlib.util

    missing = [name for name in ("numpy", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        raise VocabError(
            f"vocab embed: {', '.join(missing)} is not installed; install the extra: pip install 'assay[tune]'"
        )


def _pieces(extended: Extended) -> Pieces:
    """Each new id with the ids of its sub-tokens, scaffolds too; refused where the record mixes up old ids and new ones."""
    pieces = {one["id"]: tuple(one["base_ids"]) for one in extended.record["new_ids"]}
    old = {*extended.base.vocab.values(), *extended.base.added.values()}
    stray = sum(one in old or one >= extended.tokenizer.next_id for one in pieces)
    unknown = sum(not old.issuperset(base_ids) for base_ids in pieces.values())
    if stray or unknown or len(pieces) != len(extended.record["new_ids"]):
        raise VocabRefused(
            (
                f"{extended.folder / EXTENSION}: {stray} new ids are the base's or beyond the tokenizer, {unknown} have "
                "sub-tokens that the base lacks, expected none; extend again",
            )
        )
    return pieces


def _same_base(model: Model, extended: Extended) -> tuple[str, ...]:
    """Refuses a model of another tokenizer than the extension's base; notes where the files do not tell."""
    folder, rows, used = model.folder, model.rows, extended.base.next_id
    if rows < used:
        raise VocabError(
            f"{folder}: {rows} rows, the base has ids up to {used - 1}; this model has another tokenizer: extend that"
        )
    files = [
        folder / TOKENIZER,
        *(one for pattern in ("tekken*.json", "*.tiktoken", "*.model") for one in sorted(folder.glob(pattern))),
    ]
    files = [file for file in files if file.is_file()]
    if any(_is_base(file, extended) for file in files):
        return ()
    if files:
        raise VocabRefused(
            (f"{files[0]}: not the base that {extended.folder / EXTENSION} names; extend the model's tokenizer",)
        )
    if rows - used > UNEXPLAINED_ROWS:
        raise VocabRefused(
            (
                f"{folder}: {rows} rows, the base has {used} ids, which is no padding; give the model's folder its "
                f"{TOKENIZER}, and extend that",
            )
        )
    return (f"not checked: the model folder has no {TOKENIZER} to compare with the base",)


def _is_base(file: Path, extended: Extended) -> bool:
    """True where the file is the base byte for byte, or says the same in another spelling."""
    recorded = extended.record["base"]
    if "sha256:" + sha256_file(file) == recorded["sha256"]:
        return True
    try:
        return file.suffix == ".json" and content_digest(read_spec(read_file(file), file)) == recorded["content"]
    except VocabError:
        return False


def _kept(model: Path) -> list[str]:
    files = sorted(path.name for path in model.iterdir() if path.is_file())
    return [name for name in files if name in KEPT or name.startswith(LICENCES)]


def _left(model: Path) -> tuple[str, ...]:
    """A note of what the result has no copy of, and no new version either."""
    made = {*_kept(model), *TOKENIZER_FILES, MODEL_CONFIG, INDEX}
    left = sorted(path.name for path in model.iterdir() if path.name not in made and path.suffix != SUFFIX)
    return (f"not copied: {', '.join(left)}",) if left else ()


def _write_index(model: Path, partial: Path, size_bytes: int, added: int) -> None:
    """The index of a sharded model with the new size, and the new number of parameters where it names one."""
    if not (model / INDEX).is_file():
        return
    index = read_index(model / INDEX)
    metadata = {**index.get("metadata", {}), "total_size": size_bytes}
    if type(metadata.get("total_parameters")) is int:
        metadata["total_parameters"] += added
    write_whole(partial / INDEX, _spell_json({**index, "metadata": metadata}))


def _spell_json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _record(made: Embedded, extended: Extended, seed: int) -> dict[str, Any]:
    """The value of `embedding.json`: from which tokenizers, how rows were made, and which ids are padding."""
    return {
        "format_version": 1,
        "kind": "assay-embedding",
        "base": extended.record["base"]["sha256"],
        "tokenizer": extended.record["tokenizer"]["sha256"],
        "tensors": list(made.tensors),
        "tied": made.tied,
        "rows_before": made.rows_before,
        "rows_after": made.rows_after,
        "new_rows": made.new_rows,
        "input": made.input,
        "output": made.output,
        "seed": seed if "random" in (made.input, made.output) else None,
        "padding": {
            "from": made.rows_after - made.padding_rows,
            "to": made.rows_after,
            "holds": "the average of the base's rows; the tokenizer gives none of these ids",
        },
    }


def _same_ids(folder: Path, extended: Extended) -> None:
    """Reads the tokenizer as a user will, beside the real config.json, and compares ids; fails closed."""
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoTokenizer

    terms = [one.text for one in extended.new if one.text is not None]
    texts = [*terms, *made_up(terms)]
    try:
        loaded = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (StrictDataclassError, ValueError, KeyError, OSError):
        raise VocabError(
            f"{folder}: transformers cannot read this {MODEL_CONFIG}; give a model that it loads"
        ) from None
    theirs = loaded(texts, add_special_tokens=False)["input_ids"]
    ours = [one.ids for one in extended.tokenizer.tokenizer().encode_batch(texts, add_special_tokens=False)]
    different = sum(list(one) != two for one, two in zip(theirs, ours, strict=True))
    if different:
        raise VocabRefused(
            (
                f"{folder}: AutoTokenizer gives other ids for {different} of {len(texts)} texts beside this {MODEL_CONFIG}, "
                "whose model_type replaces the pre-tokenizer; nothing was written",
            )
        )
