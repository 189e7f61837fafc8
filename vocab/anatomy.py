"""What a tokenizer is: family, vocabulary, how it cuts text and digits, ids it never uses, and what it can be extended by.

Any tokenizer that the package reads: a Hugging Face folder or `tokenizer.json`, a SentencePiece `.model`, tiktoken ranks, a
tekken file. Nothing is guessed from names: the digit policy is what becomes of digits that are run through it, and a token
is unreachable where its own text gives other ids. That is exact for byte-level BPE and not counted for other families.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocab.base import FAMILY, Base, build, find, kinds, read_file, read_spec, refuse
from vocab.digits import grouped
from vocab.engines import discarding as discarded_by
from vocab.errors import VocabError
from vocab.model_base import load_origin
from vocab.rank_files import is_tekken, is_tiktoken
from vocab.ranks import TEKKEN, TIKTOKEN
from vocab.reach import Never, never_produced
from vocab.sentence_piece import parse_model

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SINGLE, LEFT, RIGHT, RUNS, OTHER = (
    "single digits", "groups of three from the left", "groups of three from the right", "whole runs", "other"
)  # fmt: skip
DIGIT_RUNS = ("1234567", "98765432", "2024", "100", "0011", "7")
_RESERVED = re.compile(
    r"[<\[|].*(?:reserved|unused|special_\d|placeholder|dummy|control_\d|filler).*[>\]|]", re.IGNORECASE
)
_BUILT_IN = "GPT-2's, built in"
SHOWN = 8
"""Special tokens named in the text."""


@dataclass(frozen=True, slots=True)
class Support:
    """Whether a way to extend a tokenizer applies to it; `reason` says why not, or what to know."""

    name: str
    supported: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A tokenizer described. `next_id` is one above its highest id.

    `unreachable` tokens are never produced for their own text; `not_utf8` tokens are no text of their own. Both are None
    where they are not counted. `reserved` tokens are kept for later by their name or kind, `holes` are ids of no token.
    """

    path: Path
    sha256: str
    family: str
    tokens: int
    next_id: int
    normalizer: tuple[str, ...]
    pre_tokenizer: tuple[str, ...]
    patterns: tuple[str, ...]
    digits: str
    unreachable: int | None
    not_utf8: int | None
    reserved: int
    holes: int
    special_tokens: tuple[str, ...]
    supports: tuple[Support, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**asdict(self), "path": str(self.path)}


def anatomy(path: Path) -> Anatomy:
    """The anatomy of the tokenizer at `path`, a folder or a file.

    Raises:
        VocabError: no tokenizer that can be read is there.
    """
    file = find(path)
    data = read_file(file)
    ranked = is_tiktoken(data, file)
    if file.suffix == ".model" and not ranked:
        return _of_model(data, file)
    spec = read_spec(data, file)
    family = TIKTOKEN if ranked else TEKKEN if is_tekken(json.loads(data)) else None
    return _of_spec(Base(file, hashlib.sha256(data).hexdigest(), spec), family)


def lines(one: Anatomy) -> list[str]:
    """The anatomy as text for one screen."""
    never = "not counted for this family"
    if one.unreachable is not None:
        never = f"{one.unreachable:,} never produced for their own text; {one.not_utf8:,} more are no whole characters"
    special = ", ".join(one.special_tokens[:SHOWN]) + (", …" if len(one.special_tokens) > SHOWN else "")
    return [
        str(one.path),
        f"  family          {one.family}",
        f"  vocabulary      {one.tokens:,} tokens, ids below {one.next_id:,}",
        f"  normalizer      {', '.join(one.normalizer) or 'none'}",
        f"  pre-tokenizer   {', '.join(one.pre_tokenizer) or 'none'}",
        *(f"  pattern         {pattern}" for pattern in one.patterns),
        f"  digits          {one.digits}",
        f"  unreachable     {never}",
        f"  unused          {one.reserved:,} reserved tokens, {one.holes:,} ids without a token",
        f"  special tokens  {len(one.special_tokens):,}" + (f": {special}" if special else ""),
        *(
            f"  {support.name:<15} {'yes' if support.supported else 'no'}"
            + (f": {support.reason}" if support.reason else "")
            for support in one.supports
        ),
        f"  sha256          {one.sha256}",
    ]


def _of_model(data: bytes, file: Path) -> Anatomy:
    model = parse_model(data, file)
    control = tuple(piece.text for piece in model.pieces if piece.kind in ("control", "unknown", "user-defined"))
    reserved = sum(piece.kind == "unused" or _is_reserved(piece.text) for piece in model.pieces)
    flags = {
        "dummy prefix": model.add_dummy_prefix,
        "extra spaces removed": model.remove_extra_whitespaces,
        "byte fallback": model.byte_fallback,
    }
    texts = [piece.text for piece in model.pieces if piece.kind == "normal"]
    none = "a SentencePiece model has no pre-tokenizer when it runs"
    return Anatomy(
        path=file,
        sha256=model.sha256,
        family=model.family,
        tokens=len(model.pieces),
        next_id=len(model.pieces),
        normalizer=(model.normalizer, *(name for name, given in flags.items() if given)),
        pre_tokenizer=(),
        patterns=(),
        digits=RUNS if _joins_digits(texts) else SINGLE,
        unreachable=None,
        not_utf8=None,
        reserved=reserved,
        holes=0,
        special_tokens=control,
        supports=(
            _portable(file),
            Support("exact", supported=False, reason=f"{none}, so nothing can isolate a term"),
            Support("r2l3", supported=False, reason=f"{none}, so nothing can cut its numbers"),
        ),
    )


def _of_spec(base: Base, family: str | None) -> Anatomy:
    spec = base.spec
    tokenizer = build(spec, str(base.path))
    tokens = tokenizer.get_vocab(with_added_tokens=True)
    ids = set(tokens.values())
    family = family or _family(spec)  # after the library has read the file, so its parts are of the right kinds
    is_exact = "ByteLevel" in kinds(spec.get("pre_tokenizer"), "pretokenizers") and not spec["model"].get("dropout")
    never = never_produced(base) if family in (FAMILY, TIKTOKEN, TEKKEN) and is_exact else None
    special = sorted((token["id"], token["content"]) for token in spec.get("added_tokens", ()) if token.get("special"))
    return Anatomy(
        path=base.path,
        sha256=base.sha256,
        family=family,
        tokens=len(tokens),
        next_id=max(ids, default=-1) + 1,
        normalizer=kinds(spec.get("normalizer"), "normalizers"),
        pre_tokenizer=kinds(spec.get("pre_tokenizer"), "pretokenizers"),
        patterns=tuple(_patterns(spec.get("pre_tokenizer"))),
        digits=_digits_of(tokenizer, list(tokens)),
        unreachable=None if never is None else len(never.tokens),
        not_utf8=None if never is None else never.not_utf8,
        reserved=sum(map(_is_reserved, tokens)),
        holes=max(ids, default=-1) + 1 - len(ids),
        special_tokens=tuple(text for _, text in special),
        supports=_supports(base, never),
    )


def _family(spec: dict[str, Any]) -> str:
    model = spec["model"]
    kind = str(model.get("type") or ("BPE" if "merges" in model else "unnamed model"))
    if kind != "BPE":
        return kind
    if "ByteLevel" in (
        *kinds(spec.get("pre_tokenizer"), "pretokenizers"),
        *kinds(spec.get("normalizer"), "normalizers"),
    ):
        return FAMILY
    return "SentencePiece-style BPE with byte fallback" if model.get("byte_fallback") else "BPE over characters"


def _patterns(part: dict[str, Any] | None) -> list[str]:
    """The pattern of each pre-tokenizer that has one, in order."""
    if part is None:
        return []
    inner = part.get("pretokenizers")
    if inner:
        return [pattern for one in inner for pattern in _patterns(one)]
    if part.get("type") == "ByteLevel":
        return [_BUILT_IN] if part.get("use_regex", True) else []
    pattern = part.get("pattern")
    return [str(one) for one in pattern.values()] if isinstance(pattern, dict) else []


def _is_reserved(token: str) -> bool:
    return _RESERVED.fullmatch(token) is not None


def _digits_of(tokenizer: "Tokenizer", tokens: Sequence[str]) -> str:
    """What the pre-tokenizer, or the vocabulary where that never joins digits, makes of `DIGIT_RUNS`."""
    if not _joins_digits(tokens):
        return SINGLE
    cutter = tokenizer.pre_tokenizer
    return _digits(
        [[run] if cutter is None else [piece for piece, _ in cutter.pre_tokenize_str(run)] for run in DIGIT_RUNS]
    )


def _joins_digits(tokens: Sequence[str]) -> bool:
    return any(re.search("[0-9]{2}", token) for token in tokens if not re.fullmatch(r"<.*>|\[.*\]", token))


def _digits(cut: Sequence[Sequence[str]]) -> str:
    found = [tuple(group for piece in pieces for group in re.findall("[0-9]+", piece)) for pieces in cut]
    ways = {
        SINGLE: [tuple(run) for run in DIGIT_RUNS],
        LEFT: [tuple(re.findall("[0-9]{1,3}", run)) for run in DIGIT_RUNS],
        RIGHT: [tuple(re.findall("[0-9]{1,3}(?=(?:[0-9]{3})*$)", run)) for run in DIGIT_RUNS],
        RUNS: [(run,) for run in DIGIT_RUNS],
    }
    return next((name for name, expected in ways.items() if expected == found), OTHER)


def _portable(file: Path) -> Support:
    try:
        load_origin(file)
    except VocabError as error:
        return Support("portable", supported=False, reason=_plain(error, file))
    return Support("portable", supported=True, reason="")


def _supports(base: Base, never: Never | None) -> tuple[Support, ...]:
    """Of a tokenizer with a `tokenizer.json`, its own or rebuilt."""
    try:
        refuse(base)
    except VocabError as error:
        reason = _plain(error, base.path)
        other = reason if never is not None else f"for {FAMILY} only"
        return tuple(
            Support(name, False, why) for name, why in (("portable", reason), ("exact", other), ("r2l3", other))
        )
    if base.family != FAMILY:
        only = f"for {FAMILY} only"
        return (
            Support("portable", supported=True, reason=""),
            Support("exact", supported=False, reason=only),
            Support("r2l3", supported=False, reason=only),
        )
    discarded = discarding(base.path)
    exact = discarded
    if never is not None and never.whole and not base.ignores_merges and not exact:
        exact = f"{len(never.whole):,} tokens are a whole piece of text and never produced; isolating terms would produce them"
    return (
        Support("portable", supported=True, reason=""),
        Support("exact", not exact, exact or "Hugging Face tokenizers only"),
        Support("r2l3", supported=False, reason=discarded) if discarded else _r2l3(base),
    )


def _r2l3(base: Base) -> Support:
    try:
        made = grouped(base.spec, str(base.path))
    except VocabError as error:
        return Support("r2l3", supported=False, reason=_plain(error, base.path))
    return Support(
        "r2l3", supported=True, reason=f"{len(made.missing):,} number tokens are new" if made.missing else ""
    )


def discarding(file: Path) -> str:
    """Why a changed pre-tokenizer would be lost in the model beside `file`, or ''."""
    config = file.parent / "config.json"
    try:
        value = json.loads(config.read_bytes()) if config.is_file() else {}
    except (OSError, ValueError):
        return f"{config} cannot be read, so what loads the tokenizer is unknown"
    return discarded_by(value) if isinstance(value, dict) else ""


def _plain(error: VocabError, file: Path) -> str:
    """The sentence without the file, which stands above it already."""
    return str(error).removeprefix(f"{file}: ").removeprefix(f"{file.parent}: ")
