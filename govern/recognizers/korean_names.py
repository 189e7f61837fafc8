"""Korean names by rule: a surname and given-name syllables, beside a title, a field or a word that says who it is.

Spans hold the name alone: titles (님, 씨, 과장) and particles (은, 이, 에게) stay. A word that only looks like a name
(고객, 이사, 전화) is left by a list. Every pattern is bounded, so time is linear in the text.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from govern.recognizers.rule import Hit
from govern.recognizers.words import words
from govern.tables import HEADING

TITLES = (
    "고객님|고객|대표이사|대표님|대표|부회장|회장|부사장|사장|부행장|은행장|행장|전무|상무|이사장|이사|본부장|부지점장|지점장|센터장|팀장|부장|(?<!주)차장|"
    "과장|대리|계장|주임|사원|실장|국장|소장|원장|총재|부총재|위원장|위원|의원|장관|차관|교수|박사|변호사|회계사|세무사|법무사|변리사|판사|"
    "검사|대법관|재판장|기자|애널리스트|연구위원|연구원|매니저|상담사|상담원|설계사|선생님|선생|어르신|여사|사모님|군수|시장|도지사|대통령|총리|"
    "총장|감독|선수|작가|귀하|책임님|선임님|수석님|프로님|회원님|주주님|차주님|조합원님"
)
LABELS = (
    "성 {0,3}명|이 {0,3}름|"
    "성함|고객명|예금주명?|담당자명?|대표자명?|대표이사|신청인|신청자|계약자|피보험자|수익자|연대보증인|보증인|채무자|채권자|차주|임차인|임대인|"
    "송금인|수취인|수신인|발신인|받는 ?분|받는 ?사람|보내는 ?분|보내는 ?사람|보낸 ?사람|"
    "상담원|상담사|상담자|작성자|승인자|검토자|결재자|환자|"
    "배우자|대리인|가입자|명의자|명의인|회원명|위임인|수임인|매도인|매수인|피상속인|상속인|고객|민원인|담당|본인|소유자|입금자명?|"
    "변호사|판사|대법관|검사|기자|애널리스트|연구원|대표|팀장|과장|부장|차장|지점장|수신|참조|발신|동석자|보호자|신고자|접수자|처리자"
)
BEFORE = (
    "변호사|판사|대법관|검사|기자|애널리스트|연구원|대표이사|대표|책임자|공시책임자|공동차주|원고|피고|피고인|증인|소외|계약자|피보험자|수익자|관리자|사외이사|감사|기안자|예금주|성명|고객명|담당자|상담원|상담사|교수|과장|팀장|부장|지점장|대리|신청인|고객|차주|"
    "채무자|연대보증인|보증인|의뢰인|회장|부회장|사장|행장|총재|위원장|장관|의원|대표자|사업주|점주|업주|대표원장|개설자"
)
PARTICLES = (
    "께서는|께서|에게서|에게는|에게|한테서|한테|으로부터|로부터|이라고|라고|이라는|라는|이라며|입니다|이에요|예요|이고|이며|이다|인데|이므로|"
    "이었|였|이나|이랑|으로|까지|부터|보다|처럼|에서|에|은|는|이|가|을|를|의|와|과|도|만|로|랑|께|및|등|외|측|님|씨|군|양|야|인"
)
_SURNAMES_2 = "남궁|황보|제갈|선우|독고|사공|서문|동방"
_NAME = rf"(?:(?:{_SURNAMES_2})[가-힣]{{1,2}}|[가-힣]{{2,3}})"
_AFTER_TITLE = re.compile(
    rf"(?<![가-힣])({_NAME})(?:(?P<direct> ?(?:님|씨)(?!앗|름|가격))| ?(?:{TITLES})(?=님|(?:{PARTICLES})?(?![가-힣])))"
)
_QUOTES = "[*\"'\\]|]{0,3}"
_LABEL = re.compile(rf"(?:{LABELS})(?:\([^()\n\x00]{{0,12}}\))?{_QUOTES}[ \t]?[:=|]{_QUOTES}\s{{0,2}}[\"']?")
_FIELDS = "성 {0,3}명|이 {0,3}름|성함|고객명|예금주명|담당자명|대표자명"
_VALUE = re.compile(
    rf"(?:{_FIELDS}){_QUOTES}[ \t]?[:=|]{_QUOTES}[ \t]{{0,2}}"
    r"([가-힣]{2,5}|[A-Z][A-Za-z'-]{1,20}(?: [A-Z][A-Za-z'-]{0,20}){1,3})(?=[ \t]*(?:[\n,;/|(\"']|$))"
)
"""A field that holds a name and nothing else: its whole value counts, also one of no known shape."""
_APART = rf"((?:{_SURNAMES_2}|[가-힣]) {{1,4}}[가-힣](?: {{0,4}}[가-힣])?)(?![가-힣])"
_PARTED = re.compile(
    rf"(?:(?:{_FIELDS}){_QUOTES}[ \t]?[:=|]{_QUOTES}[ \t]{{0,3}}{_APART}"
    rf"|(?:{LABELS}){_QUOTES}[ \t]?[:=|]{_QUOTES}[ \t]{{0,3}}{_APART}(?=[ \t]*(?:[\n,;/|()]|$)))"
)
"""A field whose value is written with its syllables apart, as forms do; the whole field, unless its label is of names alone."""
_BEFORE = re.compile(rf"(?<![가-힣])(?:소송대리인 |담당|대표|재판장 )?(?:{BEFORE})[ \t]{{1,3}}(?=[가-힣])")
_PRACTICES = (
    "치과의원|치과병원|치과|한의원|이비인후과|산부인과|소아청소년과|소아과|정형외과|성형외과|신경외과|신경과|정신건강의학과|정신과|비뇨의학과|비뇨기과|"
    "피부과|안과|내과|외과|가정의학과|통증의학과|재활의학과|마취통증의학과|동물병원|약국|한약국|안경원|안경점|법률사무소|변호사사무소|변호사사무실|법무사사무소|"
    "법무사|세무회계사무소|세무회계|세무사사무소|세무사|회계사무소|회계사사무소|공인회계사|노무사사무소|특허법률사무소|특허사무소|관세사사무소|건축사사무소|"
    "행정사사무소|감정평가사사무소|공인중개사사무소|공인중개사|헤어샵|헤어살롱|헤어|미용실|이용원|베이커리|제과점|과자점|떡집|사진관|스튜디오|"
    "양복점|의상실|부티크|꽃집|음악학원|미술학원|수학학원|영어학원|피아노학원|태권도장|필라테스"
)
_TRADES = (
    "(?<!한)의원|안경|네일|뷰티|빵집|분식|식당|국밥|칼국수|김밥|족발|보쌈|치킨|갈비|냉면|횟집|정육점|반찬|플라워|양장점|학원|피아노|태권도|체육관|요가|수학|상회|상사|상점|"
    "슈퍼|마트|철물점|철물|건재|카센터|공업사|세탁소|인테리어|공방|도예|갤러리|화랑|농원|농장|수산|방앗간|건강원|컨설팅|어린이집|포목|주단|한복|금은방|주얼리|부동산"
)
"""What a business is that may bear its owner's name: professions, and trades whose names stand right after the owner's."""

_OWNER = re.compile(
    rf"(?<![가-힣])({_NAME})(?:의 )?"
    rf"(?:(?:{_PRACTICES}|{_TRADES})(?:의원|병원)?| (?:{_PRACTICES})(?:의원|병원)?)(?=(?:{PARTICLES})?(?![가-힣]))"
)
_NOT_OWNERS = frozenset({"소화기", "순환기", "호흡기", "내분비", "백구", "이태원", "신도림", "도시재"})
"""Words before a practice that look like names: what it treats, where it is."""

_EXAMPLES = frozenset({"홍길동", "고길동"})
"""Names of examples that end like a quarter of a town."""

_SELF = re.compile(
    rf"(?:(?:저는|제가|나는|안녕하세요,?|여보세요,?) ?({_NAME})(?=입니다|이라고|라고|이에요|예요|인데)|"
    rf"(?:이름은|성함은|명의는|명의자는|예금주는|담당자는|고객명은) ?({_NAME})"
    rf"(?=입니다|이라고|라고|이에요|예요|인데|이고|이며|님|씨|[ ,.]|$))"
)
_SPACED = re.compile(
    rf"(?<![가-힣])((?:{_SURNAMES_2}|[가-힣]) ([가-힣] [가-힣]|[가-힣]{{1,2}}))(?= ?(?:님|씨|귀하|고객)|[ \t]?[:>]\s|이 [0-9])"
)
_ADDRESSED = re.compile(rf"(?<![가-힣])({_NAME})[\"']? {{0,2}}[<\[(](?:mailto:)?[\w.+-]{{1,64}}@")
"""The name that an e-mail address is shown with."""

_SPEAKER = re.compile(rf"\n[ \t]*(?:\[[^\]\n\x00]{{0,20}}\][ \t]*)?({_NAME})[ \t]?[:>](?=\s)")
_NEARBY = re.compile(
    "고객|상담|통화|문의|방문|연락|내점|요청|서명|배우자|남편|아내|아들|가족|지인|친구|본인|성함|담당|님|씨|예금주|"
    "전화|휴대폰|주민|생년|가입|대출 ?신청|민원|직원|"
    "동료|선배|후배|참석|안내|선임되|선임했|사임|취임|임명|책임자"
)
_DISTINCT = frozenset("김박최윤황곽")
"""Surnames with which few other words begin: enough without context."""

_NEAR_BEFORE, _NEAR_AFTER = 40, 25
"""How far from a name that stands alone its context may be, in characters."""

_RUN = re.compile(r"[가-힣]+")
_TAIL = re.compile(rf"(?:{PARTICLES})")
_TITLE_TAIL = re.compile(rf"(?:님|씨|{TITLES})")
_NEXT = re.compile(r"(?:\((?:재판장|주심)\))?(?: ?[,·ㆍ、/] ?| (?=[가-힣]{3}(?![가-힣])))")
_FAMILY_TITLE = re.compile(
    rf"(?<![가-힣])((?:{_SURNAMES_2})|[가-힣])(?:(?:모 ?)?씨(?!앗|름)| ?(?:{TITLES})(?=님|(?:{PARTICLES})?(?![가-힣])))"
)
_GIVEN_TITLE = re.compile(r"(?<![가-힣])([가-힣]{2}) ?(?:씨|님)(?![가-힣]{2})")
_COMPANY = ("은행", "회사", "증권", "보험", "카드", "재단", "법인", "조합", "공사", "Bank", "Inc", "Ltd", "Corp", "LLC")
_NOT_LAST = frozenset("을로의만")
"""Syllables that end a noun with its particle, and almost never a name."""


class Lists(NamedTuple):
    """The word lists that decide what can be a name."""

    surnames: frozenset[str]
    given: frozenset[str]
    given_rare: frozenset[str]
    not_names: frozenset[str]


@cache
def _lists() -> Lists:
    return Lists(
        words("surnames_ko"), words("given_ko"), words("given_ko") | words("given_rare_ko"), words("not_names_ko")
    )


def find(text: str) -> Iterator[Hit]:
    """Every name found by rule, unsorted."""
    if _RUN.search(text) is None:
        return
    for match in _AFTER_TITLE.finditer(text):
        direct = match["direct"] is not None
        if plausible(match[1], strong=direct) and (len(match[1]) > 2 or direct):
            yield Hit(match.start(1), match.end(1), "PERSON", 0.85 if direct else 0.7, "names.ko.title")
    for match in _LABEL.finditer(text):
        yield from _field(text, match.end(), strong=True)
    for match in _VALUE.finditer(text):
        heading = HEADING.search(match[1]) is not None  # of the next column
        if match[1] not in words("not_names_ko") and not match[1].endswith(_COMPANY) and not heading:
            yield Hit(match.start(1), match.end(1), "PERSON", 0.6, "names.ko.value")
    for match in _PARTED.finditer(text):
        group = match.lastindex or 1
        if plausible("".join(match[group].split()), strong=group == 1):
            yield Hit(match.start(group), match.end(group), "PERSON", 0.8, "names.ko.parted")
    for match in _BEFORE.finditer(text):
        yield from _field(text, match.end(), strong=False)
    for match in _OWNER.finditer(text):
        if _owner(match[1]):
            yield Hit(match.start(1), match.end(1), "PERSON", 0.6, "names.ko.owner")
    for match in _SELF.finditer(text):
        group = match.lastindex or 1
        if plausible(match[group], strong=False) and len(match[group]) > 2:
            yield Hit(match.start(group), match.end(group), "PERSON", 0.75, "names.ko.self")
    for match in _SPACED.finditer(text):
        if match[2] not in words("not_names_ko") and plausible(match[1].replace(" ", ""), strong=True):
            yield Hit(match.start(1), match.end(1), "PERSON", 0.6, "names.ko.spaced")
    for match in _ADDRESSED.finditer(text) if "@" in text else ():
        if plausible(match[1], strong=True):
            yield Hit(match.start(1), match.end(1), "PERSON", 0.7, "names.ko.address")
    for match in _SPEAKER.finditer("\n" + text):
        if (len(match[1]) > 2 or match[0].endswith(">")) and plausible(match[1], strong=True):
            yield Hit(match.start(1) - 1, match.end(1) - 1, "PERSON", 0.7, "names.ko.speaker")
    yield from _alone(text)


def _owner(word: str) -> bool:
    """Whether `word` before a practice or trade is its owner, and no quarter of a town (`정자동약국`)."""
    quarter = word in words("districts_ko") or (
        word.endswith("동") and word[0] not in _DISTINCT and word not in _EXAMPLES
    )
    return len(word) > 2 and not quarter and word not in _NOT_OWNERS and plausible(word, strong=False)


def _alone(text: str) -> Iterator[Hit]:
    """Three syllables that can be a name, with no title or field: with a distinct surname, or near a word of dealings."""
    for run in _RUN.finditer(text):
        word = run[0][:3]
        if len(word) == 3 and _ends(run[0][3:]) and plausible(word, strong=False):
            near = (
                text[max(0, run.start() - _NEAR_BEFORE) : run.start()]
                + "\x00"
                + text[run.end() : run.end() + _NEAR_AFTER]
            )
            likely = word[0] in _DISTINCT or _NEARBY.search(near) is not None
            yield Hit(run.start(), run.start() + 3, "PERSON", 0.45 if likely else 0.3, "names.ko.alone")


def mentions(text: str, names: Iterable[str]) -> Iterator[Hit]:
    """Where `names` stand again at the start of a run of Hangul, with nothing, a particle or a title after them.

    Of a name with three syllables also the family name with a title (`홍 대리`, `홍모 씨`), and the given name with 씨 or 님.
    """
    known = {name for name in names if len(name) > 2 and _RUN.fullmatch(name)}
    if not known:
        return
    families = {name[:2] if re.match(_SURNAMES_2, name) else name[0] for name in known}
    for match in _FAMILY_TITLE.finditer(text):
        if match[1] in families:
            yield Hit(match.start(1), match.end(1), "PERSON", 0.5, "names.ko.family")
    given = {name[len(family) :] for name in known for family in families if name.startswith(family)}
    for match in _GIVEN_TITLE.finditer(text):
        if match[1] in given:
            yield Hit(match.start(1), match.end(1), "PERSON", 0.5, "names.ko.given")
    lengths = sorted({len(name) for name in known}, reverse=True)
    for run in _RUN.finditer(text):
        for length in lengths:
            if len(run[0]) >= length and run[0][:length] in known and _ends(run[0][length:]):
                yield Hit(run.start(), run.start() + length, "PERSON", 0.55, "names.ko.mention")
                break


def plausible(word: str, *, strong: bool) -> bool:
    """Whether a surname and one or two given-name syllables make up `word`, and it is no other known word.

    Where the context is not `strong`, nor may it be a known word and a particle or verb ending.
    """
    surnames, given, given_rare, not_names = _lists()
    if word in not_names or (
        not strong and len(word) > 2 and (word[-1] in _NOT_LAST or _inflected(word[:2], word[2:]))
    ):
        return False
    cut = 2 if len(word) > 2 and word[:2] in surnames else 1
    if word[:cut] not in surnames or not 1 <= len(word) - cut <= 2:
        return False
    return set(word[cut:]) <= (given_rare if strong else given)


def _inflected(stem: str, ending: str) -> bool:
    """Whether `stem` is a known word that can take `ending`: particles follow the last consonant, if there is one."""
    if stem not in _lists().not_names:
        return False
    closed = (ord(stem[-1]) - 0xAC00) % 28 != 0
    return ending in ("한할된될하함해여인의에도만중적시자" + ("은이을과" if closed else "는가를와나라로"))


def _ends(rest: str) -> bool:
    """Whether what follows a name in the same run of Hangul is nothing, a particle, or a title."""
    return not rest or _TAIL.fullmatch(rest) is not None or _TITLE_TAIL.match(rest) is not None


def _field(text: str, start: int, *, strong: bool) -> Iterator[Hit]:
    """The name at `start`, and further ones after commas."""
    while True:
        run = _RUN.match(text, start)
        length = _length(run[0], strong=strong) if run is not None else 0
        if not length:
            return
        yield Hit(start, start + length, "PERSON", 0.8 if strong else 0.6, "names.ko.field")
        following = _NEXT.match(text, start + length)
        if following is None:
            return
        start, strong = following.end(), False


def _length(run: str, *, strong: bool) -> int:
    """How much of a run of Hangul is a name: four syllables with a long surname, three, or two in a strong field."""
    for length in (4, 3, 2):
        if length == 2 and not strong:
            break
        if len(run) >= length and plausible(run[:length], strong=strong) and _ends(run[length:]):
            return length
    return 0
