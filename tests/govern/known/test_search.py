"""Where known values are found: their spellings, their edges, and the place of each in the shadow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern import known
from govern.errors import InputError
from govern.known.projection import project
from govern.known.table import Batch
from govern.known.variants import forms
from govern.normalize import normalize

NAME, PHONE, ACCOUNT = "김새봄", "010-0000-1234", "110-000-123456"
PARTICLES = (
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에게",
    "께",
    "와",
    "과",
    "도",
    "만",
    "로",
    "으로",
    "부터",
    "까지",
    "한테",
    "님",
    "씨",
    *("하고", "조차", "마저", "인데요", "이고요", "이요", "이신가요", "이세요", "입니까"),
    *("이란", "아", "네", "이었다", "이었습니다", "본인", "께서도"),
)


def found(table, text: str) -> list[str]:
    """What is found, as the original writes it."""
    shadow = normalize(text)
    return [text[slice(*shadow.original(hit.start, hit.end))] for hit in known.search(table, shadow.text)]


def everywhere(*pairs: tuple[str, str]):
    return known.from_values(pairs, reach="everywhere")


@pytest.fixture(scope="module")
def table():
    return everywhere(
        ("PERSON", NAME), ("PERSON", "이산"), ("PERSON", "John Smith"), ("PERSON", "So In"), ("PHONE_NUMBER", PHONE),
        ("KR_BANK_ACCOUNT", ACCOUNT), ("CUSTOMER_ID", "700123"), ("EMAIL_ADDRESS", "j.smith@example.com"),
        ("KR_ADDRESS", "서울특별시 강남구 없는로 123, 101동 202호 (가상동)"),
        ("STREET_ADDRESS", "123 Nowhere Street, Apt 4, Springfield"), ("KR_ADDRESS", "세종특별자치시 없는로 45"),
        ("KR_ADDRESS", "부산 해운대구 가상동 67-8 없는아파트 9동 10호"), ("KR_VEHICLE_PLATE", "12가3456"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        "010-0000-1234", "01000001234", "０１０ 0000 1234", "010.0000.1234", "+82 10-0000-1234", "821000001234",
        "(010) 0000-1234", "+82 (0)10 0000 1234",
    ],
)  # fmt: skip
def test_a_telephone_number_is_found_in_every_spelling(table, written) -> None:
    assert found(table, f"연락처 {written}로 회신") == [written]


@pytest.mark.parametrize(
    "written", ["John Smith", "john  SMITH", "Smith, John", "JOHN SMITH", "John-Smith", "Ｊｏｈｎ Smith"]
)
def test_a_latin_name_is_found_in_both_orders_and_any_case(table, written) -> None:
    assert found(table, f"to {written}, as agreed") == [written]


@pytest.mark.parametrize(
    "text",
    [
        "Johns Mithers", "Johnsmith", "a SmithJohn", "John. Smith went", "First: John\nSmith: second", "John | Smith",
        "John, Smith", "so in the end", "So in the end", "xJohn Smith", "John Smiths",
    ],
)  # fmt: skip
def test_a_latin_name_is_not_put_together_from_other_words(table, text) -> None:
    assert found(table, text) == []


def test_labels_and_tails_are_read_to_their_end(table) -> None:
    assert found(table, f"{'가' * 16}고객{NAME}") == []
    assert found(table, f"{NAME}은{'는' * 20}") == []


def test_a_wrapped_line_may_end_as_windows_ends_it(table) -> None:
    assert found(table, "The loan agreement that was signed in Seoul by John\r\nSmith was") == ["John\r\nSmith"]


def test_a_latin_name_goes_on_in_the_next_line_where_a_full_line_was_wrapped(table) -> None:
    assert found(table, "The loan agreement that was signed in Seoul by John\nSmith was") == ["John\nSmith"]


def test_a_genitive_is_no_part_of_a_name(table) -> None:
    assert found(table, "John Smith's loan") == ["John Smith"]
    assert found(everywhere(("PERSON", "Robert Owens")), "Robert Owen's loan, Robert Owens's") == ["Robert Owens"]


def test_a_short_latin_name_counts_with_capitals(table) -> None:
    assert found(table, "Ms So In called") == ["So In"]


@pytest.mark.parametrize("particle", PARTICLES)
def test_a_korean_name_is_found_before_a_particle(table, particle) -> None:
    assert found(table, f"어제 {NAME}{particle} 확인") == [NAME]


@pytest.mark.parametrize(
    "text", ["고객김새봄", "예금주: 김새봄", "김새봄 과장에게", "김새봄(35세)", "담당팀장김새봄은", "성명 | 김새봄 |"]
)
def test_a_korean_name_is_found_beside_labels_and_titles(table, text) -> None:
    assert found(table, text) == [NAME]


@pytest.mark.parametrize(
    "text", ["상김새봄", "김새봄날", "김새봄 이".replace("봄 ", "") + "봄철", "김\n새봄", "김 | 새봄"]
)
def test_a_korean_name_inside_another_word_is_none(table, text) -> None:
    assert found(table, text) == []


def test_a_korean_name_in_spaced_syllables_counts_beside_a_title_or_label(table) -> None:
    assert found(table, "성명: 김 새 봄\n") == ["김 새 봄"]
    assert found(table, "김 새봄 님") == ["김 새봄"]
    assert found(table, "이 김 새 봄 볕") == []


@pytest.mark.parametrize(
    ("text", "name"), [("이산 씨가", ["이산"]), ("이산님", ["이산"]), ("성명: 이산", ["이산"]), ("이산 과장", ["이산"]),
                       ("이산은 높다", []), ("이산화탄소", []), ("가족이산 씨", [])]
)  # fmt: skip
def test_two_syllables_count_beside_a_title_or_label_alone(table, text, name) -> None:
    assert found(table, text) == name


@pytest.mark.parametrize(
    "text",
    ["3010-0000-1234", "010-0000-12345", "110-000-1234567", "9110-000-123456", "010-0000\n1234", "010 | 0000-1234"],
)
def test_a_number_inside_a_longer_one_or_over_cells_is_none(table, text) -> None:
    assert found(table, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "$700,123",
        "$700123",
        "700123원",
        "700,123",
        "1-700123",
        "700123-01",
        "0.700123",
        "7001.23",
        "700123kg",
        "700123%",
    ],
)
def test_a_short_number_is_no_amount_and_no_part(table, text) -> None:
    assert found(table, text) == []


def test_a_short_number_is_found_where_it_stands_alone(table) -> None:
    assert found(table, "고객번호 700123, 확인") == ["700123"]


@pytest.mark.parametrize(
    "written",
    [
        "서울특별시 강남구 없는로 123, 101동 202호 (가상동)", "서울특별시 강남구 없는로 123, 101동 202호",
        "서울 강남구 없는로 123", "강남구 없는로 123", "서울시 강남구 없는로 123 7층 (가상빌딩)",
        "서울특별시 강남구\n없는로 123",
    ],
)  # fmt: skip
def test_a_korean_address_is_found_with_and_without_unit_and_region(table, written) -> None:
    assert found(table, f"주소: {written}.") == [written]


@pytest.mark.parametrize(
    "written",
    ["세종시 없는로 45", "부산광역시 해운대구 가상동 67-8 없는아파트 9동 10호", "해운대구 가상동 67-8번지 11호"],
)
def test_an_address_without_district_or_with_the_name_of_a_building_is_found(table, written) -> None:
    assert found(table, f"주소 {written}에") == [written]


@pytest.mark.parametrize(
    "written",
    [
        "123 Nowhere St., Suite 900, Springfield, IL 62704",
        "123 Nowhere Street, Apt 4, Springfield",
        "123 NOWHERE ST",
        "123 Nowhere St, Springfield",
    ],
)
def test_a_street_address_is_found_in_short_and_long_words(table, written) -> None:
    assert found(table, f"at {written}.") == [written]


def test_an_address_too_short_without_its_region_is_found_with_it() -> None:
    table = everywhere(("KR_ADDRESS", "부산광역시 서구 가나길 1"))
    assert found(table, "부산시 서구 가나길 1, 부산 서구 가나길 1에서") == [
        "부산시 서구 가나길 1",
        "부산 서구 가나길 1",
    ]
    assert found(table, "서구 가나길 1") == []


def test_other_values_are_found_as_wholes(table) -> None:
    assert found(table, "J.Smith@Example.com and 12가 3456호") == ["J.Smith@Example.com", "12가 3456"]
    assert found(table, "j smith at example com, j.smith.example.com: a@b") == []


def test_nothing_is_found_across_a_tag(table) -> None:
    text = "010-<PERSON_1>-0000-1234 김<PERSON_2>새봄"
    assert known.search(table, normalize(text, ("PERSON",)).text) == []


def test_a_hit_says_that_it_is_certain(table) -> None:
    (hit,) = known.search(table, NAME)
    assert (hit.entity_type, hit.score, hit.recognizer, hit.validated, hit.contextual) == (
        "PERSON",
        1.0,
        "known",
        True,
        2,
    )


def test_of_hits_inside_others_the_longest_stands(table) -> None:
    text = "서울특별시 강남구 없는로 123, 101동 202호 (가상동)"
    (hit,) = known.search(table, text)
    assert (hit.start, hit.end) == (0, len(text))


LETTERS = "abcdefghijklmnopqrstuvwxyz"
TITLES = {"Mrs", "Miss", "Prof", "Professor", "Sir", "Esq"}
"""What is no part of a name: a table's `Aaa Sir` is searched as `Aaa`."""

WORDS = st.text(LETTERS, min_size=3, max_size=9).map(str.capitalize).filter(lambda word: word not in TITLES)
DIGITS = st.text("0123456789", min_size=9, max_size=14)
PADDING = st.sampled_from(["", "그래서 ", "(", "said: ", "가나다, ", "\n", "ß é ", "１２, ", "\U0001f600 "])


@given(
    WORDS,
    WORDS,
    PADDING,
    PADDING,
    st.sampled_from([" ", "  ", " - ", "-", "\u00a0"]),
    st.sampled_from([str, str.upper]),
)
def test_every_planted_name_is_found_at_its_place(first, last, before, after, between, case) -> None:
    planted = case(f"{first}{between}{last}")
    text = f"{before}{planted} {after}"
    spans = [(text.index(planted), text.index(planted) + len(planted))]
    shadow = normalize(text)
    hits = known.search(everywhere(("PERSON", f"{first} {last}")), shadow.text)
    assert [shadow.original(hit.start, hit.end) for hit in hits] == spans


@given(
    DIGITS,
    PADDING,
    PADDING,
    st.lists(st.integers(1, 8), max_size=3, unique=True),
    st.sampled_from("- ./"),
    st.booleans(),
)
def test_every_planted_number_is_found_at_its_place(digits, before, after, cuts, sign, wide) -> None:
    planted = "".join(sign + digit if place in cuts else digit for place, digit in enumerate(digits))
    if wide:
        planted = planted.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    text = f"{before}{planted} {after}"
    shadow = normalize(text)
    hits = known.search(everywhere(("KR_BANK_ACCOUNT", digits)), shadow.text)
    start = len(before)
    assert [shadow.original(hit.start, hit.end) for hit in hits] == [(start, start + len(planted))]


@given(st.text(max_size=80))
def test_any_text_can_be_searched(text) -> None:
    table = known.from_values([("PERSON", "a"), ("PERSON", "가"), ("CUSTOMER_ID", "1")])
    for hit in known.search(table, text):
        assert 0 <= hit.start < hit.end <= len(text)


def test_a_listed_value_counts_wherever_its_edges_are_right() -> None:
    denied = known.from_values(
        [("PERSON", "이산"), ("PERSON", "Smith"), ("PIN", "4711"), ("DATE_OF_BIRTH", "1980-03-05")], "deny"
    )
    assert found(denied, "이산은 smith 4711, 1980년 3월 5일 또는 80.03.05") == [
        "이산",
        "smith",
        "4711",
        "1980년 3월 5일",
        "80.03.05",
    ]
    assert found(denied, "이산화 smiths 47112 1980.03.051") == []
    assert {hit.recognizer for hit in known.search(denied, "이산은")} == {"deny"}


def test_a_listed_value_without_a_letter_or_digit_is_refused_by_its_place() -> None:
    with pytest.raises(InputError, match=r"^value 2 \(PERSON\): no letter or digit"):
        known.from_values([("PERSON", "가나"), ("PERSON", "*-*")])


def test_numbers_of_a_crowded_length_count_beside_a_label_alone() -> None:
    crowded = everywhere(*(("CUSTOMER_ID", f"{number:06d}") for number in range(500000, 502000)))
    assert found(crowded, "그 날 500123 그리고") == []
    assert found(crowded, "고객번호: 500123 그리고 account no. 501999") == ["500123", "501999"]
    assert crowded.counts[0].beside == crowded.counts[0].forms == 2000


def test_what_is_too_short_is_counted_and_not_searched() -> None:
    table = everywhere(
        ("PERSON", "Madonna"), ("PIN", "123456"), ("CUSTOMER_ID", "12345"), ("CUSTOMER_ID", "123456"), ("PERSON", "김")
    )
    assert [(count.entity_type, count.values, count.searched, count.joined_only) for count in table.counts] == [
        ("CUSTOMER_ID", 2, 1, 1), ("PERSON", 2, 0, 2), ("PIN", 1, 0, 1)
    ]  # fmt: skip
    assert (table.searched, table.joined_only) == (1, 4)


def test_no_repr_shows_a_value(table) -> None:
    batch = Batch((NAME,), ((NAME,),))
    inner = (project(NAME), forms("PERSON", NAME), batch, table.automaton)
    for shown in (repr(table), *map(repr, inner), str(table.counts)):
        assert NAME not in shown
        assert "0000" not in shown
        assert "Smith" not in shown


LISTED = [
    ("PERSON", NAME), ("PERSON", "이산"), ("PERSON", "정보라"), ("PERSON", "John Smith"), ("PERSON", "Robert Owens"),
    ("EMAIL_ADDRESS", "leak@example.com"), ("PHONE_NUMBER", PHONE), ("KR_BANK_ACCOUNT", ACCOUNT),
]  # fmt: skip


@pytest.fixture(scope="module")
def listed():
    return known.from_values(LISTED)


@pytest.mark.parametrize(
    "written",
    [
        "김 새봄", "김\n새봄", "김·새봄", "<b>김</b>새봄", "김 | 새봄", "김\u200b새봄", "John\nSmith", "John\tSmith",
        "John | Smith", "John/Smith", "John\u200bSmith", 'John "Jack" Smith', "John (Jack) Smith", "JohnSmith",
        "John Q. Smith", "Smith, John",
        "<b>John</b> Smith", "John</td><td>Smith", "leak@\nexample.com", "010-0000-\n1234", "110-000-\n123456", "김%20새봄",
        "John&middot;Smith", "John<!-- a --> Smith",
        "<code>김</code><code>새봄</code>", "010-0000</td><td>1234", "김\x0c새봄", "John\x0bSmith",
        "110 | 000 | 123456", "leak [at] example [dot] com", "<ix:nonNumeric name='x'>John</ix:nonNumeric> Smith",
    ],
)  # fmt: skip
def test_a_listed_value_is_found_however_it_is_parted(listed, written) -> None:
    """A person wrote it down to be found; the same values of a table are not put together so."""
    assert found(listed, f"그 값 {written} 은 없어야") == [re.sub("^<[^>]*>|</code>$", "", written)]


@pytest.mark.parametrize("around", ["상{}은", "{}컴퍼니", "우리{}", "고{}의", "갑{}과", "\\\\n{}"])
def test_a_listed_name_counts_with_one_edge_right(listed, around) -> None:
    assert found(listed, around.format(NAME)) == [NAME]


@pytest.mark.parametrize(
    "text",
    [
        "이산화탄소", "가족이산 씨", "정보란 말", "상김새봄컴퍼니", "John Smithson", "Robert Owen's loan", "홈김 새봄",
        "김 새봄맞이", "johnsmith", "a john esmith", "met John. Smith went",
    ],
)  # fmt: skip
def test_a_listed_value_is_not_made_of_other_words(listed, text) -> None:
    assert found(listed, text) == []


def test_a_listed_name_is_not_found_in_one_word() -> None:
    """Run together only with capitals: `marketing` is nobody."""
    table = known.from_values([("PERSON", "Mark Ting"), ("PERSON", "Will Good"), ("PERSON", "Stan Ding")])
    assert found(table, "our marketing, goodwill and standing") == []
    assert found(table, "MarkTing") == ["MarkTing"]


def test_a_literal_line_end_stands_before_a_name(table) -> None:
    assert found(table, "a\\nJohn Smith\\tis") == ["John Smith"]
