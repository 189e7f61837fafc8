"""Allow and deny lists: keyed and sealed entries, their last day, and what a changed file cannot do."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern import lists
from govern.errors import InputError, Refused
from govern.keys import derive
from govern.lock import alone

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
        InputError, match=r"allow entry 1 \(PHONE_NUMBER, owner call centre\) was changed or made under"
    ):
        lists.load(path, OTHER)
    with pytest.raises(InputError, match="no secret came"):
        lists.load(path, None)


OTHERWISE = {
    "entity_type": '"EMAIL_ADDRESS"',
    "reason": '"no reason"',
    "owner": '"Call centre"',
    "expires": "2999-12-31",
    "value": f'"hmac-sha256:{"0" * 32}"',
    "sealed": '"AAAA"',
    "mac": f'"hmac-sha256:{"0" * 32}"',
}
"""Another value of each field."""
KINDS = {"allow": lists.Allowed, "deny": lists.Denied, "case": lists.Case}


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, kind in KINDS.items() for field in kind.model_fields]
)
def test_an_entry_is_bound_to_all_that_it_says(path, name, field):
    """No field of an entry can be changed without the secret, in any list."""
    before, table, after = re.split(rf"(\[\[{name}\]\][^\[]*)", path.read_text("utf-8"))
    changed, count = re.subn(rf"(?m)^{field} = .*$", f"{field} = {OTHERWISE[field]}", table)
    assert count == 1
    path.write_text(before + changed + after, "utf-8")
    with pytest.raises(
        InputError, match=rf"{name} entry 1 \(\w+, owner [Cc]all centre\) was changed or made under another"
    ):
        lists.load(path, SECRET)


@pytest.mark.parametrize(
    ("old", "new", "without", "told"),
    [
        ("deny", "allow", "sealed", r"allow entry 2 \(PERSON"),
        ("deny", "case", "value", r"case entry 1 \(PERSON"),
        ("case", "deny", "", r"deny\.1\.value"),
        ("allow", "deny", "", r"deny\.0\.sealed"),
    ],
)
def test_an_entry_holds_in_its_own_list_alone(path, old, new, without, told):
    """A denied value does not become an allowed one when its table is named anew and the sealed value left out."""
    before, table, after = re.split(rf"(\[\[{old}\]\][^\[]*)", path.read_text("utf-8"))
    table = re.sub(rf"(?m)^{without} = .*\n", "", table.replace(f"[[{old}]]", f"[[{new}]]"))
    path.write_text(before + table + after, "utf-8")
    with pytest.raises(InputError, match=told):
        lists.load(path, SECRET)


def test_the_code_of_an_entry_names_its_list():
    """Also should two lists ever have the same fields."""
    assert len({lists._code(name, {"owner": "office"}, SECRET) for name in KINDS}) == len(KINDS)


def test_one_value_has_other_digests_where_it_is_allowed_and_where_it_is_denied():
    """So a denied value's digest lets nothing stay, wherever it is put; two denied ones are still known as one value."""
    allowed, denied = lists.allow(entry(), HOTLINE, SECRET), lists.deny(entry(), HOTLINE, SECRET)
    assert allowed.value != denied.value
    assert denied.value == lists.deny(entry(owner="office"), "１５８８ 0000", SECRET).value


def test_a_value_known_by_its_digest_alone_is_allowed_as_any_other():
    """The same entry, to the byte."""
    keyed = lists.digest_of(derive(SECRET, "value"), "PHONE_NUMBER", HOTLINE)
    assert lists.allow_keyed(entry(), keyed, SECRET) == lists.allow(entry(), HOTLINE, SECRET)


@pytest.mark.parametrize("field", ["reason", "owner"])
@pytest.mark.parametrize("text", ["a\x7fb", "a\nb", "a\tb", "\x1b[1m", "a\x85b", "a\u2028b", "a\u202eb", "a\ud800b"])
def test_text_that_cannot_be_printed_is_refused(field, text):
    """By a sentence that does not repeat it."""
    with pytest.raises(InputError, match="cannot be printed") as caught:
        lists.Entry(**{**entry().model_dump(), field: text})
    assert str(caught.value).isprintable()


def test_what_could_not_be_read_again_is_not_written(path):
    """The file is as it was, and nothing is left beside it."""
    before = path.read_bytes()
    made = lists.allow(entry(), "1588-1111", SECRET)
    for change in ({"reason": "a\x7fb"}, {"reason": ""}, {"entity_type": "PERSONS"}):
        with pytest.raises(InputError, match="nothing was written"):
            lists.add(path, [made.model_copy(update=change)])
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@given(
    reason=st.text(
        st.characters(categories=("L", "M", "N", "P", "S"), include_characters=' "\\'), min_size=1, max_size=40
    )
)
def test_every_printable_reason_comes_back(tmp_path_factory, reason):
    """Quotes, backslashes and signs of any plane."""
    try:
        made = lists.allow(entry().model_copy(update={"reason": reason}), HOTLINE, SECRET)
    except InputError:
        assert not reason.isprintable()
        return
    path = tmp_path_factory.mktemp("lists") / "lists.toml"
    lists.add(path, [made])
    lists.load(path, SECRET)
    assert lists.read(path).allow == [made]


@pytest.mark.parametrize("name", ["a\0", "a\ud800"])
def test_a_path_that_no_file_can_have_is_a_sentence(tmp_path, name):
    """Read or written; the odd character is not printed."""
    for call in (lambda path: lists.load(path, SECRET), lambda path: lists.add(path, [])):
        with pytest.raises(InputError, match="leads to no file") as caught:
            call(tmp_path / name)
        assert str(caught.value).isprintable()


def test_links_that_lead_round_are_a_sentence(tmp_path):
    """And stay as they are."""
    path = tmp_path / "lists.toml"
    path.symlink_to("lists.toml")
    with pytest.raises(InputError, match=r"lists\.toml"):
        lists.add(path, [lists.allow(entry(), HOTLINE, SECRET)])
    assert path.is_symlink()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_the_file_it_leads_to_is_written(tmp_path, there):
    """Also where that file is yet to be made."""
    target, path = tmp_path / "shared" / "common.toml", tmp_path / "lists.toml"
    target.parent.mkdir()
    if there:
        lists.add(target, [lists.allow(entry(), "1588-1111", SECRET)])
    path.symlink_to(Path("shared", "common.toml"))
    lists.add(path, [lists.allow(entry(), HOTLINE, SECRET)])
    assert path.is_symlink()
    assert len(lists.load(target, SECRET).allowed) == 1 + there


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    """Each waits for its turn."""
    path = tmp_path / "lists.toml"
    made = [lists.allow(entry(), f"1588-{number:04}", SECRET) for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: lists.add(path, [one]), made)) == [1] * 24
    assert lists.load(path, SECRET).allowed == {one.value for one in made}


def test_a_writer_that_waited_long_enough_is_refused(path, monkeypatch):
    """Exit 1, and the file is as it was."""
    monkeypatch.setattr(lists, "WAIT_S", 0.05)
    before = path.read_bytes()
    with alone(path.parent), pytest.raises(Refused, match="another process is writing there"):
        lists.add(path, [lists.allow(entry(), "1588-1111", SECRET)])
    assert path.read_bytes() == before


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
        (f"x = {'[' * 5000}", "nested too deeply"),
        (f"x = {'1' * 5000}", "not TOML"),
        (
            '[[allow]]\nentity_type = "PERSON"\nreason = "r"\nowner = "o\\u007f"\nexpires = 2030-01-01\n',
            "cannot be printed",
        ),
        (
            '[[deny]]\nentity_type = "PERSONS"\nreason = "r"\nowner = "o"\nexpires = 2030-01-01\n'
            f'value = "hmac-sha256:{"0" * 32}"\nsealed = "x"\nmac = "hmac-sha256:{"0" * 32}"\n',
            "nothing finds 'PERSONS'",
        ),
        (
            '[[deny]]\nentity_type = "PERSON"\nreason = "r"\nowner = "o"\nexpires = 2030-01-01\n'
            f'value = "hmac-sha256:{"0" * 32}"\nsealed = "!"\nmac = "hmac-sha256:{"0" * 32}"\n',
            "was changed or made under another secret",
        ),
        (
            '[[allow]]\nentity_type = "PERSON"\nreason = "r"\nowner = "o"\nexpires = 2030-01-01\n'
            f'value = "hmac-sha256:{"0" * 32}"\n',
            "allow.0.mac",
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
