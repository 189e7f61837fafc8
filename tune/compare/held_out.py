"""The held-out documents of a certified corpus as pieces that a model can read, and the bytes that their tokens stand for.

Each token but the first of a document is predicted once: a document longer than the window is cut into windows of which each
begins with the last token of the one before, as its context. With a token that begins a text, every byte is predicted; without
one, the first token's bytes are left out. The token that ends a text is predicted and has no bytes. This is how training
measures too, but that it does not repeat a token between windows.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from govern.corpus import read_certified
from tune.dataset import Piece
from tune.documents import COLUMNS, Dropped, documents
from tune.errors import TuneRefused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.attestation import CertifiedCorpus
    from tune.chat import Template
    from tune.folders import TokenizerFolder
    from tune.recipe import Data

LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")
"""What a language is called (BCP 47: language, script, region); anything else in the column counts as not known, since a report
must not show what stands in documents."""
OTHER = "und"


@dataclass(frozen=True, slots=True)
class Read:
    """One held-out document under one tokenizer: its pieces, how many tokens are predicted, and the bytes they stand for."""

    pieces: tuple[Piece, ...] = field(repr=False)
    tokens: int
    size: int


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Held-out documents by their number in the corpus; `dropped` are those that could not be measured, by reason."""

    documents: int
    chosen: int
    read: dict[int, Read] = field(repr=False)
    dropped: tuple[tuple[str, int], ...]
    langs: dict[int, str] = field(repr=False)


def read(
    corpus: "CertifiedCorpus",
    words: "TokenizerFolder",
    window: int,
    data: "Data",
    template: "Template | None",
    rows: int | None,
) -> HeldOut:
    """The held-out documents of `corpus`, at most `rows` of them, evenly spaced.

    Raises:
        VerificationError: a shard's bytes are not what was certified.
        TuneRefused: the corpus has no held-out part, or none of its documents can be measured.
    """
    if not corpus.held_out:
        raise TuneRefused(
            f"{corpus.path}: no held-out part, and text that was trained on shows nothing; "
            "certify the corpus again with a policy that holds documents out, or give another corpus"
        )
    total = sum(shard.documents for shard in corpus.held_out)
    many = total if rows is None else min(rows, total)
    chosen = {number * total // many for number in range(many)}
    found: dict[int, Read] = {}
    dropped: Counter[str] = Counter()
    for number, one in enumerate(documents(corpus.held_out, words, data, template, with_bytes=True)):
        if number not in chosen:
            continue
        if isinstance(one, Dropped):
            dropped[one.reason] += 1
            continue
        learned = one.learned.copy()
        learned[0] = False
        size = int(one.held[learned].sum())
        if not size:
            dropped["no byte to predict"] += 1
            continue
        found[number] = Read(_windows(one.ids, learned, window), int(learned.sum()), size)
    if not found:
        raise TuneRefused(f"{corpus.path}: no held-out document of two tokens or more; give a corpus with some")
    return HeldOut(total, many, found, tuple(sorted(dropped.items())), _languages(corpus))


def format_of(corpus: "CertifiedCorpus", data: "Data") -> "Data":
    """How the held-out documents are to be read: as `data` says where their columns fit, else as the columns they have.

    What is measured is what is learned in training; long documents are cut, never left out.
    """
    columns = read_certified(corpus.held_out[0]).columns if corpus.held_out else []
    fitting = [name for name, needed in COLUMNS.items() if all(column in columns for column in needed)]
    if data.format not in fitting and fitting:
        data = data.model_copy(update={"format": fitting[0]})
    return data


def in_order(held: HeldOut) -> list[int]:
    """The numbers of the documents, ordered by what they hold: however a corpus is sorted, results are the same."""
    import numpy as np

    def key(number: int) -> tuple[int, bytes]:
        pieces = held.read[number].pieces
        return held.read[number].tokens, b"".join(np.asarray(piece.ids, dtype="<i4").tobytes() for piece in pieces)

    return sorted(held.read, key=key)


def _windows(ids: "NDArray[np.int32]", learned: Any, window: int) -> tuple[Piece, ...]:
    pieces = []
    for start in range(0, len(ids) - 1, window - 1):
        flags = learned[start : start + window].copy()
        flags[0] = False
        if flags.any():
            pieces.append(Piece(ids[start : start + window].tolist(), flags.tolist()))
    return tuple(pieces)


def _languages(corpus: "CertifiedCorpus") -> dict[int, str]:
    """Each document's language where the corpus has a column for it."""
    said: list[Any] = []
    for shard in corpus.held_out:
        frame = read_certified(shard)
        if "lang" not in frame.columns:
            return {}
        said += frame["lang"].to_list()
    return {number: lang if _is_language(lang) else OTHER for number, lang in enumerate(said)}


def _is_language(lang: Any) -> bool:
    return isinstance(lang, str) and LANGUAGE.fullmatch(lang) is not None
