"""English names by rule: after a title, in a field, under a letter, after a signature mark, or from lists of given names.

Not a substitute for a name model: a name with no title, field or common given name is missed. Company and place names
that look like names are left by lists. Every pattern is bounded, so time is linear in the text.
"""

import re
from collections.abc import Iterable, Iterator

from govern.recognizers.rule import Hit
from govern.recognizers.words import lines, words

_LETTERS = "a-zß-öø-ÿā-ž"
_CAPITAL = "A-ZÀ-ÖØ-ÞŠŽĆČĐŁŚŻŐ"
_TOKEN = (
    rf"(?:O['’]|D['’]|Mc|Mac|De|Di|La|Le)?[{_CAPITAL}][{_LETTERS}]{{1,20}}"
    rf"(?:['’-][{_CAPITAL}][{_LETTERS}]{{1,20}}|-[a-z]{{2,7}})?"
)
_UPPER = rf"[{_CAPITAL}]{{2,20}}(?:['’-][{_CAPITAL}]{{2,20}})?"
_PARTICLE = r"(?:van der|van den|van|von|de la|de|del|der|bin|al|el|la|dos|da)"
_INITIAL = rf"[{_CAPITAL}]\.?(?![\w'’])"
_INITIALS_BEFORE = rf"(?:{_INITIAL} {{0,2}}){{0,3}}"
_LINK = rf" {{1,2}}(?:{_INITIAL} {{0,2}}){{0,2}}(?:{_PARTICLE} )?"
_NAME = rf"{_INITIALS_BEFORE}(?:{_TOKEN})(?:{_LINK}(?:{_TOKEN})){{0,3}}"
_FIELD_NAME = rf"(?:{_NAME}|(?:{_UPPER})(?: {{1,2}}{_INITIAL})?(?: {{1,2}}(?:{_UPPER})){{1,3}})"

_TITLE = re.compile(
    rf"(?:Mrs|Mr|Ms|Miss|Mx|Dr|Professor|Prof|Sir|Messrs|MRS|MR|MS|DR)\b\.?\s{{1,2}}"
    rf"({_INITIALS_BEFORE}(?:{_TOKEN})(?: ?{_LINK}(?:{_TOKEN})){{0,3}}|(?:{_UPPER})(?: {{1,3}}(?:{_UPPER})){{0,2}})"
)
_OFFICE = re.compile(
    rf"(?:Chairman|Chairwoman|Chair|Governor|Senator|Congressman|Congresswoman|Ambassador|Judge|(?<!of )Justice|Secretary"
    rf"|President) ({_NAME})"
)
LABELS = frozenset(
    f"{kind}name"
    for kind in (
        "", "full ", "customer ", "client ", "account ", "account holder ", "contact ", "cardholder ", "borrower ",
        "guarantor ", "employee ", "applicant ", "first ", "last ", "beneficiary ", "patient ", "insured ", "legal ", "sender ",
        "recipient ", "payee ", "payer ", "agent ", "advisor ",
        "adviser ", "spouse ", "maiden ", "printed ", "buyer ", "seller ",
        "co borrower ", "user ",
    )
) | {
    "customer", "client", "borrower", "co borrower", "guarantor", "cardholder", "account holder", "applicant", "co applicant",
    "insured", "policyholder", "beneficiary", "payee", "payer", "sender", "recipient", "agent", "representative", "adviser",
    "advisor", "analyst", "relationship manager", "loan officer", "prepared by", "reviewed by", "approved by", "signed by",
    "signed", "signature", "attn", "attention", "contact", "contact person", "complainant", "caller", "employee", "manager",
    "officer", "trustee", "spouse", "author", "assigned to", "handled by", "from", "to", "cc", "by",
}  # fmt: skip
FIRMS = frozenset({
    "holder", "joint holder", "co holder", "owner", "beneficial owner", "director", "executor", "nominee", "claimant",
    "witness", "tenant", "landlord", "attorney", "remitter", "signatory", "authorised signatory", "authorized signatory",
    "case handler", "teller", "underwriter", "name on account", "name on card", "drawer",
})  # fmt: skip
"""Labels after which a company may stand as well: the name must look like a person's."""

SPEAKERS = frozenset({"agent", "customer", "client", "representative", "caller", "from", "to", "cc", "by"})
"""Labels after which anything may stand, as in a chat: the name must look like one."""

_NOT_PERSON = frozenset({
    "company", "conformed", "firm", "organization", "organisation", "file", "product", "domain", "host", "brand", "trade",
    "fund", "issuer", "field", "column",
})  # fmt: skip
_SEPARATOR = re.compile(rf"[*\"']{{0,3}}[ \t]?[:=|][*\"']{{0,3}}\s{{0,3}}[\"']?(?=[{_CAPITAL}])")
_BEFORE = re.compile(r"[A-Za-z-]+(?: [A-Za-z-]+){0,3}\Z")
_LABEL_REACH = 40
"""How far before a separator a label may begin, in characters."""

_LETTER = re.compile(
    rf"(?:Dear|Hello|Hi|Hey) ({_NAME})(?=[,:!.\n-]|$)"
    rf"|(?:Sincerely|[Rr]egards|wishes|Respectfully|[Ff]aithfully|[Tt]ruly|Thanks|Thank you|Cheers)(?: yours)?"
    rf"[,.]?\s{{0,2}}\n\s{{0,3}}({_FIELD_NAME})"
    rf"|/s/\s{{0,3}}({_FIELD_NAME})"
    rf"|(?:[Mm]y name is|[Nn]ame's|[Nn]amed) ({_NAME})"
)
_SPEAKER = re.compile(
    rf"\n[ \t]*(?:\[[^\]\n\x00]{{0,20}}\][ \t]*)?((?:{_TOKEN})(?:{_LINK}(?:{_TOKEN})){{1,2}})[ \t]?[:>](?=\s)"
)
_ADDRESSED = re.compile(rf"({_FIELD_NAME}(?:, {_FIELD_NAME})?)[\"']? {{1,2}}[<\[(](?:mailto:)?[\w.+-]{{1,64}}@")
"""The name that an e-mail address is shown with, in a header."""

_REVERSED = re.compile(rf"(?<![\w@.'’-])({_TOKEN}), (?=({_TOKEN})(?![\w@]| [{_CAPITAL}]))")
_ROMANISED = re.compile(
    r"(?<![\w@.'’-])(?:Kim|Lee|Park|Choi|Jung|Jeong|Chung|Kang|Cho|Jo|Yoon|Yun|Jang|Chang|Lim|Im|Han|Oh|Seo|Suh|Shin|Kwon"
    r"|Hwang|Ahn|An|Song|Ryu|Yoo|You|Hong|Ko|Koh|Moon|Yang|Son|Sohn|Bae|Baek|Paik|Heo|Huh|Nam|Noh|Roh|Ha|Joo|Woo|Koo|Min|Jin"
    r"|Na|Namgoong|Hwangbo) [A-Z][a-z]{1,6}-[A-Za-z][a-z]{1,6}(?![\w-])"
)
_INITIALS = re.compile(rf"(?<![\w@.])(?:[{_CAPITAL}]\. ?){{1,2}}((?:V[ao]n (?:[Dd]er )?|De )?{_TOKEN})(?![\w@])")
_SEQUENCE = re.compile(rf"(?<![\w@.'’-])(?:{_TOKEN})(?:{_LINK}(?:{_TOKEN})){{1,4}}(?![\w@])")
_PIECE = re.compile(rf"(?:{_TOKEN})|(?:{_UPPER})|(?:{_INITIAL})|(?:{_PARTICLE})\b")
_SINGLE = re.compile(
    rf"(?<![\w@.'’/&-])[{_CAPITAL}][{_LETTERS}]{{2,12}}"
    rf"(?![\w@&/]| ?[{_CAPITAL}&]|[.-]\w|['’][{_LETTERS}]{{2}})"
)
_BESIDE = re.compile(rf"(?:[{_CAPITAL}][\w.'’-]*|&|\bof|\bat|\bin|[Tt]he) \Z")
VALUE = re.compile(_FIELD_NAME)
_ONE_INITIAL = re.compile(rf"(?<![\w.])[{_CAPITAL}]\.? {{1,2}}\Z")
_WORD = re.compile(rf"[{_CAPITAL}][\w'’-]*\w")


def find(text: str) -> Iterator[Hit]:
    """Every name found by rule, unsorted; spans hold the name alone, without its title."""
    for pattern, score, name in ((_TITLE, 0.85, "names.en.title"), (_OFFICE, 0.6, "names.en.office")):
        for match in pattern.finditer(text):
            if not text[match.start() - 1 : match.start()].isalnum():
                yield from _hit(text, match.start(1), match.end(1), score, name)
    for match in _SEPARATOR.finditer(text):
        label = _label(text, match.start())
        value = VALUE.match(text, match.end()) if label else None
        if value is not None and ((label not in SPEAKERS and label not in FIRMS) or likely(value[0])):
            yield from _hit(text, value.start(), value.end(), 0.8, "names.en.field", alone=False)
    for match in _LETTER.finditer(text):
        group = match.lastindex or 0
        if text[match.start() - 1 : match.start()].isalnum():
            continue
        yield from _hit(text, match.start(group), match.end(group), 0.8, "names.en.letter")
    for match in _SPEAKER.finditer("\n" + text):
        if likely(match[1]):
            yield from _hit(text, match.start(1) - 1, match.end(1) - 1, 0.6, "names.en.speaker")
    for match in _ADDRESSED.finditer(text) if "@" in text else ():
        if not text[match.start() - 1 : match.start()].isalnum() and _shown(match[1]):
            yield from _hit(text, match.start(1), match.end(1), 0.7, "names.en.address", alone=False)
    for match in _ROMANISED.finditer(text):
        yield Hit(match.start(), match.end(), "PERSON", 0.6, "names.en.list")
    for match in _INITIALS.finditer(text):
        if (" " in match[1] or match[1] in family_names()) and not is_company(text, match.start(), match.end()):
            yield Hit(match.start(), match.end(), "PERSON", 0.5, "names.en.list")
    for match in _REVERSED.finditer(text):
        if match[2] in words("given_en") and _opens(text, match.start(), match[1]):
            yield Hit(match.start(1), match.end(2), "PERSON", 0.6, "names.en.list")
    for match in _SEQUENCE.finditer(text):
        yield from _listed(text, match.start(), match.end())
    yield from _alone(text)


def mentions(text: str, names: Iterable[str]) -> Iterator[Hit]:
    """Where `names` stand again, whole, or by the family or given name alone where that is no common word of the text."""
    whole = {name for name in names if name[:1].isascii() or name[:1].isalpha()}
    first: dict[str, list[str]] = {}
    for name in sorted(whole, key=len, reverse=True):
        opening = _WORD.match(name)
        if opening is not None:
            first.setdefault(opening[0], []).append(name)
    if not first:
        return
    common = set(re.findall(r"(?<![\w-])[a-z]{4,}", text))
    surnames = {
        part
        for parts in (name.split() for name in whole)
        if len(parts) > 1
        for part in (parts[-1], parts[0])
        if len(part) >= 4 and part.lower() not in common and not stops(part)
    }
    initials: dict[str, frozenset[str]] = {}
    for parts in (name.split() for name in whole):
        if len(parts) > 1:
            initials[parts[-1]] = initials.get(parts[-1], frozenset()) | {parts[0][0]}
    for match in _WORD.finditer(text):
        for name in first.get(match[0], ()):
            end = match.start() + len(name)
            if text.startswith(name, match.start()) and not text[end : end + 1].isalnum():
                if " " not in name and is_company(text, match.start(), end):
                    continue
                yield Hit(match.start(), end, "PERSON", 0.55, "names.en.mention")
                break
        else:
            if is_company(text, match.start(), match.end()):
                continue
            if match[0] in surnames or match[0].removesuffix("'s").removesuffix("’s") in surnames:
                end = match.end() - (0 if match[0] in surnames else 2)
                start = _after_initial(text, match.start(), initials.get(text[match.start() : end], frozenset()))
                yield Hit(start, end, "PERSON", 0.5, "names.en.surname")


def _after_initial(text: str, start: int, initials: frozenset[str]) -> int:
    """Where a family name begins with the initial of one of its persons before it: `J. Smith`."""
    before = _ONE_INITIAL.search(text, max(0, start - 4), start)
    return before.start() if before is not None and before[0][0] in initials else start


def _label(text: str, end: int) -> str:
    """The label of a person's name that ends at `end`, or nothing."""
    before = _BEFORE.search(text, max(0, end - _LABEL_REACH), end)
    if before is None:
        return ""
    parts = before[0].lower().replace("-", " ").split(" ")
    for count in (3, 2, 1):
        label = " ".join(parts[-count:])
        if len(parts) >= count and (label in LABELS or label in FIRMS):
            return label if len(parts) == count or parts[-count - 1] not in _NOT_PERSON else ""
    return ""


def family_names() -> frozenset[str]:
    """Usual family names, also those that are given names or other words."""
    return words("surnames_en") | words("surnames_only_en")


def _shown(name: str) -> bool:
    """Whether what an address is shown with is no department or company."""
    companies = words("companies_en") - family_names()
    return not any(stops(word) or companies & {word, word.capitalize()} for word in _WORD.findall(name))


def likely(name: str) -> bool:
    """Whether the first word is a given name or the last a surname."""
    parts = name.split()
    return parts[0] in words("given_en") | words("ambiguous_en") or parts[-1] in family_names()


def _opens(text: str, start: int, word: str) -> bool:
    """Whether a word that is no other known one stands at the start of a line or value."""
    before = text[max(0, start - 4) : start]
    if before.endswith((" to ", " of ")) or not before:
        return word in family_names()
    return not stops(word) and before.endswith(("\n", ": ", ":\t", "|"))


def stops(word: str) -> bool:
    """Whether no English name has this word."""
    return word in words("not_names_en") or word.capitalize() in words("not_names_en")


def _pieces(text: str, start: int, end: int) -> list[re.Match[str]]:
    """The words of a name up to the first that cannot be one; no initial or particle at the end."""
    kept: list[re.Match[str]] = []
    for piece in _PIECE.finditer(text, start, end):
        if stops(piece[0]):
            break
        kept.append(piece)
    while kept and (len(kept[-1][0].rstrip(".")) < 2 or kept[-1][0].islower()):
        kept.pop()
    return kept


def _hit(text: str, start: int, end: int, score: float, name: str, *, alone: bool = True) -> Iterator[Hit]:
    pieces = _pieces(text, start, end)
    if not pieces or (not alone and len(pieces) < 2 and pieces[0][0] not in words("given_en")):
        return
    if pieces[0].start() != start or is_company(text, start, pieces[-1].end()):
        return
    yield Hit(start, pieces[-1].end(), "PERSON", score, name)


def is_company(text: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` is a company or place that is called like a person, by what follows it."""
    following = _WORD.match(text, end + 1) if text[end : end + 1] in " ," else None
    if following is not None and {following[0], following[0].capitalize()} & words("companies_en"):
        return True
    if (
        text[max(0, start - 4) : start] == "St. "
        or text[end : end + 2] == " &"
        or text[max(0, start - 2) : start] == "& "
    ):
        return True
    found = text[start:end].replace(".", "")
    return found.startswith(lines("not_person_en"))


def _listed(text: str, start: int, end: int) -> Iterator[Hit]:
    given, ambiguous, surnames = words("given_en"), words("ambiguous_en"), words("surnames_en")
    pieces = list(_PIECE.finditer(text, start, end))
    for index, piece in enumerate(pieces[:-1]):
        word = piece[0]
        if word not in given and word not in ambiguous:
            continue
        kept = _pieces(text, piece.start(), end)
        if len(kept) < 2 or kept[0].start() != piece.start():
            continue
        if word in ambiguous and kept[-1][0] not in surnames and kept[1][0] not in surnames:
            continue
        if index and pieces[index - 1][0] in surnames and pieces[index - 1][0] not in given:
            continue
        stop = kept[min(len(kept), 4) - 1].end()
        if not is_company(text, piece.start(), stop):
            yield Hit(piece.start(), stop, "PERSON", 0.6, "names.en.list")
        return
    yield from _by_surname(text, pieces)


def _by_surname(text: str, pieces: list[re.Match[str]]) -> Iterator[Hit]:
    """An unknown word and a common surname that is no other word, and nothing else: `Anshu Gupta`."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) != 2 or last[0] not in words("surnames_only_en") or stops(first[0]) or len(first[0]) < 3:
        return
    if not is_company(text, first.start(), last.end()):
        yield Hit(first.start(), last.end(), "PERSON", 0.45, "names.en.surname")


def _alone(text: str) -> Iterator[Hit]:
    """A common given name with no capitalised word beside it."""
    given = words("given_en") - words("ambiguous_en")
    for match in _SINGLE.finditer(text):
        if match[0] in given and not _BESIDE.search(text, max(0, match.start() - 24), match.start()):
            yield Hit(match.start(), match.end(), "PERSON", 0.45, "names.en.given")
