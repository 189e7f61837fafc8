"""Growth on tokenizers that are in use: every family of byte-level BPE gives single tokens, or says why not."""

from collections import Counter
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from vocab.base import build, load
from vocab.ground import grown_spec
from vocab.grow import grow
from vocab.term_lists import parse, usable

DATA = Path(__file__).parents[2].parent / "shared/data/tokenizers"
TERMS = "EBITDA\n금리\n기준금리\nmortgage\nM&A\n"


def grown(name: str) -> tuple[Counter[str], Tokenizer, Tokenizer]:
    if not DATA.exists():
        pytest.skip("no shared data")
    base = load(DATA / name)
    growth = grow(base, usable([parse(TERMS.encode(), "list")], base.added), Counter())
    after = build(grown_spec(base, growth.new_tokens, [one.pair for one in growth.appended]), name)
    for variant in (one for term in growth.terms for one in term.variants if one.status == "added"):
        assert after.encode(variant.text).ids == [variant.id]
    return Counter(term.status for term in growth.terms), base.tokenizer(), after


@pytest.mark.shared
@pytest.mark.parametrize("name", ["whisper_gpt2", "whisper_multilingual"])
def test_a_complete_base_takes_every_term_that_is_not_cut(name: str) -> None:
    """M&A is cut by the pre-tokenizer; mortgage may be a token already."""
    statuses, _, _ = grown(name)
    assert statuses["cut"] == 1
    assert statuses["added"] + statuses["already single"] == 4


@pytest.mark.shared
def test_a_base_without_some_bytes_says_which_terms_it_cannot_spell() -> None:
    """Korean terms are reported, English ones added; special tokens after the vocabulary keep their ids."""
    statuses, before, after = grown("torchtune_tiny_bpe")
    assert statuses == {"added": 2, "bytes missing": 2, "cut": 1}
    for token in ("<|endoftext|>", "<|im_start|>", "<|im_end|>"):
        assert after.token_to_id(token) == before.token_to_id(token)
