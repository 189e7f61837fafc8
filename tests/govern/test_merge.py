"""Parts certified apart are one corpus, byte for byte; a corpus without documents that were taken back."""

import argparse
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from govern import attestation, merge, pipeline, policy, private
from govern.commands.certify import _checked
from govern.errors import InputError

SECRET = bytes(range(32))
NAMES = ["홍길동", "표은결", "김서준", "이영희", "박지후"]


def _lines(first, count):
    """Letters with a name and a number, some of them the same twice, one empty."""
    for number in range(first, first + count):
        who, last = NAMES[number % 5], 5600 + number % 11
        text = f"{number % 11}번 상담: 성명: {who}, 연락처 010-2{number % 9}34-{last}, 만기 안내 바랍니다."
        yield {"id": f"d{number}", "text": "" if number % 13 == 7 else text}


def _write(folder, files):
    folder.mkdir(exist_ok=True)
    for name, (first, count) in files.items():
        lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(first, count))
        (folder / name).write_text("".join(lines), "utf-8")
    return folder


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    """A policy that finds names by rule."""
    path = tmp_path_factory.mktemp("policy") / "p.toml"
    path.write_text('name = "p"\n[names]\nmodel = "none"\n', "utf-8")
    return policy.load(path)


@pytest.fixture
def run(tmp_path, chosen):
    """Certifies inputs into a folder of a name."""

    def certify(inputs, out, **changes):
        request = pipeline.Request(inputs, tmp_path / out, chosen, chosen.suite, SECRET, date(2026, 1, 1), **changes)
        return pipeline.certify(request).folder

    return certify


@pytest.fixture
def merged(tmp_path, chosen):
    """Merges folders."""

    def together(folders, name="merged", not_after=None, **changes):
        request = pipeline.Request((), tmp_path / name, chosen, chosen.suite, SECRET, date(2026, 1, 1), **changes)
        return merge.merge(request, folders, not_after).folder

    return together


def _sums(folder):
    return (folder / "SHA256SUMS").read_bytes()


@pytest.mark.parametrize("parts", [2, 5])
def test_parts_of_a_corpus_are_the_corpus(tmp_path, run, merged, parts):
    """Duplicates across parts are found, counts are pooled, and no byte differs from one run; nor by the order of parts."""
    raw = _write(tmp_path / "raw", {"a.jsonl": (0, 40), "b.jsonl": (40, 23)})
    whole = run((raw,), "whole", split=("held-out", 200_000))
    folders = [run((raw,), f"p{n}", part=(n, parts), split=("held-out", 200_000)) for n in range(1, parts + 1)]
    assert _sums(merged(folders)) == _sums(whole)
    assert _sums(merged(folders[::-1], "turned")) == _sums(whole)
    claim = json.loads((whole / "certificate.json").read_bytes())
    assert claim["accounting"]["in"] == 63
    assert claim["accounting"]["dropped"]["exact_duplicate"] > 5
    assert claim["accounting"]["dropped"]["empty"] == 5


def test_next_months_files_between_those_of_this_month(tmp_path, run, merged):
    """A unit of work that holds files before and after another corpus's is cut where the other one's come in."""
    _write(tmp_path / "one", {"a.jsonl": (0, 9), "c.jsonl": (30, 9), "e.jsonl": (60, 5)})
    _write(tmp_path / "two", {"b.jsonl": (15, 9), "d.jsonl": (45, 9)})
    both = _write(
        tmp_path / "both",
        {"a.jsonl": (0, 9), "b.jsonl": (15, 9), "c.jsonl": (30, 9), "d.jsonl": (45, 9), "e.jsonl": (60, 5)},
    )
    one, two = (run((tmp_path / name,), f"c-{name}") for name in ("one", "two"))
    whole = run((both,), "whole")
    made = merged([one, two])
    assert _sums(made) == _sums(whole)
    assert _sums(merged([made.with_name("c-two"), made.with_name("c-one")], "turned")) == _sums(whole)


def test_a_merged_corpus_is_a_corpus(tmp_path, run, merged):
    """It is signed, verified, and merged again; the earliest end of its parts is its own."""
    raw = _write(tmp_path / "raw", {"a.jsonl": (0, 30)})
    more = _write(tmp_path / "more", {"b.jsonl": (30, 20)})
    folders = [run((raw,), f"p{n}", part=(n, 2)) for n in (1, 2)]
    first = merged(folders, "first")
    second = merged([first, run((more,), "m")], "second")
    _write(tmp_path / "raw", {"b.jsonl": (30, 20)})
    assert _sums(second) == _sums(run((raw,), "whole"))


def test_what_cannot_be_one_corpus_is_refused(tmp_path, run, merged, chosen):
    """Other rules, another secret, a part that is missing or named twice, changed files, a folder with no work beside it."""
    raw = _write(tmp_path / "raw", {"a.jsonl": (0, 40)})
    folders = [run((raw,), f"p{n}", part=(n, 3)) for n in (1, 2, 3)]
    with pytest.raises(InputError, match=r"documents of the input files are in no part"):
        merged(folders[:2])
    with pytest.raises(InputError, match="two different folders"):
        merged([folders[0], folders[0]])
    whole = run((raw,), "whole")
    with pytest.raises(InputError, match="has documents that"):
        merged([whole, folders[0]])
    other = pipeline.certify(
        pipeline.Request((raw,), tmp_path / "other", chosen, chosen.suite, bytes(32), date(2026, 1, 1), part=(3, 3))
    ).folder
    with pytest.raises(InputError, match="by another secret"):
        merged([*folders[:2], other])
    named = run((raw,), "named", part=(3, 3), name="another")
    with pytest.raises(InputError, match=r"certified otherwise than .*, by another name"):
        merged([*folders[:2], named])
    changed = _write(tmp_path / "changed", {"a.jsonl": (1, 40)})
    with pytest.raises(InputError, match="an input file of one name with other bytes"):
        merged([*folders[:2], run((changed,), "changed-3", part=(3, 3))])
    state = next((private.folder_of(folders[2]) / "masked").iterdir())
    state.write_bytes(state.read_bytes() + b"x")
    with pytest.raises(InputError, match="no longer as they were written"):
        merged(folders)
    (private.folder_of(folders[2])).rename(tmp_path / "gone")
    with pytest.raises(InputError, match="no certified folder with its"):
        merged(folders)


def test_one_id_in_two_parts_is_refused(tmp_path, run, merged):
    """Of two corpora with files of different names."""
    one, two = _write(tmp_path / "one", {"a.jsonl": (0, 20)}), _write(tmp_path / "two", {"b.jsonl": (19, 20)})
    with pytest.raises(InputError, match="has the id of another one's"):
        merged([run((one,), "c1"), run((two,), "c2")])


def test_no_signature_on_a_merged_corpus_outlives_its_parts(tmp_path, run, merged, keys):
    """Neither a later end nor none."""
    raw = _write(tmp_path / "raw", {"a.jsonl": (0, 30)})
    end = datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)
    made = merged([run((raw,), f"p{n}", part=(n, 2)) for n in (1, 2)], not_after=end)
    assert attestation.limit(made) == end
    issued = datetime(2026, 1, 2, tzinfo=UTC)
    for later in (None, datetime(2026, 7, 1, tzinfo=UTC)):
        with pytest.raises(InputError, match=r"a part of it holds until 2026-06-30"):
            attestation.sign(made, keys["alice"].private, issued=issued, not_after=later)
    attestation.sign(made, keys["alice"].private, issued=issued, not_after=end)


def test_an_end_goes_with_what_is_made_of_a_merged_draft(tmp_path, run, merged, keys):
    """Through a further reissue and a further merge, by the commands."""
    one, two = _write(tmp_path / "one", {"a.jsonl": (0, 20)}), _write(tmp_path / "two", {"b.jsonl": (20, 20)})
    end = datetime(2999, 6, 30, 23, 59, 59, tzinfo=UTC)
    merged([run((one,), "c1"), run((two,), "c2")], not_after=end)
    arguments = argparse.Namespace(trust=None, revocations=None)
    assert _checked(arguments, [tmp_path / "merged", tmp_path / "c1"], None) == end
    earlier = datetime(2998, 1, 1, tzinfo=UTC)
    assert _checked(arguments, [tmp_path / "merged"], earlier) == earlier
    assert _checked(arguments, [tmp_path / "c1"], None) is None


def test_a_run_that_stopped_is_no_part(tmp_path, run, merged):
    """The sentence says that it is to be finished."""
    one, two = _write(tmp_path / "one", {"a.jsonl": (0, 20)}), _write(tmp_path / "two", {"b.jsonl": (20, 20)})
    folders = [run((one,), "c1"), run((two,), "c2")]
    folders[1].rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"c2: its run stopped before it was whole.*run the same command to its end"):
        merged(folders)


@pytest.mark.parametrize("split", [None, ("held-out", 900_000)])
def test_a_duplicate_takes_the_place_of_what_is_taken_back(tmp_path, run, chosen, split):
    """And is named, also where it is held out."""
    raw = _write(tmp_path / "raw", {"a.jsonl": (0, 20)})
    folder = run((raw,), "whole", split=split)
    request = pipeline.Request((), tmp_path / "again", chosen, chosen.suite, SECRET, date(2026, 1, 1))
    outcome = merge.reissue(request, folder, ["d3"])
    ids = dict(pl.read_parquet(private.folder_of(folder) / "ids" / "*.parquet").rows())
    where = "documents" if split is None else "held-out"
    assert ids["d14"] in pl.read_parquet(outcome.folder / where / "*.parquet")["id"]
    assert merge.came_back(outcome.folder, folder) == [ids["d14"]]  # another name and number, the same once masked


def test_documents_that_are_taken_back(tmp_path, run, chosen):
    """By the ids they came with or those that ship: gone from the documents and from what is kept beside them, and counted."""
    raw = _write(tmp_path / "raw", {"a.jsonl": (0, 30)})
    folder = run((raw,), "whole")
    ids = pl.read_parquet(private.folder_of(folder) / "ids" / "*.parquet")
    shipped = dict(ids.rows())["d3"]
    request = pipeline.Request((), tmp_path / "again", chosen, chosen.suite, SECRET, date(2026, 1, 1))
    outcome = merge.reissue(request, folder, ["d1", shipped])
    counts = outcome.certificate.claim["accounting"]
    assert counts["dropped"]["withdrawn"] == 2
    assert counts["in"] == counts["certified"] + sum(counts["dropped"].values()) == 30
    kept = pl.read_parquet(outcome.folder / "documents" / "*.parquet")["id"].to_list()
    assert not {shipped, dict(ids.rows())["d1"]} & set(kept)
    beside = private.folder_of(outcome.folder)
    assert not {"d1", "d3"} & set(pl.read_parquet(beside / "findings" / "*.parquet")["id"])
    assert not {"d1", "d3"} & set(pl.read_parquet(beside / "ids" / "*.parquet")["original"])
    with pytest.raises(InputError, match="1 of 2 ids are of no document"):
        merge.reissue(replace(request, out=tmp_path / "no"), folder, ["d1", "d999"])


def test_a_part_of_whole_files_is_missed(tmp_path, run, merged):
    """Though no file of the parts that are there lacks a document."""
    raw = _write(tmp_path / "raw", {"a.jsonl": (0, 12), "b.jsonl": (12, 12), "c.jsonl": (24, 12)})
    folders = [run((raw,), f"p{n}", part=(n, 3)) for n in (1, 2, 3)]
    with pytest.raises(InputError, match=r"12 documents of the input files are in no part"):
        merged(folders[:2])


def test_merged_corpora_merge_again(tmp_path, run, merged):
    """Months one after the other, whose files lie between those of the months before."""
    months = {"one": {"a.jsonl": (0, 9), "c.jsonl": (30, 9), "e.jsonl": (60, 5)}, "two": {"b.jsonl": (15, 9)},
              "three": {"d.jsonl": (45, 9)}}  # fmt: skip
    one, two, three = (run((_write(tmp_path / name, files),), f"c-{name}") for name, files in months.items())
    both = _write(tmp_path / "both", {name: rows for files in months.values() for name, rows in files.items()})
    made = merged([merged([one, two], "first"), three], "second")
    assert _sums(made) == _sums(run((both,), "whole"))


def test_what_was_merged_or_taken_back_is_reused_for_nothing_else(tmp_path, run, merged, chosen):
    """A shard that is no longer whole is no shard of another run; the result is that of a run which reuses nothing."""
    one = _write(tmp_path / "one", {"a.jsonl": (0, 9), "c.jsonl": (30, 9)})
    two = _write(tmp_path / "two", {"b.jsonl": (15, 9)})
    whole = run((one,), "c-one")
    together = merged([whole, run((two,), "c-two")])
    assert _sums(run((one,), "again", reuse=together)) == _sums(whole)
    request = pipeline.Request((), tmp_path / "less", chosen, chosen.suite, SECRET, date(2026, 1, 1))
    less = merge.reissue(request, whole, ["d3"]).folder
    assert _sums(run((one,), "more", reuse=less)) == _sums(whole)


def test_documents_are_taken_back_before_and_after_a_merge(tmp_path, run, merged, chosen):
    """In either order the same bytes; and of a document in a shard that was cut nothing is left beside the corpus."""
    one = run((_write(tmp_path / "one", {"a.jsonl": (0, 9), "c.jsonl": (30, 9)}),), "c-one")
    two = run((_write(tmp_path / "two", {"b.jsonl": (15, 9)}),), "c-two")

    def without(folder, name):
        request = pipeline.Request((), tmp_path / name, chosen, chosen.suite, SECRET, date(2026, 1, 1))
        return merge.reissue(request, folder, ["d31", "d33"]).folder  # d33 is empty, and was dropped before

    before = merged([without(one, "less"), two], "before")
    after = without(merged([one, two], "both"), "after")
    assert _sums(before) == _sums(after)
    for folder in (before, after):
        beside = private.folder_of(folder)
        for kind, column in (("ids", "original"), ("findings", "id")):
            assert not {"d31", "d33"} & set(pl.read_parquet(beside / kind / "*.parquet")[column])
