"""How near `tune plan` comes to the memory that `tune run` takes on a processor, and to the time of a step.

    python benchmarks/plan_memory.py [--work WORK] [--only N...]

Makes a small signed corpus, a tokenizer with 1,154 new ids and untrained Llamas of varied shapes, then for each configuration
asks `tune plan --measure --json`, runs `tune run --json`, and compares the predicted peak with the one of the run's process.
Three steps of two micro-batches on full rows, one thread. Configurations named *fitted* were looked at while the two constants
of `tune.plan.memory` were chosen; the others were not. Prints Markdown: the table of `results/plan_memory.md`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "tune"))

import tune_world

from tune.plan.machine import GIVE_BACK

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
TERMS = 500
MANY = 40
"""How many times the documents of the tests' corpus: rows of 2,048 tokens are full then."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run: the model's shape, rows at once, and the settings that memory depends on."""

    width: int
    layers: int
    vocabulary: int
    length: int
    micro_batch: int = 1
    rank: int = 16
    tied: bool = True
    checkpointing: bool = True
    quantisation: str = "nf4"
    compute: str = "auto"
    new_rows: bool = False
    bfloat16: bool = False
    dropout: float = 0.05
    more: str = ""
    gives_back: bool = False
    fitted: bool = False

    def __str__(self) -> str:
        """A line for the table."""
        parts = [
            f"{self.width} × {self.layers}, {self.vocabulary:,} {'tied' if self.tied else 'untied'}",
            f"rank {self.rank}, {self.micro_batch} × {self.length:,} tokens",
            "" if self.checkpointing else "no checkpointing",
            "" if self.quantisation == "nf4" else "not quantised",
            "" if self.compute == "auto" else f"products in {self.compute}",
            "new rows" if self.new_rows else "",
            "bfloat16 on disk" if self.bfloat16 else "",
            "" if self.dropout else "no dropout",
            "GLIBC_TUNABLES" if self.gives_back else "",
            self.more.replace('"', "").replace("\n", ", "),
        ]
        return "; ".join(part for part in parts if part)


CASES = (
    Case(64, 2, 1536, 64, tied=False, new_rows=True, fitted=True),
    Case(512, 8, 32_000, 1024, tied=False, fitted=True),
    Case(512, 8, 32_000, 1024, tied=False, checkpointing=False, fitted=True),
    Case(256, 6, 8192, 512, micro_batch=4, tied=False, fitted=True),
    Case(96, 3, 8000, 128, rank=4, tied=False, new_rows=True),
    Case(320, 10, 12_000, 512, micro_batch=2, rank=8, tied=False, checkpointing=False),
    Case(640, 6, 4000, 768, rank=32, new_rows=True),
    Case(256, 2, 131_072, 256, tied=False),
    Case(896, 3, 24_000, 512, micro_batch=3, quantisation="none"),
    Case(448, 14, 6000, 384, micro_batch=2, tied=False, checkpointing=False, quantisation="none", new_rows=True),
    Case(512, 5, 50_000, 640, micro_batch=2, rank=64, bfloat16=True),
    Case(768, 4, 2000, 2048, micro_batch=2),
    Case(384, 24, 3000, 1024, dropout=0.0),
    Case(256, 6, 16_000, 1024, more="dora = true"),
    Case(320, 4, 16_000, 512, tied=False, compute="bfloat16", bfloat16=True),
    Case(512, 6, 9000, 1024, checkpointing=False, more='targets = ["q_proj", "v_proj"]'),
    Case(256, 6, 8192, 512, micro_batch=4, tied=False, gives_back=True),
    Case(640, 6, 4000, 768, rank=32, new_rows=True, gives_back=True),
    Case(448, 14, 6000, 384, micro_batch=2, tied=False, checkpointing=False, quantisation="none", gives_back=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, help="a folder to keep models in; a temporary one if not given")
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="numbers of configurations, from 1")
    arguments = parser.parse_args()
    print("| configuration | predicted, MB | measured, MB | off | a step, s: estimated | measured |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        work.mkdir(exist_ok=True)
        world(work)
        for number, case in enumerate(CASES, 1):
            if not arguments.only or number in arguments.only:
                print(measured(case, work), flush=True)


def measured(case: Case, work: Path) -> str:
    """A row of the table."""
    recipe = write_recipe(case, work)
    planned = tune("plan", recipe, "--devices", "T4", "--measure", "--json", gives_back=case.gives_back)
    ran = tune("run", recipe, "--json", gives_back=case.gives_back)
    here = planned["devices"][0]
    same = planned["parameters"]["trainable"] == ran["provenance"]["training"]["trainable_parameters"]
    if not same or planned["steps"]["steps"] != ran["provenance"]["training"]["steps"]:
        sys.exit(f"{case}: the plan's parameters or steps are not those of the run")
    predicted, peak = here["peak_bytes"] / 1e6, ran["peak_memory_bytes"] / 1e6
    name = f"{case}{' (fitted)' if case.fitted else ''}"
    seconds = f"{here['step_s']:.1f} | {planned['measured']['step_s']:.1f}"
    return f"| {name} | {predicted:,.0f} | {peak:,.0f} | {100 * (predicted / peak - 1):+.1f}% | {seconds} |"


def tune(command: str, recipe: Path, *flags: str, gives_back: bool) -> dict:
    told = {"GLIBC_TUNABLES": GIVE_BACK} if gives_back else {}
    done = subprocess.run(
        [sys.executable, "-m", "tune", command, str(recipe), *flags],
        env={**ENVIRONMENT, **told}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def write_recipe(case: Case, work: Path) -> Path:
    """The recipe of a configuration, its model built."""
    kind = "bfloat16" if case.bfloat16 else "float32"
    model = work / f"model-{case.width}-{case.layers}-{case.vocabulary}-{case.tied}-{kind}"
    if not model.exists():
        shape = map(str, (case.width, case.layers, case.vocabulary, int(case.tied)))
        subprocess.run([sys.executable, "-c", BUILD, str(model), *shape, kind], env=ENVIRONMENT, check=True)
    recipe = work / "recipe.toml"
    recipe.write_text(
        f'corpus = "corpus"\ntrust = ["keys/sign.pub"]\nmodel = "{model.name}"\n'
        f'tokenizer = "{"tokenizer" if case.new_rows else "base"}"\nout = "adapter-{time.time_ns()}"\n'
        f'sign_key = "keys/sign.pem"\n[training]\nsteps = 3\nbatch = {2 * case.micro_batch}\n'
        f"micro_batch = {case.micro_batch}\nmax_length = {case.length}\nevaluation_rows = 4\n"
        f"activation_checkpointing = {str(case.checkpointing).lower()}\n"
        f'[quantisation]\ntype = "{case.quantisation}"\ncompute = "{case.compute}"\n'
        f"[lora]\nrank = {case.rank}\ndropout = {case.dropout}\n{case.more}\n"
    )
    return recipe


BUILD = """
import json, sys
from pathlib import Path
from safetensors.torch import load_file, save_file
import torch
from tune.base_model import build

out, width, layers, vocabulary, tied, kind = Path(sys.argv[1]), *map(int, sys.argv[2:6]), sys.argv[6]
build(out, vocab_size=vocabulary, hidden=width, layers=layers, heads=8, max_length=4096, tied=bool(tied))
if kind == "bfloat16":
    weights = load_file(out / "model.safetensors")
    save_file({name: one.to(torch.bfloat16) for name, one in weights.items()}, out / "model.safetensors", {"format": "pt"})
    config = json.loads((out / "config.json").read_text())
    (out / "config.json").write_text(json.dumps({**config, "dtype": kind}))
"""
"""In a process of its own, so that this one stays small: a child's peak counts from its parent's memory."""


def world(work: Path) -> None:
    """Keys, a signed corpus, a base tokenizer and an extended one."""
    from govern.attestation import verify
    from govern.keys import generate, load_private
    from vocab.extend import extend
    from vocab.term_lists import load

    if (work / "tokenizer").exists():
        return
    generate(work / "keys")
    key = load_private(work / "keys/sign.pem")
    few = tune_world.texts
    tune_world.texts = lambda count, first=0: few(count * MANY, first * MANY)
    tune_world.write_corpus(work / "corpus", key)
    corpus = verify(work / "corpus", [work / "keys/sign.pub"], now=tune_world.NOW, purpose="train")
    tune_world.write_base_tokenizer(work / "base")
    syllables = ("ka", "lo", "mi", "re", "tu", "fa", "no", "pi", "sel", "dor")
    words = ["".join(parts) + "x" for parts in product(syllables, repeat=3)][:TERMS]
    (work / "terms.txt").write_text("\n".join(["term", *words]) + "\n", encoding="utf-8")
    lists = [load(str(work / "terms.txt"))]
    extend(work / "base", corpus, lists, work / "tokenizer", key=key, issued=tune_world.ISSUED)


if __name__ == "__main__":
    main()
