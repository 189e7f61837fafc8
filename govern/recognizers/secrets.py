"""Secrets: API keys and tokens of well-known formats, private keys, passwords, and wallets of further crypto currencies.

Formats are as the issuers publish them (secret-scanning pages of AWS, GitHub, Slack, Stripe, Google, …; RFC 7519 for JSON
Web Tokens; RFC 7468 for PEM). `_` and `-` match where an underscore may stand.
"""

import hashlib
import math
import re
from collections import Counter

from govern.recognizers.rule import Rule

_EDGE, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_W = "[0-9A-Za-z_-]"
_FORMATS = (
    r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA)[A-Z2-7]{16}",  # AWS
    r"gh[pousr][_-][0-9A-Za-z]{36,255}",  # GitHub
    rf"github[_-]pat[_-][0-9A-Za-z]{{22}}[_-][0-9A-Za-z]{{59}}|glpat-{_W}{{20,64}}",  # GitHub, GitLab
    r"xox[abeoprs]-[0-9A-Za-z-]{10,250}|xapp-[0-9]-[0-9A-Za-z-]{20,250}",  # Slack
    r"(?:sk|rk|pk|whsec)[_-](?:(?:live|test|prod)[_-])?[0-9A-Za-z]{24,250}",  # Stripe
    r"(?:live|test)[_-](?:g?[sc]k|sk)[_-][0-9A-Za-z]{20,80}",  # Toss Payments
    rf"AIza{_W}{{35}}|ya29\.{_W}{{20,250}}|GOCSPX-{_W}{{28}}",  # Google
    rf"sk-ant-{_W}{{20,250}}|sk-(?:proj-|svcacct-|admin-)?{_W}{{20,250}}",  # Anthropic, OpenAI
    r"npm[_-][0-9A-Za-z]{36}|pypi-[0-9A-Za-z_-]{50,250}|hf[_-][A-Za-z0-9]{34}",  # npm, PyPI, Hugging Face
    rf"SG\.{_W}{{22}}\.{_W}{{43}}|(?:SK|AC)[0-9a-f]{{32}}",  # SendGrid, Twilio
    r"dop[_-]v1[_-][0-9a-f]{64}|shp(?:at|ca|pa|ss)[_-][0-9a-fA-F]{32}|sq0(?:atp|csp)-[0-9A-Za-z_-]{22,43}",  # others
    rf"[0-9]{{8,10}}:AA{_W}{{33}}|[MNO]{_W}{{23,27}}\.{_W}{{6}}\.{_W}{{27,40}}",  # Telegram, Discord
    r"AGE-SECRET-KEY-1[02-9A-HJ-NP-Z]{58}|ATATT3[0-9A-Za-z_=-]{50,250}",  # age, Atlassian
    rf"dapi[0-9a-f]{{32}}(?:-[0-9])?|dp\.(?:pt|st|ct|sa)\.{_W}{{40,80}}",  # Databricks, Doppler
    rf"EAA[0-9A-Za-z]{{30,250}}|EAAA{_W}{{40,80}}|figd[_-]{_W}{{40,60}}",  # Facebook, Square, Figma
    r"gl(?:sa|c)[_-][0-9A-Za-z_=+/-]{32,250}|gsk[_-][0-9A-Za-z]{40,60}",  # Grafana, Groq
    r"lin[_-]api[_-][0-9A-Za-z]{32,48}|key-[0-9a-f]{32}|NRAK-[0-9A-Z]{27}",  # Linear, Mailgun, New Relic
    rf"(?:ntn|secret)[_-][0-9A-Za-z]{{40,50}}|hv[sbr]\.{_W}{{24,250}}",  # Notion, Vault
    r"access[_-]token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}",  # Braintree
    rf"pscale[_-](?:tkn|pw|oauth)[_-]{_W}{{32,64}}",  # PlanetScale
    r"hooks\.slack\.com/services/T[0-9A-Z]{8,12}/B[0-9A-Z]{8,12}/[0-9A-Za-z]{24}",  # Slack
    rf"eyJ{_W}{{10,2000}}\.eyJ{_W}{{10,4000}}\.{_W}{{10,1000}}",  # JSON Web Token
)
_PREFIXES = re.compile(
    r"AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA|gh[pousr][_-]|github[_-]pat|glpat-|xox[abeoprs]-|xapp-|[srp]k[_-]|whsec"
    r"|(?:live|test)[_-]g?[sc]k|AIza|ya29\.|GOCSPX|npm[_-]|pypi-|hf[_-]|SG\.|(?:SK|AC)[0-9a-f]{32}|dop[_-]v1|shp(?:at|ca|pa|ss)|sq0|:AA|eyJ"
    r"|AGE-SECRET|ATATT3|dapi[0-9a-f]|dp\.[psc]|EAA|figd|gl(?:sa|c)[_-]|gsk[_-]|lin[_-]api|key-[0-9a-f]|NRAK|ntn[_-]|secret[_-]"
    r"|access[_-]token\$|pscale|hv[sbr]\.|hooks\.slack|[MNO][0-9A-Za-z_-]{23,27}\."
)
_PEM = (
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[0-9A-Za-z+/=:,. \t\r\n\\-]{0,8000}?"
    r"-----END [A-Z0-9 ]{0,40}KEY(?: BLOCK)?-----"
)

_KEY_WORDS = (
    r"api[ _-]?(?:secret[ _-]?)?key|apikey|secret(?:[ _-]?(?:access[ _-]?)?key)?|client[ _-]?secret|access[ _-]?(?:key|token)"
    r"|(?:auth|bearer|refresh)[ _-]?token|private[ _-]?key|account[ _-]?key|(?:API|시크릿|비밀|인증|액세스) ?(?:키|토큰)"
)
_LOGIN_WORDS = r"pass ?words?|passwd|pass ?phrase|\bpwd\b|\bpw\b|비밀 ?번호|패스 ?워드|\b비번|암호"
_IS = r"[\"'*`]{0,2}[ \t]{0,3}(?:=>|:=|=|:|\bis\b|은|는)[ \t]{0,3}[\"'*`]{0,2}"

PLACEHOLDER = re.compile(
    r"^[<{\[$%*]|\{\{|\$\{|\*{3}|(?:^|[-_.])(?:your|my|the|example|sample|placeholder|changeme|redacted|todo|none|null|true|false"
    r"|undefined|required|string|token|secret|password|value|here)(?=[-_.]|$)|^[xX.•●-]+$|[(){}<>\[\]]|^(?:process|os|env|config|self)\.",
    re.IGNORECASE,
)
"""What stands in documentation where a secret belongs."""

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_WALLET_CONTEXT = (
    r"(?a)wallet|bitcoin|\bbtc\b|ethereum|\beth\b|crypto|\btron\b|litecoin|\bltc\b|\busdt\b"
    r"|지갑|비트코인|이더리움|가상 ?자산|코인"
)


def entropy(value: str) -> float:
    """Shannon entropy of the characters, in bits for each."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())


def check_key(value: str) -> bool | None:
    """Whether it looks drawn at random: sixteen characters, letters and digits, 3 bits each, no placeholder."""
    return (
        None if len(value) >= 16 and _mixed(value) and entropy(value) >= 3 and not PLACEHOLDER.search(value) else False
    )


def check_password(value: str) -> bool | None:
    """Whether it can be a password: six characters, letters with digits or signs in them, no placeholder, no date."""
    signs = sum(not character.isalnum() and character not in "-_.,:/" for character in value)
    if (
        len(value) < 6
        or not value.isascii()
        or PLACEHOLDER.search(value)
        or len(set(value)) < 4
        or _PLAIN.fullmatch(value)
    ):
        return False
    return None if _mixed(value) or (signs and any(character.isalpha() for character in value)) else False


def check_format(value: str) -> bool | None:
    """Whether a value of a well-known format is more than a documentation's dots."""
    return False if len(set(value[-16:])) < 5 or "xxxxxx" in value.lower() or "*" in value else None


def check_wallet(value: str) -> bool | None:
    """True where base58check holds (BIP 13); None for an Ethereum address (ERC-55), by shape."""
    if value[:2].lower() == "0x":
        return None if len(set(value[2:].lower())) > 4 else False
    return _base58check(value)


def _mixed(value: str) -> bool:
    return any(character.isalpha() for character in value) and any(character.isdigit() for character in value)


_PLAIN = re.compile(
    r"[A-Za-z]+[-_.,:/]?[0-9]{0,2}|[0-9]{1,4}(?:st|nd|rd|th|px|[A-Za-z]{1,3})|[0-9.,:/-]+[A-Za-z]{0,3}", re.IGNORECASE
)


def _base58check(value: str) -> bool:
    number = 0
    for character in value:
        number = number * 58 + _BASE58.index(character)
    if number >= 1 << 200:
        return False
    data = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def check_bech32(value: str) -> bool:
    """Whether the checksum of a segregated-witness address holds (BIP 173, BIP 350)."""
    prefix, _, data = value.lower().rpartition("1")
    parts = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    checksum = 1
    for part in (*parts, *map(_BECH32.index, data)):
        top, checksum = checksum >> 25, (checksum & 0x1FFFFFF) << 5 ^ part
        for place, factor in enumerate(_GENERATOR):
            checksum ^= factor * (top >> place & 1)
    return checksum in {1, 0x2BC830A3}


_WALLET_GATE = re.compile(r"(?<![0-9A-Za-z])(?:0x[0-9A-Fa-f]{40}|[LMDATX9][0-9A-Za-z]{25})")
_SECRET_GATE = re.compile(r"(?i:key|secret|token)|키|토큰")
_PASSWORD_GATE = re.compile(r"(?i:pass|pwd|pw(?![a-z]))|비밀 ?번호|패스 ?워드|비번|암호")

RULES = (
    Rule("secrets.key", "API_KEY", rf"{_EDGE}(?-i:{'|'.join(_FORMATS)}){_END}", 0.9, gate=_PREFIXES,
         reach=(16, 7100), check=check_format),
    Rule("secrets.pem", "API_KEY", rf"(?-i:{_PEM})", 1.0, gate=re.compile("-----BEGIN "), reach=(0, 8200)),
    Rule("secrets.named", "API_KEY", rf"(?:{_KEY_WORDS}){_IS}([0-9A-Za-z_+/=.~-]{{16,512}})", 0.8, gate=_SECRET_GATE,
         reach=(32, 560), check=check_key, group=1, contextual=True),
    Rule("secrets.password", "API_KEY", rf"(?:{_LOGIN_WORDS}){_IS}([^\s\"'<>,;()\x00\uAC00-\uD7A3]{{6,128}})", 0.7,
         gate=_PASSWORD_GATE, reach=(4, 160), check=check_password, group=1, contextual=True),
    Rule("secrets.wallet", "CRYPTO", rf"{_EDGE}(?-i:0x[0-9A-Fa-f]{{40}}|[LMDATX9][1-9A-HJ-NP-Za-km-z]{{25,34}}){_END}", 0.6,
         gate=_WALLET_GATE, reach=(1, 48), check=check_wallet, context=_WALLET_CONTEXT),
    Rule("secrets.wallet", "CRYPTO", rf"{_EDGE}(?:ltc|tb)1[{_BECH32}]{{38,71}}{_END}", 0.8, gate=re.compile(r"(?i:ltc|tb)1"),
         reach=(1, 80), check=check_bech32, context=_WALLET_CONTEXT),
)  # fmt: skip
