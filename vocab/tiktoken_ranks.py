r"""Writes a byte-level BPE tokenizer as tiktoken's ranks, where tiktoken gives the same ids for every text.

In: a parsed `tokenizer.json`. Out: lines of base64 and rank, and the pattern, special tokens and normalizer beside them.

tiktoken has no merges. A rank is an id and a priority at once, a piece that is a token takes its id, and any adjacent pair
whose bytes are a token may be joined. That is the same as merges in order if, and it is checked that,

1. the merges stand in the order of the ids of their products;
2. each token is made by the pair that is joined last when its bytes are encoded by rank (`vocab.ranks.joins`), and that
   pair is among its merges: then no other pair of a token ever stands side by side, for text outside is joined later;
3. a token that no merge makes exists only where `ignore_merges` is set.

Besides, one pattern must cut the text, in signs that Oniguruma and fancy-regex read alike. Terms isolated by a pattern
(profile `exact`) fail 2 and the single pattern. The tables of Unicode of the two engines are of different years, so
characters assigned between them can be cut differently, with or without an extension; a comparison of ids shows it.
"""

import base64
import itertools
import re
from collections.abc import Mapping
from typing import Any

from vocab.byte_alphabet import CHARACTERS, read
from vocab.cutting import cutting
from vocab.errors import VocabError
from vocab.ranks import joins

Spec = dict[str, Any]

_SIGNS = re.compile(
    r"\\[pP]\{\^?(?:[A-Z][a-z]?|Han|Hangul|Hiragana|Katakana)\}|\\[sSdDrntAz]|\\[^\w\s]"
    r"|\[\^?(?:\\[pP]\{\^?(?:[A-Z][a-z]?|Han|Hangul|Hiragana|Katakana)\}|\\[sSdDrnt]|\\[^\w\s]|[^\[\]\\&~\-]"
    r"|(?<=[^\[^])-(?=[^\]\-]))+\]"
    r"|\((?:\?(?:i:|:|=|!|<=|<!|>))?|\)|\||[?*+][?+]?|\{[0-9]+(?:,[0-9]*)?\}(?!\+)|[^\\\[\](){}?*+^$|.]"
)
"""What Oniguruma and fancy-regex read alike. Not so: `^`, `$`, `\\w`, `\b`, `{m,n}+`, `.`, POSIX classes, set operations."""


def refusal(spec: Spec) -> str:
    """Why tiktoken cannot give the ids of `spec` for every text, or ''."""
    cut = cutting(spec)
    if cut.reason:
        return cut.reason
    if len(cut.patterns) != 1:
        return f"it cuts text by {len(cut.patterns)} patterns in turn, and tiktoken by one"
    if odd := _odd_sign(cut.patterns[0]):
        return f"its pattern has {odd!r}, which tiktoken's engine reads in another way"
    if any(one.get("lstrip") or one.get("rstrip") or one.get("single_word") for one in spec.get("added_tokens", ())):
        return "an added token takes the space beside it or stands for whole words only"
    try:
        ranks = token_ranks(spec)
    except KeyError:
        return "a token is spelled outside the alphabet of bytes"
    if missing := sum(bytes([byte]) not in ranks for byte in range(256)):
        return f"{missing} of the 256 bytes have no token"
    return _out_of_order(spec, ranks)


def tiktoken_ranks(spec: Spec, where: str = "tokenizer.json") -> bytes:
    """The rank file of `spec`: for each token that is not an added one, base64 of its bytes and its id, by id.

    Raises:
        VocabError: tiktoken would give other ids; the sentence says why.
    """
    if reason := refusal(spec):
        raise VocabError(f"{where}: {reason}, so tiktoken would give other ids; use the tokenizer.json itself")
    return rank_lines(spec)


def rank_lines(spec: Spec) -> bytes:
    """The lines of `tiktoken_ranks`, where `refusal` was asked already."""
    by_id = sorted(token_ranks(spec).items(), key=lambda one: one[1])
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in by_id)


def settings(spec: Spec) -> dict[str, Any]:
    """What `tiktoken.Encoding` needs beside the ranks, as JSON values; call `tiktoken_ranks` first.

    `normalizer` is no part of tiktoken: text must be brought to that form before it is encoded.
    """
    cut = cutting(spec)
    special = {one["content"]: one["id"] for one in spec.get("added_tokens", ())}
    return {"pat_str": cut.patterns[0], "special_tokens": special, "normalizer": cut.normalizer or None}


def parse_ranks(data: bytes) -> dict[bytes, int]:
    """The ranks in the lines that `tiktoken_ranks` wrote."""
    pairs = (line.split() for line in data.splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in pairs}


def join(piece: bytes, ranks: Mapping[bytes, int]) -> list[int]:
    """The ids of one piece by tiktoken's rule, written for reading: whole, or the lowest rank first, the leftmost of equals."""
    if piece in ranks:
        return [ranks[piece]]
    parts = [piece[at : at + 1] for at in range(len(piece))]
    while len(parts) > 1:
        known = [ranks.get(left + right) for left, right in itertools.pairwise(parts)]
        lowest = min((rank for rank in known if rank is not None), default=None)
        if lowest is None:
            break
        at = known.index(lowest)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return [ranks[part] for part in parts]


def token_ranks(spec: Spec) -> dict[bytes, int]:
    """The bytes of each token that is not an added one, to its id; `refusal` says whether tiktoken can use them."""
    added = {one["content"] for one in spec.get("added_tokens", ())}
    return {read(token): number for token, number in spec["model"]["vocab"].items() if token not in added}


def _out_of_order(spec: Spec, ranks: dict[bytes, int]) -> str:
    """Which of the three conditions fails, or ''."""
    vocab = spec["model"]["vocab"]
    merges = [tuple(one.split(" ")) if isinstance(one, str) else tuple(one) for one in spec["model"]["merges"]]
    order = [vocab[left + right] for left, right in merges]
    if backward := sum(later < earlier for earlier, later in itertools.pairwise(order)):
        return f"{backward:,} merges stand in another order than the ids of their products"
    made = joins(ranks)
    known = set(merges)
    lacking = sum((_spelled(left), _spelled(right)) not in known for left, right in made.pairs)
    if lacking:
        return f"{lacking:,} tokens have no merge by the pair that tiktoken would join"
    if made.whole_only and not spec["model"].get("ignore_merges"):
        return f"{len(made.whole_only):,} tokens that no merge makes would be produced"
    return ""


def _spelled(token: bytes) -> str:
    return "".join(CHARACTERS[byte] for byte in token)


def _odd_sign(pattern: str) -> str:
    """The first of the pattern that is not known to be read alike, or ''."""
    at = 0
    while at < len(pattern):
        found = _SIGNS.match(pattern, at)
        if found is None:
            return pattern[at : at + 2] if pattern[at] == "\\" else pattern[at]
        at = found.end()
    return ""
