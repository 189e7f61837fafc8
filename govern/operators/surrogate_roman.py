"""Korean names in Latin letters: written by the Revised Romanization, families as their bearers usually write them."""

import re

FAMILIES = {
    "김": "Kim", "이": "Lee", "박": "Park", "최": "Choi", "정": "Jung", "강": "Kang", "조": "Cho", "윤": "Yoon", "장": "Jang",
    "임": "Lim", "한": "Han", "오": "Oh", "서": "Seo", "신": "Shin", "권": "Kwon", "황": "Hwang", "안": "Ahn", "송": "Song",
    "류": "Ryu", "전": "Jeon", "홍": "Hong", "고": "Ko", "문": "Moon", "양": "Yang", "손": "Son", "배": "Bae", "백": "Baek",
    "허": "Heo", "유": "Yoo", "남": "Nam", "심": "Shim", "노": "Noh", "하": "Ha", "곽": "Kwak", "성": "Sung", "차": "Cha",
    "주": "Joo", "우": "Woo", "구": "Koo", "민": "Min", "진": "Jin", "지": "Ji", "엄": "Eom", "나": "Na",
}  # fmt: skip
OTHER_FAMILIES = frozenset((
    "gim", "rhee", "yi", "bak", "pak", "choe", "jeong", "chung", "jo", "joe", "yun", "chang", "im", "seoh", "suh", "gwon",
    "ryoo", "lyu", "jun", "go", "koh", "mun", "sohn", "pae", "paik", "baik", "huh", "hur", "yu", "you", "roh", "no",
    "kwag", "joo", "chu", "u", "gu", "goo", "jeen", "namgoong", "namgung", "hwangbo", "jegal", "sunwoo", "dokgo", "sagong",
    "seomun", "an", "shim", "sim", "seong", "chun", "cheon", "bang", "byun", "yeo", "kil", "min",
))  # fmt: skip
"""Further spellings of families, in lower case."""

_INITIALS = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h")
_VOWELS = ("a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu",
           "ui", "i")  # fmt: skip
_FINALS = ("", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t",
           "t", "k", "t", "p", "t")  # fmt: skip
"""By the order of Hangul syllables in Unicode (Ministry of Culture and Tourism Notice 2000-8)."""

_SYLLABLE = (
    "(?:kk|tt|pp|ss|jj|ch|sh|[gkndtrlmbpsjhyw])?(?:yae|yeo|you|yoo|wae|woo|wo|wa|we|wi|ya|ye|yo|yu|ae|eo|eu|ui|oo|ee|oe|ou"
    "|[aeiou])(?:ng|[nmklpt])?"
)
_ONE, _TWO = re.compile(_SYLLABLE), re.compile(_SYLLABLE * 2)


def syllable(hangul: str) -> str:
    """A Hangul syllable in Latin letters, in lower case."""
    initial, rest = divmod(ord(hangul) - 0xAC00, 588)
    vowel, final = divmod(rest, 28)
    return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]


def romanised(given: str) -> str:
    """A given name in Latin letters, in lower case and in one word."""
    return "".join(map(syllable, given))


def is_family(word: str) -> bool:
    """Whether `word` is a Korean family name in Latin letters."""
    return word.lower() in _KNOWN


_KNOWN = frozenset(name.lower() for name in FAMILIES.values()) | OTHER_FAMILIES


def syllables(word: str) -> int:
    """How many Korean syllables, one or two, `word` in lower case can be; 0 where neither."""
    if len(word) <= 4 and _ONE.fullmatch(word):
        return 1
    return 2 if _TWO.fullmatch(word) else 0
