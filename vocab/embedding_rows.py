"""Rows of an embedding for new ids, each from the rows of the sub-tokens that it replaces, and the embedding that has them.

In: an embedding tensor `[vocabulary, width]` on disk, the new ids with their sub-tokens, a choice. Out: the bytes of the
tensor with more rows. Guaranteed: a row that is not a new id's keeps its bits, and rows past the last old one that no new id
takes hold the average of the base's rows, as no id of the tokenizer reads them. The arithmetic is float64, rounded once to
the tensor's type; the same inputs give the same bytes. `mean` is FVT (Gee et al. 2022).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from vocab.errors import VocabError
from vocab.tensor_files import Tensor

if TYPE_CHECKING:
    import numpy as np

    Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]

Choice = Literal["mean", "last", "average", "random"]
INPUT: tuple[Choice, ...] = ("mean", "last", "random")
OUTPUT: tuple[Choice, ...] = ("mean", "average", "random")
"""What is worth choosing for each, as `benchmarks/embedding_rows.py` measures; `random` is there to compare with."""
Pieces = Mapping[int, Sequence[int]]
"""New id to the ids of its sub-tokens in the base."""
BITS = {"F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8"}
"""How numpy reads a type; it has none for BF16, which is the upper half of F32."""


@dataclass(frozen=True)
class Embedding:
    """An embedding tensor on disk whose first `used` rows are the base's."""

    tensor: Tensor
    used: int

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self.tensor.shape[1]

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.tensor.size_bytes // self.tensor.shape[0]

    def rows(self, ids: Sequence[int]) -> "Rows":
        """The rows of `ids`, `[len(ids), width]`."""
        with self.tensor.file.open("rb") as stream:
            data = bytearray()
            for one in ids:
                stream.seek(self.tensor.start_byte + one * self.row_bytes)
                data += stream.read(self.row_bytes)
        return decode(bytes(data), self.tensor.dtype, self.width)

    @cached_property
    def moments(self) -> tuple["Rows", "Rows"]:
        """Mean and standard deviation of each column over the base's rows, `[1, width]` each.

        Raises:
            VocabError: a number is NaN or infinite.
        """
        import numpy as np

        total, squares, seen = np.zeros((1, self.width)), np.zeros((1, self.width)), 0
        for block in self.tensor.blocks():
            rows = decode(block, self.tensor.dtype, self.width)[: self.used - seen]
            if not np.isfinite(rows).all():
                raise VocabError(
                    f"{self.tensor.file}: {self.tensor.name} holds NaN or infinity, so no row can be made from it; "
                    "restore the file"
                )
            total += rows.sum(axis=0, keepdims=True)
            squares += np.square(rows).sum(axis=0, keepdims=True)
            seen += len(rows)
            if seen == self.used:
                break
        mean = total / seen
        return mean, np.sqrt(np.maximum(squares / seen - np.square(mean), 0.0))


def new_rows(embedding: Embedding, pieces: Pieces, choice: Choice, seed: int = 0) -> dict[int, bytes]:
    """The bytes of the row of each new id.

    Args:
        embedding: where the rows of the sub-tokens lie.
        pieces: the new ids.
        choice: `mean` of the sub-tokens' rows; the `last` of them, whose successor comes next; the `average` of all rows of
            the base, which takes little probability from old ids; `random`, normal with each column's mean and deviation.
        seed: of `random`; a row depends on it and on the id alone, so one more term moves no other row.
    """
    import numpy as np

    average, spread = embedding.moments

    def row(new_id: int) -> "Rows":
        base_ids = pieces[new_id]
        if choice == "mean":
            return np.asarray(embedding.rows(base_ids).mean(axis=0, keepdims=True))
        if choice == "last":
            return embedding.rows(base_ids[-1:])
        if choice == "random":
            return average + spread * np.random.default_rng([seed, new_id]).standard_normal((1, embedding.width))
        return average

    return {new_id: encode(row(new_id), embedding.tensor.dtype) for new_id in sorted(pieces)}


@dataclass(frozen=True, slots=True)
class Resized:
    """The embedding with `count` rows: the old ones, `fresh` ones by id, and the average of the base's as padding."""

    embedding: Embedding
    count: int
    fresh: Mapping[int, bytes] = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and width."""
        return self.count, self.embedding.width

    def blocks(self) -> Iterator[bytes]:
        """The bytes in order."""
        size, at = self.embedding.row_bytes, 0
        for block in self.embedding.tensor.blocks():
            rows = range(at, at + len(block) // size)
            patched = bytearray(block)
            for one in self.fresh.keys() & set(rows):
                patched[(one - at) * size : (one - at + 1) * size] = self.fresh[one]
            yield bytes(patched)
            at = rows.stop
        padding = encode(self.embedding.moments[0], self.embedding.tensor.dtype)
        for one in range(at, self.count):
            yield self.fresh.get(one, padding)


def decode(data: bytes, dtype: str, width: int) -> "Rows":
    """The numbers in `data`, `[rows, width]`."""
    import numpy as np

    numbers = np.frombuffer(data, dtype=BITS[dtype])
    if dtype == "BF16":
        numbers = (numbers.astype("<u4") << 16).view("<f4")
    return numbers.reshape(-1, width).astype(np.float64)


def encode(rows: "Rows", dtype: str) -> bytes:
    """The bytes of finite `rows`, each number rounded to the nearest of the type, to the even one where two are near."""
    if dtype != "BF16":
        return rows.astype(BITS[dtype]).tobytes()
    bits = rows.astype("<f4").view("<u4")
    upper: Rows = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("<u2")
    return upper.tobytes()
