"""What is masked of text that holds next to nothing personal: findings per million tokens, beside plain Presidio.

    python benchmarks/overmasking.py TEXT.parquet ... [--documents 40] [--characters 20000] [--show TYPE]

Assay runs its default policy over every document. Presidio (default English recognizers over a blank spaCy pipeline, no
name model) takes time quadratic in a text, so the two are compared on the first `--characters` of `--documents`
documents spread evenly over each file. A token is what stands between white space. Names (PERSON), dates as such
(DATE_TIME) and web addresses (URL) are not counted: names have a benchmark of their own, the other two are no types of
Assay's.

The second table counts findings that share a character with an ISIN, LEI, CUSIP, SEDOL, FIGI, ticker, amount, date,
fiscal period, filing number, article of law or row of a table, as `govern.recognizers.financial` reads the place. That is
the project's own reading; `--show TYPE` prints every finding of a type with what stands round it, to be read by hand, and
only to the terminal. Prints Markdown.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl
from speed import presidio

from govern import detect, policy
from govern.normalize import normalize
from govern.recognizers import financial
from govern.recognizers.rule import compile_rule

UNCOUNTED = {"PERSON", "DATE_TIME", "URL"}
COLUMNS = ("Assay, all", "Assay, compared", "Presidio", "Presidio, score ≥ 0.4")
AROUND = 64
RULES = tuple(map(compile_rule, financial.RULES))

Found = tuple[int, int, str]
Finder = Callable[[str], Iterable[Found]]


def kinds(text: str, start: int, end: int) -> set[str]:
    """What finance wrote on the characters `start` to `end` of `text`."""
    pieces = (text[max(0, start - AROUND) : start], text[start:end], text[end : end + AROUND])
    before, value, after = (normalize(piece).text for piece in pieces)
    place = len(before), len(before) + len(value)
    return {hit.entity_type for hit in financial.find(RULES, before + value + after, [place], 10.0)}


def measure(finder: Finder, texts: list[str], show: str | None = None) -> tuple[Counter[str], Counter[str]]:
    """Findings by type; and findings on what is financial, by its kind (a finding counts once under each)."""
    types: Counter[str] = Counter()
    on: Counter[str] = Counter()
    for text in texts:
        for start, end, entity_type in finder(text):
            if entity_type in UNCOUNTED:
                continue
            types[entity_type] += 1
            found = kinds(text, start, end) if entity_type != "DATE_OF_BIRTH" else set()
            on.update(found)
            on["any"] += bool(found)
            if show in {entity_type, "ALL"} or (show == "FINANCIAL" and found):
                print(
                    repr(f"{text[max(0, start - 50) : start]}[[{text[start:end]}]]{text[end : end + 30]}"),
                    entity_type,
                    *found,
                )
    return types, on


def rows(title: str, counts: list[Counter[str]], tokens: list[int]) -> None:
    """A line for each key: how many, and per million tokens, for each count."""
    for key in sorted(set().union(*counts) - {"any"}) + (["any"] if any("any" in count for count in counts) else []):
        cells = [f"{count[key]} | {count[key] * 1e6 / size:.1f}" for count, size in zip(counts, tokens, strict=True)]
        print(f"| {title} | {key} | {' | '.join(cells)} |")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--characters", type=int, default=20_000)
    parser.add_argument("--show")
    arguments = parser.parse_args()
    default = policy.load("default").by_rule()
    detector = detect.build(default)
    plain = presidio()

    def ours(text: str) -> Iterable[Found]:
        return ((span.start, span.end, span.entity_type) for span in detect.find(detector, text))

    def theirs(text: str) -> Iterable[Found]:
        return ((result.start, result.end, result.entity_type) for result in plain(text))

    def theirs_sure(text: str) -> Iterable[Found]:
        return ((item.start, item.end, item.entity_type) for item in plain(text) if item.score >= default.min_score)

    results = []
    for path in arguments.files:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)
        texts = frame["text"].to_list()
        step = max(1, len(texts) // max(1, arguments.documents))
        some = [text[: arguments.characters] for text in texts[::step][: arguments.documents]]
        sizes = [sum(len(text.split()) for text in group) for group in (texts, some)]
        whole = measure(ours, texts, arguments.show)
        results.append(
            (path.name.split(".")[0], sizes, whole, *(measure(f, some) for f in (ours, theirs, theirs_sure)))
        )
    print("\n| text | documents' tokens | tokens compared |\n|---|---:|---:|")
    for name, sizes, *_ in results:
        print(f"| {name} | {sizes[0]} | {sizes[1]} |")
    header = " | ".join(f"{column} | per million" for column in COLUMNS)
    for place, title in enumerate(("type", "on")):
        print(f"\n| text | {title} | {header} |\n|---|---|{'---:|' * 8}")
        for name, (whole, part), *counted in results:
            rows(name, [count[place] for count in counted], [whole, part, part, part])


if __name__ == "__main__":
    main()
