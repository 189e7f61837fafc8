"""Surrogates of telephone numbers, e-mail, IP and MAC addresses: in ranges that nobody is given.

A telephone number keeps the country that its digits tell: Korea, the United States and Canada, the United Kingdom; of any
other the country is one that is none. What phonenumbers holds for valid is not what is issued: it knows no more of 010 than
that eight digits follow.
"""

import ipaddress
import re
import unicodedata

from govern.draw import Draw
from govern.operators.surrogate_shape import Ending, Scheme, digits, ending, ends_in_letter, fits, number

KR_AREAS = (
    "031",
    "032",
    "033",
    "041",
    "042",
    "043",
    "044",
    "051",
    "052",
    "053",
    "054",
    "055",
    "061",
    "062",
    "063",
    "064",
)
NO_AREAS = (
    "290",
    "291",
    "292",
    "293",
    "298",
    "299",
    "390",
    "396",
    "397",
    "398",
    "399",
    "690",
    "691",
    "692",
    "693",
    "699",
)
"""Area codes of no place: those with a 9 in the middle are kept for longer numbers one day (NANPA). Of these none is
also an area of Mexico, whose numbers have the same groups."""

NO_CODES = tuple(str(tens * 10 + one) for tens in (28, 83, 89) for one in range(10))
"""Country codes of no country (ITU-T E.164, list of assigned country codes)."""

NO_NETWORK, NO_NETWORK_END = 240, 254
"""First byte of a version 4 surrogate: 240.0.0.0/4 is given to nobody (RFC 1112, 4; RFC 6890). The networks for
documentation (RFC 5737) have 768 addresses in all, so that ten thousand would share them."""

MAIL_DOMAINS: dict[Ending, tuple[str, ...]] = {
    "": ("example.com", "example.org", "example.net"), "open": ("example.org",), "closed": ("example.com", "example.net"),
    "rieul": ("mail.example", "post.example"),
}  # fmt: skip
"""Domains kept for examples (RFC 2606, 2 and 3) by how a particle sees them: 닷컴, 닷넷, 오알지, 이그잼플."""

_TOPS: dict[str, Ending] = {"com": "closed", "net": "closed", "kr": "rieul", "il": "rieul", "example": "rieul"}
_MAIL = re.compile(r"[^@\s]+@(?:example\.(?:com|org|net)|(?:mail|post)\.example)", re.IGNORECASE)


def phone(value: str, draw: Draw) -> str:
    """In a range that is not given out, of the same country where the digits tell it."""
    dialled = _dialled(value)
    end, count = ending(value), len(dialled)
    if dialled.startswith("0"):
        return _national(dialled, count, end, draw)
    if count == 10:
        return f"({draw.pick(NO_AREAS)}) {draw.between(200, 999)}-{number(draw, 4, end)}"
    if count == 11 and dialled[0] == "1":
        return f"+1 {draw.pick(NO_AREAS)}-{draw.between(200, 999)}-{number(draw, 4, end)}"
    if count == 12 and dialled[:2] == "44":
        return f"+44 4{draw.digits(3)} {number(draw, 6, end)}"
    size = min(max(count - 3, 7), 11)
    return f"+{draw.pick(NO_CODES)} {draw.digits(2)} {draw.digits(size - 6)} {number(draw, 4, end)}"


def _dialled(value: str) -> str:
    """The digits of a number without the prefix of a call abroad and the extension, if ten or so are left."""
    found = "".join(str(int(sign)) if sign.isdecimal() else " " for sign in value).split()
    joined = found[0] if found and len(found[0]) >= 7 else "".join(found)
    return joined[2:] if joined.startswith("00") and len(joined) > 11 else joined


def _national(dialled: str, count: int, end: Ending, draw: Draw) -> str:
    """Korean: a mobile number that begins 010-0 or 010-1, or a line whose exchange begins with 0; British: of 04.

    010-0000 to 010-1999 are left out of the mobile numbers, since one dials them without the 010 (Ministry of Science and
    ICT), and no exchange begins with 0 or 1. British numbers that begin 04 are reserved (Ofcom, numbering plan).
    """
    if re.match("01[016789]", dialled) and count <= 11:
        return f"010-{draw.pick('01')}{draw.digits(3)}-{number(draw, 4, end)}"
    if count == 11 and re.match("01|07[1-9]|020", dialled):
        return f"04{draw.digits(3)} {number(draw, 6, end)}"
    if count <= 9 or (count == 10 and dialled[1] == "2"):
        return f"02-0{draw.digits(2 if count <= 9 else 3)}-{number(draw, 4, end)}"
    return f"{draw.pick(KR_AREAS)}-0{draw.digits(2 if count == 10 else 3)}-{number(draw, 4, end)}"


_PHONE = re.compile(
    rf"\((?:{'|'.join(NO_AREAS)})\) [2-9][0-9]{{2}}-[0-9]{{4}}|\+1 (?:{'|'.join(NO_AREAS)})-[2-9][0-9]{{2}}-[0-9]{{4}}"
    r"|\+44 4[0-9]{3} [0-9]{6}|04[0-9]{3} [0-9]{6}"
    rf"|\+(?:{'|'.join(NO_CODES)}) [0-9]{{2}} [0-9]{{1,5}} [0-9]{{4}}"
    rf"|(?:010-[01][0-9]{{3}}|02-0[0-9]{{2,3}}|(?:{'|'.join(KR_AREAS)})-0[0-9]{{2,3}})-[0-9]{{4}}"
)


def _never_phone(text: str) -> bool:
    """In the very groups in which surrogates are written: the same digits may be a number of another country."""
    return _PHONE.fullmatch(unicodedata.normalize("NFKC", text).strip()) is not None


def email(value: str, draw: Draw) -> str:
    """A mailbox of nobody in a domain kept for examples; marks and digits of the mailbox as many as in `value`."""
    from govern.operators.surrogate_names import mailbox

    local, _, domain = value.rpartition("@")
    top = (domain or value).rsplit(".", 1)[-1]
    mark = next((sign for sign in "._-+" if sign in local.strip("._-+")), "")
    count = min(len(local) - len(local.rstrip("0123456789")), 4)
    first, second = mailbox(draw)
    end = (_TOPS.get(top, "open") if top.isascii() and top.isalpha() else ending(top)) if top else ""
    return f"{first}{mark}{second}{digits(draw, count)}@{draw.pick(MAIL_DOMAINS[end])}"


def _never_email(text: str) -> bool:
    return _MAIL.fullmatch(text.strip()) is not None


def ip_address(value: str, draw: Draw) -> str:
    """Of version 4 in 240.0.0.0/4, of version 6 in 2001:db8::/32 (RFC 3849); the length of a network's prefix stays."""
    address, mark, length = value.strip().partition("/")
    end = ending(address)
    tail = mark + length if mark and re.fullmatch("[0-9]{1,3}", length) else ""
    if ":" not in address:
        low = str(draw.between(1, 24)) + number(draw, 1, end)
        return f"{draw.between(NO_NETWORK, NO_NETWORK_END)}.{draw.between(0, 255)}.{draw.between(0, 255)}.{low}{tail}"
    sign = draw.pick("abcdef") if ends_in_letter(address) else number(draw, 1, end)
    parts = [f"{draw.between(1, 0xFFFF):x}" for _ in range(3)]
    return f"2001:db8:{parts[0]}:{parts[1]}::{parts[2]}:{draw.between(1, 0xFFF):x}{sign}{tail}"


def _never_ip(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.strip().partition("/")[0])
    except ValueError:
        return False
    if address.version == 4:
        return NO_NETWORK <= address.packed[0] <= NO_NETWORK_END
    return address.packed[:4] == b"\x20\x01\x0d\xb8"


def mac_address(value: str, draw: Draw) -> str:
    """Local and of a group: no maker's, nor one that a card gives itself (IEEE 802: its own address is of no group)."""
    sign = draw.pick("abcdef") if ends_in_letter(value) else number(draw, 1, ending(value))
    octets = [draw.pick("0123456789abcdef") + draw.pick("37bf"), *(f"{draw.between(0, 255):02x}" for _ in range(4))]
    return ":".join((*octets, draw.pick("0123456789abcdef") + sign))


TABLE = {
    "PHONE_NUMBER": Scheme(phone, _never_phone),
    "EMAIL_ADDRESS": Scheme(email, _never_email),
    "IP_ADDRESS": Scheme(ip_address, _never_ip),
    "MAC_ADDRESS": Scheme(mac_address, fits("[0-9A-F][37BF][0-9A-F]{10}")),
}
"""By entity type."""
