"""Extends a base tokenizer with terms, on the evidence of a certified corpus, and proves what that did.

In: a base of any family, term lists, a `CertifiedCorpus`. Out: a folder with the extended tokenizer, its configuration,
exports, `extension.json`, a card and `SHA256SUMS`, and `attestation.json` where a key signs. Guaranteed: the ids
of the base keep their meaning, no document of the corpus becomes longer, decoding gives the same text, and no text of
the corpus but terms of the lists stands in any file. The same inputs give the same bytes, the attestation aside.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.files import MANIFEST, canonical, manifest, write_whole
from vocab.anatomy import discarding
from vocab.base import CLASS, CONFIG, EXTENSION, SPECIAL_TOKENS, TOKENIZER, UNCHANGED, Base, read_spec
from vocab.card import card
from vocab.engines import MODEL_CONFIG
from vocab.errors import VocabError, VocabRefused
from vocab.exact import WARN_ABOVE
from vocab.exports import Export, exports
from vocab.extension import Extended, record
from vocab.folders import building
from vocab.ground import Digits, Ground, ground
from vocab.grow import ADDED
from vocab.growing import Grown, Profile, budget_of, grown, refuse
from vocab.model_base import Origin, load_origin, read_model_base
from vocab.parity import Parity
from vocab.pretokens import batches
from vocab.proof import Proof
from vocab.proving import engines_of, prove_all, seen, sides, used
from vocab.screen import screened
from vocab.standing import MIN_COUNT, MIN_DOCUMENTS, Standing, judged, standings
from vocab.tags import tags_in
from vocab.term_lists import Entry, TermList, usable
from vocab.trials import made_up

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
    profile: Profile
    growth: Grown
    proof: Proof
    ground: Ground
    standing: Mapping[str, Standing] = field(repr=False)
    exports: tuple[Export, ...]
    engines: tuple[Parity, ...]
    tags_left: int

    @property
    def new_ids(self) -> tuple[int, ...]:
        """The ids that the base did not have, ascending: groups of digits, masking tags, then terms and scaffolds."""
        parts = (self.ground.numbers, self.ground.tags, self.growth.new_tokens)
        return tuple(new_id for part in parts for _, new_id in part)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What its user should know before training on it, as sentences."""
        found = []
        if self.rare:
            found.append(
                f"terms that stand fewer than {MIN_COUNT} times in this corpus, or in fewer than {MIN_DOCUMENTS} documents: "
                f"{len(self.rare):,}; kept, since a list names them, but their rows will hardly be trained"
            )
        if self.profile == "exact":
            found.append("profile exact: Hugging Face tokenizers only; other engines would cut terms in another way")
            count = sum(term.status in (ADDED, "partly added") for term in self.growth.terms)
            if count > WARN_ABOVE:
                found.append(
                    f"{count:,} terms are isolated; more than {WARN_ABOVE} make a tokenizer slower by a third and more"
                )
        if self.tags_left:
            found.append(
                f"masking tags that stay text: {self.tags_left:,}; this base changes the text around its special tokens"
            )
        return tuple(found)

    @property
    def rare(self) -> tuple[str, ...]:
        """Terms that were used though they stand in few documents of the corpus, or in none."""
        used = [term.entry for term in self.growth.terms if term.status in (ADDED, "partly added")]
        return tuple(entry.term for entry in used if self.standing.get(entry.term, Standing()).rare)


def extend(
    base: Path,
    corpus: "CertifiedCorpus",
    lists: Sequence[TermList],
    out: Path,
    *,
    profile: Profile = "portable",
    digits: Digits = "keep",
    budget: int | None = None,
    particles: int = 0,
    key: "PrivateKey | None" = None,
    issued: datetime | None = None,
) -> ExtendedTokenizer:
    """Writes the extension of `base` by the terms of `lists` to `out`.

    Args:
        base: a folder, a `tokenizer.json`, a SentencePiece `.model`, or ranks of tiktoken or tekken.
        corpus: certified text; `govern.attestation.verify` makes it, with the purpose `train`.
        lists: term lists, in the order in which a repeated term counts as first.
        out: a new folder.
        profile: `portable` appends merges, which every engine reads; `exact` isolates terms by the pre-tokenizer.
        digits: `keep` leaves numbers as the base cuts them, `r2l3` cuts them into groups of three from the right.
        budget: new ids at most; terms that save more tokens in the corpus go first. None is no limit.
        particles: so many terms with a Korean particle, at most, become tokens too; profile `portable`.
        key: signs the folder where given.
        issued: the time that the attestation states; needed with `key`.

    Raises:
        VocabError: the base cannot be extended, or `out` holds something else.
        VocabRefused: a claim of the proof does not hold; nothing is left in `out`.
        VerificationError: a shard is not what was certified.
    """
    if key is not None and issued is None:
        raise VocabError("a signature needs the time of issue; pass `issued`")
    origin = load_origin(base)

    def batch_texts() -> Iterator[list[str]]:
        return ([text for text, _ in batch] for batch in batches(corpus))

    def texts() -> Iterator[str]:
        return (text for batch in batch_texts() for text in batch)

    refuse(origin, profile, particles)
    if profile == "exact" or digits != "keep":
        refuse_discarding(origin)
    entries = screened(usable(lists, origin.added))
    refuse_none(entries)
    with building(out, EXTENSION) as partial:
        tags = tags_in(corpus.certificate, texts())
        on = ground(origin, digits, tags)
        corpus_seen = seen(origin, on, batch_texts)
        counts = corpus_seen.counts
        found = standings(on.base, entries, counts, corpus_seen.documents, texts(), cut_too=profile == "exact")
        entries = judged(entries, found)
        refuse_none(entries)
        room = budget_of(budget, on.base, len(on.numbers) + len(on.tags), found)
        growth = grown(on.base, profile, entries, counts, room, particles)
        extended, data = _made(growth, origin, partial)
        proof = prove_all(origin, on, extended, profile, sides(growth), growth.appended, growth.terms, corpus_seen)
        made = exports(extended, chain(texts(), made_up(used(growth.terms))))
        if not proof.passed:
            raise VocabRefused(tuple(f"{out}: {problem}; nothing was written" for problem in proof.problems))
        value = record(
            origin,
            on,
            extended,
            growth,
            proof,
            lists=lists,
            certificate=corpus.certificate.digest,
            profile=profile,
            digits=digits,
            budget=budget,
            particles=particles,
            found=found,
            exported=made,
        )
        files = {name: one for export in made for name, one in export.files.items()}
        digest = _write(partial, origin, {extended.path.name: data, **files}, value)
        whole = Extended(partial, extended, origin, value, on)
        engines = engines_of(whole, origin.path.parent / MODEL_CONFIG, texts(), out)
        if key is not None and issued is not None:
            _seal(partial, key, value, digest, issued)
    return ExtendedTokenizer(
        folder=out,
        digest=digest,
        base_digest=value["base"]["sha256"],
        certificate=corpus.certificate.digest,
        profile=profile,
        growth=growth,
        proof=proof,
        ground=on,
        standing=found,
        exports=made,
        engines=engines,
        tags_left=sum(tag not in extended.added for tag in tags),
    )


def _made(growth: Grown, origin: Origin, folder: Path) -> tuple[Origin, bytes]:
    """The extended tokenizer, read back from the bytes of its file in `folder`, and these bytes."""
    if growth.model is not None:
        path = folder / origin.path.name
        return read_model_base(growth.model.model.data, path), growth.model.model.data
    data = _spell_json(growth.spec)
    path = folder / TOKENIZER
    return Base(path, hashlib.sha256(data).hexdigest(), read_spec(data, path)), data


def refuse_discarding(origin: Origin) -> None:
    """Returns where nothing beside the base says that its pre-tokenizer is replaced by whoever loads it; else `VocabError`."""
    reason = discarding(origin.path)
    if reason:
        raise VocabError(f"{origin.path}: {reason}; take --profile portable with --digits keep, or another base")


def refuse_none(entries: Sequence[Entry]) -> None:
    """Returns where a term can be used; raises `VocabError` with the first reasons where none can."""
    if all(entry.reason for entry in entries):
        named = "; ".join(f"{entry.place}: {entry.reason}" for entry in entries[:SHOWN]) or "the lists hold none"
        raise VocabError(f"no term can be used ({named}); give a list with terms")


def _write(folder: Path, base: Origin, tokenizer: dict[str, bytes], value: dict[str, Any]) -> str:
    """Writes every file but the attestation; returns the digest of `extension.json`."""
    extension = canonical(value)
    files = {**tokenizer, EXTENSION: extension}
    if TOKENIZER in tokenizer:
        files.update(_configuration(base))
    files.update(
        {name: (base.path.parent / name).read_bytes() for name in UNCHANGED if (base.path.parent / name).is_file()}
    )
    files["README.md"] = card(value).encode()
    for name, data in files.items():
        write_whole(folder / name, data)
    write_whole(folder / MANIFEST, manifest(folder))
    return "sha256:" + hashlib.sha256(extension).hexdigest()


def _configuration(base: Origin) -> dict[str, bytes]:
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


def _json_beside(base: Origin, name: str) -> dict[str, Any]:
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
