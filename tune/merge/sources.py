"""What a merge is made of: an adapter, its base and its tokenizer, each what the adapter's signed provenance names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from govern.attestation import PREDICATE_ADAPTER, Opened, open_sealed
from govern.envelope import ENVELOPE_BYTES
from govern.inventory import read_plain
from govern.keys import load_trusted
from tune import adapter as adapters
from tune import chain
from tune.errors import TuneError, TuneRefused
from tune.folders import BaseModel, TokenizerFolder, base_model, tokenizer
from tune.recipe import Numbers, Quantisation, recorded
from tune.weights import finite, header

HeldIn = Literal["nf4", "none"]


@dataclass(frozen=True, slots=True)
class Sources:
    """What a merge is made of; every digest is that of the adapter's signed provenance."""

    adapter: Path
    provenance: bytes
    opened: Opened
    chain: chain.Chain
    numbers: Numbers
    base: BaseModel
    words: TokenizerFolder


def checked(
    adapter: Path,
    trust: Sequence[Path],
    model: Path,
    words: Path,
    now: datetime,
    corpora: Sequence[Path],
    revocations: Path | None,
    held_in: HeldIn | None,
) -> Sources:
    """The adapter and what belongs to it, where the chain holds."""
    found = chain.verify(adapter, trust, now=now, corpus=corpora, tokenizer=words, model=model, revocations=revocations)
    if not found.holds:
        broken = (link.sentence for link in found.links if link.status == "failed")
        raise TuneRefused("\n".join((f"{adapter}: its chain is broken, so nothing is merged", *broken)))
    path = adapter / adapters.PROVENANCE
    signed = read_plain(path, ENVELOPE_BYTES)
    opened = open_sealed(signed, str(path), PREDICATE_ADAPTER, load_trusted(trust, adapter))
    numbers = _numbers(adapter, opened.predicate, held_in)
    sources = Sources(adapter, signed, opened, found, numbers, base_model(model), tokenizer(words))
    as_signed(sources, sources.base.digest, sources.words.digest)
    _mergeable(sources)
    return sources


def as_signed(sources: Sources, base: str, words: str) -> None:
    """Refuses inputs that are no longer what the provenance names: they are read more than once."""
    pairs = (sources.base.path, base), (sources.words.path, words)
    chain.as_signed(sources.adapter, sources.opened, *pairs, doing="merged")


def _numbers(adapter: Path, claim: dict[str, Any], held_in: HeldIn | None) -> Numbers:
    """What the adapter was trained by, `auto` being what it was on the machine that trained it."""
    if claim.get("governance") == chain.ATTESTED:
        if held_in is None:
            raise TuneError(
                f"{adapter}: attested, and how its base was held in training is not recorded; say so with --held-in nf4 (with "
                "double quantisation) or none"
            )
        return Numbers(quantisation=Quantisation(type=held_in))
    if held_in is not None:
        raise TuneError(f"{adapter}: its recipe says how its base was held in training; leave out --held-in")
    numbers = recorded(adapter / adapters.RECIPE)
    device = claim.get("hardware", {}).get("device")
    if numbers.quantisation.compute != "auto" or device is None:
        return numbers
    compute = "float32" if device == "cpu" else "bfloat16"
    return numbers.model_copy(update={"quantisation": numbers.quantisation.model_copy(update={"compute": compute})})


def _mergeable(sources: Sources) -> None:
    """Refuses weights that are no numbers, and LoRA on an embedding that is the head too: it would be added to both."""
    path = sources.adapter / adapters.WEIGHTS
    tensors = header(path)
    finite(path, tensors)
    for name in sorted(tensors):
        if sources.base.tied and "lora_" in name and (".lm_head." in name or ".embed_tokens." in name):
            raise TuneRefused(
                f"{path}: {name} is LoRA on an embedding that the model ties to its head, and a merge would change both; "
                "train with other lora.targets"
            )
