r"""Parts that the recognizers of numbers share: the edges of a value, and a word followed by the value it names.

A value may touch Hangul on either side (`번호110…입니다`), never a letter or digit of its own script, so nothing starts
inside a word or a longer number. Underscores may reach a pattern as dashes.
"""

EDGE = r"(?<![0-9A-Za-z$₩€£¥])(?<![0-9][-.])(?<![*•●][-.])"
START = rf"{EDGE}(?<![$₩€£¥] )"
STOP = r"(?![0-9A-Za-z])(?![-.][0-9]|,[0-9]{3}(?![0-9])|[-.]?[*•●]| ?%)"
"""A comma may stand at either edge (rows of CSV), but no thousands group may follow."""

NOT_MONEY = (
    r"(?! ?(?:(?:원|달러|년|월|만|억|천|주|건|명(?!의)|개)(?:[원을를이은는의에도과와로씩정까으 ]|[^가-힣]|\Z)|%"
    r"|(?:won|usd|krw|dollars|shares)\b))"
)
"""No unit follows; 원고, 명의, 월요일 and the like are none."""

_GAP = r"[\s:=#|*\"'\[(>,-]{0,6}"
LINK = (
    r"(?:[ \t]{0,2}\([^()\n\x00]{1,24}\))?"
    rf"{_GAP}(?:(?:(?:is|was|are|of|number|num|no|nr|ending)(?![0-9A-Za-z])|(?:은|는|이|가|을|를|번호)(?![A-Za-z]))[.:]?{_GAP}){{0,3}}제?"
)
"""What may stand between a word and the value it names: `is`, a colon, a bracketed remark, a Korean particle."""


def labelled(words: str, value: str) -> str:
    """A pattern of `words` and then the value, which is group 1."""
    return rf"(?:{words}){LINK}({value})"


def digits_of(value: str) -> str:
    """The digits of a value, in order."""
    return "".join(character for character in value if character.isdigit())
