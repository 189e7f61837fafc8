"""Reading raw inputs: every document once, every problem named by file and line, and certified shards by their digest."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.corpus import CertifiedShard, documents, read, read_certified
from govern.errors import InputError, VerificationError
from govern.files import sha256_file


def write(path: Path, lines: list[object]) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def test_documents_come_back_in_order_with_ids_and_metadata(tmp_path: Path) -> None:
    """Text, id, source file and the other columns survive reading."""
    path = write(tmp_path / "a.jsonl", [{"id": "x", "text": "하나", "branch": "서울"}, {"id": 7, "text": "two"}])
    corpus = read([path])
    found = [document for shard in corpus.shards for document in documents(shard, "text", corpus.id_column)]
    assert [(d.id, d.fields, d.metadata) for d in found] == [
        ("x", (("text", "하나"),), (("branch", "서울"),)),
        ("7", (("text", "two"),), ()),
    ]
    assert corpus.files[0].columns == ("id", "text", "branch")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=20),
    st.integers(1, 90),
)
def test_any_cut_into_shards_reads_the_same_documents(tmp_path_factory, texts: list[str], limit: int) -> None:
    """Shards hold consecutive documents, each once, whatever the limit and the file kinds."""
    folder = tmp_path_factory.mktemp("cut")
    write(folder / "a.jsonl", [{"text": text} for text in texts])
    pl.DataFrame({"text": texts}).write_parquet(folder / "b.parquet")
    corpus = read([folder], shard_bytes=limit)
    again = [d.fields[0][1] for shard in corpus.shards for d in documents(shard, "text", corpus.id_column)]
    assert again == texts + texts
    assert corpus.documents == 2 * len(texts)
    assert sum(shard.text_bytes for shard in corpus.shards) == 2 * sum(len(text.encode()) for text in texts)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"text": "a"}\n{"text": \n', "line 2: not valid JSON"),
        (b'{"text": "a"}\n{"text": "\xff"}\n', "line 2: byte 11 is not UTF-8"),
        (b'{"text": "a"}\n\n', "line 2: empty line"),
        (b'{"text": "a"}\n[1]\n', "line 2: a JSON list, not an object"),
        (b'{"body": "a", "kind": "b"}\n', "line 1: no column 'text'; columns are: body, kind"),
        (b'{"text": null}\n', "line 1: column 'text' is null"),
        (b'{"text": 3}\n', "line 1: column 'text' holds int"),
        (b'{"text": "\\ud800"}\n', "line 1: column 'text' holds a lone surrogate"),
        (b'{"id": "1", "text": "a"}\n{"id": "1", "text": "b"}\n', "line 2: the same id as"),
        (b'{"id": "1", "text": "a"}\n{"text": "b"}\n', "line 2: column 'id' holds no id"),
        (b'{"text": "a"}\n{"id": "1", "text": "b"}\n', "line 2: has a column 'id', which earlier documents lack"),
        (b'{"text": "a", "text": "b"}\n', "line 1: not valid JSON (a key stands twice"),
        (b"", "no documents"),
    ],
)
def test_a_bad_line_is_named_with_file_and_line(tmp_path: Path, content: bytes, says: str) -> None:
    """Each unreadable input is one sentence that says where and what, without the text."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read([path])
    assert "bad.jsonl" in str(caught.value)
    assert says in str(caught.value)


def test_a_truncated_parquet_is_named(tmp_path: Path) -> None:
    """A Parquet file cut short is refused by its path."""
    path = tmp_path / "cut.parquet"
    pl.DataFrame({"text": ["abc"] * 100}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"cut\.parquet: not a readable Parquet"):
        read([path])


def test_a_missing_path_and_an_unknown_kind_are_named(tmp_path: Path) -> None:
    """A path that is not there, a folder without inputs and a foreign suffix each get their sentence."""
    with pytest.raises(InputError, match="no such file or folder"):
        read([tmp_path / "absent.jsonl"])
    with pytest.raises(InputError, match=r"no file in this folder has an ending that is read"):
        read([tmp_path])
    other = tmp_path / "a.pdf"
    other.write_text("x")
    with pytest.raises(InputError, match="its ending says no format that is read"):
        read([other])


def test_two_inputs_with_one_name_are_refused(tmp_path: Path) -> None:
    """File names identify documents, so they must differ."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "x.jsonl", [{"text": "t"}])
    with pytest.raises(InputError, match="two inputs have this file name"):
        read([tmp_path / "a", tmp_path / "b"])


def test_a_certified_shard_is_parsed_from_the_bytes_that_were_hashed(tmp_path: Path) -> None:
    """A changed or missing shard, or another number of rows, is refused."""
    path = tmp_path / "part-00000.parquet"
    pl.DataFrame({"id": ["1"], "text": ["a"]}).write_parquet(path)
    good = CertifiedShard(path, sha256_file(path), 1)
    assert read_certified(good)["text"].to_list() == ["a"]
    with pytest.raises(VerificationError, match="holds 1 documents, the certificate says 2"):
        read_certified(CertifiedShard(path, good.sha256, 2))
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(VerificationError, match="does not match"):
        read_certified(good)
    path.unlink()
    with pytest.raises(VerificationError, match="restore the file"):
        read_certified(good)


def test_a_document_never_shows_its_text_or_id_in_its_repr(tmp_path: Path) -> None:
    """Logs that print a document print no personal data."""
    corpus = read([write(tmp_path / "a.jsonl", [{"id": "900101-1234568", "text": "홍길동"}])])
    document = next(documents(corpus.shards[0], "text", "id"))
    assert "홍길동" not in repr(document)
    assert "900101" not in repr(document)


def test_a_byte_order_mark_and_carriage_returns_are_read(tmp_path: Path) -> None:
    """Exports with a mark before the first line, CRLF and no last line end give the same documents."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "one"}\r\n{"text": "two"}')
    corpus = read([path], shard_bytes=1)
    assert [d.fields[0][1] for shard in corpus.shards for d in documents(shard, "text", None)] == ["one", "two"]


def test_kept_values_become_text(tmp_path: Path) -> None:
    """Dates, decimals, numbers and lists have one form as text; bytes have none, and say so."""
    path = tmp_path / "a.parquet"
    row = {
        "day": [date(2020, 1, 31)],
        "amount": [Decimal("1.50")],
        "big": [2**62],
        "tags": [["a", "b"]],
        "none": [None],
    }
    pl.DataFrame({"text": ["t"], **row}).write_parquet(path)
    corpus = read([path], kept=tuple(row))
    (document,) = documents(corpus.shards[0], "text", None, corpus.kept)
    assert dict(document.fields[1:]) == {"day": "2020-01-31", "amount": "1.50", "big": str(2**62), "tags": '["a", "b"]'}
    pl.DataFrame({"text": ["t"], "raw": [b"\xff"]}).write_parquet(path)
    with pytest.raises(InputError, match="row 1: column 'raw' holds bytes"):
        read([path], kept=("raw",))
    with pytest.raises(InputError, match="column 'absent': named by the policy, but no document has it"):
        read([path], kept=("absent",))
