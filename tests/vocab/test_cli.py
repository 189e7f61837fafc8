"""The command line: the contract of flags, exit codes and sentences."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vocab.cli import main

HEAVY = (
    "jinja2",
    "numpy",
    "polars",
    "sentencepiece",
    "tokenizers",
    "torch",
    "transformers",
    "pydantic",
    "cryptography",
)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, corpus_folder: Path, keys: Path) -> Path:
    out = tmp_path_factory.mktemp("cli") / "tokenizer"
    trust = str(keys / "sign.pub")
    command = ["extend", str(base_folder), "--corpus", str(corpus_folder), "--trust", trust, "--out", str(out)]
    assert main([*command, "--terms", "finance-ko", "--sign-key", str(keys / "sign.pem")]) == 0
    return out


@pytest.mark.parametrize(
    "command", [[], ["inspect"], ["mine"], ["extend"], ["check"], ["coverage"], ["show"], ["embed"]]
)
def test_help_is_quick_and_loads_nothing_heavy(command: list[str]) -> None:
    """Under half a second of processor time, and no library but the standard one and canonical JSON."""
    code = (
        f"import sys, time; from vocab.cli import main\ntry: main({[*command, '--help']!r})\nexcept SystemExit: pass\n"
        f"print(time.process_time(), [m for m in {HEAVY!r} if m in sys.modules], sep='|', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    seconds, loaded = done.stderr.strip().split("|")
    assert loaded == "[]"
    assert float(seconds) < 0.5


def test_the_module_is_the_script() -> None:
    """`python -m vocab` answers as `vocab` does; without a command it prints help and exits 2."""
    done = subprocess.run([sys.executable, "-m", "vocab"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith("usage: vocab")


def test_extend_says_what_it_added(
    base_folder: Path, corpus_folder: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON holds the counts, the proof and each term that was not added."""
    terms = tmp_path / "terms.txt"
    terms.write_text("EBITDA\nM&A\n\n<|endoftext|>\nEBITDA\n", encoding="utf-8")
    trust = str(keys / "sign.pub")
    command = ["extend", str(base_folder), "--corpus", str(corpus_folder), "--trust", trust, "--terms", str(terms)]
    assert main([*command, "--out", str(tmp_path / "out"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["terms"] == {"added": 1, "cut": 1, "rejected": 3}
    assert {one["place"] for one in result["not_added"]} == {f"terms.txt:{line}" for line in (2, 3, 4, 5)}
    assert result["proof"]["corpus"]["documents_longer"] == 0
    assert result["signed"] is False


def test_check_passes_and_an_altered_folder_exits_1(
    extended: Path, corpus_folder: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 where every claim holds, 1 and the file's name where one does not."""
    import shutil

    trust = ["--trust", str(keys / "sign.pub")]
    assert main(["check", str(extended), "--corpus", str(corpus_folder), *trust]) == 0
    assert "signature: verified" in capsys.readouterr().out
    shutil.copytree(extended, tmp_path / "copy")
    (tmp_path / "copy/README.md").write_text("changed")
    assert main(["check", str(tmp_path / "copy")]) == 1
    assert "README.md" in capsys.readouterr().err


def test_coverage_writes_both_files(
    extended: Path, base_folder: Path, corpus_folder: Path, keys: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Before and after, with the trusted key from the environment."""
    monkeypatch.setenv("ASSAY_TRUST", str(keys / "sign.pub"))
    command = ["coverage", str(base_folder), str(extended), "--corpus", str(corpus_folder), "--terms", "finance-ko"]
    assert main([*command, "--out", str(tmp_path / "deep/report")]) == 0
    assert "The whole corpus" in capsys.readouterr().out
    value = json.loads((tmp_path / "deep/report/coverage.json").read_text("utf-8"))
    single = [sum(context["single"] for context in one["contexts"]) for one in value["tokenizers"]]
    assert single[0] < single[1]
    assert (tmp_path / "deep/report/report.html").read_text("utf-8").startswith("<!doctype html>")


def test_an_uncertified_or_untrusted_corpus_exits_1_or_2(
    base_folder: Path, corpus_folder: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without an attestation is refused; without a trusted key the command was used wrongly."""
    import shutil

    from govern.keys import generate

    command = ["extend", str(base_folder), "--out", str(tmp_path / "out"), "--corpus"]
    assert main([*command, str(corpus_folder)]) == 2
    generate(tmp_path / "other")
    assert main([*command, str(corpus_folder), "--trust", str(tmp_path / "other/sign.pub")]) == 1
    shutil.copytree(corpus_folder, tmp_path / "draft")
    (tmp_path / "draft/attestation.json").unlink()
    assert main([*command, str(tmp_path / "draft"), "--trust", str(keys / "sign.pub")]) == 1
    assert not (tmp_path / "out").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_a_corpus_for_another_purpose_exits_1(
    base_folder: Path, keys: Path, tmp_path: Path, corpus_writer: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """What may be evaluated on may not shape a tokenizer."""
    folder = corpus_writer(tmp_path / "corpus", {"documents": [("금리", "ko")]}, keys, allowed=["evaluate"])  # type: ignore[operator]
    command = ["extend", str(base_folder), "--out", str(tmp_path / "out"), "--corpus", str(folder)]
    assert main([*command, "--trust", str(keys / "sign.pub")]) == 1
    assert "train" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("terms", "word"), [("term\tgroup\nEBITDA\tx\n", "'group'"), ("\n", "")], ids=["wrong column", "only an empty line"]
)
def test_term_lists_are_judged(
    base_folder: Path, corpus_folder: Path, keys: Path, tmp_path: Path, terms: str, word: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A wrong column exits 2; a list that holds no usable term leaves nothing to extend by."""
    (tmp_path / "t.tsv").write_text(terms, encoding="utf-8")
    command = ["extend", str(base_folder), "--corpus", str(corpus_folder), "--trust", str(keys / "sign.pub")]
    assert main([*command, "--terms", str(tmp_path / "t.tsv"), "--out", str(tmp_path / "out")]) == 2
    assert word in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_base_exits_2(
    corpus_folder: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names the path."""
    command = ["extend", str(tmp_path / "none"), "--corpus", str(corpus_folder), "--trust", str(keys / "sign.pub")]
    started = time.process_time()
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "none" in capsys.readouterr().err
    assert time.process_time() - started < 30


def test_trust_without_a_signature_is_refused(
    extended: Path, tmp_path: Path, keys: Path, corpus_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Taking the signature off a tokenizer does not get it past a check that names whose signature counts."""
    import shutil

    copy = shutil.copytree(extended, tmp_path / "copy")
    (copy / "attestation.json").unlink()
    assert main(["check", str(copy), "--trust", str(keys / "sign.pub")]) == 1
    assert "not signed" in capsys.readouterr().err
    assert main(["check", str(copy), "--trust", str(keys / "sign.pub"), "--corpus", str(corpus_folder)]) == 0
    assert "signature: not signed" in capsys.readouterr().out


def test_an_url_where_a_path_belongs_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    """And makes no folder of that name."""
    with pytest.raises(SystemExit) as ended:
        main(["coverage", "base", "--corpus", "s3://bank/corpus", "--trust", "k", "--out", "o"])
    assert ended.value.code == 2
    assert "an URL, and this stays on a file system" in capsys.readouterr().err
