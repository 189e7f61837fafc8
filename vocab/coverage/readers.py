"""A tokenizer as coverage needs it, of whatever family: ids of texts, where each token stands, and the bytes of each id.

Reads `tokenizer.json` (byte-level BPE, exports of SentencePiece, WordPiece), rank files and SentencePiece `.model` files;
what an extended tokenizer records about itself is read with it. A text can be encoded as such, or as it would stand inside
a longer one, without the space that some tokenizers put in front of a text.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vocab.base import EXPORT, FAMILY, TOKENIZER, UNIGRAM, Base, find, kinds, read_file, read_spec
from vocab.byte_alphabet import read
from vocab.coverage.growth import Merges, merges_of
from vocab.errors import VocabError
from vocab.extension import read_record
from vocab.model_base import ModelBase, Origin
from vocab.piece_models import SPACE
from vocab.rank_files import is_tiktoken
from vocab.sentence_piece import BPE as BPE_MODEL
from vocab.sentence_piece import UNIGRAM as UNIGRAM_MODEL
from vocab.sentence_piece import parse_model

USUAL = ("tokenizer.json", "tokenizer.model")
"""Names of files that say nothing: the folder names the tokenizer."""
Offsets = list[tuple[int, int]]
Ints = npt.NDArray[np.int64]
PART = "\ufffd"
"""Stands for a part of a character at the edge of a token."""
_OVER_SPACE = re.compile(rb"[^\s] ")
PIECES = (BPE_MODEL, UNIGRAM_MODEL, EXPORT, UNIGRAM)
"""Families that write a space as ▁."""


@dataclass(frozen=True)
class Tokens:
    """What stands behind the ids of a tokenizer; arrays by id, up to the largest.

    `plain`: the id stands for bytes of text as they are. `blob`: the bytes of all plain ids, one after the other, each from
    `start` on, `size` long. `single_byte`: one byte of a longer character, or a byte piece. `fused`: see `numbers.fuses`.
    """

    plain: npt.NDArray[np.bool_]
    blob: npt.NDArray[np.uint8]
    start: Ints
    size: Ints
    single_byte: npt.NDArray[np.bool_]
    fused: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Reader:
    """A tokenizer that was opened: where it lies, its digest and family, and the tokenizer itself."""

    path: Path
    name: str
    sha256: str
    family: str
    origin: Origin = field(repr=False)
    record: dict[str, Any] | None = field(default=None, repr=False)
    """What `extension.json` says, where it is an extended tokenizer."""
    merges: Merges | None = field(default=None, repr=False)
    """Of byte-level BPE: which merges it has."""

    @property
    def engine(self) -> str:
        """The library that encodes."""
        return "sentencepiece" if isinstance(self.origin, ModelBase) else "tokenizers"

    @cached_property
    def vocab_size(self) -> int:
        """Ids that mean something, added tokens among them."""
        return len(self.origin.vocab.keys() | self.origin.added.keys())

    @cached_property
    def unknown_id(self) -> int | None:
        """The id of text that it cannot read, where it has one."""
        if isinstance(self.origin, ModelBase):
            return self.origin.model.unk_id
        model = self.origin.spec["model"]
        if self.origin.family == UNIGRAM:
            unknown: int | None = model.get("unk_id")
            return unknown
        return self.origin.vocab.get(model.get("unk_token") or "")

    @cached_property
    def over_spaces(self) -> tuple[str, ...]:
        """The texts of tokens in which a space follows a character that is no white space, or a part of one (`PART`)."""
        tokens = self.tokens
        data = tokens.blob.tobytes()
        rows = zip(tokens.start[tokens.plain].tolist(), tokens.size[tokens.plain].tolist(), strict=True)
        pieces = (data[start : start + size] for start, size in rows)
        return tuple(piece.decode("utf-8", "replace") for piece in pieces if _OVER_SPACE.search(piece))

    @cached_property
    def normalizes(self) -> bool:
        """Whether it reads some text as other text, spaces aside."""
        if isinstance(self.origin, ModelBase):
            return bool(self.origin.model.charsmap)
        return not {*kinds(self.origin.spec.get("normalizer"), "normalizers")} <= {"Prepend", "Replace"}

    @cached_property
    def composes(self) -> bool:
        """Whether it reads a character and the marks or letters after it as the one character that they compose."""
        if isinstance(self.origin, ModelBase):
            return False  # the library's offsets hold what was composed
        return not {"NFC", "NFKC"}.isdisjoint(kinds(self.origin.spec.get("normalizer"), "normalizers"))

    def offsets(self, texts: Sequence[str]) -> list[tuple[Offsets, int]]:
        """For each text the start and end of each token in code points, and how many of the tokens are the unknown one."""
        encoded = self.origin.tokenizer().encode_batch(list(texts), add_special_tokens=False)
        return [
            (list(one.offsets), 0 if self.unknown_id is None else one.ids.count(self.unknown_id)) for one in encoded
        ]

    def encode(self, texts: Sequence[str], *, inside: bool) -> list[Any]:
        """The encoding of each text, with `ids` and `offsets`; `inside`, as it would stand inside a longer text."""
        tokenizer = self.origin.inner() if inside else self.origin.tokenizer()
        encoded: list[Any] = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return encoded

    def ids(self, texts: Sequence[str], *, inside: bool) -> list[list[int]]:
        """The ids of each text."""
        tokenizer = self.origin.inner() if inside else self.origin.tokenizer()
        return [one.ids for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def decoded(self, ids: Sequence[int]) -> str:
        """The text of `ids`, special tokens as they are written."""
        text: str = self.origin.tokenizer().decode_batch([list(ids)], skip_special_tokens=False)[0]
        return text

    @cached_property
    def tokens(self) -> Tokens:
        """What stands behind the ids."""
        from vocab.numbers import fuses

        spelled = {**self.origin.vocab, **self.origin.added}
        said = {number: self._bytes(token) for token, number in spelled.items()}
        count = max(said, default=-1) + 1
        listed = [said.get(at) for at in range(count)]
        size = np.array([0 if one is None else len(one) for one in listed], np.int64)
        return Tokens(
            plain=np.array([one is not None for one in listed], np.bool_),
            blob=np.frombuffer(b"".join(one or b"" for one in listed), np.uint8),
            start=np.cumsum(size) - size,
            size=size,
            single_byte=np.array([one is not None and self._is_byte(one) for one in listed], np.bool_)
            | np.isin(np.arange(count), list(self._byte_pieces())),
            fused=np.array([one is not None and fuses(one.decode("utf-8", "replace")) for one in listed], np.bool_)
            & ~np.isin(np.arange(count), list(self.origin.added.values())),
        )

    def _bytes(self, token: str) -> bytes | None:
        """The text behind a token as bytes; None where that is not said by how it is spelled."""
        if self.family in PIECES:
            if token in self._byte_spelled:
                return bytes.fromhex(token[3:5])
            return token.replace(SPACE, " ").encode() if token not in self._silent else None
        if token in self._added:
            return token.encode()
        if self.family != FAMILY:
            return None
        try:
            return read(token)
        except KeyError:  # not of the byte alphabet: no text is spelled like this
            return None

    def _is_byte(self, one: bytes) -> bool:
        return self.family == FAMILY and len(one) == 1 and one[0] >= 0x80

    def _byte_pieces(self) -> list[int]:
        vocab = self.origin.vocab  # of a model it is made anew each time
        return [vocab[token] for token in self._byte_spelled]

    @cached_property
    def _byte_spelled(self) -> frozenset[str]:
        """The tokens that are byte pieces."""
        if isinstance(self.origin, ModelBase):
            return frozenset(piece.text for piece in self.origin.model.pieces if piece.kind == "byte")
        if self.family not in PIECES or not self.origin.spec["model"].get("byte_fallback"):
            return frozenset()
        every = {f"<0x{byte:02X}>" for byte in range(256)}
        return frozenset(every & self.origin.vocab.keys())

    @cached_property
    def _added(self) -> frozenset[str]:
        return frozenset(self.origin.added)

    @cached_property
    def _silent(self) -> frozenset[str]:
        """The tokens of a SentencePiece model that no text is read into as such."""
        if isinstance(self.origin, ModelBase):
            return frozenset(piece.text for piece in self.origin.model.pieces if piece.kind in ("control", "unknown"))
        return frozenset({self.origin.spec["model"].get("unk_token") or ""})


def open_tokenizer(path: Path) -> Reader:
    """The tokenizer at `path`, of whatever family.

    Raises:
        VocabError: nothing readable is there.
    """
    file, record = _found(path)
    data = read_file(file)
    named = path.absolute().parent if path.is_file() and path.name in USUAL else path.absolute()
    sha256 = hashlib.sha256(data).hexdigest()
    if record is not None and record["tokenizer"]["sha256"] != "sha256:" + sha256:
        raise VocabError(f"{file}: sha256 is not the one in its record beside it; restore the files or extend again")
    if file.suffix == ".model" and not is_tiktoken(data, file):
        model = parse_model(data, file)
        return _fitting(Reader(path, named.name, sha256, model.family, ModelBase(model), record))
    base = Base(file, sha256, read_spec(data, file))
    if base.spec["model"].get("dropout"):
        raise VocabError(f"{file}: BPE with dropout gives the same text other tokens each time; set 'dropout' to null")
    light = _without_merges(base)
    merges = merges_of(base.spec, record) if base.family == FAMILY else None
    return _fitting(Reader(path, named.name, sha256, base.family, light, record, merges))


def _fitting(reader: Reader) -> Reader:
    """`reader`, where the new ids of its record are its tokens."""
    said = {**reader.origin.vocab, **reader.origin.added}
    new = reader.record["new_ids"] if reader.record else ()
    odd = sum(said.get(one["token"]) != one["id"] for one in new)
    if odd:
        raise VocabError(f"{reader.path}: {odd} new ids of its record are not those of its tokens; extend again")
    return reader


def file_of(path: Path) -> Path:
    """The file of the tokenizer at `path`; in the folder of an extension the one that its record names.

    Raises:
        VocabError: nothing readable is there.
    """
    return _found(path)[0]


def _found(path: Path) -> tuple[Path, dict[str, Any] | None]:
    """The file of the tokenizer at `path`, and the record of an extension that is about this very file."""
    record = read_record(path if path.is_dir() else path.parent)
    if record is None:
        return find(path), None
    name = record["tokenizer"].get("file", TOKENIZER)
    file = path / name if path.is_dir() else find(path)
    return file, record if file.name == name else None  # another is an export


def _without_merges(base: Base) -> Base:
    """`base` with its tokenizers built, and without the list of merges, which is as large as they are and not needed again."""
    base.tokenizer()
    base.inner()
    light = replace(base, spec={**base.spec, "model": {**base.spec["model"], "merges": []}})
    light.take_built(base)
    return light


_Key = tuple[tuple[Path, ...], tuple[str, ...]]
_opened: dict[_Key, tuple[Reader, ...]] = {}
"""The tokenizers that this process opened last."""


def opened(paths: tuple[Path, ...]) -> tuple[Reader, ...]:
    """The tokenizers at `paths`, opened now."""
    readers = tuple(named_apart([open_tokenizer(path) for path in paths]))
    _opened.clear()
    _opened[paths, tuple(reader.sha256 for reader in readers)] = readers
    return readers


def readers_of(paths: tuple[Path, ...], digests: tuple[str, ...]) -> tuple[Reader, ...]:
    """The same, opened once in a process.

    Raises:
        VocabError: one of the files is not that of its digest any more.
    """
    if (paths, digests) not in _opened:
        found = opened(paths)
        changed = [str(one.path) for one, digest in zip(found, digests, strict=True) if one.sha256 != digest]
        if changed:
            raise VocabError(f"{', '.join(changed)}: changed while it was read; run the command again")
    return _opened[paths, digests]


def named_apart(readers: Sequence[Reader]) -> list[Reader]:
    """The readers, each with a name of its own: with its place and the folder above where names are the same."""
    names = [reader.name for reader in readers]
    if len(set(names)) == len(names):
        return list(readers)
    return [
        replace(one, name=f"{at}. {one.path.absolute().parent.name}/{one.name}") for at, one in enumerate(readers, 1)
    ]
