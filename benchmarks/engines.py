"""Whether engines give an extension's ids: transformers by model family and version, tiktoken, llama.cpp.

    python benchmarks/engines.py write FOLDER DATA
    python benchmarks/engines.py reload FOLDER
    python benchmarks/engines.py engines FOLDER

`write` makes bases and their extensions in FOLDER from DATA, a folder with `tokenizers/whisper_gpt2`,
`tokenizers/mistral_tekken` and texts. `reload` prints what `AutoTokenizer` of this interpreter reads beside the
`config.json` of each family; it needs transformers and rfc8785 alone, so an interpreter with another version can run it.
`engines` needs tiktoken and llama-cpp-python. Each prints rows of a Markdown table.
"""

import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from vocab.base import Base
from vocab.engines import Parity, llama_cpp_parity, tiktoken_parity, transformers_parity

TERMS = 500
DOCUMENTS = 400
CHARACTERS = 1500
"""Of each of the first `DOCUMENTS` documents of each file."""
LONG = 5
LONG_CHARACTERS = 40_000
"""Of the first `LONG` of each file."""
RELOADED = 300
"""Documents that each family encodes, and as many made-up texts."""
PROFILES = ("portable", "exact", "r2l3", "r2l3 and portable")
_DECODER = {"hidden_act": "silu", "tie_word_embeddings": False, "torch_dtype": "bfloat16", "rms_norm_eps": 1e-05}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama3", {
        "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131072,
        "rope_theta": 500000.0, "bos_token_id": 128000, "eos_token_id": 128001, "transformers_version": "4.43.0.dev0",
        **_DECODER}),
    "mistral": ("tekken", {
        "architectures": ["MistralForCausalLM"], "vocab_size": 131072, "hidden_size": 5120, "intermediate_size": 14336,
        "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131072,
        "head_dim": 128, "rope_theta": 1000000.0, "bos_token_id": 1, "eos_token_id": 2, "sliding_window": None,
        "transformers_version": "4.43.0.dev0", **_DECODER}),
    "gpt2": ("gpt2", {
        "architectures": ["GPT2LMHeadModel"], "vocab_size": 50257, "n_embd": 768, "n_head": 12, "n_layer": 12,
        "n_positions": 1024, "n_ctx": 1024, "activation_function": "gelu_new", "bos_token_id": 50256,
        "eos_token_id": 50256}),
    "qwen2": ("qwen2", {
        "architectures": ["Qwen2ForCausalLM"], "vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944,
        "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4, "max_position_embeddings": 131072,
        "rope_theta": 1000000.0, "bos_token_id": 151643, "eos_token_id": 151643, "transformers_version": "4.40.1",
        **_DECODER}),
    "qwen3": ("qwen2", {
        "architectures": ["Qwen3ForCausalLM"], "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 12288,
        "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 40960,
        "head_dim": 128, "rope_theta": 1000000, "bos_token_id": 151643, "eos_token_id": 151645,
        "transformers_version": "4.51.0", **_DECODER}),
    "qwen3_5": ("qwen35", {}),
    "gemma": ("gpt2", {
        "architectures": ["GemmaForCausalLM"], "vocab_size": 256000, "hidden_size": 3072, "intermediate_size": 24576,
        "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 256,
        "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 8192, "bos_token_id": 2, "eos_token_id": 1,
        "transformers_version": "4.38.0.dev0"}),
}  # fmt: skip
"""Model types, the base that stands for each, and what its `config.json` holds beside the type."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("write", "reload", "engines"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("data", type=Path, nargs="?")
    arguments = parser.parse_args()
    if arguments.step == "write":
        write(arguments.folder, arguments.data)
    elif arguments.step == "reload":
        reload(arguments.folder)
    else:
        engines(arguments.folder)


def write(folder: Path, data: Path) -> None:
    """Bases and extensions, each as a folder that transformers reads, and the texts."""
    from vocab.base import load
    from vocab.gguf_file import LLAMA3, QWEN2, QWEN35

    gpt2 = load(data / "tokenizers/whisper_gpt2")
    patterns = {"llama3": LLAMA3, "qwen2": QWEN2, "qwen35": QWEN35}
    bases = {"gpt2": gpt2, "tekken": tekken(data / "tokenizers/mistral_tekken")}
    bases |= {name: with_pattern(gpt2, pattern, qwen="qwen" in name) for name, pattern in patterns.items()}
    for name, base in bases.items():
        save(base.spec, folder / name / "base")
        for profile in PROFILES:
            save(extension(base, profile), folder / name / profile)
    (folder / "texts.json").write_text(json.dumps(texts(data)), "utf-8")


def reload(folder: Path) -> None:
    """A row for each family: what its `AutoTokenizer` makes of each profile."""
    sets = json.loads((folder / "texts.json").read_text("utf-8"))
    some = [*sets["documents"][:: max(1, len(sets["documents"]) // RELOADED)], *sets["made up"][:RELOADED]]
    print(f"{len(some)} texts\n| model type | base | {' | '.join(PROFILES)} |\n|---|---|{'---|' * len(PROFILES)}")
    for kind, (name, rest) in FAMILIES.items():
        base = read(folder / name / "base")
        config = {"model_type": kind, **rest}
        found = [transformers_parity(folder / name / profile, some, config, base) for profile in PROFILES]
        print(f"| {kind} | {name} | {' | '.join(map(cell, found))} |", flush=True)
    print(found[0].version)


def engines(folder: Path) -> None:
    """A row for each base, profile and set of texts: what tiktoken and llama.cpp make of it."""
    sets = json.loads((folder / "texts.json").read_text("utf-8"))
    print("| base | profile | texts | tiktoken | llama.cpp |\n|---|---|---|---|---|")
    for name in ("gpt2", "tekken", "llama3", "qwen2", "qwen35"):
        base = read(folder / name / "base")
        for profile in ("base", *PROFILES):
            after = read(folder / name / profile)
            for label, some in sets.items():
                found = [judge(base, after, some) for judge in (tiktoken_parity, llama_cpp_parity)]
                print(f"| {name} | {profile} | {label} | {' | '.join(map(cell, found))} |", flush=True)
    print(", ".join(one.version for one in found))


def cell(found: Parity) -> str:
    if found.status == "differs" and found.different:
        return f"differs on {found.different:,} of {found.texts:,}, {found.by_extension:,} of them not by the base"
    return f"refused ({found.different:,} differ)" if found.status == "refused" and found.different else str(found)


def extension(base: Base, profile: str) -> dict[str, Any]:
    """The `tokenizer.json` of `base` extended by the first `TERMS` terms of the package's lists."""
    from vocab.exact import isolated
    from vocab.ground import ground, grown_spec
    from vocab.grow import grow
    from vocab.term_lists import OWN, load, usable

    on = ground(base, "r2l3").base if profile.startswith("r2l3") else base
    if profile == "r2l3":
        return on.spec
    entries = [entry for name in OWN for entry in usable([load(name)], base.added) if not entry.reason]
    entries = entries[:: len(entries) // TERMS][:TERMS]
    if profile == "exact":
        return isolated(base, [entry.term for entry in entries]).spec
    growth = grow(on, entries, Counter())
    return grown_spec(on, growth.new_tokens, [one.pair for one in growth.appended])


def texts(data: Path) -> dict[str, list[str]]:
    """The beginnings of documents; made-up text of many scripts; words of letters with accents, of both cases, and marks."""
    import polars as pl

    from vocab.trials import made_up

    documents: list[str] = []
    for file in sorted([*data.glob("text_*/*.parquet"), *data.glob("text_*/*.jsonl")]):
        frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_ndjson(file)
        column = [text for text in frame["text"][:DOCUMENTS] if text]
        documents += [text[: LONG_CHARACTERS if at < LONG else CHARACTERS] for at, text in enumerate(column)]
    draw = random.Random(1)
    letters = (
        "".join(map(chr, (*range(0xC0, 0x180), *range(0x370, 0x530)))) + "abcXYZ가금ab" * 20 + "\u0301\u0308'- 1" * 10
    )
    words = ["".join(draw.choices(letters, k=draw.randrange(2, 40))) for _ in range(2000)]
    return {"documents": documents, "made up": made_up(["EBITDA", "기준금리", "억원"]), "letters": words}


def tekken(folder: Path) -> Base:
    """The base of the ranks in `folder`, with the special tokens of the format."""
    import polars as pl

    from vocab.encodings import TEKKEN_FILLER, TEKKEN_SPECIAL_TOKENS
    from vocab.ranks import TEKKEN, Ranks, spec_of

    config = json.loads((folder / "config.json").read_text("utf-8"))["config"]
    (table,) = folder.glob("*.parquet")
    shift = config["default_num_special_tokens"]
    ranks = dict(pl.read_parquet(table).select("token_bytes", "rank").iter_rows())
    names = [*TEKKEN_SPECIAL_TOKENS, *(TEKKEN_FILLER.format(at) for at in range(len(TEKKEN_SPECIAL_TOKENS), shift))]
    special = tuple((name, at) for at, name in enumerate(names))
    return Base(Path("tokenizer.json"), "", spec_of(Ranks(table, TEKKEN, ranks, config["pattern"], "", special, shift)))


def with_pattern(base: Base, pattern: str, *, qwen: bool) -> Base:
    """The vocabulary of `base` under another pattern; of Qwen also the normalizer and the special token that it has."""
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    spec = {**base.spec, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]}}
    if qwen:
        end = {"id": base.next_id, "content": "<|endoftext|>", **flags, "special": True}
        spec |= {"normalizer": {"type": "NFC"}, "added_tokens": [*base.spec.get("added_tokens", ()), end]}
    return Base(base.path, "", spec)


def save(spec: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False), "utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}', "utf-8")
    (folder / "special_tokens_map.json").write_text("{}", "utf-8")


def read(folder: Path) -> Base:
    return Base(folder / "tokenizer.json", "", json.loads((folder / "tokenizer.json").read_bytes()))


if __name__ == "__main__":
    main()
