"""Conversations: a document of several texts, searched and masked as one.

The turns of a dialogue, or a prompt and its completion, are joined to one text, so that a number or a name that is spread over
turns is found; what is found over a joint is replaced in each turn, and the turns come apart where they were joined. Roles stay
as they are, and must be known ones, since a speaker's name is no role.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from govern.errors import InputError

if TYPE_CHECKING:
    import polars as pl

Layout = Literal["text", "messages", "prompt-completion"]
Turns = tuple[tuple[str, int], ...]
"""The role and the characters of each turn, in order; of a plain text none."""

JOINT = "\n"
APART = "\ufdd0"
"""Between role and text where two documents are compared: a code point that no text has."""

COLUMNS: dict[Layout, tuple[str, ...]] = {
    "text": ("text",), "messages": ("messages",), "prompt-completion": ("prompt", "completion"),
}  # fmt: skip
ROLES = {
    **{role: role for role in ("system", "user", "assistant", "tool", "developer", "function")},
    **{role: role for role in ("customer", "agent", "caller", "bot")},
    **{role: role for role in ("고객", "상담원", "상담사", "직원", "챗봇")},
    "human": "user", "gpt": "assistant", "model": "assistant",
}  # fmt: skip
"""Roles that are kept, as they ship."""

_SHARED = {"role": "from", "content": "value"}
"""The keys of a message where it does not have the usual ones."""


def layout_of(values: dict[str, Any], column: str, value: Any) -> Layout:
    """How the documents of a file hold their text, by the first of them; `value` is what stands in the text column."""
    if _dialogue(value) or (
        isinstance(value, str) and column.rpartition(".")[2] == "messages" and _dialogue(_json(value))
    ):
        return "messages"
    if isinstance(value, str) or column != "text":
        return "text"
    if "messages" in values:
        return "messages"
    return "prompt-completion" if {"prompt", "completion"} <= values.keys() else "text"


def _dialogue(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _json(text: str) -> Any:
    from govern.readers.row import parsed

    return parsed(text)


def messages(value: Any, place: str) -> tuple[tuple[str, str], ...]:
    """The role and text of each message, checked.

    Raises:
        InputError: no list of messages, a role that is not known, or a message that is no text.
    """
    found = _json(value) if isinstance(value, str) else value
    if not _dialogue(found):
        raise InputError(
            f"{place}: no list of messages with role and content; convert it, or name the text with --text-column"
        )
    return tuple(_message(each, f"{place}, message {number}") for number, each in enumerate(found, 1))


def beside(values: dict[str, Any], column: str) -> Iterator[str]:
    """The names of what messages hold beside role and content, which ships in no column."""
    from govern.readers import ABSENT, value_at

    found = value_at(values, column)
    found = values.get("messages") if found is ABSENT else found
    found = _json(found) if isinstance(found, str) else found
    if not _dialogue(found):
        return
    for message in found:
        for key, value in message.items():
            if value is not None and key not in _SHARED and key not in _SHARED.values():
                yield f"messages.{key}"


def _message(message: dict[str, Any], place: str) -> tuple[str, str]:
    if any(message.get(key) is not None and message.get(other) is not None for key, other in _SHARED.items()):
        raise InputError(f"{place}: has both {' and '.join(_SHARED)} and {' and '.join(_SHARED.values())}; leave one pair")
    role, content = (message.get(key, message.get(other)) for key, other in _SHARED.items())
    if not isinstance(role, str) or role not in ROLES:
        raise InputError(
            f"{place}: its role is not one that is known, and may be a name; write one of {', '.join(sorted(ROLES))}"
        )
    if isinstance(content, list) and all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        content = "\n".join(str(part.get("text", "")) for part in content)
    if not isinstance(content, str):
        raise InputError(f"{place}: its content is {type(content).__name__}, expected text; convert it")
    return ROLES[role], content


def joined(turns: Iterable[tuple[str, str]]) -> tuple[str, Turns]:
    """The turns as one text, and the role and length of each."""
    every = tuple(turns)
    return JOINT.join(text for _, text in every), tuple((role, len(text)) for role, text in every)


def parted(text: str, turns: Turns) -> list[tuple[str, str]]:
    """The role and text of each turn of a joined text."""
    made, place = [], 0
    for role, length in turns:
        made.append((role, text[place : place + length]))
        place += length + len(JOINT)
    return made


def spelled(text: str, turns: Turns) -> str:
    """A text under which two documents are the same one: with its roles, where it has turns."""
    return text if not turns else JOINT.join(f"{role}{APART}{turn}" for role, turn in parted(text, turns))


def joints(turns: Turns) -> tuple[int, ...]:
    """Where the turns of a joined text meet: the places of the joints."""
    places, place = [], -len(JOINT)
    for _, length in turns[:-1]:
        place += length + len(JOINT)
        places.append(place)
    return tuple(places)


def layout_in(names: Iterable[str]) -> Layout:
    """The layout of a published file of these columns."""
    held = set(names)
    return "text" if "text" in held else "messages" if "messages" in held else "prompt-completion"


def columns(layout: Layout, texts: Sequence[str], turns: Sequence[Turns]) -> "dict[str, pl.Series]":
    """The columns that hold the text of documents, as they ship."""
    import polars as pl

    if layout == "text":
        return {"text": pl.Series(texts, dtype=pl.String)}
    pieces = [parted(text, its) for text, its in zip(texts, turns, strict=True)]
    if layout == "messages":
        kind = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
        rows = [[{"role": role, "content": content} for role, content in turn] for turn in pieces]
        return {"messages": pl.Series(rows, dtype=kind)}
    return {
        name: pl.Series([turn[number][1] for turn in pieces], dtype=pl.String)
        for number, name in enumerate(COLUMNS["prompt-completion"])
    }


def whole(frame: "pl.DataFrame") -> "pl.DataFrame":
    """A published frame with the joined text in the column `text`, and as `spelled` has it, whatever its layout."""
    import polars as pl

    if "text" in frame.columns:
        return frame.with_columns(spelled="text")
    if "messages" in frame.columns:
        said = pl.element().struct.field("content")
        named = pl.concat_str(pl.element().struct.field("role"), said, separator=APART)
        each = pl.col("messages").list
        return frame.with_columns(text=each.eval(said).list.join(JOINT), spelled=each.eval(named).list.join(JOINT))
    turns = COLUMNS["prompt-completion"]
    named = pl.concat_str([pl.format(f"{name}{APART}{{}}", pl.col(name)) for name in turns], separator=JOINT)
    return frame.with_columns(text=pl.concat_str(turns, separator=JOINT), spelled=named)
