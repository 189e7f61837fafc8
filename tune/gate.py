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
from tune.chat import find
from tune.errors import TuneRefused
from tune.folders import EXTENSION, BaseModel, TokenizerFolder, base_model, tokenizer
from vocab.check import check as prove

if TYPE_CHECKING:
    from tune.chat import Template
    from tune.recipe import Recipe, Source

PURPOSE = "train"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A corpus that may train, the digest of its `SHA256SUMS`, and how often its documents are seen in an epoch."""

    corpus: CertifiedCorpus
    manifest: str
    weight: float


@dataclass(frozen=True, slots=True)
class Passed:
    """What a run may use, with the digests that its provenance names."""

    corpora: tuple[Admitted, ...]
    tokenizer: TokenizerFolder
    tokenizer_signed: bool
    base: BaseModel
    template: "Template | None" = None

    @property
    def corpus(self) -> CertifiedCorpus:
        """The first corpus."""
        return self.corpora[0].corpus


def check(recipe: "Recipe", *, now: datetime) -> Passed:
    """The inputs of a recipe, where each passes.

    Raises:
        GovernError: the corpus or a signature does not verify (exit code 1), or cannot be read (2).
        TuneError: the model or the tokenizer cannot be read (2) or used (1, `TuneRefused`).
        VocabError: the extended tokenizer's proof does not hold.
    """
    corpora = tuple(_admitted(recipe, source, now) for source in recipe.sources)
    _no_corpus_twice(corpora)
    signed = _tokenizer_signature(recipe, now)
    words = tokenizer(recipe.tokenizer)
    if signed is not None and signed != words.digest:
        raise TuneRefused(f"{recipe.tokenizer}: changed after its signature was checked; restore the folder")
    _tokenizer_not_revoked(recipe, words)
    base = base_model(recipe.model)
    _model_fits(recipe, base, words)
    if words.certificate is not None:
        prove(recipe.tokenizer, trust=recipe.trust, now=now)
    template = None
    if recipe.data.format == "messages":
        template = find(recipe.tokenizer, recipe.data.template, words.special)
    return Passed(corpora, words, signed is not None, base, template)


def _admitted(recipe: "Recipe", source: "Source", now: datetime) -> Admitted:
    found = verify(
        source.corpus,
        recipe.trust,
        now=now,
        signatures=recipe.signatures,
        revocations=recipe.revocations,
        purpose=PURPOSE,
    )
    return Admitted(found, "sha256:" + sha256_file(source.corpus / MANIFEST), source.weight)


def _no_corpus_twice(corpora: tuple[Admitted, ...]) -> None:
    """Refuses a corpus that is named twice, since its weight would not be what the recipe says."""
    seen: dict[str, CertifiedCorpus] = {}
    for one in corpora:
        digest = one.corpus.certificate.digest
        if digest in seen:
            raise TuneRefused(f"{one.corpus.path}: the same corpus as {seen[digest].path}; name it once, with a weight")
        seen[digest] = one.corpus


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
