"""Reads term lists: the two that come with the package, or a file.

A list is UTF-8 text: one term a line, or tab-separated with a header that names the columns, in any order. Only `term`
must be there. `category` groups terms and is free. `variants` holds other spellings of the same term, its abbreviation
and its plural among them, separated by ` | `: each becomes a term of its own. `source` is the kind of text that a reader
finds the term in, one of `SOURCES` or empty. The counts of a mined list may stay: they tell that it was mined, and are not
read. Terms come from lists only, never straight from a corpus: what `vocab mine` lists has passed its screen for personal
data and a person's eyes. A term that cannot be used is kept and said, with the line it stands on, so that no line is lost
in silence.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from vocab.errors import VocabError

OWN = ("finance-en", "finance-ko")
COLUMNS = ("term", "category", "variants", "source")
COUNTS = ("count", "documents", "sources", "tokens_saved", "score")
"""Columns that `vocab mine` adds for the person who edits its list; what they say is not read, but that they are there is."""
SOURCES = {
    "accounting": "accounting and auditing standards, financial statements and their notes",
    "banking": "loan and deposit contracts, the terms of banks and lenders",
    "insurance": "policies, actuarial reports, the supervision of insurers",
    "market": "prospectuses, fund and research reports, the rules of exchanges, market news",
    "payments": "the terms and interfaces of cards, transfers and electronic money",
    "regulation": "acts, the rules of supervisors, Basel standards, risk and compliance reports",
    "statistics": "the publications of central banks and statistical offices",
    "tax": "tax acts, returns and rulings",
    "unit": "amounts: currencies, ISO 4217 codes, measures and counting words",
}
"""The kinds of source, and what each stands for."""
SEPARATOR = " | "
"""Stands between variants."""
NAME = re.compile(r"[\w.+-][\w.+ -]{0,99}")
MAX_CHARACTERS = 100
"""A longer line is a sentence or a mistake, and finding its merges takes time that grows with the square."""
REPEATED = "stands already at"
"""The reason of a line that is usable but for an earlier one."""
CATEGORY = re.compile(r"[^\d@\t]{0,60}")
"""A category names a kind of term; what holds digits or an address is something else."""
HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
"""Unicode categories of characters that are not seen: controls, direction marks, joiners, line separators."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A term or a variant of one, in NFC; a variant has the category, the place and the source of its term.

    `category` and `source` may be empty; `place` is the list and the line; `reason` says why it cannot be used, or is ''.
    `mined`: its list has the counts that `vocab mine` writes.
    """

    term: str
    category: str
    place: str
    reason: str = ""
    source: str = ""
    mined: bool = False


@dataclass(frozen=True, slots=True)
class TermList:
    """A term list: its name, the SHA-256 of its bytes, and its terms in order, each before its variants."""

    name: str
    sha256: str
    entries: tuple[Entry, ...]


def load(name_or_path: str) -> TermList:
    """The term list of that name, or in that file.

    Raises:
        VocabError: no such list, not UTF-8, an unknown column, a line with another number of columns, an empty variant,
            or an unknown source.
    """
    return parse(*named_file(name_or_path, OWN, "terms"))


def named_file(name_or_path: str | Path, own: tuple[str, ...], folder: str) -> tuple[bytes, str, str]:
    """The bytes of a file of the package in `folder`, where the name is one of `own`, or of that file; its name; its place.

    Raises:
        VocabError: it cannot be read, or has a name that no report can show.
    """
    if name_or_path in own:
        return resources.files("vocab").joinpath(folder, f"{name_or_path}.tsv").read_bytes(), str(name_or_path), ""
    path = Path(name_or_path)
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or "cannot be read"
        known = own[0] if len(own) == 1 else f"one of {', '.join(own)}"
        raise VocabError(f"{ascii(str(path))[1:-1]}: {reason}; give a file, or {known}") from None
    if not NAME.fullmatch(path.name):
        raise VocabError(
            f"{ascii(str(path))[1:-1]}: its name goes into cards and reports, expected letters, digits, spaces and . _ - + "
            "only; rename the file"
        )
    return data, path.name, str(path)


def parse(data: bytes, name: str, where: str = "") -> TermList:
    """The term list in `data`, each variant as an entry of its own after its term; errors name `where`."""
    where = where or name
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        bad = data[: error.start].count(b"\n") + 1
        raise VocabError(f"{where}, line {bad}: not UTF-8; save the list as UTF-8") from None
    lines = [line.removesuffix("\r") for line in lines]
    if lines[-1] == "":
        lines.pop()
    if not lines:
        raise VocabError(f"{where}: no terms; write one a line")
    columns: tuple[str, ...] = ("term",)
    first = 0
    if "\t" in lines[0] or lines[0] == "term":
        columns, first = tuple(lines[0].split("\t")), 1
        if "term" not in columns or len(set(columns)) != len(columns) or not set(columns) <= {*COLUMNS, *COUNTS}:
            raise VocabError(
                f"{where}, line 1: columns {', '.join(map(_named, columns))}; expected a header with 'term' and, if you "
                "like, 'category', 'variants' and 'source' (the counts of `vocab mine` may stay), or a file without tabs that "
                "holds one term a line"
            )
    mined = not set(columns).isdisjoint(COUNTS)
    entries = []
    for number, line in enumerate(lines[first:], first + 1):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise VocabError(f"{where}, line {number}: {len(cells)} columns, expected {len(columns)}; check the tabs")
        values = dict(zip(columns, cells, strict=True))
        source = values.get("source", "")
        if source and source not in SOURCES:
            raise VocabError(
                f"{where}, line {number}: source {_named(source)}; expected {', '.join(SOURCES)}, or nothing; correct the cell"
            )
        if not CATEGORY.fullmatch(values.get("category", "")):
            raise VocabError(
                f"{where}, line {number}: the category is over 60 characters or holds a digit or @; expected a few words; "
                "correct the cell"
            )
        for spelling in (values["term"], *_variants(values.get("variants", ""), f"{where}, line {number}")):
            term = unicodedata.normalize("NFC", spelling.strip(" "))
            entries.append(Entry(term, values.get("category", ""), f"{name}:{number}", _unusable(term), source, mined))
    return TermList(name, hashlib.sha256(data).hexdigest(), tuple(entries))


def usable(lists: Iterable[TermList], added: Mapping[str, int]) -> tuple[Entry, ...]:
    """Every entry of `lists`, in order; those that hold an added token or repeat an earlier term say so."""
    seen: dict[str, str] = {}
    result = []
    for entry in (entry for one in lists for entry in one.entries):
        reason = entry.reason
        if not reason and any(token in entry.term for token in added if token):
            reason = "holds a special or added token of the base"
        if not reason and entry.term in seen:
            reason = f"{REPEATED} {seen[entry.term]}"
        if not reason:
            seen[entry.term] = entry.place
        result.append(replace(entry, reason=reason))
    return tuple(result)


def _named(cell: str) -> str:
    """A cell as a sentence may show it: a lower-case word, and nothing that could be a value of somebody."""
    return repr(cell) if re.fullmatch("[a-z_]{0,20}", cell) else "of another kind"


def _variants(cell: str, where: str) -> list[str]:
    """The variants in a cell; an empty cell has none."""
    variants = cell.strip(" ").split(SEPARATOR) if cell.strip(" ") else []
    for number, variant in enumerate(variants, 1):
        if not variant.strip(" ") or SEPARATOR.strip() in variant:
            raise VocabError(
                f"{where}: variant {number} is empty or holds '{SEPARATOR.strip()}'; expected spellings separated by "
                f"'{SEPARATOR}', or nothing; correct the cell"
            )
    return variants


def _unusable(term: str) -> str:
    if not term:
        return "empty"
    if all(unicodedata.category(character).startswith("M") for character in term):
        return "a combining mark alone"
    if unicodedata.category(term[0]).startswith("M"):
        return "begins with a combining mark, which belongs to the character before"
    if any(unicodedata.category(character) in HIDDEN for character in term):
        return "holds a control, hidden, private or unassigned character"
    if len(term) > MAX_CHARACTERS:
        return f"longer than {MAX_CHARACTERS} characters"
    if any(character.isdecimal() for character in term):
        return "holds a digit: a number must not become a token"
    return ""


def terms_of(lists: Iterable[TermList]) -> tuple[str, ...]:
    """The usable terms of `lists`, each once, in order."""
    return tuple(dict.fromkeys(entry.term for one in lists for entry in one.entries if not entry.reason))
