"""The revocation list: what is appended, what is refused, and that it never fails open."""

import base64
import json
from datetime import timedelta

import pytest

from govern.errors import InputError, Refused, VerificationError
from govern.files import digest
from govern.revocation import PAYLOAD_TYPE, is_revoked, load, revoke, start


@pytest.fixture
def path(tmp_path):
    """Where the list will be."""
    return tmp_path / "revocations.json"


@pytest.fixture
def trust(keys):
    """The public keys of alice and carol."""
    return [keys["alice"].private.public, keys["carol"].private.public]


def entries_of(path) -> list[dict]:
    """The entries as they stand in the file."""
    return json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))["entries"]


def test_a_revoked_corpus_is_found_by_certificate_and_by_list(certified_folder, keys, path, trust, signing):
    """Either digest is enough; another corpus is not revoked."""
    made = revoke(certified_folder, keys["alice"].private, "consent withdrawn", path, signing.NOW)
    (entry,) = load(path, trust)
    assert entry == made
    assert (entry.reason, entry.revoked_at) == ("consent withdrawn", signing.NOW)
    assert is_revoked([entry], entry.certificate, "0" * 64) is entry
    assert is_revoked([entry], "sha256:" + "0" * 64, entry.manifest) is entry
    assert is_revoked([entry], "sha256:" + "0" * 64, "0" * 64) is None


def test_each_entry_continues_the_one_before(certified_folder, keys, path, trust, signing, tmp_path):
    """So that of two copies one can tell which is the longer."""
    revoke(certified_folder, keys["alice"].private, "first", path, signing.NOW)
    other = signing.write_draft(tmp_path / "other", issuer="another")
    revoke(other, keys["alice"].private, "second", path, signing.NOW + timedelta(days=1))
    first, second = entries_of(path)
    assert first["previous"] is None
    assert second["previous"] == digest(first)
    assert [entry.reason for entry in load(path, trust)] == ["first", "second"]


@pytest.mark.parametrize("spoil", ["reorder", "drop", "edit", "date", "field", "digest", "type"])
def test_a_list_whose_chain_is_broken_is_refused_even_if_signed(
    spoil, certified_folder, keys, path, trust, signing, tmp_path
):
    """A trusted key signed it, and still it does not hold together."""
    from govern.envelope import seal_payload
    from govern.files import canonical

    revoke(certified_folder, keys["alice"].private, "first", path, signing.NOW)
    revoke(signing.write_draft(tmp_path / "other", issuer="x"), keys["alice"].private, "second", path, signing.NOW)
    entries = entries_of(path)
    if spoil == "reorder":
        entries.reverse()
    elif spoil == "drop":
        entries.pop(0)
    elif spoil == "type":
        entries[0] = "text"
    else:
        name, value = {
            "edit": ("reason", "another"),
            "date": ("revoked_at", "yesterday"),
            "field": ("extra", 1),
            "digest": ("certificate", "sha256:0"),
        }[spoil]
        entries[0][name] = value
    value = {"entries": entries, "format_version": 1, "kind": "assay-revocations"}
    path.write_bytes(seal_payload(canonical(value), PAYLOAD_TYPE, keys["alice"].private))
    with pytest.raises(VerificationError, match=r"entry [12] is malformed, or does not continue"):
        load(path, trust)


def test_an_empty_list_can_be_started_and_revokes_nothing(keys, path, trust):
    """For those who check from the first day; it is not started twice."""
    start(path, keys["carol"].private)
    assert load(path, trust) == ()
    with pytest.raises(InputError, match="is there already"):
        start(path, keys["carol"].private)


def test_a_list_by_another_key_is_continued_only_where_that_key_is_trusted(
    certified_folder, keys, path, trust, signing
):
    """And left as it was where it is not."""
    start(path, keys["carol"].private)
    before = path.read_bytes()
    with pytest.raises(VerificationError, match="not trusted"):
        revoke(certified_folder, keys["alice"].private, "why", path, signing.NOW)
    assert path.read_bytes() == before
    revoke(certified_folder, keys["alice"].private, "why", path, signing.NOW, trust=trust)
    assert len(load(path, trust[:1])) == 1


def test_the_same_corpus_is_not_revoked_twice(certified_folder, keys, path, signing):
    """The first entry stands."""
    revoke(certified_folder, keys["alice"].private, "first", path, signing.NOW)
    before = path.read_bytes()
    with pytest.raises(Refused, match="revoked already"):
        revoke(certified_folder, keys["alice"].private, "second", path, signing.NOW)
    assert path.read_bytes() == before


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "bell\a", "x" * 501])
def test_a_reason_is_one_line(reason, certified_folder, keys, path, signing):
    """Neither empty nor long nor of several lines."""
    with pytest.raises(InputError, match="--reason"):
        revoke(certified_folder, keys["alice"].private, reason, path, signing.NOW)
    assert not path.exists()


def test_the_list_lives_outside_the_corpus(certified_folder, keys, signing):
    """Inside, it would be an extra file."""
    with pytest.raises(InputError, match="lies inside the corpus"):
        revoke(certified_folder, keys["alice"].private, "why", certified_folder / "revocations.json", signing.NOW)


def test_what_is_no_corpus_cannot_be_revoked(tmp_path, keys, path, signing):
    """A folder without certificate or list, or none at all."""
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(InputError, match="give a certified corpus"):
            revoke(folder, keys["alice"].private, "why", path, signing.NOW)


def test_a_damaged_corpus_can_still_be_revoked(certified_folder, keys, path, signing):
    """Taking back must not wait for repair."""
    (certified_folder / "documents/part-00000.parquet").unlink()
    (certified_folder / "attestation.json").unlink()
    assert revoke(certified_folder, keys["alice"].private, "lost", path, signing.NOW).reason == "lost"


def test_a_list_in_a_folder_that_is_not_there_is_a_sentence(certified_folder, keys, tmp_path, signing):
    """Nothing is created on the way."""
    with pytest.raises(InputError, match="absent"):
        revoke(certified_folder, keys["alice"].private, "why", tmp_path / "absent" / "list.json", signing.NOW)


def test_a_missing_list_is_an_error_when_it_is_to_be_checked(path, trust):
    """Never `nothing revoked`."""
    with pytest.raises(VerificationError, match=r"revocations\.json: missing"):
        load(path, trust)


def test_every_flipped_bit_of_a_list_is_refused(certified_folder, keys, path, trust, signing):
    """All bytes, one bit each."""
    revoke(certified_folder, keys["carol"].private, "why", path, signing.NOW)
    good = path.read_bytes()
    for position in range(len(good)):
        flipped = bytearray(good)
        flipped[position] ^= 1 << (position % 8)
        path.write_bytes(bytes(flipped))
        with pytest.raises(VerificationError, match=r"revocations\.json"):
            load(path, trust)
