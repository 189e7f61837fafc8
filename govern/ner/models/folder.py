"""What lies in a model's folder: its kind by its files, its digest, and what is refused before anything is loaded.

Refused: an address or a hub's name, files that are pickles (reading one runs code), configurations that name code or
another model to fetch, and folders of which a file is missing. Nothing here imports a model's library.
"""

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, Literal

from govern.errors import InputError
from govern.files import digest as digest_value
from govern.files import list_files, parse_strict, sha256_file

Kind = Literal["spacy", "tokens", "gliner"]

SIGNS: dict[str, Kind] = {"meta.json": "spacy", "gliner_config.json": "gliner", "config.json": "tokens"}
"""The file that says what a folder is; a GLiNER folder may hold its encoder's config.json too."""
NEEDED: dict[Kind, tuple[str, ...]] = {
    "spacy": ("meta.json", "config.cfg"),
    "tokens": ("config.json", "tokenizer.json", "model.safetensors"),
    "gliner": ("gliner_config.json", "tokenizer_config.json", "tokenizer.json", "model.safetensors"),
}
SAVED: dict[Kind, str] = {
    "spacy": "save the pipeline with `nlp.to_disk(folder)`",
    "tokens": "save the model and its fast tokenizer with `save_pretrained(folder)`",
    "gliner": "save the model with `save_pretrained(folder, safe_serialization=True)`",
}
PICKLES = frozenset({".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"})
"""Files that run code where they are read; beside them `.bin`, but not for spaCy, whose tables are called so."""
ADAPTER = "adapter_config.json"
FETCH = "copy the model's folder to this machine and name the folder"


def kind(path: Path | str) -> Kind:
    """The kind of the model in the folder `path`, whose files are all there and safe to read.

    Raises:
        InputError: saying what is missing or not allowed, and what to do.
    """
    folder = Path(path)
    if "://" in str(path) or any(one.endswith(":") for one in PurePath(folder).parts[:1] if len(one) > 2):
        raise InputError(
            f"{path}: a model is read from a folder, and this is an address, which nothing here opens; {FETCH}"
        )
    if not folder.is_dir():
        raise InputError(f"{path}: no folder there; a hub's name is not looked up: {FETCH}")
    found = [name for name in SIGNS if (folder / name).is_file()]
    kinds = {SIGNS[name] for name in found} - ({"tokens"} if "gliner_config.json" in found else set())
    if not kinds:
        raise InputError(
            f"{folder}: no model there; expected meta.json (spaCy), config.json (Hugging Face token classification) or "
            "gliner_config.json (GLiNER); name the folder that holds one of them"
        )
    if len(kinds) > 1:
        raise InputError(f"{folder}: several models in one folder ({', '.join(found)}); give each a folder of its own")
    kind = kinds.pop()
    _refuse_code(folder, kind)
    missing = [name for name in NEEDED[kind] if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder}: {', '.join(missing)} is missing; {SAVED[kind]}")
    return kind


def digest(path: Path) -> str:
    """`sha256:` of the model: every file of its folder, by name and bytes.

    Raises:
        InputError: there is no folder, or a file of it cannot be read.
    """
    if not path.is_dir():
        raise InputError(f"{path}: no folder there; {FETCH}")
    try:
        return digest_value({name: sha256_file(path / name) for name in list_files(path)})
    except OSError as error:
        raise InputError(
            f"{path}: a file of the model cannot be read ({error.strerror}); copy the folder again, with no link to a folder"
        ) from None


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file of the folder."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: it cannot be read ({error.strerror}); copy the model's folder again") from None
    value = parse_strict(data, str(path), "copy the model's folder again")
    if not isinstance(value, dict):
        raise InputError(f"{path}: no JSON object; copy the model's folder again")
    return value


def _refuse_code(folder: Path, kind: Kind) -> None:
    """Refuses what would run code of the folder, or fetch another model."""
    names = list_files(folder)
    pickles = PICKLES if kind == "spacy" else PICKLES | {".bin"}
    for name in names:
        if PurePath(name).suffix.lower() in pickles or PurePath(name).name == "pytorch_model.bin":
            raise InputError(
                f"{folder}: {name} is a pickle, which can run code when it is read; save the weights as safetensors and remove "
                "the file"
            )
    if kind == "spacy":
        return
    if ADAPTER in names:
        raise InputError(
            f"{folder}: an adapter ({ADAPTER}), which asks for another model; merge it and save the whole model"
        )
    for name in names:
        if name.endswith("config.json") and "auto_map" in _keys(read_json(folder / name)):
            raise InputError(
                f"{folder}: {name} names code of its own (auto_map), which is never run; choose a model whose class is part "
                "of transformers"
            )


def _keys(value: Any) -> Iterator[str]:
    """Every key in a JSON value, however deep."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            yield from one
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
