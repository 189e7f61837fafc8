"""The vault: what is written comes back under both keys, under neither alone; what was altered or shredded never does."""

import base64
import hashlib
import json
import os
import pickle
import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vault_world import KIM, LEE, NOW, PHONE, Bank, fresh, rotated

from govern import ledger
from govern.errors import GovernError, InputError, Refused
from govern.vault import file as vault_file
from govern.vault import keys as vault_keys
from govern.vault import store as vault
from govern.vault.access import Account, parse_reference, reveal, rotate, shred
from govern.vault.keys import BothKeys, second_public
from govern.vault.segment import Original, context, write_segment
from govern.vault.store import commit, init, open_vault, writing_keys

REFERENCES = st.tuples(st.sampled_from(["PERSON", "KR_RRN"]), st.text("ab", min_size=12, max_size=12))

ORIGINALS = st.lists(st.builds(lambda head, text: Original(*head, text), REFERENCES, st.text(max_size=40)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(shards=st.lists(ORIGINALS, min_size=1, max_size=4), data=st.data())
def test_every_text_comes_back_whatever_the_order_and_however_often_segments_are_committed(
    shards: list[list[Original]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """For any texts, spread over any segments, committed in any parts, some of them again."""
    bank = Bank(tmp_path_factory.mktemp("law"))
    paths = [bank.segment(f"shard-{number}", *shard) for number, shard in enumerate(shards)]
    for part in data.draw(st.lists(st.lists(st.sampled_from(paths)), max_size=3)):
        commit(bank.path, part)
    commit(bank.path, paths)
    before = bank.path.read_bytes()
    commit(bank.path, paths[::-1])
    assert bank.path.read_bytes() == before
    every = [item for shard in shards for item in shard]
    if every:
        wanted: dict[str, set[str]] = {}
        for item in every:
            wanted.setdefault(item.reference, set()).add(item.text)
        found = reveal(bank.path, list(wanted), bank.keys, bank.account).texts
        assert {name: set(texts) for name, texts in found.items()} == wanted
    counted = open_vault(bank.path, "bank").entries
    assert sum(counted.values()) == sum(len(set(shard)) for shard in shards)


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(categories=["Cs", "L", "Cc", "N"]), max_size=80), about=st.binary(max_size=20))
def test_a_sealed_text_opens_for_what_it_was_sealed_for_alone(text: str, about: bytes) -> None:
    """Also with lone surrogates and NUL; its length shows to the next 32 bytes only."""
    cipher = vault_keys.TextCipher(secrets.token_bytes(32))
    sealed = cipher.seal(text, about)
    assert cipher.open(sealed, about) == text
    assert (len(sealed) - 12 - 16) % 32 == 0
    with pytest.raises(vault_keys.SealBroken):
        cipher.open(sealed, about + b"x")
    with pytest.raises(vault_keys.SealBroken):
        vault_keys.TextCipher(secrets.token_bytes(32)).open(sealed, about)


def test_the_same_reference_and_text_is_one_entry_and_every_spelling_is_kept(bank: Bank) -> None:
    """Spellings of one number share a reference; each comes back."""
    spaced = Original("PHONE_NUMBER", PHONE.letters, "010 0000 1234")
    assert write_segment(bank.folder / "s", [PHONE, PHONE, spaced, PHONE], bank.writing()) == 2
    assert commit(bank.path, [bank.folder / "s"]) == vault.Committed(1, 2, 0, 0)
    assert bank.texts(PHONE) == [("010 0000 1234", "010-0000-1234")]


def test_neither_key_opens_anything_without_the_other(full: Bank) -> None:
    """Refused by id, and by the seal where the ids are made to fit."""
    other = fresh()
    with pytest.raises(InputError, match="the vault key is not this vault's"):
        full.texts(KIM, keys=BothKeys(other.vault_key, full.keys.second))
    with pytest.raises(InputError, match="the second key is not this vault's"):
        full.texts(KIM, keys=BothKeys(full.keys.vault_key, other.second))
    with vault_file.reading(full.path) as reader:
        header = reader.vault()
    for segment in header.segments:
        about = context(header.vault, header.domain, segment.id)
        assert len(vault_keys.open_data_key(segment.sealed, full.keys, about)) == 32
        for half in (BothKeys(other.vault_key, full.keys.second), BothKeys(full.keys.vault_key, other.second)):
            with pytest.raises(vault_keys.SealBroken):
                vault_keys.open_data_key(segment.sealed, half, about)
    assert not full.account.ledger.exists()


def test_no_text_stands_in_a_file_a_repr_or_what_a_worker_is_sent(full: Bank) -> None:
    """Neither in the vault, nor a segment, nor the ledger; keys show in no repr."""
    full.texts(KIM, LEE, PHONE)
    full.segment("three", KIM, LEE, PHONE)
    written = b"".join(path.read_bytes() for path in full.folder.iterdir())
    shown = repr(
        [KIM, LEE, PHONE, full.keys, full.writing(), reveal(full.path, [KIM.reference], full.keys, full.account)]
    )
    for item in (KIM, LEE, PHONE):
        assert item.text.encode() not in written
        assert item.text not in shown
    assert repr(full.keys.vault_key) not in shown
    assert full.keys.second not in pickle.dumps(full.writing())


def test_the_ledger_says_who_looks_before_anything_is_opened(full: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be written, or does not verify, nothing is opened."""
    opened: list[object] = []
    monkeypatch.setattr(vault_keys.TextCipher, "open", lambda *_: opened.append(_) or "")
    full.account.ledger.write_bytes(b"not a ledger\n")
    with pytest.raises(Refused, match="no header"):
        full.texts(KIM)
    full.account.ledger.unlink()
    full.account.ledger.mkdir()
    with pytest.raises(InputError, match="ledger"):
        full.texts(KIM)
    assert opened == []
    full.account.ledger.rmdir()
    full.texts(KIM)
    (entry,) = ledger.verify(full.account.ledger).entries
    assert (entry.what, entry.who, entry.reason, entry.time) == ("vault.reveal", "kim", "complaint 17", NOW)
    assert entry.about["references"] == [KIM.reference]
    assert len(opened) == 2


def test_a_reference_that_is_not_there_shows_nothing_of_the_others(full: Bank) -> None:
    """Exit code 1, and no entry, since nothing was seen."""
    absent = Original("PERSON", "zzzzzzzzzzzz", "")
    with pytest.raises(Refused, match="PERSON_zzzzzzzzzzzz not in it; nothing is shown"):
        full.texts(KIM, absent)
    assert not full.account.ledger.exists()


@pytest.mark.parametrize(
    "text", ["", "PERSON", "PERSON_abc", "<PERSON_abcdefghijkl", "person_abcdefghijkl", "PERSON_abcdefghijkL", "김서윤"]
)
def test_what_is_no_reference_is_bad_usage_and_not_repeated(text: str) -> None:
    """It may be a value that somebody pasted."""
    with pytest.raises(InputError, match="a reference is written") as caught:
        parse_reference(text)
    assert len(text) == 0 or text not in str(caught.value).replace("<PERSON_abcdefghijkl>", "")


def test_a_reveal_takes_a_reason_and_a_number_of_references_that_can_be_read(full: Bank) -> None:
    """None, too many, no reason: nothing is opened or told."""
    many = [f"PERSON_{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}aaaaaaaaa" for n in range(1001)]
    for references in ([], many):
        with pytest.raises(InputError, match="expected 1 to 1000"):
            reveal(full.path, references, full.keys, full.account)
    for reason in ("", " ", "a\nb"):
        account = Account(full.account.ledger, "kim", reason, NOW)
        for attempt in (
            lambda account=account: reveal(full.path, [KIM.reference], full.keys, account),
            lambda account=account: shred(full.path, account),
            lambda account=account: rotate(full.path, full.keys, *[b"k" * 32] * 2, account),
        ):
            with pytest.raises(InputError, match="--reason"):
                attempt()
    assert not full.account.ledger.exists()


def test_every_flipped_byte_is_refused(full: Bank) -> None:
    """All bytes of a small vault, one bit each, by all that reads it, without a key and with both."""
    good = full.path.read_bytes()
    for position in range(len(good)):
        flipped = bytearray(good)
        flipped[position] ^= 1 << (position % 8)
        full.path.write_bytes(bytes(flipped))
        with pytest.raises(Refused, match=r"bank\.vault"):
            open_vault(full.path)
        with pytest.raises(Refused, match=r"bank\.vault"):
            full.texts(KIM)
    assert not full.account.ledger.exists()


def test_a_damaged_vault_is_neither_added_to_nor_rotated_nor_shredded_in_part(full: Bank) -> None:
    """And stays as it is, with nothing beside it; the whole of it can be shredded."""
    segment = full.segment("three", LEE)
    good = full.path.read_bytes()
    for damaged in (good[:-1], good + b"\n", good[:-5] + b"A" + good[-4:]):
        full.path.write_bytes(damaged)
        for attempt in (
            lambda: commit(full.path, [segment]),
            lambda: rotated(full, fresh()),
            lambda: shred(full.path, full.account, KIM.reference),
        ):
            with pytest.raises(Refused, match=r"bank\.vault"):
                attempt()
            assert full.path.read_bytes() == damaged
            assert {path.name for path in full.folder.iterdir()} <= {"bank.vault", "three", "ledger.jsonl"}
    assert shred(full.path, full.account).changed


@pytest.mark.parametrize("part", ["segment", "cut", "more", "two"])
def test_a_damaged_segment_leaves_the_vault_as_it_was(bank: Bank, part: str) -> None:
    """Also where other segments of the same commit are whole."""
    whole, spoilt = bank.segment("one", KIM), bank.segment("two", LEE)
    before, good = bank.path.read_bytes(), spoilt.read_bytes()
    spoilt.write_bytes(
        {"segment": good[:-9] + b"#" + good[-8:], "cut": good[:-1], "more": good + good, "two": b"\n" + good}[part]
    )
    with pytest.raises(Refused, match="two"):
        commit(bank.path, [whole, spoilt])
    assert bank.path.read_bytes() == before


def altered(path: Path, **changes: object) -> None:
    """The header changed and its digest computed again, as anyone can who may write the file."""
    line, _, rest = path.read_bytes().partition(b"\n")
    header = {**json.loads(line), **changes}
    made = ledger.canonical(header) + b"\n"
    path.write_bytes(made + hashlib.sha256(made).hexdigest().encode() + b"\n" + rest[65:])


def test_a_header_that_was_altered_with_its_digest_is_found_by_the_vault_key(full: Bank) -> None:
    """So nobody makes the next run seal its keys for him, or passes one domain for another."""
    stranger = second_public(secrets.token_bytes(32))
    good = full.path.read_bytes()
    for changes in (
        {"second_public": stranger.hex(), "second_key_id": vault_keys.second_key_id(stranger)},
        {"domain": "other"},
        {"vault": "0" * 32},
        {"second_key_id": vault_keys.second_key_id(stranger)},
    ):
        altered(full.path, **changes)
        for attempt in (
            lambda: writing_keys(
                full.path, full.keys.vault_key, json.loads(full.path.read_bytes().split(b"\n")[0])["domain"]
            ),
            lambda: full.texts(KIM),
            lambda: rotated(full, fresh()),
        ):
            with pytest.raises(Refused, match="header was altered"):
                attempt()
        full.path.write_bytes(good)


def test_entries_and_seals_put_in_anothers_place_do_not_open(full: Bank) -> None:
    """With every digest computed again: between references, and between segments."""
    good = full.path.read_bytes()
    header = json.loads(good.split(b"\n")[0])
    first, second = header["segments"]
    wraps = [{**first, "wrapped": second["wrapped"], "ephemeral": second["ephemeral"]}, second]
    altered(full.path, segments=wraps)
    for attempt in (lambda: full.texts(KIM), lambda: rotated(full, fresh())):
        with pytest.raises(Refused, match="was altered, or is of another vault"):
            attempt()
    full.path.write_bytes(good)
    body = good.split(b"\n", 2)[2][: first["size_bytes"]]
    kim, lee = body.splitlines()
    swapped = kim[:20] + lee[20:] + b"\n" + lee[:20] + kim[20:] + b"\n"
    full.path.write_bytes(good.replace(body, swapped))
    altered(full.path, segments=[{**first, "sha256": hashlib.sha256(swapped).hexdigest()}, second])
    assert open_vault(full.path).segments == 2
    with pytest.raises(Refused, match="an entry was altered"):
        full.texts(KIM)
    rubbish = kim[:20] + b"=" + kim[21:] + b"\n" + lee + b"\n"
    full.path.write_bytes(good.replace(body, rubbish))
    altered(full.path, segments=[{**first, "sha256": hashlib.sha256(rubbish).hexdigest()}, second])
    with pytest.raises(Refused, match="an entry was altered"):
        full.texts(KIM)


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": 2},
        {"kind": "assay-other"},
        {"more": 1},
        {"domain": "a\u202eb"},
        {"domain": 1},
        {"segments": [{}]},
        {"shredded": ["x"]},
        {"tag": "0"},
    ],
)
def test_a_header_of_another_format_is_refused(full: Bank, changes: dict[str, object]) -> None:
    """Unknown members and values too, though the digest fits."""
    altered(full.path, **changes)
    with pytest.raises(Refused, match="format that this program does not know"):
        open_vault(full.path)


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"x" * 200, b"[" * 5000 + b"\n", b"\xff\n"])
def test_another_file_is_no_vault_and_is_never_shredded(bank: Bank, content: bytes) -> None:
    """Whatever is in it; a mistyped path costs nothing."""
    bank.path.write_bytes(content)
    for given_digest in (
        content,
        content.split(b"\n")[0] + b"\n" + hashlib.sha256(content).hexdigest().encode() + b"\n",
    ):
        bank.path.write_bytes(given_digest)
        for attempt in (lambda: open_vault(bank.path), lambda: shred(bank.path, bank.account)):
            with pytest.raises(Refused, match=r"bank\.vault"):
                attempt()
        assert bank.path.read_bytes() == given_digest


def test_a_vault_or_segment_of_another_domain_or_vault_is_bad_usage(full: Bank, tmp_path: Path) -> None:
    """Exit code 2, both domains named, nothing written."""
    (tmp_path / "other").mkdir()
    other = Bank(tmp_path / "other")
    before = full.path.read_bytes()
    for attempt in (
        lambda: open_vault(full.path, "cards"),
        lambda: writing_keys(full.path, full.keys.vault_key, "cards"),
    ):
        with pytest.raises(InputError, match="domain 'bank', expected 'cards'"):
            attempt()
    with pytest.raises(InputError, match="a segment of another vault"):
        commit(full.path, [other.segment("theirs", KIM)])
    with pytest.raises(InputError, match="expected assay-vault-segment"):
        commit(full.path, [other.path])
    with pytest.raises(InputError, match="expected assay-vault;"):
        open_vault(other.folder / "theirs")
    with pytest.raises(InputError, match="vault key is not this vault's"):
        writing_keys(full.path, other.keys.vault_key, "bank")
    assert full.path.read_bytes() == before


def test_a_vault_is_made_outside_a_corpus_and_over_nothing(bank: Bank, certified_folder: Path) -> None:
    """In no folder of a certified one either."""
    public = second_public(bank.keys.second)
    for place in (certified_folder / "v", certified_folder / "documents" / "v"):
        with pytest.raises(InputError, match="lies inside the corpus"):
            init(place, vault_key=bank.keys.vault_key, second_public=public, domain="bank")
        assert not place.exists()
    (bank.folder / "link").symlink_to(bank.folder / "nowhere")
    for place in (bank.path, bank.folder / "link"):
        with pytest.raises(InputError, match="is there already"):
            init(place, vault_key=bank.keys.vault_key, second_public=public, domain="bank")
    for domain in ("", " ", "a\nb", "x" * 101):
        with pytest.raises(InputError, match="--domain"):
            init(bank.folder / "w", vault_key=bank.keys.vault_key, second_public=public, domain=domain)
    assert bank.path.stat().st_mode & 0o777 == 0o600


def test_after_a_rotation_the_new_keys_open_all_and_the_old_ones_nothing(full: Bank) -> None:
    """Of any file that is left, be it the old one under another name."""
    os.link(full.path, full.folder / "kept by a link")
    late = full.segment("late", LEE)
    new = fresh()
    done = rotate(full.path, full.keys, new.vault_key, second_public(new.second), full.account)
    assert done.changed
    assert full.texts(KIM, LEE, PHONE, keys=new) == [(KIM.text,), (LEE.text,), (PHONE.text,)]
    with pytest.raises(InputError, match="not this vault's"):
        full.texts(KIM)
    assert set((full.folder / "kept by a link").read_bytes()) == {0}
    with pytest.raises(InputError, match="the vault was rotated since"):
        commit(full.path, [late])
    assert not rotate(full.path, full.keys, new.vault_key, second_public(new.second), full.account).changed
    outcomes = [item for item in full.told() if item[0] == "vault.rotate"]
    assert [outcome for _, outcome in outcomes] == ["begun", "done", "was so already"]


def test_a_rotation_under_wrong_keys_changes_nothing(full: Bank) -> None:
    """Either of them wrong; a segment that was committed before is still known afterwards."""
    before, other = full.path.read_bytes(), fresh()
    for keys in (BothKeys(other.vault_key, full.keys.second), BothKeys(full.keys.vault_key, other.second)):
        with pytest.raises(InputError, match="not this vault's"):
            rotate(full.path, keys, other.vault_key, second_public(other.second), full.account)
    assert full.path.read_bytes() == before
    segment = full.segment("three", LEE)
    commit(full.path, [segment])
    rotated(full, other)
    assert commit(full.path, [segment]).already == 1


def test_a_segment_exchanged_during_a_commit_is_not_taken(full: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes in is what was checked."""
    segment = full.segment("three", LEE)
    before = full.path.read_bytes()
    true = vault.replace

    def exchanged(*arguments: object, **named: object) -> None:
        full.segment("three", PHONE)
        true(*arguments, **named)

    monkeypatch.setattr(vault, "replace", exchanged)
    with pytest.raises(Refused, match="was exchanged"):
        commit(full.path, [segment])
    assert full.path.read_bytes() == before


def test_one_process_at_a_time_changes_a_vault(full: Bank) -> None:
    """The other is told to wait; reading goes on."""
    from govern.lock import alone

    segment = full.segment("three", LEE)
    with alone(full.folder):
        for attempt in (
            lambda: commit(full.path, [segment]),
            lambda: rotated(full, fresh()),
            lambda: shred(full.path, full.account),
        ):
            with pytest.raises(Refused, match="another process is writing there"):
                attempt()
        assert full.texts(KIM) == [(KIM.text,)]


def test_a_segment_takes_references_of_twelve_lower_case_letters_alone(bank: Bank) -> None:
    """Else nothing is written, and the text is not repeated."""
    for entity_type, letters in (("PERSON", "abc"), ("person", "a" * 12), ("PERSON", "A" * 12), ("", "a" * 12)):
        with pytest.raises(InputError, match="twelve lower-case letters") as caught:
            bank.segment("s", Original(entity_type, letters, "canary text"))
        assert "canary" not in str(caught.value)
        assert not (bank.folder / "s").exists()


def test_missing_files_links_and_pipes_are_sentences(bank: Bank) -> None:
    """Nothing waits, nothing is followed."""
    os.mkfifo(bank.folder / "pipe")
    (bank.folder / "link").symlink_to(bank.path)
    for name in ("absent", "pipe", "link", "."):
        for attempt in (
            lambda name=name: open_vault(bank.folder / name),
            lambda name=name: shred(bank.folder / name, bank.account),
            lambda name=name: commit(bank.path, [bank.folder / name]),
        ):
            with pytest.raises(InputError, match="give a vault"):
                attempt()


def test_keys_are_made_once_and_read_back(tmp_path: Path) -> None:
    """Private ones for their owner alone; ids are what a vault shows."""
    ids = vault_keys.generate(tmp_path / "k")
    keys = BothKeys(
        vault_keys.load_vault_key(tmp_path / "k/vault.key"), vault_keys.load_second(tmp_path / "k/second.pem")
    )
    assert keys.key_ids == ids
    assert vault_keys.load_second_public(tmp_path / "k/second.pub") == second_public(keys.second)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "k").iterdir()}
    assert modes == {"vault.key": 0o600, "second.pem": 0o600, "second.pub": 0o644}
    with pytest.raises(InputError, match="never overwritten"):
        vault_keys.generate(tmp_path / "k")


@pytest.mark.parametrize("load", ["load_vault_key", "load_second", "load_second_public"])
def test_a_file_that_is_no_such_key_is_refused(tmp_path: Path, keys: dict, load: str) -> None:
    """A signing key, its public half, a secret of another length, nothing, an open mode."""
    vault_keys.generate(tmp_path / "k")
    wrong = {
        "load_vault_key": (tmp_path / "k/second.pem", b"k" * 31),
        "load_second": (keys["alice"].private_path, tmp_path / "k/vault.key", tmp_path / "k/second.pub"),
        "load_second_public": (keys["alice"].public, tmp_path / "k/second.pem"),
    }[load]
    for content in (*wrong, b"", tmp_path / "absent"):
        path = content
        if isinstance(content, bytes):
            path = tmp_path / "made"
            path.write_bytes(content)
            path.chmod(0o600)
        elif path.exists():
            path.chmod(0o600)
        with pytest.raises(InputError, match="govern vault keygen"):
            getattr(vault_keys, load)(path)
    if load != "load_second_public":
        path = tmp_path / "k" / ("vault.key" if load == "load_vault_key" else "second.pem")
        path.chmod(0o644)
        with pytest.raises(InputError, match="lets others read it"):
            getattr(vault_keys, load)(path)


def test_a_public_key_that_agrees_with_everybody_on_the_same_secret_is_refused(tmp_path: Path) -> None:
    """The point of order one: sealed to it, everything would open without the second holder."""
    der = bytes.fromhex("302a300506032b656e032100") + bytes(32)
    body = base64.b64encode(der).decode()
    (tmp_path / "zero.pub").write_text(f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    with pytest.raises(InputError, match="no X25519 public key"):
        vault_keys.load_second_public(tmp_path / "zero.pub")


def test_errors_of_the_vault_are_all_errors_of_govern() -> None:
    """So that a command turns each into a sentence."""
    assert issubclass(vault_keys.SealBroken, GovernError)
