"""Signs an adapter that was trained elsewhere, after its inputs passed the gate: attested, never governed.

What is checked: the corpora, the tokenizer and the base model, as before a run; that the adapter is LoRA of finite numbers,
every tensor of which fits that base; that no mark says it is ungoverned. What is not: that it was trained on those inputs. That
is the signer's word, and the provenance, the card and `tune verify` say so.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.attestation import PREDICATE_ADAPTER, seal, statement
from govern.clock import as_text
from govern.files import list_files, sha256_file, sync_tree, write_whole
from tune import adapter, gate
from tune.errors import TuneRefused
from tune.folders import new_folder, read_json, tensor_shapes
from tune.weights import finite, header

if TYPE_CHECKING:
    from govern.keys import PrivateKey

UNDERSTOOD = (
    *(
        "alora_invocation_tokens",
        "base_model_name_or_path",
        "bias",
        "inference_mode",
        "init_lora_weights",
        "lora_alpha",
    ),
    *(
        "lora_dropout",
        "peft_type",
        "peft_version",
        "r",
        "target_modules",
        "task_type",
        "trainable_token_indices",
        "use_dora",
    ),
    *("use_rslora", "megatron_core", "qalora_group_size"),
)
"""Keys of PEFT's configuration of LoRA that change nothing else; any other must be unset."""
NOTHING: tuple[Any, ...] = (None, False, [], {}, "none")
LAYER = re.compile(r"[A-Za-z0-9_.]{1,200}")
PREFIX = "base_model.model."
"""Of every tensor's name in an adapter of PEFT."""
ROWS = ".token_adapter.trainable_tokens_delta"


def attest(
    folder: Path,
    out: Path,
    *,
    corpora: Sequence[Path],
    trust: Sequence[Path],
    model: Path,
    tokenizer: Path,
    key: "PrivateKey",
    now: datetime,
    signatures: int | None = None,
    revocations: Path | None = None,
) -> dict[str, Any]:
    """Writes the adapter in `folder` to the new folder `out`, signed with what its signer says it was trained on.

    Args:
        folder: PEFT's `adapter_config.json` and `adapter_model.safetensors`; other files are left behind.
        out: a new folder.
        corpora: every certified corpus it was trained on.
        trust: whose signatures on corpus and tokenizer count.
        model: the base it was trained on.
        tokenizer: the tokenizer it was trained with.
        key: the signer's.
        now: the moment to check dates for, and the date of issue.
        signatures: more signatures than a certificate asks for.
        revocations: a signed revocation list.

    Returns:
        The predicate that was signed.

    Raises:
        GovernError: a corpus, a signature or a key does not pass.
        TuneError: a folder cannot be read, or `out` exists.
        TuneRefused: the adapter does not fit the base, holds a number that is none, or is ungoverned.
    """
    new_folder(out, folder, model, tokenizer, *corpora)
    recipe = gate.inputs(
        corpora, trust=trust, model=model, tokenizer=tokenizer, signatures=signatures, revocations=revocations
    )
    passed = gate.check(recipe, now=now)
    fits(folder, tensor_shapes(passed.base), passed.base.rows)
    partial = out.with_name(out.name + ".partial")
    partial.mkdir()
    try:
        for name in (adapter.CONFIG, adapter.WEIGHTS):
            write_whole(partial / name, (folder / name).read_bytes())
        adapter.canonicalise(partial / adapter.CONFIG)
        fits(partial, tensor_shapes(passed.base), passed.base.rows)  # the very bytes that are signed
        predicate = {
            "format_version": adapter.FORMAT_VERSION,
            "governance": "attested",
            "issued": as_text(now),
            "code": adapter.code(),
            **adapter.inputs(passed),
            "recipe": None,
        }
        write_whole(partial / adapter.CARD, _card(predicate).encode())
        subjects = [(name, sha256_file(partial / name)) for name in list_files(partial)]
        write_whole(partial / adapter.PROVENANCE, seal(statement(subjects, PREDICATE_ADAPTER, predicate), key))
        sync_tree(partial)
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return predicate


def fits(folder: Path, base: Mapping[str, tuple[int, ...]], rows: int) -> None:
    """Refuses an adapter that is not LoRA over a model of these tensors, all finite, or that is marked ungoverned.

    Args:
        folder: the adapter's.
        base: the shape of each tensor of the base model.
        rows: its token rows.
    """
    config, weights = folder / adapter.CONFIG, folder / adapter.WEIGHTS
    for path in (config, weights):
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise TuneRefused(f"{path}: not a plain file; put the file itself there")
    found = read_json(config)
    tensors = header(weights)
    _configured(config, found, tensors)
    if adapter.is_marked(weights) or (folder / adapter.UNGOVERNED).exists():
        raise TuneRefused(
            f"{folder}: ungoverned, trained on text that nobody certified; train on a certified corpus with `tune run`"
        )
    if not tensors:
        raise TuneRefused(f"{weights}: holds no tensor; restore the adapter")
    finite(weights, tensors)
    _rows_fit(config, found.get("trainable_token_indices"), tensors, rows)
    shapes = {name: tuple(entry["shape"]) for name, entry in tensors.items()}
    for name, shape in shapes.items():
        expected = _expected(name, shapes, base, rows)
        if expected != shape:
            what = "no tensor of this base has that name" if expected is None else f"expected {list(expected)}"
            raise TuneRefused(
                f"{weights}: {name} is {list(shape)}, {what}; give the base that the adapter was trained on"
            )


def _configured(path: Path, config: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
    """Refuses a configuration that says other things than the tensors do, or that would load or change more than LoRA."""
    if config.get("peft_type") != "LORA":
        raise TuneRefused(f"{path}: peft_type {config.get('peft_type')!r}, expected LORA; only that is attested")
    for name, value in config.items():
        if name not in UNDERSTOOD and value not in NOTHING:
            raise TuneRefused(f"{path}: '{_plain(name)}' is set, and what it does is not checked; train without it")
    ranks = {tensors[name]["shape"][0] for name in tensors if name.endswith(".lora_A.weight")}
    if not ranks or 0 in ranks:
        raise TuneRefused(f"{path.with_name(adapter.WEIGHTS)}: holds no LoRA; only that is attested")
    if ranks != {config.get("r")}:
        raise TuneRefused(f"{path}: r is {config.get('r')!r}, the tensors have {sorted(ranks)}; restore the adapter")
    targets = config.get("target_modules")
    if not (isinstance(targets, list) and all(isinstance(one, str) and LAYER.fullmatch(one) for one in targets)):
        raise TuneRefused(f"{path}: target_modules is no list of names of layers; name them")


def _rows_fit(path: Path, indices: Any, tensors: Mapping[str, Any], rows: int) -> None:
    """Refuses rows of tokens that the base has not, or that are not those that the tensors hold."""
    lists = list(indices.values()) if isinstance(indices, dict) else [indices or []]
    counts = {entry["shape"][0] for name, entry in tensors.items() if name.endswith(ROWS)}
    for ids in lists:
        plain = isinstance(ids, list) and all(type(one) is int and 0 <= one < rows for one in ids)
        if not plain or len(set(ids)) != len(ids) or ((counts or ids) and counts != {len(ids)}):
            raise TuneRefused(
                f"{path}: trainable_token_indices are not the rows that the tensors hold; restore the adapter"
            )


def _plain(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[:80])


def _expected(
    name: str, shapes: Mapping[str, tuple[int, ...]], base: Mapping[str, tuple[int, ...]], rows: int
) -> tuple[int, ...] | None:
    """The shape that a tensor of an adapter has over this base; None for one that it cannot have."""
    short = name.removeprefix(PREFIX)
    if short in base:
        return base[short]  # a module that was trained whole
    if short.endswith(ROWS):
        whole = base.get(short.removesuffix(ROWS) + ".weight")
        count = shapes[name][0] if shapes[name] else 0
        return (count, whole[1]) if whole is not None and 0 < count <= rows else None
    for suffix in (".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector"):
        if not short.endswith(suffix):
            continue
        stem = short.removesuffix(suffix)
        whole, a = base.get(stem + ".weight"), shapes.get(f"{PREFIX}{stem}.lora_A.weight", ())
        if whole is None or len(a) != 2 or f"{PREFIX}{stem}.lora_B.weight" not in shapes:
            return None
        rank = a[0]
        return {"_A.weight": (rank, whole[1]), "_B.weight": (whole[0], rank)}.get(suffix[5:], (whole[0],))
    return None


def _card(predicate: Mapping[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    text = resources.files("tune").joinpath("templates/attested.md.jinja").read_text("utf-8")
    template = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True).from_string(text)  # noqa: S701  Markdown
    return template.render(p=predicate) + "\n"
