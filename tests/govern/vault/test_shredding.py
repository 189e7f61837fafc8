"""What is shredded cannot be recovered, and a change that is cut short leaves the old vault or the new."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from vault_world import KIM, LEE, NOW, PHONE, Bank, fresh, rotated

from govern.errors import InputError, Refused
from govern.vault import file as vault_file
from govern.vault import keys as vault_keys
from govern.vault import store as vault
from govern.vault.access import Account, reveal, shred
from govern.vault.keys import BothKeys, second_public
from govern.vault.segment import Original
from govern.vault.store import commit, discard, init, open_vault, writing_keys


def openable(folder: Path, sealed: dict[str, list[bytes]]) -> list[Path]:
    """Files below `folder` with any of these sealed texts or data keys; without them, keys have nothing to open."""
    found = []
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for pieces in sealed.values():
            found += [path for piece in pieces if piece in data or base64.b64encode(piece) in data]
    return found


def pieces_of(path: Path) -> dict[str, list[bytes]]:
    """By reference, what is sealed of it in the file; under `keys` the sealed data keys, as they are spelled."""
    pieces: dict[str, list[bytes]] = {}
    with vault_file.reading(path) as reader:
        for segment, body in reader.bodies():
            pieces.setdefault("keys", []).append(segment.wrapped.encode())
            for line in body.splitlines():
                reference, _, sealed = line.partition(b" ")
                pieces.setdefault(reference.decode(), []).append(base64.b64decode(sealed))
    return pieces


def test_nothing_of_a_shredded_vault_can_be_recovered_with_both_keys(full: Bank) -> None:
    """From no file left, the vault's old bytes under another name among them; and nothing goes in again."""
    segment = full.segment("late", KIM)
    sealed = pieces_of(full.path)
    os.link(full.path, full.folder / "kept by a link")
    assert openable(full.folder, sealed)
    assert shred(full.path, full.account).changed
    assert openable(full.folder, sealed) == []
    assert set((full.folder / "kept by a link").read_bytes()) == {0}
    for attempt in (
        lambda: full.texts(KIM),
        lambda: commit(full.path, [segment]),
        lambda: open_vault(full.path),
        lambda: writing_keys(full.path, full.keys.vault_key, "bank"),
        lambda: rotated(full, fresh()),
        lambda: shred(full.path, full.account, KIM.reference),
    ):
        with pytest.raises(Refused, match="was shredded at 2026-06-01T12:00:00Z"):
            attempt()
    assert not shred(full.path, full.account).changed
    assert full.told() == [("vault.shred", "begun"), ("vault.shred", "done"), ("vault.shred", "was so already")]
    with pytest.raises(InputError, match="is there already"):
        init(full.path, vault_key=full.keys.vault_key, second_public=second_public(full.keys.second), domain="bank")


def test_nothing_of_a_shredded_reference_can_be_recovered_and_the_rest_can(full: Bank) -> None:
    """From no file left; where a segment held nothing else, its sealed data key goes too. It never comes back."""
    alone = full.segment("three", KIM)
    commit(full.path, [alone])
    discard([alone])
    sealed = pieces_of(full.path)
    os.link(full.path, full.folder / "kept by a link")
    assert shred(full.path, full.account, f"<{KIM.reference}>").changed
    assert openable(full.folder, {KIM.reference: sealed[KIM.reference], "key": sealed["keys"][2:]}) == []
    assert full.texts(LEE, PHONE) == [(LEE.text,), (PHONE.text,)]
    with pytest.raises(Refused, match="not in it, 1 of them shredded"):
        full.texts(KIM)
    kept = open_vault(full.path)
    assert (kept.segments, kept.entries, kept.shredded) == (2, {"PERSON": 1, "PHONE_NUMBER": 1}, (KIM.reference,))
    again = full.segment("four", KIM, Original("PERSON", "cdefghijklmn", "Park Jiho"))
    assert commit(full.path, [again]) == vault.Committed(1, 1, 0, 1)
    assert KIM.reference.encode() + b" " not in full.path.read_bytes()
    assert not shred(full.path, full.account, KIM.reference).changed


def test_a_reference_that_is_not_there_is_not_shredded(full: Bank) -> None:
    """Exit code 1; the vault stays as it was and nothing is told."""
    before = full.path.read_bytes()
    with pytest.raises(Refused, match="is not in it"):
        shred(full.path, full.account, "PERSON_zzzzzzzzzzzz")
    assert full.path.read_bytes() == before
    assert not full.account.ledger.exists()


def test_discarded_segments_are_overwritten_before_they_are_removed(bank: Bank) -> None:
    """A half-written one too; one that is gone already is fine, and so is a second time."""
    segment = bank.segment("one", KIM)
    os.link(segment, bank.folder / "kept by a link")
    (bank.folder / "one.tmp").write_bytes(b"half")
    for _ in range(2):
        discard([segment])
        assert not segment.exists()
        assert not (bank.folder / "one.tmp").exists()
    assert set((bank.folder / "kept by a link").read_bytes()) == {0}


class Killed(BaseException):
    """Stands for `kill -9`: nothing after it runs."""


def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call that changes the disk beyond the first `steps` ends the process, and so does what would clean up."""
    count = iter(range(10**6))

    def counted(name: str) -> None:
        true = getattr(os, name)

        def call(*arguments: object, **named: object) -> object:
            if next(count) >= steps:
                raise Killed
            return true(*arguments, **named)

        monkeypatch.setattr(os, name, call)

    for name in ("fsync", "link", "replace", "unlink", "rename"):
        counted(name)


def changes(bank: Bank, new: BothKeys, segment: Path) -> dict[str, object]:
    return {
        "commit": lambda: commit(bank.path, [segment]),
        "rotate": lambda: rotated(bank, new),
        "shred one": lambda: shred(bank.path, bank.account, KIM.reference),
        "shred": lambda: shred(bank.path, bank.account),
    }


def state_of(bank: Bank, new: BothKeys) -> object:
    """What can be read of a vault now."""
    if b'"kind":"assay-vault-shredded"' in bank.path.read_bytes():
        with pytest.raises(Refused, match="was shredded"):
            open_vault(bank.path)
        return "shredded"
    seen = open_vault(bank.path)
    keys = bank.keys if seen.vault_key_id == vault_keys.vault_key_id(bank.keys.vault_key) else new
    items = [item for item in (KIM, LEE, PHONE) if item.reference not in seen.shredded]
    account = Account(bank.folder / "other.jsonl", "x", "y", NOW)
    reveal(bank.path, [item.reference for item in items], keys, account)
    return seen


@pytest.mark.parametrize("change", ["commit", "rotate", "shred one", "shred"])
def test_a_kill_between_any_two_steps_leaves_the_old_vault_or_the_new(tmp_path: Path, change: str) -> None:
    """Whole and readable; and the same call again finishes, with nothing left beside it that opens."""
    for steps in range(100):
        folder = tmp_path / f"{steps}"
        folder.mkdir()
        bank, new = Bank(folder), fresh()
        commit(bank.path, [bank.segment("one", KIM, LEE), bank.segment("two", KIM, PHONE)])
        discard([folder / "one", folder / "two"])
        segment = bank.segment("three", LEE)
        old, sealed = state_of(bank, new), pieces_of(bank.path)
        with pytest.MonkeyPatch.context() as patch:
            killed_after(steps, patch)
            try:
                changes(bank, new, segment)[change]()
                survived = True
            except Killed:
                survived = False
        between = state_of(bank, new)
        changes(bank, new, segment)[change]()
        after = state_of(bank, new)
        assert old != after
        assert between in (old, after)
        assert {path.name for path in folder.iterdir()} <= {"bank.vault", "three", "ledger.jsonl", "other.jsonl"}
        gone = {"commit": {}, "rotate": {"keys": sealed["keys"]}, "shred one": {KIM.reference: sealed[KIM.reference]}}
        assert openable(folder, gone.get(change, sealed)) == []
        if survived:
            break
    assert steps >= (3 if change == "commit" else 8)


def test_a_disk_that_fills_up_leaves_the_vault_and_nothing_beside_it(
    full: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is the system's own; the same call succeeds when there is room."""
    segment = full.segment("three", LEE)
    before = full.path.read_bytes()
    sync = os.fsync
    with monkeypatch.context() as patch:
        calls: Iterator[int] = iter(range(100))

        def no_room(descriptor: int) -> None:
            if next(calls) == 0:
                raise OSError(28, "No space left on device")
            sync(descriptor)

        patch.setattr(os, "fsync", no_room)
        with pytest.raises(OSError, match="No space left"):
            commit(full.path, [segment])
    assert full.path.read_bytes() == before
    assert {path.name for path in full.folder.iterdir()} == {"bank.vault", "three"}
    assert commit(full.path, [segment]).segments == 1
