r"""Parts that the recognizers of numbers share: the edges of a value, and a word followed by the value it names.

A value may touch Hangul on either side (`번호110…입니다`), never a letter or digit of its own script, so nothing starts
inside a word or a longer number. Underscores may reach a pattern as dashes.
"""

import re

EDGE = r"(?<![0-9A-Za-z$₩€£¥])(?<![0-9][-.])(?<![*•●]{2}[-.]?|[0-9][*•●][-.]?)"
START = rf"{EDGE}(?<![$₩€£¥] )"
THOUSANDS = r"(?<![0-9]{4}),[0-9]{3}(?![0-9])"
"""Behind three digits or fewer; behind more the comma parts two cells of a row."""

STOP = rf"(?![0-9A-Za-z])(?![-.][0-9]|{THOUSANDS}|[-.]?[*•●]{{2}}|[-.][*•●]|[*•●][-.0-9]| ?%)"
"""A comma may stand at either edge (rows of CSV), but no thousands group may follow."""

NOT_MONEY = (
    r"(?! ?(?:(?:원|달러|년|월|만|억|천|주|건|명(?!의)|개)(?:[원을를이은는의에도과와로씩정까으 ]|[^가-힣]|\Z)|%"
    r"|(?:won|usd|krw|dollars|shares)\b))"
)
"""No unit follows; 원고, 명의, 월요일 and the like are none."""

_GAP = r"[\s:=#|*\"'\[(>,-]{0,6}"
_LINKING = (
    r"(?:(?:is|was|are|of|number|num|no|nr|ending|on file|on record|to|as)(?![0-9A-Za-z])"
    r"|(?:은|는|이|가|을|를|번호|항목|값)(?![A-Za-z]))"
)
_SPEAKER = r"[A-Za-z가-힣]{1,12} ?[:>] {0,2}"
_YES = r"(?:sure|yes|yeah|ok|okay|of course|certainly|네|예|넵|어)[,.!]? ?"
_ITS = r"(?:it|that)(?:['’]s| is)|the number is|this is"
ANSWER = (
    r"\.?[^0-9\n\x00?.!]{0,24}+[?.!]{1,2}[ \n]{1,2}"
    rf"(?:{_SPEAKER}(?:{_YES})?(?:{_ITS})?|{_YES}(?:{_ITS})?|(?:{_ITS})) ?"
)
"""The end of a question and the beginning of its answer."""

LINK = (
    r"(?:[ \t]{0,2}\([^()\n\x00]{1,24}\))?"
    rf"(?:{_GAP}(?:{_LINKING}[.:]?{_GAP}){{0,3}}|{ANSWER})제?"
)
"""What may stand between a word and the value it names: `is`, a colon, a remark in brackets, a Korean particle, or the
end of a question and the beginning of its answer."""


def labelled(words: str, value: str) -> str:
    """A pattern of `words` and then the value, which is group 1; names of fields join words with dashes (`swift-code`)."""
    joined = re.sub("(?<=[a-z)?]) (?=[a-z(])", "[ -]", words.replace(" ?", "[ -]?"))
    return rf"(?:{joined}){LINK}({value})"


def digits_of(value: str) -> str:
    """The digits of a value, in order."""
    return "".join(character for character in value if character.isdigit())
