"""Extends a base tokenizer with terms, on the evidence of a certified corpus, and proves what that did.

In: a byte-level BPE base, term lists, a `CertifiedCorpus`. Out: a folder with the extended `tokenizer.json`, its
configuration, `extension.json`, a card and `SHA256SUMS`, and `attestation.json` where a key signs. Guaranteed: the ids
of the base keep their meaning, no document of the corpus becomes longer, decoding gives the same text, and no text of
the corpus but terms of the lists stands in any file. The same inputs give the same bytes, the attestation aside.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.files import MANIFEST, canonical, manifest, write_whole
from vocab.base import CLASS, CONFIG, EXTENSION, SPECIAL_TOKENS, TOKENIZER, UNCHANGED, Base, load, read_spec
from vocab.card import card
from vocab.errors import VocabError, VocabRefused
from vocab.extension import extended_spec, record
from vocab.folders import building
from vocab.ground import Digits, ground
from vocab.grow import ADDED, PRESENT, Growth, grow
from vocab.pretokens import batches, histogram
from vocab.proof import Proof, Side, prove, prove_numbers
from vocab.term_lists import TermList, usable

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus
    from govern.keys import PrivateKey

ROLES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")

SHOWN = 5
"""Lines named where no term can be used."""


@dataclass(frozen=True, slots=True)
class ExtendedTokenizer:
    """A finished extension: its folder, digests, what was added and the proof."""

    folder: Path
    digest: str
    base_digest: str
    certificate: str
    growth: Growth
    proof: Proof
    numbers: tuple[tuple[str, int], ...] = ()

    @property
    def new_ids(self) -> tuple[int, ...]:
        """The ids that the base did not have, ascending: groups of digits, then terms and scaffolds."""
        return (*(new_id for _, new_id in self.numbers), *(new_id for _, new_id in self.growth.new_tokens))


def extend(
    base: Path,
    corpus: "CertifiedCorpus",
    lists: Sequence[TermList],
    out: Path,
    *,
    digits: Digits = "keep",
    key: "PrivateKey | None" = None,
    issued: datetime | None = None,
) -> ExtendedTokenizer:
    """Writes the extension of `base` by the terms of `lists` to `out`, profile portable.

    Args:
        base: a Hugging Face folder or its `tokenizer.json`.
        corpus: certified text; `govern.attestation.verify` makes it, with the purpose `train`.
        lists: term lists, in the order in which a repeated term counts as first.
        out: a new folder.
        digits: `keep` leaves numbers as the base cuts them, `r2l3` cuts them into groups of three from the right.
        key: signs the folder where given.
        issued: the time that the attestation states; needed with `key`.

    Raises:
        VocabError: the base cannot be extended, or `out` holds something else.
        VocabRefused: a claim of the proof does not hold; nothing is left in `out`.
        VerificationError: a shard is not what was certified.
    """
    if key is not None and issued is None:
        raise VocabError("a signature needs the time of issue; pass `issued`")
    origin = load(base)
    on = ground(origin, digits)
    entries = usable(lists, origin.added)
    if all(entry.reason for entry in entries):
        named = "; ".join(f"{entry.place}: {entry.reason}" for entry in entries[:SHOWN]) or "no list was given"
        raise VocabError(f"no term can be used ({named}); give a list with terms")
    with building(out, EXTENSION) as partial:

        def texts() -> Iterator[list[str]]:
            return ([text for text, _ in batch] for batch in batches(corpus))

        counts = histogram(on.base, (text for batch in texts() for text in batch))
        growth = grow(on.base, entries, counts)
        data = _spell_json(extended_spec(on.base, growth))
        extended = Base(partial / TOKENIZER, hashlib.sha256(data).hexdigest(), read_spec(data, partial / TOKENIZER))
        proof = prove_growth(on.base, extended, growth, texts(), counts)
        if digits != "keep":
            proof = replace(proof, numbers=prove_numbers(origin, on, texts(), terms_in(growth)))
        if not proof.passed:
            raise VocabRefused(tuple(f"{out}: {problem}; nothing was written" for problem in proof.problems))
        value = record(origin, on, extended, growth, lists, corpus.certificate.digest, digits, proof)
        digest = _write(partial, origin, data, value)
        if key is not None and issued is not None:
            _seal(partial, key, value, digest, issued)
    return ExtendedTokenizer(out, digest, value["base"]["sha256"], corpus.certificate.digest, growth, proof, on.numbers)


def prove_growth(
    base: Base, extended: Base, growth: Growth, texts: Iterator[list[str]] | None, counts: Counter[str] | None
) -> Proof:
    """The proof of a growth that was just decided."""
    variants = [one for term in growth.terms for one in term.variants]
    by_id = {one.id: one.text for one in variants if one.status == ADDED}
    new = [Side(new_id, token, by_id.get(new_id)) for token, new_id in growth.new_tokens]
    terms = terms_in(growth)
    return prove(
        base,
        extended,
        new,
        [one.pair for one in growth.appended],
        terms,
        [one.spelled for one in variants if one.status in (ADDED, PRESENT)],
        texts,
        counts,
    )


def terms_in(growth: Growth) -> list[str]:
    """The terms of a growth that could be used, in order."""
    return [term.entry.term for term in growth.terms if not term.entry.reason]


def _write(folder: Path, base: Base, tokenizer: bytes, value: dict[str, Any]) -> str:
    """Writes every file but the attestation; returns the digest of `extension.json`."""
    extension = canonical(value)
    files = {TOKENIZER: tokenizer, EXTENSION: extension, **_configuration(base)}
    files.update(
        {name: (base.path.parent / name).read_bytes() for name in UNCHANGED if (base.path.parent / name).is_file()}
    )
    files["README.md"] = card(value).encode()
    for name, data in files.items():
        write_whole(folder / name, data)
    write_whole(folder / MANIFEST, manifest(folder))
    return "sha256:" + hashlib.sha256(extension).hexdigest()


def _configuration(base: Base) -> dict[str, bytes]:
    """The base's tokenizer configuration, under the class that reads `tokenizer.json` as it stands."""
    config = _json_beside(base, CONFIG)
    special = _json_beside(base, SPECIAL_TOKENS)
    if not special:
        special = {role: config[role] for role in (*ROLES, "additional_special_tokens") if config.get(role)}
    config = {
        name: value for name, value in config.items() if name not in ("auto_map", "tokenizer_file", "name_or_path")
    }
    config["tokenizer_class"] = CLASS
    config.setdefault("clean_up_tokenization_spaces", False)
    return {
        CONFIG: _spell_json(config, indent=2),
        SPECIAL_TOKENS: _spell_json(special, indent=2),
    }


def _json_beside(base: Base, name: str) -> dict[str, Any]:
    from govern.files import parse_strict

    file = base.path.parent / name
    if not file.is_file():
        return {}
    value = parse_strict(file.read_bytes(), str(file))
    if not isinstance(value, dict):
        raise VocabError(f"{file}: a JSON {type(value).__name__}, expected an object; export the tokenizer again")
    try:
        _spell_json(value)
    except UnicodeEncodeError:
        raise VocabError(f"{file}: holds half a surrogate pair, which is no character; export it again") from None
    return value


def _spell_json(value: dict[str, Any], indent: int | None = None) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=indent) + "\n").encode()


def _seal(folder: Path, key: "PrivateKey", value: dict[str, Any], digest: str, issued: datetime) -> None:
    from govern.attestation import PREDICATE_TOKENIZER, seal_folder
    from govern.clock import as_text

    predicate = {
        "extension": digest,
        "base": value["base"]["sha256"],
        "certificate": value["certificate"],
        "issued": as_text(issued),
    }
    seal_folder(folder, key, PREDICATE_TOKENIZER, predicate)
