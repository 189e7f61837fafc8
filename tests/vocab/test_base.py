"""Bases: byte-level BPE is read, from ranks too; everything else is refused in a sentence."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from govern.attestation import CertifiedCorpus
from vocab.base import load
from vocab.byte_alphabet import read
from vocab.check import check
from vocab.coverage import cover
from vocab.errors import VocabError
from vocab.extend import extend
from vocab.model_base import load_origin
from vocab.term_lists import parse
from vocab.train_base import PATTERN

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)

DATA = Path(__file__).parents[2].parent / "shared/data/tokenizers"


def spec_of(base_folder: Path) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads((base_folder / "tokenizer.json").read_text("utf-8"))
    return spec


def test_a_folder_and_its_file_are_the_same_base(base_folder: Path) -> None:
    """Either may be named."""
    assert load(base_folder).sha256 == load(base_folder / "tokenizer.json").sha256
    assert load(base_folder).missing_bytes == 0


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"model": {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 0}}, "no token begins with ▁"),
        ({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                    "max_input_chars_per_word": 100}, "pre_tokenizer": None}, "WordPiece without a pre-tokenizer"),
        ({"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}, "the model is WordLevel"),
        ({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}}, "no token begins with ▁"),
        ({"pre_tokenizer": None}, "no token begins with ▁"),
        ({"normalizer": {"type": "Lowercase"}}, "Lowercase"),
    ],
)  # fmt: skip
def test_other_kinds_are_refused_by_name(base_folder: Path, tmp_path: Path, change: dict[str, Any], word: str) -> None:
    """The message names the kind and what is expected."""
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps({**spec_of(base_folder), **change}), encoding="utf-8")
    with pytest.raises(VocabError, match=word) as caught:
        load(file)
    assert "choose another" in str(caught.value)
    assert caught.value.exit_code == 2


def test_dropout_and_prefixes_are_refused(base_folder: Path, tmp_path: Path) -> None:
    """Many encodings of one text, or tokens with suffixes, are no ground for merges."""
    spec = spec_of(base_folder)
    for name, value in (("dropout", 0.1), ("end_of_word_suffix", "</w>")):
        file = tmp_path / "tokenizer.json"
        file.write_text(json.dumps({**spec, "model": {**spec["model"], name: value}}), encoding="utf-8")
        with pytest.raises(VocabError, match="choose another base"):
            load(file)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"a": 1}', b"\xff", b'{"model": 1}', b'{"model": {}, "model": {}}']
)
def test_a_broken_file_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    """Whatever the bytes are, the error names the file."""
    file = tmp_path / "tokenizer.json"
    file.write_bytes(data)
    with pytest.raises(VocabError, match=r"tokenizer\.json"):
        load(file)


def test_a_file_that_the_library_refuses_is_a_sentence(base_folder: Path, tmp_path: Path) -> None:
    """A merge of tokens that do not exist is found at once, and not repeated in the message."""
    spec = spec_of(base_folder)
    spec["model"]["merges"].append(["zzzz", "qqqq"])
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(VocabError, match="cannot read it"):
        load(file)


@pytest.mark.parametrize(
    "change",
    [
        {"normalizer": [1]},
        {"normalizer": "NFC"},
        {"pre_tokenizer": "ByteLevel"},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [1]}},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": 5}},
        {"added_tokens": [1]},
    ],
)
def test_parts_of_the_wrong_kind_are_a_sentence(base_folder: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    """The library reads the file first, so nothing here meets what it would refuse."""
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps({**spec_of(base_folder), **change}), encoding="utf-8")
    with pytest.raises(VocabError, match="cannot read it"):
        load(file)


def test_half_a_surrogate_pair_is_a_sentence(base_folder: Path, tmp_path: Path) -> None:
    """JSON can spell what no UTF-8 file can hold."""
    spec = spec_of(base_folder)
    spec["model"]["vocab"]["\ud800"] = 5000
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(VocabError, match="surrogate"):
        load(file)


@pytest.mark.parametrize(
    ("token", "number", "word"),
    [
        ("<mid>", 100, "another id"),
        ("<far>", 50_000, "another id"),
        ("model", 5, "share"),
        ("model", 1 << 30, "at most"),
    ],
)
def test_ids_without_one_meaning_are_refused(
    base_folder: Path, tmp_path: Path, token: str, number: int, word: str
) -> None:
    """An added token on an id in use or past a hole gets another id from the library; two tokens may not share one."""
    spec = spec_of(base_folder)
    if token == "model":
        spec["model"]["vocab"]["qqqq"] = number
    else:
        spec["added_tokens"].append({**spec["added_tokens"][0], "id": number, "content": token})
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(VocabError, match=word):
        load(file)


def test_a_decoder_that_is_not_of_bytes_is_refused(base_folder: Path, tmp_path: Path) -> None:
    """Tokens would be joined with spaces, and every merge would change what a text decodes to."""
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps({**spec_of(base_folder), "decoder": None}), encoding="utf-8")
    with pytest.raises(VocabError, match="decoder"):
        load(file)


def test_a_missing_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    """The message says what was expected."""
    with pytest.raises(VocabError, match="nothing is downloaded"):
        load(tmp_path / "none")
    with pytest.raises(VocabError, match=r"no tokenizer\.json"):
        load(tmp_path)
    for name in ("one.model", "two.tiktoken", "other.txt"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(VocabError, match="2 other files of tokenizers"):
        load(tmp_path)
    with pytest.raises(VocabError, match=r"tekken\.json or tiktoken"):
        load(tmp_path / "other.txt")


@pytest.mark.shared
def test_a_sentencepiece_model_is_no_tokenizer_json() -> None:
    """`load` says so; `load_origin` reads it."""
    if not DATA.exists():
        pytest.skip("no shared data")
    with pytest.raises(VocabError, match="SentencePiece model"):
        load(DATA / "mistral_v1")
    assert load_origin(DATA / "mistral_v1").family == "SentencePiece BPE"


@pytest.mark.shared
def test_ranks_and_their_tokenizer_json_are_the_same_base() -> None:
    """A rank file is read as the `tokenizer.json` that others made of it; a base names its own file and digest."""
    if not DATA.exists():
        pytest.skip("no shared data")
    ranks, made = load(DATA / "whisper_gpt2/gpt2.tiktoken"), load(DATA / "whisper_gpt2")
    assert ranks.merges == made.merges
    assert ranks.vocab == made.vocab | {"<|endoftext|>": 50_256}
    assert ranks.path.name == "gpt2.tiktoken"
    assert ranks.sha256 == hashlib.sha256(ranks.path.read_bytes()).hexdigest()


def test_ranks_are_extended_proved_and_covered(base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path) -> None:
    """Both kinds of rank file go through `extend`, `check` and `coverage` as the tokenizer that they stand for."""
    base = load(base_folder)
    tokens = sorted((number, token) for token, number in base.vocab.items() if token not in base.added)
    lines = [base64.b64encode(read(token)) + b" %d\n" % number for number, token in tokens]
    tiktoken = tmp_path / "ranks/own.tiktoken"
    tiktoken.parent.mkdir()
    tiktoken.write_bytes(b"".join(lines))
    special = {str(number): {"content": text} for text, number in base.added.items()}
    config = {"pat_str": PATTERN, "added_tokens_decoder": special}
    (tiktoken.parent / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    in_order = [bytes([byte]) for byte in range(256)] + [read(token) for _, token in tokens if len(token) > 1]
    vocab = [{"rank": at, "token_bytes": base64.b64encode(token).decode()} for at, token in enumerate(in_order)]
    sizes = {"default_vocab_size": len(vocab) + 20, "default_num_special_tokens": 20}
    tekken = tmp_path / "tekken.json"
    value = {"config": {"pattern": PATTERN, "version": "v3", **sizes}, "vocab": vocab}
    tekken.write_text(json.dumps(value), encoding="utf-8")
    assert load(tiktoken).vocab == base.vocab
    assert load(tiktoken).merges == base.merges
    terms = parse(b"EBITDA\n\xea\xb8\xb0\xec\xa4\x80\xea\xb8\x88\xeb\xa6\xac\n", "own.tsv")
    for file in (tiktoken, tekken):
        made = extend(file, corpus, [terms], tmp_path / f"of-{file.stem}")
        assert made.proof.passed
        assert made.base_digest == "sha256:" + load(file).sha256
        assert check(made.folder, corpus, trust=(), now=NOW).passed
    covered = cover([tiktoken, tekken, base_folder], corpus, ["EBITDA"])
    totals = [sum(every[at].tokens for every in covered.partial.coverage.values()) for at in range(3)]
    assert len(set(totals)) == 1
    assert totals[0] > len(corpus.documents)


@pytest.mark.shared
def test_a_base_without_every_byte_is_known() -> None:
    """A vocabulary that cannot spell 160 bytes says so."""
    if not DATA.exists():
        pytest.skip("no shared data")
    assert load(DATA / "torchtune_tiny_bpe").missing_bytes == 160
