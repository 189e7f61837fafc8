"""QLoRA: a frozen base in NF4, float32 adapters on every linear layer and on the new token rows, `transformers.Trainer`.

In: a base model that passed the gate, packed rows, the recipe's numbers. Out: a folder with `adapter_config.json` and
`adapter_model.safetensors`, and what was measured. On one processor thread the same inputs give the same bytes, also when a run
was killed and resumed from a checkpoint. A loss or gradient that is no number stops the run. After Dettmers et al. 2305.14314.
"""

import errno
import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune import checkpoints, processes
from tune.dataset import IGNORED, Dataset, collate
from tune.errors import TuneError, TuneRefused
from tune.folders import read_json
from tune.loading import go_offline, halved, with_adapter
from tune.rows import parameter_groups

if TYPE_CHECKING:
    from tune.folders import BaseModel
    from tune.recipe import Recipe, Training

UNWRITTEN = ("inline_container", "PytorchStreamWriter", "I/O error")
"""How torch and safetensors say that a file could not be written; neither raises OSError."""
HELD_OUT = ("held_out_loss", "held_out_bits_per_byte")
SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
"""What the library calls each schedule of a recipe."""
SHARDED = "full_shard auto_wrap"
"""FSDP, in the words of the library."""
Report = Callable[[int, int, float, int], None]
"""Called after a step: with its number, how many there are, its loss, and tokens since this process began."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Held-out text: the mean loss (nats a token), and bits per byte of text, which compare between tokenizers."""

    loss: float
    bits_per_byte: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What training measured: each step's numbers, held-out text before and after, if there is any, and whether it ended early.

    A step after which held-out text was evaluated has `held_out_loss` and `held_out_bits_per_byte` too.
    """

    log: tuple[dict[str, float], ...]
    steps: int
    epochs: float
    trainable_parameters: int
    held_out_before: Evaluation | None
    held_out_after: Evaluation | None
    ended_early: bool = False
    device: str = "cpu"
    processes: int = 1

    @property
    def first_loss(self) -> float:
        """The first step's training loss, nats a token."""
        return self.log[0]["loss"]

    @property
    def final_loss(self) -> float:
        """The last step's training loss, nats a token."""
        return self.log[-1]["loss"]


def train(
    recipe: "Recipe",
    base: "BaseModel",
    new_ids: tuple[int, ...],
    data: Dataset,
    held_out: Dataset | None,
    *,
    work: Path,
    out: Path,
    report: Report,
    further: Sequence[Any] = (),
) -> Measured:
    """Trains, continuing from the newest whole checkpoint in `work`, and writes the adapter's two files to `out`.

    `further` are callbacks of the library's kind.

    Raises:
        TuneError: the model does not load, or memory does not suffice.
        TuneRefused: a loss, a gradient or a weight is not a finite number.
        OSError: a checkpoint or the adapter cannot be written.
    """
    go_offline()
    import torch
    from safetensors import SafetensorError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # what the libraries will rename is not the user's business
        try:
            return _train(recipe, base, new_ids, data, held_out, work, out, report, further)
        except torch.OutOfMemoryError:
            raise TuneError(
                f"{base.path}: the accelerator's memory does not suffice; lower training.micro_batch or max_length"
            ) from None
        except (RuntimeError, SafetensorError) as error:
            if not any(sign in str(error) for sign in UNWRITTEN):
                raise
            raise OSError(errno.EIO, "cannot be written, the disk may be full") from None


def _train(
    recipe: "Recipe",
    base: "BaseModel",
    new_ids: tuple[int, ...],
    data: Dataset,
    held_out: Dataset | None,
    work: Path,
    out: Path,
    report: Report,
    further: Sequence[Any],
) -> Measured:
    import transformers

    _share_evenly(recipe.training)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.set_seed(recipe.training.seed)
    model = with_adapter(recipe, base, new_ids)
    rate = recipe.training.micro_batch
    before = None if held_out is None else evaluated(model, held_out, rate)
    watch = _watch(report, recipe.training.batch * data.tokens / len(data))
    trainer = _trainer_of(recipe.training)(
        model=model,
        args=_arguments(recipe, work),
        train_dataset=data,
        data_collator=collate,
        callbacks=[watch, *([] if held_out is None else [_evaluating(recipe.training, held_out)]), *further],
    )
    if processes.shard(recipe.training) and not trainer.is_fsdp_enabled:
        raise TuneError('training.sharding is "full", and processors are not sharded over; leave it out here')
    trainer.remove_callback(transformers.PrinterCallback)
    found = processes.first(lambda: checkpoints.latest(work))
    log, steps, epochs = _fit(trainer, found, recipe.training.patience)
    after = None if held_out is None else evaluated(model, held_out, rate)
    _finite(model)
    state = trainer.accelerator.get_state_dict(trainer.model) if processes.shard(recipe.training) else None
    if processes.leads():
        model.save_pretrained(out, save_embedding_layers=False, state_dict=state)
    trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    ended_early = _is_over(log, recipe.training.patience) and steps < trainer.state.max_steps
    return Measured(log, steps, epochs, trainable, before, after, ended_early, _device(), trainer.args.world_size)


def _share_evenly(numbers: "Training") -> None:
    """Refuses what several processes cannot share evenly."""
    import torch

    count = processes.count()
    if count == 1 and torch.cuda.device_count() > 1:
        raise TuneError(
            f"{torch.cuda.device_count()} accelerators and one process; start one for each with `torchrun --nproc-per-node "
            f"{torch.cuda.device_count()} -m tune run RECIPE`, or set CUDA_VISIBLE_DEVICES=0"
        )
    if numbers.batch % (numbers.micro_batch * count):
        raise TuneError(
            f"training.batch {numbers.batch} is not a multiple of micro_batch {numbers.micro_batch} times {count} processes; "
            "change one"
        )


def _device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def _trainer_of(numbers: "Training") -> Any:
    """`transformers.Trainer` with a rate for LoRA and one for new rows; made when it asks, so that FSDP may shard first."""
    import torch
    import transformers

    class Tuner(transformers.Trainer):  # type: ignore[misc]  # transformers has no types here
        optimizer: Any

        def create_optimizer(self, model: Any = None) -> Any:
            if self.optimizer is None:
                groups = parameter_groups(model or self.model, numbers)
                self.optimizer = torch.optim.AdamW(groups, fused=True)
            return self.optimizer

    return Tuner


def _fit(trainer: Any, found: Path | None, patience: int | None) -> tuple[tuple[dict[str, float], ...], int, float]:
    """Trains to the last step and gives log, steps and epochs; a checkpoint of the last step is loaded, not trained on."""
    state = None if found is None else read_json(found / "trainer_state.json")
    over = state is not None and (
        state["global_step"] >= state["max_steps"] or _is_over(state["log_history"], patience)
    )
    if found is not None and state is not None and over:
        trainer.state.max_steps = state["max_steps"]
        trainer.model.load_adapter(str(found), "default", is_trainable=True)
        history, steps, epochs = state["log_history"], state["global_step"], state["epoch"]
    else:
        trainer.train(resume_from_checkpoint=None if found is None else str(found))
        history, steps, epochs = trainer.state.log_history, trainer.state.global_step, trainer.state.epoch
    kept = ("step", "loss", "grad_norm", "learning_rate")
    steps_of = {int(entry["step"]): {name: float(entry[name]) for name in kept} for entry in history if "loss" in entry}
    for entry in history:
        if "held_out_loss" in entry:
            steps_of[int(entry["step"])] |= {name: float(entry[name]) for name in HELD_OUT}
    return tuple(steps_of.values()), int(steps), float(epochs or 0.0)


def _is_over(history: Iterable[Mapping[str, Any]], patience: int | None) -> bool:
    """Whether the last `patience` evaluations are all no better than the best before them."""
    losses = [entry["held_out_loss"] for entry in history if "held_out_loss" in entry]
    return patience is not None and len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])


def _arguments(recipe: "Recipe", work: Path) -> Any:
    import torch
    from transformers import TrainingArguments

    numbers = recipe.training
    return TrainingArguments(
        output_dir=str(work),
        seed=numbers.seed,
        data_seed=numbers.seed,
        max_steps=numbers.steps or -1,
        num_train_epochs=numbers.epochs or 1.0,
        per_device_train_batch_size=numbers.micro_batch,
        gradient_accumulation_steps=numbers.batch // (numbers.micro_batch * processes.count()),
        learning_rate=numbers.learning_rate,
        lr_scheduler_type=SCHEDULES[numbers.schedule],
        warmup_steps=numbers.warm_up,
        max_grad_norm=numbers.clip,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=numbers.checkpoint_steps,
        save_total_limit=2,
        remove_unused_columns=False,
        label_names=["labels"],
        report_to="none",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        ddp_find_unused_parameters=False,
        fsdp=SHARDED if processes.shard(numbers) else None,
        fsdp_config={"version": 2, "state_dict_type": "FULL_STATE_DICT"} if processes.shard(numbers) else None,
        dataloader_pin_memory=False,
        bf16=halved(recipe.quantisation),
    )


def _watch(report: Report, tokens_a_step: float) -> Any:
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
        """Reports each step, stops at a number that is none, and makes checkpoints count."""

        steps = 0

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:  # noqa: ARG002
            for name in ("loss", "grad_norm"):
                value = (logs or {}).get(name)
                if value is not None and not math.isfinite(value):
                    raise TuneRefused(
                        f"step {state.global_step}: {name} is {value}, so the adapter would be useless; "
                        "lower training.learning_rate, or look for broken documents"
                    )
            if logs and "loss" in logs and processes.leads():
                self.steps += 1
                tokens = round(self.steps * tokens_a_step)
                report(int(state.global_step), int(state.max_steps), float(logs["loss"]), tokens)

        def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
            processes.wait()  # each has left its part of the checkpoint
            if processes.leads():
                checkpoints.complete(Path(args.output_dir) / f"{checkpoints.PREFIX}{state.global_step}")
            processes.wait()

    return Watch()


def _evaluating(training: "Training", held_out: Dataset) -> Any:
    from transformers import TrainerCallback

    class Evaluating(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
        """Measures held-out text after every so many steps, before a checkpoint is written, and ends what no longer learns."""

        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **rest: Any) -> None:  # noqa: ARG002
            if training.evaluation_steps is None or state.global_step % training.evaluation_steps:
                return
            found = evaluated(model, held_out, training.micro_batch)
            numbers = zip(HELD_OUT, (found.loss, found.bits_per_byte), strict=True)
            state.log_history.append({"step": state.global_step, **dict(numbers)})
            if _is_over(state.log_history, training.patience):
                control.should_training_stop = control.should_save = True

    return Evaluating()


def evaluated(model: Any, data: Dataset, micro_batch: int) -> Evaluation:
    """The loss over every labelled token of `data`, which knows the bytes of its text; dropout is off meanwhile."""
    import torch

    if data.text_bytes is None:
        raise ValueError("a dataset without the bytes of its text; build it with them")
    learning = model.training
    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(data), micro_batch):
            batch = collate([data[row] for row in range(start, min(start + micro_batch, len(data)))])
            labelled = int((batch["labels"] != IGNORED).sum())
            moved = {name: tensor.to(model.device) for name, tensor in batch.items()}
            total += float(model(**moved, use_cache=False).loss) * labelled
            count += labelled
    model.train(learning)
    return Evaluation(total / count, total / math.log(2) / int(data.text_bytes.sum()))


def _finite(model: Any) -> None:
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and not bool(parameter.isfinite().all()):
            raise TuneRefused(
                f"{name}: holds a weight that is no number, so nothing is written; lower training.learning_rate"
            )
