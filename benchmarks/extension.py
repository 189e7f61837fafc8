"""Ways to put terms into a base tokenizer, side by side in one run: what each gains, what it changes, and how fast it is.

    python benchmarks/extension.py BASE --english TEXT... --korean TEXT...

BASE and TEXT are as for `extension_exact.py`, whose 50 terms and 24 contexts are used, and the first 20,000 characters of
each document. The ways: `add_tokens` of the tokenizers library; BPE training continued on the text by frequency, until it has
as many new ids as the profile `portable`; that of the package `tokenizer-extension`, if it can be imported; the
profiles `portable` and `exact` of this project. Prints Markdown: the tables of `results/extension.md`.

*Drift* counts words (runs without space) that hold no term at a boundary but have other ids than by the base, each line of a
document on its own. *Leak* is what a proof of `portable` counts: pre-tokens in which no term stands at all, with other ids.
"""

import argparse
import heapq
import itertools
import random
import re
import statistics
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from extension_exact import ENGLISH, IN_ENGLISH, IN_KOREAN, KOREAN, TIMED_CHARACTERS, read
from extension_quick import from_ranks, with_added_tokens

from vocab.base import Base, build, load
from vocab.boundaries import Reader
from vocab.errors import VocabError
from vocab.exact import isolated
from vocab.exact_laws import is_single, tokens_of
from vocab.ground import grown_spec
from vocab.grow import ADDED, CUT, NO_BYTES, PRESENT, Growth, grow
from vocab.isolating import PARTICLES
from vocab.merges import Pair
from vocab.pretokens import histogram, holding
from vocab.term_lists import OWN, Entry, usable
from vocab.term_lists import load as load_terms

Spec = dict[str, Any]

LINES = 4096
"""Lines that are encoded together."""
TIMED_TERMS = 2000
ROUNDS = 21
_LANGUAGES = ("English", "Korean")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("--english", type=Path, nargs="+", required=True)
    parser.add_argument("--korean", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    base = from_ranks(arguments.base) if list(arguments.base.glob("*ranks.parquet")) else load(arguments.base)
    texts = {
        language: [text for file in files for text in read(file)]
        for language, files in zip(_LANGUAGES, (arguments.english, arguments.korean), strict=True)
    }
    counts = histogram(base, itertools.chain(*texts.values()))
    growth = grow(base, [Entry(term, "", "terms") for term in (*ENGLISH, *KOREAN)], counts)
    spellings = sorted({one.text.removeprefix(" ") for term in growth.terms for one in term.variants})
    ways = made(base, growth, spellings, counts, texts)
    compare(base, ways, spellings, texts)
    portable(base, growth, counts)
    throughput(base, counts, [text for some in texts.values() for text in some])


def made(
    base: Base, growth: Growth, spellings: list[str], counts: Counter[str], texts: dict[str, list[str]]
) -> dict[str, tuple[Spec, int, str]]:
    """For each way: its `tokenizer.json`, how many ids it adds, and how many of them only serve to reach others."""
    ids = len(growth.new_tokens)
    added = with_added_tokens(base, spellings)
    ways = {
        "`add_tokens`": (added, len(added["added_tokens"]) - len(base.added), "–"),
        "continued BPE": (continued_spec(base, continued(base, counts, ids)), ids, "–"),
        "`portable`": (portable_spec(base, growth), ids, str(len(growth.scaffolds))),
    }
    try:
        alone = isolated(base, spellings)
        ways["`exact`"] = (alone.spec, len(alone.new_tokens), "0")
    except VocabError as error:
        print(f"`exact` is refused: {str(error).removeprefix(str(base.path)).removeprefix(': ')}.\n")
    peer = by_peer(base, itertools.chain(*texts.values()), ids)
    if peer is not None:
        ways["tokenizer-extension"] = (continued_spec(base, peer), ids, "–")
    return ways


def portable_spec(base: Base, growth: Growth) -> Spec:
    return grown_spec(base, growth.new_tokens, [one.pair for one in growth.appended])


def continued_spec(base: Base, pairs: Sequence[Pair]) -> Spec:
    products = dict.fromkeys(one + two for one, two in pairs if one + two not in base.vocab)
    return grown_spec(base, zip(products, itertools.count(base.next_id)), pairs)


def continued(base: Base, counts: Counter[str], ids: int) -> list[Pair]:
    """The merges by which BPE training goes on from the base's tokens, the most frequent pair first, up to `ids` new tokens."""
    model = base.tokenizer().model
    split = {pretoken: [token.value for token in model.tokenize(pretoken)] for pretoken in counts}
    pairs: Counter[Pair] = Counter()
    holders: dict[Pair, set[str]] = {}
    for pretoken, tokens in split.items():
        for pair in itertools.pairwise(tokens):
            pairs[pair] += counts[pretoken]
            holders.setdefault(pair, set()).add(pretoken)
    queue = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(queue)
    merges: list[Pair] = []
    new: set[str] = set()
    while len(new) < ids:
        count, pair = heapq.heappop(queue)
        if pairs[pair] != -count or not count:
            continue
        merges.append(pair)
        new |= {"".join(pair)} - base.vocab.keys()
        touched: set[Pair] = set()
        for pretoken in holders.pop(pair):
            before = split[pretoken]
            after = split[pretoken] = list(joined(before, pair))
            for sign, tokens in ((-1, before), (1, after)):
                for one in itertools.pairwise(tokens):
                    pairs[one] += sign * counts[pretoken]
                    touched.add(one)
            for one in itertools.pairwise(after):
                holders.setdefault(one, set()).add(pretoken)
        for one in touched:
            heapq.heappush(queue, (-pairs[one], one))
    return merges


def joined(tokens: Sequence[str], pair: Pair) -> Iterator[str]:
    at = 0
    while at < len(tokens):
        both = tuple(tokens[at : at + 2]) == pair
        yield tokens[at] + tokens[at + 1] if both else tokens[at]
        at += 1 + both


def by_peer(base: Base, texts: Iterable[str], ids: int) -> list[Pair] | None:
    """The merges of the package `tokenizer-extension`; None where it is not installed."""
    try:
        from tokenizer_extension.train_vocab_extension import train_vocab_extension
    except ImportError:
        return None
    trained = train_vocab_extension(SimpleNamespace(_tokenizer=base.tokenizer()), texts, ids)
    return [(one, two) for one, two in trained["merges"]]


def compare(
    base: Base, ways: dict[str, tuple[Spec, int, str]], spellings: list[str], texts: dict[str, list[str]]
) -> None:
    """Prints one row for each way."""
    before = base.tokenizer()
    reader = Reader(spellings, PARTICLES)
    sizes = {language: encoded_sizes(before, some) for language, some in texts.items()}
    tried = len(ENGLISH) * len(IN_ENGLISH) + len(KOREAN) * len(IN_KOREAN)
    for language, some in texts.items():
        megabytes = sum(len(text.encode()) for text in some) / 1e6
        words = sum(len(text.split()) for text in some)
        print(
            f"{language}: {len(some):,} documents, {megabytes:.1f} MB, {words:,} words, {sum(sizes[language]):,} tokens."
        )
    print(
        f"\n| way | new ids | scaffolds | one token, of {tried:,} | drift, English | drift, Korean | documents longer | "
        "tokens saved, English | Korean | saved by each new id |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    print(f"| base | 0 | 0 | {singles(before):,} | 0 | 0 | 0 | 0 | 0 | – |", flush=True)
    for name, (spec, ids, scaffolds) in ways.items():
        after = build(spec, name)
        drifts = [drift(before, after, reader, some) for some in texts.values()]
        saved, longer = [], 0
        for language, some in texts.items():
            now = encoded_sizes(after, some)
            saved.append(sum(sizes[language]) - sum(now))
            longer += sum(new > old for new, old in zip(now, sizes[language], strict=True))
        print(
            f"| {name} | {ids} | {scaffolds} | {singles(after):,} | {drifts[0]:,} | {drifts[1]:,} | {longer:,} | "
            f"{saved[0]:,} | {saved[1]:,} | {sum(saved) / ids:,.0f} |",
            flush=True,
        )
    print()


def singles(tokenizer: Any) -> int:
    """At how many positions a term is one token."""
    found = 0
    for terms, contexts in ((ENGLISH, IN_ENGLISH), (KOREAN, IN_KOREAN)):
        for term, (head, tail) in itertools.product(terms, contexts):
            text = head + term + tail
            tokens = tokens_of(tokenizer.encode(text, add_special_tokens=False))
            found += is_single(tokens, text, len(head), len(head + term))
    return found


def encoded_sizes(tokenizer: Any, texts: list[str]) -> list[int]:
    return [len(one.ids) for one in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def drift(before: Any, after: Any, reader: Reader, texts: list[str]) -> int:
    """How many words without a term at a boundary have other ids than by the base; space belongs to the word after it."""
    lines = [line for text in texts for line in text.split("\n") if line.strip()]
    changed = 0
    for start in range(0, len(lines), LINES):
        part = lines[start : start + LINES]
        olds = before.encode_batch(part, add_special_tokens=False)
        news = after.encode_batch(part, add_special_tokens=False)
        for line, old, new in zip(part, olds, news, strict=True):
            if old.ids != new.ids:
                ends = [word.end() for word in re.finditer(r"\S+", line)]
                held = {
                    at
                    for a, b in reader.every(line)
                    for at in range(bisect_right(ends, a), bisect_right(ends, b - 1) + 1)
                }
                other = set(tokens_of(old)) ^ set(tokens_of(new))
                changed += len({bisect_right(ends, end - 1) for _, end, _ in other} - held)
    return changed


def portable(base: Base, growth: Growth, counts: Counter[str]) -> None:
    """Prints what a proof of `portable` asks for, on the 50 terms, on 2,000 lines of the project's lists and on all."""
    entries = usable([load_terms(name) for name in OWN], base.added)
    every = max(1, len(entries) // TIMED_TERMS)
    print(
        "| terms | CPU seconds | variants not cut | one token | new ids | scaffolds | leak, occurrences | in a million | "
        "pre-tokens longer |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    sets = {"50": None, f"{TIMED_TERMS:,} of the lists": entries[::every][:TIMED_TERMS], "both lists": entries}
    for name, chosen in sets.items():
        started = time.process_time()
        grown = growth if chosen is None else grow(base, chosen, counts)
        took = f"{time.process_time() - started:.1f}" if chosen else "–"
        variants = {
            one.spelled: one for term in grown.terms for one in term.variants if one.status not in (CUT, NO_BYTES)
        }
        after = build(portable_spec(base, grown), name)
        single = sum(
            one.status in (ADDED, PRESENT) and after.encode(one.text, add_special_tokens=False).ids == [one.id]
            for one in variants.values()
        )
        leak, longer = leaked(base.tokenizer().model, after.model, counts, variants)
        print(
            f"| {name} | {took} | {len(variants):,} | {single:,} | {len(grown.new_tokens):,} | {len(grown.scaffolds):,} | "
            f"{leak:,} | {leak * 1e6 / counts.total():,.0f} | {longer} |",
            flush=True,
        )
    print()


def leaked(before: Any, after: Any, counts: Counter[str], spelled: Iterable[str]) -> tuple[int, int]:
    """Occurrences of changed pre-tokens that hold no term, and how many pre-tokens of all got longer."""
    with_term = holding(counts, (one.removeprefix("Ġ") for one in spelled))
    leak = longer = 0
    for pretoken, count in counts.items():
        old, new = ([token.id for token in side.tokenize(pretoken)] for side in (before, after))
        leak += count * (old != new and pretoken not in with_term)
        longer += len(new) > len(old)
    return leak, longer


def throughput(base: Base, counts: Counter[str], texts: list[str]) -> None:
    """Prints MB per CPU second with 2,000 terms of the project's lists, and the middle ratio to the base of the rounds."""
    entries = [one for one in usable([load_terms(name) for name in OWN], base.added) if not one.reason]
    chosen = [entries[at * len(entries) // TIMED_TERMS] for at in range(TIMED_TERMS)]
    terms = [one.term for one in chosen]
    timed = texts[:: max(1, sum(map(len, texts)) // TIMED_CHARACTERS)]
    megabytes = sum(len(text.encode()) for text in timed) / 1e6
    made_by: dict[str, Callable[[], Spec]] = {
        "base": lambda: base.spec,
        "`add_tokens`": lambda: with_added_tokens(base, terms),
        "`portable`": lambda: portable_spec(base, grow(base, chosen, counts)),
        "`exact`": lambda: isolated(base, terms).spec,
    }
    sides = {}
    for name, spec in made_by.items():
        try:
            sides[name] = build(spec(), name)
        except VocabError:
            print(f"{name} is refused.\n")
    spent: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for _ in range(ROUNDS):
        random.shuffle(order)
        for name in order:
            started = time.process_time()
            sides[name].encode_batch(timed, add_special_tokens=False)
            spent[name].append(time.process_time() - started)
    print(f"| {TIMED_TERMS:,} terms | MB per CPU second | of the base |\n|---|---:|---:|")
    for name, seconds in spent.items():
        ratio = statistics.median(old / own for old, own in zip(spent["base"], seconds, strict=True))
        print(f"| {name} | {megabytes / min(seconds):.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
