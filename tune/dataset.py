"""Certified shards become packed rows of token ids: each shard is hashed as it is parsed, and order is the only choice.

A document is its text's ids between the tokenizer's begin and end tokens, cut into *pieces* of at most `max_length` tokens.
Text is encoded as text: a document that spells a special token does not get its id. Pieces are packed into rows by
best-fit decreasing (Ding et al. 2404.10830), equal lengths in document order, so a row never holds part of a piece.

A row carries `input_ids`, `labels` and `position_ids`, which restart at 0 with each piece; there is no attention mask.
transformers then keeps pieces from attending to each other, and the first label of each piece is -100, so no piece is
predicted from its neighbour. Padding is a piece of its own without labels.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from govern.corpus import read_certified
from tune.errors import TuneRefused

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from govern.corpus import CertifiedShard
    from tune.folders import TokenizerFolder

IGNORED = -100
"""The label that no loss is taken at (torch's `ignore_index`)."""

ENCODE_BATCH = 512


@dataclass(frozen=True, slots=True)
class Dataset:
    """Packed pieces: all ids in one array, where each piece begins (and the last ends), and the pieces of each row.

    `documents` is how many documents were read for it. `text_bytes`, where it was asked for: by piece, the bytes of text that
    its labelled tokens stand for.
    """

    ids: "NDArray[np.int32]" = field(repr=False)
    starts: "NDArray[np.int64]" = field(repr=False)
    rows: tuple[tuple[int, ...], ...] = field(repr=False)
    max_length: int
    documents: int
    text_bytes: "NDArray[np.int64] | None" = field(default=None, repr=False)

    @property
    def tokens(self) -> int:
        """Tokens in all pieces, padding left out."""
        return len(self.ids)

    @property
    def loss_tokens(self) -> int:
        """Tokens that a loss is taken at: all but the first of each piece."""
        return len(self.ids) - (len(self.starts) - 1)

    @property
    def fill(self) -> float:
        """The share of the rows that is not padding."""
        return len(self.ids) / (len(self.rows) * self.max_length) if self.rows else 0.0

    @property
    def digest(self) -> str:
        """`sha256:` over ids, piece boundaries and rows, each little-endian."""
        import numpy as np

        state = hashlib.sha256(f"assay/dataset/v1 {self.max_length}\n".encode())
        lengths = np.asarray([len(row) for row in self.rows], dtype="<i8")
        members = np.asarray([piece for row in self.rows for piece in row], dtype="<i8")
        for array in (self.ids.astype("<i4"), self.starts.astype("<i8"), lengths, members):
            state.update(array.tobytes())
        return "sha256:" + state.hexdigest()

    def __len__(self) -> int:
        """How many rows."""
        return len(self.rows)

    def __getitem__(self, index: int) -> list[list[int]]:
        """The pieces of a row, each a list of ids."""
        return [self.ids[self.starts[piece] : self.starts[piece + 1]].tolist() for piece in self.rows[index]]


def build(
    shards: Sequence["CertifiedShard"], tokenizer: "TokenizerFolder", max_length: int, *, with_bytes: bool = False
) -> Dataset:
    """The packed dataset of certified shards; `with_bytes`, with `text_bytes`.

    Raises:
        VerificationError: a shard's bytes are not what was certified.
        TuneRefused: the shards hold no column `text`, or nothing to learn from.
    """
    import numpy as np

    pieces: list[NDArray[np.int32]] = []
    sizes: list[int] = []
    documents = 0
    for ids, held in _documents(shards, tokenizer, with_bytes=with_bytes):
        documents += 1
        for at in range(0, len(ids), max_length):
            if len(ids) - at > 1:  # a lone token has nothing before it to be predicted from
                pieces.append(np.asarray(ids[at : at + max_length], dtype=np.int32))
                sizes.append(sum(held[at + 1 : at + max_length]))
    if not pieces:
        where = shards[0].path.parent if shards else "the corpus"
        raise TuneRefused(f"{where}: no document of two tokens or more; nothing to train on")
    starts = np.cumsum([0, *(len(piece) for piece in pieces)], dtype=np.int64)
    rows = pack([len(piece) for piece in pieces], max_length)
    text_bytes = np.asarray(sizes, dtype=np.int64) if with_bytes else None
    return Dataset(np.concatenate(pieces), starts, rows, max_length, documents, text_bytes)


def some_rows(data: Dataset, rows: int) -> Dataset:
    """A dataset of at most `rows` rows of `data`, evenly spaced; `documents` is still what `data` was made from."""
    import numpy as np

    if rows >= len(data):
        return data
    chosen = [data.rows[index * len(data) // rows] for index in range(rows)]
    kept = [piece for row in chosen for piece in row]
    pieces = [data.ids[data.starts[piece] : data.starts[piece + 1]] for piece in kept]
    numbers = iter(range(len(kept)))
    packed = tuple(tuple(next(numbers) for _ in row) for row in chosen)
    starts = np.cumsum([0, *(len(piece) for piece in pieces)], dtype=np.int64)
    text_bytes = None if data.text_bytes is None else data.text_bytes[kept]
    return Dataset(np.concatenate(pieces), starts, packed, data.max_length, data.documents, text_bytes)


def pack(lengths: Sequence[int], capacity: int) -> tuple[tuple[int, ...], ...]:
    """Rows of piece numbers, the lengths of each row adding up to at most `capacity`: best-fit decreasing.

    Every piece stands in exactly one row. The rows with a given space left are found through a bit mask over spaces, so
    a piece costs O(capacity / 64) whatever the number of rows.
    """
    rows: list[list[int]] = []
    with_space: list[list[int]] = [[] for _ in range(capacity + 1)]
    spaces = 0
    for piece in sorted(range(len(lengths)), key=lambda number: (-lengths[number], number)):
        length = lengths[piece]
        fitting = spaces >> length
        if fitting:
            space = length + (fitting & -fitting).bit_length() - 1
            row = with_space[space].pop()
            if not with_space[space]:
                spaces &= ~(1 << space)
            rows[row].append(piece)
        else:
            space, row = capacity, len(rows)
            rows.append([piece])
        left = space - length
        if left > 0:
            with_space[left].append(row)
            spaces |= 1 << left
    return tuple(tuple(row) for row in rows)


def collate(rows: Sequence[Sequence[Sequence[int]]], pad_id: int = 0) -> dict[str, "torch.Tensor"]:
    """The tensors of a batch of rows, each `[batch, sequence]`, padded to its longest row; see the module's docstring."""
    import torch

    longest = max(sum(len(piece) for piece in row) for row in rows)
    batch: dict[str, list[list[int]]] = {"input_ids": [], "labels": [], "position_ids": []}
    for row in rows:
        padding = longest - sum(len(piece) for piece in row)
        ids = [token for piece in row for token in piece]
        labels = [label for piece in row for label in (IGNORED, *piece[1:])]
        positions = [position for piece in row for position in range(len(piece))]
        batch["input_ids"].append(ids + [pad_id] * padding)
        batch["labels"].append(labels + [IGNORED] * padding)
        batch["position_ids"].append(positions + list(range(padding)))
    return {name: torch.tensor(values, dtype=torch.long) for name, values in batch.items()}


def _documents(
    shards: Iterable["CertifiedShard"], tokenizer: "TokenizerFolder", *, with_bytes: bool
) -> Iterator[tuple[list[int], list[int]]]:
    """The ids of each document, and, `with_bytes`, the bytes of text that each stands for."""
    from vocab.base import build as build_tokenizer
    from vocab.base import read_spec

    path = tokenizer.path / "tokenizer.json"
    encoder: Any = build_tokenizer(read_spec(tokenizer.data, path), str(path))
    encoder.encode_special_tokens = True
    first = [] if tokenizer.bos_id is None else [tokenizer.bos_id]
    last = [] if tokenizer.eos_id is None else [tokenizer.eos_id]
    for shard in shards:
        frame = read_certified(shard)
        if "text" not in frame.columns:
            raise TuneRefused(
                f"{shard.path}: no column 'text'; columns are: {', '.join(frame.columns)}; this version trains on text only"
            )
        texts = frame["text"]
        for start in range(0, len(texts), ENCODE_BATCH):
            batch = texts.slice(start, ENCODE_BATCH).to_list()
            for text, encoding in zip(batch, encoder.encode_batch(batch, add_special_tokens=False), strict=True):
                held = [*(0 for _ in first), *_bytes(text, encoding.offsets), *(0 for _ in last)] if with_bytes else []
                yield [*first, *encoding.ids, *last], held


def _bytes(text: str, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The bytes of `text` that each token adds to those before it: a character in several tokens counts with the first."""
    ends = list(accumulate((len(character.encode()) for character in text), initial=0))
    reached = list(accumulate((ends[end] for _, end in offsets), max, initial=0))
    return [after - before for before, after in pairwise(reached)]
