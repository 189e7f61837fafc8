"""Vocabulary-only GGUF files, read back by the format's description; `test_llama_cpp` reads them by the engine."""

import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from vocab.base import Base
from vocab.cutting import GPT2
from vocab.errors import VocabError
from vocab.gguf_file import LLAMA3, PRE_TOKENIZERS, QWEN2, TEKKEN, pre_tokenizer, vocabulary_file
from vocab.train_base import train_base

SAMPLES = ["The bank (EBITDA) repaid credit risk in 2024", "기준금리를 올리자 환율은 1,234억원"]
PATTERNS = {"gpt2": GPT2, "llama": LLAMA3, "qwen2": QWEN2, "tekken": TEKKEN}


@cache
def trained(pattern: str = GPT2) -> Base:
    """A small base that cuts text by `pattern`."""
    spec: dict[str, Any] = json.loads(train_base(SAMPLES * 3, 420).to_str())
    split, level = spec["pre_tokenizer"]["pretokenizers"]
    cut = {"type": "Sequence", "pretokenizers": [{**split, "pattern": {"Regex": pattern}}, level]}
    return Base(Path("tokenizer.json"), "", {**spec, "normalizer": None, "pre_tokenizer": cut})


@pytest.mark.parametrize("name", PATTERNS)
def test_a_vocabulary_file_names_the_pre_tokenizer_and_holds_every_token_type_and_merge(name: str) -> None:
    one = trained(PATTERNS[name])
    data = vocabulary_file(one.spec, {"bos_token": "<|endoftext|>", "pad_token": {"content": "<|padding|>"}})
    found = gguf_entries(data)
    assert found["tokenizer.ggml.pre"] in {pre for pre, _ in PRE_TOKENIZERS[(PATTERNS[name],)]}
    tokens = found["tokenizer.ggml.tokens"]
    assert {token: at for at, token in enumerate(tokens)} == {**one.vocab, **one.added}
    assert found["tokenizer.ggml.merges"] == [" ".join(pair) for pair in one.merges]
    kinds = dict(zip(tokens, found["tokenizer.ggml.token_type"], strict=True))
    assert {kinds[token] for token in one.added} == {3}
    assert {kinds[token] for token in one.vocab.keys() - one.added.keys()} == {1}
    assert found["tokenizer.ggml.bos_token_id"] == one.added["<|endoftext|>"]
    assert found["tokenizer.ggml.padding_token_id"] == one.added["<|padding|>"]


def test_ids_of_no_token_are_filled_as_unused() -> None:
    base = trained()
    last = base.merges[-1][0] + base.merges[-1][1]
    vocab = {**base.vocab, last: base.next_id + 2}
    found = gguf_entries(vocabulary_file({**base.spec, "model": {**base.spec["model"], "vocab": vocab}}, {}))
    unused = [at for at, kind in enumerate(found["tokenizer.ggml.token_type"]) if kind == 5]
    assert unused == [base.vocab[last], base.next_id, base.next_id + 1]
    assert [found["tokenizer.ggml.tokens"][at] for at in unused] == [f"[PAD{at}]" for at in unused]


def test_a_pattern_without_a_name_is_refused() -> None:
    """That of this package's own small bases, for one."""
    spec = json.loads(train_base(SAMPLES, 300).to_str())
    assert pre_tokenizer(spec) == ("", "llama.cpp has no pre-tokenizer with its patterns")
    with pytest.raises(
        VocabError, match=r"base\.json: .*, so llama\.cpp would give other ids; use the tokenizer\.json"
    ):
        vocabulary_file(spec, {}, "base.json")


def test_a_name_under_which_tokens_are_taken_whole_needs_every_token_in_reach() -> None:
    """The name of tekken means so; Llama 3's pattern has a name of either kind."""
    base = trained(TEKKEN)
    cut = {**base.spec, "model": {**base.spec["model"], "merges": [list(one) for one in base.merges[:-2]]}}
    assert pre_tokenizer(base.spec) == ("tekken", "")
    assert pre_tokenizer(cut) == ("", "2 tokens that its merges do not make are left whole, unlike in llama.cpp")
    assert pre_tokenizer({**cut, "model": {**cut["model"], "ignore_merges": True}}) == ("tekken", "")
    three = trained(LLAMA3).spec
    assert pre_tokenizer(three)[0] == "dbrx"
    assert pre_tokenizer({**three, "model": {**three["model"], "ignore_merges": True}})[0] == "llama-bpe"


def gguf_entries(data: bytes) -> dict[str, Any]:
    """The entries of a GGUF file, read by the format's description."""
    sizes = {4: "<I", 5: "<i", 7: "<?"}
    at = 24

    def number(form: str) -> Any:
        nonlocal at
        (value,) = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
        return value

    def value(kind: int) -> Any:
        nonlocal at
        if kind == 9:
            inner, count = number("<I"), number("<Q")
            return [value(inner) for _ in range(count)]
        if kind == 8:
            size = number("<Q")
            at += size
            return data[at - size : at].decode()
        return number(sizes[kind])

    assert data[:4] == b"GGUF"
    version, tensors, count = struct.unpack_from("<IQQ", data, 4)
    assert (version, tensors) == (3, 0)
    found = {}
    for _ in range(count):
        key = value(8)
        found[key] = value(number("<I"))
    assert len(data) % 32 == 0
    assert not data[at:].strip(b"\0")
    return found
