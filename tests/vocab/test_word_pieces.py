"""Terms added to WordPiece: single tokens, no word longer or lost, and the way back to the base."""

import copy
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab.base import Base, build
from vocab.errors import VocabError
from vocab.grow import ADDED, CUT, PRESENT
from vocab.isolating import PARTICLES
from vocab.term_lists import Entry, load, usable
from vocab.word_pieces import (
    LENGTHENS,
    LONG,
    REASONS,
    WordGrowth,
    count_words,
    effects,
    grow_words,
    longer,
    spec_with,
    spec_without,
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
TEXTS = [
    "The committee raised the rate by 25bps; a spread of 40bps and 12bps was seen in the riskier loans",
    "subprocess and subprime risk, EBITDA rose 5% YoY, Ebitda and ebitda of the bank",
    "기준금리를 올리자 대출금리가 올랐다. 금리는 3% 이고 이익은 5억원 12억원, 매출은 7억원이다",
] * 3  # fmt: skip
SHARED = Path(__file__).parents[2].parent / "shared/data"


def based(
    vocab: list[str],
    *,
    lowercase: bool = False,
    accents: bool | None = None,
    longest: int = 100,
    unknown: str = "[UNK]",
) -> Base:
    """A base with these pieces after the special tokens."""
    tokens = dict.fromkeys((*SPECIAL, *vocab))
    special = [
        {"id": at, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": True}
        for at, token in enumerate(SPECIAL)
    ]  # fmt: skip
    normalizer = {
        "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": accents,
        "lowercase": lowercase,
    }  # fmt: skip
    model = {
        "type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": "##", "max_input_chars_per_word": longest,
        "vocab": {token: at for at, token in enumerate(tokens)},
    }  # fmt: skip
    return Base(
        Path("tokenizer.json"),
        "",
        {
            "version": "1.0",
            "added_tokens": special,
            "normalizer": normalizer,
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": None,
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": model,
        },
    )


@cache
def trained() -> Base:
    """A small base of the library's own trainer."""
    from tokenizers import Tokenizer, trainers

    empty = based([])
    tokenizer: Any = Tokenizer.from_str(json.dumps(empty.spec))
    trainer = trainers.WordPieceTrainer(vocab_size=130, special_tokens=list(SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    return Base(Path("tokenizer.json"), "", json.loads(tokenizer.to_str()))


def entries(*terms: str) -> tuple[Entry, ...]:
    return tuple(Entry(term, "", f"list:{at}") for at, term in enumerate(terms, 1))


def grown(base: Base, *terms: str, texts: list[str] = TEXTS) -> tuple[WordGrowth, Any, dict[str, str]]:
    """The growth, its tokenizer, and the status of each variant."""
    growth = grow_words(base, entries(*terms), count_words(base, texts))
    status = {one.text: one.status for term in growth.terms for one in term.variants}
    return growth, build(spec_with(base, growth), "extension"), status


LETTERS = [
    *dict.fromkeys("abcdefghijklmnopqrstuvwxyzEBITDAYoY(),.%0123456789금리스크억원이다기준대출" + "".join(PARTICLES))
]
SMALL = [*LETTERS, *(f"##{one}" for one in LETTERS)]


def test_a_term_is_one_token_alone_and_after_a_bracket_and_before_a_particle() -> None:
    """Its id is the one that the growth says."""
    growth, after, _ = grown(based([*SMALL, "그"]), "EBITDA", "금리")
    ids = dict(growth.new_tokens)
    assert ids.keys() == {"EBITDA", "금리", "Ebitda", "ebitda"}
    assert after.encode("EBITDA").ids == [ids["EBITDA"]]
    assert ids["EBITDA"] in after.encode("a (EBITDA), b").ids
    for particle in PARTICLES:
        assert after.encode("그 금리" + particle).ids[1] == ids["금리"]


def test_new_ids_follow_those_of_the_base_in_the_order_of_the_terms() -> None:
    """Consecutive from the first free id; the base's keep their meaning; none is a scaffold."""
    base = trained()
    growth, after, _ = grown(base, "subprime", "금리", "YoY")
    assert growth.new_tokens == tuple(
        (token, base.next_id + at) for at, token in enumerate(("subprime", "금리", "YoY"))
    )
    assert growth.scaffolds == ()
    now = after.get_vocab(with_added_tokens=True)
    assert all(now[token] == number for token, number in base.tokenizer().get_vocab(with_added_tokens=True).items())


def test_a_term_goes_inside_a_word_only_where_the_corpus_has_it_after_a_digit() -> None:
    """`25bps` and `5억원` are read with one token; `대출금리` is no reason to look for 금리 inside of words."""
    base = based(SMALL)
    growth, after, status = grown(base, "bps", "억원", "금리")
    assert (status["##bps"], status["##억원"]) == (ADDED, ADDED)
    assert "##금리" not in status
    assert after.encode("25bps").tokens[-1] == "##bps"
    assert after.encode("7억원이다").tokens[1] == "##억원"
    assert after.encode("대출금리").ids == base.tokenizer().encode("대출금리").ids
    assert {token for token, _ in growth.new_tokens} == {"bps", "억원", "금리", "##bps", "##억원"}


def test_a_term_that_stands_more_often_inside_other_words_stays_out_of_them() -> None:
    """`##ps` would help `5ps` twice and change `lapse` nine times."""
    base = based(SMALL)
    _, after, status = grown(base, "ps", texts=["5ps 7ps", "lapse lapse lapse", "lapse"])
    assert status == {"ps": ADDED}
    _, after, status = grown(base, "ps", texts=["5ps 7ps 8ps", "lapse"])
    assert status == {"ps": ADDED, "##ps": ADDED}
    assert after.encode("5ps").tokens == ["5", "##ps"]


def test_a_term_that_makes_a_word_longer_is_refused() -> None:
    """With 금리, 금리스크 would be three tokens, not two; without that word in the corpus the term is taken."""
    base = based([*SMALL, "##리스크"])
    _, after, status = grown(base, "금리", texts=["금리스크 금리"])
    assert status == {"금리": LENGTHENS}
    assert after.encode("금리스크").ids == base.tokenizer().encode("금리스크").ids
    growth, after, status = grown(base, "금리", texts=["금리를"])
    assert status == {"금리": ADDED}
    assert len(after.encode("금리스크").ids) == 3
    assert longer(base, growth, Counter({"금리스크": 7, "금리를": 2})) == 7


def test_a_term_that_would_lose_a_word_is_refused() -> None:
    """The rest `b` is no piece inside a word, so `aab` would be unknown."""
    base = based(["a", "##a", "##ab"])
    growth, _, status = grown(base, "aa", texts=["aab aa"])
    assert status == {"aa": LENGTHENS}
    one = WordGrowth(growth.terms, (("aa", base.next_id),))
    assert effects(base, one, Counter({"aab": 3, "aa": 1})).longer == 3


def test_a_longer_term_makes_a_shorter_one_harmless() -> None:
    """시장가격 is tried first, so 시장가 no longer breaks it up."""
    base = based([*SMALL, "시", "##시", "##장", "##가", "##격", "##에", "시장", "##가격에"])
    texts = ["시장가격에 시장가격"]
    assert grown(base, "시장가", texts=texts)[2] == {"시장가": LENGTHENS}
    assert grown(base, "시장가", "시장가격", texts=texts)[2] == {"시장가": ADDED, "시장가격": ADDED}


def test_a_term_before_a_particle_never_gets_longer() -> None:
    """Though the corpus has no such word."""
    base = based([*SMALL, "##에서", "##리에서", "에", "##에"])
    assert grown(base, "금리", texts=["a"])[2] == {"금리": ADDED}
    base = based([*SMALL, "##리에서", "##서", "에", "##에", "서"])
    assert grown(base, "금리", texts=["a"])[2] == {"금리": LENGTHENS}


def test_what_the_base_cuts_or_cannot_hold_is_said() -> None:
    """Cut, too long, already a token: each with its reason."""
    base = based([*SMALL, "loan"], longest=8)
    growth, _, _ = grown(base, "P/E", "credit risk", "abcdefghi", "loan", "漢字")
    assert [term.status for term in growth.terms] == [CUT, CUT, LONG, PRESENT, CUT]
    assert {CUT, LONG, LENGTHENS} == REASONS.keys()
    assert growth.new_tokens == ()
    assert growth.terms[3].variants[0].id == base.vocab["loan"]


def test_a_lower_casing_base_takes_the_lower_case() -> None:
    """All casings of a term are one token; of two terms with one normal form both name it."""
    base = based(SMALL, lowercase=True)
    growth, after, _ = grown(base, "YoY", "EBITDA", "EBITda")
    assert [token for token, _ in growth.new_tokens] == ["yoy", "ebitda"]
    assert after.encode("YOY yoy YoY").ids == [base.next_id] * 3
    assert growth.terms[1].variants[0].id == growth.terms[2].variants[0].id == base.next_id + 1


def test_a_base_that_takes_syllables_apart_is_counted_by_whole_syllables() -> None:
    """Where accents are stripped, Hangul is letters: 금린 begins with 금리, and that is a leak."""
    base = based([*"ᄀ은"], lowercase=True)
    parts = base.tokenizer().normalizer.normalize_str("금린를")
    base = based([*dict.fromkeys(parts), *(f"##{one}" for one in dict.fromkeys(parts))], lowercase=True)
    growth, _, _ = grown(base, "금리", texts=["금리를"])
    normal = base.tokenizer().normalizer.normalize_str
    found = effects(base, growth, Counter({normal("금리를"): 5, normal("금린"): 3}))
    assert (found.words, found.with_term, found.leak, found.longer) == (8, 5, 3, 0)
    across = normal("리에서")
    base = based([*base.vocab, *(f"##{one}" for one in (across, *normal("에서"))), *normal("기에")], lowercase=True)
    assert grown(base, "금리", texts=["a"])[2] == {"금리": LENGTHENS}


def test_a_word_that_the_base_cannot_read_is_no_bound() -> None:
    """A term with a character that is no piece is added; words that are read for the first time are counted apart."""
    base = based(["a", "##a", "##b"])
    growth, after, status = grown(base, "율", texts=["율b 율"])
    assert status == {"율": ADDED}
    assert after.encode("율b").tokens == ["율", "##b"]
    found = effects(base, growth, Counter({"율b": 2, "a율": 1}))
    assert (found.read, found.longer) == (2, 0)


def test_taking_the_new_tokens_off_gives_the_base() -> None:
    """Also where an added token stands outside of the model's vocabulary."""
    base = trained()
    growth, _, _ = grown(base, "EBITDA", "금리", "bps")
    assert spec_without(spec_with(base, growth), growth.new_tokens) == base.spec
    spec = copy.deepcopy(base.spec)
    spec["added_tokens"].append({**spec["added_tokens"][0], "id": len(base.vocab), "content": "<PERSON_1>"})
    more = Base(base.path, "", spec)
    growth, after, _ = grown(more, "EBITDA")
    assert growth.new_tokens[0][1] == len(base.vocab) + 1
    assert after.encode("<PERSON_1> EBITDA").ids == [len(base.vocab), len(base.vocab) + 1]
    assert spec_without(spec_with(more, growth), growth.new_tokens, ["<PERSON_1>"]) == spec
    assert spec != base.spec


def test_another_model_is_refused_in_a_sentence() -> None:
    """The kind is named; so is a base without a token for unknown words."""
    spec = {**trained().spec, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}
    with pytest.raises(VocabError, match="the model is BPE, expected WordPiece; "):
        grow_words(Base(Path("tokenizer.json"), "", spec), entries("a"), Counter())
    with pytest.raises(VocabError, match="no token for unknown words"):
        grow_words(based(["a"], unknown="<unk>"), entries("a"), Counter())


small = st.text("abc", min_size=1, max_size=6)
pieces = st.lists(st.text("abc", min_size=1, max_size=4), max_size=10)


@settings(max_examples=300, deadline=None)
@given(pieces, pieces, st.lists(small, min_size=1, max_size=5), st.lists(small, max_size=12))
def test_no_word_of_the_corpus_gets_longer_or_lost(
    heads: list[str], tails: list[str], terms: list[str], words: list[str]
) -> None:
    """Whatever the pieces are; what is added is one token; the library and the growth agree; the way back holds."""
    base = based([*heads, *(f"##{one}" for one in tails)])
    counts = Counter(words)
    growth = grow_words(base, entries(*dict.fromkeys(terms)), counts)
    after, before = build(spec_with(base, growth), "extension"), base.tokenizer()
    for one in (variant for term in growth.terms for variant in term.variants if variant.id is not None):
        if not one.spelled.startswith("##"):
            assert after.encode(one.text).ids == [one.id]
    for word in words:
        old, new = before.encode(word).ids, after.encode(word).ids
        assert old == [1] or (len(new) <= len(old) and 1 not in new)
    assert longer(base, growth, counts) == 0
    assert spec_without(spec_with(base, growth), growth.new_tokens) == base.spec


@settings(max_examples=300, deadline=None)
@given(pieces, small, small)
def test_a_boundary_at_the_end_of_the_term_never_lets_the_word_grow(tails: list[str], term: str, rest: str) -> None:
    """If the base ends a token where the term ends, the rest of the word is written as before."""
    base = based([*"abc", *(f"##{one}" for one in (*"abc", *tails))])
    growth, after, _ = grown(base, term, texts=[])
    old, new = (side.encode(term + rest) for side in (base.tokenizer(), after))
    if growth.new_tokens and len(term) in {end for _, end in old.offsets}:
        assert len(new.ids) <= len(old.ids)
        assert [span for span in new.offsets if span[0] >= len(term)] == [
            span for span in old.offsets if span[0] >= len(term)
        ]


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no shared data")
def test_the_own_lists_make_no_shared_text_longer() -> None:
    """Both lists on a base of 4,000 pieces trained on Korean news and reports."""
    import polars as pl
    from tokenizers import Tokenizer, trainers

    files = ("text_ko/news_park_ko_en.dev.jsonl", "text_en/tatqa_contexts_en.dev.jsonl")
    texts = [text for file in files for text in pl.read_ndjson(SHARED / file)["text"]]
    tokenizer: Any = Tokenizer.from_str(json.dumps(based([]).spec))
    tokenizer.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=4000, special_tokens=list(SPECIAL), show_progress=False)
    )
    base = Base(Path("tokenizer.json"), "", json.loads(tokenizer.to_str()))
    counts = count_words(base, texts)
    growth = grow_words(base, usable([load("finance-en"), load("finance-ko")], base.added), counts)
    assert len(growth.new_tokens) > 3000
    found = effects(base, growth, counts)
    assert found.longer == 0
    assert found.with_term > found.leak
    unknown = base.vocab["[UNK]"]
    after = build(spec_with(base, growth), "extension")
    for old, new in zip(base.tokenizer().encode_batch(texts), after.encode_batch(texts), strict=True):
        assert len(new.ids) <= len(old.ids) or new.ids.count(unknown) < old.ids.count(unknown)
