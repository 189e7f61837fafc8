"""Terms isolated by a pattern: one token at every boundary, and no other text changes."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab.base import Base, build, load
from vocab.boundaries import Reader
from vocab.errors import VocabError
from vocab.exact import PARTICLES, REASONS, Isolated, _in_tokens, isolated, wrong
from vocab.exact_laws import compared, is_single, tokens_of
from vocab.grow import ADDED, NO_BYTES, PRESENT
from vocab.train_base import train_base
from vocab.trials import CONTEXTS

ENGLISH = (
    "EBITDA",
    "YoY",
    "bp",
    "bps",
    "ROE",
    "credit",
    "credit risk",
    "P/E",
    "S&P",
    "10-K",
    "Tier1",
    "non-performing loan",
)
KOREAN = ("금리", "기준금리", "CD금리", "환율", "억원", "주택담보대출")
SIGNS = ("%p", "₩")
TERMS = (*ENGLISH, *KOREAN, *SIGNS)
MORE = (
    ("plural", "the ", "s of"), ("possessive", "the ", "'s"), ("curly possessive", "", "’s"), ("hyphen", "non-", "-like"),
    ("digit before", "7", ""), ("line end", "a\r\n", "\r\n"), ("two spaces", "a  ", "  b"), ("tabs", "a\t\t", "\t\t"),
    ("semicolon", "", ";"), ("in Korean", "그 ", "을 보면"),
)  # fmt: skip
TEXTS = [
    "The bank (EBITDA) repaid credit risk and credits of 5bp, YoY growth in ROE and P/E; subprocess bp_rate HEROES 10-K.",
    "기준금리를 올리자 대출금리가 올랐고 환율은 억원 금리를 황금리본 예금금리 5%p ₩1,000 주택담보대출이 늘었다.",
    "my_bp aROE ROEx x_금리 credit_risk (credit) [credit] (금리) \t\tcredit",
]
GPT2 = Path(__file__).parents[3] / "shared/data/tokenizers/whisper_gpt2"


@cache
def base() -> Base:
    """A small base that has some terms, some particles joined to them, and characters cut in two."""
    spec: dict[str, Any] = json.loads(train_base(TEXTS * 3, 420).to_str())
    return Base(Path("tokenizer.json"), "", spec)


def by_pattern(pattern: str) -> Base:
    spec = copy.deepcopy(base().spec)
    spec["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {"Regex": pattern}
    return Base(Path("tokenizer.json"), "", spec)


CASES = (
    r"[^\r\n\p{L}\p{N}]?\p{Lu}*[\p{Ll}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?\p{Lu}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Cuts words where their case changes, and keeps one sign before a word with it."""


@cache
def made(case: bool = False) -> tuple[Base, Isolated, Any, Any]:
    one = by_pattern(CASES) if case else base()
    extension = isolated(one, TERMS)
    return one, extension, one.tokenizer(), build(extension.spec, "extension")


def covered(tokenizer: Any, text: str, start: int, end: int) -> bool:
    return is_single(tokens_of(tokenizer.encode(text, add_special_tokens=False)), text, start, end)


@pytest.mark.parametrize("case", [False, True])
def test_a_term_is_one_token_in_every_context(case: bool) -> None:
    """Each term, in the contexts of every proof and more, or the base has a token over its edge and fewer tokens."""
    _, extension, before, after = made(case)
    assert {one.status for one in extension.variants} <= {ADDED, PRESENT}
    missed = []
    for term in TERMS:
        for name, head, tail in (*CONTEXTS, *MORE):
            joined = (term[0].isdigit() and head[-1:].isdigit()) or (term[-1].isdigit() and tail[:1].isdigit())
            if joined or (term in ("bp", *KOREAN, *SIGNS) and name == "plural"):
                continue  # another number, another word
            text = head + term + tail
            if not covered(after, text, len(head), len(head + term)):
                missed.append(text)
                assert after.encode(text).ids == before.encode(text).ids
                assert any(head[-1:].strip() + term + tail in one or one in text for one in extension.kept), text
    assert len(missed) < 0.05 * len(TERMS) * len(CONTEXTS)


def test_nothing_is_kept_where_the_base_has_no_token_over_an_edge() -> None:
    """On a base of bytes alone, every term is one token everywhere."""
    spec = copy.deepcopy(base().spec)
    spec["model"]["merges"] = []
    spec["model"]["vocab"] = {
        token: at for at, token in enumerate(one for one in spec["model"]["vocab"] if len(one) == 1)
    }
    spec["added_tokens"] = []
    bare = Base(Path("tokenizer.json"), "", spec)
    extension = isolated(bare, ("EBITDA", "credit risk", "금리", "CD금리"))
    assert extension.kept == ()
    after = build(extension.spec, "extension")
    for term in extension.terms:
        for _, head, tail in CONTEXTS:
            assert covered(after, head + term + tail, len(head), len(head + term)), head + term + tail


@pytest.mark.parametrize("particle", PARTICLES)
def test_every_particle_may_follow(particle: str) -> None:
    """A term in Hangul is found before each particle, unless the base joins both."""
    _, extension, _, after = made()
    assert covered(after, f"그 환율{particle}", 2, 4) or any(one.endswith(f"환율{particle}") for one in extension.kept)


@pytest.mark.parametrize("case", [False, True])
@pytest.mark.parametrize(
    "text",
    ["subprocess", "bp_rate x", "my_bp", "HEROES", "aROE", "myROE", "ROEx", "황금리본", "금리인하", "대출금리를", "EBITDAé",
     "éROE", "Tier12", "110-K", "_ROE_", "xYoY", "credits_", "S&Px", "\u0301bp", "bp\u0301", "bpbp", "ROEROE ", "it'sbp"],
)  # fmt: skip
def test_no_term_is_found_inside_a_word(text: str, case: bool) -> None:
    """Text with the characters of a term, but no term, has the base's ids, even where the base cuts them out."""
    _, _, before, after = made(case)
    assert after.encode(f"a {text} b").ids == before.encode(f"a {text} b").ids
    assert after.encode(text).ids == before.encode(text).ids


def test_of_terms_in_one_another_the_longest_is_taken() -> None:
    """기준금리 before 금리, `credit risk` before `credit`, bps before bp; a word that runs on gives the shorter one."""
    _, _, _, after = made()
    for text, term in (
        ("기준금리는", "기준금리"),
        ("a credit risk.", "credit risk"),
        ("5 bps", "bps"),
        ("CD금리가", "CD금리"),
    ):
        assert covered(after, text, text.index(term), text.index(term) + len(term))
    assert covered(after, "a credit risky", 2, 8)
    assert covered(after, "a credit  risk", 2, 8)


def test_ids_follow_those_of_the_base_and_none_is_a_scaffold() -> None:
    """New ids are consecutive, each is a variant of a term, and base ids keep their meaning."""
    one, extension, before, after = made()
    ids = [number for _, number in extension.new_tokens]
    assert ids == list(range(one.next_id, one.next_id + len(ids)))
    assert set(ids) == {variant.id for variant in extension.variants if variant.status == ADDED}
    now = after.get_vocab(with_added_tokens=True)
    assert all(now[token] == number for token, number in before.get_vocab(with_added_tokens=True).items())
    for variant in extension.variants:
        assert after.encode(variant.text).ids == [variant.id]


def test_what_tokens_hold_of_terms_has_one_order_in_every_process() -> None:
    """The library gives a vocabulary in any order, and what follows from it is written into the tokenizer."""
    found = [list(_in_tokens(base().tokenizer(), TERMS, PARTICLES)) for _ in range(8)]
    assert len(found[0]) > 2
    assert all(one == found[0] for one in found)


def test_the_same_terms_give_the_same_extension_and_the_base_is_unchanged() -> None:
    """A pure function: a variant after a space and a repeated one count once."""
    one = base()
    spec = copy.deepcopy(one.spec)
    assert isolated(one, ("환율", " 환율", "bp")) == isolated(one, (" 환율", "bp", "bp"))
    assert one.spec == spec
    assert isolated(one, ()).spec == spec


@pytest.mark.parametrize(
    ("term", "status"),
    [("", "unusable"), (" ", "unusable"), ("a ", "unusable"), ("a\nb", "unusable"), ("\u0301a", "unusable"),
     ("a<|endoftext|>", "special"), ("e\u0301t", "changed"), ("x" * 101, "too long")],
)  # fmt: skip
def test_a_term_that_cannot_be_isolated_is_said_to_be_so(term: str, status: str) -> None:
    """Refused with a reason; the others are added."""
    extension = isolated(base(), (term, "EBITDA"))
    assert extension.variants[0].status == status in REASONS
    assert extension.variants[0].id is None
    assert extension.terms == ("EBITDA",)


def test_a_term_without_bytes_is_refused() -> None:
    """Where the base has no token for a byte, the term would be lost text made whole."""
    spec = copy.deepcopy(base().spec)
    spec["model"]["vocab"].pop("Q")
    assert isolated(Base(Path("tokenizer.json"), "", spec), ("QoQ",)).variants[0].status == NO_BYTES


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False, "trim_offsets": True}
SIGNS_APART = {"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": "Isolated"}, BYTES]}


@pytest.mark.parametrize(
    ("pre_tokenizer", "reason"),
    [
        ({"type": "Metaspace", "replacement": "▁"}, "no byte-level BPE"),
        ({**BYTES, "add_prefix_space": True, "use_regex": True}, "puts a space before"),
        (BYTES, "between words"),
        (SIGNS_APART, "Punctuation"),
        (
            {"type": "Sequence", "pretokenizers": [BYTES, {"type": "Digits", "individual_digits": True}]},
            "a part ByteLevel",
        ),
    ],
)
def test_another_kind_of_base_is_refused_in_a_sentence(pre_tokenizer: dict[str, Any], reason: str) -> None:
    """The sentence names what is in the way and the remedy."""
    with pytest.raises(VocabError, match=f"{reason}.*; take the profile 'portable'"):
        isolated(Base(Path("tokenizer.json"), "", {**base().spec, "pre_tokenizer": pre_tokenizer}), ("EBITDA",))


def test_a_base_with_tokens_out_of_reach_of_its_merges_is_refused() -> None:
    """`ignore_merges` would produce them, in text without any term."""
    spec = copy.deepcopy(base().spec)
    spec["model"]["vocab"]["zqzq"] = base().next_id
    with pytest.raises(VocabError, match="1 of its tokens are a whole piece of text and out of reach"):
        isolated(Base(Path("tokenizer.json"), "", spec), ("EBITDA",))


def test_what_breaks_a_law_is_told_in_sentences_without_the_text() -> None:
    """A merge more, a changed id, a pattern that matches inside words, a term left out: each is found."""
    one, extension, _, _ = made()
    texts = ["subprocess of EBITDA", "bp", "환율 (억원)"]
    assert wrong(one, extension.spec, extension.terms, texts) == ()
    found = []
    greedy = copy.deepcopy(extension.spec)
    greedy["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "bp|EBITDA"
    found.append(wrong(one, greedy, extension.terms, texts))
    assert "where no term stands" in " ".join(found[-1])
    found.append(wrong(one, one.spec, extension.terms, texts))
    assert "hold a term that is not one token" in " ".join(found[-1])
    split = copy.deepcopy(one.spec)
    split["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "."
    found.append(wrong(one, split, (), texts))
    assert "became longer" in " ".join(found[-1])
    moved = copy.deepcopy(extension.spec)
    a, b = list(moved["model"]["vocab"])[40:42]
    moved["model"]["vocab"][a], moved["model"]["vocab"][b] = moved["model"]["vocab"][b], moved["model"]["vocab"][a]
    found.append(wrong(one, moved, extension.terms, texts))
    assert "2 ids of the base changed" in " ".join(found[-1])
    assert not any("subprocess" in sentence or "EBITDA" in sentence for some in found for sentence in some)


PIECES = st.sampled_from(
    (*TERMS, *PARTICLES[:12], *"aeinost ABEIT,.;:-()[]{}%$₩€&/'\"“”\n\t\r\u00a0\u200b0158", "s", "_", "é", "\u0301", "가", "를",
     "  ", "\r\n", "하다", "漢", "は", "ж", "🏦", "<|endoftext|>")
)  # fmt: skip
MIXED = st.lists(PIECES, max_size=14).map("".join)


@settings(max_examples=300, deadline=None)
@given(MIXED | st.text(max_size=30), st.booleans())
def test_every_law_holds_on_any_text(text: str, case: bool) -> None:
    """No drift without a term, never longer, the same text back, each term at a boundary one token."""
    one, extension, before, after = made(case)
    old, new = before.encode(text).ids, after.encode(text).ids
    assert after.decode(new, skip_special_tokens=False) == before.decode(old, skip_special_tokens=False)
    assert len(new) <= len(old)
    if not any(term in before.normalizer.normalize_str(text) for term in TERMS):
        assert new == old
    assert compared(one, before, after, extension.terms, [text]) == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from("aAbB1가나금リ&/%- "), min_size=1, max_size=5), min_size=1, max_size=6), MIXED)
def test_any_terms_can_be_isolated(terms: list[str], text: str) -> None:
    """Whatever the terms are, what is added is one token and the laws hold."""
    extension = isolated(base(), terms)
    assert (
        wrong(base(), extension.spec, extension.terms, [text, *extension.terms, " ".join(terms), "".join(terms)]) == ()
    )


def test_the_reader_finds_terms_at_boundaries_only() -> None:
    """Spans are half open; of terms that begin together `longest` takes one."""
    reader = Reader(TERMS, PARTICLES)
    text = "기준금리를 bps subprocess ROEs credit risk"
    assert [text[a:b] for a, b in reader.longest(text)] == ["기준금리", "bps", "ROE", "credit risk"]
    assert [text[a:b] for a, b in reader.every(text)] == ["기준금리", "bps", "bp", "ROE", "credit risk", "credit"]


@pytest.mark.shared
@pytest.mark.skipif(not GPT2.exists(), reason="no shared data")
def test_a_released_tokenizer_is_extended_with_its_built_in_pattern() -> None:
    """GPT-2 as Whisper has it: every term, and Korean ones whose characters it cuts in two."""
    one = load(GPT2)
    extension = isolated(one, TERMS)
    assert set(extension.terms) == set(TERMS)
    texts = [head + term + tail for term in TERMS for _, head, tail in (*CONTEXTS, *MORE)]
    assert wrong(one, extension.spec, extension.terms, [*texts, *TEXTS]) == ()


@cache
def joined() -> Base:
    """The base with `Repos` and ` Re` as tokens, so that it writes ` Repos` in three."""
    spec = copy.deepcopy(base().spec)
    model = spec["model"]
    for pair in (("Ġ", "R"), ("ĠR", "e"), ("R", "e"), ("p", "o"), ("Re", "po"), ("Repo", "s")):
        model["merges"].append(list(pair))
        model["vocab"].setdefault("".join(pair), len(model["vocab"]) + len(spec["added_tokens"]))
    return Base(Path("tokenizer.json"), "", spec)


def test_what_the_base_has_without_a_space_is_cut_after_one() -> None:
    """`Repos` is one token of the base and stays; ` Repos` is not, so there the term is one."""
    one = joined()
    assert [len(one.tokenizer().encode(text).ids) for text in ("Repos", " Repos", "(Repos")] == [1, 3, 2]
    extension = isolated(one, ("Repo",))
    assert extension.kept == ("Repos",)
    after = build(extension.spec, "extension")
    assert [after.encode(text).tokens for text in ("Repos", "the Repos", "(Repos", "Repo")] == [
        ["Repos"],
        [*one.tokenizer().encode("the").tokens, "ĠRepo", "s"],
        ["(", "Repos"],
        ["Repo"],
    ]
    assert wrong(one, extension.spec, extension.terms, ["Repos", "the Repos and Repos", "(Repos) Repo", "Repos"]) == ()


def test_a_term_is_left_to_the_base_where_that_has_a_token_over_its_edge() -> None:
    """By what touches it, whatever the rest of its word costs; elsewhere it must be one token."""
    one = joined()
    assert wrong(one, one.spec, ("Repo",), ["x=(Repos)!"]) == ()
    assert "hold a term that is not one token" in " ".join(wrong(one, one.spec, ("Rep",), ["x=(Rep-)!"]))
