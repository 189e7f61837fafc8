"""Walks an adapter's chain: signature, files, tokenizer, base model, certificate, shards, revocation.

Each link is verified, failed, or not checked, with a sentence. A link whose folder was not given is not checked and says so; it
never counts as verified. Everything hangs on the signature: where it fails, nothing that the provenance says is looked at.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from govern import revocation
from govern.attestation import PREDICATE_ADAPTER, PREDICATE_TOKENIZER, Opened, open_sealed, verify_folder
from govern.attestation import verify as verify_corpus
from govern.clock import parse, whole_second
from govern.envelope import ENVELOPE_BYTES
from govern.errors import GovernError, InputError, Refused, VerificationError
from govern.files import MANIFEST, sha256_file
from govern.inventory import differences, read_plain
from govern.keys import PublicKey, load_trusted
from tune.adapter import CARD, CONFIG, FILES, FORMAT_VERSION, NEEDED, PROVENANCE, RECIPE, UNGOVERNED, WEIGHTS
from tune.errors import TuneError, TuneRefused
from tune.folders import base_model, tokenizer_digest
from tune.gate import PURPOSE
from tune.recipe import Card
from vocab.errors import VocabError

Status = Literal["verified", "failed", "not_checked"]
GOVERNED, ATTESTED = "governed", "attested"
"""What a provenance says of an adapter that was trained by a recipe, and of one that was trained elsewhere."""
OTHERS = (CARD, CONFIG, WEIGHTS)
"""The files of such an adapter."""
STATUSES: tuple[Status, ...] = ("failed", "not_checked", "verified")
"""From worst to best."""
LINKS = ("signature", "files", "tokenizer", "model", "certificate", "shards", "revocation")


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain, how it stands, and why."""

    name: str
    status: Status
    sentence: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The links of an adapter, in the order of `LINKS`."""

    adapter: Path
    links: tuple[Link, ...]

    @property
    def holds(self) -> bool:
        """No link failed; links that were not checked are named in `unchecked`."""
        return all(link.status != "failed" for link in self.links)

    @property
    def unchecked(self) -> tuple[str, ...]:
        """The links that nothing is known about."""
        return tuple(link.name for link in self.links if link.status == "not_checked")


@dataclass(frozen=True, slots=True)
class Given:
    """What a chain is walked with, beside the adapter."""

    corpora: tuple[Path, ...] = ()
    tokenizer: Path | None = None
    model: Path | None = None
    revocations: Path | None = None
    complete: bool = False


def verify(
    adapter: Path,
    trust: Sequence[Path],
    *,
    now: datetime,
    corpus: Path | Sequence[Path] | None = None,
    tokenizer: Path | None = None,
    model: Path | None = None,
    revocations: Path | None = None,
    complete: bool = False,
) -> Chain:
    """The chain of the adapter in `adapter`, as far as the folders that were given reach.

    `complete` adds the link `card`: it fails where the card lacks an owner, a use, a legal basis or an approval.

    Raises:
        InputError: a path that was given is not there or cannot be read, or no trusted key.
    """
    keys = load_trusted(trust, adapter)
    if not adapter.is_dir():
        raise InputError(f"{adapter}: no such folder; check the path of the adapter")
    beside = given(corpus, tokenizer, model, revocations, complete=complete)
    try:
        _governed(adapter)
        path = adapter / PROVENANCE
        opened = open_provenance(read_plain(path, ENVELOPE_BYTES), path, keys, now)
    except VerificationError as error:
        why = "the provenance is not trusted, so nothing it says was looked at"
        rest = tuple(Link(name, "not_checked", why) for name in LINKS[1:])
        return Chain(adapter, (Link("signature", "failed", str(error)), *rest))
    own = (Link("signature", "verified", _signed(opened)), _link("files", lambda: _files(adapter, opened)))
    return Chain(adapter, (*own, *further(opened.predicate, beside, trust, now=now)))


def given(
    corpus: Path | Sequence[Path] | None,
    tokenizer: Path | None,
    model: Path | None,
    revocations: Path | None,
    *,
    complete: bool,
) -> Given:
    """What a chain is to be walked with, where each path can be read: a mistyped one breaks no chain.

    Raises:
        InputError: a path is not there, or cannot be read.
    """
    corpora = (corpus,) if isinstance(corpus, Path) else tuple(corpus or ())
    named = [("corpus", one) for one in corpora]
    for name, folder in (*named, ("tokenizer", tokenizer), ("model", model)):
        if folder is not None:
            _readable(name, folder, folder=True)
    if revocations is not None:
        _readable("revocations", revocations, folder=False)
    return Given(corpora, tokenizer, model, revocations, complete)


def _readable(flag: str, path: Path, *, folder: bool) -> None:
    why = None
    try:
        if folder:
            next(path.iterdir(), None)
        elif not os.access(path, os.R_OK):
            why = "no such file" if not path.exists() else "cannot be read"
    except OSError as error:
        why = error.strerror or "cannot be read"
    if why is not None:
        raise InputError(f"{path}: {why[:1].lower()}{why[1:]}; check the path of --{flag}")


def open_provenance(data: bytes, path: Path, keys: Sequence[PublicKey], now: datetime) -> Opened:
    """An adapter's provenance, read from `path`, where trusted keys signed it and it says what a chain is walked by.

    Raises:
        VerificationError: they did not, or it does not.
    """
    opened = open_sealed(data, str(path), PREDICATE_ADAPTER, keys)
    _check_form(path, opened, now)
    return opened


def further(claim: dict[str, Any], beside: Given, trust: Sequence[Path], *, now: datetime) -> tuple[Link, ...]:
    """The links from what a provenance says to what was given: those of `LINKS` but the first two, and the card's."""
    keys = load_trusted(trust)
    certificate, shards = _corpora_links(beside.corpora, trust, claim, now)
    return (
        _given("tokenizer", beside.tokenizer, lambda folder: _tokenizer(folder, claim["tokenizer"], trust, now)),
        _given("model", beside.model, lambda folder: _model(folder, claim["model"])),
        certificate,
        shards,
        _given("revocation", beside.revocations, lambda path: _revocation(path, keys, claim)),
        *([_link("card", lambda: _complete(claim))] if beside.complete else []),
    )


def as_signed(
    adapter: Path, opened: Opened, model: tuple[Path, str], tokenizer: tuple[Path, str], *, doing: str
) -> None:
    """Returns where what was read is what the provenance names: every file is read more than once.

    Args:
        adapter: the adapter's folder; each of its files is read again.
        opened: its provenance.
        model: the base model's folder, and the digest of what was read of it.
        tokenizer: the same of the tokenizer.
        doing: what is done with them, for the sentence.

    Raises:
        TuneRefused: something changed.
    """
    claim = opened.predicate
    found = [
        (folder, was, claim[part]["digest"]) for part, (folder, was) in (("model", model), ("tokenizer", tokenizer))
    ]
    for name, sha256 in opened.subjects.items():
        path = adapter / name
        found.append((path, sha256_file(path) if path.is_file() else "missing", sha256))
    for path, was, wanted in found:
        if was != wanted:
            raise TuneRefused(f"{path}: changed while it was {doing}; restore it and run again")


def _signed(opened: Opened) -> str:
    claim = opened.predicate
    line = f"signed by {', '.join(opened.key_ids)}, issued {claim['issued']}"
    if claim.get("governance") != ATTESTED:
        return line
    return f"{line}\nATTESTED, not governed: trained elsewhere; on which inputs is the signer's word"


def _governed(adapter: Path) -> None:
    if os.path.lexists(adapter / UNGOVERNED):
        why = "ungoverned, trained on text that nobody certified"
        raise VerificationError(
            (f"{adapter}: {why}; certify the text and train by the same recipe without --ungoverned",)
        )


def _check_form(path: Path, opened: Opened, now: datetime) -> None:
    """Refuses a signed provenance that does not say what a chain is walked by, in the types it is said in."""
    claim = opened.predicate
    if claim.get("format_version") != FORMAT_VERSION:
        raise VerificationError((f"{path}: format_version is not {FORMAT_VERSION}; update assay to read it",))
    if claim.get("governance", GOVERNED) not in (GOVERNED, ATTESTED):
        raise VerificationError((f"{path}: neither governed nor attested; train on a certified corpus",))
    if not _is_whole(claim):
        raise VerificationError((f"{path}: the signed predicate lacks a digest of the chain; train and sign again",))
    try:
        issued = parse(claim.get("issued", ""))
    except (ValueError, TypeError):
        raise VerificationError(
            (f"{path}: the signed date of issue is not RFC 3339 in UTC; train and sign again",)
        ) from None
    if issued > whole_second(now):
        raise VerificationError(
            (f"{path}: issued in the future ({claim['issued']}); check the clock, or the signer's",)
        )
    attested = claim.get("governance") == ATTESTED
    needed, allowed = (OTHERS, OTHERS) if attested else (NEEDED, FILES)
    if not {*needed} <= set(opened.subjects) <= {*allowed}:
        raise VerificationError((f"{path}: its subjects are not the files of an adapter; train and sign again",))


def _is_whole(claim: dict[str, Any]) -> bool:
    """Whether the digests that a chain is walked by are there, each a text."""
    also, card = claim.get("also", []), claim.get("card", {})
    if not isinstance(also, list) or not isinstance(card, dict):
        return False
    missing = card.get("missing", [])
    wanted: list[tuple[Any, tuple[str, ...]]] = [(claim.get(part), ("digest",)) for part in ("tokenizer", "model")]
    wanted += [(one, ("certificate", "manifest")) for one in (claim.get("corpus"), *also)]
    texts = [part.get(key) if isinstance(part, dict) else None for part, keys in wanted for key in keys]
    files = claim["model"].get("files") if isinstance(claim.get("model"), dict) else None
    texts += [*files, *files.values()] if isinstance(files, dict) else [None]
    texts += missing if isinstance(missing, list) else [None]
    return all(isinstance(text, str) for text in texts)


def _link(name: str, check: Callable[[], str]) -> Link:
    try:
        return Link(name, "verified", check())
    except (GovernError, TuneError, VocabError) as error:
        return Link(name, "failed", str(error))


def _given(name: str, path: Path | None, check: Callable[[Path], str]) -> Link:
    if path is None:
        what = {"tokenizer": "--tokenizer T", "model": "--model M", "revocation": "--revocations FILE"}[name]
        return Link(name, "not_checked", f"not given; add {what} to check it")
    return _link(name, lambda: check(path))


def _files(adapter: Path, opened: Opened) -> str:
    problems = differences(adapter, opened.subjects, beside=(PROVENANCE,))
    if problems:
        raise VerificationError(problems)
    governed = opened.predicate.get("governance") != ATTESTED
    if governed and "sha256:" + opened.subjects[RECIPE] != opened.predicate.get("recipe"):
        raise VerificationError((f"{adapter / RECIPE}: not the recipe that the provenance names; restore the adapter",))
    return f"all {len(opened.subjects)} files are as signed"


def _complete(claim: dict[str, Any]) -> str:
    missing = list(Card.model_fields)
    if isinstance(claim.get("card"), dict):
        missing = claim["card"].get("missing", missing)
    if missing:
        fields = ", ".join(name.replace("_", " ") for name in missing)
        raise Refused(f"the card does not say: {fields}; fill in the recipe's [card] and train again")
    return "owner, intended and forbidden use, legal basis and approval are stated"


def _tokenizer(folder: Path, claim: dict[str, Any], trust: Sequence[Path], now: datetime) -> str:
    found = tokenizer_digest(folder)
    if found != claim["digest"]:
        raise Refused(_other(folder, "tokenizer", claim["digest"], found))
    if not claim.get("signed"):
        return f"{folder} is the tokenizer trained with; a base tokenizer, known by its digest alone"
    verify_folder(folder, trust, PREDICATE_TOKENIZER, now=now)
    return f"{folder} is the tokenizer trained with, signed; extended on certificate {claim.get('certificate')}"


def _model(folder: Path, claim: dict[str, Any]) -> str:
    found = base_model(folder)
    if found.digest != claim["digest"]:
        files = dict(found.files)
        names = sorted(name for name in {*files, *claim["files"]} if files.get(name) != claim["files"].get(name))
        raise Refused(f"{_other(folder, 'base model', claim['digest'], found.digest)} (differs: {', '.join(names)})")
    return f"{folder} is the base model trained on, all {len(found.files)} files"


def _claimed(claim: dict[str, Any]) -> list[dict[str, Any]]:
    """What the provenance says of each corpus; `also` is of runs on several."""
    return [claim["corpus"], *claim.get("also", [])]


def _corpora_links(
    corpora: Sequence[Path], trust: Sequence[Path], claim: dict[str, Any], now: datetime
) -> tuple[Link, Link]:
    """Two links over every corpus: as good as the worst of them."""
    left = _claimed(claim)
    pairs = [_corpus_links(corpus, trust, left, now) for corpus in corpora]
    missing = [] if len(corpora) >= len(_claimed(claim)) else left
    for one in missing:
        which = "" if not corpora else f"that of certificate {one['certificate'][:19]}… is "
        why = f"{which}not given; add --corpus DIR to check it"
        pairs.append((Link("certificate", "not_checked", why), Link("shards", "not_checked", why)))
        if not corpora:
            break
    certificates, shards = zip(*pairs, strict=True)
    return _worst(certificates), _worst(shards)


def _worst(links: Sequence[Link]) -> Link:
    """One link for several: of broken ones, what is said is what is broken."""
    found = {link.status for link in links}
    status = next(status for status in STATUSES if status in found)
    said = [link.sentence for link in links if status != "failed" or link.status == status]
    return Link(links[0].name, status, "\n".join(dict.fromkeys(said)))


def _corpus_links(corpus: Path, trust: Sequence[Path], left: list[dict[str, Any]], now: datetime) -> tuple[Link, Link]:
    """How a folder stands to the corpora of the claim that are `left`; the one that it is goes out of them."""
    try:
        found = verify_corpus(corpus, trust, now=now, purpose=PURPOSE)
    except VerificationError as error:
        in_shards = [problem for problem in error.problems if ".parquet: " in problem]
        others = [problem for problem in error.problems if problem not in in_shards]
        certificate = (
            Link("certificate", "failed", "\n".join(others))
            if others
            else Link("certificate", "not_checked", f"{corpus}: its shards are not what was certified")
        )
        why = "the corpus does not verify, so its shards were not compared"
        return certificate, Link("shards", *(("failed", "\n".join(in_shards)) if in_shards else ("not_checked", why)))
    except GovernError as error:
        return Link("certificate", "failed", str(error)), Link("shards", "not_checked", "the corpus does not verify")
    digest = found.certificate.digest
    wanted = next((one for one in left if one["certificate"] == digest), None)
    if wanted is None:
        sentence = f"{corpus}: not a corpus trained on, or one that was given already; leave it out"
        if left:
            sentence = _other(corpus, "certificate", left[0]["certificate"], digest)
        return Link("certificate", "failed", sentence), Link("shards", "not_checked", "another corpus was given")
    left.remove(wanted)
    manifest = "sha256:" + sha256_file(corpus / MANIFEST)
    if manifest != wanted["manifest"]:
        sentence = _other(corpus, MANIFEST, wanted["manifest"], manifest)
        return Link("certificate", "verified", f"certificate {digest}"), Link("shards", "failed", sentence)
    rows = sum(shard.documents for shard in found.documents)
    return (
        Link("certificate", "verified", f"{corpus} holds the certificate trained under, signed and in force"),
        Link("shards", "verified", f"{len(found.documents)} shards of {rows} documents, every byte as certified"),
    )


def _revocation(path: Path, keys: Sequence[Any], claim: dict[str, Any]) -> str:
    entries = revocation.load(path, keys)
    for corpus in _claimed(claim):
        entry = revocation.is_revoked(entries, corpus["certificate"], corpus["manifest"].removeprefix("sha256:"))
        if entry is not None:
            raise Refused(f"{path}: the corpus was revoked ({entry.reason}); stop using this adapter")
    words = claim["tokenizer"].get("certificate")
    entry = None if words is None else revocation.is_revoked(entries, words, "")
    if entry is not None:
        raise Refused(
            f"{path}: the corpus that the tokenizer was extended on was revoked ({entry.reason}); stop using this adapter"
        )
    return f"neither the corpus nor the tokenizer's is among the {len(entries)} of {path}"


def _other(folder: Path, what: str, expected: str, found: str) -> str:
    return (
        f"{folder}: another {what} than was trained with, {found[:19]}… instead of {expected[:19]}…; give the one named"
    )
