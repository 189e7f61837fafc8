"""What is spread over the turns of a conversation is masked in each of them; roles, answers and all else stay."""

import re
import time

import pytest

from govern import detect, policy
from govern.corpus import Document
from govern.mask import due, mask
from govern.treatment import prepare
from govern.turns import joined, parted


@pytest.fixture(scope="module")
def chosen():
    """The default policy, and its detector."""
    default = policy.load("default").by_rule()
    return default, detect.build(default)


def _document(*turns):
    text, said = joined(turns)
    return Document("x", (("text", text),), turns=said)


def masked(chosen, *turns):
    """The turns after masking."""
    rules, detector = chosen
    done = mask(_document(*turns), detector, rules).document
    return parted(done.fields[0][1], done.turns)


@pytest.mark.parametrize(
    ("turns", "after"),
    [
        (["제 번호는 공일공", "일이삼사 오육칠팔이요"], ["제 번호는 <PHONE_NUMBER_1>", "<PHONE_NUMBER_1>이요"]),
        (["My number is 415 555", "2671, thanks"], ["My number is <PHONE_NUMBER_1>", "<PHONE_NUMBER_1>, thanks"]),
        (["phone number: four one five", "five five five two six seven one"],
         ["phone number: <PHONE_NUMBER_1>", "<PHONE_NUMBER_1>"]),
        (["SSN is 536-22", "-8743."], ["SSN is <US_SSN_1>", "<US_SSN_1>."]),
        (["카드번호 4111 1111", "1111 1111"], ["카드번호 <CREDIT_CARD_1>", "<CREDIT_CARD_1>"]),
    ],
    ids=["spelled, Korean", "phone", "spelled, English", "dash first", "card"],
)  # fmt: skip
def test_a_number_over_two_turns(chosen, turns, after):
    """Under one tag, whichever roles speak."""
    for roles in (("user", "user"), ("agent", "customer")):
        assert masked(chosen, *zip(roles, turns, strict=True)) == list(zip(roles, after, strict=True))


def test_what_is_said_between_the_parts_stays(chosen):
    """The number goes on after an answer or a request for more; a longer talk ends it."""
    asked = ("agent", "전화번호 말씀해 주세요")
    said = masked(chosen, asked, ("customer", "공일공"), ("agent", "네"), ("customer", "일이삼사"), ("agent", "네 네"),
                  ("customer", "오육칠팔이요"))  # fmt: skip
    assert [text for _, text in said] == [
        asked[1], "<PHONE_NUMBER_1>", "네", "<PHONE_NUMBER_1>", "네 네", "<PHONE_NUMBER_1>요",
    ]  # fmt: skip
    question = ("agent", "네 그 다음 번호를 천천히 말씀해 주시겠어요?")
    said = masked(chosen, asked, ("customer", "공일공"), question, ("customer", "일이삼사 오육칠팔"))
    assert [text for _, text in said] == [asked[1], "<PHONE_NUMBER_1>", question[1], "<PHONE_NUMBER_1>"]
    talk = ("agent", "그 전에 상품 설명을 먼저 들으셔야 합니다. " * 4)
    turns = (asked, ("customer", "공일공"), talk, ("customer", "일이삼사 오육칠팔"))
    assert masked(chosen, *turns) == list(turns)


@pytest.mark.parametrize(
    ("turns", "after"),
    [
        (["휴대폰 번호 불러주세요", "010입니다", "네 010", "2738이요", "네 2738", "6491이요", "네 6491 확인했습니다"],
         ["휴대폰 번호 불러주세요", "#입니다", "네 #", "#이요", "네 #", "#이요", "네 # 확인했습니다"]),
        (["연락처 부탁드립니다", "공일공", "공일공", "이칠삼팔이요", "이칠삼팔이요?", "육사구일", "네"],
         ["연락처 부탁드립니다", "#", "#", "#요", "#요?", "#", "네"]),
        (["Your phone number please", "212", "212, okay", "555", "555", "0187", "0187, thank you"],
         ["Your phone number please", "#", "#, okay", "#", "#", "#", "#, thank you"]),
        (["주민번호 불러주세요", "900101", "900101 네", "1234568", "1234568 확인했습니다"],
         ["주민번호 불러주세요", "#", "# 네", "#", "# 확인했습니다"]),
        (["카드번호 불러주세요", "4111", "4111", "1111", "1111", "1111", "1111", "1111", "1111"],
         ["카드번호 불러주세요", "#", "#", "#", "#", "#", "#", "#", "#"]),
        (["May I have your card number?", "four one one one", "okay", "one one one one", "go on", "one one one one",
          "and the last four", "one one one one"],
         ["May I have your card number?", "#", "okay", "#", "go on", "#", "and the last four", "#"]),
        (["번호 알려주세요", "010-2738-6491입니다", "네 2738에 6491 맞으시죠"],
         ["번호 알려주세요", "#입니다", "네 # 맞으시죠"]),
    ],
    ids=["phone", "spelled", "phone, English", "halves of a resident number", "card", "the last four", "said in one turn"],
)  # fmt: skip
def test_what_is_read_back_is_masked_under_the_same_tag(chosen, turns, after):
    """In each turn, and the number is found although it is said twice."""
    speakers = ("agent", "customer")
    said = masked(chosen, *((speakers[number % 2], turn) for number, turn in enumerate(turns)))
    tags = {tag for _, text in said for tag in re.findall("<[A-Z_]+_[0-9]+>", text)}
    assert len(tags) == 1
    assert [text.replace(tags.copy().pop(), "#") for _, text in said] == after


def test_another_number_is_not_taken_for_one_read_back(chosen):
    """Other digits, or fewer than were dictated of a whole number, stay."""
    said = masked(chosen, ("customer", "010-2738-6412"), ("agent", "12시에 전화드릴게요"), ("customer", "2시요"))
    assert [text for _, text in said] == ["<PHONE_NUMBER_1>", "12시에 전화드릴게요", "2시요"]


@pytest.mark.parametrize(
    ("turns", "tag"),
    [
        (["제 전화번호는 010-2345", "네", "6789 입니다"], "PHONE_NUMBER"),
        (["주민번호는 900101-1", "네", "234568 입니다"], "KR_RRN"),
        (["My phone number is 212-555", "okay", "0187"], "PHONE_NUMBER"),
        (["계좌번호는 국민은행 123456", "네 계속 말씀해 주세요", "04", "네", "123456"], "KR_BANK_ACCOUNT"),
    ],
    ids=["phone", "resident number", "phone, English", "account"],
)
def test_a_part_that_its_label_shows_does_not_hide_the_rest(chosen, turns, tag):
    """A word beside the first part makes it a finding by itself; the number goes on all the same."""
    speakers = ("customer", "agent")
    said = masked(chosen, *((speakers[number % 2], turn) for number, turn in enumerate(turns)))
    assert all((f"<{tag}_1>" in text) == (role == "customer") for role, text in said)
    assert not any(character.isdigit() for _, text in said for character in text.replace(f"<{tag}_1>", ""))


@pytest.mark.parametrize(
    ("turns", "after"),
    [
        (["IBAN GB82 WEST", "1234 5698 7654 32"], ["IBAN <IBAN_CODE_1>", "<IBAN_CODE_1>"]),
        (["차량번호 12가", "3456"], ["차량번호 <KR_VEHICLE_PLATE_1>", "<KR_VEHICLE_PLATE_1>"]),
    ],
)
def test_letters_of_a_number_go_with_its_digits(chosen, turns, after):
    """Where a turn ends with them."""
    assert [text for _, text in masked(chosen, *(("customer", turn) for turn in turns))] == after


def test_a_name_in_three_parts(chosen):
    """The middle one, which is as short as an answer, too."""
    said = masked(chosen, ("agent", "성함이 어떻게 되세요?"), ("customer", "홍"), ("agent", "네"), ("customer", "길"),
                  ("agent", "네"), ("customer", "동이요"))  # fmt: skip
    assert [text for _, text in said][1:] == ["<PERSON_1>", "네", "<PERSON_1>", "네", "<PERSON_1>이요"]


def test_the_same_number_in_one_turn_and_in_two_is_one_value(chosen):
    """Under one tag."""
    said = masked(chosen, ("customer", "번호는 010-1234"), ("customer", "5678"), ("agent", "010-1234-5678 맞으시죠?"))
    assert [text for _, text in said] == ["번호는 <PHONE_NUMBER_1>", "<PHONE_NUMBER_1>", "<PHONE_NUMBER_1> 맞으시죠?"]


@pytest.mark.parametrize(
    ("turns", "after"),
    [
        ([("agent", "성함이 어떻게 되세요?"), ("customer", "표"), ("agent", "네"), ("customer", "은결이요")],
         ["성함이 어떻게 되세요?", "<PERSON_1>", "네", "<PERSON_1>이요"]),
        ([("agent", "May I have your name?"), ("customer", "Jonathan"), ("customer", "Smith.")],
         ["May I have your name?", "<PERSON_1>", "<PERSON_1>."]),
        ([("agent", "성함이 어떻게 되세요?"), ("customer", "잠시"), ("customer", "만요"), ("agent", "네")],
         ["성함이 어떻게 되세요?", "잠시", "만요", "네"]),
        ([("agent", "What's your name?"), ("customer", "Sure"), ("agent", "Right"), ("customer", "Absolutely")],
         ["What's your name?", "Sure", "Right", "Absolutely"]),
    ],
    ids=["Korean", "English", "no name", "no name, English"],
)  # fmt: skip
def test_a_name_in_parts_after_a_question(chosen, turns, after):
    """Each part a turn of its own."""
    assert [text for _, text in masked(chosen, *turns)] == after


@pytest.mark.parametrize(
    ("turns", "after"),
    [
        (["My phone is 010-1234-5678", "12시에 전화드릴게요"], ["My phone is <PHONE_NUMBER_1>", "12시에 전화드릴게요"]),
        (["4111 1111 1111 1111", "2024년 매출 300억원"], ["<CREDIT_CARD_1>", "2024년 매출 300억원"]),
        (["+82 10-1234-5678", "14:30 works"], ["<PHONE_NUMBER_1>", "14:30 works"]),
    ],
)
def test_a_number_that_is_whole_takes_nothing_of_the_next_turn(chosen, turns, after):
    """What follows is another number, whoever says it."""
    for roles in (("user", "user"), ("agent", "customer")):
        assert masked(chosen, *zip(roles, turns, strict=True)) == list(zip(roles, after, strict=True))


def test_what_is_said_between_the_parts_is_masked_by_itself(chosen):
    """Also where the policy keeps what goes on over it."""
    rules, _ = chosen
    turns = [("agent", "May I have your name please?"), ("user", "John"), ("agent", "mail a@b.io"), ("user", "Smith")]
    for action in ("tag", "keep"):
        other = rules.model_copy(update={"entities": {**rules.entities, "PERSON": action}})
        said = masked((other, detect.build(other)), *turns)
        assert said[2] == ("agent", "mail <EMAIL_ADDRESS_1>")
        assert (said[1][1] == "John") == (action == "keep")


@pytest.mark.parametrize(
    "turns",
    [
        [("user", "3분기 영업이익은 120"), ("assistant", "350억원입니다. 2023년 12월"), ("user", "31일 기준 1300")],
        [("user", "What was revenue in 2023?"), ("assistant", "12.5"), ("user", "and 2022?"), ("assistant", "11.9")],
        [("user", "1"), ("assistant", "2"), ("user", "3")],
        [("system", ""), ("user", ""), ("assistant", "ok")],
    ],
    ids=["amounts", "years", "digits", "empty turns"],
)
def test_other_numbers_stay(chosen, turns):
    """Turn by turn, byte by byte."""
    assert masked(chosen, *turns) == turns


def test_masking_again_changes_nothing_and_scan_sees_the_same(chosen):
    """A masked conversation is a fixed point; what is due is what is replaced."""
    rules, detector = chosen
    document = _document(("customer", "번호는 공일공"), ("agent", "네"), ("customer", "일이삼사 오육칠팔"))
    spans = due(document, detector, prepare(rules, None))
    assert [span.entity_type for span in spans] == ["PHONE_NUMBER"]
    once = mask(document, detector, rules)
    again = mask(once.document, detector, rules)
    assert again.document == once.document
    assert not again.replacements


def test_time_is_linear_in_the_turns(chosen):
    """A long call in which everything is dictated."""
    rules, detector = chosen

    def seconds(count):
        turns = [("customer", "공일공"), ("agent", "네"), ("customer", "일이삼사"), ("agent", "잠시만 기다려 주십시오")]
        document = _document(*turns * count)
        begun = time.process_time()
        mask(document, detector, rules)
        return time.process_time() - begun

    seconds(5)
    assert seconds(80) < 3 * seconds(40) + 0.2
