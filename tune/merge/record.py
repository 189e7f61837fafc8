"""What a merge says of itself: `merge.json`, a card, and the adapter's own provenance and card beside them.

`merge.json` is an in-toto Statement: its subjects are all the other files, its predicate says of which adapter, base and
tokenizer, by digest, and how far the result lies from the trained model. With a key it lies in a DSSE envelope, as an
adapter's provenance does, and `verify` checks it; without one it is the bare statement, and says so. `links` goes on to the
adapter's own provenance, and from there to the folders that are given, as `tune.chain` does.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.attestation import Opened, open_sealed, seal, statement
from govern.clock import as_text, parse, whole_second
from govern.envelope import ENVELOPE_BYTES
from govern.errors import VerificationError
from govern.files import canonical, digest, list_files, sha256_file, write_whole
from govern.inventory import differences, read_plain
from govern.keys import load_trusted
from tune import adapter as adapters
from tune import chain
from tune.chain import ATTESTED, GOVERNED, Chain, Given, Link
from tune.errors import TuneError
from tune.folders import EXTENSION, read_json

if TYPE_CHECKING:
    from govern.keys import PrivateKey
    from tune.folders import TokenizerFolder
    from tune.merge.divergence import Divergence, Text
    from tune.merge.sources import Sources

PREDICATE_MERGED = "urn:assay:merged-model:v1"
FORMAT_VERSION = 1
RECORD = "merge.json"
CARD = "README.md"
ADAPTER_CARD, ADAPTER_PROVENANCE = "adapter-card.md", "adapter-provenance.json"
"""The adapter's own, copied."""
UNSIGNED = "unsigned: nobody vouches for this record; give --sign-key"


@dataclass(frozen=True, slots=True)
class Merge:
    """How a merge was made, and what was measured."""

    form: str
    dtype: str
    limit: float
    divergence: "Divergence"
    text: "Text"


def write(
    folder: Path, made: Merge, sources: "Sources", key: "PrivateKey | None", *, issued: datetime
) -> dict[str, Any]:
    """Completes `folder`, which holds model and adapter, with card and record, and returns the predicate."""
    write_whole(folder / ADAPTER_PROVENANCE, sources.provenance)
    write_whole(folder / ADAPTER_CARD, (sources.adapter / adapters.CARD).read_bytes())
    predicate = _predicate(folder, made, sources, signed=key is not None, issued=issued)
    write_whole(folder / CARD, card(predicate, sources.base.note).encode())
    subjects = [(name, sha256_file(folder / name)) for name in list_files(folder)]
    stated = statement(subjects, PREDICATE_MERGED, predicate)
    write_whole(folder / RECORD, canonical(stated) if key is None else seal(stated, key))
    return predicate


def verify(folder: Path, trust: Sequence[Path], *, now: datetime) -> Opened:
    """The signed record of a merge, where its signature and every file of the folder verify.

    Raises:
        InputError: no trusted key.
        VerificationError: unsigned, altered, from the future, or signed by another key; names each problem.
    """
    path = folder / RECORD
    keys = load_trusted(trust, folder)
    data = read_plain(path, ENVELOPE_BYTES)
    if _is_bare(data):
        raise VerificationError((f"{path}: unsigned, so nobody vouches for it; merge again with --sign-key KEY",))
    opened = open_sealed(data, str(path), PREDICATE_MERGED, keys)
    claim = opened.predicate
    if claim.get("format_version") != FORMAT_VERSION:
        raise VerificationError((f"{path}: format_version is not {FORMAT_VERSION}; update assay to read it",))
    if not _is_whole(claim):
        raise VerificationError((f"{path}: the signed record lacks what a merge says; merge and sign again",))
    try:
        issued = parse(claim.get("issued", ""))
    except (ValueError, TypeError):
        raise VerificationError((f"{path}: the date of issue is not RFC 3339 in UTC; merge and sign again",)) from None
    if issued > whole_second(now):
        raise VerificationError((f"{path}: issued in the future; check the clock, or the signer's",))
    problems = differences(folder, opened.subjects, beside=(RECORD,))
    if problems:
        raise VerificationError(problems)
    return opened


def links(
    folder: Path,
    trust: Sequence[Path],
    *,
    now: datetime,
    corpus: Path | Sequence[Path] | None = None,
    tokenizer: Path | None = None,
    model: Path | None = None,
    revocations: Path | None = None,
    complete: bool = False,
) -> Chain:
    """The chain of a merged model: its own signature and files, its adapter's provenance, and what is given, as of an adapter.

    What is not given now stands as the merger found it: the link `adapter` says what was verified then, and `adapter chain` is
    what never was.

    Raises:
        InputError: a path that was given is not there or cannot be read, or no trusted key.
        TuneError: something is to be checked, and the adapter's provenance is by a key that is not trusted.
    """
    beside = chain.given(corpus, tokenizer, model, revocations, complete=complete)
    try:
        opened = verify(folder, trust, now=now)
    except VerificationError as error:
        return Chain(folder, (Link("signature", "failed", str(error)),))
    claim = opened.predicate
    of_adapter = _adapter_links(folder, claim, beside, trust, now)
    known = {link.name for link in of_adapter if link.status != "not_checked"}
    left = ", ".join(name for name in claim["adapter"]["links_not_checked"] if name not in known)
    return Chain(
        folder,
        (
            Link("signature", "verified", f"signed by {', '.join(opened.key_ids)}, issued {claim['issued']}"),
            Link("files", "verified", f"all {len(opened.subjects)} files are as signed"),
            *of_adapter,
            *([Link("adapter chain", "not_checked", f"of the adapter, never checked: {left}")] if left else []),
            _divergence(claim),
        ),
    )


def _adapter_links(
    folder: Path, claim: dict[str, Any], beside: Given, trust: Sequence[Path], now: datetime
) -> tuple[Link, ...]:
    """The link `adapter`: its provenance, signed and the one that was merged; and a link for each thing that was given."""
    path, found = folder / ADAPTER_PROVENANCE, claim["adapter"]
    keys = load_trusted(trust, folder)
    then = f"of the adapter, {', '.join(found['links_verified'])} verified when it was merged"
    try:
        data = _provenance(path, found["provenance"])
        strangers = _signers(data) - {key.key_id for key in keys}
        if strangers:
            return (_by_stranger(path, strangers, then, beside),)
        opened = chain.open_provenance(data, path, keys, now)
        _agrees(path, claim, opened)
    except VerificationError as error:
        return (Link("adapter", "failed", str(error)),)
    signed = f"its provenance is signed by {', '.join(opened.key_ids)}, issued {opened.predicate['issued']}"
    sentence = f"{found['governance']}; {then}\n{signed}"
    return (
        Link("adapter", "verified", sentence),
        *(
            link
            for link in chain.further(opened.predicate, beside, trust, now=now)
            if link.status != "not_checked" or (beside.corpora and link.name in ("certificate", "shards"))
        ),
    )


def _by_stranger(path: Path, strangers: set[str], then: str, beside: Given) -> Link:
    """The link `adapter` where the merger alone is trusted; what was given cannot be checked by what strangers say."""
    names = ", ".join(sorted(strangers))
    if beside != Given():
        raise TuneError(
            f"{path}: signed by {names}, which is not trusted, so nothing can be checked by what it says; give that key too "
            "with --trust, or leave out --corpus, --tokenizer, --model, --revocations and --complete"
        )
    sentence = f"its provenance is signed by {names}, which is not trusted; give that key too with --trust\n{then}"
    return Link("adapter", "not_checked", sentence)


def _provenance(path: Path, named: str) -> bytes:
    """The adapter's provenance, the one that the record names."""
    data = read_plain(path, ENVELOPE_BYTES)
    if "sha256:" + hashlib.sha256(data).hexdigest() != named:
        raise VerificationError((f"{path}: not the provenance that {RECORD} names; restore the folder",))
    return data


def _signers(data: bytes) -> set[str]:
    """The keys that an envelope says it is signed by; none where it is no envelope, which is said elsewhere."""
    try:
        return {str(one["keyid"]) for one in json.loads(data)["signatures"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return set()


def _agrees(path: Path, claim: dict[str, Any], opened: Opened) -> None:
    """Refuses a record that says other things of its adapter than the adapter's provenance does."""
    said, signed = claim["adapter"], opened.predicate
    pairs = {
        "adapter's weights": (said["weights"], "sha256:" + opened.subjects[adapters.WEIGHTS]),
        "governance": (said["governance"], signed.get("governance", GOVERNED)),
        "base model": (claim["model"]["digest"], signed["model"]["digest"]),
        "tokenizer": (claim["tokenizer"]["digest"], signed["tokenizer"]["digest"]),
    }
    odd = [name for name, (one, other) in pairs.items() if one != other]
    if odd:
        raise VerificationError((f"{path}: {RECORD} says another {', '.join(odd)} than it; merge and sign again",))


def _divergence(claim: dict[str, Any]) -> Link:
    sentence = f"{claim['divergence']['mean_nats']:.1e} nats a token from the trained model, as measured then"
    if not is_stated(claim):
        return Link("divergence", "verified", sentence)
    held = claim["model"]["held_in"]
    return Link(
        "divergence",
        "not_checked",
        f"{sentence}, if its base was held in {held} in training: that is the merger's word (--held-in), and nothing shows it",
    )


def is_stated(predicate: dict[str, Any]) -> bool:
    """Whether how the base was held in training is the merger's word; of an attested adapter nobody recorded it."""
    attested = predicate["adapter"]["governance"] == ATTESTED
    return bool(predicate["model"].get("held_in_stated", attested))


def _is_bare(data: bytes) -> bool:
    """Whether this is a statement without an envelope."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "predicate" in value and "payload" not in value


def _is_whole(claim: dict[str, Any]) -> bool:
    """Whether a signed predicate has what `links` reads, in the types it is said in."""
    parts = [claim.get(name) for name in ("adapter", "model", "tokenizer", "divergence")]
    adapter, model, words, divergence = (part if isinstance(part, dict) else {} for part in parts)
    lists = [adapter.get(name) for name in ("links_verified", "links_not_checked")]
    texts = [adapter.get("provenance"), adapter.get("weights"), model.get("digest"), model.get("held_in")]
    texts += [words.get("digest"), *(one for each in lists if isinstance(each, list) for one in each)]
    mean = divergence.get("mean_nats")
    return (
        all(isinstance(each, list) for each in lists)
        and all(isinstance(text, str) for text in texts)
        and adapter.get("governance") in (GOVERNED, ATTESTED)
        and isinstance(mean, (int, float))
        and math.isfinite(mean)
    )


def _predicate(folder: Path, made: Merge, sources: "Sources", *, signed: bool, issued: datetime) -> dict[str, Any]:
    weights = {name: sha256_file(folder / name) for name in list_files(folder) if name.endswith(".safetensors")}
    return {
        "format_version": FORMAT_VERSION,
        "issued": as_text(issued),
        "signature": "signed" if signed else UNSIGNED,
        "code": adapters.code(),
        "form": made.form,
        "dtype": made.dtype,
        "weights": digest(weights),
        "adapter": {
            "provenance": "sha256:" + sha256_file(folder / ADAPTER_PROVENANCE),
            "weights": "sha256:" + sources.opened.subjects[adapters.WEIGHTS],
            "governance": sources.opened.predicate.get("governance", "governed"),
            "key_ids": list(sources.opened.key_ids),
            "corpora": _corpora(sources.opened.predicate),
            "links_verified": [link.name for link in sources.chain.links if link.status == "verified"],
            "links_not_checked": list(sources.chain.unchecked),
        },
        "model": {
            "digest": sources.base.digest,
            "held_in": sources.numbers.quantisation.type,
            "held_in_stated": sources.opened.predicate.get("governance") == ATTESTED,
            "loaded_in": sources.numbers.quantisation.compute,
        },
        "tokenizer": _tokenizer(sources.words),
        "divergence": {
            "of": "KL(trained model || what this folder holds, read back from disk), both computed in float32",
            **made.divergence.record(),
            "limit_mean_nats": made.limit,
            "text": made.text.record,
        },
    }


def _corpora(claim: dict[str, Any]) -> list[dict[str, str]]:
    """What the adapter's provenance says that it was trained on."""
    return [{key: one[key] for key in ("certificate", "manifest")} for one in (claim["corpus"], *claim.get("also", []))]


def card(predicate: dict[str, Any], note: str | None) -> str:
    """The card, of a predicate's values and a note of the base."""
    from jinja2 import Environment, StrictUndefined

    text = resources.files("tune").joinpath("templates/merged.md.jinja").read_text("utf-8")
    template = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True).from_string(text)  # noqa: S701  Markdown
    return template.render(p=predicate, note=note, stated=is_stated(predicate)) + "\n"


def _tokenizer(words: "TokenizerFolder") -> dict[str, Any]:
    """What the record says of the tokenizer; `engines` are those that give its ids, as far as its profile tells."""
    extension = read_json(words.path / EXTENSION) if (words.path / EXTENSION).exists() else {}
    profile, digits = extension.get("profile", "portable"), extension.get("digits", "keep")
    engines = "all" if (profile, digits) == ("portable", "keep") else "transformers"
    return {"digest": words.digest, "new_ids": len(words.new_ids), "engines": engines}
