"""Postal addresses of the synthetic sample: streets that exist in many towns, numbers drawn, so that nobody lives there."""

from govern.draw import Draw

STREETS = (
    "Maple",
    "Oakwood",
    "Harbor View",
    "Elm",
    "Lakeshore",
    "Cedar Hill",
    "Washington",
    "Mill Pond",
    "Prospect",
    "Juniper",
)
WAYS = ("Street", "Avenue", "Road", "Lane", "Drive", "Blvd", "Court", "St.", "Ave", "Rd")
TOWNS = (
    ("Boston", "MA", "021"), ("Austin", "TX", "787"), ("Chicago", "IL", "606"), ("Denver", "CO", "802"),
    ("Seattle", "WA", "981"), ("Atlanta", "GA", "303"), ("Portland", "OR", "972"), ("Albany", "NY", "122"),
)  # fmt: skip
BRITISH = (("London", "SW1A"), ("Leeds", "LS1"), ("Bristol", "BS8"), ("Edinburgh", "EH3"), ("Manchester", "M1"))
UNITS = ("Apt {0}", "Suite {0}0", "Unit {0}", "#{0}", "Apt. {0}B", "Floor {0}")

ROADS = (
    ("서울특별시 강남구", "테헤란로", "역삼동"),
    ("서울 마포구", "월드컵북로", "상암동"),
    ("서울시 영등포구", "여의대로", "여의도동"),
    ("부산광역시 해운대구", "센텀중앙로", "우동"),
    ("대구광역시 수성구", "동대구로", "범어동"),
    ("인천 연수구", "송도과학로", "송도동"),
    ("경기도 성남시 분당구", "판교역로", "삼평동"),
    ("경기 수원시 영통구", "광교중앙로", "이의동"),
    ("대전 유성구", "대학로", "어은동"),
    ("광주광역시 서구", "상무중앙로", "치평동"),
    ("강원특별자치도 춘천시", "중앙로", "옥천동"),
    ("전라북도 전주시 완산구", "홍산로", "효자동"),
)
VILLAGES = (
    "충청남도 공주시 우성면 도천리",
    "경상북도 안동시 풍천면 하회리",
    "전남 담양군 창평면 삼천리",
    "제주특별자치도 제주시 애월읍 고성리",
)
COMPLEXES = ("한빛아파트", "새봄마을", "푸른숲빌라", "해오름타워", "누리오피스텔")


def street_address(draw: Draw) -> str:
    """An address in the United States or the United Kingdom, on one line (USPS Publication 28; Royal Mail PAF)."""
    number, way = draw.between(2, 9899), f"{draw.pick(STREETS)} {draw.pick(WAYS)}"
    if draw.chance(30):
        town, district = draw.pick(BRITISH)
        code = f"{district} {draw.between(1, 9)}{draw.pick('ABDEFGHJLNPQRSTUWXYZ')}{draw.pick('ABDEFGHJLNPQRSTUWXYZ')}"
        return f"{draw.between(1, 240)} {draw.pick(STREETS)} {draw.pick(('Road', 'Street', 'Lane', 'Gardens'))}, {town} {code}"
    town, state, zone = draw.pick(TOWNS)
    code = zone + draw.digits(2) + (f"-{draw.digits(4)}" if draw.chance(15) else "")
    if draw.chance(12):
        return f"P.O. Box {draw.between(10, 9999)}, {town}, {state} {code}"
    unit = f"{draw.pick((', ', ' '))}{draw.pick(UNITS).format(draw.between(1, 40))}" if draw.chance(40) else ""
    return f"{number} {way}{unit}, {town}, {state} {code}"


def kr_address(draw: Draw) -> str:
    """A road-name address (도로명주소법) or one by lot number, with a house number and often a flat."""
    region, road, dong = draw.pick(ROADS)
    flat = f"{draw.between(101, 119)}동 {draw.between(1, 25)}{draw.between(1, 12):02d}호"
    if draw.chance(35):
        place = f"{region} {dong}" if draw.chance(60) else draw.pick(VILLAGES)
        lot = f"{draw.between(1, 1500)}" + (f"-{draw.between(1, 60)}" if draw.chance(60) else "")
        text = f"{place} {lot}" + ("번지" if draw.chance(40) else "")
        return f"{text} {draw.pick(COMPLEXES)} {flat}" if draw.chance(40) else text
    side = f"{draw.between(2, 90)}번길 " if draw.chance(25) else " "
    text = f"{region} {road}{side}{draw.between(1, 600)}" + (f"-{draw.between(1, 40)}" if draw.chance(20) else "")
    shape = draw.between(1, 5)
    if shape <= 2:
        return text
    if shape == 3:
        return f"{text}, {flat}({dong})"
    return (
        f"{text}, {draw.between(1, 20)}{draw.between(1, 12):02d}호"
        if shape == 4
        else f"{text} ({dong}, {draw.pick(COMPLEXES)})"
    )
