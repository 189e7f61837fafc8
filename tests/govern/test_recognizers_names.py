"""Names in both languages: the name alone, from titles, fields, letters and lists; other words are left."""

import pytest

from govern import detect, policy
from govern.errors import InputError
from govern.ner import models
from govern.recognizers import english_names, korean_names


@pytest.fixture(scope="module")
def detector():
    """The rules alone."""
    return detect.build(policy.load("default").by_rule())


def people(detector, text):
    return [text[span.start : span.end] for span in detect.find(detector, text) if span.entity_type == "PERSON"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("김민수 고객님께서 방문", ["김민수"]),
        ("이영희씨가 말했다", ["이영희"]),
        ("예금주: 박서준", ["박서준"]),
        ("성명: 김건", ["김건"]),
        ("담당자 최지우 과장에게", ["최지우"]),
        ("고객명은 정해인입니다", ["정해인"]),
        ("저는 한지민이라고 합니다", ["한지민"]),
        ("남궁민수 대표가 서명", ["남궁민수"]),
        ("차주: 홍길동, 보증인: 강감찬", ["홍길동", "강감찬"]),
        ("담당변호사 송진훈, 변재승", ["송진훈", "변재승"]),
        ("이영희씨 상담. 이영희는 서명했고 이영희에게 안내함", ["이영희"] * 3),
        ("신예은님 가입", ["신예은"]),
        ("손지우> 네 확인했습니다", ["손지우"]),
        ("이 솔 귀하", ["이 솔"]),
        ("성명 : 홍 길 동\n", ["홍 길 동"]),
        ("성  명: 홍길동", ["홍길동"]),
        ("차주: 김 건\n", ["김 건"]),
        ("이  름: 황보 새 봄", ["황보 새 봄"]),
        ("홍길동 고객이 왔다. 홍 과장이 안내함. 길동 씨는 귀가, 홍씨", ["홍길동", "홍", "길동", "홍"]),
        ("이 과장은 바쁘다", []),
        ("성명: 김 새봄", ["김 새봄"]),
        ("어제 홍 길 동 님께서 방문", ["홍 길 동"]),
        ("김새봄 님과 황보새봄 님이 왔다. 그 후 김새봄(대리인)", ["김새봄", "황보새봄", "김새봄"]),
        ("성명: 김 새 봄 의 대리인", ["김 새 봄"]),
        ("성명: 김    새    봄 외 2명", ["김    새    봄"]),
    ],
)
def test_korean_names_are_found_without_title_or_particle(detector, text, names):
    """The span is the name alone; a name known once is known in the whole document."""
    assert people(detector, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "고객님께 안내드립니다", "우리은행 이사회 의결", "신한은행 대출 금리",
        "이번 대표이사 선임", "사유로 위원회에서 심의", "정한 위원이 한다",
        "주식회사 한국전자 대표이사", "제15조제1항의 위원장",
        "조사를 위하여 대통령령으로 정하는 바", "담당자 지정 후 통보", "전자금융거래법 시행령",
        "임대차 계약의 임대인이 부담", "유동성 위험 관리", "이자율 인상",
        "담당: 이 건은 보류", "고객: 이 상품 문의", "담당자 : 이 건 은 기한", "본인: 이 사 건", "보증인: 연 대 보증",
        "담당: 유 선 상담",        "수신인: 전 직 원",
        "주차장 이용", "하나은행 지점장 회의", "원고 소송대리인 변호사 선임",
    ],
)  # fmt: skip
def test_korean_words_that_begin_like_names_are_left(detector, text):
    """Institutions, roles, nouns and verbs."""
    assert people(detector, text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Mr. John Q. Smith called.", ["John Q. Smith"]),
        ("Ms. Yellen's view", ["Yellen"]),
        ("Dear Jane Doe,\nthank you", ["Jane Doe"]),
        ("Sincerely,\nCarla Rossi", ["Carla Rossi"]),
        ("Customer: Maria Garcia-Lopez\nBranch: Main", ["Maria Garcia-Lopez"]),
        ("Account holder name: JOHN SMITH", ["JOHN SMITH"]),
        ("/s/ Krisztina Horvath", ["Krisztina Horvath"]),
        ("my name is Anshu Gupta and", ["Anshu Gupta"]),
        ("We met Patrick O'Brien in May", ["Patrick O'Brien"]),
        ("Dr. van der Berg", []),
        ("Mary Johnson signed. Later Mary Johnson and Johnson agreed.", ["Mary Johnson", "Mary Johnson", "Johnson"]),
        ("Michael approved the loan", ["Michael"]),
        ("Analyst: Dong-hyun Kwon\nLee Ha-eun signed", ["Dong-hyun Kwon", "Lee Ha-eun"]),
        ("Simon Sorensen: no rush", ["Simon Sorensen"]),
        ("Castellano, Miriam: ok", ["Castellano, Miriam"]),
        ("hi, G. Whitfield here", ["G. Whitfield"]),
        ("Mr. John  Smith owes", ["John  Smith"]),
        ("Mrs. Wilhelmina Smith owes. Wilhelmina's loan", ["Wilhelmina Smith", "Wilhelmina"]),
        ("Mr. John   Smith owes", ["John   Smith"]),
        ("Mr. Brown      Independent      Trustee", ["Brown"]),
        ("Borrower: JOHN  SMITH\n", ["JOHN  SMITH"]),
        ("Dear Mary  K.  Jones,", ["Mary  K.  Jones"]),
    ],
)
def test_english_names_are_found_without_their_title(detector, text, names):
    """The span is the name alone; a surname that is no common word is known after the full name."""
    assert people(detector, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "the Federal Reserve Board", "Morgan Stanley and Goldman Sachs",
        "in March and April", "Charles Schwab Corporation", "Mr. Chairman, thank you",
        "Dodd-Frank Wall Street Reform Act", "Wells Fargo Bank",
        "Johnson & Johnson", "Company Name: Acme Holdings", "Grant Date fair value",
        "Virginia Electric and Power", "From: January to March",
        "Dear Customer,", "Dear Sir or Madam,", "St. Louis Fed", "Austin, Texas",
        "Thomas Jefferson University", "Department of Justice Lawsuit", "Signature: Date:", "Will Power Prices Rise",
    ],
)  # fmt: skip
def test_companies_places_and_headings_are_left(detector, text):
    """What is capitalised is not thereby a person."""
    assert people(detector, text) == []


def test_every_surname_rule_can_be_asked_alone():
    """The two modules find nothing in text of the other script."""
    assert list(korean_names.find("Mr. John Smith")) == []
    assert list(english_names.find("김민수 고객님")) == []


@pytest.fixture(scope="module")
def tiny_pipeline(tmp_path_factory):
    """A spaCy pipeline made on the spot, saved to disk."""
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "Zebulon"}, {"label": "ORG", "pattern": "Quibble"}])
    folder = tmp_path_factory.mktemp("pipeline") / "names"
    nlp.to_disk(folder)
    return folder


def test_a_local_pipeline_adds_its_persons(tiny_pipeline):
    """Its persons are found, its other entities are not, and its digest is named."""
    path = tiny_pipeline.parent / "with.toml"
    path.write_text('name = "x"\n[entities]\nPERSON = "tag"\n[names]\nspacy_pipeline = "names"\n', "utf-8")
    detector = detect.build(policy.load(path))
    assert people(detector, "then Zebulon of Quibble") == ["Zebulon"]
    assert detector.models == (("names", models.digest(tiny_pipeline)),)
    assert "names.spacy" in detector.names


def test_a_missing_model_is_refused(tmp_path):
    """The message names the folder."""
    path = tmp_path / "p.toml"
    path.write_text('name = "x"\n[names]\nmodel = "names"\n', "utf-8")
    with pytest.raises(InputError, match="names"):
        detect.build(policy.load(path))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("고객명: 홍캐너리\n연락처", "홍캐너리"),
        ("성명: 왕밍\n", "왕밍"),
        ("이름 : Nguyen Van Anh\n국적", "Nguyen Van Anh"),
    ],
)
def test_the_whole_value_of_a_name_field_is_a_name(detector, text, name):
    """A field that can hold nothing but a name needs no known surname."""
    assert people(detector, text) == [name]


@pytest.mark.parametrize("text", ["고객명: 한빛은행\n", "고객명: 고객\n", "고객명: Hanbit Bank\n", "이름: 2,300\n"])
def test_a_company_in_a_name_field_is_left(detector, text):
    """Company forms and known words are no names, wherever they stand."""
    assert people(detector, text) == []
