"""Runs under policies by source, with waivers and cleaning; what a bad policy leaves behind."""

import json

import pytest
from runs_world import certify, texts, write

from govern.policy import ENTITY_TYPES

MASKED = "전화 010-9876-1234 카드 4111 1111 1111 1111"

WAIVER = '[[waivers]]\nid = "{0}"\nwho = "model risk"\nwhy = "forms <are> fields"\nuntil = {1}\n'


def test_persons_in_public_filings_stay_with_the_reason(home, tmp_path):
    """A source has actions of its own; elsewhere the policy's hold, and the certificate says why."""
    out = tmp_path / "run" / "corpus"
    source = (
        '[[sources]]\nmatch = "filings*"\nname = "filings"\nreason = "public filings"\nentities = { PERSON = "keep" }\n'
    )
    assert certify(home, out, source) == 0
    assert sum("Mr. John Smith" in text for text in texts(out)) == 6
    assert sum("<PERSON_1>" in text for text in texts(out)) == 12
    said = json.loads((out / "certificate.json").read_bytes())
    declared = next(row for row in said["sources"] if row["name"] == "filings")
    assert (declared["reason"], declared["entities"]) == ("public filings", {"PERSON": "keep"})
    rows = {(row["entity_type"], row["lang"], row["action"]): row["spans"] for row in said["privacy"]["entities"]}
    assert said["non_claims"][-1] == "Not replaced, as the policy says: PERSON in source filings."
    assert rows["PERSON", "en", "keep"] == 6
    assert rows["PERSON", "ko", "tag"] == 12
    assert said["privacy"]["regression_scan"]["spans_left"] == 0


def test_a_source_of_its_own_actions_without_a_file_is_refused(home, tmp_path, capsys):
    """A slip in a pattern would turn a stricter action off."""
    source = '[[sources]]\nmatch = "Filings*"\nname = "filings"\nreason = "r"\nentities = { PERSON = "redact" }\n'
    assert certify(home, tmp_path / "run" / "corpus", source) == 2
    assert "no input file matches 'Filings*'" in capsys.readouterr().err


def test_a_file_of_two_sources_is_refused(home, tmp_path, capsys):
    """Neither is chosen for the other."""
    two = '[[sources]]\nmatch = "calls*"\nname = "a"\n[[sources]]\nmatch = "*.jsonl"\nname = "b"\n'
    assert certify(home, tmp_path / "run" / "corpus", two) == 2
    assert "one input file matches the sources 'calls*' and '*.jsonl'" in capsys.readouterr().err
    assert not (tmp_path / "run" / "corpus.private").exists()


def test_a_waived_rule_does_not_block_and_stands_in_the_certificate(home, tmp_path, capsys):
    """Without the waiver the same corpus is refused; the rule is said to have failed."""
    raw = tmp_path / "raw"
    raw.mkdir()
    write(raw / "a.jsonl", [{"id": "1", "text": MASKED}])
    assert certify(home, tmp_path / "a" / "corpus", "", inputs=str(raw)) == 1
    assert "rule not-mostly-masked" in capsys.readouterr().err
    out = tmp_path / "b" / "corpus"
    assert certify(home, out, WAIVER.format("not-mostly-masked", "2999-01-01"), inputs=str(raw)) == 0
    said = json.loads((out / "certificate.json").read_bytes())
    waiver = {"id": "not-mostly-masked", "who": "model risk", "why": "forms <are> fields", "until": "2999-01-01"}
    assert said["decision"] == {"result": "passed", "waivers": [waiver]}
    assert {"failed"} == {row["status"] for row in said["quality"]["results"] if row["id"] == "not-mostly-masked"}
    assert "Waived: not-mostly-masked, by model risk until 2999-01-01: forms &lt;are&gt; fields" in (
        out / "report.html"
    ).read_text("utf-8")


def test_a_waiver_that_no_rule_needed_stands_nowhere(home, tmp_path):
    """The certificate lists what was waived, not what might have been."""
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, WAIVER.format("not-mostly-masked", "2999-01-01")) == 0
    assert json.loads((out / "certificate.json").read_bytes())["decision"]["waivers"] == []


@pytest.mark.parametrize(
    ("rule", "until", "words"),
    [
        (
            "not-mostly-masked",
            "2020-01-01",
            "the waiver of rule 'not-mostly-masked' (model risk) held until 2020-01-01",
        ),
        ("no-such-rule", "2999-01-01", "suite corpus-default has no such rule"),
        ("no-residual-spans", "2999-01-01", "cannot be waived"),
        ("accounting-adds-up", "2999-01-01", "cannot be waived"),
    ],
)
def test_a_waiver_that_cannot_hold_stops_a_run(home, tmp_path, capsys, rule, until, words):
    """One that is over, of no rule, or of a rule about the run itself."""
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, WAIVER.format(rule, until)) == 2
    assert words in capsys.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["policy.toml"]


def test_cleaning_comes_before_masking(home, tmp_path):
    """Hidden characters go, what they hid is found, and the document is what was cleaned."""
    raw = tmp_path / "raw"
    raw.mkdir()
    write(
        raw / "a.jsonl",
        [{"id": f"{number}", "text": f"{number}\u200b. 금리\ufeff 3.5%\r\n끝  \n"} for number in range(5)],
    )
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, 'cleaning = ["hidden", "line-ends", "trailing-blanks"]\n', inputs=str(raw)) == 0
    assert min(texts(out)) == "0. 금리 3.5%\n끝\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[entities]\nPERSON = "partial"\n', 'PERSON = "partial": has no usual partial form'),
        ('[entities]\nPHONE_NUMBER = "generalise"\n', 'PHONE_NUMBER = "generalise": has nothing coarser than itself'),
        ('[entities]\nPIN = "surrogate"\n', 'PIN = "surrogate": has no surrogate'),
        ('[entities]\nPERSONS = "tag"\n', "nothing finds 'PERSONS'"),
        ("[scores]\nPERSONS = 0.5\n", "scores: nothing finds 'PERSONS'"),
        ('[generalise]\ndate_of_birth = "age-band"\n', "add as_of = 2026-01-01"),
        (
            '[[sources]]\nmatch = "a"\nname = "a"\nentities = { PERSON = "keep" }\n',
            "source 'a' has entities of its own and no reason",
        ),
        (
            '[[sources]]\nmatch = "a"\nname = "a"\nreason = "r"\nentities = { PERSON = "off" }\n',
            "use keep in place of off",
        ),
        (
            '[entities]\nCREDIT_CARD = "partial"\n[[sources]]\nmatch = "a"\nname = "a"\nreason = "r"\n'
            'entities = { CREDIT_CARD = "pseudonym" }\n',
            "PCI DSS 3.5.1.1",
        ),
        ('[columns]\nwho = { role = "known" }\n', "a column with role known has an entity_type"),
        ('[columns]\nwho = { role = "join-key" }\n', "a join key goes with known values"),
        ('keep_columns = ["who"]\n[columns]\nwho = { role = "keep" }\n', "stands in keep_columns too"),
        ('cleaning = ["polish"]\n', "cleaning"),
        ("[entities]\n" + "".join(f'{kind} = "keep"\n' for kind in ENTITY_TYPES), "masks nothing"),
        ('lists = "absent.toml"\n', "absent.toml: No such file"),
        ("[retention]\ncorpus_until = 2020-01-01\n", "retention.corpus_until = 2020-01-01 is over"),
        ('[pseudonyms]\ndomain = "a b"\n', "pseudonyms.domain"),
        ('"\\u001b]0;x\\u0007" = 1\n', "unknown key '\\x1b]0;x\\x07'"),
        ('[names]\nrules = false\nmodel = "none"\n', "nothing finds PERSON"),
        ("regex_timeout_s = inf\n", "regex_timeout_s"),
        (f"min_score = {'9' * 5000}\n", "a number too long"),
        ("keep_columns = " + "[" * 20_000, "nested too deeply"),
    ],
)
def test_a_policy_that_cannot_hold_is_a_sentence_and_exit_2(home, tmp_path, capsys, text, words):
    """Before anything is read or written."""
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, text) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "defect" not in error
    assert [path.name for path in out.parent.iterdir()] == ["policy.toml"]
