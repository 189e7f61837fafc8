"""Safetensors files of a model folder, read and written as streams of bytes: no tensor is ever held whole.

In: a folder with `model.safetensors`, or with shards and the index that names them. Out: a file with the tensors of another
in their order, some replaced. Guaranteed: what is not replaced is copied byte for byte, the metadata too, and memory is that
of one block. A folder passes only where its safetensors files are exactly those that transformers would load. The format is
that of safetensors 0.7: eight bytes of length, a JSON header, then the tensors without gaps.
"""

import json
import math
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from govern.errors import InputError
from govern.files import matching, parse_strict
from vocab.errors import VocabError

WEIGHTS, INDEX, SUFFIX = "model.safetensors", "model.safetensors.index.json", ".safetensors"
BLOCK_BYTES = 8 * 1024 * 1024
HEADER_BYTES = 100_000_000
"""A header at most; the format's own limit."""
METADATA = "__metadata__"
FLOATS = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}
"""Bytes of a number, of the types that weights come in."""
TYPES = {**FLOATS, "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1}
TYPES |= {"I16": 2, "U16": 2, "I32": 4, "U32": 4, "I64": 8, "U64": 8, "C64": 8}


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies: its file, type as safetensors writes it, shape, first byte in the file and size in bytes."""

    file: Path
    name: str
    dtype: str
    shape: tuple[int, ...]
    start_byte: int
    size_bytes: int

    def blocks(self) -> Iterator[bytes]:
        """The bytes in order, in blocks that end where a row ends.

        Raises:
            VocabError: the file became shorter meanwhile.
        """
        row = self.size_bytes // self.shape[0] if self.shape and self.shape[0] else 1
        step = max(row, BLOCK_BYTES // max(row, 1) * row)
        with self.file.open("rb") as stream:
            stream.seek(self.start_byte)
            for begin in range(0, self.size_bytes, step):
                size = min(step, self.size_bytes - begin)
                block = stream.read(size)
                if len(block) != size:
                    raise VocabError(f"{self.file}: became shorter while it was read; restore it")
                yield block


@dataclass(frozen=True, slots=True)
class TensorFile:
    """A safetensors file: its tensors as they lie in it, and its metadata."""

    path: Path
    tensors: tuple[Tensor, ...]
    metadata: dict[str, str] | None = field(repr=False)


class Replacement(Protocol):
    """What stands in a tensor's place: another shape and its bytes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The new shape; the type stays."""

    def blocks(self) -> Iterator[bytes]:
        """The bytes in order."""


def checkpoint(folder: Path) -> tuple[TensorFile, ...]:
    """The safetensors files of the model in `folder`, by name, as far as transformers would load exactly these.

    Raises:
        VocabError: none is there, one is not whole, or files and index do not name each other.
    """
    names = tuple(path.name for path in matching(folder, "*" + SUFFIX))
    index = folder / INDEX
    named = _weight_map(index) if index.is_file() else None
    for name in sorted(set((named or {"": WEIGHTS}).values()) - set(names)):
        raise VocabError(f"{folder}: no {name}; only safetensors are read, save the model with save_pretrained")
    if named is None:
        named = dict.fromkeys((tensor.name for tensor in read_header(folder / WEIGHTS).tensors), WEIGHTS)
    elif WEIGHTS in names and set(named.values()) != {WEIGHTS}:
        raise VocabError(f"{folder}: holds {WEIGHTS} beside the shards of {INDEX}; move away what is not the model")
    for name in sorted(set(names) - set(named.values()) - {WEIGHTS}):
        raise VocabError(f"{folder / name}: a shard that the model does not name; move it away, or save the model anew")
    files = tuple(read_header(folder / name) for name in names)
    held = {tensor.name: file.path.name for file in files for tensor in file.tensors}
    count = sum(len(file.tensors) for file in files)
    if held != named or count != len(held):
        odd = min((name for name in held.keys() | named.keys() if held.get(name) != named.get(name)), default="one")
        raise VocabError(
            f"{index}: tensor {odd} is not where the index says, or in two files; save the model with save_pretrained"
        )
    return files


def _weight_map(index: Path) -> dict[str, str]:
    value = read_index(index)
    named = value.get("weight_map")
    if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
        raise VocabError(f"{index}: no 'weight_map' of tensors to files; save the model with save_pretrained")
    return named


def read_index(index: Path) -> dict[str, Any]:
    """The JSON object in `index`; `VocabError` where it holds something else."""
    try:
        value = parse_strict(index.read_bytes(), str(index))
    except InputError as error:
        raise VocabError(str(error)) from None
    if not isinstance(value, dict) or not isinstance(value.get("metadata", {}), dict):
        raise VocabError(f"{index}: not an object with 'weight_map' and 'metadata'; save the model anew")
    return value


def read_header(path: Path) -> TensorFile:
    """The tensors that the safetensors file at `path` describes, in the order of their bytes.

    Raises:
        VocabError: it is no such file, or is shorter or longer than its header says.
    """
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        text = stream.read(size) if size <= HEADER_BYTES else b""
    try:
        header = parse_strict(text, str(path))
        metadata = header.pop(METADATA, None)
        entries = sorted(header.items(), key=lambda one: (one[1]["data_offsets"], one[0]))
        tensors, end = [], 8 + size
        for name, entry in entries:
            tensors.append(_tensor(path, name, entry, end, 8 + size))
            end += tensors[-1].size_bytes
        texts = [] if metadata is None else [*metadata, *metadata.values()]
        if end == path.stat().st_size and all(isinstance(one, str) for one in texts):
            return TensorFile(path, tuple(tensors), metadata)
    except (InputError, ValueError, TypeError, KeyError, AttributeError):
        pass
    raise VocabError(f"{path}: not a whole safetensors file; restore it, or save the model with save_pretrained")


def _tensor(path: Path, name: str, entry: dict[str, Any], start: int, data: int) -> Tensor:
    """The described tensor; `ValueError` where type, shape and offsets do not agree, or where it does not begin at `start`."""
    begin, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not all(type(length) is int and length >= 0 for length in (*shape, begin, end)):
        raise ValueError(name)
    if data + begin != start or end - begin != math.prod(shape) * TYPES[entry["dtype"]]:
        raise ValueError(name)
    return Tensor(path, name, entry["dtype"], shape, start, end - begin)


def write(source: TensorFile, target: Path, replaced: Mapping[str, Replacement]) -> int:
    """Writes the tensors of `source` to `target`, those of `replaced` anew; returns the bytes of its tensors.

    Raises:
        VocabError: `target` cannot be written whole.
    """
    shapes = {tensor.name: tensor.shape for tensor in source.tensors}
    shapes |= {name: replaced[name].shape for name in shapes.keys() & replaced.keys()}
    sizes = {tensor.name: math.prod(shapes[tensor.name]) * TYPES[tensor.dtype] for tensor in source.tensors}
    try:
        if shapes.keys().isdisjoint(replaced):
            shutil.copyfile(source.path, target)
        else:
            with target.open("wb") as stream:
                stream.write(_header(source, shapes, sizes))
                for tensor in source.tensors:
                    stream.writelines(replaced.get(tensor.name, tensor).blocks())
    except OSError as error:
        raise VocabError(
            f"{target}: cannot be written ({error.strerror}), the disk may be full; make room, or choose another --out"
        ) from None
    return sum(sizes.values())


def _header(source: TensorFile, shapes: Mapping[str, tuple[int, ...]], sizes: Mapping[str, int]) -> bytes:
    value: dict[str, Any] = {} if source.metadata is None else {METADATA: source.metadata}
    end = 0
    for tensor in source.tensors:
        begin, end = end, end + sizes[tensor.name]
        value[tensor.name] = {
            "dtype": tensor.dtype,
            "shape": list(shapes[tensor.name]),
            "data_offsets": [begin, end],
        }
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight
    return len(text).to_bytes(8, "little") + text
