"""Documents that were set aside, listed and released; damaged files of a certified folder, made again."""

import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from govern import cli, merge, pipeline, policy
from govern.errors import InputError, Refused
from govern.quarantine import listed, release
from govern.repair import repair

SECRET = bytes(range(32))
RULES = 'name = "p"\nmax_document_characters = 400\n[names]\nmodel = "none"\n'
LONG = "Call 02-555-1234 now. " * 30


def _text(number):
    return LONG + str(number) if number in (7, 30) else f"{number}번 상담: 연락처 010-2345-{5600 + number}, 만기 안내 바랍니다."


@pytest.fixture
def raw(tmp_path):
    """60 documents, of which two are too long."""
    path = tmp_path / "raw.jsonl"
    lines = [json.dumps({"id": f"d{n}", "text": _text(n)}, ensure_ascii=False) + "\n" for n in range(60)]
    path.write_text("".join(lines), "utf-8")
    return path


@pytest.fixture
def request_of(tmp_path, raw):
    """A request over the documents under the text of a policy."""

    def made(out, text=RULES, **changes):
        path = tmp_path / "p.toml"
        path.write_text(text, "utf-8")
        chosen = policy.load(path)
        wanted = {"work_bytes": 900, "part_bytes": 1500, "inputs": (raw,), **changes}
        return pipeline.Request(wanted.pop("inputs"), tmp_path / out, chosen, chosen.suite, SECRET, date(2026, 1, 1), **wanted)

    return made


def _ids(folder):
    return [each.id for each in listed(folder)]


def _release(request, folder, ids, characters=2000, timeout_s=None):
    who, why = "J. Doe, data office", "long letters"
    return release(request, folder, ids, who=who, why=why, characters=characters, timeout_s=timeout_s)


def test_a_released_document_is_searched_and_masked_and_the_others_are_as_they_were(tmp_path, request_of):
    """The certificate says how many, who and why; the texts are those of a run without the limit."""
    first = pipeline.certify(request_of("first"))
    assert [(each.reason, each.row) for each in listed(first.folder)] == [("too_long", 8), ("too_long", 31)]
    made = _release(request_of("second"), first.folder, _ids(first.folder))
    claim = made.certificate.claim
    assert claim["accounting"]["certified"] == 60
    limits = {"max_document_characters": 2000, "regex_timeout_s": None}
    assert claim["decision"]["releases"] == [{"documents": 2, "who": "J. Doe, data office", "why": "long letters", **limits}]
    wide = pipeline.certify(request_of("wide", RULES.replace("400", "2000")))
    frames = [pl.read_parquet(sorted((folder / "documents").glob("*"))) for folder in (made.folder, wide.folder)]
    assert frames[0].equals(frames[1])
    assert "555-1234" not in "".join(frames[0]["text"].to_list())
    evidence = (made.folder / "evidence" / "released.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in evidence] == ["too_long", "too_long"]


def test_releases_add_up(tmp_path, request_of):
    """One after the other, and in parts that are merged."""
    first = pipeline.certify(request_of("first"))
    one, other = _ids(first.folder)
    second = _release(request_of("second"), first.folder, [one])
    assert _ids(second.folder) == [other]
    third = _release(request_of("third"), second.folder, [other])
    assert third.certificate.claim["accounting"]["quarantined"] == {}
    assert [entry["documents"] for entry in third.certificate.claim["decision"]["releases"]] == [1, 1]
    parts = []
    for number in (1, 2):
        part = pipeline.certify(request_of(f"part{number}", part=(number, 2)))
        parts.append(_release(request_of(f"released{number}"), part.folder, _ids(part.folder)).folder)
    merged = merge.merge(replace(request_of("merged"), inputs=()), parts)
    assert merged.certificate.claim["accounting"]["certified"] == 60
    assert sum(entry["documents"] for entry in merged.certificate.claim["decision"]["releases"]) == 2


def test_a_release_that_is_searched_in_vain_is_no_release(tmp_path, request_of):
    """The limit is still too narrow: the document stays where it was, and nothing says that it was released."""
    first = pipeline.certify(request_of("first"))
    with pytest.raises(Refused, match="none of the 2 released documents"):
        _release(request_of("second"), first.folder, _ids(first.folder), characters=500)
    claim = json.loads((tmp_path / "second" / "certificate.json").read_bytes())
    assert claim["accounting"]["quarantined"] == {"too_long": 2}
    assert "releases" not in claim["decision"]


def test_what_cannot_be_released_is_refused(tmp_path, raw, request_of):
    """A strange id, other inputs, a merged folder."""
    first = pipeline.certify(request_of("first"))
    with pytest.raises(InputError, match="1 of 1 were not set aside"):
        _release(request_of("second"), first.folder, ["0" * 32])
    raw.write_text(raw.read_text("utf-8").replace("now. Call", "now! Call"), "utf-8")
    with pytest.raises(InputError, match="2 of 2 documents to release are not in these inputs"):
        _release(request_of("second"), first.folder, _ids(first.folder))


def test_the_command_lists_releases_and_prints_no_text(tmp_path, raw, request_of, capsys):
    """`list --ids` writes what `release --ids` reads."""
    first = pipeline.certify(request_of("first"))
    (tmp_path / "secret.key").write_bytes(SECRET)
    (tmp_path / "secret.key").chmod(0o600)
    assert cli.main(["quarantine", "list", str(first.folder), "--ids", "--reason", "too_long"]) == 0
    (tmp_path / "ids").write_text(capsys.readouterr().out)
    command = [
        "quarantine", "release", str(first.folder), str(raw), "--ids", str(tmp_path / "ids"), "--who", "J. Doe", "--why", "w",
        "--max-characters", "2000", "--out", str(tmp_path / "new"), "--secret", str(tmp_path / "secret.key"),
        "--policy", str(tmp_path / "p.toml"), "--workers", "1",
    ]  # fmt: skip
    assert cli.main(command) == 0
    printed = "".join(capsys.readouterr())
    assert "2 searched to the end, 0 set aside again" in printed
    assert "555-1234" not in printed
    assert cli.main(["quarantine", "list", str(tmp_path / "nowhere")]) == 2
    assert "not there" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main([*command, "--timeout", "nan"])


def test_a_damaged_file_is_made_again_byte_for_byte(tmp_path, request_of):
    """Cut, edited or gone; one that is whole is not touched."""
    first = pipeline.certify(request_of("first", split=("held-out", 200_000)))
    files = sorted(path for name in ("documents", "held-out") for path in (first.folder / name).glob("*"))
    assert len(files) > 3
    whole = {path: path.read_bytes() for path in files}
    files[0].unlink()
    files[1].write_bytes(whole[files[1]][:-9])
    files[-1].write_bytes(b"x" + whole[files[-1]][1:])
    done = {path: repair(first.folder, path.relative_to(first.folder).as_posix(), SECRET) for path in files}
    assert [path for path, made in done.items() if made] == [files[0], files[1], files[-1]]
    assert {path: path.read_bytes() for path in files} == whole
    assert not (tmp_path / "first.private" / "repair").exists()


def test_nothing_is_put_back_that_is_not_what_was_certified(tmp_path, request_of):
    """Another secret, a list of checksums that was edited, a shard beside it that was, a file that is none."""
    first = pipeline.certify(request_of("first"))
    target = first.folder / "documents" / "part-00000.parquet"
    name, data = "documents/part-00000.parquet", target.read_bytes()
    target.write_bytes(data[:-1])
    with pytest.raises(InputError, match="another secret"):
        repair(first.folder, name, bytes(32))
    with pytest.raises(InputError, match="no document file"):
        repair(first.folder, "certificate.json", SECRET)
    sums = first.folder / "SHA256SUMS"
    listed_sums = sums.read_text()
    sums.write_text("\n".join("0" * 64 + line[64:] if name in line else line for line in listed_sums.splitlines()) + "\n")
    with pytest.raises(Refused, match="nothing was put back"):
        repair(first.folder, name, SECRET)
    assert target.read_bytes() == data[:-1]
    sums.write_text(listed_sums)
    shard = next((tmp_path / "first.private" / "masked").glob("*"))
    shard.write_bytes(b"x")
    with pytest.raises(InputError, match="certify again with --reuse"):
        repair(first.folder, name, SECRET)


def test_the_same_release_is_found_finished(tmp_path, request_of):
    """Given twice, and continued after a kill."""
    first = pipeline.certify(request_of("first"))
    ids = _ids(first.folder)
    made = _release(request_of("second"), first.folder, ids)
    again = _release(request_of("second"), first.folder, ids)
    assert again.reused
    assert again.certificate.digest == made.certificate.digest


def test_a_release_never_comes_in_by_the_back_door(tmp_path, request_of):
    """`--reuse` of a folder with releases, without them: what was set aside is set aside again."""
    first = pipeline.certify(request_of("first"))
    second = _release(request_of("second"), first.folder, _ids(first.folder))
    third = pipeline.certify(request_of("third", reuse=second.folder))
    assert third.certificate.claim["accounting"]["quarantined"] == {"too_long": 2}
    assert (third.folder / "SHA256SUMS").read_bytes() == (first.folder / "SHA256SUMS").read_bytes()
    detected = pl.concat(pl.read_parquet(path) for path in (tmp_path / "second.private" / "detected").glob("*"))
    assert len(detected) == 58


def test_the_release_that_let_a_document_in_is_the_one_that_counts(tmp_path, request_of):
    """Not one before it that failed; nor does one count for a document that was withdrawn later."""
    first = pipeline.certify(request_of("first"))
    ids = _ids(first.folder)
    with pytest.raises(Refused, match="holds what first holds"):
        _release(request_of("second"), first.folder, ids, characters=500)
    third = _release(request_of("third"), tmp_path / "second", ids)
    said = third.certificate.claim["decision"]["releases"]
    assert [(entry["documents"], entry["max_document_characters"]) for entry in said] == [(2, 2000)]
    fourth = merge.reissue(replace(request_of("fourth"), inputs=()), third.folder, ids)
    assert "releases" not in fourth.certificate.claim["decision"]


def test_a_release_is_made_under_the_policy_of_its_folder(tmp_path, request_of):
    """Otherwise every other document would be another."""
    first = pipeline.certify(request_of("first"))
    with pytest.raises(InputError, match="certified by another policy"):
        _release(request_of("second", RULES + '[entities]\nPHONE_NUMBER = "off"\n'), first.folder, _ids(first.folder))


def test_parts_with_releases_merge_in_any_order(tmp_path, request_of):
    """To the same bytes."""
    parts = []
    for number in (1, 2):
        part = pipeline.certify(request_of(f"part{number}", part=(number, 2)))
        parts.append(_release(request_of(f"released{number}"), part.folder, _ids(part.folder)).folder)
    one = merge.merge(replace(request_of("one"), inputs=()), parts)
    other = merge.merge(replace(request_of("other"), inputs=()), parts[::-1])
    assert (one.folder / "SHA256SUMS").read_bytes() == (other.folder / "SHA256SUMS").read_bytes()


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_shard_that_is_gone_is_missed(tmp_path, request_of, damage):
    """By what lists, reissues, releases, merges and repairs: its documents are not passed over in silence."""
    first = pipeline.certify(request_of("first"))
    ids = _ids(first.folder)
    state = sorted((tmp_path / "first.private" / "states").iterdir())[1]
    state.write_bytes(state.read_bytes()[:-3]) if damage == "cut" else state.unlink()
    (first.folder / "documents" / "part-00000.parquet").unlink()
    for call in (
        lambda: list(listed(first.folder)),
        lambda: merge.reissue(replace(request_of("second"), inputs=()), first.folder, ["d1"]),
        lambda: _release(request_of("second"), first.folder, ids),
        lambda: repair(first.folder, "documents/part-00000.parquet", SECRET),
    ):
        with pytest.raises(InputError, match=r"no longer (as they|those that)|holds the work on|are no longer"):
            call()


def test_what_was_set_aside_and_is_withdrawn_stays_counted(tmp_path, request_of):
    """It was in no document file; nothing says any more where it came from."""
    first = pipeline.certify(request_of("first"))
    second = merge.reissue(replace(request_of("second"), inputs=()), first.folder, ["d7"])
    assert second.certificate.claim["accounting"]["quarantined"] == {"too_long": 2}
    assert sorted(each.row for each in listed(second.folder)) == [0, 31]
    assert {each.id for each in listed(second.folder)} == {each.id for each in listed(first.folder)}


def test_nothing_is_repaired_through_a_link(tmp_path, request_of):
    """The folder of documents, or the file that is written first."""
    first = pipeline.certify(request_of("first"))
    target = first.folder / "documents" / "part-00000.parquet"
    target.unlink()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (target.parent / "part-00000.parquet.tmp").symlink_to(victim)
    with pytest.raises(OSError, match="part-00000"):
        repair(first.folder, "documents/part-00000.parquet", SECRET)
    assert victim.read_text() == "mine"
    elsewhere = tmp_path / "elsewhere"
    target.parent.rename(elsewhere)
    target.parent.symlink_to(elsewhere)
    with pytest.raises(InputError, match="is a link"):
        repair(first.folder, "documents/part-00000.parquet", SECRET)
    assert not (elsewhere / "part-00000.parquet").exists()


def test_a_merged_folder_lists_all_that_its_parts_set_aside(tmp_path, request_of):
    """Also where a shard of one part lies round one of the other."""
    folders = []
    for number, names in enumerate((("a", "c"), ("b",))):
        files = [tmp_path / f"{name}.jsonl" for name in names]
        for path in files:
            texts = [LONG if n == 3 else f"Note {n} of {path.stem} to the board." for n in range(70)]
            rows = [{"id": f"{path.stem}{n}", "text": text} for n, text in enumerate(texts)]
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        folders.append(pipeline.certify(request_of(f"p{number}", inputs=tuple(files), work_bytes=100_000)).folder)
    merged = merge.merge(replace(request_of("merged"), inputs=()), folders)
    assert merged.certificate.claim["accounting"]["quarantined"] == {"too_long": 3}
    assert [(each.file, each.row) for each in listed(merged.folder)] == [("a.jsonl", 4), ("b.jsonl", 4), ("c.jsonl", 4)]
