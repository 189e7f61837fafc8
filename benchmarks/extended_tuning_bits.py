"""Bits of held-out text by character, which compare between tokenizers, and where they are won and lost.

In: a model, a tokenizer folder, documents. Out: for each document the bits of every token, at the character where it begins.
Every token of a document is predicted once, its end with them, so both tokenizers answer for the same bytes.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from govern.attestation import CertifiedCorpus
from tune.folders import TokenizerFolder
from vocab.base import build, read_spec
from vocab.pretokens import batches

WINDOW, CONTEXT = 256, 64
"""Tokens that a model sees at once, and how many of them come before those that a later window of a document measures."""
ALONE_CHARACTERS = 300
"""Text that is measured with nothing before it, in pieces that fit a window of either tokenizer."""
ROWS = 8
RESAMPLES = 10_000
OFTEN = {"100 times or more": 100, "10 to 99 times": 10, "1 to 9 times": 1, "never": 0}
"""How often a new token stands in the text to tune on, and at least how often that is."""
PLACES = (*(f"new token, there {name}" for name in OFTEN), "after a new token", "elsewhere")

Encode = Callable[[str], tuple[list[int], list[int]]]
Bits = list[np.ndarray]
"""For each document `[character]`, the last its end."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document with its language."""

    text: str
    lang: str

    @property
    def size_bytes(self) -> int:
        """Bytes of its text."""
        return len(self.text.encode())


def half_of(corpus: CertifiedCorpus, half: str) -> list[Document]:
    """The held-out documents of the half `dev` or `final`, told apart by the first byte of the SHA-256 of their text."""
    chosen = ("dev", "final").index(half)
    found = [Document(text, lang) for batch in batches(corpus, held_out=True) for text, lang in batch]
    return [one for one in found if hashlib.sha256(one.text.encode()).digest()[0] % 2 == chosen]


def encoder_of(words: TokenizerFolder) -> Encode:
    """A function that gives a text's ids as training sees them, begin and end with them, and where each begins."""
    found: Any = build(read_spec(words.data, words.path), str(words.path))
    found.encode_special_tokens = True
    first = [] if words.bos_id is None else [words.bos_id]
    last = [] if words.eos_id is None else [words.eos_id]

    def encode(text: str) -> tuple[list[int], list[int]]:
        encoding = found.encode(text, add_special_tokens=False)
        starts = [0 for _ in first] + [start for start, _ in encoding.offsets] + [len(text) for _ in last]
        return [*first, *encoding.ids, *last], starts

    return encode


def bits_of(model: Any, encode: Encode, text: str, *, alone: bool = False) -> np.ndarray:
    """Bits by character, predicted from a window's tokens before it or, `alone`, from those of its piece."""
    import torch

    result = np.zeros(len(text) + 1, dtype=np.float32)
    windows = list(_windows(encode, text, len(text) + 1 if not alone else ALONE_CHARACTERS))
    for at in range(0, len(windows), ROWS):
        some = windows[at : at + ROWS]
        longest = max(len(ids) for ids, _, _ in some)
        batch = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _, _ in some])
        with torch.no_grad():
            chances = model(input_ids=batch, use_cache=False).logits.log_softmax(-1)
        for row, (ids, starts, known) in enumerate(some):
            wanted = torch.tensor(ids[known:])
            nats = -chances[row, known - 1 : len(ids) - 1].gather(-1, wanted[:, None])[:, 0].numpy()
            np.add.at(result, starts, nats / math.log(2))
    return result


def _windows(encode: Encode, text: str, characters: int) -> Iterator[tuple[list[int], list[int], int]]:
    """Windows of each piece of so many characters: ids, where those to be measured begin, and how many come before these."""
    for first in range(0, max(1, len(text)), characters):
        ids, starts = encode(text[first : first + characters])
        done = 1
        while done < len(ids):
            begin = max(0, done - CONTEXT)
            end = min(begin + WINDOW, len(ids))
            yield ids[begin:end], [first + one for one in starts[done:end]], done - begin
            done = end


def totals(bits: Bits) -> np.ndarray:
    """The bits of each document."""
    return np.asarray([one.sum(dtype=np.float64) for one in bits])


def compared(
    documents: Sequence[Document], one: np.ndarray, two: np.ndarray
) -> tuple[float, float, float, float, float]:
    """Bits per byte by `one` and `two`, their difference, and its 95 % interval: documents are drawn again, in pairs."""
    sizes = np.asarray([each.size_bytes for each in documents])
    drawn = np.random.default_rng(0).integers(0, len(sizes), (RESAMPLES, len(sizes)))
    low, high = np.percentile((two - one)[drawn].sum(1) / sizes[drawn].sum(1), (2.5, 97.5))
    first, second = one.sum() / sizes.sum(), two.sum() / sizes.sum()
    return first, second, second - first, float(low), float(high)


def by_place(
    documents: Sequence[Document], sides: Sequence[Bits], words: TokenizerFolder, met: Counter[int]
) -> dict[str, np.ndarray]:
    """For each of `PLACES`, by the cuts of the extended tokenizer: tokens, bytes, and bits by each of `sides`."""
    new, encode = frozenset(words.new_ids), encoder_of(words)
    sums = {name: np.zeros(2 + len(sides)) for name in PLACES}
    for at, document in enumerate(documents):
        ids, starts = encode(document.text)
        ends = [*starts[1:], len(document.text) + 1]
        before = [np.concatenate([[0.0], np.cumsum(side[at], dtype=np.float64)]) for side in sides]
        followed = False
        for token, start, end in zip(ids[1:], starts[1:], ends[1:], strict=True):
            place = PLACES[-2] if followed else PLACES[-1]
            followed = token in new
            if followed:
                often = next(name for name, least in OFTEN.items() if met[token] >= least)
                place = f"new token, there {often}"
            size = len(document.text[start:end].encode())
            sums[place] += (1, size, *(one[end] - one[start] for one in before))
    return sums


def stretches(text: str, characters: int) -> Iterable[str]:
    """Every stretch of so many characters, a run of spaces being one space."""
    text = " ".join(text.split())
    return (text[at : at + characters] for at in range(len(text) - characters + 1))


def show_results(held_out: Sequence[Document], measured: dict[str, dict[str, list[Bits]]]) -> None:
    """Bits per byte by stage and language: the mean of the seeds, and each seed."""
    sides = [{stage: [totals(one) for one in found] for stage, found in arm.items()} for arm in measured.values()]
    stages = {
        "before tuning": [side["before"][0] for side in sides],
        "**after tuning**": [np.mean(side["after"], axis=0) for side in sides],
        **{f"seed {seed}": [side["after"][seed] for side in sides] for seed in range(len(sides[0]["after"]))},
        f"seed 0, pieces of {ALONE_CHARACTERS} characters alone": [side["alone"][0] for side in sides],
    }
    rows = []
    for stage, (one, two) in stages.items():
        for language in ("all", "en", "ko"):
            chosen = [at for at, each in enumerate(held_out) if language in ("all", each.lang)]
            first, second, change, low, high = compared([held_out[at] for at in chosen], one[chosen], two[chosen])
            interval = f"[{low:+.4f}, {high:+.4f}]"
            share = f"{100 * change / first:+.2f} %"
            rows.append((f"{stage}, {language}", f"{first:.4f}", f"{second:.4f}", f"{change:+.4f}", interval, share))
    table("bits per byte", ("base", "extended", "difference", "95 %", "of the base's"), rows)


def show_why(
    held_out: Sequence[Document],
    measured: dict[str, dict[str, list[Bits]]],
    words: TokenizerFolder,
    corpus: CertifiedCorpus,
) -> None:
    """Where bits are won and lost, by how often the text to tune on holds a new token."""
    encode = encoder_of(words)
    met = Counter(token for batch in batches(corpus) for text, _ in batch for token in encode(text)[0])
    sides = [
        [np.mean([found[at] for found in side[stage]], axis=0) for at in range(len(held_out))]
        for stage in ("before", "after")
        for side in measured.values()
    ]
    sums = by_place(held_out, sides, words, met)
    size = sum(one[1] for one in sums.values())
    rows = [
        (name, f"{sums[name][0]:,.0f}", f"{100 * sums[name][1] / size:.1f} %",
         *(f"{bits / sums[name][0]:.2f}" for bits in sums[name][2:]), f"{(sums[name][5] - sums[name][4]) / size:+.4f}")
        for name in PLACES if sums[name][0]
    ]  # fmt: skip
    costs = (f"{side} {stage}, bits each" for stage in ("before", "after") for side in measured)
    table("place", ("times", "of the bytes", *costs, "part in the difference, bits per byte"), rows)
    counts = [met[one] for one in words.new_ids]
    few = ", ".join(f"{sum(one < most for one in counts):,} fewer than {most} times" for most in (1, 10, 100))
    print(f"Of {len(counts):,} new ids, the text to tune on holds {few}.")


def table(first: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"| {first} | {' | '.join(head)} |\n|---|{'---:|' * len(head)}")
    print("\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n", flush=True)
