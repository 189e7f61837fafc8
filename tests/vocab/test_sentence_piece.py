"""SentencePiece models are read as their makers' own reader reads them, or refused in a sentence."""

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab.errors import VocabError
from vocab.sentence_piece import BPE, KINDS, UNIGRAM, Piece, SentencePiece, parse_model, read_model

DATA = Path(__file__).parents[2].parent / "shared/data/tokenizers"
TEXT = [
    "the central bank raised its rate by 25 bp in 2024",
    "기준금리를 올리자 대출금리가 올랐다",
    "a loan and a bond",
] * 20


def trained(model_type: str, **options: Any) -> bytes:
    from sentencepiece import SentencePieceTrainer

    out = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=out, vocab_size=options.pop("vocab_size", 90), model_type=model_type,
        minloglevel=2, hard_vocab_limit=False, num_threads=1, **options
    )  # fmt: skip
    return out.getvalue()


@pytest.fixture(scope="module")
def bpe() -> bytes:
    return trained("bpe", byte_fallback=True, vocab_size=360, split_digits=True, user_defined_symbols=["<tag>"])


@pytest.fixture(scope="module")
def unigram() -> bytes:
    return trained("unigram", add_dummy_prefix=False)


def message(*fields: tuple[int, int | float | bytes]) -> bytes:
    """A message in wire format, of small values."""
    data = b""
    for number, value in fields:
        if isinstance(value, bytes):
            data += bytes([number << 3 | 2, len(value)]) + value
        elif isinstance(value, float):
            data += bytes([number << 3 | 5]) + struct.pack("<f", value)
        else:
            data += bytes([number << 3, value])
    return data


def piece(text: bytes, kind: int = 1) -> tuple[int, bytes]:
    return 1, message((1, text), (2, -1.0), (3, kind))


def test_what_the_trainer_was_told_is_read(bpe: bytes, unigram: bytes) -> None:
    """Family, byte fallback, prefix, normalizer, kinds of pieces."""
    one, two = parse_model(bpe, Path("one.model")), parse_model(unigram, Path("two.model"))
    assert (one.family, one.byte_fallback, one.split_digits, one.add_dummy_prefix) == (BPE, True, True, True)
    assert (two.family, two.byte_fallback, two.split_digits, two.add_dummy_prefix) == (UNIGRAM, False, False, False)
    assert one.normalizer == two.normalizer == "nmt_nfkc"
    assert one.pieces[one.unk_id] == Piece("<unk>", 0.0, "unknown")
    assert sum(found.kind == "byte" for found in one.pieces) == 256
    assert [found.text for found in one.pieces if found.kind == "user-defined"] == ["<tag>"]
    assert one.processor().encode("the loan") == [
        next(at for at, found in enumerate(one.pieces) if found.text == text)
        for text in one.processor().encode("the loan", out_type=str)
    ]


def agrees(model: SentencePiece, data: bytes) -> None:
    """The protocol buffer library and the processor say the same."""
    from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(data)
    assert model.pieces == tuple(Piece(one.piece, one.score, KINDS[one.type]) for one in proto.pieces)
    assert model.byte_fallback == proto.trainer_spec.byte_fallback
    assert model.split_digits == proto.trainer_spec.split_digits
    assert model.normalizer == proto.normalizer_spec.name
    assert model.add_dummy_prefix == proto.normalizer_spec.add_dummy_prefix
    assert model.remove_extra_whitespaces == proto.normalizer_spec.remove_extra_whitespaces
    assert model.unk_id == SentencePieceProcessor(model_proto=data).unk_id()


def test_protobuf_reads_the_same(bpe: bytes, unigram: bytes) -> None:
    """Field by field."""
    for data in (bpe, unigram):
        agrees(parse_model(data, Path("own.model")), data)


@pytest.mark.shared
def test_protobuf_reads_the_same_of_published_models() -> None:
    """Mistral's, T5's and the tests' of SentencePiece."""
    if not DATA.exists():
        pytest.skip("no shared data")
    files = sorted(DATA.glob("*/*.model"))
    assert len(files) >= 6
    for file in files:
        agrees(read_model(file), file.read_bytes())


@pytest.mark.parametrize("model_type", ["word", "char"])
def test_other_model_types_are_refused_by_name(model_type: str) -> None:
    """They have no pieces to add terms to."""
    with pytest.raises(VocabError, match=r"own\.model: SentencePiece (words|characters); expected"):
        parse_model(trained(model_type, vocab_size=30), Path("own.model"))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "no pieces"),
        (b"\xff", "not a SentencePiece model"),
        (b"\xff" * 20, "not a SentencePiece model"),
        (b"\x00\x00", "not a SentencePiece model"),
        (b'{"model": {}}', "not a SentencePiece model"),
        (b"IQ== 0\nIg== 1\n", "no SentencePiece model"),
        (message((1, 5)), "not a SentencePiece model"),
        (message(piece(b"a"))[:-1], "not a SentencePiece model"),
        (message((2, b"\x18\x02")), "no pieces"),
        (message(piece(b"<unk>", 2), piece(b"a", 9)), "piece 1: type 9, expected 1 to 6"),
        (message(piece(b"<unk>", 2), piece(b"a", 0)), "piece 1: type 0"),
        (message(piece(b"<unk>", 2), piece(b"")), "piece 1: has no text"),
        (message(piece(b"<unk>", 2), piece(b"\xff")), "piece 1: a text in it is not UTF-8"),
        (message((1, message((1, 5)))), "piece 0: text, score or type is of another kind"),
        (message((1, message((1, b"a"), (2, 5)))), "piece 0: text, score or type is of another kind"),
        (message(piece(b"a")), "0 unknown pieces, expected 1"),
        (message(piece(b"a", 2), piece(b"b", 2)), "2 unknown pieces"),
        (message(piece(b"<unk>", 2), piece(b"a"), piece(b"a")), "library cannot load it"),
        (message(piece(b"<unk>", 2), piece(b"a"), (2, message((3, 9)))), "unknown model type"),
        (message(piece(b"<unk>", 2), piece(b"a"), (2, message((3, b"x")))), "unknown model type"),
        (message(piece(b"<unk>", 2), piece(b"a"), (3, message((1, b"\xff")))), "not UTF-8"),
    ],
)
def test_what_is_no_model_is_a_sentence(data: bytes, word: str) -> None:
    """Cut, another file, pieces of odd types: the file and the piece are named."""
    with pytest.raises(VocabError, match=word) as caught:
        parse_model(data, Path("own.model"))
    assert str(caught.value).startswith("own.model: ")
    assert ";" in str(caught.value)


@settings(deadline=None, max_examples=200)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_a_model_or_a_sentence(data: bytes) -> None:
    """No other error leaves the reader."""
    try:
        parse_model(message(piece(b"<unk>", 2)) + data, Path("own.model"))
    except VocabError:
        return


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(VocabError, match="No such file"):
        read_model(tmp_path / "none.model")
