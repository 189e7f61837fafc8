"""The recipe: names and sentences it makes, what it holds back, and that no word of its text stays in what it writes."""

import json
import random

import pytest

from govern.ner import syllables
from govern.ner.recipe import build, corpora, fillers, forms, korean_words, names, plant
from govern.ner.recipe.corpora import Example


def test_a_part_of_the_names_and_documents_is_held_back():
    """The same in every run; the two parts have nothing in common."""
    seen, held = names.latin(), names.latin(held=True)
    assert not set(seen[0]) & set(held[0])
    assert 0.04 < len(held[1]) / (len(held[1]) + len(seen[1])) < 0.06
    assert sum(map(corpora.held_back, map(str, range(1000)))) == pytest.approx(200, abs=40)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_template_is_filled_and_every_span_is_a_name(lang):
    """No slot is left, decoys name nobody, offsets hold."""
    kinds, decoys = plant.templates(lang)
    rng = random.Random(1)
    for text in [text for texts in kinds.values() for text in texts]:
        example, who = plant.fill(text, lang, rng)
        assert len(who) == len(example.spans)
        assert any(person in ("a", "b", "c") for person in who)
        assert "{a" not in example.text
        assert all(example.text[start:end].strip() for start, end, _ in example.spans)
    for text in decoys:
        assert not any(plant.fill(text, lang, rng)[1])


def test_particles_follow_the_last_syllable():
    """은 after a consonant, 는 after a vowel; 로 after ㄹ."""
    rng = random.Random(2)
    for _ in range(200):
        text = plant.fill("{a}{은는} {a}{으로로}", "ko", rng)[0].text
        topic, way = text.split(" ")
        name = topic[:-1]
        final = (ord(name[-1]) - 0xAC00) % 28
        assert topic[-1] == ("은" if final else "는")
        assert way == name + ("으로" if final and final != 8 else "로")


def test_other_names_take_the_place_of_names():
    """One for one everywhere; what is no person stays."""
    example = Example("Ann Lee of Acme met Ann Lee", ((0, 7, "PERSON"), (11, 15, "ORG"), (20, 27, "PERSON")), "en")
    swapped = corpora.swapped(example, random.Random(3))
    first, org, second = (swapped.text[start:end] for start, end, _ in swapped.spans)
    assert first == second != "Ann Lee"
    assert org == "Acme"


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_forms_are_of_many_kinds_and_no_two_alike(lang):
    """Every draw can be filled; nearly all have persons, and what stands in their place elsewhere is none."""
    rng = random.Random(2)
    some = fillers.Fillers(("Acme Tools",), ("Ulm",), ("granite",), lang)
    templates = [forms.made(lang, rng) for _ in range(1000)]
    assert len(set(templates)) > 990
    filled = [plant.fill(template, lang, rng, fillers=some)[0] for template in templates]
    assert sum(any(label == "PERSON" for *_, label in example.spans) for example in filled) > 850
    for example in filled:
        assert all(example.text[start:end].strip() == example.text[start:end] != "" for start, end, _ in example.spans)
        assert all(label == "ORG" for start, end, label in example.spans if example.text[start:end] == "Acme Tools")
    assert any("{" in example.text for example in filled), "no record of JSON"


def test_joined_examples_keep_their_names():
    """Two sentences as one text, and other quotation marks; every span still stands on its name."""
    rng = random.Random(5)
    made = [Example(f'"왔다"고 {name}이 말했다', ((6, 6 + len(name), "PERSON"),), "ko") for name in ("김새봄", "박달") * 20]
    joined = list(corpora.joined(made, rng))
    assert 20 < len(joined) < 40
    assert [example.text[start:end] for example in joined for start, end, _ in example.spans] == ["김새봄", "박달"] * 20
    assert {example.text[0] for example in joined} == {'"', "“"}


def test_korean_words_have_the_classes_of_the_dictionary():
    """A name, a noun that is a name too, a place; endings and longer words are otherwise or left out."""
    words = korean_words.words()
    assert words["김철수"] == syllables.PERSON
    assert words["김치"] == syllables.PERSON | syllables.NOUN
    assert words["여의도"] & syllables.PLACE
    assert words["이자"] & syllables.NOUN
    assert len(words) > 600_000
    assert all(2 <= len(word) <= syllables.LONGEST for word in words)


CANARY = ("Zephyrine Quillabee", "account handle qx9canary", "가나리쟁이")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_what_is_written_holds_no_word_of_what_it_learned_from(lang, tmp_path, monkeypatch):
    """Canaries stand in every sentence; no file has one, and the pipeline works as it did before it was saved."""
    monkeypatch.setattr(korean_words, "words", lambda: {"은행": syllables.NOUN, "가나리쟁이": syllables.PERSON})
    rng = random.Random(4)
    filled = plant.filled(lang, 40, rng, part="dev")
    made = [Example(f"{example.text} {' '.join(CANARY)}", example.spans, lang) for example in filled]
    build.binned(made, tmp_path / "first.spacy")
    if lang == "en":
        from govern.ner.recipe import lexicon

        known = lexicon.vectors([example.text for example in made] * 3)
        build._write_vectors(known.places, known.rows, tmp_path)
    nlp = build.train(tmp_path / "first.spacy", tmp_path / "first.spacy", lang, 4, tmp_path)
    before = [[(entity.start, entity.end, entity.label_) for entity in nlp(example.text).ents] for example in made]
    build.write(nlp, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            data = path.read_bytes().decode("utf-8", "replace")
            for word in " ".join(CANARY).split():
                assert word not in data, path
                assert word.casefold() not in data, path
            assert str(tmp_path) not in data, path
    import spacy

    again = spacy.load(tmp_path / "out")
    assert [[(entity.start, entity.end, entity.label_) for entity in again(example.text).ents] for example in made] == before
    assert json.loads((tmp_path / "out" / "vocab" / "strings.json").read_text("utf-8")) == ["LOC", "ORG", "PERSON"]
