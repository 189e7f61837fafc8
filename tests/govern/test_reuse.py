"""What an earlier run did and found is not done again, and the result is that of a run which did it all, byte for byte."""

import json
from datetime import date

import pytest

from govern import detect, mask, pipeline, policy, residual
from govern.errors import InputError, Refused

SECRET = bytes(range(32))
NAMES = ["홍길동", "표은결", "김서준", "이영희", "박지후"]
RULES = 'name = "p"\n[names]\nmodel = "none"\n'


def _write(folder, name, first, count):
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(first, first + count):
        who, last = NAMES[number % 5], 5600 + number
        text = f"{number}번 상담: 성명: {who}, 연락처 010-2{number % 9}34-{last}. Mr John Smith called; 만기 안내 바랍니다."
        lines.append(json.dumps({"id": f"d{number}", "text": "" if number % 13 == 7 else text}, ensure_ascii=False) + "\n")
    (folder / name).write_text("".join(lines), "utf-8")
    return folder


@pytest.fixture
def certify(tmp_path):
    """Certifies inputs under the text of a policy, and gives `SHA256SUMS`."""

    def run(inputs, out, text=RULES, suite=None, **changes):
        path = tmp_path / f"{out}.toml"
        path.write_text(text, "utf-8")
        chosen = policy.load(path)
        request = pipeline.Request(
            (inputs,), tmp_path / out, chosen, suite or chosen.suite, SECRET, date(2026, 1, 1), work_bytes=900, **changes
        )
        return (pipeline.certify(request).folder / "SHA256SUMS").read_bytes()

    return run


@pytest.fixture
def searches(monkeypatch):
    """How many documents were searched: the texts that came to the detector."""
    seen = []
    original = detect.search

    def counted(detector, text, *more, **named):
        seen.append(text)
        return original(detector, text, *more, **named)

    monkeypatch.setattr(mask, "search", counted)
    return seen


OPERATORS = {
    "surrogates": '[entities]\nPERSON = "surrogate"\nPHONE_NUMBER = "surrogate"\n',
    "redacted": '[entities]\nPERSON = "redact"\nPHONE_NUMBER = "partial"\n',
    "another domain": '[entities]\nPERSON = "pseudonym"\n[pseudonyms]\ndomain = "lab"\n',
}


@pytest.mark.parametrize("text", OPERATORS.values(), ids=OPERATORS)
def test_another_operator_masks_anew_and_searches_nothing(tmp_path, certify, searches, text):
    """From tags to each, and back to tags."""
    raw = _write(tmp_path / "raw", "a.jsonl", 0, 40)
    tags = certify(raw, "tags")
    whole = certify(raw, "whole", RULES + text)
    searches.clear()
    assert certify(raw, "again", RULES + text, reuse=tmp_path / "tags") == whole
    assert certify(raw, "back", reuse=tmp_path / "whole") == tags
    assert searches == []


def test_new_documents_cost_themselves(tmp_path, certify, searches):
    """Files before and after the old one: units of work are cut otherwise, and old documents are known one by one."""
    raw = _write(tmp_path / "raw", "m.jsonl", 0, 40)
    certify(raw, "first")
    _write(raw, "a.jsonl", 100, 3)
    _write(raw, "z.jsonl", 200, 4)
    whole = certify(raw, "whole")
    searches.clear()
    assert certify(raw, "more", reuse=tmp_path / "first") == whole
    numbers = {text.partition("번")[0] for text in searches}
    assert numbers == {str(number) for number in (100, 101, 102, 200, 201, 203)}  # 202 is empty


def test_another_threshold_does_nothing_again(tmp_path, certify, searches, monkeypatch):
    """A suite that refuses, then one that passes: nothing is searched, masked or scanned, and the bytes are a full run's."""
    raw = _write(tmp_path / "raw", "a.jsonl", 0, 40)
    certify(raw, "first")
    from importlib import resources

    rules = json.loads(resources.files("expectations").joinpath("corpus-default.json").read_text("utf-8"))
    suite = tmp_path / "s.json"
    rules["name"] = "mine"
    suite.write_text(json.dumps(rules), "utf-8")
    whole = certify(raw, "whole", suite=str(suite))
    searches.clear()
    scans = []
    monkeypatch.setattr(residual, "_scanned", scans.append)
    begun = _inodes(tmp_path / "first.private" / "masked")
    assert certify(raw, "again", suite=str(suite), reuse=tmp_path / "first") == whole
    assert searches == scans == []
    assert _inodes(tmp_path / "again.private" / "masked") == begun
    kept = {out: sorted(path.name for path in (tmp_path / f"{out}.private/rescans").iterdir()) for out in ("first", "again")}
    assert len(kept["first"]) == 3
    assert kept["again"] == kept["first"]


def _inodes(folder):
    return sorted(path.stat().st_ino for path in folder.iterdir())


def test_what_would_be_found_otherwise_is_searched_again(tmp_path, certify, searches):
    """Another score, a type that stays, another cleaning, an edited document."""
    raw = _write(tmp_path / "raw", "a.jsonl", 0, 20)
    certify(raw, "first")
    others = {
        "score": "min_score = 0.45\n" + RULES,
        "stays": RULES + '[entities]\nPERSON = "keep"\n',
        "cleaning": 'cleaning = ["compose"]\n' + RULES,
    }
    for name, text in others.items():
        whole = certify(raw, f"{name}-whole", text)
        searches.clear()
        assert certify(raw, name, text, reuse=tmp_path / "first") == whole
        assert len(searches) >= 19, name
    lines = (raw / "a.jsonl").read_text("utf-8").replace("5603.", "5603!")
    (raw / "a.jsonl").write_text(lines, "utf-8")
    whole = certify(raw, "edited-whole")
    searches.clear()
    assert certify(raw, "edited", reuse=tmp_path / "first") == whole
    assert {text.partition("번")[0] for text in searches} == {"3"}


def test_damaged_work_is_done_again(tmp_path, certify, searches):
    """A shard whose file was changed counts for nothing; a folder that no run made is a slip of the pen."""
    raw = _write(tmp_path / "raw", "a.jsonl", 0, 20)
    whole = certify(raw, "first")
    for path in (tmp_path / "first.private" / "detected").iterdir():
        path.write_bytes(path.read_bytes()[:-9] + b"123456789")
    searches.clear()
    assert certify(raw, "again", reuse=tmp_path / "first") == whole
    assert len(searches) >= 19
    with pytest.raises(InputError, match=r"--reuse .*absent: no absent\.private beside it; name the folder of an earlier run"):
        certify(raw, "nowhere", reuse=tmp_path / "absent")


def test_a_gate_that_refuses_stands_under_reuse(tmp_path, certify):
    """Expectations are asked anew."""
    raw = _write(tmp_path / "raw", "a.jsonl", 0, 20)
    certify(raw, "first")
    rules = json.loads(_default())
    rules["name"] = "many"
    (rule,) = (rule for rule in rules["rules"] if rule["id"] == "documents-present")
    rule["kwargs"]["min_value"] = 1000
    suite = tmp_path / "s.json"
    suite.write_text(json.dumps(rules), "utf-8")
    with pytest.raises(Refused):
        certify(raw, "again", suite=str(suite), reuse=tmp_path / "first")
    assert not (tmp_path / "again").exists()


def _default():
    from importlib import resources

    return resources.files("expectations").joinpath("corpus-default.json").read_text("utf-8")
