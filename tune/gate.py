"""What must hold before anything is trained; every check runs before torch is loaded, and no flag skips one.

The corpus: signed by trusted keys, certified for training, neither expired nor revoked, every byte as signed. The tokenizer:
where it was extended, signed too, and its proof re-run. The base model: plain weights of a covered architecture, with a row
for every id of the tokenizer. A refusal names what failed and the remedy.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from govern import revocation
from govern.attestation import PREDICATE_TOKENIZER, CertifiedCorpus, verify, verify_folder
from govern.files import ATTESTATION, MANIFEST, sha256_file
from govern.keys import load_trusted
from tune.errors import TuneRefused
from tune.folders import EXTENSION, BaseModel, TokenizerFolder, base_model, tokenizer
from vocab.check import check as prove

if TYPE_CHECKING:
    from tune.recipe import Recipe

PURPOSE = "train"


@dataclass(frozen=True, slots=True)
class Passed:
    """What a run may use, with the digests that its provenance names."""

    corpus: CertifiedCorpus
    corpus_manifest: str
    tokenizer: TokenizerFolder
    tokenizer_signed: bool
    base: BaseModel


def check(recipe: "Recipe", *, now: datetime) -> Passed:
    """The inputs of a recipe, where each passes.

    Raises:
        GovernError: the corpus or a signature does not verify (exit code 1), or cannot be read (2).
        TuneError: the model or the tokenizer cannot be read (2) or used (1, `TuneRefused`).
        VocabError: the extended tokenizer's proof does not hold.
    """
    corpus = verify(
        recipe.corpus,
        recipe.trust,
        now=now,
        signatures=recipe.signatures,
        revocations=recipe.revocations,
        purpose=PURPOSE,
    )
    signed = _tokenizer_signature(recipe, now)
    words = tokenizer(recipe.tokenizer)
    if signed is not None and signed != words.digest:
        raise TuneRefused(f"{recipe.tokenizer}: changed after its signature was checked; restore the folder")
    _tokenizer_not_revoked(recipe, words)
    base = base_model(recipe.model)
    _model_fits(recipe, base, words)
    if words.certificate is not None:
        prove(recipe.tokenizer, trust=recipe.trust, now=now)
    return Passed(corpus, "sha256:" + sha256_file(recipe.corpus / MANIFEST), words, signed is not None, base)


def _model_fits(recipe: "Recipe", base: BaseModel, words: TokenizerFolder) -> None:
    remedy = f"run `vocab embed {recipe.model} --tokenizer {recipe.tokenizer} --out MODEL2` and train that"
    if base.rows < words.size:
        raise TuneRefused(
            f"{recipe.model}: {base.rows} token rows, the tokenizer {recipe.tokenizer} has {words.size} ids; {remedy}"
        )
    if base.tokenizer is not None and base.tokenizer != words.data:
        raise TuneRefused(
            f"{recipe.model}: the tokenizer.json beside the weights is not that of {recipe.tokenizer}, so its rows belong to "
            f"other ids; {remedy}, or name the tokenizer it was made for"
        )
    if words.certificate is None and EXTENSION in dict(base.files):
        raise TuneRefused(
            f"{recipe.tokenizer}: no {EXTENSION}, though {recipe.model} was made for an extended tokenizer; "
            "give the signed folder that `vocab extend` wrote"
        )
    length = recipe.training.max_length
    if base.positions is not None and base.positions < length:
        raise TuneRefused(
            f"{recipe.model}: takes {base.positions} tokens at most, training.max_length is {length}; lower max_length"
        )


def _tokenizer_signature(recipe: "Recipe", now: datetime) -> str | None:
    """The digest that was signed; None for a base tokenizer."""
    folder = recipe.tokenizer
    signed = (folder / ATTESTATION).exists()
    if (folder / EXTENSION).exists() and not signed:
        raise TuneRefused(
            f"{folder}: an extended tokenizer that nobody signed; run `vocab extend` again with --sign-key KEY"
        )
    if not signed:
        return None
    return "sha256:" + verify_folder(folder, recipe.trust, PREDICATE_TOKENIZER, now=now).subjects[MANIFEST]


def _tokenizer_not_revoked(recipe: "Recipe", words: TokenizerFolder) -> None:
    if recipe.revocations is None or words.certificate is None:
        return
    entry = revocation.is_revoked(
        revocation.load(recipe.revocations, load_trusted(recipe.trust)), words.certificate, ""
    )
    if entry is not None:
        raise TuneRefused(
            f"{recipe.tokenizer}: extended on a corpus that was revoked ({entry.reason}); extend the base on another"
        )
