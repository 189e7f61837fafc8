"""Rows that cannot be read, shards that cannot be done, and how much may be set aside before a run stops."""

import json
import os
import signal
from datetime import date

import pytest

from govern import failures, pipeline, policy
from govern.engine import Engine
from govern.errors import InputError, Refused
from govern.quarantine import listed
from govern.shards import map_shards

SECRET = bytes(range(32))
RULES = 'name = "p"\n[names]\nmodel = "none"\n[failures]\non_bad_row = "quarantine"\n'
TEXT = "%d번 상담: 연락처 010-2345-%d, 만기 안내 바랍니다."
GOOD = [json.dumps({"id": f"d{n}", "text": TEXT % (n, 5600 + n)}, ensure_ascii=False).encode() for n in range(60)]
BAD = {
    "cut off": b'{"id": "d7", "text": "a',
    "not an object": b"[1, 2]",
    "empty": b"",
    "no text": b'{"id": "d7"}',
    "null": b'{"id": "d7", "text": null}',
    "a number": b'{"id": "d7", "text": 7}',
    "not UTF-8": b'{"id": "d7", "text": "\xb0\xa1\xb0\xa2"}',
    "a lone surrogate": b'{"id": "d7", "text": "\\ud800"}',
    "no id": b'{"text": "a"}',
    "a key twice": b'{"id": "d7", "text": "a", "text": "b"}',
}


def _run(tmp_path, inputs, out="out", text=RULES, **changes):
    path = tmp_path / f"{out}.toml"
    path.write_text(text, "utf-8")
    chosen = policy.load(path)
    request = pipeline.Request(
        (inputs,), tmp_path / out, chosen, chosen.suite, SECRET, date(2026, 1, 1), **{"work_bytes": 900, **changes}
    )
    return pipeline.certify(request).certificate.claim["accounting"]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_row_is_set_aside_and_named_by_file_and_row(tmp_path, bad):
    """The others are certified as they would be without it; by default the run stops at it."""
    raw = tmp_path / "raw.jsonl"
    raw.write_bytes(b"\n".join([*GOOD[:7], bad, *GOOD[8:]]) + b"\n")
    counts = _run(tmp_path, raw)
    assert counts["in"] == 60
    assert counts["certified"] == 59
    assert counts["quarantined"] == {"unreadable": 1}
    assert [(each.reason, each.file, each.row) for each in listed(tmp_path / "out")] == [("unreadable", "raw.jsonl", 8)]
    with pytest.raises(InputError, match=r"raw\.jsonl, line 8"):
        _run(tmp_path, raw, "strict", RULES.replace("quarantine", "stop"))


TABLE = [b"d%d,order %d: please call 02-555-12%02d before noon\n" % (n, n, n) for n in range(60)]
CELLS = {"too many cells": b"d9x,a,b\n", "another encoding": "d9x,가각\n".encode("cp949")}


@pytest.mark.parametrize("bad", CELLS.values(), ids=CELLS)
def test_a_bad_row_of_a_table_moves_no_other(tmp_path, bad):
    """The row after it is read as it stands."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"".join([b"id,text\n", *TABLE[:10], bad, *TABLE[10:]]))
    counts = _run(tmp_path, path)
    assert (counts["in"], counts["certified"], counts["quarantined"]) == (61, 60, {"unreadable": 1})
    assert [each.row for each in listed(tmp_path / "out")] == [11]


def test_a_quotation_mark_that_may_hold_records_is_no_bad_row(tmp_path):
    """Eighty records within one value would be one document: the run stops."""
    rows = [*TABLE[:9], b'd9,"an open one\n', *TABLE[10:50], b'd50,end",x\n', *TABLE[51:]]
    path = tmp_path / "a.csv"
    path.write_bytes(b"".join([b"id,text\n", *rows]))
    with pytest.raises(InputError, match="row 10: 3 cells under 2 columns"):
        _run(tmp_path, path)


def test_a_bad_field_of_fixed_width_and_a_bad_file_of_text_are_set_aside(tmp_path):
    """Each by its own reader."""
    host = b"".join(b"%05d please call 02-555-12%02d before noon\n" % (n, n) for n in range(40))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "h.dat").write_bytes(host + b"00\n")
    text = RULES + (
        '[reading]\nformat = "fixed"\n'
        'fields = [{name = "id", start = 1, length = 5}, {name = "text", start = 7, length = 60}]\n'
    )
    counts = _run(tmp_path, tmp_path / "raw" / "h.dat", text=text)
    assert (counts["in"], counts["quarantined"]) == (41, {"unreadable": 1})
    files = tmp_path / "files"
    files.mkdir()
    for number in range(30):
        (files / f"{number:02}.txt").write_bytes(b"Please call me at 02-555-12%02d before noon." % number)
    (files / "30.txt").write_bytes("가각".encode("cp949"))
    counts = _run(tmp_path, files, "texts")
    assert (counts["in"], counts["quarantined"]) == (31, {"unreadable": 1})


def test_the_first_row_is_never_set_aside(tmp_path):
    """It says how the others are read; a wrong column is a wrong command and no bad row."""
    raw = tmp_path / "raw.jsonl"
    raw.write_bytes(b"\n".join([b"{", *GOOD]) + b"\n")
    with pytest.raises(InputError, match="line 1"):
        _run(tmp_path, raw)


def test_a_bad_row_that_was_corrected_costs_its_own_shard(tmp_path):
    """The corpus is that of a run over the corrected file."""
    raw = tmp_path / "raw.jsonl"
    raw.write_bytes(b"\n".join([*GOOD[:7], b"{", *GOOD[8:]]) + b"\n")
    _run(tmp_path, raw)
    raw.write_bytes(b"\n".join(GOOD) + b"\n")
    _run(tmp_path, raw, "again", reuse=tmp_path / "out")
    _run(tmp_path, raw, "whole")
    assert (tmp_path / "again" / "SHA256SUMS").read_bytes() == (tmp_path / "whole" / "SHA256SUMS").read_bytes()


def test_bad_rows_are_the_same_for_any_number_of_workers(tmp_path):
    """And for one shard or many."""
    raw = tmp_path / "raw.jsonl"
    raw.write_bytes(b"\n".join([*GOOD[:7], b"{", *GOOD[8:]]) + b"\n")
    _run(tmp_path, raw, engine=Engine(2))
    _run(tmp_path, raw, "whole", work_bytes=100_000)
    assert (tmp_path / "out" / "SHA256SUMS").read_bytes() == (tmp_path / "whole" / "SHA256SUMS").read_bytes()


def test_a_run_stops_where_too_much_is_set_aside(tmp_path):
    """Two of sixty are allowed, three are not; what is done is kept, and listed."""
    rows = [*GOOD]
    for number in (7, 20):
        rows[number] = b"{"
    raw = tmp_path / "raw.jsonl"
    text = RULES + f"max_quarantined = {2 / 60}\n"
    raw.write_bytes(b"\n".join(rows) + b"\n")
    assert _run(tmp_path, raw, "two", text)["quarantined"] == {"unreadable": 2}
    rows[21] = b"{"
    raw.write_bytes(b"\n".join(rows) + b"\n")
    with pytest.raises(Refused, match=r"3 of 60 documents are quarantined \(3 unreadable\).*share of 0.033"):
        _run(tmp_path, raw, "three", text)
    assert not (tmp_path / "three").exists()
    assert len(list(listed(tmp_path / "three"))) == 3


@pytest.mark.parametrize("value", ["-0.1", "1.0", "nan", '"a"'])
def test_a_share_that_is_none_is_refused(tmp_path, value):
    """A share of all would allow a corpus of nothing."""
    path = tmp_path / "p.toml"
    path.write_text(f'name = "p"\n[failures]\nmax_quarantined = {value}\n')
    with pytest.raises(InputError, match="max_quarantined"):
        policy.load(path)


SHARDS = RULES + 'on_bad_shard = "quarantine"\n'


def test_a_shard_with_a_defect_is_set_aside_and_tried_again_by_the_next_command(tmp_path, monkeypatch, capfd):
    """The message of the error, which may quote a text, is not printed; its documents are counted."""
    raw = tmp_path / "raw.jsonl"
    raw.write_bytes(b"\n".join(GOOD) + b"\n")
    monkeypatch.setattr(failures, "ways", lambda _: (_broken_third, failures.set_aside))
    with pytest.raises(Refused, match="few-quarantined"):
        _run(tmp_path, raw, text=SHARDS)
    printed = capfd.readouterr().err
    assert "RuntimeError: a defect" in printed
    assert "010-2345" not in printed
    aside = list(listed(tmp_path / "out"))
    assert {each.reason for each in aside} == {"shard_failed"}
    monkeypatch.undo()
    assert _run(tmp_path, raw, text=SHARDS)["quarantined"] == {}
    _run(tmp_path, raw, "whole", text=SHARDS)
    assert (tmp_path / "out" / "SHA256SUMS").read_bytes() == (tmp_path / "whole" / "SHA256SUMS").read_bytes()


def test_a_shard_whose_process_dies_twice_is_set_aside(tmp_path, monkeypatch):
    """The others are done, each once; with the default the run stops, to be continued."""
    raw = tmp_path / "raw.jsonl"
    raw.write_bytes(b"\n".join(GOOD) + b"\n")
    monkeypatch.setattr(failures, "ways", lambda _: (_dies_at_third, failures.set_aside))
    with pytest.raises(Refused, match="few-quarantined"):
        _run(tmp_path, raw, text=SHARDS, engine=Engine(2))
    aside = {each.row for each in listed(tmp_path / "out")}
    assert aside
    assert aside < set(range(1, 61))


def _broken_third(task):
    failures.process = _raises  # in the process of a worker
    return failures.attempt(task)


def _raises(task):
    if task.shard.index == 2:
        raise RuntimeError(next(iter(failures.arrivals(task)))[0].fields[0][1])
    from govern.process import process

    return process(task)


def _dies_at_third(task):
    if task.shard.index == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return failures.attempt(task)


def _dies_once(path):
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


def test_a_process_that_dies_once_loses_nothing(tmp_path):
    """It is tried again by itself."""
    paths = [tmp_path / str(number) for number in range(4)]
    for path in paths[:2]:
        path.touch()
    assert list(map_shards(_dies_once, paths, Engine(2), lambda _: "lost")) == ["0", "1", "2", "3"]


def _dies_at_three(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_lost_is_said_in_its_place(workers):
    """In order, with one worker too: its death is not that of the run."""
    assert list(map_shards(_dies_at_three, list(range(12)), Engine(workers), lambda _: -1)) == [0, 1, 2, -1, *range(4, 12)]
