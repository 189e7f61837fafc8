"""What was changed in a finished folder, its checksums made anew, is found by `check` all the same."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.attestation import CertifiedCorpus
from govern.files import canonical, manifest
from vocab.check import check
from vocab.errors import VocabError, VocabRefused
from vocab.extend import extend
from vocab.term_lists import parse

TERMS = parse("EBITDA\n기준금리\nmortgage\n억원\n".encode(), "list")
Edit = Callable[[dict[str, Any], dict[str, Any]], None]


@pytest.fixture(scope="module", params=["portable", "exact"])
def made(
    request: pytest.FixtureRequest, base_folder: Path, corpus: CertifiedCorpus, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An extension of each profile."""
    out = tmp_path_factory.mktemp("made") / "out"
    return extend(base_folder, corpus, [TERMS], out, profile=request.param).folder


def changed(made: Path, folder: Path, edit: Edit) -> Path:
    """A copy whose tokenizer and record were edited, every digest in them right again."""
    shutil.copytree(made, folder)
    spec, record = (json.loads((folder / name).read_text("utf-8")) for name in ("tokenizer.json", "extension.json"))
    edit(spec, record)
    data = (json.dumps(spec, ensure_ascii=False) + "\n").encode()
    record["tokenizer"]["sha256"] = "sha256:" + hashlib.sha256(data).hexdigest()
    (folder / "tokenizer.json").write_bytes(data)
    (folder / "extension.json").write_bytes(canonical(record))
    (folder / "SHA256SUMS").write_bytes(manifest(folder))
    return folder


def another_cut(spec: dict[str, Any], record: dict[str, Any]) -> None:
    record["base"]["replaced"].setdefault("pre_tokenizer", spec["pre_tokenizer"])
    first = {"type": "Split", "pattern": {"Regex": "lawsui"}, "behavior": "Isolated", "invert": False}
    spec["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [first, *spec["pre_tokenizer"]["pretokenizers"]]}


def no_exports(_: dict[str, Any], record: dict[str, Any]) -> None:
    record["exports"] = []


def more_merges(_: dict[str, Any], record: dict[str, Any]) -> None:
    record["merges"] += 1


def another_reason(_: dict[str, Any], record: dict[str, Any]) -> None:
    record["exports"][0]["refused"] += "!"


@pytest.mark.parametrize("edit", [another_cut, no_exports, more_merges, another_reason])
def test_an_edit_that_changes_ids_or_claims_is_found(made: Path, tmp_path: Path, edit: Edit) -> None:
    """Though no text that is tried has other ids, and every checksum agrees."""
    folder = changed(made, tmp_path / "copy", edit)
    with pytest.raises((VocabError, VocabRefused), match=r"pre_tokenizer|exports|merges|not the base|not written by"):
        check(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenization_x.py"])
def test_a_file_that_changes_what_a_reader_does_is_refused(made: Path, tmp_path: Path, name: str) -> None:
    """Only what `vocab extend` writes may stand in the folder."""
    folder = tmp_path / "copy"
    shutil.copytree(made, folder)
    (folder / name).write_text('{"model_type": "qwen2"}', "utf-8")
    (folder / "SHA256SUMS").write_bytes(manifest(folder))
    with pytest.raises(VocabRefused, match="not written by `vocab extend`"):
        check(folder)


def test_nothing_of_a_rejected_line_is_printed_or_stored(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path
) -> None:
    """A number, an address: the place says which line it was."""
    lines = ["EBITDA", "010-1234-5678", "900101-1234568", "jane.roe@example.com", "x" * 150, "<|endoftext|>"]
    made = extend(base_folder, corpus, [parse("\n".join(lines).encode(), "own.txt")], tmp_path / "out")
    left = [term for term in made.growth.terms if term.status == "rejected"]
    assert [term.entry.place for term in left] == [f"own.txt:{at}" for at in range(2, 7)]
    assert {term.entry.term for term in left} == {""}
    record = (made.folder / "extension.json").read_text("utf-8")
    assert not any(line in record for line in lines[1:5])


@pytest.mark.parametrize(
    "text",
    [
        "term\tsource\nEBIT\t900101-1234568\n",
        "term\tcategory\nEBIT\tkim@example.com\n",
        "홍길동 900101-1234568\tx\nEBIT\ty\n",
    ],
)
def test_a_sentence_about_a_list_shows_no_cell_that_may_be_personal(text: str) -> None:
    """Line and column are named, and what was expected."""
    with pytest.raises(VocabError) as caught:
        parse(text.encode(), "own.tsv")
    assert "own.tsv, line " in str(caught.value)
    assert not any(part in str(caught.value) for part in ("900101", "kim@", "홍길동"))


@pytest.mark.shared
def test_a_term_whose_part_is_a_term_is_left_out_where_nothing_would_tell_them_apart() -> None:
    """Signs that the base has whole are left to it; neither refuses the others."""
    from vocab.base import load
    from vocab.exact import isolated

    data = Path(__file__).parents[3] / "shared/data/tokenizers/whisper_multilingual"
    if not data.exists():
        pytest.skip("no shared data")
    made = isolated(load(data), ["금리", "CD금리", ",", "%"])
    status = {one.text: one.status for one in made.variants if not one.text.startswith(" ")}
    assert status == {"금리": "added", "CD금리": "no cut", ",": "already single", "%": "already single"}
