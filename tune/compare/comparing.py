"""`tune compare`: what an adapter gained over its base, on certified held-out text and on task files, with intervals.

In: an adapter whose chain verifies, its base model and tokenizer, a certified corpus with a held-out part, task files. Out: a
new folder with `compare.json` and `report.html`, which hold counts, intervals and digests, and no text, prompt or answer. The
same inputs and seed give the same bytes on one machine, however a corpus or a task file is sorted.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.files import canonical, write_whole
from tune import adapter
from tune.compare import contrast
from tune.compare.contrast import ADAPTER, BASE, ORIGINAL
from tune.compare.gate import Admitted, Inputs, Side, admit, is_attested, trained_on, unchanged
from tune.compare.models import WRITTEN_TOKENS, Report, Run, run
from tune.compare.report import html
from tune.compare.resampling import FEW, LEVEL
from tune.errors import TuneError, TuneInterrupted, TuneRefused
from tune.folders import new_folder
from vocab.folders import building

if TYPE_CHECKING:
    from tune.compare.tasks import Task

FORMAT_VERSION = 1
KIND = "assay-comparison"
JSON, HTML = "compare.json", "report.html"
MOST_RESAMPLES = 100_000
CONVENTION = (
    "Each token but the first of a document is predicted once, and the token that ends a text; a document longer than the "
    "window is cut, each part beginning with the last token of the one before."
)


def compare(inputs: Inputs, out: Path, *, now: datetime, report: Report | None = None) -> dict[str, Any]:
    """Compares, writes the report to the new folder `out`, and returns the value of `compare.json`.

    Raises:
        TuneError: an input cannot be read, or `out` exists.
        TuneRefused: the chain is broken, the corpus has no held-out part, or there is nothing to measure.
        TuneInterrupted: stopped from the keyboard; nothing is kept.
        GovernError: the corpus does not verify.
        VocabError: a tokenizer is none, or the folder cannot be written.
    """
    _check_arguments(inputs, out)
    try:
        admitted = admit(inputs, now)
        with building(out, JSON) as folder:  # before the measuring, so that a place that cannot be written to is known
            made = run(inputs, admitted, report or (lambda *_: None))
            unchanged(inputs, admitted)
            value = _value(inputs, admitted, made)
            write_whole(folder / JSON, canonical(value))
            write_whole(folder / HTML, html(value).encode())
    except KeyboardInterrupt:
        raise TuneInterrupted(f"{out}: stopped, and nothing was kept; the same command begins again") from None
    return value


def _check_arguments(inputs: Inputs, out: Path) -> None:
    folders = (inputs.corpus, inputs.base_model, inputs.base_tokenizer)
    new_folder(out, inputs.adapter, inputs.model, inputs.tokenizer, *(one for one in folders if one is not None))
    if inputs.corpus is None and not inputs.tasks:
        raise TuneError("nothing to compare on; give --corpus DIR, or --task FILE, or both")
    if inputs.corpus is None and inputs.template is not None:
        raise TuneError(
            f"--template {inputs.template}: tasks are asked without one, and no --corpus is given; leave it out"
        )
    if (inputs.base_model is None) != (inputs.base_tokenizer is None):
        raise TuneError("--base-model and --base-tokenizer belong together; give both, or neither")
    if inputs.rows is not None and inputs.rows < 1:
        raise TuneError(f"--rows {inputs.rows}: fewer than one; give 1 or more, or leave it out for all")
    if not 100 <= inputs.plan.resamples <= MOST_RESAMPLES:
        raise TuneError(f"--resamples {inputs.plan.resamples}: expected 100 to {MOST_RESAMPLES:,}; 2000 is usual")
    if not 0 <= inputs.plan.seed < 2**32:
        raise TuneError(f"--seed {inputs.plan.seed}: expected 0 to {2**32 - 1}; change it")


def _value(inputs: Inputs, admitted: Admitted, made: Run) -> dict[str, Any]:
    systems = tuple(name for name in (ORIGINAL, BASE, ADAPTER) if name in made.found)
    found = adapter.code()
    return {
        "format_version": FORMAT_VERSION,
        "kind": KIND,
        "adapter": _adapter(admitted),
        "systems": [_system(name, admitted) for name in systems],
        "resampling": {
            "method": "percentile bootstrap, paired",
            "level_percent": round(100 * LEVEL),
            "resamples": inputs.plan.resamples,
            "seed": inputs.plan.seed,
            "fewest_units_for_a_verdict": FEW,
        },
        "held_out": None if admitted.corpus is None else _held_out(inputs, admitted, made, systems),
        "tasks": [_task(task, number, made, systems, inputs) for number, task in enumerate(admitted.tasks)],
        "code": {**found, "device": made.device},
    }


def _adapter(admitted: Admitted) -> dict[str, Any]:
    claim = admitted.opened.predicate
    return {
        "governance": "attested" if is_attested(claim) else "governed",
        "provenance": admitted.provenance,
        "weights": "sha256:" + admitted.opened.subjects[adapter.WEIGHTS],
        "recipe": claim["recipe"],
        "issued": claim["issued"],
        "key_ids": list(admitted.opened.key_ids),
        "certificates": sorted(trained_on(claim)),
    }


def _system(name: str, admitted: Admitted) -> dict[str, Any]:
    side: Side = admitted.original if name == ORIGINAL and admitted.original is not None else admitted.side
    return {
        "name": name,
        "model": side.base.digest,
        "tokenizer": side.words.digest,
        "adapter": name == ADAPTER,
        "new_ids": len(side.words.new_ids),
        "quantisation": admitted.numbers.quantisation.type,
        "text_window": side.text_window,
        "task_window": side.task_window,
        "note": side.base.note,
        **({"unlike_the_original": admitted.unlike} if name == ORIGINAL else {}),
    }


def _held_out(inputs: Inputs, admitted: Admitted, made: Run, systems: tuple[str, ...]) -> dict[str, Any]:
    import numpy as np

    corpus, first = admitted.corpus, admitted.side.held
    if corpus is None or first is None:
        raise ValueError("no held-out text was read")
    held = dict.fromkeys(systems, first)
    if admitted.original is not None and admitted.original.held is not None:
        held[ORIGINAL] = admitted.original.held
    nats = np.stack([np.asarray(made.found[name].nats) for name in systems], axis=1)
    tokens, sizes = (
        np.asarray([[getattr(held[name].read[number], what) for name in systems] for number in made.order])
        for what in ("tokens", "size")
    )
    langs = tuple(first.langs.get(number, "") for number in made.order)
    certificate = corpus.certificate
    return {
        "corpus": certificate.claim["corpus"]["name"],
        "certificate": certificate.digest,
        "manifest": admitted.manifest,
        "trained_on": certificate.digest in trained_on(admitted.opened.predicate),
        "format": admitted.data.format,
        "template": None if admitted.template is None else admitted.template.digest,
        "convention": CONVENTION,
        "documents": {
            "held_out": first.documents,
            "chosen": first.chosen,
            "measured": len(made.order),
            "dropped": {name: dict(one.dropped) for name, one in held.items()},
        },
        "slices": contrast.text_slices(contrast.Texts(systems, nats, tokens, sizes, langs), inputs.plan),
    }


def _task(task: "Task", number: int, made: Run, systems: tuple[str, ...], inputs: Inputs) -> dict[str, Any]:
    import numpy as np

    said = [made.found[name].said[number] for name in systems]
    places = tuple(at for at in range(len(task.items)) if all(one[at] is not None for one in said))
    if not places:
        raise TuneRefused(
            f"{task.name}: every item is longer than the model's window; give shorter ones, or a model with a longer window"
        )
    if task.kind == "labels" and len({task.items[at].answer for at in places}) == 1:
        raise TuneRefused(
            f"{task.name}: all items that fit have the same label, so any constant answer is right; give more rows"
        )
    chosen = np.asarray([[one[at] for one in said] for at in places])
    answers = contrast.Answers(systems, places, chosen)
    return {
        "name": task.name,
        "format": task.format,
        "kind": task.kind,
        "files": [{"name": name, "sha256": digest} for name, digest in task.files],
        "labels": list(task.labels),
        "items": {"asked": len(task.items), "measured": len(places), "too_long": len(task.items) - len(places)},
        "written_tokens": WRITTEN_TOKENS if task.kind == "answers" else None,
        "slices": contrast.task_slices(task, answers, inputs.plan),
        "by_item": contrast.by_item(task, answers),
    }
