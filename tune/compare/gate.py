"""What must hold before anything is compared: the adapter's chain, the corpus, and models that fit their tokenizers.

No flag skips a check, and none loads torch. The corpus may be another than was trained on; it must verify, allow training or
evaluation, and hold documents out. Task files are read here, so that a broken one is known before an hour of work.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.attestation import CertifiedCorpus, Opened
from govern.attestation import verify as verify_corpus
from govern.envelope import ENVELOPE_BYTES
from govern.errors import Refused
from govern.files import MANIFEST, sha256_file
from govern.inventory import read_plain
from govern.keys import load_trusted
from tune import chain
from tune.adapter import PROVENANCE, RECIPE
from tune.chat import find
from tune.compare import held_out, origin
from tune.compare.held_out import HeldOut
from tune.compare.resampling import Plan
from tune.compare.tasks import Task, some_rows
from tune.compare.tasks import read as read_task
from tune.errors import TuneError, TuneRefused
from tune.folders import BaseModel, TokenizerFolder, base_model, tokenizer, tokenizer_digest
from tune.gate import PURPOSE
from tune.recipe import Data, Numbers, recorded

if TYPE_CHECKING:
    from tune.chat import Template

PURPOSES = (PURPOSE, "evaluate")
"""A corpus that may be used for either may be measured on."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is compared, and on what: folders and files, none of which has been looked at yet."""

    adapter: Path
    trust: tuple[Path, ...]
    model: Path
    tokenizer: Path
    corpus: Path | None = None
    tasks: tuple[str, ...] = ()
    base_model: Path | None = None
    base_tokenizer: Path | None = None
    revocations: Path | None = None
    template: Path | None = None
    rows: int | None = None
    plan: Plan = field(default_factory=lambda: Plan(2000, 0))


@dataclass(frozen=True, slots=True)
class Side:
    """A model and a tokenizer that belong together, the windows it reads text and tasks in, and its held-out documents."""

    base: BaseModel
    words: TokenizerFolder
    text_window: int
    task_window: int
    held: HeldOut | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """Inputs that verified; `provenance` is the digest of the adapter's.

    `unlike` says what keeps the original from being shown to be the model that the base was made from.
    """

    opened: Opened
    provenance: str
    numbers: Numbers
    corpus: CertifiedCorpus | None
    manifest: str | None
    data: Data
    template: "Template | None"
    side: Side
    original: Side | None
    unlike: str | None
    tasks: tuple[Task, ...]


def admit(inputs: Inputs, now: datetime) -> Admitted:
    """The inputs of a comparison, where each verifies.

    Raises:
        TuneRefused: a link of the adapter's chain is broken, or the corpus has no held-out part.
        TuneError: an input cannot be read.
        GovernError: the corpus does not verify.
        VocabError: a tokenizer is none.
    """
    opened, provenance = _chain(inputs, now)
    numbers = recorded(inputs.adapter / RECIPE) if RECIPE in opened.subjects else Numbers.model_validate({})
    corpus, manifest = (None, None) if inputs.corpus is None else _corpus(inputs, inputs.corpus, opened.predicate, now)
    tasks = tuple(some_rows(read_task(argument), inputs.rows) for argument in inputs.tasks)
    _check_tasks(tasks, inputs.rows)
    words = tokenizer(inputs.tokenizer)
    data, template = numbers.data, None
    if corpus is not None:
        data = held_out.format_of(corpus, numbers.data)
        template = _template(inputs, words, data, opened.predicate)
    length = numbers.training.max_length
    side = _side(inputs.model, words, length, corpus, data, template, inputs.rows)
    original = unlike = None
    if inputs.base_model is not None and inputs.base_tokenizer is not None:
        if template is not None:
            raise TuneRefused(
                f"{inputs.base_tokenizer}: conversations are written by a chat template, and two tokenizers' are not the same "
                "text; leave --base-model and --base-tokenizer out"
            )
        other = tokenizer(inputs.base_tokenizer)
        original = _side(inputs.base_model, other, length, corpus, data, None, inputs.rows)
        unlike = origin.unlike(original.base, other, side.base)
    admitted = Admitted(opened, provenance, numbers, corpus, manifest, data, template, side, original, unlike, tasks)
    # The chain was checked by another reading of these files.
    read = (inputs.model, side.base.digest), (inputs.tokenizer, words.digest)
    chain.as_signed(inputs.adapter, opened, *read, doing="read")
    return admitted


def unchanged(inputs: Inputs, admitted: Admitted) -> None:
    """Returns where everything is still what the provenance names.

    Raises:
        TuneRefused: something changed since the chain was checked; of the original, since it was read.
    """
    original = admitted.original
    now = (inputs.model, base_model(inputs.model).digest), (inputs.tokenizer, tokenizer_digest(inputs.tokenizer))
    chain.as_signed(inputs.adapter, admitted.opened, *now, doing="measured")
    if original is not None:
        for path, found, was in (
            (original.base.path, base_model(original.base.path).digest, original.base.digest),
            (original.words.path, tokenizer_digest(original.words.path), original.words.digest),
        ):
            if found != was:
                raise TuneRefused(f"{path}: changed while it was measured; restore it and run again")


def is_attested(claim: dict[str, Any]) -> bool:
    """Whether the adapter was trained elsewhere, so that its recipe is not known and the defaults of one hold."""
    return bool(claim.get("governance") == chain.ATTESTED)


def trained_on(claim: dict[str, Any]) -> dict[str, str]:
    """By certificate, the digest of `SHA256SUMS` of each corpus that the provenance names."""
    return {one["certificate"]: one["manifest"] for one in (claim["corpus"], *claim.get("also", []))}


def _chain(inputs: Inputs, now: datetime) -> tuple[Opened, str]:
    """The adapter's provenance, where its chain holds, and its digest."""
    found = chain.verify(
        inputs.adapter,
        inputs.trust,
        now=now,
        tokenizer=inputs.tokenizer,
        model=inputs.model,
        revocations=inputs.revocations,
    )
    if not found.holds:
        broken = [line for link in found.links if link.status == "failed" for line in link.sentence.splitlines()]
        raise TuneRefused("\n".join(["the adapter's chain is broken, so nothing is compared", *broken]))
    path = inputs.adapter / PROVENANCE
    data = read_plain(path, ENVELOPE_BYTES)
    opened = chain.open_provenance(data, path, load_trusted(inputs.trust, inputs.adapter), now)
    return opened, "sha256:" + hashlib.sha256(data).hexdigest()


def _corpus(inputs: Inputs, folder: Path, claim: dict[str, Any], now: datetime) -> tuple[CertifiedCorpus, str]:
    corpus = verify_corpus(folder, inputs.trust, now=now, revocations=inputs.revocations)
    if not {*corpus.certificate.purposes} & {*PURPOSES}:
        allowed = ", ".join(corpus.certificate.purposes) or "none"
        raise Refused(
            f"{folder}: certified for {allowed}, neither for {' nor for '.join(PURPOSES)}; use another corpus"
        )
    manifest = "sha256:" + sha256_file(folder / MANIFEST)
    known = trained_on(claim).get(corpus.certificate.digest)
    if known is not None and known != manifest:
        raise TuneRefused(f"{folder}: the certificate trained under, over other files; restore the corpus")
    if not corpus.held_out:
        raise TuneRefused(
            f"{folder}: no held-out part, and text that was trained on shows nothing; "
            "certify the corpus again with a policy that holds documents out, or give another corpus"
        )
    return corpus, manifest


def _check_tasks(tasks: tuple[Task, ...], rows: int | None) -> None:
    names = [task.name for task in tasks]
    if len({*names}) != len(names):
        raise TuneError("--task: two tasks have one name; give one a TOML file with another")
    for task in tasks:
        if task.kind == "labels" and len({item.answer for item in task.items}) == 1:
            raise TuneError(
                f"--rows {rows}: the rows of {task.name} that are left have one label, so any constant answer is right; "
                "give more"
            )


def _template(inputs: Inputs, words: TokenizerFolder, data: Data, claim: dict[str, Any]) -> "Template | None":
    """The chat template, for a corpus of conversations: the one trained with, where that was with one."""
    if data.format != "messages":
        if inputs.template is not None:
            raise TuneError(f"--template {inputs.template}: the corpus holds no conversations; leave it out")
        return None
    found = find(inputs.tokenizer, inputs.template, words.special, named="--template")
    known = claim["tokenizer"].get("template")
    if known is not None and known != found.digest:
        raise TuneRefused(
            f"{inputs.template or inputs.tokenizer}: another chat template than was trained with, {found.digest[:19]}… "
            f"instead of {known[:19]}…; give its file with --template"
        )
    return found


def _side(
    model: Path,
    words: TokenizerFolder,
    length: int,
    corpus: CertifiedCorpus | None,
    data: Data,
    template: "Template | None",
    rows: int | None,
) -> Side:
    base = base_model(model)
    if base.rows < words.size:
        raise TuneRefused(
            f"{model}: {base.rows} token rows, the tokenizer has {words.size} ids; give the one it was made for"
        )
    if base.tokenizer is not None and base.tokenizer != words.data:
        raise TuneRefused(
            f"{model}: the tokenizer.json beside the weights is not that of {words.path}; give the one it has"
        )
    text_window = length if base.positions is None else min(length, base.positions)
    held = None if corpus is None else held_out.read(corpus, words, text_window, data, template, rows)
    return Side(base, words, text_window, base.positions or length, held)
