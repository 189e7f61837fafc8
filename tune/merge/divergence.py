"""How far one model's next-token distribution lies from another's, in nats, on text that is named.

In: two models in memory and a text in ids. Out: mean and maximum over its tokens of KL(P ‖ Q) = Σ p (ln p − ln q), computed in
float64 from the logits. Zero means that the second model predicts what the first does, whatever it is asked. The text is that
of a certified corpus, its held-out part where it has one; without a corpus, ids drawn from a fixed seed.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune import dataset
from tune.chat import Template
from tune.documents import COLUMNS
from tune.errors import TuneRefused
from tune.recipe import Data

if TYPE_CHECKING:
    import torch

    from govern.attestation import CertifiedCorpus
    from tune.folders import TokenizerFolder

TOKENS = 8192
"""Tokens that are measured on, about; both models read them once."""
LENGTH = 512
"""Tokens in a row, at most: at 128,000 ids, a row's logits are 262 MB."""
SEED = 0
CONTENTS = "{% for one in messages %}{{ one['content'] }}\n{% endfor %}"
"""How a conversation is written here: the template that it was trained with may be a file of the recipe's alone."""
AT_ONCE = 128
"""Positions whose distributions are held in float64 at one time: at 128,000 ids, 131 MB each."""

Batch = dict[str, "torch.Tensor"]


@dataclass(frozen=True, slots=True)
class Text:
    """What is measured on: rows of ids, each `[1, sequence]`, and its record, which holds digests and no text."""

    record: dict[str, Any]
    batches: tuple[Batch, ...] = field(repr=False)

    @property
    def sentence(self) -> str:
        """The text in words."""
        return f"{self.record['tokens']:,} tokens of {self.record['what']}"


@dataclass(frozen=True, slots=True)
class Divergence:
    """KL(P ‖ Q) over `tokens` tokens, nats, and at how many of them the likeliest next token is another."""

    mean: float
    maximum: float
    tokens: int
    first_choice_differs: int

    def record(self) -> dict[str, Any]:
        """The numbers as JSON."""
        return {
            "mean_nats": self.mean,
            "maximum_nats": self.maximum,
            "tokens": self.tokens,
            "first_choice_differs": self.first_choice_differs,
        }


def of_corpora(corpora: Sequence["CertifiedCorpus"], words: "TokenizerFolder", positions: int | None) -> Text:
    """Rows of certified corpora, evenly spaced: of their held-out parts, or of their documents where none has one.

    Args:
        corpora: whose text, one at least, all of one format.
        words: makes ids of it.
        positions: the longest row that the models take.

    Raises:
        VerificationError: a shard's bytes are not what was certified.
        TuneRefused: the shards have no column to read, or hold no text.
    """
    what, parts = "held-out text", [dataset.Part(one.held_out) for one in corpora if one.held_out]
    if not parts:
        what, parts = "documents", [dataset.Part(one.documents[:1]) for one in corpora]
    data = Data(format=_format(parts[0].shards[0].path), loss="all")
    template = Template(CONTENTS, "", {}) if data.format == "messages" else None
    length = _length(positions)
    rows = dataset.build_all(parts, words, length, data=data, template=template)
    some = dataset.some_rows(rows, -(-TOKENS // length))
    batches = tuple(dataset.collate([some[row]]) for row in range(len(some)))
    return Text(
        _record(f"certified {what}", some.digest, some.tokens, [one.certificate.digest for one in corpora]), batches
    )


def of_random_ids(words: "TokenizerFolder", positions: int | None) -> Text:
    """Rows of ids drawn from `SEED`, every second one a new id where the tokenizer has some."""
    import random

    import torch

    chance, length = random.Random(SEED), _length(positions)  # noqa: S311 (text to measure on, no secret)
    rows = [
        [
            words.new_ids[chance.randrange(len(words.new_ids))]
            if at % 2 and words.new_ids
            else chance.randrange(words.size)
            for at in range(length)
        ]
        for _ in range(-(-TOKENS // length))
    ]
    batches = tuple({"input_ids": torch.tensor([row]), "position_ids": torch.arange(len(row))[None]} for row in rows)
    sums = hashlib.sha256(b"".join(token.to_bytes(4, "little") for row in rows for token in row)).hexdigest()
    return Text(_record("random ids, no language", f"sha256:{sums}", len(rows) * length, []), batches)


def measure(trained: Any, other: Any, text: Text) -> Divergence:
    """KL(trained ‖ other) on `text`; both models are set to evaluate, and may lie on different devices.

    Raises:
        TuneRefused: a model gives a logit that is no number.
    """
    import torch

    total, largest, tokens, differs = 0.0, 0.0, 0, 0
    for batch in text.batches:
        with torch.no_grad():
            one, two = (_logits(model, batch) for model in (trained.eval(), other.eval()))
        for start in range(0, len(one), AT_ONCE):
            p, q = (logits[start : start + AT_ONCE].double().log_softmax(-1) for logits in (one, two))
            each = (p.exp() * (p - q)).sum(-1).clamp(min=0)  # rounding can leave -1e-17
            total += float(each.sum())
            largest = max(largest, float(each.max()))
            differs += int((p.argmax(-1) != q.argmax(-1)).sum())
        tokens += len(one)
        if not math.isfinite(total):
            raise TuneRefused(
                "the divergence is no number, so a weight is none or too large; restore the adapter, or train anew"
            )
    return Divergence(total / tokens, largest, tokens, differs)


def _record(what: str, sums: str, tokens: int, certificates: list[str]) -> dict[str, Any]:
    return {"what": what, "certificates": certificates, "digest": sums, "tokens": tokens}


def _format(shard: Path) -> Any:
    """The format whose columns a shard has; that of a recipe is not asked, since any text of the corpus will do."""
    import polars as pl

    columns = pl.read_parquet_schema(shard)
    return next((name for name, needed in COLUMNS.items() if all(one in columns for one in needed)), "text")


def _length(positions: int | None) -> int:
    return LENGTH if positions is None else min(LENGTH, positions)


def _logits(model: Any, batch: Batch) -> "torch.Tensor":
    """`[sequence, vocabulary]`, on the processor; no mask, so packed documents do not attend to each other."""
    inputs = {name: batch[name].to(model.device) for name in ("input_ids", "position_ids")}
    logits: torch.Tensor = model(**inputs, use_cache=False).logits[0].cpu()
    return logits
