"""E-mail, IP and MAC addresses, logins in URLs, secrets and wallets: by form, with no look-up."""

import pytest

from govern import detect, policy


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


TOKEN = "4f9Qk2ZxR7bLw0TnYc8Ve1Ha"
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04f\n-----END EC PRIVATE KEY-----"

TRUE = [
    ("EMAIL_ADDRESS", "kim.min@example.com", "메일은{}으로"),
    ("EMAIL_ADDRESS", "o'brien+tax@mail.bank.co.uk", "to {}."),
    ("EMAIL_ADDRESS", "kim_min-su@example.co.kr", "<{}>입니다"), ("EMAIL_ADDRESS", "kim@은행.한국", "주소 {}으로"),
    ("EMAIL_ADDRESS", "a@bücher.de", "{}에"), ("EMAIL_ADDRESS", "k@xn--9t4b11yi5a.com", "{}"),
    ("EMAIL_ADDRESS", "k@a-b.io", "--{}--"),
    ("EMAIL_ADDRESS", "x@y.com", "{}.그리고"), ("EMAIL_ADDRESS", "x@y.com", "email={}&n=1"),
    ("EMAIL_ADDRESS", "x@y.com", "[{0}](mailto:"), ("EMAIL_ADDRESS", "hong%40example.com", "mailto:{}"),
    ("EMAIL_ADDRESS", "kim [at] example [dot] com", "write {}"), ("EMAIL_ADDRESS", "kim(at)example.com", "{}로"),
    ("EMAIL_ADDRESS", "kim at example dot co dot kr", "mail {}"), ("EMAIL_ADDRESS", "kim골뱅이naver.com", "메일 {}"),
    ("IP_ADDRESS", "10.20.30.40", "서버{}에서"), ("IP_ADDRESS", "203.0.113.0/24", "range {} open"),
    ("IP_ADDRESS", "192.0.2.7", "http://{}/x"),
    ("IP_ADDRESS", "2001:db8::8a2e:370:7334", "{}로"), ("IP_ADDRESS", "2001:db8:0:0:0:0:2:1", "from {}."),
    ("IP_ADDRESS", "fe80::1%eth0", "{} up"),
    ("IP_ADDRESS", "::ffff:192.0.2.1", "v6 {}"), ("IP_ADDRESS", "2001:db8::1", "http://[{}]:80/"),
    ("IP_ADDRESS", "1::2", "IPv6 {}"), ("IP_ADDRESS", "2001:db8::1", "see [{}] there"),
    ("IP_ADDRESS", "2001:db8::1", "주소{}에서"),
    ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E", "장치{}의"), ("MAC_ADDRESS", "00-1a-2b-3c-4d-5e", "{}"),
    ("MAC_ADDRESS", "001a.2b3c.4d5e", "port {}"),
    ("MAC_ADDRESS", "001A2B3C4D5E", "MAC주소: {}입니다"), ("MAC_ADDRESS", "12-34-56-78-90-12", "mac address {}"),
    ("URL_CREDENTIAL", "admin:s3cr3t", "postgres://{}@db:5432/x"),
    ("URL_CREDENTIAL", "user:p^ss", "https://{}@host.com/"),
    ("URL_CREDENTIAL", ":redispw", "redis://{}@cache"), ("URL_CREDENTIAL", TOKEN, "https://{}@git.example/x"),
    ("URL_CREDENTIAL", "abcdEF123456", "https://a.com/x?token={}&b=1"),
    ("URL_CREDENTIAL", "Zx81Qp07Lm", "?b=1&api_key={}"),
    ("URL_CREDENTIAL", "Zx81Qp07Lm", "https://a.b/c#access_token={}"),
    ("API_KEY", "AKIA" + "QW7ERTY2UIOP3ASD", "키는 {}입니다"), ("API_KEY", "ghp_" + TOKEN + "Qw12Er34Ty56", "{}"),
    ("API_KEY", "github_pat_" + TOKEN[:22] + "_" + TOKEN * 2 + "Ab1Cd2Ef3Gh", "{}"),
    ("API_KEY", "xoxb-" + "123456789012-" + TOKEN, "{}"),
    ("API_KEY", "sk_live_" + TOKEN, "{}"), ("API_KEY", "test_sk_" + TOKEN, "{}을"),
    ("API_KEY", "AIza" + "Sy" + TOKEN + "Qw1Er2Ty3", "{}"),
    ("API_KEY", "sk-" + "proj-" + TOKEN, "{}"), ("API_KEY", "sk-" + "ant-api03-" + TOKEN, "{}"),
    ("API_KEY", "glpat-" + TOKEN, "{}"),
    ("API_KEY", "hf_" + TOKEN + "QwErTyUiOp", "{}"), ("API_KEY", JWT, "Bearer {}"), ("API_KEY", PEM, "x\n{}\ny"),
    ("API_KEY", "9f8e7d6c5b4a39281706f5e4d3c2b1a0", "api_key = '{}'"), ("API_KEY", TOKEN, "secret: {}"),
    ("API_KEY", TOKEN, "시크릿 키는 {}입니다"),
    ("API_KEY", "Winter2024!x", "password: {}"), ("API_KEY", "qwer1234!", "비밀번호는 {}입니다"),
    ("API_KEY", "Tr0ub4dor&3", '"pwd": "{}"'),
    ("CRYPTO", "1KUCzSr49wPWckUDouJLybJuRYtViF5hfM", "지갑{}로"),
    ("CRYPTO", "37MaqGePco8NRnndHVmm85hZHwqEtL2LUv", "{}"),
    ("CRYPTO", "LPTmJ8osYPoZ5ScvRPvEKYuzNNi6VWpj5N", "{}"), ("CRYPTO", "TCDfZP7jHT1C8PtQzBrKzQ9gnBrP1eDkjG", "{}"),
    ("CRYPTO", "0x52908400098527886E0F7030069857D2E4169EE7", "이더리움 {}로"),
]  # fmt: skip


@pytest.mark.parametrize(("entity_type", "value", "frame"), TRUE)
def test_it_is_found_whole_and_alone(detector, entity_type, value, frame):
    """One span of the right type, exactly the value, whatever is glued to it."""
    assert found(detector, frame.format(value)) == [(entity_type, value)]


@pytest.mark.parametrize(
    "text",
    [
        "a@b", "@user.name", "kim@ example.com", "look at example dot the end", "ssh://git@github.com", "a.b.c@",
        "x@y.c0m1",
        "version 3.11.4.2", "section 4.1.2.1", "1.2.3.4.5", "제 1.2.3.4 항", "256.1.1.1", "1.2.3", "a1.2.3.4",
        "12:30:45", "a::b", "x[::2]", "std::vector",
        "1:2:3:4:5:6:7:8:9", "ratio 1:2:3", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "12-34-56-78-90-12",
        "00:1A:2B:3C:4D", "1234.5678.9012",
        "https://example.com/x?page=123456", "?token=YOUR_TOKEN", "?api_key={key}", "https://host:8080/x",
        "?token=****", "?sig=xxxxxx",
        "api_key = YOUR_API_KEY_HERE", "secret: the ingredient", "secret = os.environ['X']",
        "key: internationalization", "password: required",
        "password = getPassword()", "비밀번호: 필수입력", "비밀번호는 8자리 이상", "password: ********", "AKIA1234",
        "sk_live_short", "eyJ.eyJ.x",
        "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----", "1KUCzSr49wPWckUDouJLybJuRYtViF5hfN", "0x1234",
        "0x" + "0" * 40,
    ],
)  # fmt: skip
def test_what_only_looks_alike_is_left(detector, text):
    """Versions, times, placeholders, words, checksums that fail."""
    assert found(detector, text) == []
