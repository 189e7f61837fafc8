"""Terms become pieces of SentencePiece models, and no other text changes more than it must."""

import io
import itertools
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab.errors import VocabError
from vocab.grow import ADDED, CUT, NO_BYTES, NOT_SINGLE, PRESENT
from vocab.piece_chain import Joins, below
from vocab.piece_models import as_float32, encoded, extended_model, plain_processor
from vocab.pieces import MARGIN, PieceGrowth, best_score, crosses_spaces, grow_pieces, unreached, words
from vocab.pretokens import holding
from vocab.processors import PieceProcessor
from vocab.sentence_piece import BPE, Piece, SentencePiece, parse_model, read_model
from vocab.term_lists import Entry, parse
from vocab.trials import CONTEXTS, made_up

DATA = Path(__file__).parents[2].parent / "shared/data/tokenizers"
TEXT = [
    "the central bank raised its rate by 25 bp in 2024, so credit risk and credits rose",
    "기준금리를 올리자 대출금리가 올랐다 금리는 환율이 억원을",
    "a loan and a bond (EBITDA) Ebitda ebitda ebitda, the process of the heroes",
] * 20
TERMS = (
    "EBITDA",
    "ROE",
    "bp",
    "S&P",
    "P/E",
    "Tier1",
    "subprime",
    "tranche",
    "금리",
    "기준금리",
    "환율",
    "억원",
    "주택담보대출",
)


def trained(model_type: str, **options: Any) -> SentencePiece:
    from sentencepiece import SentencePieceTrainer

    out = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=out, vocab_size=options.pop("vocab_size", 200), model_type=model_type,
        minloglevel=2, hard_vocab_limit=False, num_threads=1, **options
    )  # fmt: skip
    return parse_model(out.getvalue(), Path("own.model"))


@cache
def model(kind: str) -> SentencePiece:
    return {
        "bpe": lambda: trained("bpe", byte_fallback=True, vocab_size=440, split_digits=True, user_defined_symbols=["<tag>"],
                               normalization_rule_name="identity", remove_extra_whitespaces=False),
        "bpe without bytes": lambda: trained("bpe", vocab_size=150),
        "unigram": lambda: trained("unigram"),
        "unigram across": lambda: trained("unigram", split_by_whitespace=False),
        "suffix": lambda: trained("bpe", treat_whitespace_as_suffix=True),
    }[kind]()  # fmt: skip


KINDS = ("bpe", "bpe without bytes", "unigram")


def entries(*terms: str) -> list[Entry]:
    return [Entry(term, "", "test") for term in terms]


@cache
def grown(kind: str, across: bool | None = None) -> tuple[SentencePiece, PieceGrowth, SentencePiece]:
    one = model(kind)
    growth = grow_pieces(one, entries(*TERMS, "credit risk"), words(one, TEXT), across)
    return one, growth, extended_model(one, growth.pieces)


def statuses(growth: PieceGrowth) -> dict[str, str]:
    return {variant.text: variant.status for term in growth.terms for variant in term.variants}


@pytest.mark.parametrize("kind", KINDS)
def test_every_variant_is_one_piece_of_the_library(kind: str) -> None:
    """Bare and after a space, with the id that the growth says."""
    _, growth, made = grown(kind)
    variants = [one for term in growth.terms for one in term.variants if one.status in (ADDED, PRESENT)]
    assert len(variants) >= 2 * len(TERMS)
    assert encoded(plain_processor(made.data), [one.spelled for one in variants]) == [[one.id] for one in variants]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frame", [one[1:] for one in CONTEXTS], ids=[one[0] for one in CONTEXTS])
def test_a_term_is_one_piece_in_its_context(kind: str, frame: tuple[str, str]) -> None:
    """Where no piece of the base, and no scaffold of another term, crosses its edge."""
    one, growth, made = grown(kind)
    processor, plain = PieceProcessor(made), PieceProcessor(one)
    head, tail = frame
    ids = {variant.id for term in growth.terms for variant in term.variants if variant.id is not None}
    for term in TERMS:
        before = plain.encode(head + term + tail)
        edges = {edge for span in before.offsets for edge in span}
        if {len(head), len(head + term)} <= edges or head.endswith((" ", "\n", "\t")):
            found = processor.encode(head + term + tail)
            over = [at for at, (start, end) in zip(found.ids, found.offsets, strict=True)
                    if start < len(head + term) and end > len(head)]  # fmt: skip
            crossed = len(head + term) not in edges or not set(growth.scaffolds).isdisjoint(found.ids)
            assert crossed or (len(over) == 1 and over[0] in ids), (term, found)


@pytest.mark.parametrize("kind", KINDS)
def test_base_ids_keep_their_meaning(kind: str) -> None:
    """New ids follow the base's, ascending, and none is user-defined."""
    one, growth, made = grown(kind)
    assert made.pieces[: len(one.pieces)] == one.pieces
    assert [number for _, number in growth.new_tokens] == list(range(len(one.pieces), len(made.pieces)))
    assert [text for text, _ in growth.new_tokens] == [piece.text for piece in made.pieces[len(one.pieces) :]]
    assert {piece.kind for piece in growth.pieces} == {"normal"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_new_id_is_reached(kind: str) -> None:
    """Also each scaffold; one more piece that nothing leads to is named."""
    one, growth, made = grown(kind)
    assert unreached(made, growth) == ()
    more = extended_model(one, (*growth.pieces, Piece("qqq", growth.pieces[-1].score * 2, "normal")))
    assert unreached(more, growth) == (len(made.pieces),)


def test_unigram_has_no_scaffolds_and_bpe_names_them() -> None:
    """A scaffold is a new id that is no variant."""
    assert grown("unigram")[1].scaffolds == ()
    _, growth, made = grown("bpe")
    spelled = {variant.spelled for term in growth.terms for variant in term.variants}
    assert growth.scaffolds
    assert not {made.pieces[at].text for at in growth.scaffolds} & spelled


@pytest.mark.parametrize("kind", KINDS)
def test_scores_of_bpe_lie_below_all_others_and_those_of_unigram_never_do(kind: str) -> None:
    """As float32, and all different for BPE."""
    one, growth, _ = grown(kind)
    lowest = min(piece.score for piece in one.pieces if piece.kind == "normal")
    scores = [piece.score for piece in growth.pieces]
    assert [as_float32(score) for score in scores] == scores
    if one.family == BPE:
        assert scores == sorted(set(scores), reverse=True)
        assert max(scores) < lowest
    else:
        assert min(scores) >= lowest


def test_a_score_below_a_thousand_million_is_another_float32() -> None:
    """One less than -1e9 would be -1e9 again."""
    assert as_float32(-1e9 - 1) == -1e9
    score, seen = -1e9, []
    for _ in range(2000):
        score = below(score, "own.model")
        seen.append(score)
    assert len(set(seen)) == 2000
    assert [as_float32(one) for one in seen] == seen == sorted(seen, reverse=True)
    assert below(-5.0, "own.model") == -6.0
    with pytest.raises(VocabError, match=r"own\.model: its lowest score"):
        below(-3.4028234663852886e38, "own.model")


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_text_gets_more_pieces(kind: str, data: st.DataObject) -> None:
    """Pieces of the corpus, terms and odd characters in any order; unknown characters counted one by one."""
    one, _, made = grown(kind)
    parts = st.sampled_from([*TERMS, *" ".join(TEXT[:3]).split(), " ", "(", "", "은", "s", "\n", "é", "🏦", "<tag>"])
    text = data.draw(st.lists(parts, max_size=12).map("".join)) + data.draw(st.text(max_size=5))
    old, new = one.processor().encode(text), made.processor().encode(text)
    if one.unk_id not in old:
        assert len(new) <= len(old)
        assert made.processor().decode(new) == one.processor().decode(old)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_unigram_changes_no_text_without_a_term(data: st.DataObject) -> None:
    """Not even inside a word."""
    one, growth, made = grown("unigram")
    parts = st.sampled_from([*" ".join(TEXT[:3]).split(), "pr", "cess", " ", "리", "준", "-"])
    text = data.draw(st.lists(parts, max_size=12).map(" ".join)) + data.draw(st.text(max_size=8))
    cores = {variant.spelled.lstrip("▁") for term in growth.terms for variant in term.variants}
    if not any(core in one.processor().normalize(text) for core in cores):
        assert made.processor().encode(text) == one.processor().encode(text)


def test_bpe_changes_no_word_without_a_scaffold_in_it() -> None:
    """What changes in a term-free word changes through a scaffold."""
    one, growth, made = grown("bpe")
    counts = words(one, [*TEXT, *made_up([])])
    free = sorted(counts.keys() - holding(counts, [v.spelled.lstrip("▁") for t in growth.terms for v in t.variants]))
    pairs = zip(encoded(plain_processor(one.data), free), encoded(plain_processor(made.data), free), strict=True)
    assert len(free) > 100
    assert {at for old, new in pairs if old != new for at in new if at >= growth.first_id} <= set(growth.scaffolds)


def test_the_chain_splits_as_the_library_does() -> None:
    """The joins of this package and those of the library, on words and made-up texts."""
    one = model("bpe")
    joins = Joins(one, ())
    texts = [word for word in words(one, [*TEXT, *made_up(TERMS)]) if "<tag>" not in word]
    byte = {at for at, piece in enumerate(one.pieces) if piece.kind == "byte"}
    compared = 0
    for text, ids in zip(texts, encoded(plain_processor(one.data), texts), strict=True):
        if byte.isdisjoint(ids):
            assert joins.split(text) == [one.pieces[at].text for at in ids]
            compared += 1
    assert compared > 50


def test_casings_of_the_corpus_are_variants() -> None:
    """Those seen twice, with signs beside them or not."""
    for kind in KINDS:
        _, growth, _ = grown(kind)
        texts = {variant.text for term in growth.terms if term.entry.term == "EBITDA" for variant in term.variants}
        assert texts == {"EBITDA", " EBITDA", "Ebitda", " Ebitda", "ebitda", " ebitda"}


def test_a_term_of_several_words_is_cut_unless_pieces_cross_spaces() -> None:
    """By the model's own training, or when it is asked for."""
    assert not crosses_spaces(model("bpe"))
    assert crosses_spaces(model("unigram across"))
    for kind in ("bpe", "unigram"):
        assert statuses(grown(kind)[1])["credit risk"] == CUT
        _, growth, made = grown(kind, True)
        assert statuses(growth)[" credit risk"] == ADDED
        assert made.processor().encode("the credit risk", out_type=str)[-1] == "▁credit▁risk"
        crossing = [text for text, at in growth.new_tokens if "▁" in text[1:]]
        assert set(crossing) == {"credit▁risk", "▁credit▁risk"}
    assert set(statuses(grown("unigram across")[1]).values()) <= {ADDED, PRESENT}


def test_what_counts_is_the_normal_form() -> None:
    """Compatibility characters are written out, and what is left of nothing is no term."""
    one = model("unigram")
    growth = grow_pieces(one, entries("㈜한국", "ＥＢＩＴＤＡ", "\u200b"), words(one, TEXT))
    held = {variant.text: variant for term in growth.terms for variant in term.variants}
    assert held["㈜한국"].spelled == "(주)한국"
    assert held[" ＥＢＩＴＤＡ"].spelled == "▁EBITDA"
    made = extended_model(one, growth.pieces)
    assert made.processor().encode("a ＥＢＩＴＤＡ")[-1] == held[" ＥＢＩＴＤＡ"].id
    assert {held[text].status for text in held if "\u200b" in text} == {NOT_SINGLE}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("", "empty"), (" ", "empty"), ("\u0301", "begins with a combining mark"), ("a<s>b", "holds a special piece"),
        ("<unk>", "holds a special piece"), ("x</s>", "holds a special piece"),
    ],
)  # fmt: skip
def test_a_term_that_cannot_be_one_is_rejected_with_its_reason(kind: str, term: str, said: str) -> None:
    """And gives no variants."""
    growth = grow_pieces(model(kind), entries(term), Counter())
    assert growth.terms[0].entry.reason.startswith(said)
    assert growth.terms[0].status == "rejected"
    assert growth.pieces == growth.terms[0].variants == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_sign_for_a_space_in_a_term_is_cut(kind: str) -> None:
    """The model cannot tell it from a space."""
    growth = grow_pieces(model(kind), entries("a▁b", "▁x", "x▁"), Counter(), across_spaces=True)
    assert set(statuses(growth).values()) == {CUT}


@pytest.mark.parametrize("kind", KINDS)
def test_a_term_that_is_a_piece_already_adds_nothing(kind: str) -> None:
    """Its id is the base's."""
    one = model(kind)
    plain = plain_processor(one.data)
    single = [
        piece.text
        for piece in one.pieces
        if piece.kind == "normal" and piece.text[0] == "▁" and piece.text[1:].isalpha()
    ]
    reached = [text for text, ids in zip(single, encoded(plain, single), strict=True) if len(ids) == 1]
    growth = grow_pieces(one, entries(*(text[1:] for text in reached)), Counter())
    held = {variant.spelled: variant for term in growth.terms for variant in term.variants}
    assert reached
    assert {held[text].status for text in reached} == {PRESENT}
    assert [one.pieces[held[text].id or 0].text for text in reached] == reached
    assert not set(reached) & {piece.text for piece in growth.pieces}


@pytest.mark.parametrize("kind", KINDS)
def test_a_term_with_an_unknown_character_is_read_and_counted(kind: str) -> None:
    """Its text, bytes or unknown before, is one piece; left out where that is asked for."""
    one = model(kind)
    growth = grow_pieces(one, entries("㉠漢", "漢"), Counter())
    assert set(statuses(growth).values()) == {ADDED}
    made = extended_model(one, growth.pieces)
    assert made.processor().decode(made.processor().encode("a 漢")) == "a 漢"
    assert {made.pieces[at].text for at in growth.unknown} >= {"漢", "▁漢"}
    left = grow_pieces(one, entries("漢"), Counter(), unknown=False)
    assert set(statuses(left).values()) == {NO_BYTES}
    assert left.pieces == ()


def written(*pieces: Piece, model_type: int) -> SentencePiece:
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    kinds = {"normal": 1, "unknown": 2, "control": 3, "user-defined": 4, "unused": 5, "byte": 6}
    for piece in (Piece("<unk>", 0, "unknown"), *pieces):
        proto.pieces.add(piece=piece.text, score=piece.score, type=kinds[piece.kind])
    proto.trainer_spec.model_type = model_type
    proto.normalizer_spec.name = "identity"
    return parse_model(proto.SerializeToString(), Path("made.model"))


def test_a_model_without_normal_pieces_is_refused() -> None:
    """There is no score for a new one; a Unigram like that the library does not load at all."""
    with pytest.raises(VocabError, match=r"made\.model: no normal pieces"):
        grow_pieces(written(Piece("<s>", 0, "control"), model_type=2), entries("abc"), Counter())
    with pytest.raises(VocabError, match=r"made\.model: the sentencepiece library cannot load it"):
        written(Piece("<s>", 0, "control"), model_type=1)


def test_a_model_with_the_space_behind_a_word_is_refused() -> None:
    """A term after a space would be another string there."""
    with pytest.raises(VocabError, match=r"own\.model: it writes a space not as ▁ before a word"):
        grow_pieces(model("suffix"), entries("abc"), Counter())


def test_a_piece_out_of_reach_is_reached_or_said() -> None:
    """BPE gets what leads to it; Unigram never gives a piece that a better path beats; unused pieces stay so."""
    letters = [Piece(one, -9.0, "normal") for one in "abcd▁"]
    one = written(*letters, Piece("abc", -1.0, "normal"), Piece("bcd", -1.5, "unused"), model_type=2)
    growth = grow_pieces(one, entries("abc", "bcd"), Counter())
    assert statuses(growth)["abc"] == ADDED
    assert extended_model(one, growth.pieces).processor().encode("abc", out_type=str)[-1] == "▁abc"
    assert statuses(growth)["bcd"] == NOT_SINGLE
    two = written(*[Piece(x, -1.0, "normal") for x in "abc▁"], Piece("abc", -9.0, "normal"), model_type=1)
    assert statuses(grow_pieces(two, entries("abc"), Counter()))["abc"] == NOT_SINGLE


def test_the_score_of_a_path_is_that_of_the_library() -> None:
    """The best path through a text, unknown characters included."""
    one = model("unigram")
    scores = {piece.text: piece.score for piece in one.pieces if piece.kind == "normal"}
    lowest, processor = min(scores.values()), plain_processor(one.data)
    for text in ("▁the", "▁EBITDA", "금리를", "▁bonds", "heroes"):
        ids = processor.encode(text)
        assert one.unk_id not in ids
        total = sum(one.pieces[at].score for at in ids)
        assert best_score(text, scores, lowest, 16) == pytest.approx(total, abs=1e-6)
    assert best_score("漢", scores, lowest, 16) == lowest - 10


def test_a_new_piece_scores_above_the_best_path_and_what_stands_in_it() -> None:
    """Longer terms are scored after the shorter ones that they hold."""
    one = written(*[Piece(x, -1.0, "normal") for x in "abc▁"], Piece("zz", -50.0, "normal"), model_type=1)
    growth = grow_pieces(one, entries("ab", "abc"), Counter())
    scores = {piece.text: piece.score for piece in growth.pieces}
    assert scores["ab"] == pytest.approx(-2 + MARGIN, abs=1e-6)
    assert scores["abc"] == pytest.approx(-3 + 2 * MARGIN, abs=1e-6)
    made = extended_model(one, growth.pieces).processor()
    assert made.encode("abc", out_type=str) == ["▁abc"]


def test_a_variant_that_makes_a_word_longer_is_taken_back() -> None:
    """Unigram: the new piece would beat a shorter path through another word."""
    letters = [Piece(x, -6.0, "normal") for x in "abc▁"]
    pieces = [
        *letters,
        *(Piece(x, -0.5, "normal") for x in "def"),
        Piece("▁ab", -10.0, "normal"),
        Piece("cdef", -7.0, "normal"),
    ]
    one = written(*pieces, model_type=1)
    counts = Counter({"▁abcdef": 1})
    olds = encoded(plain_processor(one.data), counts)[0]
    free, kept = (grow_pieces(one, entries("abc"), some) for some in (Counter[str](), counts))
    assert statuses(free) == {"abc": ADDED, " abc": ADDED}
    assert statuses(kept)[" abc"] == NOT_SINGLE
    sizes = [len(encoded(plain_processor(extended_model(one, some.pieces).data), counts)[0]) for some in (free, kept)]
    assert sizes[0] > len(olds) >= sizes[1]


def test_words_are_counted_as_the_model_sees_them() -> None:
    """Normalised, with ▁ where a space stands before; the same whatever the batches."""
    one = model("unigram")
    counts = words(one, ["ａ  b", "b", ""] * 300)
    assert counts == {"▁a": 300, "▁b": 600}
    own = words(model("bpe"), ["a  b ", "\n"])
    assert own == {"▁a": 1, "▁▁b": 1, "▁": 1, "▁\n": 1}


def test_the_same_inputs_give_the_same_growth() -> None:
    """Whatever the order of the words."""
    one = model("bpe")
    counts = words(one, TEXT)
    turned = Counter(dict(reversed(counts.items())))
    first, second = (grow_pieces(one, entries(*TERMS), some) for some in (counts, turned))
    assert first == second


def test_a_list_of_terms_goes_straight_in() -> None:
    """Lines that cannot be used stay, with their reason."""
    listed = parse("국고채\n\u0301\n1조\n".encode(), "own").entries
    growth = grow_pieces(model("bpe"), listed, Counter())
    assert [term.status for term in growth.terms] == [ADDED, "rejected", "rejected"]


@pytest.mark.shared
def test_terms_of_published_models_are_one_piece() -> None:
    """Mistral's BPE and T5's Unigram, in quotes, brackets and after spaces."""
    if not DATA.exists():
        pytest.skip("no shared data")
    for name in ("mistral_v1/tokenizer.model", "torchtune_t5_32k/sentencepiece.model"):
        one = read_model(DATA / name)
        growth = grow_pieces(one, entries(*TERMS), Counter())
        assert set(statuses(growth).values()) <= {ADDED, PRESENT}
        made = extended_model(one, growth.pieces).processor()
        ids = {variant.id for term in growth.terms for variant in term.variants}
        for term, frame in itertools.product(TERMS, ("({})", '"{}"', "a {}.", "{}", "그 {}를", "non-{}-like")):
            assert len(ids.intersection(made.encode(frame.replace("{}", term)))) == 1, (name, frame, term)
