"""Numbers of filings, dockets and court cases, and references to statutes and accounting standards.

Sources: EDGAR Filer Manual (accession, CIK and file numbers), Financial Supervisory Service DART (접수번호), Supreme Court
of Korea rule on the marks of cases (사건부호), Paperwork Reduction Act (OMB control numbers), ISO 2108 (ISBN), ISO 3297
(ISSN), the Bluebook's forms of citation.

A case number of a two-digit year looks like a vehicle plate (98다1234), so it stands right after the word of a court (선고,
법원) or before one (판결, 결정). Words such as case, section and item also stand before telephone and card numbers, so what
follows them has the few digits of a reference, or a letter.
"""

import calendar

from stdnum import isbn, issn

from govern.recognizers.rule import Rule

START, STOP = r"(?<![0-9A-Za-z]|[0-9A-Za-z][-.])", r"(?![0-9A-Za-z]|[-.][0-9])"
EDGES = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z]|-[0-9])"

MARKS = (
    "가[합단소]|[나다라마그바카자차머러파과인정]|카[합단기공불담확경명조구허후]|타[경채기배]|차전|"
    "고[합단정약]|[노도로모보오초]|초[기재보]|감[고노도]|전[고노도]|형제|구[합단]?|[누두루무부사아허후흐히]|"
    "드[합단]?|[르므브스으즈느호회하비]|[느즈회하비][합단]|호파|하면|개[회보확]|간회[합단]|재(?:가[합단]|[나다누두노도])|헌[가나다라마바사아]"
)
"""Marks of cases: civil, criminal, administrative, family, insolvency, constitutional."""

COURT = r"선고|판결|결정|명령|사건|법원|심판|전원합의체|공보|참조|재판|소송|항소|상고|원심|판례|병합"

_OLD_CASE = rf"(?<![0-9A-Za-z])[4-9][0-9](?:{MARKS})[0-9]{{1,7}}(?![0-9])"
_RULED = r"(?=(?:\(병합\))? ?(?:(?:전원합의체|호) ?)?(?:판결|결정|명령|사건|심판))"

_PART = r"(?:조(?:의[0-9]{1,3})?|항|호(?:의[0-9]{1,3})?|목|편|장|절|관)"
_DOTTED = r"[0-9]{1,4}[A-Z]{0,2}[0-9]?(?:\.[0-9]{1,4}[A-Z]{0,2}){0,2}+"
_NUMBER = rf"{_DOTTED}(?:-[0-9]{{1,2}}[A-Z]?(?![0-9]))?+(?:\([0-9A-Z]{{1,4}}\)){{0,5}}+"
_NUMBERS = rf"{_NUMBER}(?:(?:,? (?:and|or|through|to|&) |, | - ){_NUMBER}){{0,6}}+(?![0-9A-Z]|[-.][0-9])"
_REPORTS = r"(?:U\.? ?S\.? ?C\.?|C\.? ?F\.? ?R\.?|Fed\. ?Reg\.|FR|Stat\.|U\.S\.|F\.(?: ?[23]d| ?Supp\.(?: ?[23]d)?)?|S\. ?Ct\.)"
_STANDARDS = r"(?:ASC|ASU|SFAS|FAS|FASB|K-IFRS|IFRS|IAS|IFRIC|FIN|EITF|SAB)(?: (?:topic|subtopic|no\.|statement))?"


def check_isbn(value: str) -> bool:
    """Whether the check digit of ISO 2108 holds."""
    return bool(isbn.is_valid(value))


def check_issn(value: str) -> bool:
    """Whether the check digit of ISO 3297 holds."""
    return bool(issn.is_valid(value))


def check_received(value: str) -> bool | None:
    """None where a DART receipt number begins with a day, the one it was received on."""
    year, month, day = int(value[:4]), int(value[4:6]), int(value[6:8])
    return None if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1] else False


def _named(name: str, words: str, value: str) -> Rule:
    """A number right after the word for it."""
    link = r"[\s:#.=()\"'<>]{0,4}+(?:(?:nos?|numbers?|은|는)(?![A-Za-z])[\s.:]{0,3}+)?"
    return Rule(name, "FILING", rf"(?:{words}){link}({value}){STOP}", 1.0, group=1, contextual=True)


def _filing(name: str, pattern: str, language: str | None = None) -> Rule:
    return Rule(name, "FILING", pattern, 0.8, language=language)


def _statute(pattern: str, language: str | None = None) -> Rule:
    return Rule("financial.statute", "STATUTE", pattern, 1.0, contextual=True, language=language)


RULES = (
    _filing("financial.accession", rf"{START}[0-9]{{10}}-[0-9]{{2}}-[0-9]{{6}}{STOP}"),
    _filing("financial.accession", rf"{EDGES[0]}000[0-9]{{7}}(?:9[3-9]|[0-4][0-9])[0-9]{{6}}{EDGES[1]}"),
    _named("financial.cik", r"\bCIK|central index key", r"[0-9]{3,10}"),
    _filing("financial.file", rf"{START}(?:00[01]|333|811|814)-[0-9]{{5,6}}(?:-[0-9]{{2}})?{STOP}"),
    _named("financial.file", r"\b(?:commission|SEC|film|file)(?: file)?", r"[0-9]{1,3}-[0-9]{5,6}(?:-[0-9]{2})?"),
    _named("financial.film", r"\bfilm", r"[0-9]{8,9}"),
    _named("financial.dart", r"접수 ?번호|rcp-?no", r"20[0-9]{12}"),
    Rule(
        "financial.dart", "FILING", rf"{EDGES[0]}20[0-9]{{6}}00[0-9]{{4}}{EDGES[1]}", 0.5, check=check_received,
    ),
    _named(
        "financial.docket",
        r"\b(?:dockets?|case|civil action|release|SR|RIN|order)",
        r"(?=[0-9:]{0,6}-?[A-Z])(?:[A-Z]{1,5}-)?[0-9A-Z]{1,6}(?:[:-][0-9A-Z]{1,6}){1,4}|[0-9]{2}-[0-9]{3,5}",
    ),
    _named("financial.omb", r"\b(?:OMB(?: control)?|control number)", r"[0-9]{4}-[0-9]{4}"),
    Rule(
        "financial.isbn", "FILING", rf"{START}97[89][- ]?(?:[0-9][- ]?){{9}}[0-9]{STOP}", 0.8, check=check_isbn,
        context=r"ISBN|도서번호",
    ),
    Rule(
        "financial.isbn", "FILING", r"ISBN[- :]{0,3}(?:10[: ]{1,2})?((?:[0-9][- ]?){9}[0-9X])(?![0-9A-Za-z])", 0.8, group=1,
        check=check_isbn, contextual=True,
    ),
    Rule(
        "financial.issn", "FILING", rf"{START}[0-9]{{4}}-[0-9]{{3}}[0-9X]{STOP}", 0.8, check=check_issn, context="ISSN",
        needs_context=True,
    ),
    Rule(
        "financial.case", "FILING", rf"{EDGES[0]}(?:19|20)[0-9]{{2}} ?(?:{MARKS}) ?[0-9]{{1,7}}(?:-[0-9]{{1,3}})?(?![0-9])",
        0.8, context=COURT, language="ko",
    ),
    Rule(
        "financial.case", "FILING", rf"(?<=(?:선고|고지|[0-9]\. ?자|법원|재판소) ?){_OLD_CASE}|{_OLD_CASE}{_RULED}", 0.8,
        contextual=True, language="ko",
    ),
    _filing(
        "financial.notice",
        r"(?<!(?:번호|면허|여권|증권?|계약|계좌)[ :은는]{0,3})제 ?"
        r"(?:(?:19|20)[0-9]{2}-[0-9]{1,5}(?:-[0-9]{1,5})?|[0-9]{2}-[0-9]{1,5}) ?호",
        "ko",
    ),
    _statute(rf"제 ?[0-9]{{1,4}} ?{_PART}(?:의[0-9]{{1,3}})?(?: ?제 ?[0-9]{{1,4}} ?{_PART}){{0,4}}+", "ko"),
    _statute(r"(?:법률|령|규칙|조례|고시|훈령|예규|규정|공고|조약) ?제? ?[0-9][0-9-]{0,12} ?호", "ko"),
    _statute(rf"\b(?:sections?|sec\.|rules?|articles?|items?|parts?|paragraphs?) ?{_NUMBERS}"),
    _statute(rf"§{{1,2}} ?{_NUMBERS}"),
    _statute(
        rf"\b[0-9]{{1,3}} ?{_REPORTS} ?(?:§{{1,2}} ?|parts? |sections? )?(?:[0-9]{{1,3}},[0-9]{{3}}|{_NUMBERS})"
    ),
    _statute(r"\b(?:pub(?:lic|\.) ?(?:law|l\.)|P\.L\.)(?: no\.?)? ?[0-9]{2,3}-[0-9]{1,4}"),
    _statute(rf"\b{_STANDARDS}[ -]?제?[0-9]{{1,4}}(?:-[0-9]{{1,3}}){{0,4}}호?"),
)  # fmt: skip
