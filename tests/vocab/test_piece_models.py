"""A .model grows at its end and back bit for bit; a tokenizer.json gives the same ids or none is written."""

import copy
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab.base import build
from vocab.errors import VocabError, VocabRefused
from vocab.grow import ADDED, CUT, NO_BYTES, PRESENT
from vocab.measuring import on_text
from vocab.piece_export import export, exported, parity
from vocab.piece_models import base_bytes, extended_bytes, extended_model
from vocab.piece_specs import SpecGrowth, base_of, grow_bpe_spec, grow_unigram_spec, spec_words
from vocab.pieces import grow_pieces, words
from vocab.processors import PieceProcessor
from vocab.sentence_piece import BPE, Piece, SentencePiece, parse_model, read_model
from vocab.term_lists import Entry
from vocab.trials import made_up

DATA = Path(__file__).parents[2].parent / "shared/data"
MODELS = {
    "mistral_v1/tokenizer.model": True,
    "mistral_v3/tokenizer.model": True,
    "torchtune_t5_32k/sentencepiece.model": False,
    "sentencepiece_test_en1k/test_model.model": False,
    "sentencepiece_test_ja8k/test_ja_model.model": False,
    "torchtune_m2k/m.model": False,
}
"""Whether a tokenizer.json of it gives the same ids on every text tried."""
TEXT = [
    "the central bank raised its rate by 25 bp in 2024, so credit risk and credits rose  twice",
    "기준금리를 올리자 대출금리가 올랐다 금리는 환율이 억원을",
    "a loan and a bond (EBITDA) ebitda ebitda, the process of the heroes",
] * 20
TERMS = ("EBITDA", "ROE", "bps", "S&P", "Tier1", "tranche", "금리", "기준금리", "환율", "credit risk")
TEXTS = [*TEXT[:3], *made_up(TERMS)[:500]]


def trained(model_type: str, **options: Any) -> SentencePiece:
    from sentencepiece import SentencePieceTrainer

    out = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=out, vocab_size=options.pop("vocab_size", 200), model_type=model_type,
        minloglevel=2, hard_vocab_limit=False, num_threads=1, **options
    )  # fmt: skip
    return parse_model(out.getvalue(), Path("own.model"))


PLAIN: dict[str, Any] = {"normalization_rule_name": "identity", "remove_extra_whitespaces": False}
MAKERS: dict[str, Callable[[], SentencePiece]] = {
    "bpe": lambda: trained("bpe", byte_fallback=True, vocab_size=440, **PLAIN),
    "bpe without prefix": lambda: trained("bpe", byte_fallback=True, vocab_size=440, add_dummy_prefix=False, **PLAIN),
    "bpe without bytes": lambda: trained("bpe", vocab_size=150),
    "unigram": lambda: trained("unigram"),
    "unigram plain": lambda: trained("unigram", **PLAIN),
    "user-defined": lambda: trained("bpe", vocab_size=150, user_defined_symbols=["<tag>"], **PLAIN),
}
model = cache(lambda kind: MAKERS[kind]())
every_kind = pytest.mark.parametrize("kind", [*MAKERS])


def entries(*terms: str) -> list[Entry]:
    return [Entry(term, "", "test") for term in terms]


@cache
def grown(kind: str) -> SentencePiece:
    one = model(kind)
    growth = grow_pieces(one, entries(*TERMS), words(one, TEXT), across_spaces=True, unknown=False)
    assert growth.pieces
    return extended_model(one, growth.pieces)


@every_kind
def test_the_original_bytes_come_back_bit_for_bit(kind: str) -> None:
    """Everything but the new pieces stays where it was."""
    one, made = model(kind), grown(kind)
    assert made.data.startswith(one.data)
    assert len(made.data) > len(one.data)
    assert base_bytes(made.data, len(one.pieces)) == one.data
    assert base_bytes(one.data, len(one.pieces)) == one.data


@every_kind
def test_the_file_of_an_extension_is_one_that_protobuf_reads(kind: str) -> None:
    """Pieces in order, and trainer and normalizer as they were; the library counts the pieces itself."""
    from sentencepiece import sentencepiece_model_pb2

    one, made = model(kind), grown(kind)
    protos = [sentencepiece_model_pb2.ModelProto() for _ in range(2)]
    for proto, data in zip(protos, (one.data, made.data), strict=True):
        proto.ParseFromString(data)
    assert [piece.piece for piece in protos[1].pieces] == [piece.text for piece in made.pieces]
    assert protos[1].trainer_spec == protos[0].trainer_spec
    assert protos[1].normalizer_spec == protos[0].normalizer_spec
    assert made.processor().get_piece_size() == len(made.pieces) > len(one.pieces)


def test_a_text_of_many_bytes_is_written_with_its_length() -> None:
    """A length above 127 takes two bytes."""
    one = model("bpe")
    new = [Piece("금" * 100, -2e9, "normal"), Piece("a" * 200, -3e9, "normal")]
    data = extended_bytes(one, new)
    assert parse_model(data, Path("own.model")).pieces[-2:] == tuple(new)
    assert base_bytes(data, len(one.pieces)) == one.data


@pytest.mark.parametrize(
    "piece",
    [
        Piece("new", -1.0, "control"), Piece("", -1.0, "normal"), Piece("new", float("nan"), "normal"),
        Piece("new", float("-inf"), "normal"), Piece("<s>", -1.0, "normal"),
    ],
)  # fmt: skip
def test_a_piece_that_breaks_the_model_is_refused(piece: Piece) -> None:
    """A control piece, without text or a finite score, or there already."""
    with pytest.raises(VocabError, match="expected a normal or user-defined piece that the model lacks"):
        extended_bytes(model("bpe"), [piece])


def test_taking_back_another_number_of_pieces_is_refused() -> None:
    """Never bytes that are not the base's."""
    made, count = grown("bpe").data, len(model("bpe").pieces)
    for wrong in (0, count - 1, len(parse_model(made, Path("own.model")).pieces) + 1):
        with pytest.raises(VocabError, match="get the base itself"):
            base_bytes(made, wrong)
    with pytest.raises(VocabError, match="not a SentencePiece model"):
        base_bytes(made[:-3], count)


@every_kind
def test_an_exported_bpe_and_its_extension_give_the_ids_of_the_library(kind: str) -> None:
    """On made-up texts of many scripts; Unigram by what the texts say."""
    for one in (model(kind), grown(kind)):
        if kind == "user-defined":
            tagged = [text.replace("e", "<tag>") for text in TEXTS if text != "e"]
            assert sum("<tag>" in text for text in tagged) > 200
            assert exported(one, [*TEXTS, *tagged, "<tag>x", " <tag>", "x <tag> <tag>", "<tag><tag>"])
            assert parity(one, export(one), ["<tag>"]) == 1
        elif one.family != BPE:
            assert parity(one, export(one), TEXT[:3]) == 0
        elif one.charsmap:
            assert parity(one, export(one), TEXTS) < 10
        else:
            spec = exported(one, TEXTS)
            tokenizer, processor = build(spec, "own"), one.processor()
            plain = [text for text in TEXTS if "</s>" not in text]
            ids = [found.ids for found in tokenizer.encode_batch(plain, add_special_tokens=False)]
            assert tokenizer.decode_batch(ids, skip_special_tokens=False) == processor.decode(ids)


@settings(deadline=None, max_examples=100)
@given(text=st.lists(st.one_of(st.sampled_from([*" ".join(TEXT[:3]), *TERMS, "  ", "▁", "\n"]), st.characters(codec="utf-8")))
       .map("".join))  # fmt: skip
def test_any_text_has_the_same_ids_by_an_exported_bpe(text: str) -> None:
    """Whatever the characters, spaces and signs for spaces."""
    for kind in ("bpe", "bpe without prefix"):
        assert parity(grown(kind), export(grown(kind)), [text]) == 0


def test_parity_counts_texts_with_other_ids() -> None:
    """And leaves out those that name a control piece, which Hugging Face reads as the piece."""
    one = model("bpe")
    spec = export(one)
    spec["normalizer"]["normalizers"].pop(0)
    assert parity(one, spec, ["the bank", "the loan", "", "a</s>"]) == 2
    with pytest.raises(VocabRefused, match=r"own\.model: .* expected none"):
        exported(model("unigram"), ["e\u0301\u0301", "Ａ\u0301", *TEXTS])


def test_an_export_that_could_not_be_exact_is_refused_with_its_reason() -> None:
    """A piece of a character that is none; unused pieces; the space behind a word."""
    one = model("bpe")
    growth = grow_pieces(one, entries("영업이익", "漢字"), Counter())
    assert growth.unknown
    with pytest.raises(
        VocabRefused, match=rf"{len(growth.unknown)} of its pieces, the first with id {growth.unknown[0]},"
    ):
        export(extended_model(one, growth.pieces))
    with pytest.raises(VocabRefused, match="writes a space not as ▁ before a word"):
        export(trained("bpe", treat_whitespace_as_suffix=True, vocab_size=150))
    with pytest.raises(VocabRefused, match="would normalise a user-defined piece"):
        export(trained("bpe", vocab_size=150, user_defined_symbols=["①"]))
    with pytest.raises(VocabRefused, match="Unigram with byte pieces"):
        export(trained("unigram", byte_fallback=True, vocab_size=440))


def spec_growth(kind: str, spec: dict[str, Any], terms: tuple[str, ...] = TERMS) -> SpecGrowth:
    grow = grow_bpe_spec if model(kind).family == BPE else grow_unigram_spec
    return grow(spec, entries(*terms), spec_words(spec, TEXT))


@every_kind
@pytest.mark.parametrize("mask", [None, 0, 5], ids=["no added token outside", "one outside", "six outside"])
def test_a_spec_grows_at_its_end_and_back(kind: str, mask: int | None) -> None:
    """Ids of the base keep their meaning, those of added tokens too; what is taken off is what was put on."""
    spec = export(model(kind))
    size = len(spec["model"]["vocab"])
    if mask is not None:
        like = spec["added_tokens"][0]
        spec["added_tokens"] += [{**like, "id": size + at, "content": f"<mask{at}>"} for at in range(mask + 1)]
    kept = copy.deepcopy(spec)
    growth = spec_growth(kind, spec)
    assert spec == kept
    before, after = build(spec, "base"), build(growth.spec, "grown")
    now = after.get_vocab(with_added_tokens=True)
    ids = before.get_vocab(with_added_tokens=True)
    assert {token: now[token] for token in ids} == ids
    assert {token: now[token] for token, _ in growth.new_tokens} == dict(growth.new_tokens)
    assert [at for _, at in growth.new_tokens] == list(range(len(ids), len(ids) + len(growth.new_tokens)))
    assert json.dumps(base_of(growth.spec, growth)) == json.dumps(spec)
    assert spec_growth(kind, spec) == growth


@every_kind
def test_variants_of_a_grown_spec_are_one_token_in_text(kind: str) -> None:
    """After a space; bare after a bracket where the base has no token over it."""
    growth = spec_growth(kind, export(model(kind)))
    tokenizer = build(growth.spec, "grown")
    single = [one for term in growth.terms for one in term.variants if one.status in (ADDED, PRESENT)]
    assert len(single) > 10
    for one in single:
        if one.text.startswith(" "):
            assert tokenizer.encode(f"a{one.text}", add_special_tokens=False).ids[-1] == one.id
    spaced = {one.text: one.status for term in growth.terms for one in term.variants}
    assert spaced["credit risk"] == CUT


def test_a_bpe_spec_leaves_out_terms_of_characters_that_are_no_token() -> None:
    """A merge needs both halves as tokens; Unigram takes the term and counts it."""
    found = spec_growth("bpe", export(model("bpe")), ("漢字", "tranche"))
    assert {one.status for one in found.terms[0].variants} == {NO_BYTES}
    assert {one.status for one in found.terms[1].variants} == {ADDED}
    other = spec_growth("unigram", export(model("unigram")), ("漢字",))
    assert {one.status for one in other.terms[0].variants} == {ADDED}
    assert other.unknown == tuple(at for _, at in other.new_tokens)


def test_a_spec_grows_as_its_model_does() -> None:
    """Unigram: the same pieces with the same scores."""
    one = model("unigram")
    spec = export(one)
    counts = words(one, TEXT)
    assert counts == spec_words(spec, TEXT)
    pieces = grow_pieces(one, entries(*TERMS), counts).pieces
    rows = grow_unigram_spec(spec, entries(*TERMS), counts).spec["model"]["vocab"][len(one.pieces) :]
    assert rows == [[piece.text, piece.score] for piece in pieces]


def test_specs_with_a_metaspace_pre_tokenizer_grow_too() -> None:
    """As the folders of T5 and XLM-R have it: words are cut first, and a term of several words stays cut."""
    spec = export(model("unigram"))
    spec["normalizer"]["normalizers"] = spec["normalizer"]["normalizers"][:1]
    cut = [
        {"type": "WhitespaceSplit"},
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
    ]
    spec["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": cut}
    growth = spec_growth("unigram", spec)
    tokenizer = build(growth.spec, "grown")
    ids = {one.text: one.id for term in growth.terms for one in term.variants}
    assert tokenizer.encode("the EBITDA", add_special_tokens=False).ids[-1] == ids[" EBITDA"]
    assert ids["EBITDA"] in tokenizer.encode("x(EBITDA)", add_special_tokens=False).ids
    assert base_of(growth.spec, growth) == spec


def test_other_kinds_of_spec_are_refused() -> None:
    """BPE for Unigram, bytes for ▁, added tokens with a gap before them, a file that was grown otherwise."""
    spec, bpe = export(model("unigram")), export(model("bpe"))
    with pytest.raises(VocabError, match="the model is Unigram, expected BPE"):
        grow_bpe_spec(spec, [], Counter())
    with pytest.raises(VocabError, match="the model is BPE, expected Unigram"):
        grow_unigram_spec(bpe, [], Counter())
    with pytest.raises(VocabError, match="writes a space not as ▁"):
        grow_bpe_spec({**bpe, "normalizer": None}, [], Counter())
    gap = {**spec, "added_tokens": [{**spec["added_tokens"][0], "id": 9999, "content": "<gap>"}]}
    with pytest.raises(VocabError, match="added tokens do not follow the vocabulary"):
        grow_unigram_spec(gap, [], Counter())
    growth = spec_growth("bpe", bpe)
    with pytest.raises(VocabError, match="does not end with what was added"):
        base_of(bpe, growth)


@every_kind
def test_nothing_is_added_for_no_terms(kind: str) -> None:
    """The file stays the same."""
    spec = export(model(kind))
    growth = spec_growth(kind, spec, ())
    assert growth.spec == spec == base_of(growth.spec, growth)
    assert growth.new_tokens == growth.scaffolds == ()


@every_kind
def test_an_adapter_does_what_proofs_need(kind: str) -> None:
    """Ids, offsets, text and vocabulary; counts of a corpus come from it as from the tokenizers library."""
    one, made = PieceProcessor(model(kind)), PieceProcessor(grown(kind))
    texts = [*TEXT[:3], "", " ", "a ▁ b\n", *made_up(TERMS)[:50]]
    found = on_text(one, made, texts)  # type: ignore[arg-type]
    if not any("⁇" in text for text in made.decode_batch([item.ids for item in made.encode_batch(texts)])):
        assert found.decoded_otherwise == 0
    assert on_text(one, one, texts).documents_longer == 0  # type: ignore[arg-type]
    assert found.tokens_extended < found.tokens_base
    assert made.get_vocab(with_added_tokens=True) == {piece.text: at for at, piece in enumerate(grown(kind).pieces)}
    assert "</s>" not in made.get_vocab(with_added_tokens=False)
    assert made.encode_batch([]) == made.decode_batch([]) == []
    with pytest.raises(ValueError, match="expected False"):
        one.encode_batch(["a"], add_special_tokens=True)


@every_kind
def test_offsets_are_code_points_of_the_text_as_given(kind: str) -> None:
    """In order, within the text, and together all of it but spaces."""
    one = PieceProcessor(grown(kind))
    for text in ("the 금리 (EBITDA)", "  금리를  🏦 loan\n", "x🏦🏦y", "a loan"):
        encoding = one.encode(text)
        assert len(encoding.offsets) == len(encoding.ids)
        assert all(0 <= start <= end <= len(text) for start, end in encoding.offsets)
        assert encoding.offsets == sorted(encoding.offsets)
        covered = {at for start, end in encoding.offsets for at in range(start, end)}
        assert {at for at, character in enumerate(text) if not character.isspace()} <= covered


def test_bytes_of_a_character_have_its_place() -> None:
    """Each of the four."""
    encoding = PieceProcessor(model("bpe")).encode("a🏦🏛b")
    assert encoding.offsets[-9:] == [(1, 2)] * 4 + [(2, 3)] * 4 + [(3, 4)]


def test_offsets_follow_a_normalizer() -> None:
    """A wide letter is one character of the text, and so is a sign that is written out."""
    one = PieceProcessor(model("unigram"))
    assert one.normalizer is not None
    assert one.normalizer.normalize_str("ＥＢ  ㎏") == "EB kg"
    text = "loan  ＥＢＩＴＤＡ"
    made = PieceProcessor(grown("unigram"))
    assert made.encode(text).offsets[-1][1] == len(text)
    assert made.encode(text).ids[-1] == made.encode("loan EBITDA").ids[-1]
    assert PieceProcessor(model("bpe")).normalizer is None


def shared_texts() -> list[str]:
    import polars as pl

    texts: list[str] = []
    for file in sorted(DATA.glob("text_*/*")):
        frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_ndjson(file)
        columns = [name for name in frame.columns if name.startswith("text")]
        texts += [text[:3000] for name in columns for text in frame[name][::200] if text]
    return texts


def fuzzed() -> list[str]:
    source = random.Random(5)
    ranges = ((0x20, 0x3100, 1), (0xAC00, 0xD7A4, 37), (0xF900, 0xFFFE, 1), (0x1F300, 0x1F700, 1))
    odd = [chr(code) for start, end, step in ranges for code in range(start, end, step)]
    common = "  aeiouthe 금리를\n\t▁"
    return [
        "".join(source.choice(odd if source.random() < 0.3 else common) for _ in range(source.randrange(1, 30)))
        for _ in range(300)
    ]


@pytest.mark.shared
def test_published_models_grow_and_shrink_and_export_or_do_not() -> None:
    """BPE exports give the same ids on real and made-up texts; Unigram exports differ where scores tie, and are refused."""
    if not DATA.exists():
        pytest.skip("no shared data")
    texts, odd = shared_texts(), [*made_up(TERMS), *fuzzed()]
    for name, exact in MODELS.items():
        one = read_model(DATA / "tokenizers" / name)
        growth = grow_pieces(one, entries("EBITDA", "bps", "securitization"), Counter())
        made = extended_model(one, growth.pieces)
        assert base_bytes(made.data, len(one.pieces)) == (DATA / "tokenizers" / name).read_bytes()
        assert (parity(one, export(one), [*texts, *odd]) == 0) is exact
        if exact:
            assert parity(made, export(made), odd) == 0
        else:
            with pytest.raises(VocabRefused, match="texts have other ids"):
                exported(one, [*texts, *odd])
