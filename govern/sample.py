"""Writes a synthetic bilingual corpus with planted, labelled personal data: the same documents and seed, the same bytes.

Half of the documents are English, half Korean; each has one of seven kinds (call notes, chats, research notes; complaint
letters, loan files, filings; account statements), between 200 and 4,000 characters, and at least two planted values.
Every entity type stands at least once in any 200 documents. Financial values that are not personal data (ISIN, CUSIP,
LEI, FIGI, amounts, dates, fiscal periods, statutes, case and accession numbers) stand beside them and carry no label. A
few percent carry dirt: exact duplicates, mojibake, control and zero-width characters, remnants of HTML, always outside
the labels.

Each document depends on the seed and its own number only. Templates and lists are in `samples/*.toml`.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from govern.draw import Draw
from govern.errors import InputError
from govern.samples import dirt
from govern.samples.pages import Label, Text, compose, entity_types

LANGUAGES = ("en", "ko")
KINDS = ("call_note", "complaint", "statement", "chat", "loan_file", "research", "filing")
FILES = {
    "call_note": "note", "chat": "note", "research": "note", "complaint": "letter", "loan_file": "letter",
    "filing": "letter", "statement": "statement",
}  # fmt: skip
NAMES = {"note": "notes.jsonl", "letter": "letters.jsonl", "statement": "statements.parquet"}
COLUMNS = ("id", "text", "lang", "kind", "branch")
WRITTEN = frozenset({*NAMES.values(), "README.md", "labels"})

ROW_GROUP = 4096
"""Rows in a Parquet row group; given, because the bytes depend on the number of threads where it is not."""

LONGEST = 4000
"""Characters of a document at most, dirt included."""

DIRTY_PERCENT = 5.0
"""Documents that get dirt, each one kind of it; duplicates come on top."""

DUPLICATE_PERCENT = 60.0
"""Documents turned into duplicates, of those whose turn it is to carry a PERSON (one in 30 or 33): two in a hundred."""


@dataclass(frozen=True, slots=True)
class SampleDocument:
    """One document of the sample, with its labels in order."""

    id: str
    text: str = field(repr=False)
    lang: str
    kind: str
    branch: str
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was written: documents, characters, labels by entity type, documents with dirt by kind of it."""

    documents: int
    characters: int
    labels: tuple[tuple[str, int], ...]
    dirt: tuple[tuple[str, int], ...]
    files: tuple[str, ...]


def write(documents: int, seed: int, out: Path) -> SampleSummary:
    """Writes `documents` documents into the new folder `out`, and says what it holds.

    `notes.jsonl`, `letters.jsonl` and `statements.parquet` have the columns id, text, lang, kind, branch;
    `labels/labels.jsonl` holds id, field, start, end, entity_type of every planted value; `README.md` tells the rest.

    Raises:
        InputError: `documents` is less than 1, or `out` exists and is not an empty folder.
    """
    if documents < 1:
        raise InputError(f"--documents: {documents}, expected at least 1; ask for more")
    partial = _prepare(out)
    summary = _write_files(documents, seed, partial)
    (partial / "README.md").write_text(_readme(seed, summary), "utf-8", newline="\n")
    partial.rename(out)
    return summary


def generate(documents: int, seed: int) -> Iterator[tuple[SampleDocument, str]]:
    """Each document and its dirt (empty where it is clean), in order."""
    counts = dict.fromkeys(NAMES, 0)
    for number in range(documents):
        lang, kind, _ = _plan(number)
        prefix = FILES[kind]
        counts[prefix] += 1
        page, sort = _document(seed, number)
        identity = f"{prefix}-{counts[prefix]:06d}"
        yield SampleDocument(identity, page.text, lang, kind, page.branch, page.labels), sort


def _prepare(out: Path) -> Path:
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise InputError(f"{out}: exists and is not an empty folder; name a new one with --out")
    partial = out.with_name(out.name + ".partial")
    if partial.is_symlink() or (partial.exists() and not partial.is_dir()):
        raise InputError(f"{partial}: is in the way and not a folder; remove it")
    if partial.is_dir():
        strange = sorted(path.name for path in partial.iterdir() if path.name not in WRITTEN)
        if strange:
            raise InputError(f"{partial}: holds '{strange[0]}', which an earlier sample did not write; move it away")
        shutil.rmtree(partial)
    try:
        (partial / "labels").mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{out}: {error.strerror}; name a folder that can be written") from None
    return partial


def _write_files(documents: int, seed: int, folder: Path) -> SampleSummary:
    import polars as pl

    statements: dict[str, list[str]] = {column: [] for column in COLUMNS}
    found: dict[str, int] = {}
    dirty: dict[str, int] = {}
    characters = 0
    with (
        (folder / NAMES["note"]).open("w", encoding="utf-8", newline="\n") as notes,
        (folder / NAMES["letter"]).open("w", encoding="utf-8", newline="\n") as letters,
        (folder / "labels" / "labels.jsonl").open("w", encoding="utf-8", newline="\n") as labels,
    ):
        streams = {"note": notes, "letter": letters}
        for document, sort in generate(documents, seed):
            row = {column: getattr(document, column) for column in COLUMNS}
            stream = streams.get(FILES[document.kind])
            if stream is None:
                for column, value in row.items():
                    statements[column].append(value)
            else:
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            for label in document.labels:
                found[label.entity_type] = found.get(label.entity_type, 0) + 1
                labels.write(
                    f'{{"id": "{document.id}", "field": "text", "start": {label.start}, "end": {label.end}, '
                    f'"entity_type": "{label.entity_type}"}}\n'
                )
            characters += len(document.text)
            if sort:
                dirty[sort] = dirty.get(sort, 0) + 1
    if statements["id"]:
        frame = pl.DataFrame(statements, schema=dict.fromkeys(COLUMNS, pl.String))
        frame.write_parquet(folder / NAMES["statement"], compression="zstd", row_group_size=ROW_GROUP)
    for name in (NAMES["note"], NAMES["letter"]):
        if (folder / name).stat().st_size == 0:
            (folder / name).unlink()  # an empty file would not read as a corpus
    files = tuple(name for name in NAMES.values() if (folder / name).exists())
    return SampleSummary(documents, characters, tuple(sorted(found.items())), tuple(sorted(dirty.items())), files)


def _plan(number: int) -> tuple[str, str, str]:
    """Language, kind and the entity type whose turn it is, so that each type meets each kind."""
    lang, turn = LANGUAGES[number % 2], number // 2
    types = entity_types(lang)
    return lang, KINDS[turn % len(KINDS)], types[(turn + turn // len(types)) % len(types)]


def _document(seed: int, number: int) -> tuple[Text, str]:
    """A document's text and the kind of its dirt, from the seed and its number alone."""
    draw = Draw(f"assay-sample/1/{seed}/{number}/dirt")
    lang, kind, featured = _plan(number)
    earlier = number - 2 * len(KINDS)  # the last one of the same language and kind
    if featured == "PERSON" and earlier >= 0 and draw.chance(DUPLICATE_PERCENT):
        return _document(seed, earlier)[0], "duplicate"
    page = compose(Draw(f"assay-sample/1/{seed}/{number}"), lang, kind, featured)
    if draw.chance(DIRTY_PERCENT):
        sort = draw.pick(dirt.KINDS)
        soiled = dirt.soil(draw, lang, sort, page.text, page.labels)
        if soiled is not None and len(soiled[0]) <= LONGEST:
            return Text(*soiled, page.branch), sort
    return page, ""


def _readme(seed: int, summary: SampleSummary) -> str:
    counts = "\n".join(f"| {name} | {count} |" for name, count in summary.labels)
    soiled = ", ".join(f"{name} {count}" for name, count in summary.dirt) or "none"
    return f"""# A synthetic financial corpus with planted personal data

Every word is made up: `govern sample --documents {summary.documents} --seed {seed}` wrote it from templates, and writes the
same bytes again. No person, account or company in it exists; a name or number that matches a real one does so by chance.

- {", ".join(f"`{name}`" for name in summary.files)}: {", ".join(COLUMNS)}; half English, half Korean.
- `labels/labels.jsonl`: where each planted value stands: id, field, start, end (code points, half open), entity_type. Offsets
  are those of the text as it stands here, dirt included. The labels are complete for what was planted.
- Values have valid check digits where such numbers have them, and come from ranges reserved for examples or never issued
  where there are such ranges. Some have other dashes, blanks or full-width digits, as people type them.
- ISIN, CUSIP, LEI, SEDOL, FIGI, tickers, amounts, dates, fiscal periods, statutes, case and accession numbers are not
  personal data and carry no label. A corporate registration number (KR_CRN) is a company's, and carries one.
- Documents with dirt, never inside a label: {soiled}.

| entity type | planted |
| --- | ---: |
{counts}

Licence: CC0-1.0 (public domain).
"""
