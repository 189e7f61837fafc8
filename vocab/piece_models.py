"""Writes a SentencePiece `.model` with more pieces at its end, and takes them off again.

In: a model as read, and new pieces. Out: bytes. A `.model` is a protocol buffer, and a repeated field may go on after any
other, so the new pieces stand behind the original bytes: everything else survives bit for bit, and cutting them off gives
the original file. The trainer's own `vocab_size` is left as it was: the library counts pieces and never reads it. Changing a
model this way is not a documented use of the library, so what was written is read back by it and checked.
"""

import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocab.errors import VocabError, VocabRefused
from vocab.sentence_piece import Piece, SentencePiece, parse_model

if TYPE_CHECKING:
    from collections.abc import Iterable

SPACE = "▁"
"""What SentencePiece writes for a space."""
_PLAIN = b"\x0a\x08identity\x12\x00\x18\x00\x20\x00"
"""A normalizer that leaves text alone: its name, no map of characters, no space in front, no space taken away."""
_NO_PREFIX = b"\x18\x00"
_KINDS = {"normal": b"", "user-defined": b"\x18\x04"}
"""The kinds of new pieces, and the field that says so; terms are normal, masking tags user-defined."""
_CHUNK = 20_000
"""Texts that are encoded together."""


def extended_bytes(model: SentencePiece, new: Sequence[Piece]) -> bytes:
    """The bytes of `model` with `new` at the end; the ids go on from its number of pieces.

    Raises:
        VocabError: a new piece is neither normal nor user-defined, has no text or no finite score, or stands in the model
            already.
    """
    held = {piece.text for piece in model.pieces}
    for piece in new:
        if piece.kind not in _KINDS or not piece.text or not math.isfinite(piece.score) or piece.text in held:
            raise VocabError(
                f"{model.file}: a new piece is {piece.kind}, has score {piece.score}, or has no text or that of another "
                "piece; expected a normal or user-defined piece that the model lacks, with a finite score; leave it out"
            )
        held.add(piece.text)
    return model.data + b"".join(map(_entry, new))


def base_bytes(data: bytes, count: int, where: str = "extended model") -> bytes:
    """The original bytes of a model that had `count` pieces before `extended_bytes`, bit for bit.

    Raises:
        VocabError: `data` is no model, or does not end with pieces as `extended_bytes` writes them.
    """
    file = Path(where)
    pieces = parse_model(data, file).pieces
    added = b"".join(map(_entry, (piece for piece in pieces[count:] if piece.kind in _KINDS)))
    if not 0 < count <= len(pieces) or not data.endswith(added):
        raise VocabError(
            f"{where}: its {len(pieces):,} pieces do not end with those that were added to {count:,}; expected the model as "
            "it was written; get the base itself"
        )
    base = data[: len(data) - len(added)]
    if len(parse_model(base, file).pieces) != count:
        raise VocabError(f"{where}: without the added pieces it has not {count:,} pieces; get the base itself")
    return base


def extended_model(model: SentencePiece, new: Sequence[Piece]) -> SentencePiece:
    """`model` with `new` at its end, read back and checked.

    Raises:
        VocabError: a new piece cannot be written, or the library does not load the result.
        VocabRefused: the library gives a piece of the base another id, text or score, or a new one another id.
    """
    made = parse_model(extended_bytes(model, new), model.file)
    processor = made.processor()
    count = len(model.pieces)
    problems = []
    if made.pieces[:count] != model.pieces or made.pieces[count:] != tuple(
        Piece(piece.text, as_float32(piece.score), piece.kind) for piece in new
    ):
        problems.append(f"{model.file}: pieces read back are others than were written")
    odd = sum(processor.piece_to_id(piece.text) != at for at, piece in enumerate(made.pieces))
    if odd:
        problems.append(f"{model.file}: {odd} pieces have another id for the library than their place, expected none")
    if problems:
        raise VocabRefused(tuple(problems))
    return made


def as_float32(score: float) -> float:
    """The score as the file holds it."""
    try:
        (rounded,) = struct.unpack("<f", struct.pack("<f", score))
    except OverflowError:
        return math.copysign(math.inf, score)
    return float(rounded)


def plain_processor(data: bytes) -> Any:
    """The library's processor of the model, for text that is normalised already: spaces as ▁, nothing put in front."""
    return _overridden(data, _PLAIN)


def normalizing_processor(data: bytes) -> Any:
    """The library's processor of the model without the space that it puts in front of a text."""
    return _overridden(data, _NO_PREFIX)


def encoded(processor: Any, texts: "Iterable[str]") -> list[list[int]]:
    """The ids of each text, in batches."""
    every = list(texts)
    return [ids for at in range(0, len(every), _CHUNK) for ids in processor.encode(every[at : at + _CHUNK])]


def _overridden(data: bytes, normalizer: bytes) -> Any:
    """The processor of a model whose normalizer says what `normalizer` says: parts of one message count as one."""
    from sentencepiece import SentencePieceProcessor

    return SentencePieceProcessor(model_proto=data + b"\x1a" + _varint(len(normalizer)) + normalizer)


def _entry(piece: Piece) -> bytes:
    """Field 1 of a model: a piece with its text, score and kind, which is normal where it is not said."""
    text = piece.text.encode()
    message = b"\x0a" + _varint(len(text)) + text + b"\x15" + struct.pack("<f", piece.score) + _KINDS[piece.kind]
    return b"\x0a" + _varint(len(message)) + message


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])
