"""Allow and deny lists: keyed and sealed entries, their last day, and what a changed file cannot do."""

from datetime import date

import pytest

from govern import lists
from govern.errors import InputError
from govern.keys import derive

SECRET, OTHER = bytes(range(32)), bytes(32)
TODAY = date(2026, 3, 1)
HOTLINE, LEAKED = "1588-0000", "Zebulon Canaryworth"


def entry(entity_type="PHONE_NUMBER", expires=date(2026, 12, 31), owner="call centre"):
    return lists.Entry(entity_type=entity_type, reason="our hotline", owner=owner, expires=expires)


@pytest.fixture
def path(tmp_path):
    """A file with one entry of each kind."""
    file = tmp_path / "lists.toml"
    text = f"Dear {LEAKED}, thank you."
    made = [
        lists.allow(entry(), HOTLINE, SECRET),
        lists.deny(entry("PERSON"), LEAKED, SECRET),
        lists.case(entry("PERSON"), text, 5, 5 + len(LEAKED), SECRET),
    ]
    assert lists.add(file, made) == 3
    return file


def test_entries_come_back_under_their_secret(path):
    """An allowed value as its digest, a denied one and a case as they were."""
    opened = lists.load(path, SECRET, today=TODAY)
    assert opened.allowed == {lists.digest_of(derive(SECRET, "value"), "PHONE_NUMBER", "１５８８ 0000")}
    assert opened.denied == (("PERSON", LEAKED),)
    assert opened.cases == (("PERSON", f"Dear {LEAKED}, thank you.", 5, 5 + len(LEAKED)),)
    assert opened.counts == (("allow", 1), ("deny", 1), ("case", 1))


def test_no_value_stands_in_file_or_repr(path):
    """The file is for its owner alone."""
    data = path.read_text("utf-8")
    shown = data + repr(lists.load(path, SECRET)) + repr(lists.read(path))
    for value in (HOTLINE, "15880000", LEAKED, "Canaryworth"):
        assert value not in shown
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_entry_twice_is_one(path):
    """Nothing new is written."""
    before = path.read_bytes()
    assert lists.add(path, [lists.deny(entry("PERSON"), LEAKED, SECRET)]) == 0
    assert path.read_bytes() == before


def test_a_value_that_comes_again_renews_its_entry(path):
    """With another day or reason: one entry, the later one, in either list."""
    later = entry(expires=date(2030, 1, 1))
    assert lists.add(path, [lists.allow(later, "１５８８ 0000", SECRET)]) == 1
    assert lists.add(path, [lists.deny(entry("PERSON", date(2030, 1, 1)), LEAKED.upper(), SECRET)]) == 1
    opened = lists.load(path, SECRET, today=date(2029, 1, 1))
    assert opened.counts == (("allow", 1), ("deny", 1), ("case", 1))


def test_an_entry_holds_to_the_end_of_its_last_day(path):
    """That day included."""
    lists.load(path, SECRET, today=date(2026, 12, 31))
    with pytest.raises(InputError, match=r"allow entry 1 \(PHONE_NUMBER, owner call centre\) held until 2026-12-31"):
        lists.load(path, SECRET, today=date(2027, 1, 1))


def test_another_secret_opens_nothing(path):
    """And says which entry."""
    with pytest.raises(
        InputError, match=r"a deny entry \(PERSON, owner call centre\) was changed or sealed under another secret"
    ):
        lists.load(path, OTHER)
    with pytest.raises(InputError, match="no secret came"):
        lists.load(path, None)


@pytest.mark.parametrize(
    ("old", "new"), [("2026-12-31", "2999-12-31"), ("our hotline", "no reason"), ('owner = "call', 'owner = "Call')]
)
def test_a_sealed_entry_is_bound_to_what_is_said_of_it(path, old, new):
    """Its day, reason and owner cannot be changed without the secret."""
    text = path.read_text("utf-8")
    place = text.index("[[deny]]")
    path.write_text(text[:place] + text[place:].replace(old, new), "utf-8")
    with pytest.raises(InputError, match="was changed or sealed under another secret"):
        lists.load(path, SECRET)


def test_a_value_both_allowed_and_denied_is_refused(path):
    """In whatever spelling."""
    lists.add(path, [lists.deny(entry(), "15880000", SECRET)])
    with pytest.raises(InputError, match=r"deny entry 2 \(PHONE_NUMBER\) is allowed too"):
        lists.load(path, SECRET)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[allow]]\n", "allow.0.entity_type"),
        (
            '[[allow]]\nentity_type = "PERSON"\nreason = "r"\nowner = "o"\nexpires = 2030-01-01\nvalue = "John"\n',
            "allow.0.value",
        ),
        ("[[alow]]\n", "alow"),
        ("x = ", "not TOML"),
        (
            '[[deny]]\nentity_type = "PERSONS"\nreason = "r"\nowner = "o"\nexpires = 2030-01-01\n'
            f'value = "hmac-sha256:{"0" * 32}"\nsealed = "x"\n',
            "nothing finds 'PERSONS'",
        ),
        (
            '[[deny]]\nentity_type = "PERSON"\nreason = "r"\nowner = "o"\nexpires = 2030-01-01\n'
            f'value = "hmac-sha256:{"0" * 32}"\nsealed = "!"\n',
            "was changed or sealed",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path, text, words):
    """And never by value: a name written in clear by mistake is not repeated."""
    path = tmp_path / "lists.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        lists.load(path, SECRET)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)
    assert "John" not in str(caught.value)
