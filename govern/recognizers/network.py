r"""Addresses of people and machines on networks: e-mail, IP, MAC, and the user information of a URL.

Nothing is looked up: a domain counts by its form (RFC 1035, 5321, 5890), never by a list fetched from somewhere. Both
`_` and `-` match where an underscore may stand, since recognizers may see it as a dash.
"""

import ipaddress
import re

from govern.recognizers import secrets
from govern.recognizers.rule import Rule

_LATIN = r"0-9A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F"
_OTHER = r"\u0370-\u052F\u0590-\u06FF\u0900-\u0E7F\u3041-\u30FF\u4E00-\u9FFF\uAC00-\uD7A3"
_LABEL = rf"(?:[{_LATIN}](?:[{_LATIN}_-]{{0,62}}(?<![_-]))?+|[{_OTHER}][{_OTHER}0-9-]{{0,40}}(?<!-))"
_TOP = r"(?:xn--[0-9A-Za-z-]{2,59}|[A-Za-z]{2,24}(?![0-9A-Za-z_]|-[0-9A-Za-z])|한국|닷컴|닷넷|삼성)"
_DOMAIN = rf"(?:{_LABEL}\.){{1,8}}{_TOP}"
"""A label never mixes Latin with Hangul, so a particle ends it (`a@b.com으로`); Korean top levels are IANA's."""

_LOCAL = r"(?<![0-9A-Za-z_.+%&'~!#$*-])[.+%&'~!#$*-]*+([0-9A-Za-z_](?:[0-9A-Za-z_+%&'~!#$*-]|\.(?!\.)){0,127}+(?<!\.)@"
"""One attempt for each run of the characters of a mailbox (RFC 5321, 4.1.2), so that time stays linear."""

_NO_LOGIN = r"(?<!//[^\s/@]{1,150}@)"
"""What stands before the `@` of `https://user:word@host` is no mailbox."""

_SPELLED_AT = r" ?(?:[\[({<] ?(?:at|앳|골뱅이) ?[\])}>]|골뱅이) ?"
_SPELLED_DOT = r"(?: ?[\[({<] ?(?:dot|점|닷) ?[\])}>] ?| dot |\.|(?<=[A-Za-z]) ?점 ?(?=[A-Za-z]))"
_SPELLED = (
    rf"(?<![0-9A-Za-z_])[0-9A-Za-z_](?:[0-9A-Za-z_+-]|\.(?!\.)){{0,63}}+{_SPELLED_AT}"
    rf"[0-9A-Za-z](?:[0-9A-Za-z-]{{0,62}})(?:{_SPELLED_DOT}[0-9A-Za-z-]{{2,63}}){{1,4}}"
)
_SPOKEN = (
    r"(?<![0-9A-Za-z_])[0-9A-Za-z_](?:[0-9A-Za-z_+-]|\.(?!\.)){0,63}+ at [0-9A-Za-z][0-9A-Za-z-]{0,62}"
    r"(?: dot [0-9A-Za-z]{2,30}){0,2} dot (?:com|net|org|edu|gov|info|biz|io|kr|co|uk|de|jp)\b"
)

_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4 = rf"(?:{_BYTE}\.){{3}}{_BYTE}(?:/(?:3[0-2]|[12]?[0-9])(?![0-9]))?"
_V4_START, _V4_END = r"(?<![0-9A-Za-z])(?<![0-9][-.])", r"(?![0-9A-Za-z]|\.[0-9]|%| ?[항조장절목])"
_NUMBERED = (
    r"(?<!\b(?:v|ver|version|release|rev|revision|build|section|sections|sec|item|items|clause|article|paragraph|para|chapter"
    r"|figure|fig|table|exhibit|schedule|annex|appendix|note|step|firmware|software|app)\.? ?)"
    r"(?<!(?:버전|판|항|절|장|조|표|그림|별표|제) ?)"
)
"""What the four numbers of a version or a section stand after; one of three digits is neither."""

_NO_VERSION = rf"(?<![0-9A-Za-z]:)(?:(?=[0-9.]{{0,12}}[12][0-9]{{2}})|{_NUMBERED})"

_V6 = (
    r"(?<![0-9A-Za-z:.])(?=[A-Fa-f:]{0,35}[0-9])(?:[0-9A-Fa-f]{1,4}|:)(?::[0-9A-Fa-f]{0,4}){1,8}"
    r"(?:(?<=:[0-9]{1,3})(?:\.[0-9]{1,3}){3})?"
)
_V6_TAIL = r"(?:%[0-9A-Za-z]{1,16})?(?:/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))?(?![0-9A-Za-z:]|\.[0-9])"
_IP_CONTEXT = r"(?a)(?=[ihs아접서])(?:\b(?:ip(?:v[46])?|host|server)\b|아이피|접속|서버)"

_HEX = "[0-9A-Fa-f]"
_MAC = rf"(?<![0-9A-Za-z:.-]){_HEX}{{2}}([:-]){_HEX}{{2}}(?:\1{_HEX}{{2}}){{4}}(?![0-9A-Za-z]|[:-]{_HEX}{{2}})"
_MAC_DOTS = rf"(?<![0-9A-Za-z.]){_HEX}{{4}}(?:\.{_HEX}{{4}}){{2}}(?![0-9A-Za-z]|\.[0-9A-Za-z])"
_MAC_CONTEXT = r"(?a)\bmac\b|\bhardware address|맥 ?주소|물리적? ?주소|\bwi-?fi\b|bluetooth|\bdevice\b|ethernet"

_QUERY_KEYS = (
    r"(?:access|auth|refresh|id|session|bearer)?[-_]?token|api[-_]?key|apikey|client[-_]?secret|secret(?:[-_]?key)?|password|passwd"
    r"|pwd|pass|auth(?:orization)?|sig(?:nature)?|x-amz-signature|session(?:[-_]?id)?|sid|jwt|otp|code[-_]?verifier"
)


def check_v6(value: str) -> bool | None:
    """Whether it is an IPv6 address (RFC 4291) with a digit, and at least three groups or a whole first group."""
    address = value.partition("/")[0].partition("%")[0]
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return False
    groups = [group for group in address.split(":") if group]
    return None if len(groups) >= 3 or parsed.is_loopback or len(groups[0]) == 4 or "." in address else False


def check_v6_short(value: str) -> bool | None:
    """As `check_v6`, of any number of groups."""
    try:
        ipaddress.IPv6Address(value.partition("/")[0].partition("%")[0])
    except ValueError:
        return False
    return None


def check_mac(value: str) -> bool | None:
    """Whether a card can have it (IEEE 802): neither all the same nor the broadcast address, and not digits alone."""
    plain = re.sub(r"[^0-9A-Fa-f]", "", value).lower()
    return False if len(set(plain)) == 1 or (plain.isdigit() and ":" not in value) else None


def check_mac_named(value: str) -> bool | None:
    """As `check_mac`, digits alone too."""
    return False if len(set(re.sub(r"[^0-9A-Fa-f]", "", value).lower())) == 1 else None


def check_secret(value: str) -> bool | None:
    """Whether the value of a query is a secret and no placeholder."""
    return False if secrets.PLACEHOLDER.search(value) or len(set(value)) < 4 else None


_COLON_GATE = re.compile(rf":{_HEX}{{0,4}}:")
_MAC_GATE = re.compile(
    rf"[:.-](?:(?<={_HEX}{{2}}[:-]){_HEX}{{2}}[:-]{_HEX}{{2}}|(?<={_HEX}{{4}}\.){_HEX}{{4}}\.{_HEX}{{4}})"
)
_REACH = (52, 53)
"""Up to four digits before the first sign of an address, and its last group, are no part of what its gate matches."""

RULES: tuple[Rule, ...] = (
    *secrets.RULES,
    Rule("network.email", "EMAIL_ADDRESS", rf"{_LOCAL}{_NO_LOGIN}{_DOMAIN})", 0.8, gate="at", reach=(160, 254),
         context=r"e-?mail|메일", group=1),
    Rule("network.email_spelled", "EMAIL_ADDRESS", _SPELLED, 0.6, gate=re.compile(r"[\[({<] ?(?:at|AT|앳) ?[\])}>]|골뱅이"),
         reach=(80, 160), context=r"e-?mail|메일"),
    Rule("network.email_spelled", "EMAIL_ADDRESS", _SPOKEN, 0.6, gate=re.compile(r" (?:dot|DOT) "), reach=(160, 80),
         context=r"e-?mail|메일"),
    Rule("network.ip", "IP_ADDRESS", rf"{_V4_START}{_NO_VERSION}{_V4}{_V4_END}", 0.6, gate="address",
         context=_IP_CONTEXT),
    Rule("network.ip", "IP_ADDRESS", rf"{_V4_START}{_V4}{_V4_END}", 0.3, gate="address",
         context=_IP_CONTEXT, needs_context=True),
    Rule("network.ip", "IP_ADDRESS", rf"(?<![0-9A-Za-z_)\]]\[){_V6}{_V6_TAIL}", 0.6, gate=_COLON_GATE,
         reach=_REACH, check=check_v6, context=_IP_CONTEXT),
    Rule("network.ip", "IP_ADDRESS", rf"{_V6}{_V6_TAIL}", 0.3, gate=_COLON_GATE, reach=_REACH, check=check_v6_short,
         context=_IP_CONTEXT, needs_context=True),
    Rule("network.mac", "MAC_ADDRESS", rf"{_MAC}|{_MAC_DOTS}", 0.6, gate=_MAC_GATE, reach=_REACH, check=check_mac,
         context=_MAC_CONTEXT),
    Rule("network.mac", "MAC_ADDRESS", rf"{_MAC}|{_MAC_DOTS}|(?<![0-9A-Za-z]){_HEX}{{12}}(?![0-9A-Za-z])", 0.3,
         gate=re.compile(r"(?<![A-Za-z])[Mm][Aa][Cc](?![A-Za-z])|맥 ?주소|물리적? ?주소"), reach=(80, 80),
         check=check_mac_named,
         context=r"(?a)\bmac(?: ?(?:address|id|주소)|\b ?[:=#])|맥 ?주소|물리적? ?주소", needs_context=True),
    Rule("network.login", "URL_CREDENTIAL",
         r"(?<![0-9A-Za-z])[a-z][a-z0-9+.-]{1,20}://([^\s/?#@:\x00]{0,128}:[^\s/?#\x00]{1,128})@", 0.9,
         gate=re.compile("://"), reach=(24, 320), group=1, contextual=True),
    Rule("network.login", "URL_CREDENTIAL", r"(?<![0-9A-Za-z])[a-z][a-z0-9+.-]{1,20}://([0-9A-Za-z_-]{16,128})@", 0.8,
         gate=re.compile("://"), reach=(24, 320), check=check_secret, group=1, contextual=True),
    Rule("network.query", "URL_CREDENTIAL", rf"[?&;#](?:{_QUERY_KEYS})=([^\s&#\"'<>`|)\]\x00]{{6,1024}})", 0.8,
         gate=re.compile(r"[?&;#][A-Za-z_-]{2,24}="), reach=(4, 1056), check=check_secret, group=1, contextual=True),
)  # fmt: skip
