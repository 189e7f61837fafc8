"""What an extension costs and gains, beside `add_tokens` of the tokenizers library, in one run on the same text.

    python benchmarks/extension_quick.py BASE TEXT...

BASE is a folder with `tokenizer.json`, or with a Parquet table of ranks (columns `rank`, `token_bytes`) and a
`config.json` that holds the `pattern` of the pre-tokenizer; TEXT are Parquet or JSON Lines files with a column `text`.
Prints one JSON object: seconds, tokens, terms that are one token over all contexts, documents longer, leaks.
"""

import argparse
import hashlib
import itertools
import json
import time
from pathlib import Path
from typing import Any

import polars as pl

from vocab.base import Base, build, load, read_spec
from vocab.byte_alphabet import CHARACTERS
from vocab.ground import ground
from vocab.grow import ADDED
from vocab.growing import grown as grow
from vocab.measuring import prove
from vocab.pretokens import BATCH_DOCUMENTS, histogram
from vocab.proof import Proof
from vocab.proving import Seen, prove_all, sides
from vocab.term_lists import OWN, usable
from vocab.term_lists import load as load_terms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    parser.add_argument("--megabytes", type=float, default=5.0, help="of each run, an equal share from every file")
    arguments = parser.parse_args()
    base = load(arguments.base) if (arguments.base / "tokenizer.json").exists() else from_ranks(arguments.base)
    texts = read_texts(arguments.texts, int(arguments.megabytes * 1e6) // len(arguments.texts))
    entries = usable([load_terms(name) for name in OWN], base.added)

    started = time.process_time()
    counts = histogram(base, texts)
    counted = time.process_time()
    growth = grow(base, "portable", entries, counts)
    grown = time.process_time()
    extended = as_base(growth.spec)
    batches = [texts[at : at + BATCH_DOCUMENTS] for at in range(0, len(texts), BATCH_DOCUMENTS)]
    ours = prove_all(
        base,
        ground(base, "keep"),
        extended,
        "portable",
        sides(growth),
        growth.appended,
        growth.terms,
        Seen(lambda: iter(batches), counts, counts, ()),
    )
    proved = time.process_time()

    variants = [one for term in growth.terms for one in term.variants if one.status == ADDED]
    added = as_base(with_added_tokens(base, sorted({one.text for one in variants})))
    terms = [term.entry.term for term in growth.terms if not term.entry.reason]
    peer = prove(base, added, [], [], terms, batches)
    result = {
        "bytes": sum(len(text.encode()) for text in texts),
        "cpu_s": {"count": counted - started, "grow": grown - counted, "prove": proved - grown},
        "variants_added": len(variants),
        "new_ids": len(growth.new_tokens),
        "scaffold_ids": len(growth.scaffolds),
        "portable": numbers(ours),
        "add_tokens": numbers(peer),
    }
    print(json.dumps(result, indent=2))


def numbers(proof: Proof) -> dict[str, Any]:
    """The numbers of one way; leaks are of merges, which added tokens stand outside of."""
    before, after = proof.single_rate
    assert proof.corpus is not None
    return {
        "single_before": before,
        "single_after": after,
        "tokens_before": proof.corpus.tokens_base,
        "tokens_after": proof.corpus.tokens_extended,
        "documents_longer": proof.corpus.documents_longer,
        "changed_pretokens_without_term": proof.leak.changed_occurrences if proof.leak else None,
        "problems": list(proof.problems),
    }


def with_added_tokens(base: Base, texts: list[str]) -> dict[str, Any]:
    """The base after `Tokenizer.add_tokens`, as its users call it."""
    tokenizer = build(base.spec, str(base.path))
    tokenizer.add_tokens(texts)
    spec: dict[str, Any] = json.loads(tokenizer.to_str())
    return spec


def as_base(spec: dict[str, Any]) -> Base:
    data = json.dumps(spec, ensure_ascii=False).encode()
    return Base(Path("tokenizer.json"), hashlib.sha256(data).hexdigest(), read_spec(data, Path("tokenizer.json")))


def read_texts(files: list[Path], share: int) -> list[str]:
    texts = []
    for file in files:
        frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_ndjson(file)
        size = 0
        for text in frame["text"]:
            texts.append(text)
            size += len(text.encode())
            if size > share:
                break
    return texts


def from_ranks(folder: Path) -> Base:
    """A base from ranks: each token's merge is the pair that it is in when all lower ranks have been merged."""
    (table,) = folder.glob("*.parquet")
    pattern = json.loads((folder / "config.json").read_text("utf-8"))["config"]["pattern"]
    ranks = dict(pl.read_parquet(table).select("token_bytes", "rank").iter_rows())
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda one: one[1]):
        if len(token) > 1:
            parts = [token[at : at + 1] for at in range(len(token))]
            while len(parts) > 2:
                pairs = [ranks.get(one + two, rank) for one, two in itertools.pairwise(parts)]
                at = pairs.index(min(pairs))
                if pairs[at] >= rank:
                    break
                parts[at : at + 2] = [parts[at] + parts[at + 1]]
            if len(parts) == 2:
                merges.append([spelled(parts[0]), spelled(parts[1])])
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "ignore_merges": True, "byte_fallback": False}
    model |= {"vocab": {spelled(token): rank for token, rank in ranks.items()}, "merges": merges}
    return as_base(
        {
            "version": "1.0",
            "added_tokens": [],
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]},
            "post_processor": None,
            "decoder": level,
            "model": model,
        }
    )


def spelled(token: bytes) -> str:
    return "".join(CHARACTERS[byte] for byte in token)


if __name__ == "__main__":
    main()
