"""Reads a SentencePiece `.model`: its pieces with scores and kinds, and what its trainer and normalizer say.

The file is a protocol buffer (`sentencepiece_model.proto`), read here field by field, so that nothing but `sentencepiece` is
needed; that library then has to load the same bytes and agree on the number of pieces. Families are BPE and Unigram.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vocab.errors import VocabError

BPE = "SentencePiece BPE"
UNIGRAM = "SentencePiece Unigram"
Kind = Literal["normal", "unknown", "control", "user-defined", "unused", "byte"]
KINDS: dict[int, Kind] = {1: "normal", 2: "unknown", 3: "control", 4: "user-defined", 5: "unused", 6: "byte"}
"""The values of `SentencePiece.Type`."""
_MODEL_TYPES = {1: UNIGRAM, 2: BPE, 3: "SentencePiece words", 4: "SentencePiece characters"}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_AGAIN = "check the file, or get it again"

Field = tuple[int, int, Any]
"""The number of a field, its wire type, its value: an int or bytes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece by its place, which is its id: the text (spaces as ▁), its score, its kind."""

    text: str
    score: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class SentencePiece:
    """A SentencePiece model, as its file says.

    `byte_fallback`: a character that is no piece is spelled in byte pieces. `add_dummy_prefix`: a space is put before a
    text. `remove_extra_whitespaces`: spaces at both ends go, and of several in a row one stays. `charsmap`: the compiled map of
    characters of the normalizer, empty where it leaves them alone.
    """

    file: Path
    sha256: str
    family: str
    pieces: tuple[Piece, ...] = field(repr=False)
    unk_id: int
    byte_fallback: bool
    split_digits: bool
    normalizer: str
    add_dummy_prefix: bool
    remove_extra_whitespaces: bool
    charsmap: bytes = field(repr=False)
    data: bytes = field(repr=False)

    def processor(self) -> Any:
        """The library's processor of this model."""
        return _processor(self.data, str(self.file))


def read_model(file: Path) -> SentencePiece:
    """The model in `file`.

    Raises:
        VocabError: it cannot be read, is no SentencePiece model, has pieces of an unknown kind, or is neither BPE nor Unigram.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise VocabError(f"{file}: {error.strerror or 'cannot be read'}; check the file and its permissions") from None
    return parse_model(data, file)


def parse_model(data: bytes, file: Path) -> SentencePiece:
    """The model in these bytes of `file`; raises as `read_model` does."""
    where = str(file)
    fields = list(_fields(data, where))
    pieces = tuple(
        _piece(list(_fields(_as_bytes(value, kind, where), where)), f"{where}: piece {at}")
        for at, (kind, value) in enumerate((kind, value) for number, kind, value in fields if number == 1)
    )
    if not pieces:
        raise VocabError(f"{where}: no pieces, so no SentencePiece model; {_AGAIN}")
    trainer = _merged(fields, 2, where)
    normalizer = _merged(fields, 3, where)
    family = _MODEL_TYPES.get(trainer.get(3, 1), "of an unknown model type")
    if family not in (BPE, UNIGRAM):
        raise VocabError(f"{where}: {family}; expected {BPE} or {UNIGRAM}; choose another tokenizer")
    unknown = [at for at, piece in enumerate(pieces) if piece.kind == "unknown"]
    if len(unknown) != 1:
        raise VocabError(f"{where}: {len(unknown)} unknown pieces, expected 1; {_AGAIN}")
    size = _processor(data, where).get_piece_size()
    if size != len(pieces):
        raise VocabError(f"{where}: {len(pieces):,} pieces, but the library reads {size:,}; {_AGAIN}")
    name = normalizer.get(1, b"")
    return SentencePiece(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        family=family,
        pieces=pieces,
        unk_id=unknown[0],
        byte_fallback=bool(trainer.get(35, 0)),
        split_digits=bool(trainer.get(25, 0)),
        normalizer=_text(name, where) or "unnamed",
        add_dummy_prefix=bool(normalizer.get(3, 1)),
        remove_extra_whitespaces=bool(normalizer.get(4, 1)),
        charsmap=bytes(normalizer.get(2, b"")),
        data=data,
    )


def _piece(fields: list[Field], where: str) -> Piece:
    values = {number: (kind, value) for number, kind, value in fields}
    if any(
        values[number][0] != kind for number, kind in ((1, _BYTES), (2, _FIXED32), (3, _VARINT)) if number in values
    ):
        raise VocabError(f"{where}: text, score or type is of another kind than in a SentencePiece model; {_AGAIN}")
    text = _text(values.get(1, (_BYTES, b""))[1], where)
    (score,) = struct.unpack("<f", values[2][1]) if 2 in values else (0.0,)
    number = values.get(3, (_VARINT, 1))[1]
    if number not in KINDS:
        raise VocabError(f"{where}: type {number}, expected 1 to 6; {_AGAIN}")
    if not text:
        raise VocabError(f"{where}: has no text; {_AGAIN}")
    return Piece(text, score, KINDS[number])


def _merged(fields: list[Field], number: int, where: str) -> dict[int, Any]:
    """The last value of each field of an embedded message; its parts, where it stands several times, count as one."""
    whole = b"".join(_as_bytes(value, kind, where) for found, kind, value in fields if found == number)
    return {inner: value for inner, _, value in _fields(whole, where)}


def _as_bytes(value: Any, kind: int, where: str) -> bytes:
    if kind != _BYTES:
        raise _no_model(where)
    whole: bytes = value
    return whole


def _text(value: Any, where: str) -> str:
    try:
        return bytes(value).decode() if isinstance(value, bytes) else ""
    except UnicodeDecodeError:
        raise VocabError(f"{where}: a text in it is not UTF-8; {_AGAIN}") from None


def _fields(data: bytes, where: str) -> Iterator[Field]:
    """The fields of a message in protocol-buffer wire format."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at, where)
        number, kind = tag >> 3, tag & 7
        value: Any
        if kind == _VARINT:
            value, at = _varint(data, at, where)
        elif kind in (_FIXED32, _FIXED64, _BYTES):
            size, at = _varint(data, at, where) if kind == _BYTES else ({_FIXED32: 4, _FIXED64: 8}[kind], at)
            value = data[at : at + size]
            at += size
        if number == 0 or kind not in (_VARINT, _FIXED32, _FIXED64, _BYTES) or at > len(data):
            raise _no_model(where)
        yield number, kind, value


def _varint(data: bytes, at: int, where: str) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _no_model(where)


def _no_model(where: str) -> VocabError:
    return VocabError(f"{where}: not a SentencePiece model (no protocol buffer of one, or cut); {_AGAIN}")


def _processor(data: bytes, where: str) -> Any:
    from sentencepiece import SentencePieceProcessor

    try:
        return SentencePieceProcessor(model_proto=data)
    except RuntimeError:
        raise VocabError(f"{where}: the sentencepiece library cannot load it; {_AGAIN}") from None
