"""Gates open where `finditer` says, however few places they are tried at."""

import random
import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern import detect, policy
from govern.recognizers import gates
from govern.recognizers.gates import Gate, Gates, cases, heads

GATES = tuple(dict.fromkeys(detect.build(policy.load("default").by_rule()).rules.openings))
PIECES = tuple(head for gate in GATES for head in heads(gate.pattern))
FILLING = (
    *("1", "12", "1234", "12345678", " ", "-", ".", ":", "/", "\n", "a", "Z", "가", "동", "ro", "\u212a", "\u017f"),
    *("ab:cd:ef", "AB12 ", "x" * 70, "\ud800", "\udfff"),
)


def plainly(gate, text):
    """The windows by the pattern alone."""
    found = []
    for match in gate.pattern.finditer(text):
        low, high = max(0, match.start() - gate.before), min(len(text), match.end() + gate.after)
        if found and low <= found[-1][1]:
            low = found.pop()[0]
        found.append((low, high))
    return found


@pytest.mark.parametrize("stretch", [7, 64, gates.STRETCH])
def test_all_gates_at_once_find_what_each_finds_alone(monkeypatch, stretch):
    """In 600 texts of pieces of the gates' own patterns, and wherever a text is cut for the search."""
    monkeypatch.setattr(gates, "STRETCH", stretch)
    together = Gates(GATES)
    assert len(together.headed) > 3 * len(together.plain)
    rng = random.Random(stretch)
    opened = 0
    for _ in range(600):
        text = "".join(rng.choice(rng.choice((PIECES, FILLING))) for _ in range(40))
        found = together.windows(text)
        assert found == {gate: plainly(gate, text) for gate in GATES}
        opened += sum(map(bool, found.values()))
    assert opened > 3_000


@pytest.mark.parametrize("gate", GATES, ids=[gate.pattern.pattern[:24] for gate in GATES])
def test_a_text_that_a_gate_matches_opens_it(gate):
    """Made from the pattern itself; where it looks back at its first character, of the characters of such patterns."""
    looks_back = gate.pattern.pattern.startswith("[0-9](?<=")
    texts = st.text("AB12 -", min_size=40, max_size=60) if looks_back else st.from_regex(gate.pattern)
    opened = []

    @settings(max_examples=30, deadline=None, derandomize=True, database=None)
    @given(texts)
    def opens(text):
        found = Gates([gate]).windows(text)[gate]
        assert found == plainly(gate, text)
        opened.append(bool(found))

    opens()
    assert any(opened) if looks_back else all(opened)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("abc", ("abc",)),
        ("abcdef", ("abcd",)),
        ("[Aa]b?c", ("Abc", "Ac", "abc", "ac")),
        (r"\bab(?!c)", ("ab",)),
        ("(?:ab|cd)e+", ("abe", "cde")),
        ("(?:ab){2,3}", ("abab",)),
        ("ab[0-9]*", ("ab",)),
        ("(?i:ok)!", ("OK!", "Ok!", "O\u212a!", "oK!", "ok!", "o\u212a!")),
        ("동", ("동",)),
        ("(?i:동k)", ("동K", "동k", "동\u212a")),
        ("(?i:éa)", ()),
        ("a", ()),
        ("ab|.c", ()),
        ("ab|", ()),
        (r"ab|\d\d", ()),
        ("[^a]bc", ()),
        ("(?:ab)?.", ()),
        (r"(ab)|\1c", ()),
        ("[A-Z]{6}", ()),
    ],
)
def test_heads_are_what_a_match_begins_with(pattern, expected):
    """And none, where a match may begin with nearly anything."""
    assert heads(re.compile(pattern)) == tuple(sorted(expected))


def test_a_letter_matches_its_cases_where_case_does_not_count():
    """And what else Unicode folds to it."""
    every = "".join(map(chr, range(0x110000)))
    for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0-":
        assert cases(letter) == set(re.findall(re.escape(letter), every, re.IGNORECASE))


def test_a_text_made_of_heads_takes_no_memory_of_its_length():
    """Windows of a gate that opens everywhere are one, and four times the text takes no more than it."""
    gate = Gate(re.compile("pass|[Pp]wd"), 4, 160)
    gates_of_one = Gates([gate])
    peaks = []
    for text in ("pass" * 40_000, "pass" * 160_000):
        tracemalloc.start()
        assert gates_of_one.windows(text) == {gate: [(0, len(text))]}
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_every_address_of_a_device_lies_in_a_window_whole():
    """With as much beside it as before its gate looked only at the signs between its groups."""
    gates_of_it = [gate for gate in GATES if gate.pattern.pattern.startswith("[:.-]")]
    for address in ("0a:1b:2c:3d:4e:5f", "0a-1b-2c-3d-4e-5f", "0a1b.2c3d.4e5f", "0a1b.2c3d.4e5f.0a1b.2c3d.4e5f"):
        text = "." * 100 + " " + address + " " + "." * 100
        ((low, high),) = Gates(gates_of_it).windows(text)[gates_of_it[0]]
        assert low <= 101 - 48
        assert high >= 101 + len(address) + 48
