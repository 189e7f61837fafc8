"""Two pipelines as one model, here tiny ones made on the spot: which stretches each reads, and which of its persons stand."""

import shutil
from dataclasses import dataclass, replace

import pytest
import spacy

from govern import detect, policy
from govern.errors import InputError
from govern.ner import PIPELINES, bundled, gate, likely
from govern.ner.models import NameModel, Person
from govern.ner.models.persons import Found
from govern.ner.tokens import tokenizer

ENGLISH = [
    "Zoltan Quark", "Mr. Zoltan Quark", "Quark", "Harbour Bank", "Acme Tools", "AdRoll", "Jones", "Vexel", "May", "Free Party",
    "Zoltan\tQuark",
]  # fmt: skip
KOREAN = ["김새봄", "이자율", "홍", "조정", "박달"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The layout that the recipe writes, with pipelines that know a few strings."""
    path = tmp_path_factory.mktemp("names")
    for lang, persons in (("en", ENGLISH), ("ko", KOREAN)):
        nlp = spacy.blank("xx")
        nlp.tokenizer = tokenizer(nlp)
        patterns = [{"label": "PERSON", "pattern": person} for person in persons]
        patterns += [{"label": "ORG", "pattern": [{"LOWER": "of"}, {"TEXT": "Jones"}]}] if lang == "en" else []
        nlp.add_pipe("entity_ruler").add_patterns(patterns)
        nlp.to_disk(path / lang)
    gate.write(path / "en" / gate.FILE, {"the", "company", "bank", "harbour"})
    gate.write(path / "en" / likely.NEVER, {"bank"})
    gate.write(path / "en" / likely.USUAL, {"jones", "may"})
    gate.write(path / "en" / likely.NAMES, {"zoltan"})
    gate.write(path / "en" / likely.ALONE, {"may", "free", "party"})
    gate.write(path / "en" / likely.COMPANIES, {"acme tools"})
    gate.write(path / "ko" / likely.NEVER, {"이자율"})
    return path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("It was Zoltan Quark who paid. Then Quark left.", ["Zoltan Quark", "Quark"]),
        ("It was Mr. Zoltan Quark's loan.", ["Zoltan Quark"]),
        ("Only Quark was named.", []),
        ("Only Mr. Quark was named.", ["Quark"]),
        ("Only Jones was named, not Vexel.", ["Jones"]),
        ("Harbour Bank and Acme Tools and AdRoll", []),
        ("In May the Free Party won over Quine.", []),
        ("Zoltan Quark met Mr. May.", ["Zoltan Quark", "May"]),
        ("Jones of Jones, and of Jones", []),
        ("큰박달이 아니라 박달이", ["박달"]),
        ("Zoltan\tQuark", []),
        ("고객 김새봄은 이자율을 물었다. 홍 과장이 조정했다.", ["김새봄", "홍"]),
        ("홍수가 났다", []),
        ("", []),
    ],
)
def test_a_found_name_stands_where_lists_and_text_support_it(folder, text, names):
    """A single word needs a title, a longer name in the text or a usual name; companies and ordinary words never stand.

    Nor does a word of Hangul within another, or a name that the text more often has as a company.
    """
    (found,) = bundled.load(folder).persons([text])
    assert [text[start:end] for start, end, _ in found] == names


def test_one_language_can_be_read_alone(folder):
    """The other pipeline is not asked."""
    model = replace(bundled.load(folder), languages=("ko",))
    texts = ["It was Zoltan Quark who paid.", "고객 김새봄은"]
    assert [len(persons) for persons in model.persons(texts)] == [0, 1]


def test_companies_and_places_are_told_too(folder):
    """So that a rule need not take them for persons."""
    text = "The bank of Jones and Zoltan Quark"
    ((persons, others),) = bundled.load(folder).found([text])
    assert [text[start:end] for start, end in others] == ["of Jones"]
    assert [text[start:end] for start, end, _ in persons] == ["Zoltan Quark"]


def test_a_text_does_not_change_what_is_found_in_another(folder):
    """Nor is anything found across a tag."""
    texts = ["It was Zoltan Quark who paid.", "Only Quark was named.", "고객 김새봄은", "Zoltan \x00\x00 Quark"]
    model = bundled.load(folder)
    assert model.persons(texts) == [model.persons([text])[0] for text in texts]
    assert model.persons(texts)[3] == []
    assert model.persons(["\udfff It was Zoltan Quark", "\ud800 고객 김새봄은"]) == [[Person(9, 21, 0.6)], [Person(5, 8, 0.6)]]


def test_a_folder_without_both_pipelines_is_a_sentence(tmp_path):
    """It says what the folder must hold."""
    with pytest.raises(InputError, match="no name model there, with `en` and `ko`; name the folder that the recipe wrote"):
        bundled.load(tmp_path)


@pytest.mark.parametrize("broken", ["en/config.cfg", "ko/tok2vec/model"])
def test_a_broken_file_of_the_package_is_a_sentence(tmp_path, monkeypatch, broken):
    """The user is told what to do, and no trace is shown."""
    copy = tmp_path / "pipelines"
    shutil.copytree(PIPELINES, copy)
    (copy / broken).write_bytes(b"\xc1 broken")
    monkeypatch.setattr(bundled, "PIPELINES", copy)
    with pytest.raises(InputError, match=r"the name model does not load .*; install the package again"):
        bundled.load(copy)


@dataclass(frozen=True)
class Firm(NameModel):
    """Takes every second half of a text for a company."""

    recognizer: str = "names.firm"

    def persons(self, texts):
        return [[] for _ in texts]

    def found(self, texts):
        return [Found([], [(len(text) // 2, len(text))]) for text in texts]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("고객명: 김새봄\n-------------- 김새봄은", ["김새봄", "김새봄"]),
        ("Name: Ann Quark\n------------- Ann Quark", ["Ann Quark", "Ann Quark"]),
        ("Name: Ann Quark\n------------------ Quark", ["Ann Quark"]),
    ],
)
def test_a_whole_name_is_that_person_wherever_it_stands(text, names):
    """What the model takes for a company keeps only a single English word from being a mention."""
    detector = replace(detect.build(policy.load("default").by_rule()), model=Firm())
    assert [text[span.start : span.end] for span in detect.find(detector, text)] == names
