"""Known values: how fast five million are searched, beside other automata, what they take in time, memory and on disk.

    python benchmarks/known_values.py --work WORK TEXT.parquet ... [--values 5000000] [--rounds 2]

The table is made up: a million customers with a name (half Korean, half English), a telephone number, an account, an e-mail
address and an address. Each way runs in a process of its own, the ways in turn, over the shadows of the same documents; medians
of processor seconds. *govern* is `known.search`: projection, automaton, edges. The others get the same patterns and the text
that `govern` projected for them, and only list where patterns stand: ahocorasick_rs and pyahocorasick where they are
installed, and a search of words in a set as FlashText does it. The last table counts what a made-up table of 100,000 names
finds in texts where none of those people is. Prints Markdown, and no value that was found.
"""

import argparse
import importlib.util
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from govern import known
from govern.draw import Draw
from govern.known import automaton
from govern.known.projection import project
from govern.known.variants import forms
from govern.normalize import normalize
from govern.recognizers.korean_names import find as korean_names
from govern.recognizers.words import lines

SECRET = bytes(range(32))
COLUMNS = {
    "name": "PERSON", "phone": "PHONE_NUMBER", "account": "KR_BANK_ACCOUNT", "email": "EMAIL_ADDRESS", "address": "KR_ADDRESS",
}  # fmt: skip
BATCH = 100_000
NAMES = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--values", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(WAYS[arguments.way](arguments)))
        return
    arguments.work.mkdir(parents=True, exist_ok=True)
    if not table_path(arguments).exists():
        make(table_path(arguments), arguments.values // len(COLUMNS))
    built = in_process("build", arguments) if not sealed_path(arguments).exists() else None
    if not patterns_path(arguments).exists():
        in_process("collect", arguments)
    ways = ["govern", "words in a set"]
    ways += [name for name, module in (("ahocorasick_rs", "ahocorasick_rs"), ("pyahocorasick", "ahocorasick"))
             if importlib.util.find_spec(module)]  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    for _ in range(arguments.rounds):
        for way in ways:
            found[way].append(in_process(way, arguments))
    print_building(built, sealed_path(arguments))
    print_searching(found)
    print_false(arguments.files)


def in_process(way: str, arguments: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, *map(str, arguments.files), "--work", str(arguments.work)]
    command += ["--values", str(arguments.values), "--way", way]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def table_path(arguments: argparse.Namespace) -> Path:
    return arguments.work / f"customers-{arguments.values}.parquet"


def patterns_path(arguments: argparse.Namespace) -> Path:
    return arguments.work / f"patterns-{arguments.values}.txt"


def sealed_path(arguments: argparse.Namespace) -> Path:
    return arguments.work / f"customers-{arguments.values}.known"


@cache
def listed(*names: str) -> list[str]:
    """The words of some lists of the package, surnames in the order of how common they are."""
    return [word for name in names for line in lines(name) for word in line.split()]


def korean(draw: Draw) -> str:
    surnames, given = listed("surnames_ko"), listed("given_ko")
    family = draw.pick(surnames[:30]) if draw.chance(85) else draw.pick(surnames)
    return family + draw.pick(given) + (draw.pick(given) if draw.chance(95) else "")


def english(draw: Draw) -> str:
    middle = draw.pick("ABCDEFGHJKLM") + ". " if draw.chance(30) else ""
    given, families = listed("given_en", "ambiguous_en"), listed("surnames_en", "surnames_only_en")
    return f"{draw.pick(given)} {middle}{draw.pick(families)}"


def make(path: Path, customers: int) -> None:
    """A made-up customer table; names repeat, as they do."""
    draw = Draw("known values")
    districts, given = listed("districts_ko"), listed("given_ko")
    rows: dict[str, list[str]] = {"key": [], **{column: [] for column in COLUMNS}}
    for number in range(customers):
        rows["key"].append(f"C{number:07d}")
        rows["name"].append(korean(draw) if draw.chance(50) else english(draw))
        rows["phone"].append(f"010-{draw.digits(4)}-{draw.digits(4)}")
        rows["account"].append(f"{draw.digits(3)}-{draw.digits(6)}-{draw.digits(5)}")
        letters = "".join(draw.pick("abcdefghijklmnopqrstuvwxyz") for _ in range(draw.between(5, 10)))
        rows["email"].append(f"{letters}{draw.digits(2)}@example.com")
        road = draw.pick(given) + draw.pick(given) + draw.pick(("로", "길", "대로"))
        rows["address"].append(
            f"{draw.pick(('서울특별시', '경기도', '부산광역시'))} {draw.pick(districts)} {road} {draw.between(1, 400)}, "
            f"{draw.between(101, 130)}동 {draw.between(101, 2504)}호"
        )
    pl.DataFrame(rows).write_parquet(path)


def shadows(files: list[Path]) -> dict[str, list[str]]:
    """The documents of each file as the search gets them."""
    found = {}
    for path in files:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)
        found[path.stem] = [normalize(text).text for text in frame["text"].to_list() if text]
    return found


def measured(search: Callable[[str], Any], files: list[Path], prepare: Callable[[str], str] = str) -> dict[str, float]:
    """Megabytes of UTF-8 shadow a processor second, by file, and for all."""
    rates, size, seconds = {}, 0.0, 0.0
    for name, documents in shadows(files).items():
        texts = [prepare(text) for text in documents]
        megabytes = sum(len(text.encode()) for text in documents) / 1e6
        for text in texts[:50]:
            search(text)
        begin = time.process_time()
        for text in texts:
            search(text)
        took = time.process_time() - begin
        rates[name] = megabytes / took
        size, seconds = size + megabytes, seconds + took
    return rates | {"all": size / seconds}


def resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def build(arguments: argparse.Namespace) -> dict[str, Any]:
    begin, before = time.time(), peak()
    summary = known.build([table_path(arguments)], COLUMNS, SECRET, sealed_path(arguments), "key")
    counts = [count._asdict() for count in summary.counts]
    return {"seconds": time.time() - begin, "peak_mb": peak(), "before_mb": before, "counts": counts}


def govern(arguments: argparse.Namespace) -> dict[str, Any]:
    project("가")  # its tables
    before, begin = resident(), time.time()
    opened = known.open(sealed_path(arguments), SECRET)
    took, held = time.time() - begin, resident() - before
    begin = time.time()
    for number in range(1000):
        known.join(opened, f"C{number:07d}")
    joined = (time.time() - begin) / 1000
    rates = measured(lambda text: known.search(opened, text), arguments.files)
    return {"open_s": took, "resident_mb": held, "peak_mb": peak(), "join_ms": joined * 1e3, "rates": rates}


def collect(arguments: argparse.Namespace) -> dict[str, Any]:
    """Writes the patterns that the sealed file holds, for the others; they are made up."""
    collected = automaton.Patterns()
    frame = pl.read_parquet(table_path(arguments))
    for column, entity_type in COLUMNS.items():
        for value in frame[column].to_list():
            collected.add(entity_type, forms(entity_type, value))
    found = collected.settle(dense=True)[0]
    patterns_path(arguments).write_text("\n".join(found), "utf-8")
    return {"patterns": len(found)}


def patterns(arguments: argparse.Namespace) -> list[str]:
    return patterns_path(arguments).read_text("utf-8").split("\n")


def peer(arguments: argparse.Namespace, make_search: Callable[[list[str]], Callable[[str], Any]]) -> dict[str, Any]:
    before = resident()
    found = patterns(arguments)
    begin = time.time()
    search = make_search(found)
    took = time.time() - begin
    del found
    held = resident() - before
    rates = measured(search, arguments.files, lambda text: project(text).text)
    return {"open_s": took, "resident_mb": held, "peak_mb": peak(), "rates": rates}


def with_rs(found: list[str]) -> Callable[[str], Any]:
    import ahocorasick_rs

    kind, implementation = ahocorasick_rs.MatchKind.Standard, ahocorasick_rs.Implementation.ContiguousNFA
    made = ahocorasick_rs.AhoCorasick(found, matchkind=kind, implementation=implementation, store_patterns=False)
    return lambda text: made.find_matches_as_indexes(text, overlapping=True)


def with_py(found: list[str]) -> Callable[[str], Any]:
    import ahocorasick

    made = ahocorasick.Automaton(ahocorasick.STORE_INTS)
    for number, pattern in enumerate(found):
        made.add_word(pattern, number)
    made.make_automaton()
    return lambda text: list(made.iter(text))


def set_of_words(arguments: argparse.Namespace) -> dict[str, Any]:
    """FlashText's idea in its quickest form: whole words of the text, alone and in twos, looked up in a set."""
    held = set(patterns(arguments))

    def search(text: str) -> list[str]:
        every = text.casefold().split()
        return [word for word in every if word in held] + [
            pair for pair in map("".join, itertools.pairwise(every)) if pair in held
        ]

    return {"open_s": 0.0, "resident_mb": 0.0, "peak_mb": peak(), "rates": measured(search, arguments.files)}


WAYS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "build": build,
    "collect": collect,
    "govern": govern,
    "words in a set": set_of_words,
    "ahocorasick_rs": lambda arguments: peer(arguments, with_rs),
    "pyahocorasick": lambda arguments: peer(arguments, with_py),
}


def print_building(built: dict[str, Any] | None, path: Path) -> None:
    print(f"file {path.stat().st_size / 1e6:,.0f} MB")
    if built is None:
        return
    print(f"built in {built['seconds']:.0f} s, peak {built['peak_mb'] / 1e3:.2f} GB\n")
    print("| entity type | values | searched everywhere | by join alone | spellings | beside a label alone |")
    print("|---|---:|---:|---:|---:|---:|")
    for count in built["counts"]:
        print("| " + " | ".join(f"{value:,}" if isinstance(value, int) else value for value in count.values()) + " |")


def print_searching(found: dict[str, list[dict[str, Any]]]) -> None:
    files = list(next(iter(found.values()))[0]["rates"])
    print("\n| MB/s | " + " | ".join(files) + " | ready in, s | resident, MB | peak, MB |")
    print("|---|" + "---:|" * (len(files) + 3))
    for way, runs in found.items():
        rates = [f"{statistics.median(run['rates'][name] for run in runs):.1f}" for name in files]
        others = [
            f"{statistics.median(run[name] for run in runs):,.1f}" for name in ("open_s", "resident_mb", "peak_mb")
        ]
        print(f"| {way} | " + " | ".join(rates + others) + " |")
    print(f"\njoin: {statistics.median(run['join_ms'] for run in found['govern']):.2f} ms a customer")


def made_up_names() -> Iterator[str]:
    draw, seen = Draw("names"), set()
    for maker in (korean, english):
        while len(seen) < NAMES // (2 if maker is korean else 1):
            seen.add(maker(draw))
    yield from sorted(seen)


def print_false(files: list[Path]) -> None:
    """Hits of a table that names nobody in the texts, and how many of them the Korean rules take for a name too."""
    table = known.from_values((("PERSON", name) for name in made_up_names()), reach="everywhere")
    print("\n| text | MB | hits | a MB | of Hangul | of these names by rule |\n|---|---:|---:|---:|---:|---:|")
    for name, documents in shadows(files).items():
        size = sum(len(text.encode()) for text in documents) / 1e6
        hits = hangul = ruled = 0
        for text in documents:
            spans = known.search(table, text)
            by_rule = {hit.start for hit in korean_names(text) if hit.score >= 0.4} if spans else set()
            korean_spans = [hit for hit in spans if "가" <= text[hit.start] <= "힣"]
            hits, hangul = hits + len(spans), hangul + len(korean_spans)
            ruled += sum(hit.start in by_rule for hit in korean_spans)
        print(f"| {name} | {size:.1f} | {hits} | {hits / size:.1f} | {hangul} | {ruled} |")


if __name__ == "__main__":
    main()
