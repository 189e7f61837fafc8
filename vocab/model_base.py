"""A SentencePiece `.model` as a base: what `vocab.base.Base` is to a `tokenizer.json`, with the same names.

Its tokens are pieces, spelled with ▁ for a space; control, unknown and user-defined pieces are its added tokens. It has no
pre-tokenizer: its words are what stands between two ▁ of the normalised text.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vocab.base import Base, find, load, read_file, refuse_extended
from vocab.errors import VocabError
from vocab.piece_models import SPACE, extended_model, normalizing_processor, plain_processor
from vocab.processors import PieceProcessor
from vocab.rank_files import is_tiktoken
from vocab.sentence_piece import Piece, SentencePiece, parse_model

_SPECIAL = ("control", "unknown", "user-defined")


@dataclass(frozen=True, slots=True)
class ModelBase:
    """A SentencePiece model as read; `merges` and missing bytes it has none of."""

    model: SentencePiece
    _built: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    merges = ()
    missing_bytes = 0
    ignores_merges = False
    space = SPACE

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.model.file

    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes."""
        return self.model.sha256

    @property
    def family(self) -> str:
        """`SentencePiece BPE` or `SentencePiece Unigram`."""
        return self.model.family

    @property
    def vocab(self) -> dict[str, int]:
        """Piece to id, added tokens among them."""
        return {piece.text: at for at, piece in enumerate(self.model.pieces)}

    @property
    def added(self) -> dict[str, int]:
        """Control, unknown and user-defined pieces to id."""
        return {piece.text: at for at, piece in enumerate(self.model.pieces) if piece.kind in _SPECIAL}

    @property
    def next_id(self) -> int:
        """The number of pieces."""
        return len(self.model.pieces)

    @property
    def unknown_id(self) -> int | None:
        """The id of text that it cannot read; None where such text becomes bytes."""
        return None if self.model.byte_fallback else self.model.unk_id

    def spelled(self, text: str) -> str:
        """A normalised word as its pieces spell it."""
        return text

    def read(self, spelled: str) -> str:
        """The normalised word that is spelled so."""
        return spelled

    def tokenizer(self) -> Any:
        """The library's processor, behind the methods of a tokenizer."""
        return self._build("whole", None)

    def inner(self) -> Any:
        """The processor of what stands inside a text: it puts no space before its first word."""
        return self._build("inner", normalizing_processor)

    def model_alone(self) -> Any:
        """The processor of a word that is normalised already, with ▁ for its spaces."""
        return self._build("alone", plain_processor)

    def _build(self, name: str, how: Any) -> PieceProcessor:
        if name not in self._built:
            self._built[name] = PieceProcessor(self.model, how and how(self.model.data))
        built: PieceProcessor = self._built[name]
        return built

    def with_tags(self, tags: tuple[tuple[str, int], ...]) -> "ModelBase":
        """The same with masking tags as user-defined pieces, which are cut out of a text before anything else."""
        lowest = min(piece.score for piece in self.model.pieces if piece.kind == "normal")
        return ModelBase(extended_model(self.model, [Piece(tag, lowest, "user-defined") for tag, _ in tags]))


Origin = Base | ModelBase
"""What terms can be added to."""


def load_origin(path: Path) -> Origin:
    """The tokenizer at `path` that terms are to be added to: as `vocab.base.load`, or a SentencePiece `.model`.

    Raises:
        VocabError: nothing readable there, a kind that no term can be added to, or one that was extended already.
    """
    file = find(path)
    if file.suffix != ".model":
        return load(path)
    data = read_file(file)
    if is_tiktoken(data, file):
        return load(path)
    refuse_extended(file)
    return read_model_base(data, file)


def read_model_base(data: bytes, file: Path) -> ModelBase:
    """The base in these bytes of a `.model`.

    Raises:
        VocabError: no SentencePiece model, or one with a piece twice.
    """
    base = ModelBase(parse_model(data, file))
    if len(base.vocab) != base.next_id:
        raise VocabError(f"{file}: pieces that are listed twice, so ids have no one meaning; choose another base")
    return base
