"""`tune merge`: an adapter whose chain holds becomes a model that plain transformers, vLLM or llama.cpp load.

In: a signed adapter, its base and its tokenizer. Out: a folder in one of two forms, with a record (`merge.json`) of how far it
lies from the trained model. `merged` is one model. `rows` is a base that holds the new token rows, beside an adapter of LoRA
alone, for engines that serve many adapters over one base and take no token rows.

The base was trained against in 4 bits, so the LoRA belongs to those 4-bit values, not to what was rounded to them: it is
dequantised, and merged into that, in float32. What was written is read back from disk and measured against the trained model;
past a limit nothing is kept. The folder is whole or absent.
"""

import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from govern.attestation import verify as verify_corpus
from tune import adapter as adapters
from tune.errors import TuneError, TuneInterrupted, TuneRefused
from tune.folders import base_model, new_folder, read_json, tokenizer_digest
from tune.gate import PURPOSE
from tune.loading import go_offline
from tune.merge import dequantised, files, record
from tune.merge.divergence import Divergence, Text, measure, of_corpora, of_random_ids
from tune.merge.sources import HeldIn, Sources, as_signed, checked
from tune.recipe import Quantisation
from vocab.folders import building

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govern.keys import PrivateKey

Form = Literal["merged", "rows"]
Dtype = Literal["float32", "bfloat16"]
BASE, ADAPTER = "base", "adapter"
"""The folders of the form `rows`."""
LIMITS: dict[Dtype, float] = {"float32": 1e-6, "bfloat16": 1e-4}
"""Mean divergence that is let pass, nats a token, where none is given."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A finished merge: its folder, how far it lies from the trained model, on which text, and what was recorded."""

    folder: Path
    divergence: Divergence
    text: Text
    predicate: dict[str, Any]
    signed: bool


def merge(
    adapter: Path,
    out: Path,
    *,
    trust: Sequence[Path],
    model: Path,
    words: Path,
    now: datetime,
    corpora: Sequence[Path] = (),
    revocations: Path | None = None,
    held_in: HeldIn | None = None,
    form: Form = "merged",
    dtype: Dtype = "float32",
    max_kl: float | None = None,
    key: "PrivateKey | None" = None,
    say: Callable[[str], None] = lambda _: None,
) -> Merged:
    """Writes the adapter, merged, to the new folder `out`.

    Args:
        adapter: a folder that `tune run` wrote.
        out: a new folder; it appears when it is whole.
        trust: the public keys that the chain is checked against.
        model: the base model it was trained on.
        words: the tokenizer it was trained with.
        now: the moment to check dates for, and the record's date of issue.
        corpora: the certified corpora it was trained on; checked, and their text is measured on.
        revocations: a signed revocation list to check.
        held_in: how the base of an attested adapter was held in its training, which nobody recorded.
        form: one model, or a base with the new rows beside a pure LoRA adapter.
        dtype: of the weights that are written.
        max_kl: the mean divergence that is let pass, nats a token; `LIMITS` where None.
        key: signs the record; it is unsigned where None.
        say: called with a line at each stage.

    Raises:
        GovernError: a folder or a key cannot be used.
        TuneError: `out` cannot be used, or memory or disk does not suffice.
        TuneRefused: the chain is broken, a weight is no number, or the divergence is above the limit.
        TuneInterrupted: stopped from the keyboard; nothing was kept.
    """
    limit = LIMITS[dtype] if max_kl is None else max_kl
    if not 0 <= limit < float("inf"):
        raise TuneError(f"--max-kl {limit}: expected a number of nats, 0 or more; correct it")
    new_folder(out, adapter, model, words, *corpora)
    go_offline()
    sources = checked(adapter, trust, model, words, now, corpora, revocations, held_in)
    if form == "rows" and read_json(adapter / adapters.CONFIG).get("use_dora"):
        raise TuneRefused(f"{adapter}: a DoRA adapter, which vLLM does not serve over a base; give --form merged")
    say(f"chain holds; not checked: {', '.join(sources.chain.unchecked) or 'nothing'}")
    text = _text(sources, corpora, trust, now)
    with _whole(out), building(out, record.RECORD) as partial:
        folder = partial if form == "merged" else partial / BASE
        _write(sources, form, dtype, folder, partial / ADAPTER)
        say(f"written; measuring on {text.sentence}")
        measured = _measured(sources, form, folder, partial / ADAPTER, text)
        if not measured.mean <= limit:
            remedy = "write float32, or let more pass" if dtype == "bfloat16" else "let more pass"
            raise TuneRefused(
                f"{out}: lies {measured.mean:.1e} nats a token from the trained model, more than {limit:.1e}; nothing was "
                f"kept: {remedy} with --max-kl"
            )
        as_signed(sources, base_model(model).digest, tokenizer_digest(words))
        what = record.Merge(form, dtype, limit, measured, text)
        predicate = record.write(partial, what, sources, key, issued=now)
    return Merged(out, measured, text, predicate, key is not None)


def _text(sources: Sources, corpora: Sequence[Path], trust: Sequence[Path], now: datetime) -> Text:
    positions = sources.base.positions
    if not corpora:
        return of_random_ids(sources.words, positions)
    found = [verify_corpus(corpus, trust, now=now, purpose=PURPOSE) for corpus in corpora]
    return of_corpora(found, sources.words, positions)


def _write(sources: Sources, form: Form, dtype: Dtype, folder: Path, lora: Path) -> None:
    """Writes the model to `folder`, and for `rows` the adapter to `lora`."""
    base = dequantised.load(sources.base, sources.numbers.quantisation)
    adapted = dequantised.with_lora(base, sources.adapter)
    model = dequantised.merged(adapted) if form == "merged" else dequantised.with_rows(adapted)
    files.write_model(model, dtype, sources.base.path, sources.words.path, folder)
    if form == "rows":
        files.write_lora(sources.adapter, lora)


def _measured(sources: Sources, form: Form, folder: Path, lora: Path, text: Text) -> Divergence:
    """The divergence of what lies in `folder`, read from disk, from the trained model."""
    found = dequantised.load(base_model(folder), Quantisation(type="none", compute="float32"))
    if form == "rows":
        found = dequantised.with_lora(found, lora)
    return measure(dequantised.trained(sources.adapter, sources.numbers, sources.base), found, text)


@contextmanager
def _whole(out: Path) -> "Iterator[None]":
    """Turns what ends a merge half-way into a sentence; `building` has removed the unfinished folder then."""
    import torch
    import transformers
    from safetensors import SafetensorError

    from tune.train import UNWRITTEN

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    again = "nothing was kept: mend that, and run the same command again"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # what the libraries will rename is not the user's business
            yield
    except KeyboardInterrupt:
        raise TuneInterrupted(f"{out}: stopped; nothing was kept, run the same command again") from None
    except torch.OutOfMemoryError:
        raise TuneError(
            f"{out}: the accelerator's memory does not suffice; nothing was kept. Merge on the processor: set "
            "CUDA_VISIBLE_DEVICES to nothing"
        ) from None
    except OSError as error:
        raise TuneError(f"{out}: {error.strerror or 'cannot be written'}; {again}") from None
    except (RuntimeError, SafetensorError) as error:
        if not any(sign in str(error) for sign in UNWRITTEN):
            raise
        raise TuneError(f"{out}: cannot be written, the disk may be full; {again}") from None
