"""Forms, tables, messages and sentences put together from parts, with persons in the places where such texts have them.

`made` draws a template as those of `kinds_*.toml`, which `plant.fill` fills; no two draws are likely to be alike.
"""

import random
import tomllib
from collections.abc import Callable
from functools import cache, partial
from importlib import resources
from typing import Any

Draw = random.Random
SEPARATORS = (": ", ": ", ": ", " : ", ":", "\t", " - ", " = ", ":  ", " | ")
COLUMNS = ("\t", " | ", ", ", ";", "   ", ",")
FORMS_EN = (("", 8), (".rev", 2), (".initial", 1), (".last", 1), (".first", 1))
FORMS_KO = (("", 14), (".spaced", 3), (".line", 2), (".roman", 2))


@cache
def _parts() -> dict[str, dict[str, Any]]:
    return tomllib.loads(resources.files("govern.ner.recipe").joinpath("forms.toml").read_text("utf-8"))


def made(lang: str, rng: Draw) -> str:
    """A template with one to six persons."""
    kinds: tuple[tuple[Callable[[dict[str, Any], str, Draw], str], int], ...] = (
        (_sentences, 6), (_form, 4), (_table, 4), (_message, 3), (_chat, 2), (_record, 2), (_list, 2), (_signature, 1),
        (_statement, 2), (_roster, 1), (_parted_table, 1),
    )  # fmt: skip
    kind = rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
    return kind(_parts()[lang], lang, rng)


def _person(lang: str, rng: Draw, letter: str | None = None, *, forms: bool = True) -> str:
    """A slot for a person, most often by the whole name."""
    letter = letter or rng.choice("abc")
    form = ""
    if forms:
        choices = FORMS_KO if lang == "ko" else FORMS_EN
        form = rng.choices([form for form, _ in choices], [weight for _, weight in choices])[0]
    return "{" + (letter.upper() if lang == "en" and rng.random() < 0.12 else letter) + form + "}"


def _value(parts: dict[str, Any], kind: str, rng: Draw) -> str:
    """A value of a field, or any word in its place."""
    if kind not in parts:
        return "{" + kind + "}"
    return "{word}" if rng.random() < 0.3 else str(rng.choice(parts[kind]))


def _no_person(rng: Draw) -> str:
    """What stands where a person would."""
    return rng.choice(("{org}", "{org}", "{org}", "{place}", "{product}", "{word}"))


def _cased(label: str, rng: Draw) -> str:
    draw = rng.random()
    return label.upper() if draw < 0.12 else label.lower() if draw < 0.22 else label.title() if draw < 0.3 else label


def _form(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    separator, letters = rng.choice(SEPARATORS), iter(rng.sample("abc", 3))
    lines = []
    people = rng.randrange(1, 4)
    for number in rng.sample(range(7), 7)[: rng.randrange(people + 1, 8)]:
        if number < people and rng.random() < 0.12:
            lines.append(_cased(rng.choice(parts["person_labels"]), rng) + separator + "{org}")
        elif number < people:
            lines.append(_cased(rng.choice(parts["person_labels"]), rng) + separator + _person(lang, rng, next(letters)))
        else:
            label, kind = rng.choice(parts["other_fields"])
            lines.append(_cased(label, rng) + separator + _value(parts, kind, rng))
    return rng.choice(("\n", "\n", "\n", " / ", "; ", "\n\n")).join(lines)


def _table(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    """Columns of which one holds persons, or two; three rows, each of another person."""
    separator = rng.choice(COLUMNS)
    columns: list[tuple[str, Callable[[], str]]] = []
    for _ in range(rng.randrange(1, 5)):
        label, kind = rng.choice(parts["other_fields"])
        columns.append((label, partial(_value, parts, kind, rng)))
    form = rng.choice(("", "", "", ".rev", ".initial")) if lang == "en" and separator.strip() != "," else ""
    upper = lang == "en" and rng.random() < 0.2
    place = rng.randrange(len(columns) + 1)
    header = rng.choice(parts["person_labels"])
    rows = []
    if rng.random() < 0.7:
        labels = [label for label, _ in columns]
        labels.insert(place, header)
        rows.append(separator.join(labels))
    letters = iter(rng.sample("abc", 3))
    for letter in letters:
        cells = [value() for _, value in columns]
        cells.insert(place, "{" + (letter.upper() if upper else letter) + form + "}")
        rows.append(separator.join(cells))
        if rng.random() < 0.2:
            break
    if separator == " | " and rng.random() < 0.5:
        rows = [f"| {row} |" for row in rows]
    return "\n".join(rows)


def _statement(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    """Movements of an account: what a bank writes of each, often in capitals, with a person, a company or nobody in it."""
    upper = lang == "en" and rng.random() < 0.6
    gap = rng.choice(("\t", "  ", " | ", "   ", ";", " "))
    lines = []
    for _ in range(rng.randrange(1, 5)):
        other = rng.random() < 0.3
        form = rng.choice(("", "", "", ".initial")) if lang == "en" else ""
        letter = rng.choice("abc")
        who = _no_person(rng) if other else "{" + (letter.upper() if upper else letter) + form + "}"
        moved = rng.choice(parts["moves"])
        told = f" {rng.choice(parts['purposes'])}" if rng.random() < 0.4 else ""
        moved, told = (part.upper() if upper and "{" not in part else part for part in (moved, told))
        lines.append(gap.join([*rng.sample(("{date}", f"{moved} {who}{told}"), 2), "{amount}"]))
    return "\n".join(lines)


def _roster(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    """A grid of shifts or desks whose cells are people, by a part of the name in English."""
    gap = rng.choice(("\t", "    ", " | ", ";", ","))
    form = rng.choice((".first", ".first", ".last", ".initial", "")) if lang == "en" else ""
    lines = [gap.join((rng.choice(parts["grids"]), *parts["days"][: rng.randrange(2, 5)]))] if rng.random() < 0.7 else []
    lines += [
        gap.join((f"{desk} {rng.randrange(1, 5)}", *("{" + rng.choice("abc") + form + "}" for _ in range(3))))
        for desk in rng.sample(parts["desks"], rng.randrange(1, 4))
    ]
    if rng.random() < 0.4:
        lines.append(", ".join("{" + letter + "}" for letter in "abc"))
    return "\n".join(lines)


def _parted_table(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    """Rows with the parts of a name in columns of their own, or, between quotation marks, with a comma."""
    mark = rng.choice((",", ";", "\t", " | "))
    quoted = rng.random() < 0.5
    label, kind = rng.choice(parts["other_fields"])
    first, last = parts["name_parts"][rng.randrange(len(parts["name_parts"]))]
    named = (rng.choice(parts["person_labels"]),) if quoted else (first, last) if lang == "en" else (last, first)
    lines = [mark.join((label, *named))] if rng.random() < 0.8 else []
    for letter in rng.sample("abc", rng.randrange(2, 4)):
        if quoted:
            name = f'"{{{letter}.rev}}"' if lang == "en" else f'"{{{letter}}}"'
        else:
            own = "{" + letter + ".first}", "{" + letter + ".last}"
            name = mark.join(own if lang == "en" else reversed(own))
        lines.append(mark.join((_value(parts, kind, rng), name, "{number}")))
    return "\n".join(lines)


def _record(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    """An object of JSON, or a row of `key=value`."""
    key = "_".join if rng.random() < 0.6 else lambda words: words[0] + "".join(map(str.capitalize, words[1:]))
    pairs = []
    for letter in rng.sample("abc", rng.randrange(1, 3)):
        label = rng.choice(parts["person_labels"]).replace("'s", "").replace(",", "").replace("-", " ")
        pairs.append((key(label.lower().split()), _person(lang, rng, letter, forms=False)))
    for _ in range(rng.randrange(1, 4)):
        label, kind = rng.choice(parts["other_fields"])
        pairs.append((key(label.lower().replace(".", "").replace("-", " ").split()), _value(parts, kind, rng)))
    rng.shuffle(pairs)
    if rng.random() < 0.7:
        gap = rng.choice((", ", ",\n  "))
        return "{{" + gap.join(f'"{name}": "{value}"' for name, value in pairs) + "}}"
    return rng.choice((" ", "; ", "&")).join(f"{name}={value}" for name, value in pairs)


def _sentence(parts: dict[str, Any], lang: str, rng: Draw, letter: str) -> str:
    titled = rng.random() < 0.15
    nobody = not titled and rng.random() < 0.2
    before, after, tail = (rng.choice(parts[part]) for part in ("before", "after", "tails"))
    title = rng.choice(parts["titles"])
    if lang == "ko":
        person = _no_person(rng) if nobody else "{" + letter + "}"
        if titled:
            person = f"{{{letter}.last}}" if title.startswith(" ") and rng.random() < 0.35 else person
            return f"{after}{person}{title}{rng.choice(('이', '은', '께서', '에게'))} {rng.choice(parts['bodies'])}"
        return f"{after}{person}{before}{tail}"
    person = _no_person(rng) if nobody else f"{title} {{{letter}.last}}" if titled else _person(lang, rng, letter)
    tail = f" {tail}" if rng.random() < 0.7 else ""
    if rng.random() < 0.5:
        role = f", {rng.choice(parts['role']).lower()} of {{org}}," if rng.random() < 0.2 else ""
        return f"{person}{role} {before}{tail}."
    return f"{after} {person}{tail}."


def _sentences(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    letters = rng.sample("abc", rng.randrange(1, 3))
    written = [_sentence(parts, lang, rng, letter) for letter in letters]
    if rng.random() < 0.3:
        written.insert(rng.randrange(len(written) + 1), rng.choice(parts["bodies"]))
    return " ".join(written)


def _message(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    lines = [*_headers(parts, lang, rng), ""] if rng.random() < 0.7 else []
    greeting, title = rng.choice(parts["greetings"]), rng.choice(parts["titles"])
    if lang == "ko":
        lines.append(f"{greeting}{{a}}{title},")
    else:
        name = rng.choice(("{a.first}", "{a}", f"{title} {{a.last}}"))
        lines.append(f"{greeting} {name}{rng.choice((',', '', ' -', '!'))}")
    lines += rng.sample(parts["bodies"], rng.randrange(1, 3))
    lines += [rng.choice(parts["closings"]), "{b}" if lang == "ko" else rng.choice(("{b}", "{b.first}", "{B}"))]
    if rng.random() < 0.5:
        lines += [rng.choice(parts["role"]), "{org}", "{place}"][: rng.randrange(1, 4)]
    return "\n".join(lines)


def _headers(parts: dict[str, Any], lang: str, rng: Draw) -> list[str]:
    english = lang == "en" or rng.random() < 0.5
    heads = ("From", "To", "Cc", "Subject") if english else ("보낸 사람", "받는 사람", "참조", "제목")
    lines = []
    for head in rng.sample(heads, rng.randrange(2, 5)):
        if head == heads[-1]:
            lines.append(f"{head}: {rng.choice(parts['subjects'])}")
            continue
        number = rng.randrange(100, 999)
        address = rng.choice((f" <{number}@example.com>", "", " ({org})", f" [mailto:{number}@example.com]"))
        lines.append(f"{head}: {_person(lang, rng)}{address}")
    return lines


def _chat(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    forms = ("{a}", "{b}") if lang == "ko" else rng.choice((("{a}", "{b}"), ("{a.first}", "{b.first}"), ("{a.initial}", "{b}")))
    stamp = rng.choice(("", "[{:02d}:{:02d}] ", "{:02d}:{:02d} "))
    mark = rng.choice((": ", " > ", ": ", " - "))
    lines = []
    for number in range(rng.randrange(2, 5)):
        clock = stamp.format(rng.randrange(24), rng.randrange(60))
        lines.append(clock + forms[number % 2] + mark + rng.choice(parts["lines"]))
    return "\n".join(lines)


def _list(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    people = []
    for letter in rng.sample("abc", rng.randrange(2, 4)):
        mark = f" {rng.choice(parts['marks'])}" if rng.random() < 0.3 else ""
        if rng.random() < 0.2:
            mark = f", {rng.choice(parts['role'])}"
        people.append(_person(lang, rng, letter, forms=lang == "en") + mark)
    joint = rng.choice((", ", "; ", "\n- ", "\n", " / ", " and ", "·" if lang == "ko" else ", "))
    return f"{rng.choice(parts['heads'])}{rng.choice((': ', ' - ', ':' + chr(10)))}{joint.join(people)}"


def _signature(parts: dict[str, Any], lang: str, rng: Draw) -> str:
    if lang == "ko":
        seal = rng.choice(("(인)", "(서명)", "(印)", "서명"))
        return f"{{date}}\n{rng.choice(parts['person_labels'])}  {_person(lang, rng, 'a')} {seal}"
    mark = rng.choice(("/s/ ", "By: ", "Signed: ", "Name: ", "____________\n", "Witness: "))
    return f"{mark}{_person(lang, rng, 'a')}\n{rng.choice(parts['role'])}\n{{org}}\nDate: {{date}}"
