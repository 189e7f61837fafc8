"""A conversation as text, by the tokenizer's chat template, and which part of it the assistant says.

Templates are Jinja, rendered in its sandbox, with what transformers gives them (`messages`, `add_generation_prompt`, the
special tokens, `raise_exception`, `tojson`) but for the date, which would make two runs differ. What the assistant says is what
stands between `{% generation %}` and `{% endgeneration %}`, where a template has them; elsewhere, what its turn adds to the
prompt that the template makes of the turns before.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tune.errors import TuneError, TuneRefused
from tune.folders import read_json

FILE = "chat_template.jinja"
CONFIG = "tokenizer_config.json"
OPENS, CLOSES = "\ue000\uf8ff", "\uf8ff\ue000"
MARKS = {*OPENS}
"""Stand round what the assistant says while a template with `{% generation %}` is rendered; of the private use area."""

CHANCE = ("random",)
"""Filters of Jinja whose outcome is never the same twice."""
TOO_MUCH = (RecursionError, MemoryError)
Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation's text, and where in it the assistant speaks: half-open spans, in code points; None where nobody asked."""

    text: str = field(repr=False)
    spans: tuple[tuple[int, int], ...] | None


class _Generation(Extension):
    """The tags `{% generation %}` and `{% endgeneration %}`."""

    tags = {"generation"}  # noqa: RUF012 (jinja's own way)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        self.environment.assay_marks = True  # type: ignore[attr-defined]
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_marked"), [], [], body).set_lineno(line)

    def _marked(self, caller: Any) -> str:
        return f"{OPENS}{caller()}{CLOSES}"


class Template:
    """A chat template, compiled; `digest` is the SHA-256 of its source.

    Raises:
        TuneError: the source is not Jinja.
    """

    def __init__(self, source: str, where: str, special: Mapping[str, str]) -> None:
        self.digest = "sha256:" + hashlib.sha256(source.encode()).hexdigest()
        self._source, self._where = source, where
        self._special = dict(special)
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise
        for name in CHANCE:
            del environment.filters[name]
        try:
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise TuneError(f"{where}: line {error.lineno}: not a template ({error.message}); correct it") from None
        except (SyntaxError, RecursionError):
            raise TuneError(
                f"{where}: not a template (nested too deep, or a break outside a loop); correct it"
            ) from None
        self._marks = hasattr(environment, "assay_marks")

    def __reduce__(self) -> tuple[Any, ...]:
        """A template goes to another process as its source."""
        return Template, (self._source, self._where, self._special)

    def render(self, messages: Sequence[Message], *, all_of_it: bool = False) -> Rendered | None:
        """The conversation as text; None where the template refuses it, as one that lets no two turns of a role follow.

        Args:
            messages: each with `role` and `content`.
            all_of_it: everything is learned, so no spans are looked for.

        Raises:
            TuneRefused: what the assistant says cannot be told from the rest.
        """
        whole = self._text(messages, ask=False)
        if whole is None:
            return None
        if self._marks:
            if MARKS & set(json.dumps(list(messages), ensure_ascii=False, default=str)):
                return None  # it could move what is learned
            found = _unmarked(whole)
            if MARKS & set(found.text):
                return None  # one mark inside another
            return Rendered(found.text, None) if all_of_it else found
        if all_of_it:
            return Rendered(whole, None)
        spans = []
        for number, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            before = self._text(messages[:number], ask=True)
            after = self._text(messages[: number + 1], ask=False)
            if before is None or after is None:
                return None
            if not (after.startswith(before) and whole.startswith(after)):
                raise TuneRefused(
                    f"{self._where}: a turn changes what the template makes of the turns before it, so what the assistant says "
                    'cannot be told from the rest; mark it with {% generation %}, or learn all with data.loss = "all"'
                )
            spans.append((len(before), len(after)))
        return Rendered(whole, tuple(spans))

    def _text(self, messages: Sequence[Message], *, ask: bool) -> str | None:
        try:
            return self._template.render(
                messages=list(messages), tools=None, documents=None, add_generation_prompt=ask, **self._special
            )
        except (TemplateError, TypeError, ArithmeticError, LookupError, ValueError, AttributeError, *TOO_MUCH):
            return None


def find(folder: Path, chosen: Path | None, special: Mapping[str, str], *, named: str = "data.template") -> Template:
    """The chat template in the file `chosen`, or, where that is None, of the tokenizer in `folder`.

    `named` is what the user calls `chosen`, for a sentence.

    Raises:
        TuneError: the file cannot be read, or there is none.
    """
    path = chosen if chosen is not None else folder / FILE
    if chosen is not None or path.exists():
        try:
            return Template(path.read_bytes().decode(), str(path), special)
        except OSError as error:
            raise TuneError(f"{path}: {error.strerror or 'cannot be read'}; check {named}") from None
        except UnicodeDecodeError:
            raise TuneError(f"{path}: not UTF-8; save it as UTF-8") from None
    found = read_json(folder / CONFIG).get("chat_template") if (folder / CONFIG).exists() else None
    if isinstance(found, list):
        several = {one.get("name"): one.get("template") for one in found if isinstance(one, dict)}
        found = several.get("default")
    if not isinstance(found, str):
        raise TuneError(
            f"{folder}: no chat template ({FILE}, or chat_template in {CONFIG}), which conversations need; "
            f"name a file with one as {named}"
        )
    return Template(found, str(folder / CONFIG), special)


def _unmarked(marked: str) -> Rendered:
    parts, spans, length = [], [], 0
    for number, piece in enumerate(marked.split(OPENS)):
        said, _, rest = piece.partition(CLOSES) if number else ("", "", piece)
        if number:
            spans.append((length, length + len(said)))
        parts += [said, rest]
        length += len(said) + len(rest)
    return Rendered("".join(parts), tuple(spans))


def _raise(message: str) -> None:
    raise TemplateError(message)


def _to_json(
    value: Any, ensure_ascii: bool = False, indent: int | None = None, separators: Any = None, sort_keys: bool = False
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
