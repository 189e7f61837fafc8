"""What a merge says of itself: `merge.json`, a card, and the adapter's own provenance and card beside them.

`merge.json` is an in-toto Statement: its subjects are all the other files, its predicate says of which adapter, base and
tokenizer, by digest, and how far the result lies from the trained model. With a key it lies in a DSSE envelope, as an
adapter's provenance does, and `verify` checks it; without one it is the bare statement, and says so.
"""

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
from tune.chain import Chain, Link
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
    opened = open_sealed(read_plain(path, ENVELOPE_BYTES), str(path), PREDICATE_MERGED, keys)
    try:
        issued = parse(opened.predicate.get("issued", ""))
    except (ValueError, TypeError):
        raise VerificationError((f"{path}: the date of issue is not RFC 3339 in UTC; merge and sign again",)) from None
    if issued > whole_second(now):
        raise VerificationError((f"{path}: issued in the future; check the clock, or the signer's",))
    problems = differences(folder, opened.subjects, beside=(RECORD,))
    if problems:
        raise VerificationError(problems)
    return opened


def links(folder: Path, trust: Sequence[Path], *, now: datetime) -> Chain:
    """The chain of a merged model: its own signature and files, and what was verified of its adapter when it was merged.

    Raises:
        InputError: no trusted key.
    """
    try:
        opened = verify(folder, trust, now=now)
    except VerificationError as error:
        return Chain(folder, (Link("signature", "failed", str(error)),))
    claim = opened.predicate
    found = claim["adapter"]
    checked = f"of the adapter, {', '.join(found['links_verified'])} verified when it was merged"
    left = ", ".join(found["links_not_checked"])
    kl = claim["divergence"]["mean_nats"]
    return Chain(
        folder,
        (
            Link("signature", "verified", f"signed by {', '.join(opened.key_ids)}, issued {claim['issued']}"),
            Link("files", "verified", f"all {len(opened.subjects)} files are as signed"),
            Link("adapter", "verified", f"{found['governance']}; {checked}"),
            *([Link("adapter chain", "not_checked", f"of the adapter, never checked: {left}")] if left else []),
            Link("divergence", "verified", f"{kl:.1e} nats a token from the trained model, as measured then"),
        ),
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
            "links_verified": [link.name for link in sources.chain.links if link.status == "verified"],
            "links_not_checked": list(sources.chain.unchecked),
        },
        "model": {
            "digest": sources.base.digest,
            "held_in": sources.numbers.quantisation.type,
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


def card(predicate: dict[str, Any], note: str | None) -> str:
    """The card, of a predicate's values and a note of the base."""
    from jinja2 import Environment, StrictUndefined

    text = resources.files("tune").joinpath("templates/merged.md.jinja").read_text("utf-8")
    template = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True).from_string(text)  # noqa: S701  Markdown
    return template.render(p=predicate, note=note) + "\n"


def _tokenizer(words: "TokenizerFolder") -> dict[str, Any]:
    """What the record says of the tokenizer; `engines` are those that give its ids, as far as its profile tells."""
    extension = read_json(words.path / EXTENSION) if (words.path / EXTENSION).exists() else {}
    profile, digits = extension.get("profile", "portable"), extension.get("digits", "keep")
    engines = "all" if (profile, digits) == ("portable", "keep") else "transformers"
    return {"digest": words.digest, "new_ids": len(words.new_ids), "engines": engines}
