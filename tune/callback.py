"""The gate inside another trainer: a callback for transformers' `Trainer` and whatever builds on it.

    >>> trainer.add_callback(tune.gate_callback(Path("certified"), trust=[Path("sign.pub")], model=..., tokenizer=...))

Training does not begin where the gate of `tune run` says no, and ends with an error where a folder changed meanwhile. What such
a trainer makes can be signed with `tune attest`: attested, not governed, since nothing ties its data loader to the corpus.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tune import gate
from tune.errors import TuneRefused


def gate_callback(
    *corpora: Path,
    trust: Sequence[Path],
    model: Path,
    tokenizer: Path,
    signatures: int | None = None,
    revocations: Path | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Any:
    """A `transformers.TrainerCallback` that lets training begin only on what passes the gate of `tune run`.

    Args:
        corpora: every certified corpus that is trained on.
        trust: whose signatures on corpus and tokenizer count.
        model: the base model's folder.
        tokenizer: the tokenizer's folder.
        signatures: more signatures than a certificate asks for.
        revocations: a signed revocation list.
        now: the clock.

    The callback raises what `tune.gate.check` raises when training begins, and `TuneRefused` when it ends and an input is no
    longer what it was.
    """
    from transformers import TrainerCallback

    recipe = gate.inputs(
        corpora, trust=trust, model=model, tokenizer=tokenizer, signatures=signatures, revocations=revocations
    )

    class Gate(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
        """Checks when training begins, and that nothing changed when it ends."""

        passed: gate.Passed | None = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
            self.passed = gate.check(recipe, now=now())

        def on_train_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
            after = gate.check(recipe, now=now())
            if self.passed is None or _digests(after) != _digests(self.passed):
                raise TuneRefused(f"{model}: an input changed while it was trained on; restore it and train again")

    return Gate()


def _digests(passed: gate.Passed) -> tuple[str, ...]:
    return (*(one.manifest for one in passed.corpora), passed.tokenizer.digest, passed.base.digest)
