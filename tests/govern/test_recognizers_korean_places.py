"""Korean addresses and vehicle plates: found whole in both languages; regions, counts, laws and case numbers are left."""

import time

import pytest

from govern import detect, policy
from govern.recognizers import korean_places
from govern.recognizers.rule import Rules, compile_rule, run


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


ADDRESSES = [
    ("서울특별시 강남구 테헤란로 152", "{}입니다"),
    ("서울특별시 강남구 테헤란로 152, 7층 (역삼동, 강남파이낸스센터)", "주소는 {}입니다"),
    ("(06236) 서울 강남구 테헤란로8길 12-3 201호", "{}로 보내 주세요"),
    ("경기도 성남시 분당구 판교역로 235, 에이치스퀘어 N동 5층", "{}에서 근무"),
    ("수원시 영통구 광교로 145", "{}의 지점"),
    ("부산광역시 해운대구 센텀중앙로 97 A동 1201호", "배송지: {}"),
    ("세종특별자치시 한누리대로 2130", "{}으로 이전"),
    ("서울 마포구 월드컵북로54길 12, 101동 1502호 (상암동)", "{}"),
    ("경기도 남양주시 진접읍 해밀예당1로 30-12", "자택은 {}번"),
    ("경기도 고양시 일산동구 중앙로 1275번길 38-10", "{}은"),
    ("서울 강서구 공항대로12나길 3", "{}."),
    ("서울특별시 서초구 서초대로74길 4", "소재지 {}"),
    ("전북특별자치도 전주시 완산구 효자로 225", "{}에 거주"),
    ("제주특별자치도 제주시 첨단로 242", "{}\n"),
    ("경기 수원시 영통구 매탄동 1234-5번지", "{}입니다"),
    ("강남구 역삼동 737번지 강남파이낸스센터 3층", "{}에서"),
    ("충청남도 천안시 동남구 병천면 가전리 산 12-3", "{}의"),
    ("경기도 김포군 검단면 불로리 산151의 1", "소유인 {} 임야"),
    ("서울 영등포구 여의도동 1의 596", "{} 대 273평을"),
    ("서울 중구 충무로 2가66의 6", "{}에서 경영하는"),
    ("대구 달서구 이곡동 1000 성서아파트 101동 502호", "{}로"),
    ("서울 서초구 반포동 1-1 반포자이 101동 1001호", "{}"),
    ("서울 송파구 올림픽로 300 롯데월드타워 101-1502호", "{}"),
    ("역삼동 736-1번지 래미안아파트 101동 1502호", "{}에 거주"),
    ("래미안아파트 101동 1502호", "{}로 배송"),
    ("테헤란로 152", "주소: {}"),
    ("테헤란로 152, 7층", "{}"),
    ("역삼동 736-1", "거주지 {}"),
    ("152 Teheran-ro, Gangnam-gu, Seoul 06236, Republic of Korea", "{}"),
    ("101-1502, 97 Centum jungang-ro, Haeundae-gu, Busan", "He lives at {}."),
    ("12-3, Teheran-ro 8-gil, Gangnam-gu, Seoul", "My address is {}"),
    ("서울 강남구 봉은사로 524", "The customer lives at {} with family."),
]


@pytest.mark.parametrize(("value", "frame"), ADDRESSES)
def test_addresses_are_found_whole(detector, value, frame):
    """Road name, lot, building and unit in one span; the particle after it stays."""
    assert found(detector, frame.format(value)) == [("KR_ADDRESS", value)]


@pytest.mark.parametrize(
    "text",
    [
        "종로3가 12",
        "부산으로 12개를 보냈다",
        "서울 강남구 2번 출구",
        "강남구 일대로 12명이",
        "제12조, 도로 12개, 길 3m",
        "경기도로 2003년 이사",
        "서울로 12시까지",
        "서울은 2020년 12월 30일",
        "은행 앞으로 1234 보낸다",
        "대구 중구로 3개 이전",
        "일반적으로 6시간 이상",
        "서울특별시 강남구",
        "경기도 성남시 분당구 일원",
        "주소지 관할 세무서로 3부 제출",
        "그대로 12 유지",
        "주소를 변경으로 2회 신고",
        "서울 용산구 용산동 2가에 있는",
        "부산 지점으로 15,000원",
        "명의로 1,540,846주",
        "제15조제1항으로 3개월",
        "세대로 2명",
        "자동 12번지 없음",
        "1동에서 3호선까지",
        "국도 48호선",
    ],
)
def test_regions_and_counts_are_no_address(detector, text):
    """A place without a number, a number that counts, a noun with the particle 로."""
    assert [item for item in found(detector, text) if item[0] == "KR_ADDRESS"] == []


PLATES = [
    ("12가3456", "{}입니다"),
    ("12가 3456", "{} 차량을 견인"),
    ("123가4567", "{}"),
    ("123가 4567", "차량번호 {}번"),
    ("68주8136", "자동차등록번호: {}"),
    ("55호 1234", "렌터카 {}로"),
    ("34하5678", "{}에서"),
    ("서울12가3456", "{} 택시"),
    ("서울 32바 1234", "{}에 대한 보험금"),
    ("충북 1로1457", "{}호 승용차"),
    ("경기 88아1205", "{}"),
    ("93다1234", "차량 {}의 과태료"),
    ("서울 강남 가 1234", "오토바이 {}"),
    ("12가3456", "My car {} was parked."),
    ("123나4567", "The vehicle with plate {} is insured."),
]


@pytest.mark.parametrize(("value", "frame"), PLATES)
def test_vehicle_plates_are_found_whole(detector, value, frame):
    """Present and former forms, in either language and before any particle."""
    assert found(detector, frame.format(value)) == [("KR_VEHICLE_PLATE", value)]


@pytest.mark.parametrize(
    "text",
    [
        "제12조 1234",
        "제123조1234",
        "3가 1234",
        "종로3가 1234",
        "12조 3456억원",
        "100주1000원",
        "대법원 93다1234 판결",
        "선고 92다1234, 93다5678 판결",
        "2010나1234 사건",
        "원고 12가 2003년",
        "원고 12가 2003. 5. 1.",
        "소외 3이 2002. 5. 31.",
        "공784호1106",
        "법률 제12조2003",
        "12월3456",
        "12갸3456 차량",
        "112가34567 차량",
        "차량 12가345",
        "자동차 12조 3456억",
        "100보 1000명",
    ],
)
def test_laws_cases_and_counts_are_no_plate(detector, text):
    """Articles, case numbers, amounts, people and years."""
    assert [item for item in found(detector, text) if item[0] == "KR_VEHICLE_PLATE"] == []


@pytest.mark.parametrize(
    "seed",
    [
        "서울 ",
        "서울 강남구 테헤란로 ",
        "가가로1",
        "테헤란로8길 ",
        "서울 가나동 1의 ",
        "101동 ",
        "1동1",
        "12가 345",
        "123가4567판결",
        "1 Aa-ro, B-gu, ",
    ],
)
def test_hostile_text_takes_no_longer_than_its_length(seed):
    """Half a second for each pattern would still be ten times what is seen."""
    text = (seed * 65536)[:65536]
    for rule in korean_places.RULES:
        begun = time.process_time()
        list(run(Rules([compile_rule(rule)]), text, 10.0))
        assert time.process_time() - begun < 0.5
