"""What each format of task file holds, as items: the project's neutral formats, and four sets as they are published.

PhraseBank (Malo et al. 2014): `sentence@label` lines, CSV with a Korean column, or JSON Lines; English and Korean of a row are
two items of one group. FOMC stance (Shah et al. 2023): a sentence and a label, by word or 0 dovish, 1 hawkish, 2 neutral.
SEntFiN (Sinha et al. 2022): a headline and the sentiment towards each entity in it, an item each. TAT-QA (Zhu et al. 2021):
questions on paragraphs and a table; the derivation of a number is not asked for.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tune.compare.answers import Normal, exact, normal
from tune.compare.prompts import Wording, language
from tune.compare.task_files import Entry, Opened, decoded, document, rows
from tune.errors import TuneError

STANCES = {"0": "dovish", "1": "hawkish", "2": "neutral"}
"""The label numbers of the FOMC set."""
SENTIMENTS = {"0": "negative", "1": "neutral", "2": "positive"}
"""The label numbers that PhraseBank has on the hub."""
MOST_OPTIONS = 100


@dataclass(frozen=True, slots=True)
class Item:
    """One question: its prompt, and completions of which `answer` is right, or `accepted` answers.

    `index` counts items and `row` the rows of the file, from 0; items of one `group` are about the same text, and are
    resampled together.
    """

    index: int
    row: int
    group: str = field(repr=False)
    lang: str
    prompt: str = field(repr=False)
    options: tuple[str, ...] = field(default=(), repr=False)
    answer: int = 0
    accepted: tuple[Normal, ...] = field(default=(), repr=False)


class Labelled(NamedTuple):
    """A text with its label, before it has a prompt: `values` go into the prompt."""

    entry: Entry
    label: str
    lang: str
    values: dict[str, str]


def items_of(
    form: str, wording: Wording, opened: Opened, contexts: Opened | None, keys: tuple[str, str]
) -> tuple[Item, ...]:
    """The items of a file.

    Args:
        form: one of the formats of `tune.compare.tasks`.
        wording: prompts and labels.
        opened: the file.
        contexts: the file with the contexts of its questions, where they are in another.
        keys: of the text and of the label, in the format `labels`.

    Raises:
        TuneError: a row is not of the format.
    """
    if form == "options":
        return tuple(_options(opened))
    if form == "answers":
        return tuple(_answers(opened, wording))
    if form == "tatqa":
        return tuple(_tatqa(opened, contexts, wording))
    found = _labels(opened, *keys) if form == "labels" else _LABELLED[form](opened)
    return tuple(_labelled(found, wording))


def _labelled(found: Iterator[Labelled], wording: Wording) -> Iterator[Item]:
    labels = tuple(wording.labels)
    for index, one in enumerate(found):
        if one.label not in labels:
            raise TuneError(
                f"{one.entry.place}: a label that the task does not have, expected one of {', '.join(labels)}; correct it"
            )
        _has_language(one.entry, wording, one.lang)
        yield Item(
            index,
            one.entry.number,
            _group(one.entry),
            one.lang,
            wording.prompt(one.lang, **one.values),
            wording.options(one.lang),
            labels.index(one.label),
        )


def _labels(opened: Opened, text_key: str, label_key: str) -> Iterator[Labelled]:
    for entry in rows(opened):
        text = entry.text(text_key)
        yield Labelled(entry, _label(entry, label_key), language(text, entry.values.get("lang")), {"text": text})


def _phrasebank(opened: Opened) -> Iterator[Labelled]:
    if opened.path.suffix.lower() == ".txt":
        yield from _phrasebank_lines(opened)
        return
    for entry in rows(opened):
        said = _label(entry, "label", "labels", "sentiment").lower()
        label = SENTIMENTS.get(said, said)
        text = entry.maybe("text") or entry.maybe("sentence")
        korean = entry.maybe("text_ko") or entry.maybe("kor_sentence")
        if text is None and korean is None:
            raise TuneError(f"{entry.place}: no key 'text' or 'sentence'; add it, or name another file or format")
        if text is not None:
            stated = entry.values.get("lang") if korean is None else "en"
            yield Labelled(entry, label, language(text, stated), {"text": text})
        if korean is not None:
            yield Labelled(entry, label, "ko", {"text": korean})


def _phrasebank_lines(opened: Opened) -> Iterator[Labelled]:
    whole = decoded(opened.path, opened.data, latin=True).rstrip("\r\n")
    for number, line in enumerate(whole.split("\n") if whole else ()):
        text, _, label = line.rpartition("@")
        entry = Entry(opened.path, number, {})
        if not text.strip():
            raise TuneError(f"{entry.place}: not 'sentence@label'; correct the line, or name another format")
        yield Labelled(entry, label.strip().lower(), language(text), {"text": text.strip()})


def _fomc(opened: Opened) -> Iterator[Labelled]:
    for entry in rows(opened):
        text = _one_of(entry, "text", "sentence")
        label = _label(entry, "label").lower()
        yield Labelled(entry, STANCES.get(label, label), language(text, entry.values.get("lang")), {"text": text})


def _sentfin(opened: Opened) -> Iterator[Labelled]:
    for entry in rows(opened):
        text = _one_of(entry, "text", "Title", "title")
        for name, label in _entities(entry):
            lang = language(text, entry.values.get("lang"))
            yield Labelled(entry, label.strip().lower(), lang, {"text": text, "entity": name})


def _entities(entry: Entry) -> list[tuple[str, str]]:
    """Each entity of a headline with its sentiment, from a list of objects or the published file's JSON in a cell."""
    found = entry.values.get("entities", entry.values.get("Decisions", entry.values.get("decisions")))
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            raise TuneError(f"{entry.place}: its decisions are not JSON; correct the row") from None
    if isinstance(found, dict):
        found = [{"name": name, "sentiment": label} for name, label in found.items()]
    if not isinstance(found, list) or not found:
        raise TuneError(f"{entry.place}: no list 'entities' with one at least; add it, or name another file or format")
    pairs = []
    for one in found:
        inner = Entry(entry.path, entry.number, one if isinstance(one, dict) else {})
        pairs.append((inner.text("name"), inner.text("sentiment")))
    return pairs


_LABELLED: Mapping[str, Callable[[Opened], Iterator[Labelled]]] = {
    "phrasebank": _phrasebank,
    "fomc": _fomc,
    "sentfin": _sentfin,
}


def _options(opened: Opened) -> Iterator[Item]:
    for index, entry in enumerate(rows(opened)):
        prompt, options, answer = entry.text("prompt"), entry.values.get("options"), entry.values.get("answer")
        if not isinstance(options, list) or not 2 <= len(options) <= MOST_OPTIONS:
            raise TuneError(f"{entry.place}: 'options' is not a list of 2 to {MOST_OPTIONS} texts; correct the row")
        inner = [Entry(entry.path, entry.number, {"options": one}).text("options") for one in options]
        if len({*inner}) != len(inner):
            raise TuneError(f"{entry.place}: two options are the same; correct the row")
        if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer < len(inner):
            raise TuneError(f"{entry.place}: 'answer' is not a number of an option, from 0; correct the row")
        lang = language(prompt, entry.values.get("lang"))
        yield Item(index, entry.number, _group(entry), lang, prompt, tuple(inner), answer)


def _answers(opened: Opened, wording: Wording) -> Iterator[Item]:
    for index, entry in enumerate(rows(opened)):
        answers = entry.values.get("answers")
        if not isinstance(answers, list) or not answers:
            raise TuneError(f"{entry.place}: 'answers' is not a list of one text at least; correct the row")
        accepted = tuple(exact(Entry(entry.path, entry.number, {"answers": one}).text("answers")) for one in answers)
        if ("",) in accepted:
            raise TuneError(f"{entry.place}: one of its 'answers' is nothing but full stops; correct the row")
        own = entry.maybe("prompt")
        question = own or entry.text("question")
        lang = language(question, entry.values.get("lang"))
        _has_language(entry, wording, lang)
        context = entry.maybe("context") or ""
        prompt = own or wording.prompt(lang, context=context, question=question).lstrip("\n")
        yield Item(index, entry.number, _group(entry), lang, prompt, accepted=accepted)


def _tatqa(opened: Opened, contexts: Opened | None, wording: Wording) -> Iterator[Item]:
    if opened.path.suffix.lower() == ".json":
        asked = _published(opened)
    else:
        known = None if contexts is None else _contexts(contexts)
        asked = ((entry, _context_of(entry, known)) for entry in rows(opened))
    for index, (entry, context) in enumerate(asked):
        question = entry.text("question")
        lang = language(question, entry.values.get("lang"))
        _has_language(entry, wording, lang)
        yield Item(
            index,
            entry.number,
            _group(entry, "group", "context_id"),
            lang,
            wording.prompt(lang, context=context, question=question),
            accepted=(_gold(entry),),
        )


def _gold(entry: Entry) -> tuple[str, ...]:
    """The normal form of a TAT-QA answer: a list, a number, or either as JSON in a text; with its scale."""
    answer = entry.values.get("answer")
    if isinstance(answer, str):
        try:
            parsed = json.loads(answer)
        except (ValueError, RecursionError):
            parsed = None
        # What is no list is the answer itself: "true" is a word, and "12.50" the number as it was written.
        answer = parsed if isinstance(parsed, (list, str)) else [answer]
    parts = answer if isinstance(answer, list) else [answer]
    scale = entry.values.get("scale") or ""
    if scale not in ("", "thousand", "million", "billion", "percent"):
        raise TuneError(f"{entry.place}: a scale that TAT-QA does not have; correct the row")
    if not parts or not all(isinstance(one, (str, int, float)) and not isinstance(one, bool) for one in parts):
        raise TuneError(f"{entry.place}: 'answer' is neither text, a number nor a list of them; correct the row")
    found = tuple(part for part in normal([str(one) for one in parts if str(one).strip()], scale) if part)
    if not found:
        raise TuneError(f"{entry.place}: 'answer' is empty; correct the row, or leave it out")
    return found


def _published(opened: Opened) -> Iterator[tuple[Entry, str]]:
    """The questions of the published file: a list of contexts, each with its table, paragraphs and questions."""
    contexts = document(opened)
    if not isinstance(contexts, list) or not contexts:
        raise TuneError(f"{opened.path}: not a list of contexts with questions; give a TAT-QA file, or JSON Lines")
    for number, context in enumerate(contexts):
        place = Entry(opened.path, number, context if isinstance(context, dict) else {})
        questions = place.values.get("questions")
        if not isinstance(questions, list):
            raise TuneError(f"{place.place}: no list 'questions'; give a TAT-QA file, or JSON Lines")
        written = _written(place)
        for question in questions:
            yield Entry(opened.path, number, question if isinstance(question, dict) else {}), written


def _contexts(opened: Opened) -> dict[str, str]:
    return {entry.name("id") or entry.text("id"): _written(entry) for entry in rows(opened)}


def _context_of(entry: Entry, known: Mapping[str, str] | None) -> str:
    if known is None:
        if "table" in entry.values or "paragraphs" in entry.values:
            return _written(entry)
        raise TuneError(
            f'{entry.place}: its table stands in another file; write a TOML file with format = "tatqa", file and contexts'
        )
    found = known.get(entry.name("context_id") or entry.text("context_id"))
    if found is None:
        raise TuneError(f"{entry.place}: no context has its 'context_id'; give the file that belongs to it as contexts")
    return found


def _written(entry: Entry) -> str:
    """A context as text: its paragraphs, then the table, a row a line with tabs between cells."""
    paragraphs, table = entry.values.get("paragraphs", []), entry.values.get("table", [])
    if isinstance(table, dict):
        table = table.get("table")
    if isinstance(paragraphs, list) and all(isinstance(one, dict) for one in paragraphs):
        paragraphs = [one.get("text") for one in sorted(paragraphs, key=lambda one: _order(one.get("order")))]
    if not isinstance(paragraphs, list) or not all(isinstance(one, str) for one in paragraphs):
        raise TuneError(f"{entry.place}: 'paragraphs' is not a list of texts; correct the row")
    if not isinstance(table, list) or not all(
        isinstance(line, list) and all(isinstance(cell, str) for cell in line) for line in table
    ):
        raise TuneError(f"{entry.place}: 'table' is not a list of rows of texts; correct the row")
    if not paragraphs and not table:
        raise TuneError(f"{entry.place}: neither paragraphs nor a table; correct the row")
    parts = (
        entry.whole("paragraphs", "\n".join(paragraphs)),
        entry.whole("table", "\n".join("\t".join(line) for line in table)),
    )
    return "\n\n".join(filter(None, parts))


def _order(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _one_of(entry: Entry, *keys: str) -> str:
    return entry.text(next((key for key in keys if key in entry.values), keys[0]))


def _label(entry: Entry, *keys: str) -> str:
    key = next((key for key in keys if key in entry.values), keys[0])
    value = entry.values.get(key)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else entry.text(key).strip()


def _group(entry: Entry, *keys: str) -> str:
    """What the items about one text have in common, by the first key that a row has; else a row is a text of its own."""
    for key in keys or ("group",):
        name = entry.name(key)
        if name is not None:
            return f"{key} {name}"
    return f"row {entry.number}"


def _has_language(entry: Entry, wording: Wording, lang: str) -> None:
    if lang not in wording.prompts:
        raise TuneError(
            f"{entry.place}: its language is '{lang}', and the task has no prompt in it; add prompts.{lang}, or the key 'lang'"
        )
