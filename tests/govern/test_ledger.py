"""The ledger: what is appended stays, and an edit, a swap, a removal and a cut are each found."""

import hashlib
import itertools
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern import ledger
from govern.errors import InputError, VerificationError
from govern.ledger import append, verify

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
LINE = st.text(st.characters(categories=["L", "N", "P"], include_characters=" 한글"), min_size=1, max_size=30).filter(
    lambda text: bool(text.strip()) and text.isprintable()
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger will be."""
    return tmp_path / "ledger.jsonl"


def add(path: Path, number: int = 0, **about: object) -> ledger.Entry:
    return append(path, "vault.reveal", who="kim", reason=f"case {number}", now=NOW, about=about)


def three(path: Path) -> list[str]:
    """A ledger of three entries, and their digests."""
    return [add(path, number).digest for number in range(3)]


def test_entries_are_read_back_as_they_were_appended(path: Path) -> None:
    """Members, order and sequence; the head is what the last append returned."""
    first = append(
        path, "vault.reveal", who="kim", reason="complaint 17", now=NOW, about={"references": ["PERSON_abc"]}
    )
    second = append(path, "vault.shred", who="lee", reason="목적 달성", now=NOW + timedelta(days=1))
    chain = verify(path)
    assert chain.entries == (first, second)
    assert (chain.head, chain.torn_bytes) == (second.digest, 0)
    assert (first.sequence, first.about) == (1, {"references": ["PERSON_abc"]})
    assert (second.sequence, second.reason, second.time) == (2, "목적 달성", NOW + timedelta(days=1))


def test_each_line_is_canonical_json_and_holds_the_digest_of_the_one_before(path: Path) -> None:
    """So that it can be checked with any SHA-256, without this program; others may not read it."""
    three(path)
    lines = path.read_bytes().splitlines()
    for before, line in itertools.pairwise(lines):
        assert json.loads(line)["previous"] == "sha256:" + hashlib.sha256(before).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_ledgers_of_the_same_entries_have_different_chains(tmp_path: Path) -> None:
    """The header has an id of its own, so one cannot stand for the other."""
    assert three(tmp_path / "a")[2] != three(tmp_path / "b")[2]


@settings(max_examples=60, deadline=None)
@given(entries=st.lists(st.tuples(LINE, LINE, LINE), min_size=1, max_size=8), cut=st.data())
def test_a_cut_end_is_found_with_any_head_that_was_cut_off(
    entries: list[tuple[str, str, str]], cut: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And every head that is still there verifies."""
    path = tmp_path_factory.mktemp("cut") / "ledger"
    heads = [append(path, what, who=who, reason=reason, now=NOW).digest for what, who, reason in entries]
    left = cut.draw(st.integers(0, len(heads)))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: left + 1]))
    assert len(verify(path).entries) == left
    for head in heads[:left]:
        assert len(verify(path, head).entries) == left
    for head in heads[left:]:
        with pytest.raises(VerificationError, match="the end was cut off"):
            verify(path, head)


def test_every_order_but_the_true_one_is_found(path: Path) -> None:
    """All swaps of two lines, the header among them."""
    three(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for one in range(4):
        for other in range(one):
            swapped = list(lines)
            swapped[one], swapped[other] = lines[other], lines[one]
            path.write_bytes(b"".join(swapped))
            with pytest.raises(VerificationError, match="ledger"):
                verify(path)


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_line_taken_out_or_written_twice_is_found(path: Path, line: int) -> None:
    """Wherever it stands before the last."""
    three(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in (lines[:line] + lines[line + 1 :], lines[: line + 1] + lines[line:]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(VerificationError, match="ledger"):
            verify(path)


def test_every_altered_byte_is_found_and_nothing_is_appended_to_what_was_altered(path: Path) -> None:
    """All bytes, one bit each; in the last entry with the noted head. A lost line end counts as torn."""
    head = three(path)[2]
    good = path.read_bytes()
    for position in range(len(good)):
        flipped = bytearray(good)
        flipped[position] ^= 1 << (position % 7)
        path.write_bytes(bytes(flipped))
        with pytest.raises(VerificationError):
            verify(path, head)
        if position < good.rindex(b"\n", 0, -1):
            with pytest.raises(VerificationError):
                add(path)
            assert path.read_bytes() == bytes(flipped)


def test_a_ledger_rewritten_with_a_chain_of_its_own_is_found_by_the_noted_head(path: Path) -> None:
    """Without one it is not: the chain is no signature."""
    head = three(path)[2]
    path.unlink()
    three(path)
    assert len(verify(path).entries) == 3
    with pytest.raises(VerificationError, match="rewritten"):
        verify(path, head)


def test_a_half_written_line_is_torn_at_every_length_and_the_next_append_says_so(path: Path) -> None:
    """Never called tampering; what was taken away is counted and digested in an entry."""
    three(path)
    good = path.read_bytes()
    start = good.rindex(b"\n", 0, -1) + 1
    for length in range(1, len(good) - start - 1):
        path.write_bytes(good[: start + length])
        chain = verify(path)
        assert (len(chain.entries), chain.torn_bytes) == (2, length)
        added = add(path, 9)
        chain = verify(path, added.digest)
        assert chain.torn_bytes == 0
        repaired, last = chain.entries[2:]
        assert repaired.what == "ledger.repaired"
        assert repaired.about == {
            "bytes": length,
            "sha256": hashlib.sha256(good[start : start + length]).hexdigest(),
        }
        assert last == added


def test_an_entry_that_lacks_only_its_line_end_is_kept(path: Path) -> None:
    """Cutting one byte never takes an entry away."""
    heads = three(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert verify(path).torn_bytes > 0
    added = add(path, 3)
    chain = verify(path, heads[2])
    assert [entry.digest for entry in chain.entries] == [*heads, added.digest]


def test_a_ledger_killed_while_it_was_begun_is_begun_again(path: Path) -> None:
    """Any part of a header, and a file with nothing in it."""
    add(path)
    header = path.read_bytes().splitlines()[0]
    for length in range(len(header) + 1):
        path.write_bytes(header[:length])
        assert verify(path, add(path).digest).entries[0].sequence == 1


@pytest.mark.parametrize("content", [b"\x00" * 32, b"no ledger", b"{}\n", b'{"kind":"assay-vault"}\n', b"\n"])
def test_another_file_is_never_written_into(path: Path, content: bytes) -> None:
    """A mistyped path costs nothing, be it a key without a line end."""
    path.write_bytes(content)
    for attempt in (lambda: verify(path), lambda: add(path)):
        with pytest.raises(VerificationError, match="no header"):
            attempt()
    assert path.read_bytes() == content


def test_an_emptied_ledger_does_not_verify(path: Path) -> None:
    """Nothing at all is less than a header."""
    path.write_bytes(b"")
    with pytest.raises(VerificationError, match="is empty"):
        verify(path)


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "bell\a", "x" * 501, "\x1b[2J"])
def test_a_reason_is_one_printable_line(path: Path, reason: str) -> None:
    """Else nothing is written, not even an empty file."""
    with pytest.raises(InputError, match="--reason"):
        append(path, "vault.reveal", who="kim", reason=reason, now=NOW)
    assert not path.exists()


@pytest.mark.parametrize(
    ("what", "who", "about"),
    [
        ("", "kim", {}),
        ("a", "", {}),
        ("a", "k\n", {}),
        ("a", "k", {"x": "\x1b"}),
        ("a", "k", {"x": 0.5}),
        ("a", "k", {"x": None}),
        ("a", "k", {"\n": "x"}),
    ],
)
def test_what_cannot_be_shown_on_one_line_is_not_appended(
    path: Path, what: str, who: str, about: dict[str, object]
) -> None:
    """No control character ever reaches a terminal through the ledger."""
    with pytest.raises(InputError, match="unprintable"):
        append(path, what, who=who, reason="why", now=NOW, about=about)
    assert not path.exists()


def test_an_entry_too_long_to_be_read_back_is_not_appended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was appended always verifies."""
    monkeypatch.setattr(ledger, "LINE_BYTES", 1000)
    head = add(path).digest
    with pytest.raises(InputError, match="more than 1000 bytes"):
        add(path, references=["x" * 1000])
    assert verify(path, head).head == head


def test_a_missing_ledger_a_link_and_a_pipe_are_sentences(path: Path, tmp_path: Path) -> None:
    """Nothing waits, nothing is followed."""
    with pytest.raises(InputError, match="No such file"):
        verify(path)
    with pytest.raises(InputError, match="No such file"):
        add(tmp_path / "absent" / "ledger")
    add(tmp_path / "true")
    path.symlink_to(tmp_path / "true")
    os.mkfifo(tmp_path / "pipe")
    for each in (path, tmp_path / "pipe", tmp_path):
        for attempt in (verify, add):
            with pytest.raises(InputError):
                attempt(each)


@pytest.mark.parametrize("head", ["", "sha256:", "0" * 64, "sha256:" + "G" * 64])
def test_a_head_that_is_no_digest_is_bad_usage(path: Path, head: str) -> None:
    """Exit code 2, not `tampered`."""
    add(path)
    with pytest.raises(InputError, match="noted head"):
        verify(path, head)


def test_a_disk_that_fills_up_leaves_the_ledger_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a part was written already."""
    three(path)
    before = path.read_bytes()
    write = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if len(data) < 200:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:150], offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(InputError, match="No space left on device"):
        add(path)
    assert path.read_bytes() == before


def test_writers_at_the_same_time_lose_nothing(path: Path) -> None:
    """Four processes, all appends there, one chain."""
    code = (
        "import sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\nfrom govern.ledger import append\n"
        "for number in range(25):\n"
        "    append(Path(sys.argv[1]), 'test', who=sys.argv[2], reason=str(number), now=datetime(2026, 1, 1, tzinfo=UTC))\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), f"w{worker}"]) for worker in range(4)]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    entries = verify(path).entries
    for worker in range(4):
        assert [entry.reason for entry in entries if entry.who == f"w{worker}"] == [str(n) for n in range(25)]


def test_a_killed_writer_leaves_a_ledger_that_goes_on(path: Path) -> None:
    """`kill -9` at any moment: every append that returned is there, and the next one is taken."""
    code = (
        "import sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\nfrom govern.ledger import append\n"
        "while True:\n"
        "    made = append(Path(sys.argv[1]), 'test', who='w', reason='r', now=datetime(2026, 1, 1, tzinfo=UTC))\n"
        "    print(made.digest, flush=True)\n"
    )
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        heads = [process.stdout.readline().strip() for _ in range(7)]
        process.kill()
        heads += process.stdout.read().split("\n")[:-1]
        process.stdout.close()
        process.wait(30)
        for head in (heads[0], heads[-1], add(path).digest):
            assert verify(path, head).torn_bytes == 0


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_random_bytes_in_place_of_a_part_are_found(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever replaces whatever: what verifies with the noted head is the true ledger, and perhaps a torn line."""
    path = tmp_path_factory.mktemp("noise") / "ledger"
    head = three(path)[2]
    good = path.read_bytes()
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, len(good)))
    changed = good[:start] + data.draw(st.binary(max_size=40)) + good[end:]
    path.write_bytes(changed)
    if changed.startswith(good) and b"\n" not in changed[len(good) :]:
        assert len(verify(path, head).entries) == 3
    else:
        with pytest.raises(VerificationError):
            verify(path, head)
