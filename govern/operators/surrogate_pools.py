"""The names that surrogates are made of: lists of the library Faker, sorted, and given names combined from their syllables.

Korean: Faker has 44 families with their frequency and 121 given names: too few for a corpus. First and last syllables of the
given names of a gender are combined; what the other gender's list has, what is an ordinary word, and what repeats a syllable
is left out. A family is drawn by the square root of its frequency, halfway between as common as it is and all alike. English:
the lists of the United States and the United Kingdom together, every name as likely.
"""

import hashlib
import math
import re
from bisect import bisect
from functools import cache
from itertools import accumulate
from typing import Literal, NamedTuple

from govern.draw import Draw
from govern.operators.surrogate_shape import Ending, ending

Gender = Literal["", "male", "female"]
GENDERS: tuple[Gender, ...] = ("male", "female")

SECOND_MORE: dict[Gender, str] = {"male": "열율", "female": "슬율설솔"}
"""Last syllables with ㄹ beside Faker's 철 and 일, which women's names of its list have not at all."""

WHOLE = frozenset({"보람", "아름"})
"""Names that are words of Korean origin: not taken apart."""

WORDS = frozenset(
    ("병원", "지옥", "우환", "병환", "종식", "수지", "경우", "중수", "시식", "도서", "중남", "정지", "정서")
)
"""Combinations that are words, beside those of `lists/not_names_ko.txt`."""

SINGLE: dict[Ending, str] = {
    "open": "수호우지하리로미",
    "rieul": "철율설슬솔별결열",
    "closed": "준혁민진훈은현건영윤찬빈강웅",
}
"""Given names of one syllable."""

FAMILIES_RIEUL = ("설", "길", "갈")
"""Families that end in ㄹ (2015 census), of which Faker has none; only where a family stands alone."""

DOUBLE_FAMILIES = ("남궁", "황보", "제갈", "선우", "독고", "사공", "서문", "동방")
"""Families of two syllables (2015 census)."""

FOREIGN_GIVEN: dict[Gender, tuple[str, ...]] = {
    "male": (
        "존", "폴", "톰", "닉", "휴", "루이", "마크", "피터", "제임스", "마이클", "데이비드", "로버트", "토머스", "앤드루",
        "사이먼", "헨리", "루크", "올리버", "다니엘", "해리", "니콜라스", "크리스토퍼", "알렉산더", "벤자민", "조나단",
    ),
    "female": (
        "앤", "에바", "제인", "케이트", "루시", "에밀리", "사라", "레이철", "로라", "헬렌", "줄리아", "레베카", "다이애나",
        "샬럿", "그레이스", "클로이", "미셸", "이사벨", "앨리스", "수전", "캐서린", "엘리자베스", "알렉산드라", "조세핀",
        "가브리엘",
    ),
}  # fmt: skip
FOREIGN_FAMILY = (
    "힐", "벨", "홀", "콜", "폭스", "리드", "쿡", "킹", "롱", "영", "모스", "스미스", "존슨", "브라운", "윌슨", "테일러",
    "밀러", "데이비스", "앤더슨", "에번스", "워커", "로빈슨", "톰슨", "화이트", "미첼", "러셀", "마셜", "캠벨", "코널",
    "헤이글", "파월", "니콜", "클라크", "루이스", "하워드", "피셔", "레이놀즈", "해밀턴", "크로퍼드", "맥도널드", "캐럴",
    "오닐", "다니엘", "세이블", "브리스톨", "매카시", "손더스", "피터슨", "리처드슨", "윌리엄슨", "크리스텐슨", "스티븐슨",
    "헨더슨", "맥길", "웨슬", "그레이엄", "헌트", "포드", "그린", "스톤", "골드버그", "로젠버그", "몽고메리", "맥도웰",
    "칼라일", "블룸필", "포레스털", "매코넬", "핑켈", "오스틴", "험프리", "리빙스턴", "하트",
)  # fmt: skip
"""Names of other languages in Hangul, in the usual loanword spelling."""

HANJA_FAMILIES, HANJA_GIVEN = "金李朴崔鄭姜趙尹張林", "秀英美善惠敬賢珍成昌民俊哲勳恩淑宇在東永"


class Western(NamedTuple):
    """English names, sorted; `either` are given to both genders or known of neither."""

    given: dict[Gender, tuple[str, ...]]
    families: tuple[str, ...]
    gender: dict[str, Gender]
    """Of each given name in lower case."""


class Korean(NamedTuple):
    """Korean names: families with cumulated weights, given names of two syllables by gender and end."""

    families: tuple[str, ...]
    weights: tuple[float, ...]
    given: dict[tuple[Gender, Ending], tuple[str, ...]]
    gender: dict[str, Gender]
    """Of each given name; nothing where both genders have it."""
    listed: frozenset[str]
    """Given names of Faker's own lists."""


@cache
def korean() -> Korean:
    """The Korean names."""
    from faker.providers.person.ko_KR import Provider

    from govern.recognizers.words import words

    weighed = sorted(dict(Provider.last_names).items())
    listed = {"male": set(Provider.first_names_male), "female": set(Provider.first_names_female)}
    avoided = words("not_names_ko") | WORDS
    combined = {gender: _combined(listed[gender], SECOND_MORE[gender]) - avoided for gender in GENDERS}
    names = {
        "male": listed["male"] | (combined["male"] - listed["female"]),
        "female": listed["female"] | (combined["female"] - listed["male"]),
    }
    names[""] = names["male"] | names["female"]
    given: dict[tuple[Gender, Ending], tuple[str, ...]] = {}
    for gender in ("", *GENDERS):
        ordered = sorted(names[gender])
        given[gender, ""] = tuple(ordered)
        for end in ("open", "rieul", "closed"):
            given[gender, end] = tuple(name for name in ordered if ending(name) == end)
    genders: dict[str, Gender] = {name: gender for gender in GENDERS for name in names[gender]}
    genders |= dict.fromkeys(names["male"] & names["female"], "")
    weights = tuple(accumulate(math.sqrt(weight) for _, weight in weighed))
    own = frozenset(listed["male"] | listed["female"])
    return Korean(tuple(name for name, _ in weighed), weights, given, genders, own)


def _combined(names: set[str], more: str) -> set[str]:
    """First syllables of `names` with last ones, those of `more` too."""
    apart = [name for name in names - WHOLE if len(name) == 2]
    lasts = {name[1] for name in apart} | set(more)
    return {name[0] + last for name in apart for last in lasts if name[0] != last}


def family(draw: Draw) -> str:
    """A Korean family name of one syllable."""
    names = korean()
    return names.families[bisect(names.weights, draw.unit() * names.weights[-1])]


@cache
def families(end: Ending) -> tuple[str, ...]:
    """Korean families of one syllable that a particle sees as `end`."""
    return FAMILIES_RIEUL if end == "rieul" else tuple(name for name in korean().families if end in ("", ending(name)))


@cache
def western() -> Western:
    """The English names."""
    from faker.providers.person.en_GB import Provider as British
    from faker.providers.person.en_US import Provider as American

    found = {
        "male": _words(American.first_names_male, British.first_names_male),
        "female": _words(American.first_names_female, British.first_names_female),
    }
    given: dict[Gender, tuple[str, ...]] = {
        "": tuple(sorted(found["male"] | found["female"])),
        "male": tuple(sorted(found["male"] - found["female"])),
        "female": tuple(sorted(found["female"] - found["male"])),
    }
    genders = {name.lower(): gender for gender in GENDERS for name in given[gender]}
    genders |= {name.lower(): "" for name in found["male"] & found["female"]}
    return Western(given, tuple(sorted(_words(American.last_names, British.last_names))), genders)


def _words(*lists: object) -> set[str]:
    """The names of plain letters in Faker's lists, which are tuples or dictionaries of weights."""
    return {name for names in lists for name in names if _PLAIN.fullmatch(name)}  # type: ignore[attr-defined]


_PLAIN = re.compile("[A-Z][a-z]+(?:-[A-Z][a-z]+)?")


ENOUGH = 3
"""Fewer foreign names of a length are no choice, and names of other lengths join them."""


@cache
def foreign(gender: Gender, size: int, end: Ending, *, last: bool) -> tuple[str, ...]:
    """Names of other languages in Hangul, of `size` syllables if there are enough of them, that end in `end`."""
    names = (
        FOREIGN_FAMILY
        if last
        else FOREIGN_GIVEN[gender]
        if gender
        else (*FOREIGN_GIVEN["male"], *FOREIGN_GIVEN["female"])
    )
    fitting = [name for name in names if end in ("", ending(name))]
    sized = [name for name in fitting if len(name) == size]
    return tuple(sized if len(sized) >= ENOUGH else fitting)


def versions() -> dict[str, str]:
    """Faker's version, and `sha256:` of every name that may be drawn, in order: surrogates change where it does."""
    import faker

    names, other = korean(), western()
    lists = (
        *names.families, *map(repr, names.weights), *(name for key in sorted(names.given) for name in names.given[key]),
        *(name for key in sorted(other.given) for name in other.given[key]), *other.families,
        *DOUBLE_FAMILIES, *FAMILIES_RIEUL, *FOREIGN_GIVEN["male"], *FOREIGN_GIVEN["female"], *FOREIGN_FAMILY,
    )  # fmt: skip
    return {"faker": faker.VERSION, "names": "sha256:" + hashlib.sha256("\n".join(lists).encode()).hexdigest()}
