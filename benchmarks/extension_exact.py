"""What the profile `exact` gains and costs on one base: terms as one token, text that changes, throughput.

    python benchmarks/extension_exact.py BASE TEXT...

BASE is a tokenizer, or a folder with ranks as `extension_quick.py` reads it; TEXT are Parquet or JSON Lines files with
columns `text…`, of which the first 20,000 characters of each document are read. Prints Markdown: the tables of
`results/extension_exact.md`.
"""

import argparse
import itertools
import random
import statistics
import sys
import time
from pathlib import Path

import polars as pl
from extension_quick import from_ranks

from vocab.base import Base, build, load
from vocab.exact import Isolated, isolated, wrong
from vocab.exact_laws import is_single, tokens_of
from vocab.term_lists import OWN, usable
from vocab.term_lists import load as load_terms

CHARACTERS = 20_000
"""Of each document."""
ENGLISH = (
    "EBITDA", "EBIT", "YoY", "QoQ", "ROE", "ROA", "NAV", "Tier1", "LIBOR", "SOFR", "FOMC", "GAAP", "IFRS", "CAGR",
    "bps", "CDS", "MBS", "CLO", "HELOC", "REIT", "subprime", "tranche", "securitization", "collateralized", "amortization",
    "P/E", "S&P", "credit risk",
)  # fmt: skip
KOREAN = (
    "금리", "기준금리", "환율", "억원", "조원", "영업이익", "당기순이익", "주가", "채권", "연체율", "부실채권", "대출", "예금",
    "자기자본", "배당금", "공시", "코스피", "코스닥", "유상증자", "한국은행", "주택담보대출", "CD금리",
)  # fmt: skip
_SHARED = (
    ("", ""), ("a ", ""), ("(", ")"), ("[", "]"), ('"', '"'), ("'", "'"), ("“", "”"), ("\n", "\n"), ("\t", "\t"), ("a ", ","),
    ("a ", "."), ("a ", ":"), ("/", "/"), ("5", ""), ("a ", "5"),
)  # fmt: skip
IN_ENGLISH = (
    *_SHARED, ("the ", " of"), ("the ", "s of"), ("the ", "'s"), ("non-", "-like"), ("a ", "?"), ("a ", "은"), ("a ", "를"),
    ("", ";"), ("$", "%"),
)  # fmt: skip
IN_KOREAN = (*_SHARED, *(("그 ", particle) for particle in ("은", "는", "이", "가", "을", "를", "의", "에서", "로")))
SIZES = (50, 500, 2000)
TIMED_CHARACTERS = 1_000_000
ROUNDS = 9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    arguments = parser.parse_args()
    base = from_ranks(arguments.base) if list(arguments.base.glob("*ranks.parquet")) else load(arguments.base)
    texts = {file.name: read(file) for file in arguments.texts}
    started = time.process_time()
    made = isolated(base, [*ENGLISH, *KOREAN])
    print(
        f"50 terms in {time.process_time() - started:.1f} CPU seconds: {len(made.new_tokens)} new ids, 0 scaffolds; ",
        end="",
    )
    print(f"left to the base over the edge of a term, where it has fewer tokens: {len(made.kept)}.\n")
    positions(base, made)
    effects(base, made, texts)
    throughput(base, [text for some in texts.values() for text in some])


def read(file: Path) -> list[str]:
    """The first characters of each document of `file`."""
    frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_ndjson(file)
    columns = [name for name in frame.columns if name.startswith("text")]
    return [text[:CHARACTERS] for name in columns for text in frame[name] if text]


def positions(base: Base, made: Isolated) -> None:
    """Prints at how many positions one token is a term, by the base and by its extension."""
    sides = (base.tokenizer(), build(made.spec, "extension"))
    print("| terms | positions | one token, base | one token, extension |\n|---|---:|---:|---:|")
    missed = []
    for name, terms, contexts in (("28 English", ENGLISH, IN_ENGLISH), ("22 Korean", KOREAN, IN_KOREAN)):
        singles = [0, 0]
        for term, (head, tail) in itertools.product(terms, contexts):
            text = head + term + tail
            for side, tokenizer in enumerate(sides):
                tokens = tokens_of(tokenizer.encode(text, add_special_tokens=False))
                held = is_single(tokens, text, len(head), len(head + term))
                singles[side] += held
                missed += [text] if side and not held else []
        print(f"| {name} | {len(terms) * len(contexts):,} | {singles[0]:,} | {singles[1]:,} |")
    print(f"\nNot one token: {', '.join(map(repr, missed)) or 'none'}.\n")


def effects(base: Base, made: Isolated, texts: dict[str, list[str]]) -> None:
    """Prints what `wrong` finds on the documents, and tokens before and after."""
    before, after = base.tokenizer(), build(made.spec, "extension")
    print("| text | documents | longer | laws broken | tokens before | after |\n|---|---:|---:|---:|---:|---:|")
    for name, some in texts.items():
        sizes = [
            [len(one.ids) for one in side.encode_batch_fast(some, add_special_tokens=False)] for side in (before, after)
        ]
        longer = sum(new > old for old, new in zip(*sizes, strict=True))
        broken = wrong(base, made.spec, made.terms, some)
        print(
            f"| {name} | {len(some):,} | {longer} | {len(broken)} | {sum(sizes[0]):,} | {sum(sizes[1]):,} |", flush=True
        )
        for sentence in broken:
            print(sentence, file=sys.stderr)
    print()


def throughput(base: Base, texts: list[str]) -> None:
    """Prints MB per CPU second of the base and of extensions with more terms, and the middle ratio of the rounds."""
    entries = usable([load_terms(name) for name in OWN], base.added)
    listed = sorted({entry.term for entry in entries if not entry.reason})
    step = max(1, sum(map(len, texts)) // TIMED_CHARACTERS)
    timed = texts[::step]
    megabytes = sum(len(text.encode()) for text in timed) / 1e6
    sides = {0: base.tokenizer()}
    for size in SIZES:
        chosen = [listed[at * len(listed) // size] for at in range(size)]
        sides[size] = build(isolated(base, chosen).spec, "extension")
    order = list(sides)
    spent: dict[int, list[float]] = {size: [] for size in sides}
    for _ in range(ROUNDS):
        random.shuffle(order)
        for size in order:
            started = time.process_time()
            sides[size].encode_batch(timed, add_special_tokens=False)
            spent[size].append(time.process_time() - started)
    print("| terms | MB per CPU second | of the base |\n|---|---:|---:|")
    for size, seconds in spent.items():
        ratio = statistics.median(base / own for base, own in zip(spent[0], seconds, strict=True))
        print(f"| {size or 'base'} | {megabytes / min(seconds):.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
