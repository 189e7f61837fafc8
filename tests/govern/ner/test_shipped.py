"""The name model of the package: what it finds, what its files hold, and that it depends on the text alone."""

import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern import detect, policy
from govern.corpus import Document
from govern.mask import Masked, mask
from govern.ner import PIPELINES, bundled


@pytest.fixture(scope="module")
def model():
    return bundled.load(PIPELINES)


def persons(model, text):
    return [text[start:end] for start, end, _ in model.persons([text])[0]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The loan was discussed with Theodora Wexcombe and later with Idris Okonjo at the branch.", 2),
        ('"We expect rates to fall," said Marguerite Osei, chief economist at Northfield Capital.', 1),
        ("어제 나래솔이 창구에 왔고 김서윤에게 계약서를 건넸다.", 1),
        ("이번 분기 순이익은 박지훈 대표가 밝힌 대로 늘었다.", 1),
    ],
)
def test_names_without_title_or_label_are_found(model, text, names):
    """What rules cannot see."""
    assert len(persons(model, text)) >= names


def test_a_korean_name_ends_before_its_particle_and_title(model):
    """And the title is no part of it."""
    assert "김서윤" in persons(model, "고객 김서윤은 박지훈 대리에게 문의하였다.")
    assert "박지훈" in persons(model, "고객 김서윤은 박지훈 대리에게 문의하였다.")


def test_a_title_and_a_genitive_are_no_part_of_an_english_name(model):
    """They stay."""
    assert persons(model, "It was Mr. Theodore Wexcombe's loan that was sold.") == ["Theodore Wexcombe"]


def test_what_is_found_depends_on_the_text_alone(model):
    """Not on its neighbours in a call; empty and blank texts hold nobody."""
    texts = ["said Theodora Wexcombe.", "", "  \n ", "김서윤이 말했다.", "said Theodora Wexcombe.", "\x00" * 8]
    together = model.persons(texts)
    assert together == [model.persons([text])[0] for text in texts]
    assert together[0] == together[4]
    assert together[1] == together[2] == together[5] == []


def test_nothing_is_found_within_a_tag(model):
    """Nor across one."""
    text = "said " + "\x00" * 10 + " Theodora Wexcombe"
    assert all("\x00" not in text[start:end] for start, end, _ in model.persons([text])[0])


def test_the_files_are_small_and_hold_no_text():
    """15 MB at most; strings are the labels and nothing else; no path of any machine."""
    folder = PIPELINES
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 15_000_000
    for lang in ("en", "ko"):
        strings = json.loads((folder / lang / "vocab" / "strings.json").read_text("utf-8"))
        assert strings == ["LOC", "ORG", "PERSON"]
        assert not (folder / lang / "vocab" / "lookups.bin").read_bytes().strip(b"\x80")
    for path in files:
        data = path.read_bytes()
        assert not any(place in data for place in (b"/home/", b"/tmp/", b"/work")), path


def test_spacy_loads_it_without_a_network(monkeypatch):
    """`spacy.load` of the folder is enough; the Korean one also needs its embedding, which spaCy finds by its entry point."""
    import spacy

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    nlp = spacy.load(PIPELINES / "en")
    assert nlp.pipe_names == ["tok2vec", "ner"]
    assert [entity.label_ for entity in nlp("said Theodora Wexcombe yesterday").ents] == ["PERSON"]
    assert spacy.load(PIPELINES / "ko").pipe_names == ["tok2vec", "ner"]


def test_a_policy_chooses_it(model):
    """And its digest and name stand in what is certified."""
    default = policy.load("default")
    with_model = detect.build(default)
    without = detect.build(default.by_rule())
    assert with_model.models == (("bundled", bundled.digest(PIPELINES)),)
    assert bundled.RECOGNIZER in with_model.names
    assert without.models == ()
    assert with_model.digest != without.digest
    text = "The loan was discussed with Theodora Wexcombe at the branch."
    assert [text[span.start : span.end] for span in detect.find(with_model, text)] == ["Theodora Wexcombe"]


PIECES = st.sampled_from([
    "Theodora Wexcombe", "김서윤", "홍 길 동", " said", " paid.", "은 ", " 대리가 ", "\n", "Mr. ", "담당자: ", "Kenya ", "the ",
    "Nikkei Bank ", "010-1234-5678 ", "| ", "이자 ", "and ", "Idris", ", ", "<PERSON_1> ",
])  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PIECES, max_size=9).map("".join))
def test_what_is_masked_with_the_model_is_masked_for_good(text):
    """A second pass finds nothing, whatever the tags beside a name do to what the model sees."""
    chosen = policy.load("default")
    detector = detect.build(chosen)
    once = mask(Document("d", (("text", text),), "s", {}), detector, chosen)
    assert isinstance(once, Masked)
    again = mask(once.document, detector, chosen)
    assert isinstance(again, Masked)
    assert again.document.fields == once.document.fields


def test_pieces_are_read_as_by_the_pipelines_own_way(model):
    """Component by component gives what `pipe` gives, over more than one batch."""
    pieces = ["said Theodora Wexcombe.", "고객 김서윤은 말했다.", "", "the 4.5 %"] * 50
    for pipeline in (model.english, model.korean):
        own = [[(e.start, e.end, e.label_) for e in doc.ents] for doc in bundled._read(pipeline, pieces)]
        its = [[(e.start, e.end, e.label_) for e in doc.ents] for doc in pipeline.pipe(pieces, batch_size=bundled.BATCH)]
        assert own == its
        assert any(own)
