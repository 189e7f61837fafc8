r"""Writes a byte-level BPE tokenizer as a vocabulary-only GGUF file, as llama.cpp reads it.

In: a parsed `tokenizer.json` and the special tokens by role. Out: the bytes of a GGUF file, version 3, without tensors
(ggml's docs/gguf.md): tokens by id, the type of each, merges in order, and the name of a pre-tokenizer.

llama.cpp runs merges in order as the tokenizers library does, but it cuts text by patterns of its own, which a file only
names (`tokenizer.ggml.pre`). So a file is written only where the patterns are those that such a name stands for; a
pattern that isolates terms (profile `exact`) or groups digits (`r2l3`) has no name. Some names also mean that a piece
which is a token is taken whole; then every token must be within reach of its merges, or the tokenizer must do so too.
llama.cpp writes some patterns in another way than their makers (it has no classes of letter case or marks), so a few
texts are cut otherwise, with or without an extension: a comparison of ids shows them.
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vocab.base import Base
from vocab.cutting import BUILT_IN, GPT2, cutting
from vocab.encodings import ENCODINGS, for_tokenizers
from vocab.errors import VocabError
from vocab.merges import Merges

Spec = dict[str, Any]

MAGIC, VERSION, ALIGNMENT = b"GGUF", 3, 32
UINT32, INT32, BOOL, STRING, ARRAY = 4, 5, 7, 8, 9
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5
ROLES = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "sep_token": "seperator_token_id",  # spelled so in the format
    "pad_token": "padding_token_id",
    "mask_token": "mask_token_id",
}

_SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_LETTERS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CASED = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{{0}}|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{{0}}"
_SLASH = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = rf"{_SHORT}|{_LETTERS}|\p{{N}}{{1,3}}|{_REST}"
QWEN2 = rf"{_SHORT}|{_LETTERS}|\p{{N}}|{_REST}"
QWEN35 = (
    rf"{_SHORT}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
TEKKEN = _CASED.replace("{0}", "") + rf"|\p{{N}}|{_SLASH}"
O200K = _CASED.replace("{0}", _SHORT + "?") + rf"|\p{{N}}{{1,3}}|{_SLASH}"

PRE_TOKENIZERS: dict[tuple[str, ...], tuple[tuple[str, bool], ...]] = {
    **{(one,): (("gpt-2", False),) for one in (GPT2, BUILT_IN, for_tokenizers(ENCODINGS[0].pattern) or GPT2)},
    (LLAMA3,): (("llama-bpe", True), ("dbrx", False)),
    (QWEN2,): (("qwen2", False),),
    (QWEN35,): (("qwen35", False),),
    (TEKKEN,): (("tekken", True),),
    (O200K,): (("gpt-4o", False),),
    (r"\p{N}", GPT2): (("smollm", False),),
}
"""Patterns to the names that llama.cpp (June 2026) cuts so by, each with whether it takes a piece that is a token whole."""


def pre_tokenizer(spec: Spec) -> tuple[str, str]:
    """The name that llama.cpp has for how `spec` cuts text, and ''; or '' and the reason why a file cannot be written."""
    cut = cutting(spec)
    if cut.reason:
        return "", cut.reason
    names = PRE_TOKENIZERS.get(cut.patterns, ())
    if not names:
        return "", "llama.cpp has no pre-tokenizer with its patterns"
    whole = bool(spec["model"].get("ignore_merges"))
    found = next((name for name, takes_whole in names if takes_whole == whole), "")
    if not found and (odd := _not_made(spec)):
        return (
            "",
            f"{odd:,} tokens that its merges do not make are {'taken' if whole else 'left'} whole, unlike in llama.cpp",
        )
    return found or names[0][0], ""


def vocabulary_file(spec: Spec, roles: Mapping[str, Any], where: str = "tokenizer.json") -> bytes:
    """The GGUF file of `spec`; `roles` are the values of `special_tokens_map.json`.

    Raises:
        VocabError: llama.cpp would give other ids; the sentence says why.
    """
    name, reason = pre_tokenizer(spec)
    if reason:
        raise VocabError(f"{where}: {reason}, so llama.cpp would give other ids; use the tokenizer.json itself")
    vocab = spec["model"]["vocab"]
    kinds = {one["content"]: CONTROL if one.get("special") else USER_DEFINED for one in spec.get("added_tokens", ())}
    by_id = {number: token for token, number in vocab.items()}
    by_id |= {one["id"]: one["content"] for one in spec.get("added_tokens", ())}
    size = max(by_id) + 1
    tokens = [by_id.get(number, f"[PAD{number}]") for number in range(size)]
    types = [kinds.get(by_id[number], NORMAL) if number in by_id else UNUSED for number in range(size)]
    merges = [one if isinstance(one, str) else " ".join(one) for one in spec["model"]["merges"]]
    special = _special_ids(roles, {token: number for number, token in by_id.items()})
    entries = [
        _entry("general.architecture", STRING, _string("llama")),
        _entry("tokenizer.ggml.model", STRING, _string("gpt2")),
        _entry("tokenizer.ggml.pre", STRING, _string(name)),
        _entry("tokenizer.ggml.tokens", ARRAY, _strings(tokens)),
        _entry("tokenizer.ggml.token_type", ARRAY, struct.pack(f"<IQ{size}i", INT32, size, *types)),
        _entry("tokenizer.ggml.merges", ARRAY, _strings(merges)),
        *(_entry(f"tokenizer.ggml.{role}", UINT32, struct.pack("<I", number)) for role, number in special.items()),
        _entry("tokenizer.ggml.add_bos_token", BOOL, b"\0"),
        _entry("tokenizer.ggml.add_eos_token", BOOL, b"\0"),
    ]
    data = MAGIC + struct.pack("<IQQ", VERSION, 0, len(entries)) + b"".join(entries)
    return data + bytes(-len(data) % ALIGNMENT)


def _special_ids(roles: Mapping[str, Any], ids: Mapping[str, int]) -> dict[str, int]:
    """The id of each role; a role is a token or an object with its `content`."""
    found = {}
    for role, name in ROLES.items():
        value = roles.get(role)
        token = value.get("content") if isinstance(value, dict) else value
        if isinstance(token, str) and token in ids:
            found[name] = ids[token]
    return found


def _not_made(spec: Spec) -> int:
    """How many tokens are not what their own characters are merged to; those of added tokens are never asked for."""
    base = Base(Path(), "", spec)
    merges = Merges(base.vocab, base.merges, next_id=base.next_id)
    return sum(merges.split(token) != [token] for token in base.vocab.keys() - base.added.keys())


def _entry(key: str, kind: int, value: bytes) -> bytes:
    return _string(key) + struct.pack("<I", kind) + value


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _strings(texts: Sequence[str]) -> bytes:
    return struct.pack("<IQ", STRING, len(texts)) + b"".join(map(_string, texts))
