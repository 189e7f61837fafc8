"""Runs under every operator: what is published, what the certificate says, what goes into a vault."""

from pathlib import Path

import polars as pl
import pytest
from runs_world import ALL, CANARIES, RESIDENT, certify, policy, privacy, texts, vault, write

from govern import cli
from govern.files import list_files


def test_every_operator_in_one_run(home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The corpus verifies, nothing is left by the scan, the certificate says how, and no file or line holds a value."""
    holders, out = home / "holders", tmp_path / "run" / "corpus"
    sealed = vault(home, tmp_path)
    more = (
        "--vault",
        str(sealed),
        "--vault-key",
        str(holders / "vault.key"),
        "--sign-key",
        str(home / "keys" / "sign.pem"),
    )
    assert certify(home, out, ALL, *more) == 0
    assert cli.main(["verify", str(out), "--trust", str(home / "keys" / "sign.pub")]) == 0
    call = next(text for text in texts(out) if text.startswith("0번 상담"))
    assert "카드 <CREDIT_CARD>로" in call
    assert "생년월일: 1980/1989." in call
    assert "금리는 3.5%입니다." in call
    assert "<PHONE_NUMBER_" in call
    said = privacy(out)
    assert said["regression_scan"]["spans_left"] == 0
    assert said["pseudonyms"]["domain"] == "default"
    assert said["pseudonyms"]["surrogate_names"]["surrogates"] == 2
    assert {(row["entity_type"], row["action"]) for row in said["entities"]} == {
        ("PERSON", "surrogate"), ("EMAIL_ADDRESS", "surrogate"), ("PHONE_NUMBER", "pseudonym"), ("CREDIT_CARD", "redact"),
        ("DATE_OF_BIRTH", "generalise"), ("KR_RRN", "encrypt"),
    }  # fmt: skip
    shown = "".join(capfd.readouterr())
    private = out.with_name("corpus.private")
    for canary in CANARIES:
        assert canary not in shown
        for folder in (out, private, tmp_path):
            for name in list_files(folder):
                data = (folder / name).read_bytes()
                frames = str(pl.read_parquet(folder / name).rows()) if name.endswith(".parquet") else ""
                assert canary.encode() not in data, name
                assert canary not in frames, name


def test_what_is_encrypted_comes_back_with_two_keys(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reference in the text leads to what stood there; the segments of the run are gone."""
    holders, out = home / "holders", tmp_path / "run" / "corpus"
    sealed = vault(home, tmp_path)
    more = ("--vault", str(sealed), "--vault-key", str(holders / "vault.key"))
    assert certify(home, out, '[entities]\nKR_RRN = "encrypt"\n', *more) == 0
    text = next(text for text in texts(out) if "<KR_RRN_" in text)
    start = text.index("<KR_RRN_")
    capsys.readouterr()
    keys = ("--vault-key", str(holders / "vault.key"), "--second-key", str(holders / "second.pem"))
    told = ("--reason", "complaint 17", "--ledger", str(tmp_path / "ledger"))
    assert (
        cli.main(
            ["vault", "reveal", str(sealed), "--reference", text[start : text.index(">", start) + 1], *keys, *told]
        )
        == 0
    )
    assert capsys.readouterr().out.strip() == RESIDENT
    assert list((tmp_path / "run" / "corpus.private" / "segments").iterdir()) == []


@pytest.mark.parametrize(
    ("domain", "text", "flags", "words"),
    [
        (
            "default",
            '[entities]\nKR_RRN = "encrypt"\n',
            False,
            "encrypts KR_RRN, and no vault came; give --vault and --vault-key",
        ),
        ("other", '[entities]\nKR_RRN = "encrypt"\n', True, "is the vault of domain 'other', expected 'default'"),
        ("default", "", True, "encrypts nothing; leave it out"),
    ],
)
def test_a_vault_that_does_not_fit_is_refused_before_the_work(home, tmp_path, capsys, domain, text, flags, words):
    """No vault, another domain's, or one without need: exit 2, and nothing is written."""
    out = tmp_path / "run" / "corpus"
    more = (
        ("--vault", str(vault(home, tmp_path, domain)), "--vault-key", str(home / "holders" / "vault.key"))
        if flags
        else ()
    )
    assert certify(home, out, text, *more) == 2
    assert words in capsys.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["policy.toml"]


def test_the_vault_may_not_lie_in_the_run(home, tmp_path, capsys):
    """Its file would ship, or be removed."""
    inside = tmp_path / "run" / "corpus.private"
    inside.mkdir(parents=True)
    more = ("--vault", str(vault(home, inside)), "--vault-key", str(home / "holders" / "vault.key"))
    assert certify(home, tmp_path / "run" / "corpus", '[entities]\nKR_RRN = "encrypt"\n', *more) == 2
    assert "lies inside a folder of this run" in capsys.readouterr().err


def test_a_tag_of_the_highest_number_in_the_text_costs_nothing(home, tmp_path):
    """Others are numbered past those that stand there."""
    raw = tmp_path / "raw"
    raw.mkdir()
    text = (
        "<PHONE_NUMBER_999999> and <PHONE_NUMBER_1> and the caller asked to be called back at 010-1234-5678 next week"
    )
    write(raw / "a.jsonl", [{"id": "1", "text": text}])
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, "", inputs=str(raw)) == 0
    assert texts(out) == [text.replace("010-1234-5678", "<PHONE_NUMBER_2>")]


def test_a_refused_run_puts_nothing_into_the_vault(home, tmp_path, capsys):
    """What was not certified needs no way back."""
    raw = tmp_path / "raw"
    raw.mkdir()
    write(raw / "a.jsonl", [{"id": "1", "text": f"주민등록번호 {RESIDENT}"}])
    sealed = vault(home, tmp_path)
    more = ("--vault", str(sealed), "--vault-key", str(home / "holders" / "vault.key"))
    assert certify(home, tmp_path / "run" / "corpus", '[entities]\nKR_RRN = "encrypt"\n', *more, inputs=str(raw)) == 1
    capsys.readouterr()
    assert cli.main(["vault", "show", str(sealed)]) == 0
    assert "0 entries" in capsys.readouterr().out


def test_the_same_number_has_the_same_pseudonym_in_two_corpora_of_a_domain(home, tmp_path):
    """And another one in another domain, under another key id."""
    found = {}
    for name, domain in (("a", "bank"), ("b", "bank"), ("c", "other")):
        out = tmp_path / name / "corpus"
        assert certify(home, out, f'[entities]\nPHONE_NUMBER = "pseudonym"\n[pseudonyms]\ndomain = "{domain}"\n') == 0
        text = next(text for text in texts(out) if "<PHONE_NUMBER_" in text)
        start = text.index("<PHONE_NUMBER_")
        found[name] = text[start : text.index(">", start)], privacy(out)["pseudonyms"]["domain_key_id"]
    assert found["a"] == found["b"]
    assert found["a"][0] != found["c"][0]
    assert found["a"][1] != found["c"][1]


def test_a_secret_of_another_length_is_refused(home, tmp_path, capsys):
    """It would make other pseudonyms than anybody expects."""
    short = tmp_path / "short.key"
    short.write_bytes(b"s" * 31)
    short.chmod(0o600)
    path = policy(tmp_path, '[entities]\nPHONE_NUMBER = "pseudonym"\n')
    assert (
        cli.main(
            ["certify", str(home / "raw"), "--out", str(tmp_path / "c"), "--policy", str(path), "--secret", str(short)]
        )
        == 2
    )
    assert "holds 31 bytes, a secret is exactly 32 raw bytes" in capsys.readouterr().err
    assert not (tmp_path / "c.private").exists()
