"""The command `tune`: parses, calls one function, prints, chooses the exit code (0 passed, 1 refused, 2 input, 3 resumable)."""

import argparse
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from govern.console import run as run_command
from govern.console import show, trusted_keys
from govern.errors import GovernError
from govern.flags import local
from tune.errors import TuneError, TuneInterrupted
from vocab.errors import VocabError

if TYPE_CHECKING:
    from tune.chain import Chain

EXAMPLE = """a recipe:
  corpus = "certified"            # paths are relative to the recipe
  trust = ["keys/sign.pub"]       # whose signatures on corpus and tokenizer count
  model = "model-extended"        # a folder: config.json and safetensors; model_digest = "sha256:…" pins it
  tokenizer = "tokenizer"
  sign_key = "keys/sign.pem"      # signs the adapter's provenance
  out = "adapter"
  # revocations = "revocations.json", signatures = 2, passphrase_file = "...", cache = "tokens", tracking = "mlruns",
  # weight = 1.0, and the tables
  # [data] format (text, prompt-completion, messages) loss template long overlap    [[also]] corpus weight
  # [training] seed epochs steps batch micro_batch learning_rate row_learning_rate max_length warm_up schedule
  #            weight_decay clip checkpoint_steps evaluation_rows evaluation_steps patience activation_checkpointing
  # [lora] rank alpha dropout targets rslora dora    [quantisation] type (nf4, none) double compute
  # [card] owner intended_use forbidden_use legal_basis approval
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    return run_command("tune", parser(), argv, (TuneError, GovernError, VocabError), resumes=False)


def parser() -> argparse.ArgumentParser:
    """The commands and flags of `tune`."""
    top = argparse.ArgumentParser(
        prog="tune", description="Fine-tunes (QLoRA) on certified corpora only, and signs the adapter."
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for add in (_add_init, _add_plan, _add_run, _add_verify, _add_attest, _add_compare, _add_merge):
        add(commands)
    return top


def _add_init(commands: Any) -> None:
    command = commands.add_parser(
        "init",
        help="write a commented recipe for a corpus, a model and a tokenizer",
        description="Writes a recipe with every key, what it means and where its default comes from.",
    )
    command.add_argument("recipe", type=local, metavar="RECIPE.toml", help="a new file")
    command.add_argument("--corpus", type=local, required=True, metavar="DIR", help="a certified corpus")
    _trust(command)
    command.add_argument("--model", type=local, required=True, metavar="M", help="the base model's folder")
    command.add_argument(
        "--tokenizer",
        type=local,
        required=True,
        metavar="T",
        help="a base tokenizer, or one that was extended and signed",
    )
    command.add_argument(
        "--sign-key", type=local, required=True, metavar="KEY", help="the key that is to sign the adapter"
    )
    command.add_argument("--out", type=local, required=True, metavar="ADAPTER", help="where the adapter is to go")
    command.add_argument(
        "--from",
        dest="other",
        type=local,
        metavar="AXOLOTL.yml",
        help="take the numbers of an Axolotl file, and say what was left",
    )
    _json(command)
    command.set_defaults(call=_init)


def _add_plan(commands: Any) -> None:
    command = commands.add_parser(
        "plan",
        help="what a run will read, learn, hold in memory and take in time; trains nothing",
        description="Passes the gate of `tune run`, counts rows, steps and parameters, and predicts memory and time.",
    )
    command.add_argument("recipe", type=local, metavar="RECIPE.toml", help="what would be trained")
    what = "accelerators to estimate for: a known name, or its memory in gigabytes; several known ones if not given"
    command.add_argument("--devices", nargs="+", default=[], metavar="NAME:GB", help=what)
    command.add_argument("--measure", action="store_true", help="also train two real steps, and keep nothing of them")
    command.add_argument("--ungoverned", action="store_true", help="of a development run on text that nobody certified")
    _json(command)
    command.set_defaults(call=_plan)


def _add_run(commands: Any) -> None:
    command = commands.add_parser(
        "run",
        help="train the adapter of a recipe, after its gate",
        description="Checks corpus, tokenizer and model, trains a QLoRA adapter, and signs where it came from.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("recipe", type=local, metavar="RECIPE.toml", help="what to train on, with what, and where to")
    command.add_argument("--resume", action="store_true", help="continue an unfinished run from its newest checkpoint")
    command.add_argument(
        "--ungoverned",
        action="store_true",
        help="a development run on text that nobody certified; the adapter is marked, and refused by `tune verify`",
    )
    _json(command)
    command.set_defaults(call=_run)


def _add_verify(commands: Any) -> None:
    command = commands.add_parser(
        "verify",
        help="check an adapter's chain, and name each link that was not checked",
        description="Checks signature and files of an adapter, and each further link whose folder is given.",
    )
    command.add_argument("adapter", type=local, metavar="ADAPTER", help="the folder of `tune run`, attest or merge")
    _trust(command)
    command.add_argument(
        "--corpus", type=local, action="append", metavar="DIR", help="the certified corpus it was trained on; repeatable"
    )
    command.add_argument("--tokenizer", type=local, metavar="T", help="the tokenizer it was trained with")
    command.add_argument("--model", type=local, metavar="M", help="the base model it was trained on")
    command.add_argument("--revocations", type=local, metavar="FILE", help="a signed revocation list")
    command.add_argument(
        "--complete", action="store_true", help="refuse a card without owner, uses, legal basis, approval"
    )
    _json(command)
    command.set_defaults(call=_verify)


def _add_merge(commands: Any) -> None:
    command = commands.add_parser(
        "merge",
        help="make a model of an adapter, and measure how far it lies from the trained one",
        description="Checks an adapter's chain, merges it in float32 into its dequantised base, and measures the result.",
    )
    command.add_argument("adapter", type=local, metavar="ADAPTER", help="the folder that `tune run` wrote")
    _trust(command)
    command.add_argument("--model", type=local, required=True, metavar="M", help="the base model it was trained on")
    command.add_argument("--tokenizer", type=local, required=True, metavar="T", help="the tokenizer it was trained with")
    command.add_argument(
        "--corpus",
        type=local,
        action="append",
        default=[],
        metavar="DIR",
        help="the certified corpus it was trained on: checked, and measured on; repeatable",
    )
    command.add_argument("--revocations", type=local, metavar="FILE", help="a signed revocation list")
    command.add_argument(
        "--held-in", choices=("nf4", "none"), help="how the base of an attested adapter was held in its training"
    )
    command.add_argument(
        "--form",
        choices=("merged", "rows"),
        default="merged",
        help="one model; or a base with the new token rows beside a LoRA adapter, as vLLM wants them",
    )
    command.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="of the weights written")
    command.add_argument(
        "--max-kl",
        type=float,
        metavar="NATS",
        help="mean divergence to let pass; by default 1e-6, and 1e-4 in bfloat16",
    )
    command.add_argument("--sign-key", type=local, metavar="KEY", help="signs the record")
    command.add_argument("--passphrase", type=local, metavar="FILE", help="file whose first line opens the signing key")
    command.add_argument("--out", type=local, required=True, metavar="DIR", help="a new folder")
    _json(command)
    command.set_defaults(call=_merge)


def _add_compare(commands: Any) -> None:
    command = commands.add_parser(
        "compare",
        help="measure what an adapter gained over its base, on held-out text and on tasks, with intervals",
        description="Checks an adapter's chain, then measures base and adapter on certified held-out text and on task files.",
    )
    command.add_argument("adapter", type=local, metavar="ADAPTER", help="the folder that `tune run` wrote")
    _trust(command)
    needed: tuple[tuple[str, str, str], ...] = (
        ("--model", "M", "the base model it was trained on"),
        ("--tokenizer", "T", "the tokenizer it was trained with"),
        ("--out", "REPORT_DIR", "a new folder, for the report"),
    )
    for flag, name, what in needed:
        command.add_argument(flag, type=local, required=True, metavar=name, help=what)
    for flag, name, what in (
        ("--corpus", "DIR", "a certified corpus with a held-out part; trained on, or another"),
        ("--base-model", "M0", "another model to compare with, such as the base before its tokenizer was extended"),
        ("--base-tokenizer", "T0", "the tokenizer of that model"),
        ("--template", "FILE", "the chat template, for a corpus of conversations"),
        ("--revocations", "FILE", "a signed revocation list"),
    ):
        command.add_argument(flag, type=local, metavar=name, help=what)
    what = "a task: FILE, FORMAT:FILE, or a TOML file that describes one; repeatable"
    command.add_argument("--task", action="append", default=[], metavar="FILE", help=what)
    what = "documents of the corpus, and rows of each task file, at most; evenly spaced"
    command.add_argument("--rows", type=int, metavar="N", help=what)
    command.add_argument("--resamples", type=int, default=2000, metavar="N", help="of the bootstrap; 2000 if not given")
    command.add_argument("--seed", type=int, default=0, metavar="S", help="of the bootstrap; 0 if not given")
    _json(command)
    command.set_defaults(call=_compare)


def _add_attest(commands: Any) -> None:
    command = commands.add_parser(
        "attest",
        help="sign an adapter trained elsewhere, after checking its inputs: attested, never governed",
        description="Checks corpus, tokenizer, model and adapter, and signs the signer's word that they belong together.",
    )
    command.add_argument("adapter", type=local, metavar="ADAPTER", help="PEFT's adapter_config.json and safetensors")
    _trust(command)
    command.add_argument(
        "--corpus", type=local, action="append", required=True, metavar="DIR", help="a certified corpus; repeatable"
    )
    command.add_argument("--tokenizer", type=local, required=True, metavar="T", help="the tokenizer it was trained with")
    command.add_argument("--model", type=local, required=True, metavar="M", help="the base model it was trained on")
    command.add_argument("--sign-key", type=local, required=True, metavar="KEY", help="signs the provenance")
    command.add_argument("--passphrase", type=local, metavar="FILE", help="file whose first line opens the key")
    command.add_argument("--signatures", type=int, metavar="N", help="more signatures than the certificate asks for")
    command.add_argument("--revocations", type=local, metavar="FILE", help="a signed revocation list")
    command.add_argument("--out", type=local, required=True, metavar="DIR", help="a new folder")
    _json(command)
    command.set_defaults(call=_attest)


def _trust(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--trust", type=local, action="append", metavar="PUB", help="a trusted public key; repeatable, or ASSAY_TRUST"
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


def _plan(arguments: argparse.Namespace) -> int:
    from tune.plan import plan, rehearse
    from tune.plan.devices import parse
    from tune.plan.report import lines, record
    from tune.recipe import load

    recipe, devices, governed = load(arguments.recipe), parse(arguments.devices), not arguments.ungoverned
    made = plan(recipe, now=datetime.now(UTC), governed=governed, devices=devices)
    measured = None
    if arguments.measure:
        _say("training two steps, of which nothing is kept")
        measured = rehearse(arguments.recipe, governed=governed)
    show(record(made, measured, recipe.digest), arguments.json, lines(made, measured))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    try:
        return _trained(arguments)
    except KeyboardInterrupt:  # before training began; later it is `run` that says how to go on
        raise TuneInterrupted(f"{arguments.recipe}: interrupted; the same command again continues") from None


def _trained(arguments: argparse.Namespace) -> int:
    from tune.plan.machine import peak_bytes
    from tune.processes import leads
    from tune.progress import Progress
    from tune.recipe import load
    from tune.running import run

    began = time.monotonic()
    recipe = load(arguments.recipe)
    result = run(
        recipe,
        now=datetime.now(UTC),
        resume=arguments.resume,
        governed=not arguments.ungoverned,
        report=Progress(),
        say=_say,
    )
    if not leads():
        return 0
    training = result.predicate["training"]
    seconds, memory = time.monotonic() - began, peak_bytes()
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
    from tune.merge.record import RECORD, links

    chain = (links if (arguments.adapter / RECORD).is_file() else verify)(
        arguments.adapter,
        trusted_keys(arguments.trust),
        now=datetime.now(UTC),
        corpus=arguments.corpus,
        tokenizer=arguments.tokenizer,
        model=arguments.model,
        revocations=arguments.revocations,
        complete=arguments.complete,
    )
    return _show_chain(chain, arguments)


def _show_chain(chain: "Chain", arguments: argparse.Namespace) -> int:
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


def _merge(arguments: argparse.Namespace) -> int:
    from tune import signing
    from tune.merge.merging import merge

    if arguments.passphrase is not None and arguments.sign_key is None:
        raise TuneError("--passphrase: opens nothing without --sign-key; add the key, or leave it out")
    key = None if arguments.sign_key is None else signing.load(arguments.sign_key, arguments.passphrase)
    made = merge(
        arguments.adapter,
        arguments.out,
        trust=trusted_keys(arguments.trust),
        model=arguments.model,
        words=arguments.tokenizer,
        now=datetime.now(UTC),
        corpora=arguments.corpus,
        revocations=arguments.revocations,
        held_in=arguments.held_in,
        form=arguments.form,
        dtype=arguments.dtype,
        max_kl=arguments.max_kl,
        key=key,
        say=_say,
    )
    lines = [
        f"{arguments.form:<11} {made.folder}",
        f"weights     {made.predicate['weights']}",
        f"divergence  {made.divergence.mean:.1e} nats a token, {made.divergence.maximum:.1e} at most, on {made.text.sentence}",
        *([f"held in     {arguments.held_in}, which is your word and is recorded so"] if arguments.held_in else []),
        f"record      {'signed' if made.signed else 'NOT SIGNED; give --sign-key'}",
    ]
    show({"folder": str(made.folder), "signed": made.signed, "record": made.predicate}, arguments.json, lines)
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from tune.compare import report
    from tune.compare.comparing import HTML, compare
    from tune.compare.gate import Inputs
    from tune.compare.resampling import Plan

    inputs = Inputs(
        arguments.adapter,
        trusted_keys(arguments.trust),
        arguments.model,
        arguments.tokenizer,
        corpus=arguments.corpus,
        tasks=tuple(arguments.task),
        base_model=arguments.base_model,
        base_tokenizer=arguments.base_tokenizer,
        revocations=arguments.revocations,
        template=arguments.template,
        rows=arguments.rows,
        plan=Plan(arguments.resamples, arguments.seed),
    )
    value = compare(inputs, arguments.out, now=datetime.now(UTC), report=_measuring)
    lines = [*report.lines(value), "", f"{arguments.out / HTML}: written"]
    show({**value, "report": str(arguments.out / HTML)}, arguments.json, lines)
    return 0


def _attest(arguments: argparse.Namespace) -> int:
    from tune import signing
    from tune.attesting import attest

    predicate = attest(
        arguments.adapter,
        arguments.out,
        corpora=arguments.corpus,
        trust=trusted_keys(arguments.trust),
        model=arguments.model,
        tokenizer=arguments.tokenizer,
        key=signing.load(arguments.sign_key, arguments.passphrase),
        now=datetime.now(UTC),
        signatures=arguments.signatures,
        revocations=arguments.revocations,
    )
    lines = [f"{arguments.out}: attested, not governed: on which inputs it was trained is the signer's word"]
    show({"adapter": str(arguments.out), "provenance": predicate}, arguments.json, lines)
    return 0


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


def _measuring(what: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\rtune: {what}: {done} of {of} ", end="\n" if done == of else "", file=sys.stderr, flush=True)
    elif done == of:
        _say(f"{what}: {of} of {of}")
