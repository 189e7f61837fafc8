"""What training new token rows costs: no rows, PEFT's `trainable_token_indices` as it is, and the same by `tune.rows.split`.

    python benchmarks/token_rows.py [--vocabulary 132000] [--width 512] [--rows 1000] [--sequence 256]

A Llama-shaped model of two layers with random weights and untied embeddings; a step is forward, backward and AdamW over LoRA
and rows, in float32 on the processor. Each way runs in processes of its own, in turn, for some rounds; medians of the time of
a step and of the highest memory are shown, and the loss after the last step, which must be the same for both ways of training
rows. Prints Markdown: the table of `results/token_rows.md`.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

WAYS = ("no rows", "PEFT", "split")
STEPS, ROUNDS = 8, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabulary", type=int, default=132_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--sequence", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measured(arguments)))
        return
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(arguments.rounds):
        for way in WAYS:
            done = subprocess.run(
                [sys.executable, *sys.argv, "--way", way], check=True, capture_output=True, text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            )  # fmt: skip
            found[way].append(json.loads(done.stdout.splitlines()[-1]))
    none = found[WAYS[0]]
    first, memory = median(none, "seconds"), median(none, "memory")
    shape = (
        f"{arguments.vocabulary:,} × {arguments.width}, {arguments.rows:,} new rows, {arguments.sequence} tokens a step"
    )
    print(f"| {shape} | ms a step | of no rows | memory, MB | of no rows | loss after {STEPS} steps |")
    print("|---|---:|---:|---:|---:|---:|")
    for way, runs in found.items():
        seconds, size = median(runs, "seconds"), median(runs, "memory")
        ratios = f"{1000 * seconds:.0f} | {seconds / first:.2f} | {size:,.0f} | {size / memory:.2f}"
        print(f"| {way} | {ratios} | {runs[0]['loss']:.6f} |")


def median(runs: list[dict[str, float]], name: str) -> float:
    return statistics.median(run[name] for run in runs)


def measured(arguments: argparse.Namespace) -> dict[str, float]:
    """The median time of a step, the highest memory in MB, and the loss after the last step."""
    import torch
    from peft import get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    from tune.recipe import Lora
    from tune.rows import lora_config, split

    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = LlamaConfig(
        vocab_size=arguments.vocabulary, hidden_size=arguments.width, intermediate_size=2 * arguments.width,
        num_hidden_layers=2, num_attention_heads=8, tie_word_embeddings=False, use_cache=False,
    )  # fmt: skip
    base = LlamaForCausalLM(config)
    new = tuple(range(arguments.vocabulary - arguments.rows, arguments.vocabulary))
    lora = Lora(rank=16, alpha=32, dropout=0.0)
    model = get_peft_model(base, lora_config(lora, () if arguments.way == "no rows" else new, tied=False))
    if arguments.way == "split":
        split(model)
    optimiser = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=1e-3)
    ids = torch.randint(arguments.vocabulary, (1, arguments.sequence))
    ids[0, ::2] = torch.randint(new[0], arguments.vocabulary, ids[0, ::2].shape)
    times, loss = [], 0.0
    for _ in range(STEPS):
        began = time.process_time()
        result = model(input_ids=ids, labels=ids)
        result.loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        loss = float(result.loss)
        times.append(time.process_time() - began)
        del result
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": statistics.median(times[1:]), "memory": memory, "loss": loss}


if __name__ == "__main__":
    main()
