"""The base model and the tokenizer as folders on disk: what may be in them, and their digests. No torch is loaded here.

A model folder holds safetensors and plain text only. Code, pickles, links and subfolders are refused, since loading them can
run code (transformers' CVE-2026-4372 and its kin). A folder's digest is the SHA-256 of its `SHA256SUMS` as `govern.files`
writes it, so `sha256sum *` in the folder is enough to check it by hand.
"""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.files import list_files, manifest, parse_strict
from tune.errors import TuneError, TuneRefused
from tune.weights import INDEX, WEIGHTS, header, shapes

EXTENSION = "extension.json"
MODEL_TYPES = ("llama",)
"""Architectures whose packing and new rows are covered by a test; others are refused until they are."""

PLAIN = (".json", ".md", ".txt", ".model", ".jinja")
BARE = ("SHA256SUMS", "LICENSE", "NOTICE", ".gitattributes")
SIGNED = ("attestation.json", "provenance.json", "merge.json")
"""Files by which a corpus, a tokenizer, an adapter or a merged model is known to be signed."""
SPECIAL = ("bos_token", "eos_token", "pad_token", "unk_token")
"""The special tokens that a chat template may name."""
LOADS_MORE = ("adapter_config.json",)
"""Plain files that make transformers load something beside the model."""
CONFIG_KEYS = frozenset(
    (
        *(
            "_name_or_path",
            "architectures",
            "assay_note",
            "attention_bias",
            "attention_dropout",
            "bos_token_id",
            "dtype",
        ),
        *("eos_token_id", "head_dim", "hidden_act", "hidden_size", "initializer_range", "intermediate_size"),
        *("is_llama_config", "max_position_embeddings", "mlp_bias", "model_type", "num_attention_heads"),
        *("num_hidden_layers", "num_key_value_heads", "pad_token_id", "pretraining_tp", "rms_norm_eps"),
        *("rope_interleaved", "rope_parameters", "rope_scaling", "rope_theta", "tie_word_embeddings", "torch_dtype"),
        *("transformers_version", "use_cache", "vocab_size"),
    )
)
"""What a Llama's config.json may hold; other keys can name code, kernels or files to load."""
DTYPES = (None, "float32", "float16", "bfloat16")
NOTE = re.compile(r"[A-Za-z0-9 ,.;-]{1,100}")
"""A note from config.json that may stand in a card: one plain line."""


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model that may be loaded: its digest, each file's SHA-256, and what must agree with the rest of a run.

    `rows` are token rows, `positions` the longest row of tokens it takes, `tokenizer` the `tokenizer.json` beside it.
    """

    path: Path
    digest: str
    files: tuple[tuple[str, str], ...]
    rows: int
    tied: bool
    parameters: int
    positions: int | None
    tokenizer: bytes | None
    note: str | None


@dataclass(frozen=True, slots=True)
class TokenizerFolder:
    """A tokenizer's bytes and digest; for an extended one, the ids that need training and the certificate it names.

    `special` are the special tokens by the names that a chat template calls them, `tags` the masking tags that are tokens.
    """

    path: Path
    digest: str
    data: bytes
    size: int
    bos_id: int | None
    eos_id: int | None
    new_ids: tuple[int, ...]
    certificate: str | None
    special: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def base_model(folder: Path) -> BaseModel:
    """The model in `folder`, from its config and the headers of its weights.

    Raises:
        TuneError: it cannot be read.
        TuneRefused: it holds something that loading could run, or an architecture that is not covered.
    """
    if not folder.is_dir():
        raise TuneError(f"{folder}: no such folder; models are read from disk, never by a hub name: give its path")
    names = _plain_files(folder)
    for name in names:
        _model_file(folder, name)
    config = read_json(folder / "config.json")
    _config(folder, config)
    index = read_json(folder / INDEX) if INDEX in names else None
    tensors = shapes(folder, tuple(name for name in names if name.endswith(WEIGHTS)), index)
    embedding = tensors.get("model.embed_tokens.weight")
    if embedding is None or len(embedding) != 2:
        raise TuneRefused(f"{folder}: no tensor model.embed_tokens.weight in its safetensors; give a whole base model")
    if embedding[0] != config.get("vocab_size"):
        raise TuneRefused(
            f"{folder}: config.json says vocab_size {config.get('vocab_size')}, the embedding has {embedding[0]} rows; "
            "restore the folder"
        )
    if embedding[1] != config.get("hidden_size"):
        raise TuneRefused(
            f"{folder}: config.json says hidden_size {config.get('hidden_size')!r}, the embedding has {embedding[1]} columns; "
            "restore the folder"
        )
    sums = manifest(folder)
    files = tuple((line[66:], line[:64]) for line in sums.decode().splitlines())
    beside, note = folder / "tokenizer.json", config.get("assay_note")
    positions = config.get("max_position_embeddings")
    return BaseModel(
        folder,
        _digest(sums),
        files,
        embedding[0],
        bool(config.get("tie_word_embeddings", False)),
        sum(_product(shape) for shape in tensors.values()),
        positions if isinstance(positions, int) else None,
        _bytes(beside) if beside.exists() else None,
        note if isinstance(note, str) and NOTE.fullmatch(note) else None,
    )


def tensor_shapes(base: BaseModel) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor of a base model that was read."""
    names = [name for name, _ in base.files if name.endswith(WEIGHTS)]
    return {tensor: tuple(entry["shape"]) for name in names for tensor, entry in header(base.path / name).items()}


def tokenizer(folder: Path) -> TokenizerFolder:
    """The tokenizer in `folder`: `tokenizer.json`, the names of its special tokens, and its extension record if it has one.

    Raises:
        TuneError: a file is missing or is not what its name says.
        VocabError: `tokenizer.json` is none.
    """
    from vocab.base import build, read_spec

    if not folder.is_dir():
        raise TuneError(f"{folder}: no such folder; tokenizers are read from disk, never by a hub name: give its path")
    _plain_files(folder)
    path = folder / "tokenizer.json"
    data = _bytes(path)
    loaded = build(read_spec(data, path), str(path))
    vocabulary: dict[str, int] = loaded.get_vocab(with_added_tokens=True)
    special = _special_tokens(folder)
    new_ids, certificate, tags = _extension(folder)
    sums = manifest(folder)
    if f"{hashlib.sha256(data).hexdigest()}  tokenizer.json\n".encode() not in sums:
        raise TuneRefused(f"{path}: changed while it was read; restore the folder")
    return TokenizerFolder(
        folder,
        _digest(sums),
        data,
        max(vocabulary.values()) + 1,
        vocabulary.get(special.get("bos_token", "")),
        vocabulary.get(special.get("eos_token", "")),
        new_ids,
        certificate,
        special,
        tags,
    )


def tokenizer_digest(folder: Path) -> str:
    """The digest of a tokenizer's folder, no file of which is read as anything but bytes.

    Raises:
        TuneError: no such folder.
        TuneRefused: it holds a link, a pipe or the like.
    """
    if not folder.is_dir():
        raise TuneError(f"{folder}: no such folder; tokenizers are read from disk, never by a hub name: give its path")
    _plain_files(folder)
    return _digest(manifest(folder))


def new_folder(out: Path, *inputs: Path) -> None:
    """Refuses a folder that is to be made where it cannot go.

    It exists, its parent does not, or it lies inside an input or anything that was signed.

    Raises:
        TuneError: with the remedy.
    """
    if os.path.lexists(out):
        raise TuneError(f"{out}: exists already; remove it or name another folder as --out")
    if not out.absolute().parent.is_dir():
        raise TuneError(f"{out.absolute().parent}: no such folder; make it, or name another --out")
    for folder in inputs:
        if out.resolve().is_relative_to(folder.resolve()):
            raise TuneError(f"{out}: lies inside {folder}, which must stay as it is; name another --out")
    for folder in out.resolve().parents:
        if any((folder / name).is_file() for name in SIGNED):
            raise TuneError(f"{out}: lies inside {folder}, which is signed and must stay as it is; name another --out")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        TuneError: it is missing, or holds something else.
    """
    try:
        value = parse_strict(_bytes(path), str(path))
    except InputError as error:
        raise TuneError(str(error)) from None
    if not isinstance(value, dict):
        raise TuneError(f"{path}: not a JSON object; restore the file")
    return value


def _plain_files(folder: Path) -> tuple[str, ...]:
    """The names of the files of `folder`, none of them a link, a pipe or the like."""
    names = list_files(folder)
    for name in names:
        path = folder / name
        if path.is_symlink():
            raise TuneRefused(f"{path}: a link; put the file itself there, since what it points to can change")
        if not path.is_file():
            raise TuneRefused(f"{path}: not a plain file (a pipe, socket or device); remove it")
    return names


def _model_file(folder: Path, name: str) -> None:
    path = folder / name
    if "/" in name:
        raise TuneRefused(f"{path}: a subfolder; a base model is one flat folder: remove it")
    if name in LOADS_MORE:
        raise TuneRefused(f"{path}: makes transformers load an adapter too; give the base model alone")
    if name not in BARE and path.suffix not in (*PLAIN, WEIGHTS):
        raise TuneRefused(
            f"{path}: neither safetensors nor plain text, and loading pickles or code can run code; "
            "convert the weights to safetensors and remove the file"
        )


def _config(folder: Path, config: dict[str, Any]) -> None:
    path = folder / "config.json"
    for key in ("auto_map", "trust_remote_code"):
        if key in config:
            raise TuneRefused(f"{path}: has '{key}', which loads code from the model; give a model of plain weights")
    if "quantization_config" in config:
        raise TuneRefused(f"{path}: has 'quantization_config', already quantised; give the unquantised weights")
    if config.get("model_type") not in MODEL_TYPES:
        raise TuneRefused(
            f"{path}: model_type {config.get('model_type')!r}; this version trains {', '.join(MODEL_TYPES)} only, "
            "since packing and new token rows are proven there"
        )
    odd = sorted(config.keys() - CONFIG_KEYS)
    if odd:
        raise TuneRefused(
            f"{path}: has '{odd[0]}', which no {config['model_type']} needs and which could load other code or files; remove it"
        )
    dtype = config.get("dtype", config.get("torch_dtype"))
    if dtype not in DTYPES:
        raise TuneRefused(
            f"{path}: dtype {dtype!r}, expected one of {', '.join(map(str, DTYPES[1:]))}; restore the file"
        )


def _special_tokens(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        if not (folder / name).exists():
            continue
        for key, value in read_json(folder / name).items():
            text = value.get("content") if isinstance(value, dict) else value
            if key in SPECIAL and isinstance(text, str):
                found[key] = text
    return found


def _extension(folder: Path) -> tuple[tuple[int, ...], str | None, tuple[str, ...]]:
    """The new ids (those of scaffolds too), certificate and masking tags in `extension.json`; none for a base tokenizer."""
    path = folder / EXTENSION
    if not path.exists():
        return (), None, ()
    record = read_json(path)
    try:
        tags = tuple(str(one["token"]) for one in record["new_ids"] if one.get("kind") == "tag")
        return tuple(sorted(int(one["id"]) for one in record["new_ids"])), str(record["certificate"]), tags
    except (KeyError, TypeError, ValueError):
        raise TuneError(f"{path}: 'new_ids' or 'certificate' is missing or malformed; extend the base again") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TuneError(f"{path}: {error.strerror or 'cannot be read'}; restore the file") from None


def _digest(sums: bytes) -> str:
    return "sha256:" + hashlib.sha256(sums).hexdigest()


def _product(shape: tuple[int, ...]) -> int:
    result = 1
    for size in shape:
        result *= size
    return result
