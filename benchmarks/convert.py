"""Reading PDF, HTML, DOCX, HWP and HWPX beside a peer for each, in one run on one core: words and time of both.

    python benchmarks/convert.py [FOLDER ...] [--files 40]

Without a folder it makes files of Korean and English text with tables; words there are known, and what each side found of them
is counted. Of a folder, it counts words that one side alone found. Peers: pdfminer.six (PDF), markitdown (HTML), python-docx
(DOCX), extract-hwp (HWP, HWPX); one that is not installed is left out. Ours is timed without the process round it.
Prints a Markdown table.
"""

import argparse
import contextlib
import importlib.util
import io
import logging
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from govern.converters.converted import Unread
from govern.converters.formats import read, sniff

WORD = re.compile(r"\w+")
KINDS = ("pdf", "html", "docx", "hwp", "hwpx")


def ours(path: Path) -> str:
    """The text of a file, empty where it is refused."""
    data = path.read_bytes()
    try:
        return "\n".join(text.text for text in read(data, sniff(data, path.name)).texts)
    except Unread:
        return ""


def pdfminer() -> Callable[[Path], str]:
    """PDF by pdfminer.six."""
    from pdfminer.high_level import extract_text

    return lambda path: str(extract_text(path))


def markitdown() -> Callable[[Path], str]:
    """HTML by markitdown."""
    from markitdown import MarkItDown

    reader = MarkItDown()
    return lambda path: str(reader.convert(path).text_content)


def python_docx() -> Callable[[Path], str]:
    """DOCX by python-docx, as its users write it: paragraphs, then cells."""
    from docx import Document

    def text(path: Path) -> str:
        document = Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])

    return text


def extract_hwp() -> Callable[[Path], str]:
    """HWP and HWPX by extract-hwp."""
    from extract_hwp import extract_text_from_hwp

    return lambda path: extract_text_from_hwp(str(path))[0] or ""


PEERS = {
    "pdf": ("pdfminer.six", pdfminer), "html": ("markitdown", markitdown), "docx": ("python-docx", python_docx),
    "hwp": ("extract-hwp", extract_hwp), "hwpx": ("extract-hwp", extract_hwp),
}  # fmt: skip


def made_files() -> ModuleType:
    """The module of the tests that makes files."""
    where = Path(__file__).parents[1] / "tests" / "govern" / "converters" / "made_files.py"
    spec = importlib.util.spec_from_file_location("made_files", where)
    if spec is None or spec.loader is None:
        sys.exit(f"{where}: not there; run from a checkout")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(folder: Path, files: int) -> None:
    """Files of each kind, of 400 words in paragraphs and 80 in a table."""
    made, draw = made_files(), random.Random(1)
    syllables = "가나다라마바사아자차카타파하금융계약대출이자원화보증"

    def words(count: int) -> str:
        korean = ("".join(draw.choices(syllables, k=draw.randint(2, 4))) for _ in range(count // 2))
        english = (f"term{draw.randrange(10_000)}" for _ in range(count - count // 2))
        return " ".join([*korean, *english])

    for number in range(files):
        lines = [words(10) for _ in range(40)]
        rows = [[words(2) for _ in range(4)] for _ in range(10)]
        flat = ["\t".join(row) for row in rows]
        data = {
            "pdf": made.pdf("\n".join(lines), "\n".join(flat).replace("\t", "  ")),
            "html": ("<html><meta charset=utf-8>" + "".join(f"<p>{line}" for line in lines) + "<table>" + "".join(
                "<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows) + "</table>").encode(),
            "docx": made.docx("".join(map(made.paragraph, lines)) + made.table(
                [list(map(made.paragraph, row)) for row in rows])),
            "hwp": made.hwp(b"".join(made.hwp_paragraph(0, line) for line in lines)
                            + made.hwp_paragraph(0, made.extended(11, "tbl "), made.hwp_table(1, rows))),
            "hwpx": made.hwpx("".join(map(made.hp, lines)) + made.hp_table([list(map(made.hp, row)) for row in rows])),
        }  # fmt: skip
        for kind, content in data.items():
            (folder / f"{number}.{kind}").write_bytes(content)
        (folder / f"{number}.txt").write_text("\n".join([*lines, *flat]), "utf-8")


def timed(reader: Callable[[Path], str], paths: list[Path]) -> tuple[list[Counter[str]], float]:
    """The words of each file, and the processor's seconds for all; a file that the reader fails on has none."""
    found, begin = [], time.process_time()
    for path in paths:
        with contextlib.redirect_stderr(io.StringIO()):
            try:
                found.append(Counter(WORD.findall(reader(path))))
            except Exception:  # noqa: BLE001 - a peer may raise anything; it then found nothing
                found.append(Counter())
    return found, time.process_time() - begin


def beyond(some: list[Counter[str]], others: list[Counter[str]]) -> int:
    """How many words of some files the others have not."""
    return sum((one - other).total() for one, other in zip(some, others, strict=True))


def rows(paths: list[Path], known: bool) -> Iterator[str]:
    """A row of the table for each kind of file."""
    for kind in KINDS:
        of_kind = [path for path in paths if path.suffix == f".{kind}"]
        if not of_kind:
            continue
        here, seconds = timed(ours, of_kind)
        name, peer = PEERS[kind]
        try:
            reader = peer()
        except ModuleNotFoundError:
            continue
        there, peer_seconds = timed(reader, of_kind)
        alone, missed = beyond(here, there), beyond(there, here)
        shares = "–"
        if known:
            truth = [Counter(WORD.findall(path.with_suffix(".txt").read_text("utf-8"))) for path in of_kind]
            total = sum(words.total() for words in truth)
            shares = " / ".join(f"{1 - beyond(truth, found) / total:.3f}" for found in (here, there))
        yield (
            f"| {kind} | {len(of_kind)} | {name} | {shares} | {alone:,} | {missed:,} "
            f"| {1000 * seconds / len(of_kind):.1f} | {1000 * peer_seconds / len(of_kind):.1f} | {peer_seconds / seconds:.1f} |"
        )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--files", type=int, default=40, help="made of each kind")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print("| format | files | peer | known words found: ours / peer | words of ours alone | of the peer alone "
          "| ours, ms a file | peer | ratio |\n|---|---:|---|---|---:|---:|---:|---:|---:|")  # fmt: skip
    with tempfile.TemporaryDirectory() as made:
        if not arguments.folders:
            write(Path(made), arguments.files)
        paths = [path for folder in arguments.folders or [Path(made)] for path in sorted(folder.rglob("*")) if path.is_file()]
        for row in rows(paths, known=not arguments.folders):
            print(row)


if __name__ == "__main__":
    main()
