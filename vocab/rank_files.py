"""Reads rank files, tiktoken's and tekken's, or refuses them in a sentence.

A tiktoken file (a line for each token: base64 of its bytes, a space, its rank) holds no pattern. That comes from
`pattern.txt` beside it, or from `pat_str` in `tokenizer_config.json` there (whose `added_tokens_decoder` gives special
tokens), or the file is a published one (`vocab.encodings`). A tekken file (mistral-common) is JSON with pattern, tokens and
special tokens: these have the first ids, and ranks follow.
"""

import base64
import binascii
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.files import parse_strict
from vocab.byte_alphabet import read
from vocab.encodings import (
    ENCODINGS,
    TEKKEN_FILLER,
    TEKKEN_SPECIAL_TOKENS,
    TEKKEN_VERSIONS,
    find_encoding,
    for_tokenizers,
)
from vocab.errors import VocabError
from vocab.ranks import MAX_RANK, TEKKEN, TIKTOKEN, Ranks

PATTERN = "pattern.txt"
_CONFIG = "tokenizer_config.json"

MAX_TOKEN_BYTES = 4096
"""Published files have tokens of up to 128 bytes; joining takes time in the square of it."""
_LINE = re.compile(rb"([A-Za-z0-9+/]+={0,2}|=) ([0-9]{1,8})\r?")
_AGAIN = "get the file again"


def is_tiktoken(data: bytes, file: Path) -> bool:
    """True for a tiktoken rank file: by its suffix, or by its first line whatever its name is."""
    return file.suffix == ".tiktoken" or _LINE.fullmatch(data[: MAX_TOKEN_BYTES * 2].partition(b"\n")[0]) is not None


def is_tekken(value: Any) -> bool:
    """True for the parsed JSON of a tekken file."""
    return isinstance(value, dict) and "model" not in value and {"config", "vocab"} <= value.keys()


def read_tiktoken(data: bytes, file: Path) -> Ranks:
    """The ranks in the bytes of a tiktoken file, with the pattern from beside it or as published.

    Raises:
        VocabError: a line is no token and rank, a rank or token stands twice, a byte has no rank, or no pattern is known.
    """
    numbered = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.rstrip(b"\r"):
            continue
        found = _LINE.fullmatch(line)
        # Whisper writes "=" for a token without bytes: its rank is taken and never used.
        token = None if found is None else b"" if found[1] == b"=" else _decoded(found[1])
        if found is None or token is None:
            raise VocabError(
                f"{file}, line {number}: not a token and its rank; expected base64, a space, a number; {_AGAIN}"
            )
        numbered.append((token, int(found[2]), f"line {number}"))
    ranks = _checked(numbered, file)
    pattern, where, special = _pattern_of(data, file, len(ranks))
    made = Ranks(file, TIKTOKEN, ranks, _engine(pattern, f"{file}: the pattern of {where}"), where, special)
    _refuse_shared(made)
    return made


def read_tekken(value: dict[str, Any], file: Path) -> Ranks:
    """The ranks in the parsed JSON of a tekken file, as many as its `default_vocab_size` says.

    Raises:
        VocabError: a field is missing or of another kind, ranks are fewer than said or out of order, or a byte has none.
    """
    config, vocab = value["config"], value["vocab"]
    if not isinstance(config, dict) or not isinstance(vocab, list):
        raise VocabError(f"{file}: 'config' or 'vocab' is of another kind than in a tekken file; {_AGAIN}")
    size, shift = (_count(config.get(name)) for name in ("default_vocab_size", "default_num_special_tokens"))
    if not 0 <= shift < size or not isinstance(config.get("pattern"), str):
        raise VocabError(
            f"{file}: 'config' lacks a sound pattern, default_vocab_size or default_num_special_tokens; {_AGAIN}"
        )
    if len(vocab) < size - shift:
        raise VocabError(f"{file}: {len(vocab):,} ranks, expected {size - shift:,}; the file is cut, {_AGAIN}")
    numbered = []
    for at, one in enumerate(vocab[: size - shift]):
        text = one.get("token_bytes") if isinstance(one, dict) else None
        token = _decoded(text.encode("utf-8", "replace")) if isinstance(text, str) else None
        if token is None or type(one.get("rank")) is not int or one["rank"] != at:
            raise VocabError(f"{file}: entry {at} of 'vocab' is not rank {at} with base64 as 'token_bytes'; {_AGAIN}")
        numbered.append((token, at, f"entry {at} of 'vocab'"))
    pattern = _engine(config["pattern"], f"{file}: 'pattern'")
    special = _tekken_special(value.get("special_tokens"), config.get("version"), shift, file)
    made = Ranks(file, TEKKEN, _checked(numbered, file), pattern, "config.pattern", special, shift)
    _refuse_shared(made)
    return made


def _count(value: Any) -> int:
    """A count below the highest rank; -1 for any other value."""
    return value if type(value) is int and 0 <= value < MAX_RANK else -1


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _checked(numbered: list[tuple[bytes, int, str]], file: Path) -> dict[bytes, int]:
    """The tokens with bytes and their ranks, each once; all 256 bytes among them."""
    ranks: dict[bytes, int] = {}
    seen: set[int] = set()
    for token, rank, where in numbered:
        twice = f"rank {rank}" if rank in seen else "this token" if token in ranks else ""
        if twice:
            raise VocabError(f"{file}, {where}: {twice} stands twice, expected once; {_AGAIN}")
        if len(token) > MAX_TOKEN_BYTES or rank >= MAX_RANK:
            raise VocabError(
                f"{file}, {where}: {len(token):,} bytes of rank {rank}, expected at most {MAX_TOKEN_BYTES:,} bytes and a "
                f"rank below {MAX_RANK}; check the file"
            )
        seen.add(rank)
        if token:
            ranks[token] = rank
    missing = sum(bytes([byte]) not in ranks for byte in range(256))
    if missing:
        raise VocabError(
            f"{file}: {missing} of the 256 bytes have no rank, so text that holds one has no tokens; {_AGAIN}"
        )
    return ranks


def _pattern_of(data: bytes, file: Path, count: int) -> tuple[str, str, tuple[tuple[str, int], ...]]:
    """The pattern, where it was found, and the special tokens."""
    beside = file.parent / PATTERN
    config, special = _config_beside(file)
    if beside.is_file():
        return _read_text(beside).rstrip("\r\n"), PATTERN, special
    if isinstance(config.get("pat_str"), str):
        return config["pat_str"], _CONFIG, special
    known = find_encoding(hashlib.sha256(data).hexdigest(), file.stem, count)
    if known is not None:
        return known.pattern, f"the encoding {known.names[0]}", special or known.special_tokens
    named = [one for one in ENCODINGS if file.stem in one.names]
    if named:
        raise VocabError(
            f"{file}: {count:,} ranks, expected {named[0].ranks:,} of {file.stem}; the file is cut, {_AGAIN}"
        )
    raise VocabError(
        f"{file}: {count:,} ranks and no pattern to cut text by, which a rank file lacks; write the regular expression "
        f"of its encoding (tiktoken's pat_str) into {beside}"
    )


def _config_beside(file: Path) -> tuple[dict[str, Any], tuple[tuple[str, int], ...]]:
    """The parsed `tokenizer_config.json` beside `file`, or {}; and the tokens of its `added_tokens_decoder`."""
    path = file.parent / _CONFIG
    if not path.is_file():
        return {}, ()
    try:
        value = parse_strict(_read_text(path).encode(), str(path))
    except InputError as error:
        raise VocabError(str(error)) from None
    try:
        json.dumps(value, ensure_ascii=False).encode()
        tokens = value.get("added_tokens_decoder", {}).items()
        special = tuple((str(one["content"]), int(number)) for number, one in tokens)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise VocabError(
            f"{path}: 'added_tokens_decoder' is not ids with a 'content' each, expected so or none; restore the file"
        ) from None
    return value, special


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise VocabError(f"{path}: cannot be read as UTF-8; check the file and its permissions") from None


def _engine(pattern: str, where: str) -> str:
    """The pattern as the library's engine reads it; `VocabError` where it does not."""
    from tokenizers import Regex

    written = for_tokenizers(pattern)
    if written is None:
        raise VocabError(f"{where}: repeats a group by {{m,n}}+, which is not translated; write it as (?>…{{m,n}})")
    try:
        Regex(written)
    except Exception as error:
        # The library raises bare Exception for every pattern that it refuses; this is where it becomes a sentence.
        if type(error) is not Exception:
            raise
        written = ""
    if not written:
        raise VocabError(f"{where}: empty, or not a regular expression of the tokenizers library; correct it")
    return written


def _tekken_special(value: Any, version: Any, shift: int, file: Path) -> tuple[tuple[str, int], ...]:
    """The special tokens of all ids below `shift`; those without a name get the filler that the format names."""
    if value is None and version in TEKKEN_VERSIONS:
        names: list[Any] = list(TEKKEN_SPECIAL_TOKENS[:shift])
    elif isinstance(value, list) and all(isinstance(one, dict) for one in value):
        names = [one.get("token_str") if one.get("rank") == at else None for at, one in enumerate(value)]
    else:
        raise VocabError(f"{file}: no list of 'special_tokens', which version {version!r} needs; {_AGAIN}")
    names += [TEKKEN_FILLER.format(at) for at in range(len(names), shift)]
    if len(names) > shift or not all(isinstance(name, str) and name for name in names):
        raise VocabError(f"{file}: 'special_tokens' are not at most {shift:,} texts with ranks 0, 1, 2 …; {_AGAIN}")
    return tuple((name, at) for at, name in enumerate(names))


def _refuse_shared(made: Ranks) -> None:
    """Returns where no special token has the text or the id of another token."""
    texts = [text for text, _ in made.special_tokens]
    ids = [number for _, number in made.special_tokens]
    if any(not text or not 0 <= number < MAX_RANK for text, number in made.special_tokens):
        raise VocabError(f"{made.file}: a special token is empty or its id is not below {MAX_RANK}; correct it")
    taken = {rank + made.shift for rank in made.ranks.values()}
    doubled = len(set(texts)) < len(texts) or len(set(ids)) < len(ids) or not taken.isdisjoint(ids)
    if doubled or any(_spells_a_token(text, made.ranks) for text in texts):
        raise VocabError(
            f"{made.file}: a special token has the text or the id of another token, so ids have no one meaning; {_AGAIN}"
        )


def _spells_a_token(text: str, ranks: dict[bytes, int]) -> bool:
    try:
        return read(text) in ranks
    except KeyError:
        return False
