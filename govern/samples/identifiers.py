"""Further values of the synthetic sample: registers, licences, vehicles, places, machines and secrets, of nobody.

Each function takes a `Draw` and returns one value by the published format, with its check digit where there is one. Keys
and secrets hold the word EXAMPLE, and a password is never one that works anywhere: hosts are those of RFC 2606.
"""

import base64
import hashlib

from govern.draw import Draw
from govern.samples.values import ALPHABET, DOMAINS

BASE32 = ALPHABET + "234567"
BASE62 = ALPHABET + ALPHABET.lower() + "0123456789"
CONSONANTS = "BCDFGHJKLMNPQRSTVWXYZ"

REGISTRIES = ("110111", "110114", "131111", "160111", "180111", "200111", "120111", "134511")
"""Registry office (four digits) and kind of company (two) of a corporate registration number."""

PLATE_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주아바사자하허호배"
"""The letters of car plates: private, for hire, rental, delivery (자동차 등록번호판 등의 기준에 관한 고시)."""
PLATE_REGIONS = ("서울", "부산", "대구", "인천", "광주", "대전", "울산", "경기", "강원", "충북", "전남", "경북", "제주")

EIN_PREFIXES = ("12", "20", "26", "27", "36", "45", "46", "47", "51", "58", "61", "74", "81", "84", "91", "95")
"""Some prefixes that the IRS assigns to its campuses and the internet."""

BIC_COUNTRIES = ("US", "GB", "DE", "FR", "KR", "JP", "SG", "CH", "NL", "HK")

PATHS = ("/v1/accounts", "/reports/2024", "/statements", "", "/api/payments?page=2")
LOGINS = ("svc_ledger", "admin", "batch", "jpark", "reporting", "ops.kim")
WORDS = ("Winter", "harbour", "Ledger", "mango", "Tiger", "copper", "Han", "river")


def us_ein(draw: Draw) -> str:
    """An employer identification number (26 CFR 301.7701-12)."""
    return f"{draw.pick(EIN_PREFIXES)}-{draw.digits(7)}"


def aba_routing(draw: Draw) -> str:
    """A routing transit number of a Federal Reserve district, with its check digit (weights 3, 7, 1)."""
    body = f"{draw.pick((draw.between(1, 12), draw.between(21, 32))):02d}{draw.digits(6)}"
    total = sum(int(digit) * weight for digit, weight in zip(body, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
    return body + str(-total % 10)


def us_driver_license(draw: Draw) -> str:
    """A driver's license number in the form of California, Florida, Illinois, New York or Texas (AAMVA)."""
    letter, d = draw.pick(ALPHABET), draw.digits
    return draw.pick((
        f"{letter}{d(7)}", f"{letter}{d(3)}-{d(3)}-{d(2)}-{d(3)}-{d(1)}", f"{letter}{d(3)}-{d(4)}-{d(4)}", f"{letter}{d(12)}",
        f"{d(3)} {d(3)} {d(3)}", d(8),
    ))  # fmt: skip


def passport(draw: Draw) -> str:
    """A passport number that is none of Korea's nor, by its form, the United States' (ICAO 9303: up to nine characters)."""
    return draw.pick((passport_jp, passport_fr, passport_in, passport_de))(draw)


def passport_jp(draw: Draw) -> str:
    """Of Japan: two letters and seven digits."""
    return draw.pick(CONSONANTS) + draw.pick(CONSONANTS) + draw.digits(7)


def passport_fr(draw: Draw) -> str:
    """Of France: two digits, two letters, five digits."""
    return draw.digits(2) + draw.pick(CONSONANTS) + draw.pick(CONSONANTS) + draw.digits(5)


def passport_in(draw: Draw) -> str:
    """Of India: a letter and seven digits, of which the first is no zero."""
    return draw.pick("JKLNPRSTUVWZ") + str(draw.between(1, 9)) + draw.digits(6)


def passport_de(draw: Draw) -> str:
    """Of Germany: nine characters without vowels and other mistakable letters, the last a digit."""
    return draw.pick("CFGHJK") + "".join(draw.pick("CFGHJKLMNPRTVWXYZ0123456789") for _ in range(7)) + draw.digits(1)


def passport_gb(draw: Draw) -> str:
    """Of the United Kingdom: nine digits."""
    return str(draw.between(1, 9)) + draw.digits(8)


def swift(draw: Draw) -> str:
    """A business identifier code (ISO 9362) of eight or eleven characters; banks WEST, TEST and the like are made up."""
    bank = draw.pick(("WEST", "TEST", "DEMO", "HRGC", "NRTH", "BLFD", "HSCO"))
    code = bank + draw.pick(BIC_COUNTRIES) + draw.pick(ALPHABET) + draw.pick(ALPHABET + "23456789")
    return code + draw.pick(("", "", "XXX", draw.digits(3)))


def security_code(draw: Draw) -> str:
    """A card security code: three digits, or four of American Express."""
    return draw.digits(4 if draw.chance(20) else 3)


def pin(draw: Draw) -> str:
    """A PIN of four or six digits (ISO 9564-1 allows 4 to 12)."""
    return draw.digits(6 if draw.chance(35) else 4)


def customer_id(draw: Draw) -> str:
    """A customer number: digits, often behind a letter or a prefix."""
    d = draw.digits
    return draw.pick((d(8), d(9), d(10), f"C{d(8)}", f"C-{d(7)}", f"CUST-{d(6)}", f"{d(4)}-{d(6)}", f"CIF{d(9)}"))


def kr_crn(draw: Draw) -> str:
    """A corporate registration number with its check digit (weights 1 and 2 in turn, 대법원 등기예규)."""
    body = draw.pick(REGISTRIES) + draw.digits(6)
    number = body + crn_check(body)
    return f"{number[:6]}-{number[6:]}"


def crn_check(body: str) -> str:
    """The check digit after the twelve digits of a corporate registration number."""
    return str(-sum(int(digit) * (1 + place % 2) for place, digit in enumerate(body)) % 10)


def kr_health_insurance(draw: Draw) -> str:
    """A health insurance card number: the kind of insured person, and ten digits."""
    number = draw.pick("1257") + draw.digits(10)
    return f"{number[0]}-{number[1:]}" if draw.chance(40) else number


def kr_vehicle_plate(draw: Draw) -> str:
    """A car's plate: 12가 3456, since 2019 123가 4567, before 2004 and on hired cars with a region before it."""
    letter, serial, space = draw.pick(PLATE_LETTERS), f"{draw.between(1000, 9999)}", draw.pick((" ", ""))
    if draw.chance(20):
        return f"{draw.pick(PLATE_REGIONS)}{draw.pick((' ', ''))}{draw.between(10, 99)}{letter}{space}{serial}"
    head = draw.between(100, 699) if draw.chance(50) else draw.between(10, 69)
    return f"{head}{letter}{space}{serial}"


def kr_ci(draw: Draw) -> str:
    """CI, 연계정보: 64 bytes in base64, 88 characters (KISA)."""
    return base64.b64encode(_digest(draw)).decode()


def kr_di(draw: Draw) -> str:
    """DI, 중복가입확인정보: a SHA-256 digest in ASN.1, 64 characters of base64 (KISA)."""
    return base64.b64encode(bytes.fromhex("302d06082a864886f70d0209032100") + _digest(draw)[:32]).decode()


def _digest(draw: Draw) -> bytes:
    return hashlib.sha512(draw.digits(15).encode()).digest()


def mac_address(draw: Draw) -> str:
    """A MAC address in the ways of IEEE 802 and Cisco; locally administered, so of no maker."""
    octets = [f"{draw.pick('0123456789abcdef')}{draw.pick('26ae')}"]
    octets += [f"{draw.between(0, 255):02x}" for _ in range(5)]
    text = draw.pick((":", ":", "-")).join(octets)
    if draw.chance(15):
        bare = "".join(octets)
        text = ".".join((bare[:4], bare[4:8], bare[8:]))
    return text.upper() if draw.chance(40) else text


def login(draw: Draw) -> str:
    """User and password as they stand in a URL (RFC 3986, 3.2.1)."""
    mark = draw.pick(("!", "-", "_", "%40", "$"))
    return f"{draw.pick(LOGINS)}:{draw.pick(WORDS)}{draw.digits(3)}{mark}{draw.pick(WORDS)}"


def url_host(draw: Draw) -> str:
    """What stands after the `@` of a URL."""
    port = f":{draw.pick((5432, 8443, 21, 3306))}" if draw.chance(40) else ""
    return draw.pick(DOMAINS) + port + draw.pick(PATHS)


def api_key(draw: Draw) -> str:
    """A key in a provider's form, with EXAMPLE in it so that nothing takes it for one in use."""
    return draw.pick((_aws, _github, _google, _stripe, _slack, _json_web_token))(draw)


def _text(draw: Draw, alphabet: str, count: int) -> str:
    return "".join(draw.pick(alphabet) for _ in range(count))


def _aws(draw: Draw) -> str:
    return f"AKIA{_text(draw, BASE32, 9)}EXAMPLE"


def _github(draw: Draw) -> str:
    return f"ghp_{_text(draw, BASE62, 15)}EXAMPLE{_text(draw, BASE62, 14)}"


def _google(draw: Draw) -> str:
    return f"AIza{_text(draw, BASE62, 14)}EXAMPLE{_text(draw, BASE62 + '-_', 14)}"


def _stripe(draw: Draw) -> str:
    return f"sk_test_{_text(draw, BASE62, 9)}EXAMPLE{_text(draw, BASE62, 8)}"


def _slack(draw: Draw) -> str:
    return f"xoxb-{draw.digits(12)}-{draw.digits(12)}-{_text(draw, BASE62, 9)}EXAMPLE{_text(draw, BASE62, 8)}"


def _json_web_token(draw: Draw) -> str:
    """Header, claims and a signature that is none (RFC 7519)."""
    claims = f'{{"sub":"EXAMPLE-{draw.digits(6)}","scope":"read"}}'.encode()
    parts = (b'{"alg":"HS256","typ":"JWT"}', claims, hashlib.sha256(claims).digest())
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def figi(draw: Draw) -> str:
    """A financial instrument global identifier with its check digit (X9.145): not personal data."""
    body = "BBG00" + "".join(draw.pick(CONSONANTS + "0123456789") for _ in range(6))
    doubled = "".join(str(int(character, 36) * (1 + place % 2)) for place, character in enumerate(body))
    return body + str(-sum(map(int, doubled)) % 10)
