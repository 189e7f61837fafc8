"""Presidio's recognizers: what runs by default, what a policy can switch on by name, and the time that any pattern takes."""

import time

import pytest

from govern.errors import InputError
from govern.recognizers import banking, cards, identity, network, phones, presidio, streets
from govern.recognizers.rule import Rules, compile_rule, run

OURS = (
    *presidio.rules(),
    *cards.RULES,
    *banking.RULES,
    *identity.RULES,
    *network.RULES,
    *streets.RULES,
    *phones.rules(),
)
LENGTH = 1 << 16
LIMIT_S = 0.5
"""Ten times what is aimed at, since a test machine may be busy."""

SEEDS = [
    "1", "1 ", "1-", "12-", "1234 ", "4111 ", "4111-", "123-45-678 ", "a.", "a@", "a.a@", "x@a-a-", "1.", "1.1.1.1.",
    "::", "fe80::1 ", "00:",
    "://a:", "http://a:b", "?token=", "key=", "secret: ", "password: a", "비밀번호는 ", "카드 ", "cvv is ",
    "pin is : ", "account number 1",
    "SWIFT CODE ", "DEUTDEFF ", "GB82 ", "GB82 WEST 1234 ", "passport number ", "여권번호: A1", "DL ", "고객번호: 1-",
    "policy number (",
    "EIN 12-3456789 ", "AB12345", "eyJ", "-----BEGIN PRIVATE KEY-----a ", "sk-a", "0x", "L" * 27 + " ", "1 Main St ",
    "1 A A A A St ",
    "12 Ave Ave Ave ", "lives at 1 A 2 ", "P.O. Box 1 ", "010-1234-", "+82-",
    "+1(", "전화 1234-5678", "+1 2 3 4 5 6 7", "001-", " dot ",
    "a at a dot ", "골뱅이a", "mac ", "\n", "\x00", " ",
]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pattern_is_linear(seed):
    """64 KiB of what a pattern almost matches take a fraction of a second, in one of three tries: a busy machine may pause."""
    text = (seed * LENGTH)[:LENGTH]
    for rule in OURS:
        assert any(_seconds(rule, text) < LIMIT_S for _ in range(3)), rule.name


def _seconds(rule, text):
    started = time.process_time()
    list(run(Rules([compile_rule(rule)]), text, 10.0))
    return time.process_time() - started


def test_every_recognizer_made_of_patterns_is_available():
    """Also those that Presidio leaves off; none that needs a model or a service."""
    names = presidio.available()
    assert names == tuple(sorted(names))
    assert {"UsNpiRecognizer", "AuTfnRecognizer", "InAadhaarRecognizer", "UkPostcodeRecognizer"} <= set(names)
    assert not {"SpacyRecognizer", "GLiNERRecognizer", "PhoneRecognizer", "TransformersRecognizer"} & set(names)


def test_a_switched_on_recognizer_finds_its_numbers_with_its_own_words():
    """By class name, with Presidio's validator and context words; it reads the whole text."""
    (kind,) = presidio.entity_types_of(("AuTfnRecognizer",))
    rules = [rule for rule in presidio.rules(("AuTfnRecognizer",)) if rule.name == "presidio.AuTfnRecognizer"]
    compiled = Rules(map(compile_rule, rules))
    hits = list(run(compiled, "x" * 5000 + " tax file number 876 543 210 on file", 10.0))
    assert {(hit.entity_type, hit.score, hit.validated) for hit in hits} == {(kind, 1.0, True)}
    assert list(run(compiled, "tax file number 876 543 211 on file", 10.0)) == []


def test_every_available_recognizer_runs_on_any_text():
    """Each compiles, and no validator raises on hostile text."""
    rules = presidio.rules(presidio.available())
    compiled = Rules(map(compile_rule, rules))
    text = "A1 12-34 \x00 \ud800 ０１ 12345678901 a@b.com 4111-1111 AB123456C ÄÖÜ-AB 123 " * 20
    assert isinstance(list(run(compiled, text, 10.0)), list)


def test_nothing_extra_runs_unless_named():
    """The rules without names are the default; a name given twice counts once."""
    default = presidio.rules()
    assert {rule.name for rule in default} == {f"presidio.{chosen.name}" for chosen in presidio.CHOSEN}
    once = presidio.rules(("UsNpiRecognizer",))
    assert len(once) > len(default)
    assert len(presidio.rules(("UsNpiRecognizer", "UsNpiRecognizer"))) == len(once)


@pytest.mark.parametrize(
    "function", [lambda name: presidio.rules((name,)), lambda name: presidio.entity_types_of((name,))]
)
def test_a_wrong_name_is_refused_with_close_ones(function):
    """A misspelt class is told with what was meant."""
    with pytest.raises(InputError, match="UsNpiRecognizer"):
        function("UsNpiRecogniser")
    with pytest.raises(InputError, match="no recognizer of Presidio"):
        function("zzz")


def test_mail_addresses_are_never_looked_up():
    """Presidio's mail validator asks the network, so its recognizer runs without it."""
    rules = [rule for rule in presidio.rules(("EmailRecognizer",)) if rule.name == "presidio.EmailRecognizer"]
    assert [rule.check for rule in rules] == [None]
