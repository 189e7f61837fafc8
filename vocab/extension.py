"""What an extended tokenizer records about itself: `extension.json`, and the way back from it to the base.

The extension is the base's `tokenizer.json` with tokens and merges at its end, and in some parts another. Taking them off
again and putting the parts back gives the base, whose digest is recorded, so "the ids of the base are unchanged" can be
proved without the base at hand. The file is canonical JSON (RFC 8785); it holds terms of the lists, ids and counts, and no
text of a corpus. `format_version` 2 also says what was done with digits; 3 also the profile, the budget, masking tags, and
how often each term stands in the corpus. Versions 1 and 2 are read for ever.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.files import parse_canonical
from vocab.base import EXTENSION, TOKENIZER, Base, read_file, read_spec, refuse_odd_ids, refuse_other_kinds
from vocab.byte_alphabet import spell
from vocab.errors import VocabError
from vocab.exact import REASONS as ISOLATING
from vocab.exports import Export
from vocab.form import require
from vocab.ground import Digits, Ground, ground, moved
from vocab.grow import ADDED, PRESENT, REASONS, Term
from vocab.growing import Grown, Profile
from vocab.merges import Pair
from vocab.model_base import ModelBase, Origin, read_model_base
from vocab.piece_models import base_bytes
from vocab.proof import Proof, Side
from vocab.spelling import sub_ids
from vocab.standing import Standing
from vocab.term_lists import TermList
from vocab.word_pieces import REASONS as OF_WORDS

FORMAT_VERSION = 3
READABLE = (1, 2, 3)
KIND = "assay-extended-tokenizer"


@dataclass(frozen=True, slots=True)
class Extended:
    """An extended tokenizer as read from its folder: the tokenizer, its base rebuilt, and what `extension.json` says."""

    folder: Path
    tokenizer: Origin
    base: Origin
    record: dict[str, Any] = field(repr=False)
    ground: Ground = field(repr=False)
    """The base with its numbers grouped and masking tags where the record says so, else the base."""

    @property
    def new(self) -> tuple[Side, ...]:
        """Every new id of a term or scaffold, the text that reaches it, and how it is spelled."""
        texts = {
            variant["id"]: variant["text"]
            for term in self.record["terms"]
            for variant in term["variants"]
            if variant["status"] == ADDED
        }
        return tuple(
            Side(one["id"], one["token"], texts.get(one["id"]))
            for one in self.record["new_ids"]
            if one["kind"] in ("term", "scaffold")
        )

    @property
    def profile(self) -> Profile:
        """How the terms were added."""
        profile: Profile = self.record["profile"]
        return profile

    @property
    def appended(self) -> tuple[Pair, ...]:
        """The merges after those of the ground."""
        return self.tokenizer.merges[len(self.ground.base.merges) :]


def content_digest(spec: dict[str, Any]) -> str:
    """`sha256:` of the parsed file, whatever its spacing and key order were."""
    text = json.dumps(spec, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def content_of(base: Origin) -> str:
    """The digest of what a base says: of the parsed file, or of the bytes of a SentencePiece model."""
    return "sha256:" + base.sha256 if isinstance(base, ModelBase) else content_digest(base.spec)


def record(
    origin: Origin,
    on: Ground,
    extended: Origin,
    growth: Grown,
    proof: Proof,
    *,
    lists: Sequence[TermList],
    certificate: str,
    profile: Profile,
    digits: Digits,
    budget: int | None,
    particles: int,
    found: Mapping[str, Standing],
    exported: Sequence[Export],
) -> dict[str, Any]:
    """The value of `extension.json`."""
    parts = sub_ids(origin)
    unlike = frozenset(growth.scaffolds)
    new = (
        *(("number", spell(text), new_id) for text, new_id in on.numbers),
        *(("tag", tag, new_id) for tag, new_id in on.tags),
        *(("scaffold" if new_id in unlike else "term", token, new_id) for token, new_id in growth.new_tokens),
    )
    return {
        "format_version": FORMAT_VERSION,
        "kind": KIND,
        "profile": profile,
        "digits": digits,
        "budget": budget,
        "particles": particles,
        "base": {
            "family": origin.family,
            "sha256": "sha256:" + origin.sha256,
            "content": content_of(origin),
            "vocab_size": len(origin.vocab.keys() | origin.added.keys()),
            "next_id": origin.next_id,
            "moved_added_tokens": list(moved(origin)),
            "replaced": {**growth.replaced, **on.replaced},
        },
        "tokenizer": {
            "file": extended.path.name,
            "sha256": "sha256:" + extended.sha256,
            "next_id": extended.next_id,
        },
        "certificate": certificate,
        "term_lists": [
            {"name": one.name, "sha256": "sha256:" + one.sha256, "terms": len(one.entries)} for one in lists
        ],
        "terms": [_term(term, found.get(term.entry.term, Standing())) for term in growth.terms],
        "new_ids": [
            {
                "id": new_id,
                "token": token,
                "kind": kind,
                "base_ids": parts(token),
            }
            for kind, token, new_id in new
        ],
        "scaffold_ids": list(growth.scaffolds),
        "merges": on.merges + len(growth.appended),
        "exports": [{"engine": one.engine, "files": sorted(one.files), "refused": one.refused} for one in exported],
        "proof": proof.to_json(),
    }


def _term(term: Term, stands: Standing) -> dict[str, Any]:
    return {
        "term": term.entry.term,
        "category": term.entry.category,
        "place": term.entry.place,
        "mined": term.entry.mined,
        "count": stands.count,
        "documents": stands.documents,
        "status": term.status,
        "reason": term.entry.reason or "; ".join(_reasons(term.variants)),
        "variants": [{"text": one.text, "status": one.status, "id": one.id} for one in term.variants],
    }


def _reasons(variants: Sequence[Any]) -> list[str]:
    return [
        (ISOLATING | OF_WORDS | REASONS)[status]
        for status in sorted({one.status for one in variants} - {ADDED, PRESENT})
    ]


def read(folder: Path) -> Extended:
    """The extended tokenizer in `folder`, its base rebuilt and compared with the recorded digest.

    Raises:
        VocabError: no extended tokenizer there, an unknown format version, or files that do not belong together.
    """
    value = read_record(folder)
    if value is None:
        raise VocabError(f"{folder}: no {EXTENSION}, so this is no extended tokenizer; make one with `vocab extend`")
    path = folder / value["tokenizer"].get("file", TOKENIZER)
    tokenizer, base = _both(read_file(path), path, value)
    recorded = (value["base"]["content"], value["tokenizer"]["sha256"])
    if recorded[1] != "sha256:" + tokenizer.sha256:
        raise VocabError(f"{path}: sha256 is not the one in {EXTENSION}; restore the files or extend again")
    if recorded[0] != content_of(base):
        raise VocabError(
            f"{path}: without the recorded additions it is not the base that {EXTENSION} names; extend again"
        )
    return Extended(folder, tokenizer, base, value, ground(base, value.get("digits", "keep"), _tags(value)))


def read_record(folder: Path) -> dict[str, Any] | None:
    """What `extension.json` in `folder` says; None where there is no such file.

    Raises:
        VocabError: an unknown format version, or a field that is missing or of another kind.
    """
    file = folder / EXTENSION
    if not file.is_file():
        return None
    try:
        value = parse_canonical(read_file(file), str(file))
    except InputError as error:
        raise VocabError(str(error)) from None
    version = value.get("format_version") if isinstance(value, dict) else None
    if version not in READABLE or value.get("kind") != KIND:
        known = " or ".join(map(str, READABLE))
        raise VocabError(f"{file}: format_version {version!r}, expected {known} of {KIND}; update assay to read it")
    require(value, str(file))
    record: dict[str, Any] = value
    return record


def _both(data: bytes, path: Path, value: dict[str, Any]) -> tuple[Origin, Origin]:
    """The extended tokenizer in `data`, and its base."""
    if path.suffix == ".model":
        extended = read_model_base(data, path)
        return extended, read_model_base(base_bytes(data, value["base"]["next_id"], str(path)), path)
    tokenizer = Base(path, hashlib.sha256(data).hexdigest(), read_spec(data, path))
    refuse_other_kinds(tokenizer.spec, str(path))
    refuse_odd_ids(tokenizer)
    return tokenizer, Base(path, value["base"]["sha256"].removeprefix("sha256:"), _take_off(tokenizer, value))


def _tags(value: dict[str, Any]) -> list[str]:
    return [one["token"] for one in value["new_ids"] if one["kind"] == "tag"]


def _take_off(tokenizer: Base, value: dict[str, Any]) -> dict[str, Any]:
    """The base's `tokenizer.json` value: without new tokens, moved tokens and appended merges, and with its own parts."""
    model = dict(tokenizer.spec["model"])
    gone = {one["token"] for one in value["new_ids"]} | set(value["base"]["moved_added_tokens"])
    vocabulary = model["vocab"]
    model["vocab"] = (
        [row for row in vocabulary if row[0] not in gone]
        if isinstance(vocabulary, list)
        else {token: number for token, number in vocabulary.items() if token not in gone}
    )
    if value["merges"] and "merges" not in model:
        raise VocabError(f"{tokenizer.path}: has no merges, the record says {value['merges']}; restore the files")
    if value["merges"]:
        model["merges"] = model["merges"][: len(model["merges"]) - int(value["merges"])]
    replaced = dict(value["base"].get("replaced", {}))
    if "ignore_merges" in replaced and (own := replaced.pop("ignore_merges")) is not None:
        model["ignore_merges"] = own
    elif "ignore_merges" in value["base"].get("replaced", {}):
        del model["ignore_merges"]
    spec = {**tokenizer.spec, **replaced, "model": model}
    tags = set(_tags(value))
    if tags:
        spec["added_tokens"] = [one for one in spec["added_tokens"] if one["content"] not in tags]
    return spec
