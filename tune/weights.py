"""What the safetensors of a model folder hold, read without torch: shapes, and whether every number is one.

transformers opens the files that `model.safetensors.index.json` names, wherever they lie, and `model.safetensors` before those.
So a folder passes in two forms only: that one file, or an index that names exactly the other safetensors of the folder, each
tensor in one file. What was hashed is then what is loaded. The format is that of safetensors, version 0.7.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from tune.errors import TuneError, TuneRefused

WEIGHTS = ".safetensors"
SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
HEADER_BYTES = 100_000_000
"""A safetensors header at most; the format's own limit."""
CHUNK_BYTES = 64 * 1024 * 1024
EXPONENTS = {"F16": ("<u2", 0x7C00), "BF16": ("<u2", 0x7F80), "F32": ("<u4", 0x7F800000), "F64": ("<u8", 0x7FF << 52)}
"""Of each type that weights come in: the unsigned integer of its size, and the exponent bits, all set in NaN and infinity."""

Header = dict[str, dict[str, Any]]


def shapes(folder: Path, names: tuple[str, ...], index: dict[str, Any] | None) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor in the safetensors `names` of `folder`, all finite numbers.

    Args:
        folder: a model folder.
        names: every safetensors file in it.
        index: what `INDEX` holds, or None where the folder has none.

    Raises:
        TuneError: a file is not whole.
        TuneRefused: the files are not those that would be loaded, or hold a number that is none.
    """
    files = {name: header(folder / name) for name in names}
    _loaded(folder, files, index)
    found: dict[str, tuple[int, ...]] = {}
    for name, tensors in files.items():
        for tensor, entry in tensors.items():
            if tensor in found:
                raise TuneRefused(f"{folder / name}: tensor {tensor} stands in another file too; restore the folder")
            found[tensor] = tuple(entry["shape"])
        finite(folder / name, tensors)
    return found


def metadata(path: Path) -> dict[str, Any]:
    """What a safetensors file that `header` accepts says of itself."""
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        found = json.loads(stream.read(size)).get("__metadata__")
    return found if isinstance(found, dict) else {}


def header(path: Path) -> Header:
    """The tensors that a safetensors file describes: 8 bytes of length, JSON, then exactly the bytes that the JSON places.

    Raises:
        TuneError: it is not such a file, or a tensor is of a type that no weight has.
    """
    try:
        with path.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            text = stream.read(size) if size <= HEADER_BYTES else b""
        found = {name: entry for name, entry in json.loads(text).items() if name != "__metadata__"}
        length = 8 + size + sum(_bytes(entry) for entry in found.values())
        places = sorted(entry["data_offsets"] for entry in found.values())
        if path.stat().st_size == length and all(one[1] == after[0] for one, after in pairwise(places)):
            return found
    except OSError as error:
        raise TuneError(f"{path}: {error.strerror or 'cannot be read'}; restore the file") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        pass
    raise TuneError(f"{path}: not a whole safetensors file of floating-point numbers; restore it")


def _bytes(entry: dict[str, Any]) -> int:
    """How many bytes a tensor takes; `ValueError` where type, shape and offsets do not agree."""
    start, end = entry["data_offsets"]
    count = 1
    for length in entry["shape"]:
        if type(length) is not int or length < 0:
            raise ValueError(length)
        count *= length
    width = int(EXPONENTS[entry["dtype"]][0][-1])
    if type(start) is not int or start < 0 or end - start != count * width:
        raise ValueError(end)
    return count * width


def _loaded(folder: Path, files: dict[str, Header], index: dict[str, Any] | None) -> None:
    """Refuses files that transformers would not load, and those it would load from elsewhere."""
    if not files:
        raise TuneRefused(f"{folder}: no .safetensors file; convert the weights to safetensors")
    if set(files) == {SINGLE}:
        return
    held = {tensor: name for name, tensors in files.items() for tensor in tensors}
    named = None if index is None else index.get("weight_map")
    if SINGLE in files or named != held:
        raise TuneRefused(
            f"{folder}: its {len(files)} safetensors files are not {SINGLE} alone, nor exactly what {INDEX} names, so other "
            "weights than these could be loaded; save the model with save_pretrained"
        )


def finite(path: Path, tensors: Header) -> None:
    """Refuses a safetensors file, described by `tensors`, that holds NaN or infinity."""
    import numpy as np

    for tensor, entry in tensors.items():
        kind, bits = EXPONENTS[entry["dtype"]]
        for block in blocks(path, entry):
            numbers = np.frombuffer(block, dtype=kind)
            if bool(((numbers & bits) == bits).any()):
                raise TuneRefused(
                    f"{path}: {tensor} holds NaN or infinity, so training on it gives nothing; restore the file"
                )


def span(path: Path, entry: dict[str, Any]) -> tuple[int, int]:
    """Where in a safetensors file the bytes of a tensor begin and end."""
    with path.open("rb") as stream:
        begins = 8 + int.from_bytes(stream.read(8), "little")
    start, end = entry["data_offsets"]
    return begins + start, begins + end


def blocks(path: Path, entry: dict[str, Any], size: int | None = None) -> Iterator[bytes]:
    """The bytes of a tensor, some at a time; the first `size` of them where that is given."""
    start, end = span(path, entry)
    end = end if size is None else min(end, start + size)
    with path.open("rb") as stream:
        stream.seek(start)
        while start < end:
            block = stream.read(min(CHUNK_BYTES, end - start))
            if not block:
                return
            yield block
            start += len(block)
