"""Formats, packings and encodings: the same documents come out of each, from any position, and what is broken is a sentence."""

import csv
import gzip
import io
import json

import polars as pl
import pytest
import zstandard

from govern import corpus
from govern.errors import InputError
from govern.readers import Input, Reading, input_files, rows, streams

TEXTS = ["예금 계좌를 개설하였다.", 'He said "no", then\nleft; twice.', "이율 3.5%|가산\t없음", "", "끝 ―"]
ROWS = [{"id": f"d{number}", "text": text} for number, text in enumerate(TEXTS)]
ENCODINGS = ["utf-8", "cp949", "utf-16", "utf-16-le", "utf-16-be"]


def _jsonl(encoding):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode(encoding)


def _csv(encoding, delimiter=","):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["id", "text"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return stream.getvalue().encode(encoding)


def _written(folder, name, data):
    path = folder / name
    packed = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}.get(path.suffix, bytes)
    path.write_bytes(packed(data))
    return path


def _read(paths, encoding="utf-8", shard_bytes=corpus.SHARD_BYTES, **reading):
    chosen = Reading(encoding=encoding, **reading)
    found = corpus.read(paths, shard_bytes=shard_bytes, reading=lambda _: chosen)
    return [
        document
        for shard in found.shards
        for document in corpus.documents(shard, found.text_column, found.id_column, found.kept, found.layout)
    ]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", ["jsonl", "csv", "tsv"])
def test_the_same_documents_in_every_format(tmp_path, kind, packing, encoding):
    """Whole, and cut into shards of one document each, so that every position in the file is begun at."""
    data = _jsonl(encoding) if kind == "jsonl" else _csv(encoding, "\t" if kind == "tsv" else ",")
    path = _written(tmp_path, f"raw.{kind}{packing}", data)
    for shard_bytes in (corpus.SHARD_BYTES, 1):
        found = _read([path], encoding, shard_bytes)
        assert [document.id for document in found] == [row["id"] for row in ROWS]
        assert [dict(document.fields)["text"].replace("\r\n", "\n") for document in found] == TEXTS


def test_a_mark_of_byte_order_is_no_text(tmp_path):
    """Of UTF-8 and of UTF-16, where nothing is declared and where it is; a declaration against it is refused."""
    for encoding, mark in (("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        path = _written(tmp_path, f"{encoding}.csv", mark + _csv(encoding))
        assert [document.id for document in _read([path])] == [row["id"] for row in ROWS]
    with pytest.raises(InputError, match=r"begins with the mark of UTF-16-LE, and is declared CP949"):
        _read([tmp_path / "utf-16-le.csv"], "cp949")
    with pytest.raises(InputError, match=r"no mark of its byte order at the start; say utf-16-le"):
        _read([_written(tmp_path, "bare.csv", _csv("utf-16-le"))], "utf-16")


def test_an_encoding_is_proposed_and_never_guessed(tmp_path):
    """A file of CP949 where UTF-8 is read is refused, and the sentence says what to say."""
    path = _written(tmp_path, "export.csv", _csv("cp949"))
    with pytest.raises(InputError, match=r"export\.csv.*is not UTF-8, and the file reads as CP949; say --encoding cp949"):
        _read([path])
    broken = _written(tmp_path, "broken.csv", _csv("cp949").replace("끝".encode("cp949"), b"\xff\xff"))
    with pytest.raises(InputError, match=r"is not CP949, and no other known encoding fits"):
        _read([broken], "cp949")


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.dat"])
def test_utf_16_without_its_mark_and_utf_32_are_no_utf_8(tmp_path, name):
    """English in UTF-16 is valid UTF-8 with a zero after each letter; a single zero is what a host fills with."""
    reading = {"format": "fixed", "fields": ({"name": "text", "start": 1, "length": 80},)} if name == "a.dat" else {}
    text = "text\nCall me about the loan.\n"
    for encoding in ("utf-16-le", "utf-16-be"):
        with pytest.raises(InputError, match=rf"reads as UTF-16 with no mark of its byte order; say --encoding {encoding}"):
            _read([_written(tmp_path, name, text.encode(encoding))], **reading)
    with pytest.raises(InputError, match=r"begins with the mark of UTF-32, which is not read; export it as UTF-8"):
        _read([_written(tmp_path, name, text.encode("utf-32"))], **reading)
    for filled in ("\0", "\0" * 40):
        found = _read([_written(tmp_path, name, f"text\nCall{filled} me about the loan.\n".encode())], **reading)
        assert f"Call{filled} me" in dict(found[-1].fields)["text"]


def test_separators_and_headings(tmp_path):
    """A semicolon, a bar or a tab is known by the heading; a file with no heading has its names from the policy."""
    for delimiter in ";|\t":
        path = _written(tmp_path, "x.csv", _csv("utf-8", delimiter))
        assert [document.id for document in _read([path])] == [row["id"] for row in ROWS]
    bare = _written(tmp_path, "bare.csv", _csv("utf-8").partition(b"\r\n")[2])
    assert [document.id for document in _read([bare], header=("id", "text"))] == [row["id"] for row in ROWS]
    plain = _written(tmp_path, "plain.csv", b"id,text\na,5\" pipe\nb,it's\n\n\n")
    assert [dict(document.fields)["text"] for document in _read([plain])] == ['5" pipe', "it's"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'id,text\na,"x\nb,y\n', r"from byte 9: no readable record \(unexpected end of data\)"),
        (b"id,text\na,b,c\n", r"row 1: 3 cells under 2 columns"),
        (b"id,text\na,b\n\nc,d\n", r"row 2: an empty line before it"),
        (b"id,text\n" + b"\n" * 200, r"row 1: an empty line before it"),
        (b"id,id\na,b\n", r"two columns of its heading have one name"),
        (b'id,text\na,"b"c\n', r"no readable record \(a quotation mark within a value\)"),
        (b",".join(b"c%d" % number for number in range(5000)) + b"\n", r"5,000 columns, at most 4,096 are read"),
        (b"id,text\ra,b\rc,d\r", r"a carriage return with no line feed after it\); end its lines with a line feed"),
        (b"id,text\r\na,b\rc\r\n", r"a carriage return with no line feed after it\); end its lines with a line feed"),
    ],
    ids=["open quotation", "cells", "empty line", "empty lines", "one name twice", "quotation within", "columns", "old Mac",
         "carriage return"],
)
def test_a_csv_that_cannot_be_trusted_is_refused(tmp_path, data, says):
    """No row is skipped or moved into other columns."""
    with pytest.raises(InputError, match=says):
        _read([_written(tmp_path, "x.csv", data)])


def test_fixed_width_counts_bytes(tmp_path):
    """As hosts write: two bytes a Korean letter; a field cut within one is an error and no replacement character."""
    records = [("홍1", "예금 해지"), ("B2", "loan"), ("가나", "")]
    data = b"".join(f"{a}".encode("cp949").ljust(4) + b.encode("cp949").ljust(12) + b"\r\n" for a, b in records)
    path = _written(tmp_path, "host.dat", data)
    fields = ({"name": "id", "start": 1, "length": 4}, {"name": "text", "start": 5, "length": 12})
    found = _read([path], "cp949", format="fixed", fields=fields)
    assert [(document.id, dict(document.fields)["text"]) for document in found] == records
    cut = ({"name": "id", "start": 1, "length": 1}, {"name": "text", "start": 5, "length": 12})
    with pytest.raises(InputError, match=r"row 1, field 'id': byte 1 is not CP949"):
        _read([path], "cp949", format="fixed", fields=cut)
    far = ({"name": "id", "start": 1, "length": 4}, {"name": "text", "start": 40, "length": 2})
    with pytest.raises(InputError, match=r"row 1: 16 bytes, and a field begins at byte 40"):
        _read([path], "cp949", format="fixed", fields=far)
    short = ({"name": "id", "start": 1, "length": 4}, {"name": "text", "start": 5, "length": 4})
    with pytest.raises(InputError, match=r"row 1: bytes 9 to 16 are not blank and belong to no field; name them"):
        _read([path], "cp949", format="fixed", fields=short)
    between = ({"name": "text", "start": 5, "length": 12},)
    with pytest.raises(InputError, match=r"row 1: bytes 1 to 4 are not blank and belong to no field; name them"):
        _read([path], "cp949", format="fixed", fields=between)


def test_a_text_file_is_a_document(tmp_path):
    """Known by its name; a pattern reaches subfolders, and tells files of one name apart by the path below its fixed part."""
    for name in ("a/one.txt", "b/one.txt", "b/deep/two.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"텍스트 {name}\r\n끝", "utf-8", newline="")
    found = _read([tmp_path / "**" / "*.txt"])
    assert [(document.id, dict(document.fields)["text"]) for document in found] == [
        (f"{name}:0", f"텍스트 {name}\n끝") for name in ("a/one.txt", "b/deep/two.txt", "b/one.txt")
    ]
    assert [file.name for file in input_files((tmp_path / "b",))] == ["one.txt"]
    with pytest.raises(InputError, match=r"\*\.csv: no file matches this pattern"):
        input_files((tmp_path / "*.csv",))


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_a_packed_file_that_ends_early_is_refused(tmp_path, packing):
    """At every eighth of its length: never fewer documents, always a sentence."""
    data = "".join(json.dumps({"text": f"row {number} {number**7}"}) + "\n" for number in range(4000)).encode()
    path = _written(tmp_path, f"x.jsonl{packing}", data)
    whole = path.read_bytes()
    for eighth in range(1, 8):
        path.write_bytes(whole[: len(whole) * eighth // 8])
        with pytest.raises(InputError, match="damaged or truncated"):
            list(rows(Input(path, path.name)))
    path.write_bytes(b"no packed file at all")
    with pytest.raises(InputError, match="damaged or truncated"):
        list(rows(Input(path, path.name)))


def test_packed_members_one_after_the_other_are_one_file(tmp_path):
    """As `cat a.gz b.gz` and parallel packers make them."""
    pack = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}
    for packing, packed in pack.items():
        path = tmp_path / f"x.jsonl{packing}"
        path.write_bytes(b"".join(packed(json.dumps(row).encode() + b"\n") for row in ROWS))
        assert [row.values["id"] for row in rows(Input(path, path.name))] == [row["id"] for row in ROWS]


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    """Also one that a few packed bytes unpack to."""
    monkeypatch.setattr(streams, "LINE_BYTES", 1_000_000)
    for packing in ("", ".gz", ".zst"):
        path = _written(tmp_path, f"x.jsonl{packing}", b'{"text": "' + b"x" * 1_500_000 + b'"}\n')
        with pytest.raises(InputError, match="split the document"):
            list(rows(Input(path, path.name)))


def test_nested_columns_and_json_in_a_string(tmp_path):
    """`outer.inner`, also where the object is written as JSON in a string; what is not asked for is dropped."""
    line = {"payload": {"body": {"text": "a"}, "no": 7}, "extra": json.dumps({"channel": "web", "n": [1]}), "x.y": "z"}
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(line) + "\n", "utf-8")
    found = corpus.read([path], text_column="payload.body.text", id_column="payload.no", kept=("extra.channel", "x.y"))
    (document,) = corpus.documents(found.shards[0], found.text_column, found.id_column, found.kept)
    assert (document.id, document.fields) == ("7", (("text", "a"), ("extra.channel", "web"), ("x.y", "z")))
    assert found.files[0].read == {"payload", "extra", "x.y"}
    with pytest.raises(InputError, match=r"no column 'payload\.body\.title'"):
        corpus.read([path], text_column="payload.body.title", id_column="payload.no")


def test_parquet_beside_csv(tmp_path):
    """Formats mix in one corpus."""
    pl.DataFrame({"id": ["p1"], "text": ["parquet"]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("id,text\nc1,comma\n", "utf-8")
    assert [document.id for document in _read([tmp_path])] == ["p1", "c1"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"encoding": "ebcdic"}, "encoding"),
        ({"format": "fixed"}, "give both or neither"),
        ({"format": "parquet", "encoding": "cp949"}, "Parquet says its own encoding"),
        ({"header": ["a", "a"]}, "two columns have one name"),
        ({"delimiter": '"'}, "delimiter and quote are the same"),
    ],
)
def test_what_makes_no_sense_is_refused_in_the_policy(given, says):
    """Before anything is read."""
    with pytest.raises(ValueError, match=says):
        Reading.model_validate(given)
    assert Reading.model_validate({"encoding": "EUC-KR"}).encoding == "cp949"


def test_a_csv_without_a_heading_shows_none_of_its_values(tmp_path):
    """The first row is taken for names, of which some look like values."""
    path = _written(tmp_path, "x.csv", "1,홍길동,010-1234-5678,John Smith\n2,김철수,010-2222-3333,Jane Doe\n".encode())
    with pytest.raises(InputError, match=r"columns are: 4, of which some look like values") as caught:
        _read([path])
    assert not any(value in str(caught.value) for value in ("홍길동", "010", "Smith"))


def test_what_else_cannot_be_read_is_a_sentence(tmp_path):
    """An empty heading, an empty packed file, a key twice in JSON in a string, a date beyond 9999, an unknown encoding."""
    from govern import policy
    from govern.sources import Columns, arrive

    with pytest.raises(InputError, match="its first line is no heading"):
        _read([_written(tmp_path, "x.csv", b"\nhello world\nfoo\n")])
    (tmp_path / "x.jsonl.gz").write_bytes(b"")
    with pytest.raises(InputError, match="damaged or truncated"):
        _read([tmp_path / "x.jsonl.gz"])
    twice = tmp_path / "twice.jsonl"
    twice.write_text(json.dumps({"payload": '{"text": "first", "text": "second"}'}) + "\n", "utf-8")
    with pytest.raises(InputError, match=r"no column 'payload\.text'"):
        corpus.read([twice], text_column="payload.text")
    surrogate = tmp_path / "key.jsonl"
    surrogate.write_text('{"text": "a", "\\ud800x": 1}\n', "utf-8")
    with pytest.raises(InputError, match="lone surrogate"):
        _read([surrogate])
    with pytest.raises(InputError, match=r"--encoding klingon: not one that is read"):
        arrive([twice], policy.load("default"), Columns(encoding="klingon"))
    far = tmp_path / "far.parquet"
    frame = pl.DataFrame({"text": ["a"], "when": [300_000_000_000_000_000]})
    frame.with_columns(pl.col("when").cast(pl.Datetime("us"))).write_parquet(far)
    with pytest.raises(InputError, match="beyond the year 9999"):
        _read([far])


def test_a_parquet_that_holds_far_more_than_its_size_is_refused(tmp_path):
    """A kilobyte with half a gigabyte in it."""
    path = tmp_path / "bomb.parquet"
    pl.concat([pl.DataFrame({"text": ["y" * 1_000_000]})] * 500).rechunk().write_parquet(path, compression_level=22)
    assert path.stat().st_size < 10_000
    with pytest.raises(InputError, match="times its size of text"):
        _read([path])
