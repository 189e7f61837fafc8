"""Writes an extended tokenizer for other engines, beside its own file, where they would give the same ids.

Byte-level BPE is also written as the ranks of tiktoken, a SentencePiece model also as a `tokenizer.json`. Each is written
where it is exact and else refused with the reason, which the record keeps. `vocab.check` makes each again and compares.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from vocab.base import FAMILY, TOKENIZER, Base
from vocab.errors import VocabRefused
from vocab.model_base import ModelBase, Origin
from vocab.piece_export import export, parity
from vocab.tiktoken_ranks import rank_lines, refusal, settings

RANKS = "tokenizer.tiktoken"
SETTINGS = "tiktoken.json"


@dataclass(frozen=True, slots=True)
class Export:
    """What was written for an engine: its files by name, or why there are none."""

    engine: str
    files: dict[str, bytes] = field(repr=False)
    refused: str = ""


def exports(extended: Origin, texts: Iterable[str] = ()) -> tuple[Export, ...]:
    """The exports of `extended`; that of a SentencePiece model is compared with it on `texts`.

    WordPiece and exports of SentencePiece have none: their `tokenizer.json` is what other libraries read.
    """
    if isinstance(extended, ModelBase):
        return (_as_json(extended, texts),)
    return (_as_ranks(extended),) if extended.family == FAMILY else ()


def _as_ranks(extended: Base) -> Export:
    reason = refusal(extended.spec)
    if reason:
        return Export("tiktoken", {}, reason)
    return Export("tiktoken", {RANKS: rank_lines(extended.spec), SETTINGS: _spell(settings(extended.spec))})


def _as_json(extended: ModelBase, texts: Iterable[str]) -> Export:
    try:
        spec = export(extended.model)
    except VocabRefused as error:
        return Export("tokenizers", {}, str(error).removeprefix(f"{extended.path}: "))
    different = parity(extended.model, spec, texts)
    if different:
        return Export("tokenizers", {}, f"{different:,} texts have other ids by a tokenizer.json")
    return Export("tokenizers", {TOKENIZER: _spell(spec)})


def _spell(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode()
