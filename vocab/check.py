"""Proves an extended tokenizer again, from its files alone or on a certified corpus.

Checked are: every file against `SHA256SUMS` (and the signature, under trusted keys), the base rebuilt from the
extension against its recorded digest, every new id, the matrix of terms and contexts, text made up for the purpose, the
corpus where one is given, and that `transformers` gives the same ids. A claim that does not hold is `VocabRefused`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.files import ATTESTATION, MANIFEST, digest, parse_strict
from vocab.base import CLASS, CONFIG, EXTENSION, SPECIAL_TOKENS, TOKENIZER, UNCHANGED, Base, read_file
from vocab.engines import parities
from vocab.errors import VocabError, VocabRefused
from vocab.exact import isolated
from vocab.exports import exports
from vocab.extension import Extended, read
from vocab.ground import moved
from vocab.grow import ADDED, OVER, PRESENT, Term, Variant
from vocab.model_base import ModelBase, Origin
from vocab.parity import Parity
from vocab.pretokens import batches
from vocab.proof import Proof
from vocab.proving import MADE_UP, prove_all, refused_by, seen
from vocab.spelling import ids_of, sub_ids, whole
from vocab.term_lists import Entry
from vocab.trials import made_up

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus


_OF_CORPUS = {"corpus", "leak", "drift"}
"""What a proof says of a corpus alone."""


def check(
    tokenizer: Path,
    corpus: "CertifiedCorpus | None" = None,
    *,
    trust: Sequence[Path] = (),
    now: datetime | None = None,
) -> Proof:
    """The proof of the extended tokenizer in the folder `tokenizer`, every claim of which holds.

    Args:
        tokenizer: a folder that `vocab extend` wrote.
        corpus: also prove it on this text; without one, `proof.corpus` and `proof.leak` are None.
        trust: public keys; where given, the folder must carry a signature by one of them.
        now: the time at which a signature is judged; needed with `trust`.

    Raises:
        VocabError: no extended tokenizer there.
        VocabRefused: a file, the signature or a claim does not hold; each problem is named.
    """
    intact(tokenizer)
    extended = read(tokenizer)
    if trust:
        _signed(extended, trust, now)
    _refuse_strangers(extended)
    engines = _engines(extended)
    proof = replace(_prove(extended, corpus), engines=engines)
    problems = (
        *proof.problems,
        *refused_by(engines),
        *_exports(extended),
        *_rebuilt(extended),
        *_recorded(extended, corpus, proof),
    )
    if problems:
        raise VocabRefused(tuple(f"{tokenizer}: {problem}; extend the base again" for problem in problems))
    return proof


def signature(tokenizer: Path, trust: Sequence[Path]) -> str:
    """What `check` could say about the signature: verified, not signed, or not checked and why."""
    if not (tokenizer / ATTESTATION).is_file():
        return "not signed"
    return "verified" if trust else "not checked: give --trust"


def intact(folder: Path) -> None:
    """Returns where every file of the folder is the one that `SHA256SUMS` names.

    Raises:
        VocabError: no extended tokenizer there.
        VocabRefused: a file is extra, missing, changed or linked; each is named.
    """
    from govern.inventory import differences, parse_sums

    if not folder.is_dir():
        raise VocabError(f"{folder}: no such folder; give the folder that `vocab extend` wrote")
    sums = folder / MANIFEST
    if not sums.is_file():
        raise VocabError(f"{folder}: no {MANIFEST}, so this is no extended tokenizer; make one with `vocab extend`")
    problems = differences(folder, parse_sums(read_file(sums), str(sums)))
    if problems:
        raise VocabRefused(problems)


def _signed(extended: Extended, trust: Sequence[Path], now: datetime | None) -> None:
    from govern.attestation import PREDICATE_TOKENIZER, verify_folder

    if now is None:
        raise VocabError("a signature is judged at a time; pass `now`")
    opened = verify_folder(extended.folder, trust, PREDICATE_TOKENIZER, now=now)
    signed = (opened.predicate.get("extension"), opened.predicate.get("certificate"))
    if signed != (digest(extended.record), extended.record["certificate"]):
        raise VocabRefused((f"{extended.folder}: the signed digests are not those of {EXTENSION}; restore the folder",))


def _prove(extended: Extended, corpus: "CertifiedCorpus | None") -> Proof:
    on = extended.ground
    read_through = None
    if corpus is not None:

        def texts() -> Iterator[list[str]]:
            return ([text for text, _ in batch] for batch in batches(corpus))

        read_through = seen(extended.base, on, texts)
    return prove_all(
        extended.base,
        on,
        extended.tokenizer,
        extended.profile,
        extended.new,
        extended.appended,
        _terms(extended),
        read_through,
    )


def _terms(extended: Extended) -> list[Term]:
    """The lines of the lists as recorded, their variants spelled as the ground has them."""
    only = whole(extended.ground.base)
    return [
        Term(
            Entry(one["term"], one["category"], one["place"], one["reason"] if one["status"] == "rejected" else ""),
            tuple(Variant(text["text"], only(text["text"]), text["status"], text["id"]) for text in one["variants"]),
        )
        for one in extended.record["terms"]
    ]


def _refuse_strangers(extended: Extended) -> None:
    """Returns where the folder holds no file but those that `vocab extend` writes: another may change what a reader does."""
    exported = {name for one in extended.record.get("exports", ()) for name in one["files"]}
    known = {extended.tokenizer.path.name, EXTENSION, CONFIG, SPECIAL_TOKENS, "README.md", MANIFEST, ATTESTATION}
    strange = sorted({path.name for path in extended.folder.iterdir()} - known - exported - set(UNCHANGED))
    if strange:
        raise VocabRefused(
            tuple(f"{extended.folder / name}: not written by `vocab extend`; take it out" for name in strange)
        )


def _rebuilt(extended: Extended) -> tuple[str, ...]:
    """What of the tokenizer, its tokens and merges aside, is not what the record makes of the base."""
    made, on = extended.tokenizer, extended.ground.base
    if isinstance(made, ModelBase):
        odd = sum(piece.kind != "normal" for piece in made.model.pieces[on.next_id :])
        return (f"{odd} new pieces of terms are of another kind than normal",) if odd else ()
    if not isinstance(on, Base):
        return ("it is no SentencePiece model, though its base is one",)
    expected = on.spec
    if extended.profile == "exact":
        terms = [term for term in _terms(extended) if all(one.status != OVER for one in term.variants)]
        expected = isolated(on, [one.text for term in terms for one in term.variants]).spec
        if expected["model"]["vocab"] != made.spec["model"]["vocab"]:
            return ("its vocabulary is not that of the recorded terms",)
    kept = ("vocab", "merges")
    parts = {name: part for name, part in made.spec.items() if name != "model"}
    wanted = {name: part for name, part in expected.items() if name != "model"}
    found = [name for name in sorted(parts.keys() | wanted.keys()) if parts.get(name) != wanted.get(name)]
    flags = [
        name
        for name in sorted(made.spec["model"].keys() | expected["model"].keys())
        if name not in kept and made.spec["model"].get(name) != expected["model"].get(name)
    ]
    return tuple(
        f"'{name}' of {TOKENIZER} is not what the recorded extension makes of the base" for name in (*found, *flags)
    )


def _recorded(extended: Extended, corpus: "CertifiedCorpus | None", proof: Proof) -> tuple[str, ...]:
    """Where the numbers differ from the recorded ones, though the inputs are the same."""
    found, recorded = proof.to_json(), extended.record["proof"]
    names = (set(found) - _OF_CORPUS) & set(recorded)
    wrong = (*_wrong_ids(extended), *_wrong_sizes(extended))
    if corpus is not None and corpus.certificate.digest == extended.record["certificate"]:
        names |= _OF_CORPUS & set(recorded)
    elif found["numbers"] is not None:  # what the corpus says of numbers is of another corpus, or of none
        found["numbers"]["corpus"] = (recorded["numbers"] or {}).get("corpus")
    if (
        extended.record["format_version"] < 3
    ):  # fewer contexts were tried then, and what a base cannot read was not counted
        known = {one["context"] for one in recorded["positions"]}
        found["positions"] = [one for one in found["positions"] if one["context"] in known]
        for one in (found["fuzz"], found["corpus"], (found["numbers"] or {}).get("corpus")):
            if one:
                one.pop("unread", None)
    found = _plain(found)
    different = sorted(name for name in names if found[name] != recorded.get(name))
    return (*wrong, *(f"'{name}' of the proof is not what {EXTENSION} says" for name in different))


def _wrong_ids(extended: Extended) -> tuple[str, ...]:
    """What the record says of new ids, sub-tokens and variants, against the tokenizer and its base."""
    on, vocab, parts = extended.ground, extended.tokenizer.vocab, sub_ids(extended.base)
    new = extended.record["new_ids"]
    variants = [one for term in extended.record["terms"] for one in term["variants"]]
    texts = [one["text"] for one in variants]
    encoded = ids_of(extended.tokenizer, texts, list(map(whole(on.base), texts)))
    scaffolds = [one.id for one in extended.new if one.text is None]
    numbers, tags = ({number for _, number in some} for some in (on.numbers, on.tags))
    wrong = {
        "new_ids": sum(vocab.get(one["token"]) != one["id"] for one in new),
        "kinds": sum((one["kind"] == "scaffold") != (one["id"] in scaffolds) for one in new),
        "numbers": sum((one["kind"] == "number") != (one["id"] in numbers) for one in new),
        "tags": sum((one["kind"] == "tag") != (one["id"] in tags) for one in new),
        "base_ids": sum(parts(one["token"]) != one["base_ids"] for one in new),
        "variants": sum(_misread(one, ids, on.base) for one, ids in zip(variants, encoded, strict=True)),
        "terms": sum(map(_misjudged, _terms(extended), extended.record["terms"])),
        "scaffold_ids": int(sorted(scaffolds) != extended.record["scaffold_ids"]),
    }
    return tuple(
        f"{count} of '{name}' in {EXTENSION} are not the tokenizer's" for name, count in wrong.items() if count
    )


def _misread(variant: dict[str, Any], ids: list[int], base: Origin) -> bool:
    """True where the text of a variant is not encoded as the record says."""
    if variant["status"] in (ADDED, PRESENT):
        is_new: bool = variant["status"] == ADDED
        return bool(ids != [variant["id"]] or is_new != (ids[0] >= base.next_id))
    return bool(variant["id"] is not None or (len(ids) == 1 and ids[0] != base.unknown_id))


def _misjudged(term: Term, recorded: dict[str, Any]) -> bool:
    """True where the status of a term does not follow from its variants."""
    return bool(term.entry.reason) == bool(term.variants) or term.status != recorded["status"]


def _wrong_sizes(extended: Extended) -> tuple[str, ...]:
    """What the record says of the size of the base and of the tokenizer, against both."""
    base, record = extended.base, extended.record
    found = {
        "base.vocab_size": len(base.vocab.keys() | base.added.keys()),
        "base.next_id": base.next_id,
        "base.moved_added_tokens": list(moved(base)),
        "tokenizer.next_id": extended.tokenizer.next_id,
        "merges": len(extended.tokenizer.merges) - len(base.merges),
    }
    said = {
        name: record[name] if name == "merges" else record[name.split(".")[0]][name.split(".")[1]] for name in found
    }
    return tuple(f"'{name}' in {EXTENSION} is not the tokenizer's" for name in found if said[name] != found[name])


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    import json

    plain: dict[str, Any] = json.loads(json.dumps(value))
    return plain


def _engines(extended: Extended) -> tuple[Parity, ...]:
    """What each engine makes of the folder, as its users will read it."""
    if isinstance(extended.tokenizer, Base):
        config, special = (
            parse_strict(read_file(extended.folder / name), str(extended.folder / name))
            for name in (CONFIG, SPECIAL_TOKENS)
        )
        if not isinstance(config, dict) or "auto_map" in config or config.get("tokenizer_class") != CLASS:
            raise VocabRefused(
                (f"{extended.folder / CONFIG}: names another class than {CLASS}, or code; extend again",)
            )
        if not isinstance(special, dict):
            raise VocabRefused((f"{extended.folder / SPECIAL_TOKENS}: no JSON object; extend again",))
    terms = [term["term"] for term in extended.record["terms"] if term["status"] != "rejected"]
    return parities(extended, made_up(terms)[:MADE_UP])


def _exports(extended: Extended) -> tuple[str, ...]:
    """Which exports are not what their own engine is given by the tokenizer."""
    if extended.record["format_version"] < 3:
        return ()
    recorded = {one["engine"]: one for one in extended.record["exports"]}
    made = exports(extended.tokenizer)
    said = [{"engine": one.engine, "files": sorted(one.files), "refused": one.refused} for one in made]
    if isinstance(extended.tokenizer, Base) and said != extended.record["exports"]:
        return (f"'exports' in {EXTENSION} are not those of the tokenizer",)
    return tuple(
        f"{name} is not what the tokenizer gives for {one.engine}"
        for one in made
        for name in recorded.get(one.engine, {}).get("files", ())
        if one.files.get(name) != read_file(extended.folder / name)
    )
