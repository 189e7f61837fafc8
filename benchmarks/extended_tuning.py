"""What tuning on Korean and English finance is worth with an extended tokenizer, against its base, at equal training FLOPs.

    python benchmarks/extended_tuning.py --data DATA --work WORK

DATA is the shared folder with `text_en`, `text_ko` and `pii`; WORK is a folder in which a finished stage is kept, so the same
command continues. Certifies general text and financial text, the latter with a held-out part; trains a base tokenizer and a
small Llama on the general text; extends the tokenizer with the lists of the package and with terms mined from the financial
text to be trained on; embeds the model; tunes both by `tune.run`, each for the steps that the same FLOPs pay for. Held-out
documents fall into two halves by a hash of their text: settings are chosen with `--half dev`, figures are those of
`--half final`. Prints Markdown: the tables of `results/extended_tuning.md`.

FLOPs: those of the products of one micro-batch, forward and backward, as torch counts them while they run (attention and head
with them; what is frozen has no gradient of its weights), times micro-batches. Padding is counted, since it is computed. Beside
them stands 6·N·tokens, N being the parameters in products.
"""

import argparse
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from extended_tuning_bits import (
    WINDOW,
    Bits,
    Document,
    bits_of,
    encoder_of,
    half_of,
    show_results,
    show_why,
    stretches,
    table,
)

from govern.attestation import CertifiedCorpus, verify
from govern.cli import main as govern
from govern.keys import load_private
from tune import dataset, folders, loading
from tune.base_model import build_for
from tune.recipe import Lora, Quantisation, Recipe, Training
from tune.running import run
from vocab import mine
from vocab.embed import embed
from vocab.extend import extend
from vocab.model_base import load_origin
from vocab.pretokens import batches
from vocab.term_lists import OWN
from vocab.term_lists import load as load_terms
from vocab.train_base import write_base

GENERAL = {
    "pii/broad_twitter_en.train.jsonl": (2000, 1),
    "pii/wnut17_en.train.jsonl": (2000, 1),
    "pii/wikigold_en.dev.jsonl": (2000, 1),
    "text_en/fed_speeches_en.parquet": (4000, 1),
    "text_ko/news_park_ko_en.dev.jsonl": (2000, 1),
    "pii/klue_ner_ko.dev.jsonl": (2000, 1),
    "text_ko/nsmc_reviews_raw_ko.parquet": (2000, 1),
    "text_ko/portone_payment_docs_ko.parquet": (4000, 1),
}
FINANCE = {
    "text_en/sec_filings_en.parquet": (12_000, 1),
    "text_en/fomc_minutes_en.parquet": (5000, 1),
    "text_en/tatqa_contexts_en.dev.jsonl": (4000, 1),
    "text_ko/kr_court_rulings_finance_ko.parquet": (1200, 2),
    "text_ko/kr_statutes_finance_ko.parquet": (3000, 1),
}
"""Files; how many characters of a document, from its beginning, are taken, and of how many documents the first."""
COLUMNS = ("text", "text_en")
HELD_OUT = "0.15"
VOCABULARY, HIDDEN, LAYERS = 4096, 256, 4
BATCH, MICRO_BATCH = 16, 8
"""Rows of a step of tuning; rows at once, and of a step of pretraining."""
PRETRAINING_RATE = 2e-3
OVERLAP_CHARACTERS = 50
NOW = partial(datetime.now, UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of all stages, and the settings that a run is named by."""

    work: Path
    arguments: argparse.Namespace

    @property
    def trust(self) -> tuple[Path, ...]:
        """The key made for this run."""
        return (self.work / "keys/sign.pub",)

    def once(self, name: str, make: Callable[[Path], object]) -> Path:
        """The file or folder `name`, made where a run before this one did not; `make` leaves it whole or not at all."""
        path = self.work / name
        if not path.exists():
            make(path)
        return path

    def corpus(self, name: str) -> CertifiedCorpus:
        """The certified corpus `name`, verified."""
        return verify(self.work / name, self.trust, now=NOW(), purpose="train")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to tune: a model, its tokenizer, LoRA's rank."""

    name: str
    model: Path
    tokenizer: Path
    rank: int


def main() -> None:
    arguments = parsed()
    loading.go_offline()
    import torch

    torch.set_num_threads(1)
    arguments.work.mkdir(exist_ok=True)
    place = Place(arguments.work, arguments)
    place.once("keys", lambda out: command(["keygen", "--out", str(out)]))
    certified(place, "general", arguments.data, GENERAL, [])
    certified(place, "finance", arguments.data, FINANCE, ["--split", f"held-out={HELD_OUT}"])
    general, finance = place.corpus("general"), place.corpus("finance")
    base = place.once("base", lambda out: write_base(general, VOCABULARY, out))
    model = place.once("model", partial(pretrained, base, general, arguments.pretraining_steps))
    arms = [Arm("base", model, base, arguments.base_rank), extended(place, base, model, finance)]
    steps = equal_steps(place, arms)
    held_out = half_of(finance, arguments.half)
    show_corpora(place, general, finance, held_out)
    show_arms(arms, steps, finance, held_out)
    measured = {arm.name: measure(place, arm, steps[arm.name]["steps"], held_out) for arm in arms}
    show_results(held_out, measured)
    show_why(held_out, measured, folders.tokenizer(arms[1].tokenizer), finance)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--half", choices=("dev", "final"), default="final", help="held-out documents to measure on")
    parser.add_argument("--seeds", type=int, default=3, help="of tuning")
    parser.add_argument(
        "--pretraining-steps", type=int, default=1100, help=f"of {MICRO_BATCH} windows of {WINDOW} tokens"
    )
    parser.add_argument("--steps", type=int, default=60, help="of tuning with the base tokenizer")
    parser.add_argument("--budget", type=int, default=1000, help="new ids at most")
    parser.add_argument("--base-rank", type=int, default=48, help="of LoRA with the base tokenizer")
    parser.add_argument("--rank", type=int, default=16, help="of LoRA with the extended tokenizer")
    parser.add_argument("--rate", type=float, default=6e-3, help="of LoRA")
    parser.add_argument("--row-rate", type=float, default=6e-3, help="of new rows")
    return parser.parse_args()


def command(arguments: list[str]) -> None:
    if govern(arguments) != 0:
        raise SystemExit(f"govern {arguments[0]} did not pass")


def certified(place: Place, name: str, data: Path, files: dict[str, tuple[int, int]], more: list[str]) -> None:
    """Certifies the beginnings of the documents of `files` as the corpus `name`."""

    def make(out: Path) -> None:
        source, keys = place.work / f"{name}.jsonl", place.work / "keys"
        with source.open("w", encoding="utf-8") as stream:
            for file, (characters, every) in files.items():
                path = data / file
                frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)
                for column in (one for one in COLUMNS if one in frame.columns):
                    for row, text in enumerate(frame[column].gather_every(every)):
                        document = {"id": f"{path.stem}-{column}-{row}", "text": text[:characters]}
                        stream.write(json.dumps(document) + "\n")
        certify = ["certify", str(source), "--out", str(out), "--workers", "1", *more]
        command([*certify, "--secret", str(keys / "secret.key"), "--sign-key", str(keys / "sign.pem")])

    place.once(name, make)


def pretrained(base: Path, corpus: CertifiedCorpus, steps: int, out: Path) -> None:
    """A Llama with a row for each id of `base`, all its weights trained on the packed documents of `corpus`."""
    import torch

    partial_folder = out.with_name("model.partial")
    if not partial_folder.exists():
        build_for(base, partial_folder, hidden=HIDDEN, layers=LAYERS)
    model = loading.load(folders.base_model(partial_folder), Quantisation(type="none")).train()
    rows = dataset.build(corpus.documents, folders.tokenizer(base), WINDOW)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=PRETRAINING_RATE, betas=(0.9, 0.95), weight_decay=0.1, fused=True
    )
    source = np.random.default_rng(0)
    order = np.concatenate([source.permutation(len(rows)) for _ in range(1 + steps * MICRO_BATCH // len(rows))])
    print(f"pretraining: {len(rows)} rows, {steps * MICRO_BATCH / len(rows):.2f} epochs", flush=True)
    for step in range(steps):
        for group in optimiser.param_groups:
            share = step / steps
            group["lr"] = PRETRAINING_RATE * min(1.0, (step + 1) / 30) * (0.55 + 0.45 * math.cos(math.pi * share))
        chosen = order[step * MICRO_BATCH : (step + 1) * MICRO_BATCH]
        loss = model(**dataset.collate([rows[int(row)] for row in chosen]), use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        if step % 50 == 49:
            print(f"pretraining: step {step + 1} of {steps}, loss {loss.item():.3f}", flush=True)
    model.config.assay_note = "project-built, pretrained on a few megabytes for a benchmark"
    model.save_pretrained(partial_folder)
    (partial_folder / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())
    partial_folder.rename(out)


def extended(place: Place, base: Path, model: Path, corpus: CertifiedCorpus) -> Arm:
    """The tokenizer extended by both lists and by mined terms, and the model with rows for its new ids."""
    given = place.arguments
    mined = place.once("mined.tsv", lambda out: mine.write(mine.mine(corpus, load_origin(base)), out))
    lists = [load_terms(name) for name in (*OWN, str(mined))]
    key = load_private(place.work / "keys/sign.pem")

    def make(out: Path) -> None:
        extend(base, corpus, lists, out, budget=given.budget, key=key, issued=NOW())

    tokenizer = place.once(f"tokenizer-{given.budget}", make)
    rows = place.once(f"model-{given.budget}", partial(embed, model, tokenizer))
    return Arm("extended", rows, tokenizer, given.rank)


def recipe(place: Place, arm: Arm, steps: int, seed: int, out: Path) -> Recipe:
    given = place.arguments
    training = Training(
        seed=seed,
        steps=steps,
        batch=BATCH,
        micro_batch=MICRO_BATCH,
        learning_rate=given.rate,
        row_learning_rate=given.row_rate,
        max_length=WINDOW,
        checkpoint_steps=100,
        evaluation_rows=0,
        activation_checkpointing=False,
    )
    return Recipe(
        corpus=place.work / "finance",
        trust=place.trust,
        model=arm.model,
        tokenizer=arm.tokenizer,
        out=out,
        sign_key=place.work / "keys/sign.pem",
        training=training,
        lora=Lora(rank=arm.rank, alpha=2 * arm.rank),
        quantisation=Quantisation(type="none"),
    )


def tuned(place: Place, arm: Arm, steps: int, seed: int, out: Path) -> None:
    run(recipe(place, arm, steps, seed, out), now=NOW(), resume=True, say=partial(print, flush=True))


def equal_steps(place: Place, arms: Sequence[Arm]) -> dict[str, Any]:
    """For each arm: FLOPs of a step, parameters that learn, and the steps that cost what `--steps` of the first cost."""
    found: dict[str, Any] = {}
    for arm in arms:
        counted, products, learns = flops(place, arm)
        found[arm.name] = {"flops": counted * BATCH // MICRO_BATCH, "products": products, "learns": learns}
        total = found[arms[0].name]["flops"] * place.arguments.steps
        found[arm.name]["steps"] = round(total / found[arm.name]["flops"])
    return found


def flops(place: Place, arm: Arm) -> tuple[int, int, int]:
    """What torch counts in a micro-batch with the adapter; the parameters that stand in products, and those that learn."""
    from torch.utils.flop_counter import FlopCounterMode

    base, words = folders.base_model(arm.model), folders.tokenizer(arm.tokenizer)
    model = loading.with_adapter(recipe(place, arm, 1, 0, place.work / "none"), base, words.new_ids).train()
    piece = dataset.Piece(list(range(WINDOW)), [False] + [True] * (WINDOW - 1))
    batch = dataset.collate([[piece]] * MICRO_BATCH)
    with FlopCounterMode(display=False) as counter:
        model(**batch, use_cache=False).loss.backward()
    learns = sum(one.numel() for one in model.parameters() if one.requires_grad)
    sizes = {
        name: one.numel() for name, one in model.named_parameters() if one.ndim == 2 and "embed_tokens" not in name
    }
    products = sum(sizes.values()) - len(words.new_ids) * HIDDEN  # new rows of the head lie beside those they replace
    return int(counter.get_total_flops()), products, learns


def measure(place: Place, arm: Arm, steps: int, documents: Sequence[Document]) -> dict[str, list[Bits]]:
    """Bits of the documents before tuning, after it by each seed, and, by the first seed, of pieces alone."""
    given = place.arguments
    numbers = recipe(place, arm, steps, 0, place.work / "none")
    name = f"{arm.model.name}-{steps}-{arm.rank}-{given.rate:g}-{given.row_rate:g}"
    encode = encoder_of(folders.tokenizer(arm.tokenizer))

    def bits(file: str, adapter: Path | None, *, alone: bool = False) -> Bits:
        def make(out: Path) -> None:
            base = folders.base_model(arm.model)
            loaded = loading.trained(adapter, numbers, base) if adapter else loading.load(base, numbers.quantisation)
            found = [bits_of(loaded.eval(), encode, one.text, alone=alone) for one in documents]
            partial_file = out.with_suffix(".partial")
            with partial_file.open("wb") as stream:
                np.savez(stream, *found)
            partial_file.rename(out)

        with np.load(place.once(f"bits-{file}-{given.half}{'-alone' * alone}.npz", make)) as held:
            return [held[key] for key in held.files]

    after = []
    for seed in range(given.seeds):
        adapter = place.once(f"adapter-{name}-{seed}", partial(tuned, place, arm, steps, seed))
        after.append(bits(f"{name}-{seed}", adapter))
    alone = bits(f"{name}-0", place.work / f"adapter-{name}-0", alone=True)
    return {"before": [bits(arm.model.name, None)], "after": after, "alone": [alone]}


def show_corpora(
    place: Place, general: CertifiedCorpus, finance: CertifiedCorpus, held_out: Sequence[Document]
) -> None:
    parts: dict[str, Sequence[Document]] = {
        "general: base tokenizer and pretraining": [Document(*one) for batch in batches(general) for one in batch],
        "finance: extension and tuning": [Document(*one) for batch in batches(finance) for one in batch],
        f"finance, held out, half `{place.arguments.half}`": held_out,
    }
    wanted = {one for document in held_out for one in stretches(document.text, OVERLAP_CHARACTERS)}
    rows = []
    for name, documents in parts.items():
        size = {lang: sum(one.size_bytes for one in documents if one.lang == lang) / 1e6 for lang in ("en", "ko")}
        met = {one for each in documents for one in stretches(each.text, OVERLAP_CHARACTERS) if one in wanted}
        share = "–" if documents is held_out else f"{100 * len(met) / len(wanted):.2f} %"
        rows.append((name, f"{len(documents):,}", f"{size['en']:.2f}", f"{size['ko']:.2f}", share))
    found = f"of the held-out's stretches of {OVERLAP_CHARACTERS} characters"
    table("text", ("documents", "English, MB", "Korean, MB", found), rows)


def show_arms(
    arms: Sequence[Arm], steps: dict[str, Any], finance: CertifiedCorpus, held_out: Sequence[Document]
) -> None:
    """What each arm costs, and how much text its steps see."""
    rows, first = [], steps[arms[0].name]
    for arm in arms:
        words, found = folders.tokenizer(arm.tokenizer), steps[arm.name]
        data, encode = dataset.build(finance.documents, words, WINDOW), encoder_of(words)
        cost, simple = (found[kind] * found["steps"] / first[kind] / first["steps"] for kind in ("flops", "products"))
        per_byte = [
            sum(len(encode(one.text)[0]) for one in held_out if one.lang == lang)
            / sum(one.size_bytes for one in held_out if one.lang == lang)
            for lang in ("en", "ko")
        ]
        rows.append((
            arm.name, f"{words.size:,}", f"{len(words.new_ids):,}", *(f"{one:.4f}" for one in per_byte), f"{found['learns']:,}",
            f"{found['flops'] / 1e9:.2f}", str(found["steps"]),
            f"{found['flops'] * found['steps'] / 1e12:.3f}", f"{cost:.4f}", f"{simple:.4f}",
            f"{100 * data.fill:.1f} %", f"{found['steps'] * BATCH / len(data):.3f}",
        ))  # fmt: skip
    head = ("ids", "new ids", "tokens a byte, English", "Korean", "parameters that learn", "GFLOP a step", "steps")
    table(
        "tokenizer",
        (*head, "TFLOP in all", "of the base's", "of its 6·N·tokens", "rows filled", "of the text seen"),
        rows,
    )


if __name__ == "__main__":
    main()
