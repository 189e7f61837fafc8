"""What is known of a Latin word by itself, as its static vector: how running text writes it, and whether it names people.

Counts are of the unlabelled text of the shared data and of Faker's lists of names; beside them the word's company in that text
(positive pointwise mutual information with frequent words, reduced by a singular value decomposition). A vector holds no
text: its key is a hash.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.ner.recipe.names import census, common, latin, unlisted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS, CONTEXTS, WINDOW = 16_000, 1_500, 3
FACTS, COMPANY = 8, 24
WIDTH = FACTS + COMPANY
"""Numbers per word: counts and lists, and the word's company."""

USUAL = 4_000
"""The names of the census that are usual: the most frequent of so many, given and family names."""

_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
PLAIN = (
    ("text_en/fed_speeches_en.parquet", "text"),
    ("text_en/fomc_minutes_en.parquet", "text"),
    ("text_en/fomc_press_conference_en.parquet", "text"),
    ("text_en/sec_filings_en.parquet", "text"),
    ("text_en/tatqa_contexts_en.dev.jsonl", "text"),
    ("eval/sentfin_headlines_en.train.jsonl", "text"),
    ("eval/sentfin_headlines_en.dev.jsonl", "text"),
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The row of each word in lower case, the rows, and both as while training, with a third of the lists hidden."""

    places: dict[str, int] = field(repr=False)
    rows: "NDArray[np.float32]" = field(repr=False)
    hidden_rows: "NDArray[np.float32]" = field(repr=False)
    hidden: frozenset[str] = field(repr=False)


def plain_texts(shared: Path) -> Iterator[str]:
    """The unlabelled English text."""
    import polars as pl

    for name, column in PLAIN:
        path = shared / name
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path, infer_schema_length=None)
        yield from frame[column].drop_nulls().to_list()


def vectors(texts: Iterable[str]) -> "Lexicon":
    """What is known of the words of texts and lists; names that no text holds share a row for each kind of list."""
    import numpy as np

    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    sentences: list[list[str]] = []
    for text in texts:
        for line in re.split(r"\n|(?<=[.!?]) ", text):
            found = _WORD.findall(line)
            for place, word in enumerate(found):
                (lower if word.islower() else upper)[word.casefold()] += 1 if word.islower() or place else 0
            if found:
                sentences.append([word.casefold() for word in found])
    firsts, lasts = (Counter(part.casefold() for name in names for part in name.split()) for names in latin())
    usual_first, usual_last = (
        {part.casefold() for name in names for part in name.split()} for names in (*_both(common(), census()),)
    )
    totals = lower + upper
    order = [word for word, count in totals.most_common(WORDS) if count > 1 and len(word) > 1]
    places = {word: number for number, word in enumerate(order)}

    def flags(word: str) -> tuple[bool, bool, bool, bool]:
        return word in firsts, word in lasts, word in usual_first, word in usual_last

    shared: dict[tuple[bool, bool, bool, bool], int] = {}
    for word in sorted((set(firsts) | set(lasts)) - places.keys()):
        places[word] = shared.setdefault(flags(word), len(order) + len(shared))
    rows = np.zeros((len(order) + len(shared), WIDTH), np.float32)
    for number, word in enumerate(order):
        small, large = lower[word], upper[word]
        rows[number, :FACTS] = (
            math.log1p(small) / 5, math.log1p(large) / 5, (small - large) / (small + large + 2), *flags(word), 1.0,
        )  # fmt: skip
    rows[: len(order), FACTS:] = _company(order, sentences, totals)
    for kind, number in shared.items():
        rows[number, 3:FACTS] = (*kind, 1.0)
    hidden = rows.copy()
    hidden[[places[word] for word in order if unlisted(word)], 3:7] = 0.0
    return Lexicon(places, rows, hidden, frozenset(word for word in places if word not in totals and unlisted(word)))


def _both(one: tuple[tuple[str, ...], ...], two: tuple[tuple[str, ...], ...]) -> Iterator[tuple[str, ...]]:
    return ((*names, *others[:USUAL]) for names, others in zip(one, two, strict=True))


def _company(order: list[str], sentences: list[list[str]], totals: "Counter[str]") -> Any:
    import numpy as np

    number = {word: place for place, word in enumerate(order)}
    context = {word: place for place, (word, _) in enumerate(totals.most_common(CONTEXTS))}
    counts = np.zeros((len(order), CONTEXTS), np.float32)
    for sentence in sentences:
        rows = [number.get(word, -1) for word in sentence]
        columns = [context.get(word, -1) for word in sentence]
        for place, row in enumerate(rows):
            if row < 0:
                continue
            for column in (*columns[max(0, place - WINDOW) : place], *columns[place + 1 : place + 1 + WINDOW]):
                if column >= 0:
                    counts[row, column] += 1
    expected = counts.sum(1, keepdims=True) * (counts.sum(0, keepdims=True) ** 0.75 / (counts.sum(0) ** 0.75).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        mutual = np.log(counts / expected)
    mutual[~np.isfinite(mutual) | (mutual < 0)] = 0
    random = np.random.default_rng(0).standard_normal((CONTEXTS, COMPANY * 3)).astype(np.float32)
    basis = mutual @ random
    for _ in range(3):
        basis, _ = np.linalg.qr(mutual @ (mutual.T @ basis))
    left, values, _ = np.linalg.svd(basis.T @ mutual, full_matrices=False)
    reduced = (basis @ left)[:, :COMPANY] * np.sqrt(values[:COMPANY])
    scale = np.abs(reduced).mean() or 1.0
    return (reduced / (2 * scale)).clip(-4, 4)
