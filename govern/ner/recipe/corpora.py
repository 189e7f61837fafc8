"""The labelled sets that the name model may learn from, cleaned of what is no name, and a part of each held back.

Held back is a fifth of the documents of each set, by a hash of the document, so that it is the same in every run;
`benchmarks/names.py` measures on it. FiNER-ORD and KMOU are non-commercial: nothing here reads them.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from govern.ner.recipe.names import english, korean

ENGLISH = (
    "broad_twitter_en.train.jsonl",
    "wnut17_en.train.jsonl",
    "wnut17_en.dev.jsonl",
    "wikigold_en.dev.jsonl",
    "sec_filings_fin5_en.train.jsonl",
    "presidio_synth_en.dev.jsonl",
)
KOREAN = "klue_ner_ko.dev.jsonl"
HELD_BACK = 5
"""One document in so many is held back."""

_ROLES = frozenset({
    "borrower", "lender", "god", "allah", "pope", "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "dr", "dr.", "miss", "prof.",
    "jesus", "lord", "mom", "dad", "mum", "santa",
})  # fmt: skip
"""What the sets call a person and nobody would mask."""

LABELS = {"PERSON": "PERSON", "ORGANIZATION": "ORG", "LOCATION": "LOC"}
"""What the model learns of the common labels: also companies and places, so as not to take them for people."""

Span = tuple[int, int, str]

_HANGUL = re.compile("[가-힣]+")
_LATIN = re.compile(r"[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*){0,3}")


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its names, sorted: start, end, and what is named (`PERSON`, `ORG`, `LOC`); all else is no name."""

    text: str = field(repr=False)
    spans: tuple[Span, ...]
    lang: str


def held_back(document: str) -> bool:
    """Whether a document is measured on and so never trained on."""
    return int(hashlib.sha256(document.encode()).hexdigest()[:8], 16) % HELD_BACK == 0


def labelled(folder: Path, name: str, *, held: bool) -> Iterator[Example]:
    """The examples of a set, of the part held back or of the rest."""
    with (folder / "pii" / name).open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            # the sets of tweets have few documents, each of hundreds of lines; those are told apart by line
            unit = row["id"] if name.startswith(("broad", "wnut", "sec_")) else row.get("doc_id", row["id"])
            if row.get("spans") is None or held_back(unit) != held:
                continue
            yield _cleaned(row)


def _cleaned(row: dict[str, Any]) -> Example:
    text = row["text"]
    spans = []
    for span in row["spans"]:
        label = LABELS.get(span["mapped"] or "")
        if label is None or span["text"].lower() in _ROLES:
            continue
        start, end = span["start"], span["end"]
        before = text[max(0, start - 1) : start]
        if before in ("@", "#") or text[start : start + 1] in ("@", "#") or not any(map(str.isalpha, text[start:end])):
            continue
        spans.append((start, end, label))
    return Example(text, tuple(sorted(set(spans))), row["lang"])


JOINED = 0.3
"""The share of Korean examples that another follows in one text: documents have more sentences than one."""

_QUOTES = str.maketrans({'"': "“", "'": "‘"})


def joined(examples: Iterable[Example], rng: random.Random) -> Iterator[Example]:
    """The examples, some as one text with the next, and some with other quotation marks."""
    waiting: Example | None = None
    for each in examples:
        example = replace(each, text=each.text.translate(_QUOTES)) if rng.random() < 0.4 else each
        if waiting is not None:
            text = waiting.text + rng.choice("\n\n ")
            moved = tuple((start + len(text), end + len(text), label) for start, end, label in example.spans)
            example = Example(text + example.text, (*waiting.spans, *moved), example.lang)
        if waiting is None and rng.random() < JOINED:
            waiting = example
            continue
        waiting = None
        yield example
    if waiting is not None:
        yield waiting


def swapped(example: Example, rng: random.Random) -> Example:
    """The same text with other names of the same form: of as many words, or as many syllables; one name for one everywhere."""
    chosen: dict[str, str] = {}
    parts: list[str] = []
    spans: list[Span] = []
    done = length = 0
    for start, end, label in example.spans:
        if start < done:
            continue
        value = example.text[start:end]
        other = chosen.setdefault(value, _like(value, rng)) if label == "PERSON" else value
        parts += [example.text[done:start], other]
        length += start - done
        spans.append((length, length + len(other), label))
        length += len(other)
        done = end
    return Example("".join(parts) + example.text[done:], tuple(spans), example.lang)


def _like(value: str, rng: random.Random) -> str:
    if _HANGUL.fullmatch(value):
        if len(value) > 4 or len(value) == 1:
            return value if len(value) > 4 else korean(rng).last[0]
        for _ in range(20):
            name = korean(rng)
            if len(name.full) == len(value):
                return name.full
            if len(value) == 2 and rng.random() < 0.5:
                return name.first
        return value
    if not _LATIN.fullmatch(value):
        return value
    count = len(value.split())
    name = english(rng)
    if count == 1:
        made = rng.choice((name.first, name.last))
    elif count == 2:
        made = f"{name.first} {name.last}"
    else:
        made = f"{name.first} {name.middle or chr(65 + rng.randrange(26)) + '.'} {name.last}"
    return made.upper() if value.isupper() and len(value) > 3 else made
