"""Rank files of byte-level BPE as the `tokenizer.json` that gives the same ids.

A rank file lists tokens as bytes with their ranks; text is cut by a pattern, a piece that is a token takes its id, and in
any other piece the adjacent pair with the lowest rank is joined until none is a token. A token is then only ever made by
one pair, the last one joined when its own bytes are encoded, so one merge a token, ordered by rank, gives the same ids
for every text (without special tokens in it). A token that no join makes is taken whole: `ignore_merges`. Text that the
pattern leaves out is kept, where tiktoken drops it. `vocab.rank_files` reads the files.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vocab.byte_alphabet import CHARACTERS

TIKTOKEN = "tiktoken ranks"
TEKKEN = "tekken"
MAX_RANK = 1 << 24
"""Ranks and ids are lower: a model has a row for each."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """A rank file: tokens with their ranks, the pattern that cuts text, special tokens with their ids.

    `shift` is what an id is above its rank; `pattern_from` says where the pattern was found.
    """

    file: Path
    family: str
    ranks: dict[bytes, int] = field(repr=False)
    pattern: str
    pattern_from: str
    special_tokens: tuple[tuple[str, int], ...] = ()
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Joins:
    """The pair that makes each token, by rank of the token, and the ranks of tokens that no pair makes."""

    pairs: tuple[tuple[bytes, bytes], ...]
    whole_only: tuple[int, ...]


def joins(ranks: dict[bytes, int]) -> Joins:
    """How each token of more than one byte is made: its bytes are joined under all ranks, and the last pair is its pair."""
    pairs, whole_only = [], []
    for token, rank in sorted(ranks.items(), key=lambda one: one[1]):
        if len(token) > 1:
            pair = _last_pair(token, ranks)
            if pair is None:
                whole_only.append(rank)
            else:
                pairs.append(pair)
    return Joins(tuple(pairs), tuple(whole_only))


def spec_of(ranks: Ranks) -> dict[str, Any]:
    """The value of the `tokenizer.json` that gives the ids of `ranks` for every text without special tokens."""
    made = joins(ranks.ranks)
    vocab = {_spelled(token): rank + ranks.shift for token, rank in ranks.ranks.items()}
    vocab |= dict(ranks.special_tokens)  # the library keeps the id of a special token only where its model has it
    split = {"type": "Split", "pattern": {"Regex": ranks.pattern}, "behavior": "Isolated", "invert": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": text, **flags, "special": True}
            for text, number in sorted(ranks.special_tokens, key=lambda one: one[1])
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": bool(made.whole_only),
            "vocab": dict(sorted(vocab.items(), key=lambda one: one[1])),
            "merges": [[_spelled(left), _spelled(right)] for left, right in made.pairs],
        },
    }


def _last_pair(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes] | None:
    """The pair joined last when `token` is encoded; None where that leaves more than one part."""
    none = MAX_RANK
    parts = [token[at : at + 1] for at in range(len(token))]
    order = [ranks.get(token[at : at + 2], none) for at in range(len(token) - 1)]
    while len(parts) > 2:
        best = min(order)
        if best == none:
            return None
        at = order.index(best)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
        del order[at]
        if at < len(order):
            order[at] = ranks.get(parts[at] + parts[at + 1], none)
        if at:
            order[at - 1] = ranks.get(parts[at - 1] + parts[at], none)
    return parts[0], parts[1]


def _spelled(token: bytes) -> str:
    return "".join(CHARACTERS[byte] for byte in token)
