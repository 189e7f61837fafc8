"""Whether the engines that models run in give the ids of an extended tokenizer: transformers, tiktoken, llama.cpp.

In: an extended tokenizer, its base, texts. Out: a `Parity` for each engine. Guaranteed: `same` only where every text was
encoded by the engine itself, or for tiktoken, where it is not installed, by its rule on a proof for all text
(`vocab.tiktoken_ranks`); `differs` tells texts that the engine cuts otherwise for the base too from those that the extension
changed; `refused` where the engine cannot hold the tokenizer at all. Nothing is fetched, no socket is opened. llama.cpp runs
in a process of its own, so that its end is an answer like another.
"""

import functools
import importlib
import importlib.metadata
import importlib.util
import json
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocab.base import CONFIG, SPECIAL_TOKENS, TOKENIZER, Base
from vocab.byte_alphabet import read
from vocab.cutting import cutting
from vocab.errors import VocabError
from vocab.gguf_file import pre_tokenizer, vocabulary_file
from vocab.parity import Parity, Status
from vocab.tiktoken_ranks import join, refusal, settings, token_ranks

if TYPE_CHECKING:
    from vocab.extension import Extended

Ids = Sequence[Sequence[int] | None]
"""The ids of each text; None where the engine gave none."""

ENGINES = ("transformers", "tiktoken", "llama.cpp")
MODEL_TYPES = ("llama", "mistral", "gpt2", "qwen2", "qwen3", "gemma")
"""Families under whose `config.json` a tokenizer is read again where no other is given."""
MODEL_CONFIG = "config.json"
DISCARDING = frozenset(
    ("hyperclovax_vision_v2", "qwen2", "qwen3_5", "qwen3_5_moe", "qwen3_5_moe_text", "qwen4_exp", "siglip2")
)
"""Values of `model_type` for which transformers 5 builds a pre-tokenizer of its own in place of that in `tokenizer.json`.

Found by loading one tokenizer under each of the 836 types of 5.23; under each of the 437 of 4.57.6 it is kept.
"""
PATCHED = frozenset(("mistral", "mistral3", "ministral", "pixtral", "voxtral"))
"""Values of `model_type` for which `from_pretrained(…, fix_mistral_regex=True)` replaces the first pattern, and is advised."""
RULE = "its rule"
"""Stands for the version of an engine that is not installed, and whose rule was run instead."""
ENGINE_ENDS = 5
"""How often llama.cpp may end within one comparison before the texts that are left count as not encoded."""
TIMEOUT_S = 1800.0
_UNREADABLE = (OSError, ValueError, TypeError, AttributeError, LookupError, ImportError, RuntimeError)


def parities(extended: "Extended", texts: Sequence[str], config: Mapping[str, Any] | None = None) -> tuple[Parity, ...]:
    """What each engine makes of `extended` on `texts`: transformers by family, tiktoken, llama.cpp.

    `config` is the value of the `config.json` of the model that the tokenizer is for; without it the families of
    `MODEL_TYPES` are tried.
    """
    base, tokenizer = extended.base, extended.tokenizer
    if not isinstance(base, Base) or not isinstance(tokenizer, Base):
        reason = "a SentencePiece model, which is compared by the library of that name"
        return tuple(Parity(engine, "", "not checked", reason=reason) for engine in ENGINES)
    configs = [config] if config else [{"model_type": name} for name in MODEL_TYPES]
    return (
        *(transformers_parity(extended.folder, texts, one, base, tokenizer) for one in configs),
        tiktoken_parity(base, tokenizer, texts),
        llama_cpp_parity(base, tokenizer, texts),
    )


def discarding(config: Mapping[str, Any]) -> str:
    """Why the model of `config` loses the pre-tokenizer of a `tokenizer.json`, or ''."""
    kind = config.get("model_type")
    return f"transformers 5 builds its own pre-tokenizer for model_type {kind}" if kind in DISCARDING else ""


def transformers_parity(
    folder: Path,
    texts: Sequence[str],
    config: Mapping[str, Any] | None = None,
    base: Base | None = None,
    extended: Base | None = None,
) -> Parity:
    """What `AutoTokenizer` reads from `folder` with `config` as its `config.json`.

    A model that discards the pre-tokenizer is `refused` where that changes ids, and `same` where it does not.

    Args:
        folder: an extended tokenizer.
        texts: what to encode.
        config: the value of the model's `config.json`; without one, the class that the folder names reads it.
        base: its base; with it, texts that differ by the base too are told apart.
        extended: what the file in `folder` holds, where the caller has read it already.
    """
    kind = (config or {}).get("model_type")
    engine = f"transformers, model_type {kind}" if kind else "transformers"
    if importlib.util.find_spec("transformers") is None:
        return Parity(engine, "", "not checked", reason="transformers is not installed")

    def encode(one: Base, some: Sequence[str]) -> Ids:
        return _by_transformers(folder, one.spec, config, some)

    version = importlib.metadata.version("transformers")
    extended = extended or Base(folder / TOKENIZER, "", json.loads((folder / TOKENIZER).read_bytes()))
    changed = base is not None and base.spec.get("pre_tokenizer") != extended.spec.get("pre_tokenizer")
    note = "never with fix_mistral_regex=True, which replaces its pre-tokenizer" if changed and kind in PATCHED else ""
    found = _compared(engine, version, encode, base, extended, texts, note)
    reason = discarding(config or {})
    return replace(found, status="refused", reason=reason) if reason and found.different else found


def tiktoken_parity(base: Base, extended: Base, texts: Sequence[str]) -> Parity:
    """What tiktoken makes of `extended` exported to it; where it is not installed, what its rule does."""
    if reason := refusal(extended.spec):
        return Parity("tiktoken", "", "refused", reason=reason)
    here = importlib.util.find_spec("tiktoken") is not None
    version = importlib.metadata.version("tiktoken") if here else RULE
    encode = _by_tiktoken if here else _by_rule
    return _compared("tiktoken", version, encode, base, extended, *_normalized(extended, texts))


def llama_cpp_parity(base: Base, extended: Base, texts: Sequence[str]) -> Parity:
    """What llama.cpp makes of `extended` written as a GGUF file."""
    _, reason = pre_tokenizer(extended.spec)
    if reason:
        return Parity("llama.cpp", "", "refused", reason=reason)
    if importlib.util.find_spec("llama_cpp") is None:
        return Parity("llama.cpp", "", "not checked", reason="llama_cpp is not installed")
    version = "llama-cpp-python " + importlib.metadata.version("llama_cpp_python")
    return _compared("llama.cpp", version, _by_llama_cpp, base, extended, *_normalized(extended, texts))


def _compared(
    engine: str,
    version: str,
    encode: Callable[[Base, Sequence[str]], Ids],
    base: Base | None,
    extended: Base,
    texts: Sequence[str],
    reason: str = "",
) -> Parity:
    """The ids of the engine beside those of the tokenizers library; the base is run on what differs."""
    if not texts:
        return Parity(engine, "", "not checked", reason="there is no text to compare on")
    different = _different(encode, extended, texts)
    try:
        of_base = len(_different(encode, base, different)) if base is not None and different else 0
    except VocabError:  # the base cannot be written for the engine, so nothing is known to be its own
        of_base = 0
    status: Status = "differs" if different else "same"
    return Parity(engine, version, status, len(texts), len(different), of_base, reason)


def _different(encode: Callable[[Base, Sequence[str]], Ids], one: Base, texts: Sequence[str]) -> list[str]:
    ours = one.tokenizer().encode_batch(list(texts), add_special_tokens=False)
    theirs = encode(one, texts)
    return [
        text for text, two, other in zip(texts, ours, theirs, strict=True) if other is None or list(other) != two.ids
    ]


def _normalized(extended: Base, texts: Sequence[str]) -> tuple[list[str], str]:
    """The texts as the tokenizer's normalizer writes them, which the engine lacks, and a note that says so."""
    name, normalizer = cutting(extended.spec).normalizer, extended.tokenizer().normalizer
    if not name:
        return list(texts), ""
    return [normalizer.normalize_str(text) for text in texts], f"in {name}, which the engine does not bring text to"


def _by_transformers(
    folder: Path, spec: Mapping[str, Any], config: Mapping[str, Any] | None, texts: Sequence[str]
) -> Ids:
    """The ids by the class that transformers takes for a copy of the folder with `spec` and `config`."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for file in (CONFIG, SPECIAL_TOKENS):
            if (folder / file).is_file():
                shutil.copyfile(folder / file, copy / file)
        (copy / TOKENIZER).write_text(json.dumps(spec, ensure_ascii=False), "utf-8")
        if config is not None:
            (copy / MODEL_CONFIG).write_text(json.dumps(config), "utf-8")
        log = logging.getLogger("transformers")
        level = log.level
        log.setLevel(logging.ERROR)  # it advises options that would change ids, and says so of every family's defaults
        try:
            if config is None:
                loaded = PreTrainedTokenizerFast.from_pretrained(name, local_files_only=True)
            else:
                loaded = AutoTokenizer.from_pretrained(name, local_files_only=True, trust_remote_code=False)
            ids: Ids = loaded(list(texts), add_special_tokens=False)["input_ids"]
        except _UNREADABLE:
            return [None] * len(texts)
        except Exception as error:
            # The tokenizers library raises bare Exception where a class builds what the vocabulary does not hold.
            if type(error) is not Exception:
                raise
            return [None] * len(texts)
        finally:
            log.setLevel(level)
    return ids


def _by_tiktoken(one: Base, texts: Sequence[str]) -> Ids:
    tiktoken = importlib.import_module("tiktoken")
    said = settings(one.spec)
    ranks = token_ranks(one.spec)
    try:
        engine = tiktoken.Encoding(
            "extended", pat_str=said["pat_str"], mergeable_ranks=ranks, special_tokens=said["special_tokens"]
        )
    except ValueError:  # its engine does not read the pattern
        return [None] * len(texts)
    return [engine.encode(text, allowed_special="all") for text in texts]


def _by_rule(one: Base, texts: Sequence[str]) -> Ids:
    """The ids by tiktoken's rule, in the pieces that the tokenizers library cuts."""
    import re

    ranks = token_ranks(one.spec)
    special = settings(one.spec)["special_tokens"]
    cutter = one.tokenizer().pre_tokenizer
    apart = re.compile("|".join(map(re.escape, sorted(special, key=len, reverse=True))) or r"(?!)")

    @functools.cache
    def ids_of(piece: str) -> list[int]:
        return join(read(piece), ranks)

    def plain(text: str) -> Iterator[int]:
        return (number for piece, _ in cutter.pre_tokenize_str(text) for number in ids_of(piece))

    found = []
    for text in texts:
        ids: list[int] = []
        at = 0
        for token in apart.finditer(text):
            ids += [*plain(text[at : token.start()]), special[token[0]]]
            at = token.end()
        found.append([*ids, *plain(text[at:])])
    return found


def _by_llama_cpp(one: Base, texts: Sequence[str]) -> Ids:
    """The ids by llama.cpp; where a text ends the engine it has none, and the next ones are given to a new process."""
    found: list[list[int] | None] = []
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "vocabulary.gguf"
        file.write_bytes(vocabulary_file(one.spec, {}, str(one.path)))
        script = str(Path(__file__).with_name("llama_ids.py"))
        for _ in range(ENGINE_ENDS):
            lines = "".join(json.dumps(text) + "\n" for text in texts[len(found) :])
            try:
                # -P: the folder of the script holds modules named like those of the standard library.
                run = subprocess.run(  # noqa: S603 (this interpreter and a file of the package)
                    [sys.executable, "-P", script, str(file)],
                    check=False,
                    input=lines.encode(),
                    capture_output=True,
                    timeout=TIMEOUT_S,
                )
            except subprocess.TimeoutExpired:
                break
            found += [json.loads(line) for line in run.stdout.split(b"\n")[:-1]]
            if len(found) >= len(texts):
                break
            found.append(None)
    return [*found, *[None] * (len(texts) - len(found))]
