"""Street addresses in English: number, street and suffix, completed by city, state and ZIP code or named by a word.

Shapes follow USPS Publication 28 (suffixes, secondary units, states), with postcodes of the United Kingdom (BS 7666) and
Canada. An address of a company is an address too. Korean addresses are in `korean_places`.
"""

import re

from govern.recognizers.rule import Rule

CONTEXT = (
    r"(?a)(?=[aldrshm주거])(?:\b(?:address(?:es)?\b|(?:li(?:ves?|ving|ved)|resid(?:es?|ed|ing)|domiciled|stay(?:s|ing)?|located|home)"
    r" (?:is )?(?:at|on|in)\b|resident of\b|residence\b|mail(?:ed|ing)? to\b|ship(?:ped|ping)? to\b|deliver(?:ed|y)? to\b"
    r"|send (?:it |them )?to\b|moved (?:to|from)\b|street:)|주소|거주)"
)


def _any_of(words: str) -> str:
    """A pattern for any of the words, grouped by their first letter: a third of the time of a plain alternation."""
    grouped: dict[str, list[str]] = {}
    for word in sorted(words.split(), key=len, reverse=True):
        grouped.setdefault(word[0], []).append(word[1:])
    return "(?:" + "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in sorted(grouped.items())) + ")"


_SPELLED = "(?:One|Two|Three|Four|Five|Ten)"
_NUMBER = (
    r"(?<![0-9A-Za-z$₩€£.#-])(?<![0-9],)"
    rf"(?:[0-9]{{1,5}}(?:-[0-9]{{1,4}})?[A-Za-z]?|(?-i:{_SPELLED}(?! {_SPELLED} )))"
)
_WORD = (
    r"(?-i:[A-Z\u00C0-\u00DE\u0100-\u024F](?:[A-Za-z'.\u00DF-\u024F]|(?<=[a-z])-){0,24}"
    r"|(?:of|de|da|do|des|du|la|le|del|della|di|the|van|von|y)(?= ))"
)
_WHOLE_WORD = _WORD.replace("{0,24}", "{0,24}+")
_NAME = (
    rf"(?:(?-i:[NSEW]|[NS][EW])\.? )?(?:(?:[0-9]{{1,3}}(?:st|nd|rd|th)|{_WHOLE_WORD})(?: {_WHOLE_WORD}){{0,3}}?)"
)
_SUFFIX = (
    r"(?-i:"
    + _any_of(
        "Street Avenue Boulevard Road Lane Drive Court Circle Place Plaza Square Terrace Parkway Highway Turnpike Expressway"
        " Freeway Way Trail Loop Alley Crescent Close Mews Row Walk Park Pike Center Centre Broadway Ridge Run Crossing Point"
        " Commons Green Hill Gardens Grove Quay Wharf STREET AVENUE BOULEVARD ROAD LANE DRIVE COURT CIRCLE PLACE PLAZA SQUARE"
        " TERRACE PARKWAY HIGHWAY WAY TRAIL PARK CENTER"
    )
    + r"(?![A-Za-z])|"
    + _any_of(
        "St Av Ave Blvd Rd Ln Dr Ct Cir Pl Plz Sq Ter Terr Pkwy Hwy Tpke Expy Fwy Trl ST AVE BLVD RD LN DR CT PL PKWY HWY"
    )
    + r"(?![A-Za-z])\.?)(?: (?-i:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?)?"
)
_GAP = r"(?:,?[ \t]{0,3}+(?:\n[ \t]{0,4}+){1,2}|,[ \t]{0,3}+|[ \t]{1,4}+)"
_UNIT = (
    r"(?:(?-i:Suite|Ste|Apt|Apartment|Unit|Floor|Fl|Room|Rm|Building|Bldg|Tower"
    r"|Mail ?stop|MS|SUITE|STE|APT|UNIT|FLOOR|BOX|Box)\b\.?(?: ?#)? ?[0-9A-Za-z-]{1,8}"
    r"|# ?[0-9]{1,5}[A-Za-z]?|(?:[0-9]{1,3}(?:st|nd|rd|th)|(?-i:[A-Z][a-z]{2,10}th|First|Second|Third))"
    r" (?:floor|fl\b\.?))"
)
_STATES = (
    r"(?-i:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY]|D\.C\.|A[AEP])|"
    + _any_of(
        "Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho"
        " Illinois Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi"
        " Missouri Montana Nebraska Nevada New~Hampshire New~Jersey New~Mexico New~York North~Carolina North~Dakota"
        " Ohio Oklahoma Oregon Pennsylvania Puerto~Rico Rhode~Island South~Carolina South~Dakota Tennessee Texas Utah"
        " Vermont Virginia Washington West~Virginia Wisconsin Wyoming District~of~Columbia"
    ).replace("~", " ")
)
_ZIP = r"[0-9]{5}(?:-[0-9]{4})?(?![0-9A-Za-z]|[-,.][0-9])"
_CITY = r"(?-i:[A-Z][A-Za-z'.-]{1,20}+(?: [A-Z][A-Za-z'.-]{0,20}+){0,3}?)"
_UK = r"(?-i:[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2})(?![0-9A-Za-z])"
_PROVINCE = r"(?:[A-Z]{2}|Ontario|Quebec|British Columbia|Alberta|Manitoba|Saskatchewan|Nova Scotia)"
_CANADA = r"(?-i:[A-Z][0-9][A-Z][ -]?[0-9][A-Z][0-9])(?![0-9A-Za-z])"
_CODE = rf"(?:(?:{_STATES})\b\.?(?:,|\s|\n){{0,3}}{_ZIP}|{_UK}|(?:{_PROVINCE},? )?{_CANADA})"
_END = rf"{_CITY}(?:,? ?{_GAP}{_CODE}|, ?(?-i:{_STATES})(?![A-Za-z]))|{_CODE}"
_STREET = rf"(?:{_NUMBER} {_NAME}(?: |(?<=Broadway )){_SUFFIX}|{_NUMBER} (?:(?-i:[NSEW])\.? )?(?-i:Broadway|BROADWAY))"
_BOX = r"(?<![0-9A-Za-z])(?:P\.? ?O\.? ?Box|Post Office Box) [0-9]{1,7}"
_GATE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9]{1,5}(?:-[0-9]{1,4})?[A-Za-z]?|One|Two|Three|Four|Five|Ten|[Bb]ox|BOX)"
    r" (?:[NSEWnsew]{1,2}\.? )?[A-Z0-9\u00C0-\u024F]"
)
"""A number and a word in capitals or a further number behind it: rarer than the suffixes, which are common words."""
_UNIT_GATE = re.compile(r"Suite|Ste|Apt|Apartment|Unit|SUITE|APT|UNIT")
_REACH = (24, 220)

_LIVES = (
    r"\b(?:lives?|living|lived|resid(?:es?|ed|ing)|domiciled) at"
    r"|\b(?:home|billing|mailing|shipping|postal|street|current|residential|delivery|his|her|my|their|whose)"
    r" address(?: is| was|:| at)?"
    r"|\baddress of [^\n\x00]{1,40}? is"
)
_BARE = rf"{_NUMBER} (?:{_WORD})(?: (?:{_WORD}|[0-9]{{1,4}}(?:st|nd|rd|th)?[A-Za-z]?)){{0,5}}(?<![A-Za-z]{{5}}\.)"
_LODGING = r"(?-i:Suite|Ste|Apt|Apartment|Unit|SUITE|APT|UNIT)\b\.?(?: ?#)? ?[0-9]{1,5}[A-Za-z]?(?![0-9A-Za-z])"

RULES = (
    Rule("streets.whole", "STREET_ADDRESS", rf"(?:{_STREET}|{_BOX})(?:{_GAP}{_UNIT}){{0,2}}+{_GAP}(?:{_END})", 0.7, gate=_GATE,
         reach=_REACH, context=CONTEXT),
    Rule("streets.named", "STREET_ADDRESS", rf"(?:{_STREET}|{_BOX})(?:{_GAP}{_UNIT}){{0,2}}", 0.2, gate=_GATE, reach=_REACH,
         context=CONTEXT, needs_context=True),
    Rule("streets.unit", "STREET_ADDRESS", rf"{_BARE},?\s{{1,3}}{_LODGING}(?:{_GAP}(?:{_END}))?", 0.5, gate=_UNIT_GATE,
         reach=(96, 120), context=CONTEXT),
    Rule("streets.lives", "STREET_ADDRESS",
         rf"(?:{_LIVES})[: ]{{1,2}}({_BARE}(?:{_GAP}{_UNIT}){{0,2}}(?:{_GAP}(?:{_END}))?)", 0.6,
         gate=re.compile(r"[Ll]iv(?:e|ing)|[Rr]esid|[Aa]ddress|domiciled"), reach=(16, 200), group=1, contextual=True),
)  # fmt: skip
