"""How a model does with new rows made in each way: held-out bits per byte at once, and after further training.

    python benchmarks/embedding_rows.py WORK TEXT...

WORK is a new folder; TEXT are Parquet or JSON Lines files with a column `text`. Certifies the text, trains a base tokenizer
and a small Llama on it, extends the tokenizer with terms of both lists of the package, embeds the model for each choice of
input and output rows, and trains each copy on the same tokens in the same order. Writes WORK/result.json with, for each choice
and seed: bits per byte of the held-out part at once and after the steps, nats of a new token, nats of the token after one.
"""

import argparse
import json
import math
import random
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from govern.attestation import CertifiedCorpus, verify
from govern.cli import main as govern
from tune.base_model import build_for
from tune.loading import go_offline
from vocab.base import load
from vocab.embed import embed
from vocab.extend import extend
from vocab.extension import read
from vocab.pretokens import batches
from vocab.term_lists import OWN, TermList, parse
from vocab.term_lists import load as load_terms
from vocab.train_base import END, write_base

if TYPE_CHECKING:
    from vocab.embedding_rows import Choice

CHOICES = (
    "mean/mean",
    "random/random",
    "random/mean",
    "mean/random",
    "mean/average",
    "last/mean",
    "last/average",
    "last/random",
    "average/average",
    "mean/first",
    "mean/zero",
)
"""Ways to make input and output rows; two of the output are not offered and are set here: the first sub-token's row, zeros."""
TIED = ("mean", "random", "last", "average")
DOCUMENT_CHARACTERS = 2000
WINDOW, BATCH = 256, 8
"""Tokens of a training window, and windows of a step."""
VOCABULARY = 3000
RATE, LATER_RATE = 2e-3, 5e-4
"""Learning rates of AdamW, for the base and after embedding."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    parser.add_argument("--megabytes", type=float, default=3.0, help="an equal share from every file")
    parser.add_argument("--terms", type=int, default=400, help="the most frequent of the lists in the text; 0: all")
    parser.add_argument("--choices", nargs="*", default=CHOICES, metavar="INPUT/OUTPUT", help="ways to compare")
    parser.add_argument("--steps", type=int, default=800, help="of the base model")
    parser.add_argument("--later", type=int, nargs="*", default=[25, 100], help="steps after embedding to measure at")
    parser.add_argument("--seeds", type=int, default=2, help="of random rows and of the order of windows")
    parser.add_argument("--tied", action="store_true", help="one matrix for input and output")
    arguments = parser.parse_args()
    go_offline()
    arguments.work.mkdir()
    corpus = certified(arguments.work, arguments.texts, int(arguments.megabytes * 1e6) // len(arguments.texts))
    base = write_base(corpus, VOCABULARY, arguments.work / "base")
    model = build_for(base, arguments.work / "model", tied=arguments.tied)
    train_base(model, base, corpus, arguments.steps)
    lists = [frequent(corpus, arguments.terms)] if arguments.terms else [load_terms(name) for name in OWN]
    tokenizer = extend(base, corpus, lists, arguments.work / "tokenizer").folder
    result = compare(arguments, corpus, base, model, tokenizer)
    (arguments.work / "result.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def certified(work: Path, files: list[Path], share: int) -> CertifiedCorpus:
    """A corpus of pieces of the texts, certified by the project itself."""
    with (work / "input.jsonl").open("w", encoding="utf-8") as stream:
        for file in files:
            frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_ndjson(file)
            size = 0
            for text in frame["text"]:
                for start in range(0, len(text), DOCUMENT_CHARACTERS):
                    piece = text[start : start + DOCUMENT_CHARACTERS]
                    stream.write(json.dumps({"id": f"{file.stem}-{size}", "text": piece}) + "\n")
                    size += len(piece.encode())
                if size > share:
                    break
    keys, out = work / "keys", work / "corpus"
    run(["keygen", "--out", str(keys)])
    command = ["certify", str(work / "input.jsonl"), "--out", str(out), "--split", "held-out=0.05"]
    run([*command, "--secret", str(keys / "secret.key"), "--sign-key", str(keys / "sign.pem")])
    return verify(out, [keys / "sign.pub"], now=datetime.now(UTC))


def frequent(corpus: CertifiedCorpus, count: int) -> TermList:
    """The terms of both lists that stand most often in the text to train on, as a list of a user's own."""
    text = "\n".join(text for batch in batches(corpus) for text, _ in batch)
    terms = {entry.term for name in OWN for entry in load_terms(name).entries if not entry.reason}
    often = sorted(terms, key=lambda term: (-text.count(term), term))[:count]
    return parse("\n".join(sorted(often)).encode(), "frequent")


def run(command: list[str]) -> None:
    if govern(command) != 0:
        raise SystemExit(f"govern {command[0]} did not pass")


def train_base(folder: Path, base: Path, corpus: CertifiedCorpus, steps: int) -> None:
    """Trains the model in `folder` on the base's tokens, in place."""
    model = loaded(folder)
    ids, _ = encoded(base, corpus, held_out=False)
    train(model, ids, steps, seed=0, rate=RATE)
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())


def compare(
    arguments: argparse.Namespace, corpus: CertifiedCorpus, base: Path, model: Path, tokenizer: Path
) -> dict[str, Any]:
    extended = read(tokenizer)
    new = frozenset(one["id"] for one in extended.record["new_ids"])
    ids, _ = encoded(tokenizer, corpus, held_out=False)
    held_out, size = encoded(tokenizer, corpus, held_out=True)
    base_ids, _ = encoded(base, corpus, held_out=False)
    base_held_out, _ = encoded(base, corpus, held_out=True)
    result: dict[str, Any] = {
        "held_out_bytes": size,
        "held_out_tokens": {"base": len(base_held_out), "extended": len(held_out)},
        "held_out_new_tokens": sum(one in new for one in held_out),
        "new_ids_in_training": len(new.intersection(ids)),
        "new_ids": len(new),
        "scaffold_ids": len(extended.record["scaffold_ids"]),
        "steps": arguments.steps,
        "tied": arguments.tied,
        "runs": [],
    }
    print(json.dumps(result), flush=True)

    def follow(name: str, model: Any, text: list[int], test: list[int], seed: int) -> None:
        done, measured = 0, {}
        windows = random.Random(seed)
        for step in (0, *arguments.later):
            train(model, text, step - done, seed=windows.randrange(1 << 30), rate=LATER_RATE)
            done, measured[step] = step, losses(model, test, new, size)
        result["runs"].append({"rows": name, "seed": seed, "at": measured})
        print(json.dumps(result["runs"][-1]), flush=True)

    for seed in range(arguments.seeds):
        follow("base", loaded(model), base_ids, base_held_out, seed)
        for number, name in enumerate(TIED if arguments.tied else arguments.choices):
            out = arguments.work / f"embedded-{number}-{seed}"
            follow(name, embedded(model, tokenizer, out, name, seed), ids, held_out, seed)
    return result


def embedded(model: Path, tokenizer: Path, out: Path, name: str, seed: int) -> Any:
    """The model with new rows, by `vocab embed` but for the output rows that it does not offer."""
    import torch

    into, _, onto = name.partition("/")
    offered = cast("Choice | None", None if onto in ("", "first", "zero") else onto)
    embed(model, tokenizer, out, input_rows=cast("Choice", into), output_rows=offered, seed=seed)
    result = loaded(out)
    with torch.no_grad():
        rows = result.get_output_embeddings().weight
        for one in read(tokenizer).record["new_ids"] if onto in ("first", "zero") else ():
            rows[one["id"]] = rows[one["base_ids"][0]] if onto == "first" else 0.0
    return result


def encoded(tokenizer: Path, corpus: CertifiedCorpus, *, held_out: bool) -> tuple[list[int], int]:
    """The ids of all documents, each after an end of text, and the bytes of the documents."""
    found = (load(tokenizer) if not (tokenizer / "extension.json").exists() else read(tokenizer).tokenizer).tokenizer()
    ids: list[int] = []
    size = 0
    for batch in batches(corpus, held_out=held_out):
        for text, _ in batch:
            ids += found.encode(END + text, add_special_tokens=False).ids
            size += len(text.encode())
    return ids, size


def loaded(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)


def train(model: Any, ids: list[int], steps: int, *, seed: int, rate: float) -> None:
    """AdamW with a linear warm-up and cosine decay on windows drawn by the seed."""
    import torch

    text, source = torch.tensor(ids), random.Random(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.01)
    model.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 10) * (0.55 + 0.45 * math.cos(math.pi * step / steps))
        starts = [source.randrange(len(ids) - WINDOW) for _ in range(BATCH)]
        window = torch.stack([text[start : start + WINDOW] for start in starts])
        loss = model(input_ids=window, labels=window, use_cache=False).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()


def losses(model: Any, ids: list[int], new: frozenset[int], size: int) -> dict[str, float]:
    """Bits per byte of the text, and the mean nats of a new token and of one that follows a new token and is none."""
    import torch

    model.eval()
    nats: list[float] = []
    with torch.no_grad():
        for start in range(0, len(ids) - 1, WINDOW):
            window = torch.tensor([ids[start : start + WINDOW + 1]])
            logits = model(input_ids=window[:, :-1], use_cache=False).logits[0]
            nats += torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="none").tolist()
    pairs = list(zip(pairwise(ids), nats, strict=True))
    of_new = [loss for (_, two), loss in pairs if two in new]
    after = [loss for (one, two), loss in pairs if one in new and two not in new]
    return {
        "bits_per_byte": round(sum(nats) / math.log(2) / size, 4),
        "nats_new": round(sum(of_new) / max(1, len(of_new)), 3),
        "nats_after_new": round(sum(after) / max(1, len(after)), 3),
    }


if __name__ == "__main__":
    main()
