"""Numbers are cut into threes from the right, each group is one token, and all other text is cut as by the base."""

import copy
import json
import re
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from vocab import digits
from vocab.base import build
from vocab.byte_alphabet import CHARACTERS, spell
from vocab.errors import VocabError
from vocab.train_base import PATTERN as WITH_SPACE

DATA = Path(__file__).parents[2].parent / "shared/data"
Spec = dict[str, Any]

BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
LIBRARY = {**BYTES, "use_regex": True}
YEARS = [
    ["2", "0"],
    ["2", "4"],
    ["20", "2"],
    ["202", "4"],
    ["Ġ", "2"],
    ["Ġ", "1"],
    ["Ġ2", "0"],
    ["0", "0"],
    ["00", "0"],
]
"""Merges of a base that has read years: 024 is 0 and 24 by them, and 2024 is one token."""


def with_numbers(alternative: str) -> str:
    """The pattern of the demonstration base with another alternative for numbers."""
    return WITH_SPACE.replace(r" ?\p{N}|", alternative + "|")


def split(pattern: str, behavior: str = "Isolated", invert: bool = False) -> Spec:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def spec_of(*parts: Spec, merges: list[list[str]] | None = None, **changes: Any) -> Spec:
    """A byte-level BPE tokenizer of the 256 bytes and these merges."""
    merges = YEARS if merges is None else merges
    tokens = dict.fromkeys([*CHARACTERS, *("".join(pair) for pair in merges)])
    model = {"type": "BPE", "vocab": {token: at for at, token in enumerate(tokens)}, "merges": merges}
    pre_tokenizer = {"type": "Sequence", "pretokenizers": list(parts)} if len(parts) > 1 else parts[0]
    spec: Spec = {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": pre_tokenizer}
    return {**spec, "post_processor": None, "decoder": BYTES, "model": model} | changes


BASES = {
    "single": (spec_of(split(with_numbers(r"\p{N}"), "Removed", True), BYTES, merges=[]), digits.SINGLE, False),
    "single after a space": (spec_of(split(WITH_SPACE), BYTES, merges=[]), digits.SINGLE, True),
    "threes from the left": (spec_of(split(with_numbers(r"\p{N}{1,3}")), BYTES), digits.L2R, False),
    "runs": (spec_of(split(with_numbers(r"\p{N}+")), BYTES), digits.RUNS, False),
    "runs of the library": (spec_of(LIBRARY), digits.RUNS, True),
    "single, then the library": (spec_of({"type": "Digits", "individual_digits": True}, LIBRARY), digits.SINGLE, False),
    "runs, then the library": (spec_of({"type": "Digits", "individual_digits": False}, LIBRARY), digits.RUNS, False),
    "threes, then others": (
        spec_of(split(r"\p{N}{1,3}"), split(r"[가-힣]+"), split(with_numbers(r"\p{N}+")), BYTES),
        *(digits.L2R, False),
    ),
    "twos of any script": (spec_of(split(with_numbers(r" ?\d{1,2}")), BYTES), digits.OTHER, True),
}

CASES = """
0 → 0 ¦ 7 → 7 ¦ 42 → 42 ¦ 100 → 100 ¦ 999 → 999 ¦ 1000 → 1|000 ¦ 2024 → 2|024 ¦ 12345 → 12|345 ¦ 123456 → 123|456
1234567 → 1|234|567 ¦ 12345678 → 12|345|678 ¦ 123456789 → 123|456|789 ¦ 1234567890 → 1|234|567|890
98765432109 → 98|765|432|109 ¦ 000 → 000 ¦ 0000 → 0|000 ¦ 007 → 007 ¦ 00123 → 00|123
1,234 → 1|234 ¦ 12,345 → 12|345 ¦ 123,456 → 123|456 ¦ 1,234,567 → 1|234|567 ¦ 12,345,678 → 12|345|678
1,234,567,890 → 1|234|567|890 ¦ 1,234.56 → 1|234|56 ¦ 1,234.5678 → 1|234|567|8 ¦ 1.234.567,89 → 1|234|567|89
12,34,567 → 12|34|567 ¦ 1 234 567 → 1|234|567 ¦ 1'234'567 → 1|234|567 ¦ 1_000_000 → 1|000|000 ¦ 10,00 → 10|00
0.5 → 0|5 ¦ 0.25 → 0|25 ¦ 0.125 → 0|125 ¦ 0.0125 → 0|012|5 ¦ 3.14 → 3|14 ¦ 3.1416 → 3|141|6 ¦ 3.14159 → 3|141|59
3.141592 → 3|141|592 ¦ 3.14159265 → 3|141|592|65 ¦ 1234.5 → 1|234|5 ¦ 12345.67891 → 12|345|678|91
0.00001 → 0|000|01 ¦ .5 → 5 ¦ 100.0000 → 100|000|0 ¦ -0.1250 → 0|125|0 ¦ +2.71828 → 2|718|28 ¦ 1.0e10 → 1|0|10
1e-05 → 1|05 ¦ 6.02214e23 → 6|022|14|23 ¦ 2.50x → 2|50 ¦ It was 3. 1415 more → 3|1|415 ¦ in 2023.  → 2|023
12% → 12 ¦ 12.5% → 12|5 ¦ 0.0375% → 0|037|5 ¦ 1250% → 1|250 ¦ 3%p → 3 ¦ 1.25%p → 1|25 ¦ 0.12345%p → 0|123|45
12.5 퍼센트 → 12|5 ¦ 12.5퍼센트포인트 → 12|5 ¦ 5 per cent → 5 ¦ (12.5%) → 12|5 ¦ 10-20% → 10|20 ¦ ±0.5% → 0|5
25bp → 25 ¦ 25bps → 25 ¦ 25 bp → 25 ¦ 12345bp → 12|345 ¦ 1250bps → 1|250 ¦ 2.5bp → 2|5 ¦ +150bp → 150 ¦ -1000bp → 1|000
$5 → 5 ¦ $1234 → 1|234 ¦ $1,234.56 → 1|234|56 ¦ $ 12345 → 12|345 ¦ US$1200000 → 1|200|000 ¦ €1.234,56 → 1|234|56
£1,000 → 1|000 ¦ ¥15000 → 15|000 ¦ ₩1,300 → 1|300 ¦ ₩1300 → 1|300 ¦ ￦50000 → 50|000 ¦ USD 1500.25 → 1|500|25
KRW1300 → 1|300 ¦ 1300 KRW → 1|300 ¦ $1.5M → 1|5 ¦ $2500M → 2|500 ¦ $3.25bn → 3|25 ¦ $0.0001 → 0|000|1
1300원 → 1|300 ¦ 1,300원 → 1|300 ¦ 1300 원 → 1|300 ¦ 12345678원 → 12|345|678 ¦ 100달러 → 100 ¦ 1500유로 → 1|500
10000엔 → 10|000 ¦ 123456위안 → 123|456 ¦ 총1300원을 → 1|300 ¦ 1300원당 → 1|300 ¦ 1,300.50원 → 1|300|50
1조 → 1 ¦ 1조 2,000억원 → 1|2|000 ¦ 1조2000억원 → 1|2|000 ¦ 1.5조원 → 1|5 ¦ 12조 3456억 7890만원 → 12|3|456|7|890
3만5천 → 3|5 ¦ 3만 5천원 → 3|5 ¦ 2천5백 → 2|5 ¦ 1234억 → 1|234 ¦ 1234억5678만 → 1|234|5|678 ¦ 5000만원 → 5|000
50억 달러 → 50 ¦ 1,000억원대 → 1|000 ¦ 3천만원 → 3 ¦ 100만주 → 100 ¦ 15000주 → 15|000 ¦ 2배 → 2 ¦ 1000여명 → 1|000
(1,234) → 1|234 ¦ (1234) → 1|234 ¦ $(1,234.56) → 1|234|56 ¦ ($1234567) → 1|234|567 ¦ △1,234 → 1|234 ¦ ▲12345 → 12|345
-1234 → 1|234 ¦ −1,234 → 1|234 ¦ (0.0125) → 0|012|5 ¦ [12345] → 12|345 ¦ {1000} → 1|000 ¦ 1234- → 1|234
2024-03-31 → 2|024|03|31 ¦ 2024/03/31 → 2|024|03|31 ¦ 2024.03.31 → 2|024|03|31 ¦ 20240331 → 20|240|331
03/31/2024 → 03|31|2|024 ¦ 31 March 2024 → 31|2|024 ¦ March 31, 2024 → 31|2|024 ¦ 2024년 3월 → 2|024|3
2024년 3월 31일 → 2|024|3|31 ¦ 2024년3월31일 → 2|024|3|31 ¦ '24년 → 24 ¦ 2024. 3. 31. → 2|024|3|31 ¦ 1990s → 1|990
2024-03-31T09:30:00Z → 2|024|03|31|09|30|00 ¦ 09:30 → 09|30 ¦ 15시30분 → 15|30 ¦ 2024's → 2|024 ¦ 1분기 → 1
Q1 2024 → 1|2|024 ¦ 1Q24 → 1|24 ¦ 2024Q1 → 2|024|1 ¦ FY24 → 24 ¦ FY2024 → 2|024 ¦ FY2023/24 → 2|023|24 ¦ H1 → 1
1H24 → 1|24 ¦ 3Q → 3 ¦ 2024년 1분기 → 2|024|1 ¦ 제55기 → 55 ¦ 2024E → 2|024 ¦ 2025F → 2|025 ¦ CY2022 → 2|022
10~20 → 10|20 ¦ 1000~2000 → 1|000|2|000 ¦ 1000-2000 → 1|000|2|000 ¦ 1,000∼2,000원 → 1|000|2|000 ¦ 2020–2024 → 2|020|2|024
1300원~1400원 → 1|300|1|400 ¦ 3.5~4.25% → 3|5|4|25 ¦ 10 to 1000 → 10|1|000 ¦ 5000/10000 → 5|000|10|000 ¦ 3:1 → 3|1
AAPL → ¦ 005930 → 005|930 ¦ 005930.KS → 005|930 ¦ BRK.B → ¦ KR7005930003 → 7|005|930|003 ¦ US0378331005 → 0|378|331|005
US38259P5089 → 38|259|5|089 ¦ A005930 → 005|930 ¦ 0700.HK → 0|700 ¦ KOSPI200 → 200 ¦ S&P500 → 500 ¦ NASDAQ-100 → 100
v2.10 → 2|10 ¦ v1.12345 → 1|123|45 ¦ A100 → 100 ¦ H100s → 100 ¦ COVID19 → 19 ¦ COVID-19 → 19 ¦ B2B → 2 ¦ 3M → 3
K9자주포 → 9 ¦ 5G → 5 ¦ Tier1 → 1 ¦ IFRS9 → 9 ¦ IFRS17호 → 17 ¦ ISO20022 → 20|022 ¦ x1234y → 1|234 ¦ ab12345cd67 → 12|345|67
010-1234-5678 → 010|1|234|5|678 ¦ 01012345678 → 01|012|345|678 ¦ 02-123-4567 → 02|123|4|567
+82 10 1234 5678 → 82|10|1|234|5|678 ¦ (212) 555-0100 → 212|555|0|100 ¦ 1588-1234 → 1|588|1|234 ¦ #1234 → 1|234
192.168.0.1 → 192|168|0|1 ¦ p.12 → 12 ¦ No.1234 → 1|234 ¦ 제1234호 → 1|234 ¦ §1026 → 1|026 ¦ 10-K → 10 ¦ 10-Q → 10
1st → 1 ¦ 22nd → 22 ¦ 1000th → 1|000 ¦ 100% → 100 ¦ 1/2 → 1|2 ¦ 3x5 → 3|5 ¦ 10^6 → 10|6 ¦ 1000=1000 → 1|000|1|000
１２３４ → １|２３４ ¦ １２，３４５ → １２|３４５ ¦ ０．０１２５ → ０|０１２|５ ¦ １２３４５원 → １２|３４５
￦１３００ → １|３００
1２3４ → 1|２3４ ¦ ① → ¦ ①1234 → 1|234 ¦ Ⅳ12 → 12 ¦ 1234½ → 1|234 ¦ 12345² → 12|345 ¦ ٣1234 → 1|234 ¦ 二12345 → 12|345
"""
TABLE = [case.split("→") for line in CASES.strip().splitlines() for case in line.split("¦")]
GROUPS = [(text.strip(), groups.strip().split("|") if groups.strip() else []) for text, groups in TABLE]
MIXED = "0123456789０５.．,원조억%p$₩ \n\tabZ'é́①Ⅳ½٣-()"
# The library's `Digits` and its patterns know numerals of different versions of Unicode; a character that is assigned to none
# here, as U+11DE0 (a digit since 17), may be a number to the one and none to the other.
assigned = st.characters(exclude_categories=("Cs", "Cn"))
texts = st.text(st.sampled_from(MIXED), max_size=40) | st.text(assigned, max_size=40)
on_each_base = pytest.mark.parametrize("name", BASES)


@cache
def grown(name: str) -> tuple[Spec, Spec]:
    """The base of that name and its finished extension."""
    base = BASES[name][0]
    return base, finished(base, digits.grouped(base))


def finished(base: Spec, grouped: digits.Grouped) -> Spec:
    """The grouped base with its missing tokens and merges."""
    model, added = base["model"], {token["content"]: token["id"] for token in base["added_tokens"] or ()}
    first = max(*model["vocab"].values(), *added.values(), 0) + 1
    new = {spell(token): number for number, token in enumerate(grouped.missing, first)}
    merges = [*(pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]), *grouped.merges]
    return {**grouped.spec, "model": {**model, "vocab": {**model["vocab"], **added, **new}, "merges": merges}}


@cache
def tokenizer_of(name: str) -> Tokenizer:
    return build(grown(name)[1], name)


@cache
def base_of(name: str) -> Tokenizer:
    return build(grown(name)[0], name)


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    return [text[start:end] for _, (start, end) in tokenizer.pre_tokenizer.pre_tokenize_str(text)]


def numbers_in(parts: list[str]) -> list[str]:
    """The parts that hold a digit, without the space that may stand before it."""
    return [part.removeprefix(" ") for part in parts if set(part) & set(digits.DIGITS)]


def tokens(tokenizer: Tokenizer, text: str) -> list[str]:
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    return [tokenizer.decode([one], skip_special_tokens=False) for one in ids]


def test_the_table_holds_more_than_200_formats() -> None:
    """Each text stands once."""
    assert len(GROUPS) == len({text for text, _ in GROUPS}) >= 200


@on_each_base
def test_every_format_is_grouped_right(name: str) -> None:
    """By the library, alone and inside a sentence."""
    tokenizer = tokenizer_of(name)
    for text, groups in GROUPS:
        for around in ("{}", "of {} a", "매출은 {}이다", "\n{}\n", "  {}  "):
            assert numbers_in(pieces(tokenizer, around.format(text))) == groups, text


@on_each_base
def test_every_ascii_group_is_one_token_and_holds_nothing_else(name: str) -> None:
    """No token joins a digit to a letter, a sign or Hangul; only a space may stand before it."""
    tokenizer = tokenizer_of(name)
    for text, groups in GROUPS:
        if text.isascii() or not set(text) & set(digits.DIGITS[10:]):
            assert numbers_in(tokens(tokenizer, f"{text}원 {text}")) == groups * 2, text


@on_each_base
def test_no_other_text_is_cut_in_another_way(name: str) -> None:
    """For the formats and for the probes."""
    base, new = grown(name)
    assert digits.wrong(base, new) == ()
    assert digits.wrong(base, new, [f" {text}\n  {text} x" for text, _ in GROUPS]) == ()
    assert len(list(digits.probes())) >= 200


@on_each_base
def test_each_of_the_1110_numbers_is_one_id(name: str) -> None:
    """After a base that reads 024 as 0 and 24 too; base ids and merges stay, and the text comes back."""
    base, new = grown(name)
    assert digits.not_single(new) == ()
    assert len(digits.NUMBERS) == 1110
    assert base["model"]["vocab"].items() <= new["model"]["vocab"].items()
    assert new["model"]["merges"][: len(base["model"]["merges"])] == base["model"]["merges"]
    tokenizer = tokenizer_of(name)
    for text, _ in GROUPS:
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


@on_each_base
def test_the_policy_is_found_by_running_the_base(name: str) -> None:
    """The kind, and whether a space stays on a number; the extension is known as such."""
    base, kind, space = BASES[name]
    policy = digits.policy_of(base)
    assert (policy.kind, policy.keeps_space) == (kind, space)
    assert len(policy.missing) == 1110 - sum(number in base["model"]["vocab"] for number in digits.NUMBERS)
    after = digits.policy_of(grown(name)[1])
    assert (after.kind, after.keeps_space, after.missing) == (digits.R2L, space, ())


def threes(run: str, *, decimal: bool) -> list[str]:
    """The groups of a run of digits: of the reversed run, from the left, unless it follows a point."""
    way = 1 if decimal else -1
    turned = run[::way]
    return [turned[at : at + 3][::way] for at in range(0, len(run), 3)][::way]


@on_each_base
@given(text=texts)
def test_joined_pieces_are_the_text_and_groups_are_threes_from_the_right(name: str, text: str) -> None:
    """After a point, from the left; whatever stands around."""
    parts = pieces(tokenizer_of(name), text)
    assert "".join(parts) == text
    wanted = []
    for run in re.finditer("[0-9０-９]+", text):
        decimal = re.search(r"[0-9０-９][.．]\Z", text[: run.start()]) is not None
        wanted += threes(run[0], decimal=decimal)
    assert numbers_in(parts) == wanted


@on_each_base
@given(text=texts)
def test_any_text_but_numbers_is_cut_as_by_the_base(name: str, text: str) -> None:
    """Cuts are compared position by position; without digits, the pieces are the same."""
    base, new = grown(name)
    assert digits.wrong(base, new, [text]) == ()
    bare = re.sub("[0-9０-９]", "", text)
    assert pieces(base_of(name), bare) == pieces(tokenizer_of(name), bare)


@given(number=st.integers(0, 10**40), unit=st.sampled_from(["", "원", "bp", "%p", "억원", "X", "-", " "]))
def test_groups_are_those_of_a_thousands_separator(number: int, unit: str) -> None:
    """The library's groups are what Python writes with commas."""
    for name in ("single", "threes from the left", "runs of the library"):
        assert numbers_in(pieces(tokenizer_of(name), f"{unit}{number}{unit}")) == f"{number:,}".split(",")


@given(text=texts)
def test_the_pattern_reads_the_same_in_python(text: str) -> None:
    """`PATTERN` is for both engines."""
    assert re.findall(digits.PATTERN, text) == numbers_in(pieces(tokenizer_of("single"), text))


def test_a_space_stays_where_the_base_keeps_it() -> None:
    """Neither lost nor made a token of its own; a second space, and a base that cuts it off, are as before."""
    assert pieces(tokenizer_of("runs of the library"), "in  1234567") == ["in", " ", " 1", "234", "567"]
    assert pieces(tokenizer_of("threes from the left"), "in  1234567") == ["in", " ", " ", "1", "234", "567"]
    assert tokens(tokenizer_of("runs of the library"), " 1300 999") == [" 1", "300", " 999"]


def test_no_text_gets_longer_on_a_base_of_single_digits() -> None:
    """Each group is one token, and so is its space where it was."""
    for name in ("single", "single after a space"):
        for text, _ in GROUPS:
            before, after = (len(one.encode(f" {text} {text}").ids) for one in (base_of(name), tokenizer_of(name)))
            assert after <= before


def test_merges_follow_the_way_the_base_joins_digits() -> None:
    """024 is 0 and 24 by a base that has read years, 123 is 12 and 3; 202 is there already."""
    merges = digits.grouped(BASES["runs"][0]).merges
    assert {("0", "24"), ("12", "3")} <= set(merges)
    assert not {("02", "4"), ("20", "2")} & set(merges)
    assert "202" not in digits.grouped(BASES["runs"][0]).missing


def test_missing_tokens_are_in_the_order_of_the_merges_that_make_them() -> None:
    """Each new token comes after its parts, so its id may be the next."""
    grouped = digits.grouped(BASES["single after a space"][0])
    assert [left + right for left, right in grouped.merges] == [spell(token) for token in grouped.missing]
    assert len(grouped.missing) == 2 * 1110 - 10
    assert set(grouped.missing) == {*digits.NUMBERS[10:], *(f" {number}" for number in digits.NUMBERS)}
    assert grouped.unreached == ()


def test_the_base_is_left_as_it_is() -> None:
    """What comes back is a new value; all but the pre-tokenizer is the base's."""
    base = BASES["single"][0]
    before = copy.deepcopy(base)
    after = digits.grouped(base).spec
    assert base == before
    assert {**after, "pre_tokenizer": None} == {**base, "pre_tokenizer": None}
    assert after["pre_tokenizer"]["pretokenizers"][-1] == BYTES


def test_a_number_that_an_added_token_takes_is_named() -> None:
    """The library cuts added tokens out first: 12 is that token, so 123 cannot be one."""
    added = {"id": 256, "content": "12", "single_word": False, "lstrip": False, "rstrip": False}
    base = spec_of(
        split(with_numbers(r"\p{N}")), BYTES, merges=[], added_tokens=[{**added, "normalized": False, "special": False}]
    )
    grouped = digits.grouped(base)
    assert grouped.unreached == ("12",)
    assert set(digits.not_single(finished(base, grouped))) == {
        *(f"12{at}" for at in range(10)),
        *(f"{at}12" for at in range(10)),
    }


def test_numerals_that_are_no_digits_stay_together() -> None:
    """Threes from the left were counted over ① too; they still are where no digit stands."""
    tokenizer = tokenizer_of("threes from the left")
    assert pieces(tokenizer, "①②③④") == ["①②③", "④"]
    assert pieces(tokenizer, "①②③④1234") == ["①②③", "④", "1", "234"]
    assert pieces(tokenizer_of("single"), "①②12") == ["①", "②", "12"]


def test_full_width_digits_become_those_of_ascii_where_the_base_says_so() -> None:
    """NFKC runs first; the groups are then single tokens."""
    base = spec_of(split(with_numbers(r"\p{N}")), BYTES, merges=[], normalizer={"type": "NFKC"})
    new = finished(base, digits.grouped(base))
    assert tokens(build(new, "new"), "１２３４원")[:2] == ["1", "234"]
    assert digits.wrong(base, new, ["１２３４원 ①②", "½ ㎢12345"]) == ()


@on_each_base
def test_ten_times_the_digits_take_about_ten_times_as_long(name: str) -> None:
    """Quadratic would be a hundred times; in seconds of the processor, of several runs the fewest: others share the machine."""
    tokenizer = tokenizer_of(name)

    def fastest(digits: int) -> float:
        took = []
        for _ in range(7):
            start = time.process_time()
            groups = tokenizer.pre_tokenizer.pre_tokenize_str("9" * digits)
            took.append(time.process_time() - start)
        assert len(groups) == -(-digits // 3)
        return min(took)

    assert fastest(50_000) <= 30 * fastest(5_000)


def test_what_is_wrong_is_named_by_text_and_character() -> None:
    """The text itself is not repeated."""
    base, new = grown("threes from the left")
    assert digits.wrong(base, base, ["12345", "123"], where="t") == (
        "t: text 1 is cut in another way than expected at character 2",
    )
    assert digits.wrong(base, new, ["12345"]) == ()


def test_a_cut_before_the_bases_own_would_change_other_text() -> None:
    """Two spaces before a number: the base's own pattern must see the digit after them."""
    base = BASES["threes from the left"][0]
    parts = [split(digits.PATTERN), *base["pre_tokenizer"]["pretokenizers"]]
    before = {**base, "pre_tokenizer": {"type": "Sequence", "pretokenizers": parts}}
    assert digits.wrong(base, before, ["in 12345"]) == ()
    assert digits.wrong(base, before, ["in  12345"]) != ()


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        (
            spec_of({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}),
            "pre-tokenizer Metaspace, expected",
        ),
        (spec_of(BYTES, pre_tokenizer=None), "pre-tokenizer none, expected that of byte-level BPE"),
        (
            spec_of(BYTES, model={"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 0}),
            "expected that of byte-level BPE",
        ),
        (spec_of(BYTES), "digits and letters"),
        (spec_of(split(r"[\p{L}\p{N}]+|[^\p{L}\p{N}]+"), BYTES), "digits and letters"),
        (spec_of(split(r"\s?\S+|\s+"), BYTES), "digits and letters"),
        (spec_of(split(with_numbers(r"[0-9][0-9]?")), BYTES), "no known form"),
        (spec_of(split(with_numbers(r"(?:\p{N}{1,3})")), BYTES), "no known form"),
        (spec_of(split(with_numbers(r"\p{N}{1,3}"), "MergedWithNext"), BYTES), "no known form"),
        (spec_of(split(r"\p{N}{1,3}"), split(r"[0-9]"), BYTES), "no known form"),
        (spec_of({**LIBRARY, "add_prefix_space": True}), "puts a space before"),
        (grown("single")[1], "grouped from the right already"),
    ],
)
def test_what_cannot_be_changed_safely_is_refused(base: Spec, reason: str) -> None:
    """In a sentence: the file, what stands in the way, and the remedy."""
    with pytest.raises(VocabError, match=reason) as caught:
        digits.grouped(base, "base/tokenizer.json")
    assert str(caught.value).startswith("base/tokenizer.json: ")
    assert "--digits keep" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_base_without_a_digit_is_refused() -> None:
    """No merge can reach a number of it."""
    base = copy.deepcopy(BASES["single"][0])
    del base["model"]["vocab"]["7"]
    with pytest.raises(VocabError, match="no token for the digits 7;"):
        digits.grouped(base)


def test_a_sentencepiece_model_is_refused() -> None:
    """Nothing cuts its text when it runs."""
    with pytest.raises(VocabError, match="no pre-tokenizer when it runs"):
        digits.refuse_model("tokenizer.model")


@pytest.mark.parametrize(
    ("pattern", "alternatives"),
    [
        (r"a|b", ["a", "b"]),
        (r"(?:a|b)|[|]|\||c", ["(?:a|b)", "[|]", r"\|", "c"]),
        (r"[^]|]|[\]|]|[a[b|c]|d]|e|", ["[^]|]", r"[\]|]", "[a[b|c]|d]", "e", ""]),
        (r"\((|\)|x", [r"\((|\)|x"]),
    ],
)
def test_alternatives_are_those_outside_groups_and_classes(pattern: str, alternatives: list[str]) -> None:
    """Escapes and nested classes are read as the library reads them."""
    assert digits._alternatives(pattern) == alternatives


@pytest.mark.shared
@pytest.mark.parametrize("name", ["whisper_gpt2", "whisper_multilingual", "torchtune_tiny_bpe"])
def test_real_bases_are_grouped_and_real_text_is_cut_as_before(name: str) -> None:
    """Numbers are single tokens, and Korean and English text differs in numbers only."""
    if not DATA.exists():
        pytest.skip("no shared data")
    base = json.loads((DATA / "tokenizers" / name / "tokenizer.json").read_text("utf-8"))
    grouped = digits.grouped(base)
    new = finished(base, grouped)
    assert (grouped.unreached, digits.not_single(new)) == ((), ())
    lines = []
    for file in ("text_en/tatqa_contexts_en.dev.jsonl", "text_ko/news_park_ko_en.dev.jsonl"):
        lines += (DATA / file).read_text("utf-8").splitlines()[:100]
    assert digits.wrong(base, new, [json.loads(line)["text"] for line in lines]) == ()
