"""A SentencePiece processor with the methods of `tokenizers.Tokenizer` that proofs use.

In: a model as read. Out: ids, and offsets in code points of the text as given, half open. Where the normalizer changes the
text, the library maps each piece back to what it was made of: a space put in front stands at the start with no length, and a
character that became several pieces is covered by the last of them. Each byte of a character has the place of the character.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from vocab.piece_models import SPACE, normalizing_processor
from vocab.sentence_piece import SentencePiece

Offset = tuple[int, int]


@dataclass(frozen=True)
class PieceEncoding:
    """The ids of a text; `offsets`, one for each id, are found when they are asked for."""

    ids: list[int]
    _text: str = field(repr=False)
    _processor: Any = field(repr=False)
    _bytes: frozenset[int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def offsets(self) -> list[Offset]:
        """Start and end of each id in the text as given, in code points."""
        said = self._processor.encode(self._text, out_type="offset_mapping")
        found: list[Offset] = [(start, end) for start, end in said["offsets"]]
        for at in range(len(found) - 2, -1, -1):
            if found[at][0] == found[at][1] and {self.ids[at], self.ids[at + 1]} <= self._bytes:
                found[at] = found[at + 1]
        return found


@dataclass(frozen=True)
class PieceNormalizer:
    """What a model makes of a text before it looks for pieces, with spaces as spaces and none put in front."""

    _processor: Any = field(repr=False)

    def normalize_str(self, text: str) -> str:
        """The normal form of `text`."""
        plain: str = self._processor.normalize(text)
        return plain.replace(SPACE, " ")


class PieceProcessor:
    """`model`, behind the methods of `tokenizers.Tokenizer` that `vocab.proof` uses; `processor` reads it in another way."""

    def __init__(self, model: SentencePiece, processor: Any = None) -> None:
        self._model = model
        self._processor = model.processor() if processor is None else processor
        self._bytes = frozenset(at for at, piece in enumerate(model.pieces) if piece.kind == "byte")
        plain = model.normalizer == "identity" and not model.remove_extra_whitespaces
        self.normalizer = None if plain else PieceNormalizer(normalizing_processor(model.data))

    def encode(self, text: str, add_special_tokens: bool = False) -> PieceEncoding:
        """The encoding of one text."""
        return self.encode_batch([text], add_special_tokens)[0]

    def encode_batch(self, texts: Sequence[str], add_special_tokens: bool = False) -> list[PieceEncoding]:
        """The encoding of each text; with `add_special_tokens` the control pieces that the library can add are refused."""
        if add_special_tokens:
            raise ValueError("a SentencePiece model does not say which control pieces to add; expected False")
        every = list(texts)
        return [
            PieceEncoding(ids, text, self._processor, self._bytes)
            for text, ids in zip(every, self._processor.encode(every), strict=True)
        ]

    def encode_batch_fast(self, texts: Sequence[str], add_special_tokens: bool = False) -> list[PieceEncoding]:
        """The same as `encode_batch`."""
        return self.encode_batch(texts, add_special_tokens)

    def normalized(self, text: str) -> str:
        """The text in which pieces are looked for, with ▁ for spaces."""
        return str(self._processor.normalize(text))

    def decode_batch(self, sequences: Sequence[Sequence[int]], skip_special_tokens: bool = False) -> list[str]:
        """The text of each list of ids; `skip_special_tokens` changes nothing: control pieces are no text anyway."""
        del skip_special_tokens
        lists = [list(ids) for ids in sequences]
        return [str(text) for text in self._processor.decode(lists)] if lists else []

    def get_vocab(self, with_added_tokens: bool = True) -> dict[str, int]:
        """Piece to id; without added tokens the control, unknown and user-defined pieces are left out."""
        special = () if with_added_tokens else ("control", "unknown", "user-defined")
        return {piece.text: at for at, piece in enumerate(self._model.pieces) if piece.kind not in special}
