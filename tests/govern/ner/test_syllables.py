"""What the Korean model sees of syllables: parts of runs, neighbours, words of the lexicon; all of the document alone."""

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from govern.ner import syllables
from govern.ner.syllables import FEATURES, NOUN, PERSON, PLACE
from govern.ner.tokens import tokenizer

WORDS = {"김새봄": PERSON, "김새": NOUN, "정산": NOUN | PERSON | PLACE, "이자": NOUN, "새봄": PERSON}


NLP = spacy.blank("xx")
NLP.tokenizer = tokenizer(NLP)


@pytest.fixture
def nlp():
    return NLP


@pytest.fixture(scope="module")
def lexicon():
    model = syllables.syllables(8, 4, [50] * len(FEATURES))
    syllables.set_lexicon(model, WORDS)
    (node,) = (node for node in model.walk() if node.name == "assay_syllables")
    return node.attrs["lexicon"]


def columns(nlp, lexicon, *texts):
    return syllables.columns([nlp.make_doc(text) for text in texts], *syllables._lexicon(lexicon))


def column(table, name):
    return table[:, FEATURES.index(name)]


def test_a_lexicon_is_read_as_it_was_written(lexicon):
    """Hashes ascend, and each has the classes of its word."""
    keys, classes = syllables._lexicon(lexicon)
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    assert dict(zip(map(int, keys), map(int, classes), strict=True)) == {
        syllables.word_hash(word): kinds for word, kinds in WORDS.items()
    }
    assert syllables._lexicon(b"")[0].shape == (0,)
    for word in WORDS:
        assert word.encode() not in lexicon


def test_parts_of_a_run_are_the_same_wherever_it_stands(nlp, lexicon):
    """`김새봄은` has the same parts after other words, and the same particle as another name."""
    one = columns(nlp, lexicon, "김새봄은")
    two = columns(nlp, lexicon, "어제 온 김새봄은")
    for name in ("run to here", "run after here", "run", "persons", "nouns", "position"):
        assert (column(one, name) == column(two, name)[-4:]).all()
    other = columns(nlp, lexicon, "박달은")
    assert column(one, "run after here")[2] == column(other, "run after here")[1]
    assert column(one, "run to here")[2] != column(other, "run to here")[1]
    whole = column(two, "run before")
    assert len(set(whole[-4:])) == 1
    assert column(one, "run before")[0] == 0


def test_words_are_seen_where_they_begin_and_end(nlp, lexicon):
    """The longest of each class; within a run only."""
    persons = column(columns(nlp, lexicon, "김새봄은 이자"), "persons")
    begin, end, opens = ((persons - 1) // 256, (persons - 1) // 16 % 16, (persons - 1) % 16)
    assert begin.tolist() == [3, 2, 0, 0, 0, 0]
    assert end.tolist() == [0, 0, 3, 0, 0, 0]
    assert opens.tolist() == [3, 3, 3, 3, 0, 0]
    parted = column(columns(nlp, lexicon, "김 새봄"), "persons")
    assert ((parted - 1) // 256).tolist() == [0, 2, 0]


PIECES = ["김새봄은", " ", "정산", "\n", "ABC", "12", ".", "이자가", "😀", ""]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_document_has_the_same_features_beside_others(texts):
    """So that what is found does not depend on the batch."""
    keys = np.array(sorted(map(syllables.word_hash, WORDS)), np.uint32)
    classes = np.full(len(keys), PERSON, np.uint8)
    docs = [NLP.make_doc(text) for text in texts]
    together = syllables.columns(docs, keys, classes)
    alone = [syllables.columns([doc], keys, classes) for doc in docs]
    assert together.shape == (sum(map(len, docs)), len(FEATURES))
    assert (together == np.concatenate(alone)).all()


def test_rows_are_given_for_each_feature():
    """A configuration of another count is refused."""
    with pytest.raises(ValueError, match="14 numbers are needed"):
        syllables.syllables(8, 4, [50])
