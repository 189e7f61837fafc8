"""The command `tune`: parses, calls one function, prints, chooses the exit code (0 passed, 1 refused, 2 input, 3 resumable)."""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from govern.console import run as run_command
from govern.console import show, trusted_keys
from govern.errors import GovernError
from tune.errors import TuneError
from vocab.errors import VocabError

EXAMPLE = """a recipe:
  corpus = "certified"            # paths are relative to the recipe
  trust = ["keys/sign.pub"]       # whose signatures on corpus and tokenizer count
  model = "model-extended"        # a folder: config.json and safetensors
  tokenizer = "tokenizer"
  sign_key = "keys/sign.pem"      # signs the adapter's provenance
  out = "adapter"
  # revocations = "revocations.json", signatures = 2, passphrase_file = "...", and the tables
  # [training] seed epochs steps batch micro_batch learning_rate row_learning_rate max_length warm_up schedule
  #            weight_decay clip checkpoint_steps evaluation_rows evaluation_steps patience activation_checkpointing
  # [lora] rank alpha dropout targets rslora dora    [quantisation] type (nf4, none) double compute
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    return run_command("tune", parser(), argv, (TuneError, GovernError, VocabError))


def parser() -> argparse.ArgumentParser:
    """The commands and flags of `tune`."""
    top = argparse.ArgumentParser(
        prog="tune", description="Fine-tunes (QLoRA) on certified corpora only, and signs the adapter."
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for add in (_add_init, _add_run, _add_verify):
        add(commands)
    return top


def _add_init(commands: Any) -> None:
    command = commands.add_parser(
        "init",
        help="write a commented recipe for a corpus, a model and a tokenizer",
        description="Writes a recipe with every key, what it means and where its default comes from.",
    )
    command.add_argument("recipe", type=Path, metavar="RECIPE.toml", help="a new file")
    command.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="a certified corpus")
    _trust(command)
    command.add_argument("--model", type=Path, required=True, metavar="M", help="the base model's folder")
    command.add_argument(
        "--tokenizer",
        type=Path,
        required=True,
        metavar="T",
        help="a base tokenizer, or one that was extended and signed",
    )
    command.add_argument(
        "--sign-key", type=Path, required=True, metavar="KEY", help="the key that is to sign the adapter"
    )
    command.add_argument("--out", type=Path, required=True, metavar="ADAPTER", help="where the adapter is to go")
    command.add_argument(
        "--from",
        dest="other",
        type=Path,
        metavar="AXOLOTL.yml",
        help="take the numbers of an Axolotl file, and say what was left",
    )
    _json(command)
    command.set_defaults(call=_init)


def _add_run(commands: Any) -> None:
    command = commands.add_parser(
        "run",
        help="train the adapter of a recipe, after its gate",
        description="Checks corpus, tokenizer and model, trains a QLoRA adapter, and signs where it came from.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("recipe", type=Path, metavar="RECIPE.toml", help="what to train on, with what, and where to")
    command.add_argument("--resume", action="store_true", help="continue an unfinished run from its newest checkpoint")
    _json(command)
    command.set_defaults(call=_run)


def _add_verify(commands: Any) -> None:
    command = commands.add_parser(
        "verify",
        help="check an adapter's chain, and name each link that was not checked",
        description="Checks signature and files of an adapter, and each further link whose folder is given.",
    )
    command.add_argument("adapter", type=Path, metavar="ADAPTER", help="the folder that `tune run` wrote")
    _trust(command)
    command.add_argument(
        "--corpus", type=Path, action="append", metavar="DIR", help="the certified corpus it was trained on; repeatable"
    )
    command.add_argument("--tokenizer", type=Path, metavar="T", help="the tokenizer it was trained with")
    command.add_argument("--model", type=Path, metavar="M", help="the base model it was trained on")
    command.add_argument("--revocations", type=Path, metavar="FILE", help="a signed revocation list")
    _json(command)
    command.set_defaults(call=_verify)


def _trust(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--trust", type=Path, action="append", metavar="PUB", help="a trusted public key; repeatable, or ASSAY_TRUST"
    )


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print the result as one JSON object")


def _init(arguments: argparse.Namespace) -> int:
    from tune.axolotl import read
    from tune.init import write

    choices, left = read(arguments.other) if arguments.other else ({}, ())
    recipe = write(
        arguments.recipe,
        corpus=arguments.corpus,
        trust=trusted_keys(arguments.trust),
        model=arguments.model,
        words=arguments.tokenizer,
        out=arguments.out,
        sign_key=arguments.sign_key,
        now=datetime.now(UTC),
        choices=choices,
    )
    lines = [
        f"{arguments.recipe}: written; `tune run {arguments.recipe}` trains by it",
        *(f"left: {line}" for line in left),
    ]
    show({"recipe": str(arguments.recipe), "record": recipe.record(), "left": list(left)}, arguments.json, lines)
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from tune.recipe import load
    from tune.run import run

    began = time.monotonic()
    recipe = load(arguments.recipe)
    result = run(recipe, now=datetime.now(UTC), resume=arguments.resume, report=_step, say=_say)
    training = result.predicate["training"]
    seconds, memory = time.monotonic() - began, _peak_bytes()
    lines = [
        f"adapter     {result.adapter}",
        f"weights     {result.weights}",
        f"training    {training['steps']} steps, loss {training['first_loss']:.4f} to {training['final_loss']:.4f}"
        + (", ended early: held-out loss no longer fell" if training["ended_early"] else ""),
        _held_out_line(training),
        f"took        {seconds:.0f} s, {memory / 1e9:.2f} GB of memory at most",
    ]
    measured = {"adapter": str(result.adapter), "weights": result.weights, "provenance": result.predicate}
    show({**measured, "seconds": round(seconds, 1), "peak_memory_bytes": memory}, arguments.json, lines)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from tune.chain import verify

    chain = verify(
        arguments.adapter,
        trusted_keys(arguments.trust),
        now=datetime.now(UTC),
        corpus=arguments.corpus,
        tokenizer=arguments.tokenizer,
        model=arguments.model,
        revocations=arguments.revocations,
    )
    lines = [
        f"{link.status.replace('_', ' '):<12} {link.name:<12} {line}"
        for link in chain.links
        for line in link.sentence.splitlines()
    ]
    lines.append(_verdict(chain.holds, chain.unchecked))
    links = [{"name": link.name, "status": link.status, "sentence": link.sentence} for link in chain.links]
    show(
        {"adapter": str(chain.adapter), "holds": chain.holds, "unchecked": list(chain.unchecked), "links": links},
        arguments.json,
        lines,
    )
    return 0 if chain.holds else 1


def _verdict(holds: bool, unchecked: tuple[str, ...]) -> str:
    if not holds:
        return "the chain is broken"
    return f"every checked link holds; NOT CHECKED: {', '.join(unchecked)}" if unchecked else "the whole chain holds"


def _held_out_line(training: dict[str, Any]) -> str:
    loss, bits = (
        [training[f"held_out_{what}_{when}"] for when in ("before", "after")] for what in ("loss", "bits_per_byte")
    )
    if None in loss:
        return "held out    not measured"
    return f"held out    loss {loss[0]:.4f} to {loss[1]:.4f}, {bits[0]:.4f} to {bits[1]:.4f} bits per byte"


def _say(line: str) -> None:
    print(f"tune: {line}", file=sys.stderr, flush=True)


def _step(step: int, steps: int, loss: float) -> None:
    if sys.stderr.isatty():
        print(
            f"\rtune: step {step} of {steps}, loss {loss:.4f} ",
            end="\n" if step == steps else "",
            file=sys.stderr,
            flush=True,
        )
    elif step == steps or step % max(1, steps // 10) == 0:
        _say(f"step {step} of {steps}, loss {loss:.4f}")


def _peak_bytes() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
