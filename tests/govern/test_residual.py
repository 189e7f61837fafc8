"""The scan of what was published: it fails where an operator leaves a value, though masking recorded it as replaced."""

import json
from datetime import date

import pytest

from govern import pipeline, policy
from govern.errors import Refused
from govern.operators.serving import written_by
from govern.treatment import Treatment

LINES = [
    {"id": str(n), "text": f"{n}번 상담: 성명: 홍가나리, 연락처 010-9876-1234번으로 만기 연장 안내 바랍니다."}
    for n in range(4)
]


@pytest.fixture
def request_for(tmp_path):
    """A run over a few calls under a policy."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in LINES), "utf-8")

    def made(text: str) -> pipeline.Request:
        path = tmp_path / "p.toml"
        path.write_text('name = "p"\n' + text, "utf-8")
        chosen = policy.load(path)
        return pipeline.Request((raw,), tmp_path / "out", chosen, chosen.suite, bytes(range(32)), date(2026, 1, 1))

    return made


@pytest.mark.parametrize(
    ("kind", "action"), [("PERSON", "surrogate"), ("PHONE_NUMBER", "surrogate"), ("PHONE_NUMBER", "partial")]
)
def test_an_operator_that_gives_the_value_back_is_found(request_for, monkeypatch, kind, action):
    """The record says that a replacement stands there; it is the value."""
    monkeypatch.setattr(Treatment, "replacement", lambda self, action, entity_type, value: value)
    with pytest.raises(Refused, match="no-residual-spans"):
        pipeline.certify(request_for(f'[entities]\n{kind} = "{action}"\n'))


@pytest.mark.parametrize("text", ["010-9876-1234", "x" * 200])
def test_an_operator_that_writes_what_it_cannot_is_found(request_for, monkeypatch, text):
    """A number that may have been issued, or half a document."""
    monkeypatch.setattr(Treatment, "replacement", lambda self, action, entity_type, value: text)
    with pytest.raises(Refused, match="no-residual-spans"):
        pipeline.certify(request_for('[entities]\nPHONE_NUMBER = "surrogate"\nPERSON = "surrogate"\n'))


def test_what_the_operators_write_passes(request_for):
    """Names, numbers and coarse values are told from leaks."""
    made = pipeline.certify(request_for('[entities]\nPHONE_NUMBER = "surrogate"\nPERSON = "surrogate"\n'))
    assert made.certificate.claim["privacy"]["regression_scan"]["spans_left"] == 0


@pytest.mark.parametrize(
    ("action", "kind", "text", "can"),
    [
        ("partial", "PHONE_NUMBER", "010-****-5678", True),
        ("partial", "PHONE_NUMBER", "010-1234-5678", False),
        ("partial", "IP_ADDRESS", "203.0.113.0/24", True),
        ("generalise", "DATE_OF_BIRTH", "1980/1989", True),
        ("generalise", "DATE_OF_BIRTH", "1985-03-02", False),
        ("generalise", "KR_ADDRESS", "서울특별시 강남구", True),
        ("generalise", "KR_ADDRESS", "서울특별시 강남구 테헤란로 12", False),
        ("generalise", "STREET_ADDRESS", "<STREET_ADDRESS>", True),
        ("surrogate", "PHONE_NUMBER", "010-9876-1234", False),
        ("tag", "PERSON", "<PERSON_1>", False),
    ],
)
def test_the_forms_of_operators_without_a_mark(action, kind, text, can):
    """Each tells what it may have written."""
    assert written_by(action, kind, text) is can
