"""How a byte-level BPE tokenizer cuts text before it merges, as patterns that another engine can be given.

In: a parsed `tokenizer.json`. Out: its normalizer and its patterns in order, each of which cuts the pieces of the one
before it into its matches and what lies between; or the reason why that is not all that its pre-tokenizer does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""What `ByteLevel` cuts by where its `use_regex` is true."""
NORMALIZERS = ("", "NFC", "NFKC")
_ONE, _RUN = r"\p{N}", r"\p{N}+"
BUILT_IN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""The same, as it is written where it takes the place of that: files of earlier releases hold it so."""
WHOLE = (("Isolated", False), ("Removed", True))
"""Behaviors of `Split` (and whether inverted) by which each match is one piece."""
_LITERAL = re.compile(r"[^\w\s]")


@dataclass(frozen=True, slots=True)
class Cutting:
    """The normalizer (or ''), the patterns in order, and what no pattern can say (or '')."""

    normalizer: str
    patterns: tuple[str, ...]
    reason: str = ""


def cutting(spec: dict[str, Any]) -> Cutting:
    """How `spec` cuts text; a reason where it is another model than byte-level BPE."""
    normalizer = str((spec.get("normalizer") or {}).get("type") or "")
    if reason := _other_kind(spec["model"], normalizer):
        return Cutting(normalizer, (), reason)
    patterns: list[str] = []
    parts = list(flat(spec.get("pre_tokenizer") or {}))
    if not parts or parts[-1].get("type") != "ByteLevel":
        return Cutting(normalizer, (), "its pre-tokenizer does not end with bytes")
    for at, part in enumerate(parts, 1):
        kind, pattern = part.get("type"), part.get("pattern") or {}
        if kind == "ByteLevel" and at == len(parts):
            if part.get("add_prefix_space"):
                return Cutting(normalizer, (), "its pre-tokenizer puts a space before each text")
            if part.get("use_regex", True):
                patterns.append(GPT2)
        elif kind == "Split" and (part.get("behavior"), bool(part.get("invert"))) in WHOLE:
            patterns.append(pattern["Regex"] if "Regex" in pattern else _LITERAL.sub(r"\\\g<0>", pattern["String"]))
        elif kind == "Digits":
            patterns.append(_ONE if part.get("individual_digits") else _RUN)
        else:
            return Cutting(normalizer, (), f"its pre-tokenizer has a part {kind} that no pattern stands for")
    return Cutting(normalizer, tuple(patterns))


def _other_kind(model: dict[str, Any], normalizer: str) -> str:
    """Why this is no plain byte-level BPE, or ''."""
    kind = str(model.get("type") or "BPE")
    if kind != "BPE" or not isinstance(model.get("vocab"), dict) or not isinstance(model.get("merges"), list):
        return f"its model is {kind if kind != 'BPE' else 'BPE without merges'}, not byte-level BPE"
    if model.get("dropout") or model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        return "its merges depend on chance or on the place in a word"
    return (
        "" if normalizer in NORMALIZERS else f"its normalizer is {normalizer}, which text cannot be brought to outside"
    )


def flat(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a pre-tokenizer in order, those of sequences among them."""
    if "pretokenizers" in part:
        for one in part["pretokenizers"]:
            yield from flat(one)
    elif part:
        yield part
