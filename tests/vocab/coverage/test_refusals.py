"""What a report refuses, in a sentence, before any work; and what must not look like a good number."""

import json
import pickle
import shutil
from pathlib import Path

import polars as pl
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from govern.corpus import CertifiedShard
from govern.errors import VerificationError
from govern.files import sha256_file
from vocab.cli import main
from vocab.coverage.encoding import Way
from vocab.coverage.finder import Finder
from vocab.coverage.partial import Plan, Task
from vocab.coverage.placing import costs, encoded_flat, place
from vocab.coverage.readers import Reader, open_tokenizer
from vocab.coverage.spans import Search, texts_of
from vocab.coverage.tables import shortened
from vocab.coverage.tally import tally
from vocab.coverage.thresholds import load
from vocab.errors import VocabError, VocabRefused


def words(folder: Path, *known: str) -> Reader:
    """A tokenizer of whole words, in which every other word is unknown."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, **{word: at for at, word in enumerate(known, 1)}}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return open_tokenizer(folder)


def test_a_term_that_is_not_read_is_not_one_token(tmp_path: Path) -> None:
    """The unknown token holds it, and nothing of it is left."""
    reader, terms = words(tmp_path / "words", "bond"), ["bond", "debenture"]
    texts = texts_of(["the bond and the debenture"])
    ids, sizes = encoded_flat(reader.ids(texts.texts, inside=False))
    found = Search(Finder(terms)).find(texts)
    cost = costs(reader, texts, place(reader, texts, ids, sizes, inside=False), found)
    assert [terms[at] for at in found.terms.what] == terms
    assert cost.term_single.tolist() == [True, False]
    assert cost.term_tokens.tolist() == [1, 1]


def test_the_number_of_a_masking_tag_is_no_number() -> None:
    """It counts the subjects of a document; what only looks like a tag is text."""
    texts = texts_of(["<PERSON_1> paid 12 to <KR_BANK_ACCOUNT_3>", "a_4> <x_5> <B_6 > _7>"])
    found = Search(Finder([])).find(texts).numbers
    said = [texts.blob[start:end].tobytes().decode() for start, end in zip(found.start, found.end, strict=True)]
    assert said == ["12", "4", "5", "6", "7"]


def test_white_space_is_that_of_every_script() -> None:
    """A space of three bytes is no ink, a letter of three is."""
    texts = texts_of(["a\u3000b", "\u00a0각"])
    assert texts.ink.tolist() == [0, 1, 1, 1, 1, 2, 2, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("kinds", "said"), [([["a"], ["b"]], "lists or objects"), (["x" * 101, "y"], "a value has 101 characters")]
)
def test_a_column_that_says_no_type_is_refused(
    base_folder: Path, tmp_path: Path, kinds: list[object], said: str
) -> None:
    """Lists, and text that would go into the report."""
    path = tmp_path / "part.parquet"
    rows = {"id": ["1", "2"], "text": ["a", "b"], "lang": ["en"] * 2, "source": ["s"] * 2, "type": kinds}
    pl.DataFrame(rows).write_parquet(path)
    shard = CertifiedShard(path, sha256_file(path).removeprefix("sha256:"), 2)
    plan = Plan((base_folder,), (open_tokenizer(base_folder).sha256,), (Way(),), (None,), (), "type", 1)
    with pytest.raises(VocabError, match=said):
        tally(Task(plan, shard, "documents"))


def test_a_tokenizer_that_depends_on_chance_is_refused(base_folder: Path, tmp_path: Path) -> None:
    """The same text would have other tokens in each report."""
    spec = json.loads((base_folder / "tokenizer.json").read_text("utf-8"))
    spec["model"]["dropout"] = 0.5
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec), "utf-8")
    with pytest.raises(VocabError, match="dropout"):
        open_tokenizer(tmp_path)


@pytest.mark.parametrize("place", ["corpus", "base"])
def test_a_report_is_not_written_into_what_it_is_about(
    base_folder: Path, corpus_folder: Path, keys: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file more in a certified corpus, and it would not verify again."""
    out = (corpus_folder if place == "corpus" else base_folder) / "report"
    common = ["--corpus", str(corpus_folder), "--trust", str(keys / "sign.pub")]
    assert main(["coverage", str(base_folder), *common, "--out", str(out)]) == 2
    assert "which is to stay as it is" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("listed", "said"),
    [("10-K\nQ3\n", "(the first, odd.txt:1: holds a digit: a number must not become a token)"), ("term\n", "")],
)
def test_a_list_of_nothing_is_refused(
    base_folder: Path, corpus_folder: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    listed: str, said: str,
) -> None:  # fmt: skip
    """A report without a term looks like one in which no term stands."""
    file = tmp_path / "odd.txt"
    file.write_text(listed, "utf-8")
    arguments = [
        base_folder,
        "--corpus",
        corpus_folder,
        "--trust",
        keys / "sign.pub",
        "--terms",
        file,
        "--out",
        tmp_path / "r",
    ]
    assert main(["coverage", *map(str, arguments)]) == 2
    assert (
        f"odd.txt: no line is a term that can be measured{' ' * bool(said)}{said}; correct" in capsys.readouterr().err
    )


def test_a_column_of_types_that_was_asked_for_must_be_there(
    base_folder: Path, corpus_folder: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names the columns that there are."""
    common = ["--corpus", str(corpus_folder), "--trust", str(keys / "sign.pub"), "--out", str(tmp_path / "out")]
    assert main(["coverage", str(base_folder), *common, "--type-column", "form"]) == 2
    assert "column 'form': the corpus keeps id, text, lang, source" in capsys.readouterr().err


def test_a_limit_on_the_names_of_slices_is_refused(tmp_path: Path) -> None:
    """It would decide nothing."""
    kwargs = {"column": "slice", "min_value": 1}
    rule = {
        "id": "r",
        "type": "expect_column_values_to_be_between",
        "kwargs": kwargs,
        "severity": "critical",
        "why": "w",
    }
    suite = {"name": "s", "format_version": 1, "description": "d", "rules": [rule]}
    (tmp_path / "s.json").write_text(json.dumps(suite), "utf-8")
    with pytest.raises(VocabError, match="expected numbers"):
        load(tmp_path / "s.json")


@pytest.mark.parametrize("kind", [VerificationError, VocabRefused])
def test_problems_go_between_processes_as_sentences(kind: type[VerificationError] | type[VocabRefused]) -> None:
    """A worker's error reads in the parent as it was written."""
    error = pickle.loads(pickle.dumps(kind(("one problem; do this", "another"))))
    assert error.problems == ("one problem; do this", "another")
    assert str(error) == "one problem; do this\nanother"


def test_a_very_long_name_is_shortened_at_once() -> None:
    """Only its ends are looked at."""
    assert shortened("가" * 1_000_000, 10) == "가가가…가"


def test_a_record_of_another_tokenizer_is_refused(
    base_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record that fits no file beside it."""
    folder = tmp_path / "changed"
    shutil.copytree(base_folder, folder)
    (folder / "extension.json").write_text("{}", "utf-8")
    with pytest.raises(VocabError, match="format_version"):
        open_tokenizer(folder)
    assert not capsys.readouterr().out


def test_an_interrupted_report_says_that_nothing_was_kept(
    base_folder: Path, corpus_folder: Path, keys: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Exit code 3, no folder, and no promise to go on where it stopped."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vocab.coverage.covering.map_shards", interrupt)
    common = ["--corpus", str(corpus_folder), "--trust", str(keys / "sign.pub"), "--out", str(tmp_path / "out")]
    assert main(["coverage", str(base_folder), *common]) == 3
    assert "nothing was kept: run the same command again" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
