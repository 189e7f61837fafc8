"""Certified shards become packed rows of token ids: each shard is hashed as it is parsed, and order is the only choice.

A document's ids (`tune.documents`) are cut into *pieces* of at most `max_length` tokens, and those packed into rows
(`tune.packing`), so a row never holds part of a piece.

A row carries `input_ids`, `labels` and `position_ids`, which restart at 0 with each piece; there is no attention mask.
transformers then keeps pieces from attending to each other, and the first label of each piece is -100, so no piece is
predicted from its neighbour. Padding is a piece of its own without labels.

Ids lie in memory, or in files of a folder that are mapped, so a corpus may be larger than memory.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tune.documents import NOTHING_LEARNED, TOO_LONG, Dropped, Encoded, documents
from tune.errors import TuneRefused
from tune.packing import BLOCK, packed
from tune.recipe import Data

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from govern.corpus import CertifiedShard
    from tune.chat import Template
    from tune.folders import TokenizerFolder

IGNORED = -100
"""The label that no loss is taken at (torch's `ignore_index`)."""
KINDS = {"ids": "<i4", "learned": "?", "starts": "<i8", "members": "<i8", "row_starts": "<i8", "text_bytes": "<i8"}
"""The arrays of a dataset, and the type of each on disk."""
ON_DISK = ("ids", "learned")
"""Those that grow with the tokens."""
TEXT = Data.model_validate({})
"""Documents as plain text, long ones split."""


class Piece(NamedTuple):
    """Part of a document: its ids, and which of them are learned; never the first, which nothing precedes."""

    ids: list[int]
    learned: list[bool]


@dataclass(frozen=True, slots=True)
class Part:
    """The shards of one corpus, and how often each of their documents is seen in an epoch."""

    shards: Sequence["CertifiedShard"]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of documents: `documents` were read, and each is used, not chosen by its corpus's weight, or dropped.

    `dropped` is by reason. `windows_without_loss` are parts of used documents with nothing to learn in them, which are left
    out; `tokens_cut` are what those and truncation cost; `straddles` are learned tokens that hold characters of a prompt too.
    """

    documents: int
    used: int
    not_chosen: int
    dropped: tuple[tuple[str, int], ...] = ()
    windows_without_loss: int = 0
    tokens_cut: int = 0
    straddles: int = 0


@dataclass(frozen=True, slots=True)
class Dataset:
    """Packed pieces: all ids in one array, which of them are learned, where each piece begins (and the last ends), and rows.

    `members` are the pieces of all rows, one row after another, `row_starts` where each row begins (and the last ends); a piece
    of a corpus with a weight stands in several rows. `text_bytes`, where it was asked for: by piece, the bytes of text that its
    learned tokens stand for.
    """

    ids: "NDArray[np.int32]" = field(repr=False)
    learned: "NDArray[np.bool_]" = field(repr=False)
    starts: "NDArray[np.int64]" = field(repr=False)
    members: "NDArray[np.int64]" = field(repr=False)
    row_starts: "NDArray[np.int64]" = field(repr=False)
    max_length: int
    counts: Counts
    text_bytes: "NDArray[np.int64] | None" = field(default=None, repr=False)

    @property
    def documents(self) -> int:
        """How many documents were read for it."""
        return self.counts.documents

    @property
    def tokens(self) -> int:
        """Tokens in all rows, padding left out."""
        return int((self.starts[self.members + 1] - self.starts[self.members]).sum())

    @property
    def loss_tokens(self) -> int:
        """Tokens that a loss is taken at."""
        import numpy as np

        return int(np.add.reduceat(self.learned, self.starts[:-1], dtype=np.int64)[self.members].sum())

    @property
    def fill(self) -> float:
        """The share of the rows that is not padding."""
        return self.tokens / (len(self) * self.max_length) if len(self) else 0.0

    @property
    def digest(self) -> str:
        """`sha256:` over ids, what is learned, piece boundaries and rows, each little-endian."""
        state = hashlib.sha256(f"assay/dataset/v2 {self.max_length}\n".encode())
        for name in ("ids", "learned", "starts", "members", "row_starts"):
            array, kind = getattr(self, name), KINDS[name]
            state.update(f"{name} {len(array)}\n".encode())
            for start in range(0, len(array), BLOCK):
                state.update(array[start : start + BLOCK].astype(kind).tobytes())
        return "sha256:" + state.hexdigest()

    def __len__(self) -> int:
        """How many rows."""
        return len(self.row_starts) - 1

    def __getitem__(self, index: int) -> list[Piece]:
        """The pieces of a row."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return [self.piece(number) for number in self.members[self.row_starts[index] : self.row_starts[index + 1]]]

    def piece(self, number: int) -> Piece:
        """One piece, whatever row it stands in."""
        where = slice(self.starts[number], self.starts[number + 1])
        return Piece(self.ids[where].tolist(), self.learned[where].tolist())


def build(
    shards: Sequence["CertifiedShard"], tokenizer: "TokenizerFolder", max_length: int, *, with_bytes: bool = False
) -> Dataset:
    """The packed dataset of one corpus's shards, of plain text; as `build_all`."""
    return build_all((Part(shards),), tokenizer, max_length, with_bytes=with_bytes)


def build_all(
    parts: Sequence[Part],
    tokenizer: "TokenizerFolder",
    max_length: int,
    *,
    data: Data = TEXT,
    template: "Template | None" = None,
    seed: int = 0,
    with_bytes: bool = False,
    folder: Path | None = None,
) -> Dataset:
    """The packed dataset of several corpora.

    Args:
        parts: each corpus's shards and weight.
        tokenizer: makes ids of text.
        max_length: tokens in a row, and in a piece.
        data: the format, and what becomes of long documents.
        template: the chat template, for messages.
        seed: chooses which documents a weight's fraction takes.
        with_bytes: with `text_bytes`.
        folder: an empty one, where ids are kept instead of memory.

    Raises:
        VerificationError: a shard's bytes are not what was certified.
        TuneRefused: the shards lack a column, or there is nothing to learn from.
    """
    import numpy as np

    pieces, tally = _Pieces(folder), Counter[str]()
    dropped = Counter[str]()
    with pieces.open():
        for number, part in enumerate(parts):
            chosen = random.Random(f"{seed} {number}")  # noqa: S311 (a choice of documents, no secret)
            for one in documents(part.shards, tokenizer, data, template, with_bytes=with_bytes):
                tally["documents"] += 1
                times = int(part.weight) + (chosen.random() < part.weight % 1)
                if isinstance(one, Dropped):
                    dropped[one.reason] += 1
                elif not times:
                    tally["not_chosen"] += 1
                else:
                    _add(one, times, pieces, data, max_length, tally, dropped)
    if not pieces.times:
        raise TuneRefused(_nothing(parts, dropped))
    starts = np.cumsum([0, *pieces.lengths], dtype=np.int64)
    members, row_starts = packed(pieces.lengths, pieces.times, max_length)
    counts = Counts(**{name: tally[name] for name in COUNTED}, dropped=tuple(sorted(dropped.items())))
    text_bytes = np.asarray(pieces.held, dtype=np.int64) if with_bytes else None
    return Dataset(*pieces.arrays(), starts, members, row_starts, max_length, counts, text_bytes)


COUNTED = ("documents", "used", "not_chosen", "windows_without_loss", "tokens_cut", "straddles")


def some_rows(data: Dataset, rows: int) -> Dataset:
    """A dataset of at most `rows` rows of `data`, evenly spaced; its counts are still of what `data` was made from."""
    import numpy as np

    if rows >= len(data):
        return data
    chosen = [index * len(data) // rows for index in range(rows)]
    kept = np.concatenate([data.members[data.row_starts[row] : data.row_starts[row + 1]] for row in chosen])
    places = [slice(data.starts[piece], data.starts[piece + 1]) for piece in kept]
    return Dataset(
        np.concatenate([data.ids[place] for place in places]),
        np.concatenate([data.learned[place] for place in places]),
        np.cumsum([0, *(place.stop - place.start for place in places)], dtype=np.int64),
        np.arange(len(kept), dtype=np.int64),
        np.cumsum([0, *(data.row_starts[row + 1] - data.row_starts[row] for row in chosen)], dtype=np.int64),
        data.max_length,
        data.counts,
        None if data.text_bytes is None else data.text_bytes[kept],
    )


def collate(rows: Sequence[Sequence[Piece]], pad_id: int = 0) -> dict[str, "torch.Tensor"]:
    """The tensors of a batch of rows, each `[batch, sequence]`, padded to its longest row; see the module's docstring."""
    import torch

    longest = max(sum(len(piece.ids) for piece in row) for row in rows)
    batch: dict[str, list[list[int]]] = {"input_ids": [], "labels": [], "position_ids": []}
    for row in rows:
        padding = longest - sum(len(piece.ids) for piece in row)
        ids = [token for piece in row for token in piece.ids]
        learned = [flag and at > 0 for piece in row for at, flag in enumerate(piece.learned)]
        labels = [token if flag else IGNORED for token, flag in zip(ids, learned, strict=True)]
        positions = [position for piece in row for position in range(len(piece.ids))]
        batch["input_ids"].append(ids + [pad_id] * padding)
        batch["labels"].append(labels + [IGNORED] * padding)
        batch["position_ids"].append(positions + list(range(padding)))
    return {name: torch.tensor(values, dtype=torch.long) for name, values in batch.items()}


class _Pieces:
    """Pieces as they are made: their ids and flags in memory, or in two files of a folder; of each its length and the rest."""

    def __init__(self, folder: Path | None) -> None:
        self.lengths: list[int] = []
        self.times: list[int] = []
        self.held: list[int] = []
        self._folder = folder
        self._memory: tuple[list[Any], list[Any]] = ([], [])
        self._files: list[Any] = []

    def open(self) -> ExitStack:
        """Closes the files at its end."""
        stack = ExitStack()
        if self._folder is not None:
            self._files = [stack.enter_context((self._folder / f"{name}.bin").open("wb")) for name in ON_DISK]
        return stack

    def add(self, ids: Any, learned: Any, held: int, times: int) -> None:
        self.lengths.append(len(ids))
        self.times.append(times)
        self.held.append(held)
        for number, array in enumerate((ids, learned)):
            if self._files:
                self._files[number].write(array.astype(KINDS[ON_DISK[number]]).tobytes())
            else:
                self._memory[number].append(array)

    def arrays(self) -> tuple[Any, Any]:
        import numpy as np

        if self._folder is None:
            ids, learned = (np.concatenate(arrays) for arrays in self._memory)
        else:
            ids, learned = (np.memmap(self._folder / f"{name}.bin", dtype=KINDS[name], mode="r") for name in ON_DISK)
        return ids, learned


def _add(
    one: Encoded,
    times: int,
    pieces: _Pieces,
    data: Data,
    max_length: int,
    tally: Counter[str],
    dropped: Counter[str],
) -> None:
    """Cuts a document into pieces and counts what is left out."""
    size = len(one.ids)
    if size > max_length and data.long == "drop":
        dropped[TOO_LONG] += 1
        return
    made, cut, windows = 0, 0, 0
    for start, end, context in _windows(size, max_length, data):
        learned = one.learned[start:end].copy()
        learned[: max(1, context)] = False
        if not learned.any():
            windows += 1
            cut += end - start - context
            continue
        made += 1
        pieces.add(one.ids[start:end], learned, int(one.held[start:end][learned].sum()), times)
    if not made:
        dropped[NOTHING_LEARNED] += 1
        return
    if data.long == "truncate":
        cut += max(0, size - max_length)
    tally["used"] += 1
    tally["windows_without_loss"] += windows
    tally["tokens_cut"] += cut
    tally["straddles"] += one.straddles


def _windows(size: int, max_length: int, data: Data) -> Iterator[tuple[int, int, int]]:
    """Where each piece of a document begins and ends, and how many of its first tokens are context alone."""
    yield 0, min(size, max_length), 0
    end = max_length
    while data.long == "split" and end < size:
        start = end - data.overlap
        end = start + max_length
        yield start, min(size, end), data.overlap


def _nothing(parts: Sequence[Part], dropped: Counter[str]) -> str:
    folders = [str(part.shards[0].path.parent) for part in parts if part.shards]
    if not dropped and parts:
        return f"{', '.join(folders)}: no document was chosen by its weight; raise the weight"
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items())) or "no document"
    return f"{', '.join(folders) or 'the corpus'}: no document to learn from ({reasons}); nothing to train on"
