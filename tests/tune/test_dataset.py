"""Packing: every piece once, no piece in two rows, and no document sees another."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.corpus import CertifiedShard
from govern.errors import VerificationError
from govern.files import sha256_file
from tune import dataset
from tune.errors import TuneRefused
from tune.folders import tokenizer
from tune.packing import pack


@pytest.fixture
def shard(tmp_path):
    """A function that writes texts as a certified shard."""

    def make(texts, column="text"):
        path = tmp_path / "part-00000.parquet"
        pl.DataFrame({column: texts}, schema={column: pl.String}).write_parquet(path)
        return CertifiedShard(path, sha256_file(path), len(texts))

    return make


def whole(*ids):
    """A piece that is learned from its second token on."""
    return dataset.Piece(list(ids), [False, *(True for _ in ids[1:])])


@given(st.integers(1, 40).flatmap(lambda size: st.tuples(st.just(size), st.lists(st.integers(1, size)))))
def test_every_piece_stands_in_exactly_one_row(case):
    """Packing loses nothing, repeats nothing and overfills nothing."""
    capacity, lengths = case
    rows = pack(lengths, capacity)
    assert sorted(piece for row in rows for piece in row) == list(range(len(lengths)))
    assert all(sum(lengths[piece] for piece in row) <= capacity for row in rows)


@given(st.integers(2, 40).flatmap(lambda size: st.tuples(st.just(size), st.lists(st.integers(1, size), min_size=1))))
def test_at_most_one_row_is_half_empty(case):
    """Best fit leaves at most one row that is filled by half or less, so packing never doubles the rows needed."""
    capacity, lengths = case
    rows = pack(lengths, capacity)
    assert sum(2 * sum(lengths[piece] for piece in row) <= capacity for row in rows) <= 1


def test_the_tightest_space_is_taken():
    """A piece goes where it leaves the least space."""
    assert pack([5, 3, 3, 2, 8, 1], 8) == ((4,), (0, 1), (2, 3, 5))


@pytest.mark.tune
def test_rows_carry_restarting_positions_and_no_label_at_a_piece_s_start():
    """Positions restart with each piece, its first label is ignored, padding is a piece without labels."""
    pytest.importorskip("torch")
    batch = dataset.collate([[whole(5, 6, 7), whole(8, 9)], [whole(1, 2)]], pad_id=0)
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8, 9], [1, 2, 0, 0, 0]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1], [0, 1, 0, 1, 2]]
    assert batch["labels"].tolist() == [[-100, 6, 7, -100, 9], [-100, 2, -100, -100, -100]]
    assert "attention_mask" not in batch


@pytest.mark.tune
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("tied", [False, True])
def test_a_packed_document_is_computed_as_if_it_stood_alone(tmp_path, tied, attention):
    """Logits, loss and every gradient of a packed batch equal those of each document by itself, to float32's rounding."""
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM

    from tune.base_model import build

    folder = build(tmp_path / "m", vocab_size=97, hidden=32, tied=tied)
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention)
    generator = torch.Generator().manual_seed(3)
    documents = [torch.randint(0, 97, (size,), generator=generator).tolist() for size in (13, 7, 2, 9)]
    rows = [[documents[0], documents[1]], [documents[2], documents[3]]]
    labelled = sum(len(document) - 1 for document in documents)
    packed = model(**dataset.collate([[whole(*one) for one in row] for row in rows]), use_cache=False)
    packed.loss.backward()
    gradients = {name: one.grad.clone() for name, one in model.named_parameters()}
    model.zero_grad()
    total = 0.0
    for number, row in enumerate(rows):
        start = 0
        for document in row:
            ids = torch.tensor([document])
            alone = model(input_ids=ids, labels=ids, use_cache=False)
            torch.testing.assert_close(
                packed.logits[number, start : start + len(document)], alone.logits[0], atol=5e-6, rtol=0
            )
            share = alone.loss * (len(document) - 1) / labelled
            share.backward()
            total += share.item()
            start += len(document)
    assert packed.loss.item() == pytest.approx(total, rel=1e-5)
    for name, parameter in model.named_parameters():
        assert (parameter.grad - gradients[name]).norm() <= 1e-5 * parameter.grad.norm(), name


def test_documents_stand_between_begin_and_end_and_long_ones_are_cut(world, shard):
    """Each document begins and ends with the tokenizer's tokens; no piece is longer than `max_length`."""
    words = tokenizer(world.root / "tokenizer")
    data = dataset.build([shard(["loan " * 40, "bond"])], words, 16)
    pieces = [piece.ids for row in range(len(data)) for piece in data[row]]
    assert max(len(piece) for piece in pieces) == 16
    assert sum(piece[0] == words.bos_id for piece in pieces) == 2
    assert sum(piece[-1] == words.eos_id for piece in pieces) == 2
    assert data.tokens == sum(len(piece) for piece in pieces)
    assert data.loss_tokens == data.tokens - len(pieces)


def test_a_special_token_spelled_in_a_text_stays_text(world, shard):
    """A document cannot end itself."""
    words = tokenizer(world.root / "tokenizer")
    data = dataset.build([shard(["a </s> b <s> c"])], words, 64)
    piece = data[0][0].ids
    assert piece.count(words.eos_id) == 1
    assert piece.count(words.bos_id) == 1


def test_new_tokens_are_used(world, shard):
    """The term that the tokenizer was extended with is one id, a new one."""
    words = tokenizer(world.root / "tokenizer")
    piece = dataset.build([shard(["EBITDA"])], words, 64)[0][0].ids
    assert len(piece) == 3
    assert piece[1] in words.new_ids


def test_the_digest_follows_every_token_and_boundary(world, shard):
    """Equal inputs give equal digests; another token, boundary or packing gives another."""
    words = tokenizer(world.root / "tokenizer")
    data = dataset.build([shard(["a loan of five", "a bond"])], words, 64)
    assert dataset.build([shard(["a loan of five", "a bond"])], words, 64).digest == data.digest
    assert dataset.build([shard(["a loan of six", "a bond"])], words, 64).digest != data.digest
    assert replace(data, row_starts=np.arange(len(data.starts))).digest != data.digest
    assert replace(data, members=data.members[::-1]).digest != data.digest
    assert replace(data, learned=~data.learned).digest != data.digest
    assert replace(data, starts=data.starts + np.array([0] + [1] * (len(data.starts) - 2) + [0])).digest != data.digest


def test_some_rows_are_evenly_spaced_and_keep_their_pieces(world, shard):
    """A part of the rows holds those rows' pieces, unchanged."""
    words = tokenizer(world.root / "tokenizer")
    data = dataset.build([shard([f"loan {number} " * (number + 1) for number in range(20)])], words, 64)
    part = dataset.some_rows(data, 3)
    assert [part[row] for row in range(3)] == [data[row * len(data) // 3] for row in range(3)]
    assert dataset.some_rows(data, 10_000) is data


def test_an_altered_shard_is_refused(world, shard):
    """The bytes that are parsed are the bytes that were certified."""
    made = shard(["a loan"])
    made.path.write_bytes(made.path.read_bytes() + b"\0")
    with pytest.raises(VerificationError, match="does not match"):
        dataset.build([made], tokenizer(world.root / "tokenizer"), 16)


def test_a_corpus_of_other_columns_is_refused(world, shard):
    """The message names the columns that are there."""
    with pytest.raises(TuneRefused, match="columns are: messages"):
        dataset.build([shard(["a loan"], "messages")], tokenizer(world.root / "tokenizer"), 16)


def test_nothing_to_learn_from_is_refused(world, shard):
    """A corpus without a token to predict does not become an adapter of loss zero."""
    words = replace(tokenizer(world.root / "tokenizer"), bos_id=None, eos_id=None)
    with pytest.raises(TuneRefused, match="nothing to train on"):
        dataset.build([shard([""])], words, 16)


def test_bytes_are_those_of_the_text_behind_the_labels(world, shard):
    """Of a document all of them, since its first token is the beginning; of a later piece all but its first token's."""
    words = tokenizer(world.root / "tokenizer")
    texts = ["loan 대출 ①", "EBITDA rose; " * 20]
    whole = dataset.build([shard(texts)], words, 4096, with_bytes=True)
    assert sorted(whole.text_bytes.tolist()) == sorted(len(text.encode()) for text in texts)
    cut = dataset.build([shard(texts)], words, 16, with_bytes=True)
    assert len(cut.text_bytes) == len(cut.starts) - 1
    assert 0 < int(cut.text_bytes.sum()) < sum(len(text.encode()) for text in texts)
    places = zip(cut.starts[:-1], cut.starts[1:], cut.text_bytes, strict=True)
    sizes = {tuple(cut.ids[start:end]): held for start, end, held in places}
    part = dataset.some_rows(cut, 2)
    pieces = [tuple(part.ids[start:end]) for start, end in pairwise(part.starts)]
    assert part.text_bytes.tolist() == [sizes[piece] for piece in pieces]
    assert dataset.build([shard(texts)], words, 16).digest == cut.digest
