"""The pages: their counts and contexts, that no masked value stands in them, and what is refused."""

import base64
import hashlib
import json
import re
import shutil
import stat
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from review_home import CANARIES, HOTLINE, MISSED, Home

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def page(home: Home, *arguments: object) -> tuple[str, dict]:
    """The text of a page, and its data."""
    done = home.govern("review", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    path = Path(json.loads(done.stdout)["file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    return text, json.loads(DATA.search(text)[1])


def copied(home: Home, to: Path) -> Path:
    """A copy of the corpus of tags and of what lies beside it."""
    for ending in ("", ".private"):
        shutil.copytree(home.tagged.with_name(home.tagged.name + ending), to.with_name(to.name + ending))
    return to


def refused(home: Home, *arguments: object) -> str:
    done = home.govern("review", *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "defect" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("corpus", ["tagged", "mixed"])
def test_counts_are_those_of_the_findings(home: Home, corpus: str) -> None:
    """Spans and distinct documents of each value and shape, most documents first; what stays does not count."""
    folder = getattr(home, corpus)
    _, data = page(home, "false-positives", folder)
    rows = pl.read_parquet(f"{folder}.private/findings/*.parquet").rows(named=True)
    masked = [row for row in rows if row["action"] not in ("keep", "allowed", "off")]
    values = [group for group in data["groups"] if group["value"]]
    counted = Counter((row["entity_type"], row["value"]) for row in masked)
    assert {(group["entity_type"], group["value"]): group["spans"] for group in values} == counted
    for group in values:
        assert group["documents"] == len({row["id"] for row in masked if row["value"] == group["value"]})
        assert group["share_ppm"] == round(1e6 * group["spans"] / len(masked))
    assert [group["documents"] for group in values] == sorted((group["documents"] for group in values), reverse=True)
    shapes = [group for group in data["groups"] if not group["value"]]
    assert sum(group["spans"] for group in shapes) == len(masked) == data["totals"]["spans"]
    assert not any(group["allowable"] for group in shapes)
    one = max(shapes, key=lambda group: group["values"])
    same = [row for row in masked if (row["shape"], row["recognizer"]) == (one["shape"], one["recognizers"][0])]
    assert one["values"] == len({row["value"] for row in same})


@pytest.mark.parametrize("corpus", ["tagged", "mixed"])
def test_contexts_show_the_replacement_in_certified_text(home: Home, corpus: str) -> None:
    """Each is cut from a document of the corpus, at most three for a group, of documents of their own."""
    folder = getattr(home, corpus)
    _, data = page(home, "false-positives", folder)
    frame = pl.read_parquet(f"{folder}/documents/*.parquet")
    texts = [
        text for name in ("text", "branch") if name in frame.columns for text in frame[name].drop_nulls().to_list()
    ]
    seen = 0
    for group in data["groups"]:
        assert len(group["contexts"]) <= 3
        for before, replacement, after, begins, ends in group["contexts"]:
            whole = before + replacement + after
            assert any((text.startswith if begins else text.__contains__)(whole) for text in texts)
            assert any((text.endswith if ends else text.__contains__)(whole) for text in texts)
            seen += 1
            if corpus == "tagged":
                assert re.fullmatch(rf"<{group['entity_type']}_[0-9]+>", replacement)
    assert seen > 20
    (hotline,) = (group for group in data["groups"] if group["value"] == home.hotline()["value"])
    assert (hotline["entity_type"], hotline["documents"]) == ("PHONE_NUMBER", 15)
    assert len(hotline["contexts"]) == 3
    assert all(context[0].endswith(("대표전화 ", "Call ")) for context in hotline["contexts"])


@pytest.mark.parametrize("corpus", ["tagged", "mixed"])
def test_no_masked_value_stands_on_a_page(home: Home, tmp_path: Path, corpus: str) -> None:
    """Nor in a shape, where circled digits are digits; nor an id of a raw document."""
    folder = getattr(home, corpus)
    for arguments in (("false-positives", folder), ("misses", folder, "--out", tmp_path / "m.html")):
        text, data = page(home, *arguments)
        whole = json.dumps(data, ensure_ascii=False)
        for canary in (*CANARIES, HOTLINE, "Peter Marlowe", "John Smith", "call-0", "note-", "①", "⑨"):
            if canary != "note-":
                assert canary not in text
            assert canary not in whole
    _, data = page(home, "false-positives", folder)
    assert "999-9999-9999" in {group["shape"] for group in data["groups"]}


@pytest.mark.parametrize("kind", ["false-positives", "misses"])
def test_a_page_runs_its_own_script_alone(home: Home, tmp_path: Path, kind: str) -> None:
    """The policy names the digest of the one script; text of the corpus ends no element; equal runs give equal bytes."""
    text, _ = page(home, kind, home.tagged, "--out", tmp_path / "one.html")
    (script,) = SCRIPT.findall(text)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in text
    assert text.count("<script") == text.count("</script>") == 2
    assert "<img" not in text
    assert "alert(2)" in text
    around = text.replace(DATA.search(text)[0], "").replace(script, "")
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?[^#\"']|https?:|url\(", around)
    page(home, kind, home.tagged, "--out", tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_page_of_false_positives_shows_no_more_than_asked(home: Home, tmp_path: Path) -> None:
    """The largest groups; how many there are in all stands beside."""
    _, whole = page(home, "false-positives", home.tagged)
    _, data = page(home, "false-positives", home.tagged, "--top", 2, "--out", tmp_path / "p.html")
    assert [group for group in whole["groups"] if group["value"]][:2] == [
        group for group in data["groups"] if group["value"]
    ]
    assert data["totals"] == whole["totals"]


def test_the_sample_depends_on_seed_and_ids_alone(home: Home, tmp_path: Path) -> None:
    """The same seed draws the same documents of either corpus; another seed, others; never more than there are."""

    def ids(corpus: Path, seed: int, sample: int = 5) -> list[str]:
        _, data = page(home, "misses", corpus, "--seed", seed, "--sample", sample, "--out", tmp_path / "m.html")
        return [document["id"] for document in data["documents"]]

    assert ids(home.tagged, 1) == ids(home.mixed, 1)
    assert ids(home.tagged, 1) != ids(home.tagged, 2)
    assert len(set(ids(home.tagged, 1, 500))) == 14


def test_the_page_of_misses_says_what_was_replaced(home: Home, tmp_path: Path) -> None:
    """Tags and surrogates alike, in every field; what was missed stands between them."""
    _, data = page(home, "misses", home.mixed, "--out", tmp_path / "m.html")
    fields = {document["id"]: {field["name"]: field for field in document["fields"]} for document in data["documents"]}
    missed = home.missed(home.mixed)
    field = fields[missed["id"]]["text"]
    covered = [field["text"][start:end] for start, end in field["replaced"]]
    assert len(covered) == 3
    assert not any(text in MISSED or MISSED in text for text in covered)
    branches = [each["branch"] for each in fields.values() if each["branch"]["replaced"]]
    assert len(branches) == 8


def test_a_folder_that_the_run_did_not_write_is_refused(home: Home, tmp_path: Path) -> None:
    """A changed corpus, changed or foreign findings, nothing beside it, no folder at all; no page is written."""
    out = ("--out", tmp_path / "p.html")
    assert "no such folder" in refused(home, "false-positives", tmp_path / "none", *out)
    changed = copied(home, tmp_path / "changed")
    (changed / "README.md").write_text("hello")
    assert "README.md: changed" in refused(home, "misses", changed, *out)
    assert "README.md: changed" in refused(home, "false-positives", changed, *out)
    findings = copied(home, tmp_path / "findings")
    (path,) = (tmp_path / "findings.private" / "findings").iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "altered since the run" in refused(home, "false-positives", findings, *out)
    foreign = copied(home, tmp_path / "foreign")
    shutil.rmtree(tmp_path / "foreign.private")
    assert "run.json" in refused(home, "false-positives", foreign, *out)
    shutil.copytree(f"{home.mixed}.private", tmp_path / "foreign.private")
    assert "of another run" in refused(home, "false-positives", foreign, *out)
    state = copied(home, tmp_path / "state")
    (path,) = (tmp_path / "state.private" / "states").iterdir()
    path.write_bytes(path.read_bytes().replace(b"findings/", b"findingz/"))
    assert "altered" in refused(home, "false-positives", state, *out)
    assert not (tmp_path / "p.html").exists()


def test_surrogates_without_their_record_are_refused(home: Home, tmp_path: Path) -> None:
    """Nobody could tell them from misses."""
    shutil.copytree(home.mixed, tmp_path / "mixed")
    assert "surrogates" in refused(home, "misses", tmp_path / "mixed", "--out", tmp_path / "p.html")
    shutil.copytree(f"{home.mixed}.private", tmp_path / "mixed.private")
    record = tmp_path / "mixed.private" / "recorded" / "documents" / "part-00000.parquet"
    pl.read_parquet(record).with_columns(pl.col("recorded").reverse()).write_parquet(record)
    assert "does not fit" in refused(home, "misses", tmp_path / "mixed", "--out", tmp_path / "p.html")


def test_a_page_is_not_written_into_the_corpus(home: Home) -> None:
    """It would no longer verify."""
    for kind in ("false-positives", "misses"):
        assert "inside the certified folder" in refused(home, kind, home.tagged, "--out", home.tagged / "p.html")


def test_a_corpus_in_which_nothing_was_masked_has_pages(home: Home, tmp_path: Path) -> None:
    """With no group, and every document to read."""
    (tmp_path / "raw.jsonl").write_text('{"id": "a", "text": "Rates rose by 25 basis points in March."}\n', "utf-8")
    plain = tmp_path / "plain"
    done = home.govern("certify", tmp_path / "raw.jsonl", "--out", plain, "--secret", home.secret, "--workers", 1)
    assert done.returncode == 0, done.stderr
    _, data = page(home, "false-positives", plain)
    assert data["groups"] == []
    assert data["totals"] == {"values": 0, "shapes": 0, "spans": 0, "documents": 0}
    _, data = page(home, "misses", plain, "--out", tmp_path / "m.html")
    assert [len(document["fields"]) for document in data["documents"]] == [1]
