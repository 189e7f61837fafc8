"""How far a merge lies from the model that was trained: ways of merging a QLoRA adapter, side by side.

    python benchmarks/merging.py [--width 256] [--layers 4] [--pretrain 300] [--tune 100]

A Llama is trained from nothing on the bytes of the project's own sources, held in NF4 and tuned by LoRA and new token rows (the
commonest words, one id each) on its documentation; then the adapter is merged in each way, and KL(trained ‖ merged) is measured
on the part of the documentation that was held out. Prints Markdown: the first tables of `results/merging.md`.

    python benchmarks/merging.py gguf FOLDER FILE.gguf TEXTS

The same between a merged FOLDER and a GGUF file that llama.cpp's converter made of it, on each line of the file TEXTS, and how
many of these get other ids. Needs llama-cpp-python.
"""

import argparse
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BYTES, WORDS, ROW, BATCH = 256, 64, 128, 8
HELD_OUT_ROWS = 64
RATE, TUNE_RATE = 1e-3, 2e-3


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if sys.argv[1:2] == ["gguf"]:
        gguf(*sys.argv[2:5])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--pretrain", type=int, default=300, help="steps")
    parser.add_argument("--tune", type=int, default=100, help="steps")
    arguments = parser.parse_args()
    import torch
    import transformers

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as name:
        compare(arguments, Path(name))


def compare(arguments: argparse.Namespace, folder: Path) -> None:
    from tune.folders import base_model
    from tune.merge import dequantised
    from tune.merge.divergence import Text, measure
    from tune.recipe import Lora, Numbers

    sources = b"\n".join(path.read_bytes() for path in sorted((*ROOT.glob("vocab/*.py"), *ROOT.glob("tune/*.py"))))
    documents = b"\n".join(path.read_bytes() for path in sorted((ROOT / "README.md", *ROOT.glob("docs/*.md"))))
    words = [word for word, _ in Counter(word for word in documents.split() if len(word) > 3).most_common(WORDS)]
    rows = in_rows(ids_of(documents, words))
    step = len(rows) // HELD_OUT_ROWS
    held_out, learned = rows[::step], [row for at, row in enumerate(rows) if at % step]
    pretrained(folder / "base", arguments, in_rows(list(sources)), words)
    base, text = base_model(folder / "base"), Text({}, tuple(batches(held_out, 1)))
    print(f"{base.parameters:,} parameters, {text_tokens(text):,} tokens of held-out text")
    for kind in ("LoRA", "DoRA"):
        numbers = Numbers(lora=Lora(dora=kind == "DoRA"))
        tuned(folder / kind, numbers, base, learned, arguments.tune)
        trained = dequantised.trained(folder / kind, numbers, base)
        before = loss(dequantised.load(base, numbers.quantisation), text)
        print(f"\n{kind}: loss {before:.3f} nats a token before it was tuned, {loss(trained, text):.3f} after.\n")
        print("| way | mean KL, nats a token | maximum | another first choice | loss |")
        print("|---|---:|---:|---:|---:|")
        for way, model in ways(folder, folder / kind, numbers, base):
            found = measure(trained, model, text)
            share = f"{found.first_choice_differs:,} of {found.tokens:,}"
            line = f"| {way} | {found.mean:.1e} | {found.maximum:.1e} | {share} | {loss(model, text):.4f} |"
            print(line, flush=True)


def ways(folder: Path, adapter: Path, numbers: Any, base: Any) -> Iterator[tuple[str, Any]]:
    """Each way of merging, and the model that it gives."""
    from peft import PeftModel

    from tune import loading
    from tune.merge import dequantised
    from tune.merge.files import write_lora
    from tune.recipe import Quantisation

    plain = Quantisation(type="none", compute="float32")

    def over(how: Any) -> Any:
        return dequantised.with_lora(dequantised.load(base, how), adapter)

    held = numbers.quantisation
    whole = dequantised.merged(over(held))
    yield "dequantised, merged, written in float32", reloaded(whole, "float32", folder, "float32")
    yield "the same in bfloat16, computed in float32", reloaded(whole, "bfloat16", folder, "float32")
    yield "the same in bfloat16, computed in bfloat16", reloaded(whole, "bfloat16", folder, "bfloat16")
    yield "merged into the base as it was before NF4, float32", dequantised.merged(over(plain))
    four_bit = loading.load(base, held)
    loading.keep_trainable(four_bit)
    merged = PeftModel.from_pretrained(four_bit, adapter).merge_and_unload()
    loading.keep_trainable(merged)
    yield "merged into the 4 bits (PEFT)", merged
    yield "merged in float32, then held in NF4 again", in_four_bits(whole, folder, held)
    if numbers.lora.dora:
        return
    lora = folder / "pure"
    write_lora(adapter, lora)
    with_rows = dequantised.with_rows(over(held))
    for dtype in ("float32", "bfloat16"):
        served = PeftModel.from_pretrained(reloaded(with_rows, dtype, folder, "float32"), lora)
        yield f"rows in the dequantised base, written in {dtype}, LoRA over it", served
    original = dequantised.with_rows(over(plain))
    yield "rows in the base as it was before NF4, LoRA over it", PeftModel.from_pretrained(original, lora)
    served = PeftModel.from_pretrained(in_four_bits(with_rows, folder, held), lora)
    yield "rows in the dequantised base, held in NF4 again, LoRA over it", served


def reloaded(model: Any, dtype: str, folder: Path, compute: str) -> Any:
    """`model` as `tune merge` writes it in `dtype`, read again to compute in `compute`."""
    import copy

    import torch
    from transformers import AutoModelForCausalLM

    from tune.merge.files import write_model

    with tempfile.TemporaryDirectory() as name:
        write_model(copy.deepcopy(model), dtype, folder / "base", folder, Path(name))
        return AutoModelForCausalLM.from_pretrained(name, dtype=getattr(torch, compute)).eval()


def in_four_bits(model: Any, folder: Path, held: Any) -> Any:
    """`model` written in float32, and its linear layers held in NF4."""
    import copy

    from tune import loading
    from tune.folders import base_model
    from tune.merge.files import write_model

    with tempfile.TemporaryDirectory() as name:
        write_model(copy.deepcopy(model), "float32", folder / "base", folder, Path(name))
        found = loading.load(base_model(Path(name)), held)
    loading.keep_trainable(found)
    return found.eval()


def ids_of(data: bytes, words: list[bytes]) -> list[int]:
    """Bytes as ids; each of `words`, where it stands between spaces, as one id after them."""
    places = {word: BYTES + number for number, word in enumerate(words)}
    found: list[int] = []
    for at, word in enumerate(data.split(b" ")):
        found += [32] if at else []
        found += [places[word]] if word in places else list(word)
    return found


def in_rows(ids: list[int]) -> list[list[int]]:
    return [ids[at : at + ROW] for at in range(0, len(ids) - ROW, ROW)]


def batches(rows: list[list[int]], size: int) -> Iterator[dict[str, Any]]:
    import torch

    for at in range(0, len(rows), size):
        ids = torch.tensor(rows[at : at + size])
        yield {"input_ids": ids, "position_ids": torch.arange(ROW)[None].expand(len(ids), -1)}


def pretrained(folder: Path, arguments: argparse.Namespace, rows: list[list[int]], words: list[bytes]) -> None:
    """A Llama trained on bytes, with rows for the new ids: each the mean of the rows of its bytes."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=BYTES + WORDS, hidden_size=arguments.width, intermediate_size=3 * arguments.width,
        num_hidden_layers=arguments.layers, num_attention_heads=8, num_key_value_heads=4, max_position_embeddings=ROW,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    fit(model, rows, arguments.pretrain, RATE)
    with torch.no_grad():
        for matrix in (model.model.embed_tokens.weight, model.lm_head.weight):
            for number, word in enumerate(words):
                matrix[BYTES + number] = matrix[list(word)].mean(0)
    model.save_pretrained(folder)


def tuned(folder: Path, numbers: Any, base: Any, rows: list[list[int]], steps: int) -> None:
    """An adapter of LoRA and rows of every new id, as `tune run` trains it."""
    from tune.loading import with_adapter

    model = with_adapter(numbers, base, tuple(range(BYTES, BYTES + WORDS)))
    fit(model, rows, steps, TUNE_RATE)
    model.save_pretrained(folder, save_embedding_layers=False)


def fit(model: Any, rows: list[list[int]], steps: int, rate: float) -> None:
    import torch

    optimiser = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=rate, weight_decay=0.0)
    chance = torch.Generator().manual_seed(0)
    model.train()
    for _ in range(steps):
        chosen = torch.randint(len(rows), (BATCH,), generator=chance).tolist()
        (batch,) = batches([rows[one] for one in chosen], BATCH)
        model(**batch, labels=batch["input_ids"], use_cache=False).loss.backward()
        torch.nn.utils.clip_grad_norm_([one for one in model.parameters() if one.requires_grad], 1.0)
        optimiser.step()
        optimiser.zero_grad()


def loss(model: Any, text: Any) -> float:
    import torch

    total = 0.0
    with torch.no_grad():
        for batch in text.batches:
            total += float(model.eval()(**batch, labels=batch["input_ids"], use_cache=False).loss)
    return total / len(text.batches)


def text_tokens(text: Any) -> int:
    return sum(batch["input_ids"].numel() for batch in text.batches)


def gguf(folder: str, file: str, texts: str) -> None:
    """Prints how many texts get other ids of llama.cpp, and KL(folder ‖ file) over the ids of the folder's tokenizer."""
    import numpy as np
    import torch
    from llama_cpp import Llama
    from transformers import AutoModelForCausalLM, AutoTokenizer

    lines = Path(texts).read_text("utf-8").splitlines()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    engine = Llama(file, n_ctx=512, logits_all=True, verbose=False, n_threads=1)
    other, each = 0, []
    for line in lines:
        ids = tokenizer(line, add_special_tokens=False)["input_ids"][:512]
        other += engine.tokenize(line.encode(), add_bos=False, special=True)[:512] != ids
        engine.reset()
        engine.eval(ids)
        q = torch.from_numpy(np.array(engine.scores[: len(ids)])).double().log_softmax(-1)
        with torch.no_grad():
            p = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        each += (p.exp() * (p - q)).sum(-1).tolist()
    kl = f"KL mean {np.mean(each):.1e}, maximum {max(each):.1e}, {len(each):,} tokens"
    print(f"other ids in {other} of {len(lines)} texts; {kl}")


if __name__ == "__main__":
    main()
