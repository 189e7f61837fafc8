"""Certified documents as token ids, and which of them are learned: text, a prompt with its completion, or a conversation.

A text is encoded as text, masking tags as the tokens that they are. One that comes out with the id of a special token, because
it spells one and the tokenizer cannot read that otherwise, is dropped. A conversation is encoded as its template writes it,
special tokens and all, and dropped where it comes out with other special tokens than the same conversation without its words:
it could end its own turn. A prompt and its completion are encoded in one go, as they are read; a token that holds characters of
both is learned, and counted. What is dropped is dropped for a reason that is counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from govern.corpus import read_certified
from tune.errors import TuneRefused

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from govern.corpus import CertifiedShard
    from tune.chat import Template
    from tune.folders import TokenizerFolder
    from tune.recipe import Data

ENCODE_BATCH = 512
COLUMNS = {"text": ("text",), "prompt-completion": ("prompt", "completion"), "messages": ("messages",)}
"""The columns that each format reads."""
ROLES = ("system", "developer", "user", "assistant", "tool", "function", "ipython", "observation", "environment")
"""Who may speak: a role is written beside special tokens, so it is no place for other words."""
NOT_TEXT = "holds no text"
TOO_SHORT = "one token or none"
NOTHING_LEARNED = "nothing to learn"
SPELLS_SPECIAL = "spells a special token"
TEMPLATE_REFUSES = "refused by the chat template"
UNKNOWN_ROLE = "a role that no template knows"
TOO_LONG = "longer than the window"
REASONS = (NOT_TEXT, TOO_SHORT, NOTHING_LEARNED, SPELLS_SPECIAL, TEMPLATE_REFUSES, UNKNOWN_ROLE, TOO_LONG)
"""Why a document is dropped."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A document: its ids, which of them are learned, and the bytes of text that each adds to those before it.

    `straddles`: how many tokens hold characters of a prompt and of its completion.
    """

    ids: "NDArray[np.int32]" = field(repr=False)
    learned: "NDArray[np.bool_]" = field(repr=False)
    held: "NDArray[np.int64]" = field(repr=False)
    straddles: int = 0


@dataclass(frozen=True, slots=True)
class Dropped:
    """A document that is not trained on, and why: one of `REASONS`."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Read:
    """A document's text, where in it is what is learned, and, of a conversation, the same without its words."""

    text: str = field(repr=False)
    spans: tuple[tuple[int, int], ...] | None
    wordless: str | None = None


class Encoder:
    """The tokenizer of a folder as documents are read by it: masking tags are tokens, special tokens only in templates.

    `backend` is the tokenizer as `tokenizers` builds it.
    """

    def __init__(self, tokenizer: "TokenizerFolder", *, templated: bool) -> None:
        from vocab.base import build, read_spec

        path = tokenizer.path / "tokenizer.json"
        spec = read_spec(tokenizer.data, path)
        added = [{**one, "special": one["special"] and one["content"] not in tokenizer.tags} for one in _added(spec)]
        # Begin and end are put by hand, and a post-processor can take spaces out of offsets.
        self.backend: Any = build({**spec, "added_tokens": added, "post_processor": None}, str(path))
        self.backend.encode_special_tokens = not templated
        special = {one["id"] for one in added if one["special"]}
        ends = {one for one in (tokenizer.bos_id, tokenizer.eos_id) if one is not None}
        self._control = (special | ends) - {self._unknown(spec)}
        self._added = {one["id"] for one in added if one["content"] not in tokenizer.tags}

    def __call__(self, texts: Sequence[str]) -> list[Any]:
        """The encodings of texts, without begin and end."""
        found: list[Any] = self.backend.encode_batch(list(texts), add_special_tokens=False)
        return found

    def spells(self, encoding: Any, wordless: Any = None) -> bool:
        """Whether a text came out with a special token that is none of its template's, which alone `wordless` has."""
        if wordless is None:
            return not self._control.isdisjoint(encoding.ids)
        watched = self._control | (self._added & set(wordless.ids))
        here, there = (Counter(one for one in found.ids if one in watched) for found in (encoding, wordless))
        return here != there

    def _unknown(self, spec: Mapping[str, Any]) -> int | None:
        """The id of what the model does not know, which any text may hold."""
        model = spec["model"]
        if model.get("unk_id") is not None:
            return int(model["unk_id"])
        found = self.backend.token_to_id(model.get("unk_token") or "")
        return None if found is None else int(found)


def documents(
    shards: Iterable["CertifiedShard"],
    tokenizer: "TokenizerFolder",
    data: "Data",
    template: "Template | None",
    *,
    with_bytes: bool,
) -> Iterator[Encoded | Dropped]:
    """Each document of the shards, in order; `held` is of zeros unless `with_bytes`.

    Raises:
        VerificationError: a shard's bytes are not what was certified.
        TuneRefused: the shards lack a column, or a template does not say what the assistant says.
    """
    encode = Encoder(tokenizer, templated=template is not None)
    for shard in shards:
        frame = read_certified(shard)
        _has_columns(shard, frame, data)
        for start in range(0, len(frame), ENCODE_BATCH):
            rows = frame.slice(start, ENCODE_BATCH).select(COLUMNS[data.format]).iter_rows()
            read = [_read(row, data, template) for row in rows]
            kept = [one for one in read if isinstance(one, _Read)]
            encodings = iter(encode([one.text for one in kept]))
            wordless = iter(encode([one.wordless for one in kept if one.wordless is not None]))
            for one in read:
                if isinstance(one, Dropped):
                    yield one
                    continue
                encoding = next(encodings)
                if encode.spells(encoding, None if one.wordless is None else next(wordless)):
                    yield Dropped(SPELLS_SPECIAL)
                else:
                    yield _encoded(one, encoding, tokenizer, with_bytes=with_bytes)


def _has_columns(shard: "CertifiedShard", frame: "pl.DataFrame", data: "Data") -> None:
    names = COLUMNS[data.format]
    lacking = [name for name in names if name not in frame.columns]
    if lacking:
        fits = [name for name, columns in COLUMNS.items() if all(column in frame.columns for column in columns)]
        remedy = f'; set data.format = "{fits[0]}"' if fits else ""
        raise TuneRefused(
            f"{shard.path}: no column '{lacking[0]}'; columns are: {', '.join(frame.columns)}; "
            f'data.format "{data.format}" learns from {" and ".join(names)}{remedy}'
        )
    for name in names:
        if not _fits(frame.schema[name], name):
            wanted = "a list of role and content" if name == "messages" else "text"
            raise TuneRefused(
                f"{shard.path}: column '{name}' holds {frame.schema[name]}, expected {wanted}; certify it again as that"
            )


def _fits(kind: Any, name: str) -> bool:
    import polars as pl

    if name != "messages":
        return bool(kind == pl.String)
    inner = kind.inner if isinstance(kind, pl.List) else None
    fields = {one.name: one.dtype for one in inner.fields} if isinstance(inner, pl.Struct) else {}
    return fields.get("role") == fields.get("content") == pl.String


def _read(row: tuple[Any, ...], data: "Data", template: "Template | None") -> _Read | Dropped:
    if template is not None:
        return _conversation(row[0], data, template)
    if any(value is None for value in row):
        return Dropped(NOT_TEXT)
    text = "".join(row)
    if data.format == "text" or data.loss == "all":
        return _Read(text, None)
    return _Read(text, ((len(row[0]), len(text)),))


def _conversation(messages: Any, data: "Data", template: "Template") -> _Read | Dropped:
    if not messages or any(one is None or one["role"] is None or one["content"] is None for one in messages):
        return Dropped(NOT_TEXT)
    if any(one["role"] not in ROLES for one in messages):
        return Dropped(UNKNOWN_ROLE)
    turns = [{key: value for key, value in one.items() if value is not None} for one in messages]
    rendered = template.render(turns, all_of_it=data.loss == "all")
    wordless = template.render([{**_wordless(one), "role": one["role"]} for one in turns], all_of_it=True)
    if rendered is None or wordless is None:
        return Dropped(TEMPLATE_REFUSES)
    return _Read(rendered.text, rendered.spans, wordless.text)


def _wordless(value: Any) -> Any:
    """The same value with every text in it replaced by a letter; empty ones stay, since templates ask for them."""
    if isinstance(value, str):
        return "x" if value else value
    if isinstance(value, dict):
        return {key: _wordless(one) for key, one in value.items()}
    return [_wordless(one) for one in value] if isinstance(value, list) else value


def _encoded(read: _Read, encoding: Any, tokenizer: "TokenizerFolder", *, with_bytes: bool) -> Encoded | Dropped:
    import numpy as np

    bare = read.wordless is None  # a template has put begin and end where it wants them
    first = [tokenizer.bos_id] if bare and tokenizer.bos_id is not None else []
    last = [tokenizer.eos_id] if bare and tokenizer.eos_id is not None else []
    ids = np.asarray([*first, *encoding.ids, *last], dtype=np.int32)
    if len(ids) < 2:  # a lone token has nothing before it to be predicted from
        return Dropped(TOO_SHORT)
    learned, straddles = np.ones(len(ids), dtype=np.bool_), 0
    if read.spans is not None:
        inner, straddles = _within(encoding.offsets, read.spans)
        learned[: len(first)] = False
        learned[len(first) : len(ids) - len(last)] = inner
    learned[0] = False
    if not learned[: len(ids) - len(last)].any():
        return Dropped(NOTHING_LEARNED)
    held = np.zeros(len(ids), dtype=np.int64)
    if with_bytes:
        held[len(first) : len(ids) - len(last)] = _bytes(read.text, encoding.offsets)
    return Encoded(ids, learned, held, straddles)


def _added(spec: "Mapping[str, Any]") -> list[dict[str, Any]]:
    return list(spec.get("added_tokens") or [])


def _within(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> tuple["NDArray[np.bool_]", int]:
    """Which tokens hold a character of a span, and how many of them one before it too."""
    import numpy as np

    starts, ends = (np.asarray([offset[side] for offset in offsets], dtype=np.int64) for side in (0, 1))
    inside, straddles = np.zeros(len(offsets), dtype=np.bool_), 0
    for start, end in spans:
        inner = (ends > start) & (starts < end)
        straddles += int((inner & (starts < start)).sum())
        inside |= inner
    return inside, straddles


def _bytes(text: str, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The bytes of `text` that each token adds to those before it: a character in several tokens counts with the first."""
    ends = list(accumulate((len(character.encode()) for character in text), initial=0))
    reached = list(accumulate((ends[end] for _, end in offsets), max, initial=0))
    return [after - before for before, after in pairwise(reached)]
