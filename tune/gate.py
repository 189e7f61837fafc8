"""What must hold before anything is trained; every check runs before torch is loaded, and no flag skips one.

A development run on text that nobody certified passes `check_ungoverned` instead, and whatever it makes is marked so.

The corpus: signed by trusted keys, certified for training, neither expired nor revoked, every byte as signed. The tokenizer:
where it was extended, signed too, and its proof re-run. The base model: plain weights of a covered architecture, with a row
for every id of the tokenizer. A refusal names what failed and the remedy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from govern import revocation
from govern.attestation import PREDICATE_TOKENIZER, SPLITS, verify, verify_folder
from govern.corpus import CertifiedShard
from govern.files import ATTESTATION, MANIFEST, digest, matching, sha256_file
from govern.keys import load_trusted
from tune.chat import find
from tune.errors import TuneError, TuneRefused
from tune.folders import EXTENSION, BaseModel, TokenizerFolder, base_model, tensor_shapes, tokenizer
from vocab.check import check as prove

if TYPE_CHECKING:
    from tune.chat import Template
    from tune.recipe import Recipe, Source

PURPOSE = "train"
EMBEDDING, HEAD = "embed_tokens", "lm_head"
DOCUMENTS, HELD_OUT = SPLITS


@dataclass(frozen=True, slots=True)
class Admitted:
    """A corpus that may train: its shards, the digest of its certificate, who signed it, and its weight in an epoch.

    `manifest` is the digest of its `SHA256SUMS`. `certificate` is None in an ungoverned run, and only there.
    """

    path: Path
    documents: tuple[CertifiedShard, ...]
    held_out: tuple[CertifiedShard, ...]
    certificate: str | None
    manifest: str
    key_ids: tuple[str, ...]
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
    def governed(self) -> bool:
        """Whether every corpus was certified."""
        return all(one.certificate is not None for one in self.corpora)


def inputs(
    corpora: Sequence[Path],
    *,
    trust: Sequence[Path],
    model: Path,
    tokenizer: Path,
    signatures: int | None = None,
    revocations: Path | None = None,
) -> "Recipe":
    """A recipe of these inputs and nothing else, for what is trained by other means than a recipe.

    Raises:
        GovernError: no trusted key, or one that cannot be read.
        TuneError: no corpus, or a number of signatures that is none.
    """
    from tune.recipe import Recipe, Source, Training

    if not corpora:
        raise TuneError("no corpus was given; name every certified corpus that is trained on")
    if signatures is not None and signatures < 1:
        raise TuneError(f"signatures {signatures}: expected a whole number from 1 up; correct it")
    trusted = tuple(Path(path) for path in trust)
    load_trusted(trusted)
    return Recipe(
        corpus=Path(corpora[0]),
        also=tuple(Source(corpus=Path(one)) for one in corpora[1:]),
        trust=trusted,
        signatures=signatures,
        revocations=revocations,
        model=Path(model),
        tokenizer=Path(tokenizer),
        out=Path(model),
        sign_key=Path(model),
        training=Training(max_length=8),
    )


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
    return Passed(corpora, words, signed is not None, base, _template(recipe, words))


def check_ungoverned(recipe: "Recipe") -> Passed:
    """The inputs of a development run: no corpus or tokenizer is verified, and `Passed.governed` says so.

    The model is held to the same rules: plain weights, no code, a row for every id.

    Raises:
        TuneError: a folder cannot be read (2) or used (1, `TuneRefused`).
    """
    corpora = tuple(_uncertified(source) for source in recipe.sources)
    _no_corpus_twice(corpora)
    words, base = tokenizer(recipe.tokenizer), base_model(recipe.model)
    _model_fits(recipe, base, words)
    return Passed(corpora, words, False, base, _template(recipe, words))


def _template(recipe: "Recipe", words: TokenizerFolder) -> "Template | None":
    if recipe.data.format != "messages":
        return None
    return find(recipe.tokenizer, recipe.data.template, words.special)


def _admitted(recipe: "Recipe", source: "Source", now: datetime) -> Admitted:
    found = verify(
        source.corpus,
        recipe.trust,
        now=now,
        signatures=recipe.signatures,
        revocations=recipe.revocations,
        purpose=PURPOSE,
    )
    return Admitted(
        source.corpus,
        found.documents,
        found.held_out,
        found.certificate.digest,
        "sha256:" + sha256_file(source.corpus / MANIFEST),
        found.key_ids,
        source.weight,
    )


def _uncertified(source: "Source") -> Admitted:
    """The Parquet files of a folder, or those of a draft of `govern certify`, with its held-out part."""
    import polars as pl

    folder = source.corpus
    if not folder.is_dir():
        raise TuneError(f"{folder}: no such folder; give a folder of Parquet files")
    draft = (folder / DOCUMENTS).is_dir()
    found: dict[str, tuple[CertifiedShard, ...]] = {}
    for part in (DOCUMENTS, HELD_OUT):
        paths = matching(folder / part, "*.parquet") if draft else []
        if not draft and part == DOCUMENTS:
            paths = matching(folder, "*.parquet")
        try:
            rows = [int(pl.scan_parquet(path).select(pl.len()).collect().item()) for path in paths]
        except (pl.exceptions.PolarsError, OSError):
            raise TuneError(f"{folder}: holds a Parquet file that cannot be read; restore it") from None
        found[part] = tuple(
            CertifiedShard(path, sha256_file(path), count) for path, count in zip(paths, rows, strict=True)
        )
    if not found[DOCUMENTS]:
        raise TuneError(
            f"{folder}: no Parquet file in it; give a folder of Parquet files, or a draft of `govern certify`"
        )
    manifest = digest([shard.sha256 for part in found.values() for shard in part])
    return Admitted(folder, found[DOCUMENTS], found[HELD_OUT], None, manifest, (), source.weight)


def _no_corpus_twice(corpora: tuple[Admitted, ...]) -> None:
    """Refuses a corpus that is named twice, since its weight would not be what the recipe says."""
    seen: dict[str, Path] = {}
    for one in corpora:
        if one.manifest in seen:
            raise TuneRefused(f"{one.path}: the same corpus as {seen[one.manifest]}; name it once, with a weight")
        seen[one.manifest] = one.path


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
    if recipe.model_digest not in (None, base.digest):
        raise TuneRefused(
            f"{recipe.model}: its digest is {base.digest}, the recipe's model_digest is {recipe.model_digest}; "
            "restore the folder, or correct the recipe"
        )
    _targets_fit(recipe, base, words)
    length = recipe.training.max_length
    if base.positions is not None and base.positions < length:
        raise TuneRefused(
            f"{recipe.model}: takes {base.positions} tokens at most, training.max_length is {length}; lower max_length"
        )


def _targets_fit(recipe: "Recipe", base: BaseModel, words: TokenizerFolder) -> None:
    """Refuses layers that LoRA cannot be put on, since PEFT would, or would fail without a sentence."""
    if recipe.lora.targets is None:
        return
    layers = {name.split(".")[-2] for name, shape in tensor_shapes(base).items() if len(shape) == 2}
    for target in recipe.lora.targets:
        reason = None
        if target not in layers | {HEAD}:
            reason = f"no layer of {recipe.model}; it has {', '.join(sorted(layers - {EMBEDDING}))}"
        elif target == EMBEDDING:
            reason = "the embedding, of which new rows alone are trained"
        elif target == HEAD and base.tied:
            reason = "the embedding too in a tied model, of which new rows alone are trained"
        elif target == HEAD and words.new_ids:
            reason = "the output head, whose new rows are trained as they are"
        if reason:
            raise TuneRefused(f"lora.targets: {target} is {reason}; leave it out")


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
