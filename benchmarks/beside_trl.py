"""What a step of QLoRA costs in `tune run` and in TRL's SFTTrainer: tokens a second and the highest memory, in the same run.

    pip install trl
    python benchmarks/beside_trl.py --work WORK [--shape llama-3-8b | tiny]

WORK is a folder for the base model: random weights in that shape, made there once (llama-3-8b: 16 GB). Both ways load the same
folder in NF4 with double quantisation, put LoRA of rank 16 on every linear layer but the head, recompute activations, and train
on the same packed rows in the same order: `tune.packing.pack` (best-fit decreasing, as in TRL) packs synthetic documents, and
TRL gets the rows with their lengths, as its own packing hands them on. Attention is torch's (SDPA) for both, which keeps
documents apart by positions alone. The same loss in the first step shows that both saw the same.

Each way runs in processes of its own, in turn, the order reversed in every second round. Rates count tokens without padding
over the steps after warm-up: of the clock on an accelerator, of one thread's processor time without one. Memory is the highest
from loading to the last step. TRL 1.16 cannot train token rows (it wants a head with a `bias`), so it is compared without; a
third line is `tune` with 1,000 of them. The table replaces that of the same shape in `results/beside_trl.md`.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).parent / "results/beside_trl.md"
WAYS = ("TRL", "tune", "tune, 1,000 new rows")
NEW_ROWS, RANK, ALPHA, DROPOUT, RATE, WARM_UP, SEED = 1000, 16, 32, 0.05, 2e-4, 0.03, 7
SHAPES: dict[str, dict[str, int]] = {
    "llama-3-8b": {
        "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "sequence": 2048, "batch": 4, "warm": 3, "steps": 12,
    },
    "tiny": {
        "vocab_size": 2048, "hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 8,
        "num_attention_heads": 8, "num_key_value_heads": 4, "sequence": 512, "batch": 2, "warm": 2, "steps": 10,
    },
}  # fmt: skip
"""Of the model (its head has 7% of the weights in both), of a row of tokens, rows a step (one at once), and steps."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--shape", choices=SHAPES, default="llama-3-8b")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if importlib.util.find_spec("trl") is None:
        print("beside_trl: TRL is not installed, and is no dependency here; run `pip install trl`", file=sys.stderr)
        sys.exit(2)
    shape, model = SHAPES[arguments.shape], arguments.work / arguments.shape
    if arguments.way:
        print(json.dumps(measured(arguments.way, shape, model, arguments.work)))
        return
    alone = (
        {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0")} if device() else {"OMP_NUM_THREADS": "1"}
    )
    environment = {**os.environ, **alone, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    make_model(model, shape)
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for number in range(arguments.rounds):
        for way in WAYS if number % 2 == 0 else WAYS[::-1]:
            again = [sys.executable, *sys.argv, "--way", way]
            done = subprocess.run(again, check=True, stdout=subprocess.PIPE, text=True, env=environment)
            found[way].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"round {number + 1}, {way}: {found[way][-1]}", file=sys.stderr)
    section = table(found, arguments.shape)
    print(section)
    sections = PAGE.read_text(encoding="utf-8").split("\n## ") if PAGE.exists() else ["# Beside TRL's SFTTrainer\n"]
    kept = [one.strip("\n") for one in sections if not one.startswith(f"{arguments.shape}:")]
    PAGE.write_text("\n\n## ".join([*kept, section]) + "\n", encoding="utf-8")


def device() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def make_model(folder: Path, shape: dict[str, int]) -> None:
    """Writes a Llama of random bfloat16 weights, one file a layer, so that no more than a layer is ever in memory."""
    if (folder / "model.safetensors.index.json").exists():
        return
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {name: value for name, value in shape.items() if name not in ("sequence", "batch", "warm", "steps")}
    positions = {"max_position_embeddings": 8192, "rope_theta": 500_000.0, "tie_word_embeddings": False}
    config = LlamaConfig(**sizes, **positions, dtype="bfloat16", bos_token_id=None, eos_token_id=None)
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(folder)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in LlamaForCausalLM(config).state_dict().items()}
    random = torch.Generator("cuda" if device() else "cpu").manual_seed(SEED)
    places: dict[str, str] = {}
    for name in shapes:
        part = name.split(".")[2] if ".layers." in name else name.split(".")[-2]
        places[name] = f"model-{part}.safetensors"
    for file in sorted(set(places.values())):
        tensors = {}
        for name in (one for one, place in places.items() if place == file):
            tensor = torch.ones(shapes[name], dtype=torch.bfloat16)
            if "norm" not in name:
                tensor = tensor.to(random.device).normal_(0, 0.02, generator=random).cpu()
            tensors[name] = tensor
        save_file(tensors, folder / file, metadata={"format": "pt"})
    total = sum(2 * size.numel() for size in shapes.values())
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def packed_rows(shape: dict[str, int]) -> Any:
    """A `tune.dataset.Dataset` of one epoch: documents of random ids (never 0), lengths as real text has them."""
    from tune.dataset import Counts, Dataset
    from tune.packing import pack

    random, capacity = np.random.default_rng(SEED), shape["sequence"]
    wanted = shape["batch"] * (shape["warm"] + shape["steps"])
    lengths: list[int] = []
    while sum(lengths) < wanted * capacity:
        lengths.append(int(np.clip(random.lognormal(np.log(capacity / 5), 0.9), 8, capacity)))
    rows = sorted(pack(lengths, capacity), key=lambda row: -sum(lengths[piece] for piece in row))[:wanted]
    starts = np.cumsum([0, *lengths], dtype=np.int64)
    ids = random.integers(1, shape["vocab_size"], starts[-1], dtype=np.int32)
    members = np.concatenate([np.asarray(row, dtype=np.int64) for row in rows])
    row_starts = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    counts = Counts(len(lengths), len(lengths), 0)
    return Dataset(ids, np.ones(len(ids), dtype=bool), starts, members, row_starts, capacity, counts)


def measured(way: str, shape: dict[str, int], model: Path, work: Path) -> dict[str, float]:
    """Tokens a second, memory in MB, and the first and last step's loss."""
    import bitsandbytes  # noqa: F401 (so that the memory of imports is known)
    import torch
    from transformers import Trainer  # noqa: F401

    if way == "TRL":
        from trl import SFTTrainer  # noqa: F401
    if not device():
        torch.set_num_threads(1)
    imports = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 1e6
    data, found = packed_rows(shape), {}
    watch = watch_of(shape["warm"], found)
    (with_trl if way == "TRL" else with_tune)(way, shape, model, work, data, watch)
    peak = found.pop("peak")
    return {**found, "peak": peak, "second": found.pop("reserved") if device() else peak - imports}


def watch_of(warm: int, found: dict[str, Any]) -> Any:
    """A callback that both trainers take: fills `found` at the end of the last step."""
    import torch
    from transformers import TrainerCallback

    clock = time.perf_counter if device() else time.process_time
    counts: list[Any] = []
    ends: list[tuple[float, int]] = []

    class Watch(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **rest: Any) -> None:  # noqa: ARG002
            count = lambda _module, inputs: counts.append((inputs[0] != 0).sum())  # noqa: E731 (waits for nothing)
            model.get_input_embeddings().register_forward_pre_hook(count)

        def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
            if device():
                torch.cuda.synchronize()
            ends.append((clock(), len(counts)))
            if state.global_step < state.max_steps:
                return
            (began, first), (ended, last) = ends[warm - 1], ends[-1]
            found["tokens"] = int(sum(counts[first:last]))
            found["rate"] = found["tokens"] / (ended - began)
            found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
            if device():
                found["peak"] = torch.cuda.max_memory_allocated() / 1e6
                found["reserved"] = torch.cuda.max_memory_reserved() / 1e6

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:  # noqa: ARG002
            if "loss" in (logs or {}):
                found.setdefault("first loss", float(logs["loss"]))
                found["last loss"] = float(logs["loss"])

    return Watch()


def with_tune(way: str, shape: dict[str, int], model: Path, work: Path, data: Any, watch: Any) -> None:
    from tempfile import TemporaryDirectory

    from tune.folders import BaseModel
    from tune.recipe import Lora, Recipe, Training
    from tune.train import train

    training = Training(
        seed=SEED, epochs=1.0, batch=shape["batch"], micro_batch=1, learning_rate=RATE, max_length=shape["sequence"],
        warm_up=WARM_UP, checkpoint_steps=10_000, evaluation_rows=0,
    )  # fmt: skip
    lora = Lora(rank=RANK, alpha=ALPHA, dropout=DROPOUT)
    none, size = Path("none"), shape["vocab_size"]
    recipe = Recipe(
        corpus=none, trust=(none,), model=model, tokenizer=none, out=none, sign_key=none, training=training, lora=lora
    )
    base = BaseModel(model, "", (), size, tied=False, parameters=0, positions=None, tokenizer=None, note=None)
    new = tuple(range(size - NEW_ROWS, size)) if "rows" in way else ()
    with TemporaryDirectory(dir=work) as folder:
        place = Path(folder)
        train(recipe, base, new, data, None, work=place, out=place / "out", report=lambda *_: None, further=[watch])


def with_trl(_way: str, shape: dict[str, int], model: Path, work: Path, data: Any, watch: Any) -> None:
    import datasets
    import torch
    from peft import LoraConfig
    from tokenizers import Tokenizer, models
    from transformers import BitsAndBytesConfig, PreTrainedTokenizerFast
    from trl import SFTConfig, SFTTrainer

    compute = torch.bfloat16 if device() else torch.float32
    rows = [data[index] for index in range(len(data))]
    ids = [[token for piece in row for token in piece.ids] for row in rows]
    columns = {"input_ids": ids, "labels": ids, "seq_lengths": [[len(piece.ids) for piece in row] for row in rows]}
    words = Tokenizer(models.WordLevel({"<pad>": 0}, unk_token="<pad>"))
    arguments = SFTConfig(
        output_dir=str(work), seed=SEED, data_seed=SEED, num_train_epochs=1, per_device_train_batch_size=1,
        gradient_accumulation_steps=shape["batch"], learning_rate=RATE, lr_scheduler_type="cosine", warmup_steps=WARM_UP,
        max_grad_norm=1.0, logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True,
        gradient_checkpointing=True, gradient_checkpointing_kwargs={"use_reentrant": False}, packing=True,
        packing_strategy="bfd", max_length=shape["sequence"], dataset_kwargs={"skip_prepare_dataset": True},
        bf16=bool(device()), use_cpu=not device(), dataloader_pin_memory=False,
        model_init_kwargs={
            "dtype": compute, "attn_implementation": "sdpa", "device_map": {"": 0 if device() else "cpu"},
        },
    )  # fmt: skip
    trainer = SFTTrainer(
        model=str(model), args=arguments, train_dataset=datasets.Dataset.from_dict(columns), callbacks=[watch],
        processing_class=PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<pad>"),
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=compute
        ),
        peft_config=LoraConfig(
            r=RANK, lora_alpha=ALPHA, lora_dropout=DROPOUT, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )  # fmt: skip
    trainer.train()


def table(found: dict[str, list[dict[str, Any]]], name: str) -> str:
    """The section of the page for a shape."""
    shape, card = SHAPES[name], device()
    packages = ", ".join(
        f"{one} {importlib.metadata.version(one)}" for one in ("torch", "transformers", "peft", "bitsandbytes", "trl")
    )
    memory = ("peak allocated", "peak reserved") if card else ("peak memory", "without the imports'")
    seconds = "second" if card else "processor second"
    about = (
        f"{shape['num_hidden_layers']} layers, width {shape['hidden_size']:,}, {shape['vocab_size']:,} ids, rows of "
        f"{shape['sequence']:,} tokens, {shape['batch']} rows a step, one at once; {packages}; {len(found['TRL'])} rounds of "
        f"{shape['steps']} timed steps, medians, lowest and highest."
    )
    lines = [
        f"{name}: {card or f'one thread of {platform.machine()}, no accelerator'}\n\n{about}\n",
        f"| | tokens a {seconds} | of TRL's | {memory[0]}, MB | of TRL's | {memory[1]} | of TRL's | loss, first and last |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    middle = {way: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for way, runs in found.items()}
    for way, runs in found.items():
        rates = [run["rate"] for run in runs]
        cells = [f"{middle[way]['rate']:,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"]
        cells += [f"{middle[way]['rate'] / middle['TRL']['rate']:.2f}"]
        for key in ("peak", "second"):
            cells += [f"{middle[way][key]:,.0f}", f"{middle[way][key] / middle['TRL'][key]:.2f}"]
        lines.append(f"| {way} | {' | '.join(cells)} | {runs[0]['first loss']:.4f}, {runs[0]['last loss']:.4f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
