"""`tune run`: the gate, the data, the training, the signed adapter; in `OUT.partial` until it is whole.

A run leaves `OUT`, or `OUT.partial` that `--resume` continues, never half an adapter. What a checkpoint was made from is kept
beside it as digests, so a run resumes only over the same recipe, corpus, tokenizer, model and code.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import GovernError
from govern.files import canonical, digest, sha256_file, sync_folder, sync_tree, write_whole
from govern.keys import PrivateKey
from govern.lock import alone
from tune import adapter, checkpoints, dataset, gate, processes, signing, tokens, tracking
from tune.errors import TuneError, TuneInterrupted, TuneRefused
from tune.folders import base_model, read_json

if TYPE_CHECKING:
    from tune.recipe import Recipe
    from tune.train import Measured, Report

IDENTITY = "run.json"
WORK = "checkpoints"
WHOLE = "adapter"


@dataclass(frozen=True, slots=True)
class Result:
    """A finished adapter: its folder, the digest of its weights, and the predicate that was signed."""

    adapter: Path
    weights: str
    predicate: dict[str, Any]


def run(
    recipe: "Recipe",
    *,
    now: datetime,
    resume: bool = False,
    governed: bool = True,
    report: "Report | None" = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Trains the adapter of a recipe and signs it.

    Args:
        recipe: what to do.
        now: the moment to check dates for, and the adapter's date of issue.
        resume: continue an unfinished run of the same recipe and inputs.
        governed: False for a development run on text that nobody certified: its adapter is marked so and not signed.
        report: called after each step with step, steps, loss, and tokens since this process began.
        say: called with a line at each stage.

    Raises:
        GovernError: the corpus, a signature or a key does not pass.
        TuneError: the recipe's folders cannot be used; `TuneRefused` where a gate says no.
        VocabError: the tokenizer cannot be used.
        TuneInterrupted: stopped from the keyboard; `resume` continues.
    """
    from tune.loading import go_offline

    go_offline()
    partial = _partial(recipe.out)
    key = _key(recipe) if governed else None
    try:
        with processes.together(), ExitStack() as stack:
            passed = processes.first(lambda: _begin(recipe, partial, key, stack, now, resume=resume, say=say))
            data, held_out = tokens.read(recipe, passed, partial, key)
            rows = _digests(data, held_out)
            with _or_nothing(partial):
                measured = _trained(recipe, passed, data, held_out, partial, report or (lambda *_: None))
                if _digests(data, held_out) != rows:
                    processes.first(lambda: shutil.rmtree(partial / WORK))  # no checkpoint of other tokens is continued
                    raise TuneRefused(f"{partial}: the tokens changed while they were trained on; run again")
                made = adapter.Made(recipe, passed, data, held_out, measured)
                return processes.first(lambda: _written(made, partial, key, now))
    except KeyboardInterrupt:
        raise TuneInterrupted(
            f"{partial}: stopped; `tune run RECIPE --resume` continues from the newest checkpoint"
        ) from None
    except OSError as error:
        raise TuneInterrupted(
            f"{partial}: {error.strerror or 'cannot be written'}; mend that, then `tune run RECIPE --resume` continues"
        ) from None


def obstacles(recipe: "Recipe", *, governed: bool = True) -> tuple[str, ...]:
    """What `run` would refuse beside its gate, as things are now: a sentence for the place, the key and the tracking."""
    checks: list[Callable[[], object]] = [lambda: _room(recipe, _partial(recipe.out), resume=False)]
    if governed:
        checks.append(lambda: _key(recipe))
    if recipe.tracking is not None:
        checks.append(tracking.check)
    found = []
    for check in checks:
        try:
            check()
        except (TuneError, GovernError) as error:
            found.append(str(error))
    return tuple(found)


def _digests(*found: dataset.Dataset | None) -> tuple[str | None, ...]:
    return tuple(None if one is None else one.digest for one in found)


def _begin(
    recipe: "Recipe",
    partial: Path,
    key: PrivateKey | None,
    stack: ExitStack,
    now: datetime,
    *,
    resume: bool,
    say: Callable[[str], None],
) -> gate.Passed:
    """What passed the gate, its rows kept and the unfinished run locked: the first process's work before training."""
    _room(recipe, partial, resume=resume)
    passed = gate.check_ungoverned(recipe) if key is None else gate.check(recipe, now=now)
    if key is None:
        say("UNGOVERNED: nobody certified this text; the adapter is marked so, and `tune verify` refuses it")
    else:
        certificates = ", ".join(str(one.certificate) for one in passed.corpora)
        say(f"gate passed: certificate {certificates}, {len(passed.tokenizer.new_ids)} new token rows")
    partial.mkdir(mode=0o700, exist_ok=True)
    stack.enter_context(alone(partial))
    with _or_nothing(partial):
        tokens.make(recipe, passed, partial, key, say)
        data, _ = tokens.read(recipe, passed, partial, key)
    say(_described(data))
    if passed.tokenizer.eos_id is None and passed.template is None:
        say("the tokenizer names no end token, so documents have none; name it in tokenizer_config.json as eos_token")
    _same_run(partial, _identity(recipe, passed, data))
    return passed


@contextmanager
def _or_nothing(partial: Path) -> Iterator[None]:
    """Removes the unfinished run where an error leaves nothing to continue: another recipe or model may come next."""
    try:
        yield
    except (TuneError, GovernError):
        if processes.leads() and checkpoints.latest(partial / WORK) is None:
            shutil.rmtree(partial)
        raise


def _described(data: dataset.Dataset) -> str:
    line = f"{data.documents} documents, {data.tokens} tokens, {len(data)} rows of {data.max_length}, "
    line += f"{100 * data.fill:.1f}% filled"
    for reason, count in data.counts.dropped:
        line += f"; {count} dropped: {reason}"
    return line


def _trained(
    recipe: "Recipe",
    passed: gate.Passed,
    data: dataset.Dataset,
    held_out: dataset.Dataset | None,
    partial: Path,
    report: "Report",
) -> "Measured":
    from tune.train import train

    whole, work = partial / WHOLE, partial / WORK
    if processes.leads():
        if whole.exists():
            shutil.rmtree(whole)
        work.mkdir(exist_ok=True)
    processes.wait()
    further = []
    if recipe.tracking is not None and processes.leads():
        further = [tracking.callback(recipe.tracking, recipe, passed)]
    new_ids = passed.tokenizer.new_ids
    return train(recipe, passed.base, new_ids, data, held_out, work=work, out=whole, report=report, further=further)


def _written(made: adapter.Made, partial: Path, key: PrivateKey | None, now: datetime) -> Result:
    """The adapter, signed and in its place; the unfinished run is gone then."""
    recipe, whole = made.recipe, partial / WHOLE
    if base_model(recipe.model).digest != made.passed.base.digest:
        raise TuneRefused(f"{recipe.model}: changed while it was trained on; restore it and run again")
    predicate = adapter.write(whole, made, key, issued=now)
    sync_tree(whole)
    whole.rename(recipe.out)
    sync_folder(recipe.out.absolute().parent)
    shutil.rmtree(partial)
    return Result(recipe.out, "sha256:" + sha256_file(recipe.out / adapter.WEIGHTS), predicate)


def _partial(out: Path) -> Path:
    return out.with_name(out.name + ".partial") if out.name else out


def _room(recipe: "Recipe", partial: Path, *, resume: bool) -> None:
    """Refuses where the adapter, or the folder to work in, cannot go."""
    out = recipe.out
    if os.path.lexists(out):
        leftover = f"; {partial} is left of a run that finished, remove it" if out.name and partial.exists() else ""
        raise TuneError(f"{out}: exists already; name another folder as 'out', or remove it{leftover}")
    if not out.absolute().parent.is_dir():
        raise TuneError(f"{out.absolute().parent}: no such folder; make it, or name another 'out'")
    kept = [("corpus", source.corpus) for source in recipe.sources]
    for name, folder in (*kept, ("model", recipe.model), ("tokenizer", recipe.tokenizer)):
        for what, path in (("out", out), ("cache", recipe.cache), ("tracking", recipe.tracking)):
            if path is not None and path.resolve().is_relative_to(folder.resolve()):
                raise TuneError(f"{path}: lies inside the {name}, which must stay as it is; name another '{what}'")
    for what, path in (("cache", recipe.cache), ("tracking", recipe.tracking)):
        if path is not None and any(path.resolve().is_relative_to(mine.resolve()) for mine in (out, partial)):
            raise TuneError(f"{path}: where the adapter goes; name another '{what}'")
        if path is not None and (path / adapter.PROVENANCE).exists():
            raise TuneError(f"{path}: an adapter, which must stay as it is; name another '{what}'")
    if partial.is_symlink() or (partial.exists() and not partial.is_dir()):
        raise TuneError(f"{partial}: a file or link where the unfinished run goes; remove it, or name another 'out'")
    if partial.exists() and not resume:
        raise TuneError(f"{partial}: an unfinished run; continue it with --resume, or remove the folder to begin again")
    ours = (IDENTITY, WORK, WHOLE, tokens.FOLDER)
    if partial.exists() and not all(path.name.startswith(ours) for path in partial.iterdir()):
        raise TuneError(f"{partial}: holds other things than an unfinished run; move them, or name another 'out'")


def _key(recipe: "Recipe") -> PrivateKey:
    return signing.load(recipe.sign_key, recipe.passphrase_file)


def _identity(recipe: "Recipe", passed: gate.Passed, data: dataset.Dataset) -> dict[str, str]:
    return {
        "recipe": recipe.digest,
        "certificate": digest([one.certificate for one in passed.corpora]),
        "corpus": digest([one.manifest for one in passed.corpora]),
        "tokenizer": passed.tokenizer.digest,
        "model": passed.base.digest,
        "training rows": data.digest,
        "number of processes": str(processes.count()),
        "code": adapter.code()["tune_sources"],
        "environment": adapter.code()["environment_digest"],
    }


def _same_run(partial: Path, identity: dict[str, str]) -> None:
    path = partial / IDENTITY
    if not path.exists():
        write_whole(path, canonical(identity))
        return
    before = read_json(path)
    changed = [name for name in identity if before.get(name) != identity[name]]
    if changed:
        raise TuneRefused(
            f"{partial}: the unfinished run had another {', '.join(changed)}; restore it, or remove the folder to begin again"
        )
