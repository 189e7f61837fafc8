"""Key files: what `generate` writes, what the loaders refuse, and what is derived."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.errors import InputError
from govern.keys import (
    KINDS,
    P256_ORDER,
    derive,
    generate,
    keyed_digest,
    load_passphrase,
    load_private,
    load_public,
    load_secret,
    load_trusted,
)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    """Both kinds of key."""
    return request.param


def test_generate_writes_three_files_that_load(tmp_path, kind):
    """The pair belongs together, the secret has 32 bytes, private files are their owner's alone."""
    made = generate(tmp_path / "new" / "keys", kind)
    private = load_private(made.private)
    assert private.key_id == load_public(made.public).key_id == made.key_id
    assert private.public.kind == kind
    assert len(load_secret(made.secret)) == 32
    assert {path.name for path in made.private.parent.iterdir()} == {"sign.pem", "sign.pub", "secret.key"}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (made.private, made.secret)] == [0o600, 0o600]


def test_private_files_are_closed_whatever_the_umask(tmp_path):
    """A wide open umask does not open a key."""
    before = os.umask(0)
    try:
        made = generate(tmp_path / "keys")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.private.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.private.parent.stat().st_mode) == 0o700


def test_two_keys_are_never_alike(tmp_path, kind):
    """Neither pair nor secret repeats."""
    one, other = generate(tmp_path / "one", kind), generate(tmp_path / "other", kind)
    assert one.key_id != other.key_id
    assert load_secret(one.secret) != load_secret(other.secret)


@pytest.mark.parametrize("name", ["sign.pem", "sign.pub", "secret.key"])
def test_generate_overwrites_nothing(tmp_path, name):
    """One file in the way, or a dangling link, and nothing is written."""
    (tmp_path / name).symlink_to("nowhere")
    with pytest.raises(InputError, match=f"{name}: is there already.*name another folder"):
        generate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_generate_names_the_kinds_it_knows(tmp_path):
    """An unknown kind is refused with the list."""
    with pytest.raises(InputError, match="'rsa' is unknown; choose one of: ed25519, p256"):
        generate(tmp_path, "rsa")


def test_generate_says_when_the_folder_is_a_file(tmp_path):
    """A sentence, not a traceback."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        generate(tmp_path / "file" / "keys")


def test_a_signature_repeats_and_has_one_form(tmp_path, kind):
    """Deterministic, and only the low `s` for P-256, over many messages."""
    private = load_private(generate(tmp_path, kind).private)
    for number in range(40):
        data = b"message %d" % number
        assert private.sign(data) == private.sign(data)
        assert private.public.accepts_form(private.sign(data))


def test_the_high_s_is_not_a_form_of_a_signature(tmp_path):
    """(r, n - s) verifies under any library; here it is not taken."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    private = load_private(generate(tmp_path, "p256").private)
    r, s = decode_dss_signature(private.sign(b"x"))
    assert not private.public.accepts_form(encode_dss_signature(r, P256_ORDER - s))
    assert not private.public.accepts_form(b"")
    assert not private.public.accepts_form(b"\x30\x00")


def test_the_deterministic_signature_is_the_one_of_rfc_6979():
    """RFC 6979, A.2.5: P-256 with SHA-256 over `sample`; its s is high, so ours is n - s."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    from govern.keys import PrivateKey, PublicKey

    key = derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, SECP256R1())
    r, s = decode_dss_signature(PrivateKey(PublicKey("p256", b""), key).sign(b"sample"))
    assert r == 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    assert s == P256_ORDER - 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8


def test_a_passphrase_locks_the_private_key(tmp_path, kind):
    """The right one opens it; a wrong, missing or needless one is a sentence each."""
    made = generate(tmp_path / "locked", kind, b"correct horse")
    assert load_private(made.private, b"correct horse").key_id == made.key_id
    assert b"ENCRYPTED" in made.private.read_bytes()
    with pytest.raises(InputError, match="the passphrase is wrong"):
        load_private(made.private, b"battery staple")
    with pytest.raises(InputError, match="no passphrase came; give --passphrase"):
        load_private(made.private)
    with pytest.raises(InputError, match="not encrypted"):
        load_private(generate(tmp_path / "open", kind).private, b"correct horse")
    with pytest.raises(InputError, match="passphrase is empty"):
        generate(tmp_path / "empty", kind, b"")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o777])
def test_a_private_file_that_others_may_open_is_refused(tmp_path, mode):
    """Key and secret alike; the message names the mode and the remedy."""
    made = generate(tmp_path)
    for path, load in ((made.private, load_private), (made.secret, load_secret)):
        path.chmod(mode)
        with pytest.raises(InputError, match=f"mode {mode:04o} .*chmod 600") as caught:
            load(path)
        assert caught.value.exit_code == 2


@pytest.mark.parametrize("size", [0, 1, 31, 33, 64, 65])
def test_a_secret_of_another_length_is_refused(tmp_path, size):
    """The message counts the bytes and shows none."""
    path = tmp_path / "secret.key"
    path.write_bytes(b"k" * size)
    path.chmod(0o600)
    with pytest.raises(InputError, match=f"holds {size} bytes, a secret is exactly 32 raw bytes") as caught:
        load_secret(path)
    assert "kkk" not in str(caught.value)


def test_missing_files_and_folders_are_sentences(tmp_path):
    """Every loader, on nothing and on a folder."""
    for load in (load_private, load_public, load_secret, load_passphrase):
        with pytest.raises(InputError, match="No such file"):
            load(tmp_path / "absent")
        with pytest.raises(InputError, match="directory"):
            load(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no key",
        b"\x00" * 100,
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"x" * 100_000,
    ],
)
def test_what_is_no_key_is_refused_by_both_loaders(tmp_path, text):
    """Damaged, of another kind, or far too large."""
    path = tmp_path / "key"
    path.write_bytes(text)
    path.chmod(0o600)
    for load in (load_private, load_public):
        with pytest.raises(InputError, match=str(path)):
            load(path)


def test_a_private_key_is_no_public_key_and_the_other_way_round(tmp_path, kind):
    """Each message says which file to give."""
    made = generate(tmp_path, kind)
    with pytest.raises(InputError, match=r"give sign\.pub"):
        load_public(made.private)
    for mode in (0o644, 0o600):  # it is not to be closed but exchanged
        made.public.chmod(mode)
        with pytest.raises(InputError, match=r"give the private one of `govern keygen`"):
            load_private(made.public)


def test_keys_of_other_kinds_are_refused(tmp_path):
    """RSA and P-384, private and public."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    for made in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        private, public = tmp_path / "private", tmp_path / "public"
        private.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        private.chmod(0o600)
        public.write_bytes(made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        with pytest.raises(InputError, match="neither an Ed25519 nor a P-256 key"):
            load_private(private)
        with pytest.raises(InputError, match="neither an Ed25519 nor a P-256 key"):
            load_public(public)


def test_a_key_shows_no_secret_in_its_repr(tmp_path, kind):
    """Neither the private value nor the PEM."""
    private = load_private(generate(tmp_path, kind).private)
    assert "_key" not in repr(private)
    assert "object at" not in repr(private)


def test_trusted_keys_come_once_each_and_never_from_the_folder(tmp_path, kind):
    """The same key under two names is one key; a key inside the folder, or a link to it, is refused."""
    made = generate(tmp_path / "keys", kind)
    again = tmp_path / "again.pub"
    again.write_bytes(made.public.read_bytes())
    assert len(load_trusted([made.public, again])) == 1
    link = tmp_path / "link.pub"
    link.symlink_to(made.public)
    for path in (made.public, link):
        with pytest.raises(InputError, match="inside the folder it would verify"):
            load_trusted([path], tmp_path / "keys")
    with pytest.raises(InputError, match=r"--trust KEY\.pub, or in ASSAY_TRUST"):
        load_trusted([])


def test_a_passphrase_is_the_first_line(tmp_path):
    """Without its line end, from a closed file alone."""
    path = tmp_path / "passphrase"
    path.write_bytes(b"correct horse\r\nsecond line\n")
    with pytest.raises(InputError, match="chmod 600"):
        load_passphrase(path)
    path.chmod(0o600)
    assert load_passphrase(path) == b"correct horse"
    path.write_bytes(b"\nsecond line\n")
    with pytest.raises(InputError, match="first line is empty"):
        load_passphrase(path)


def test_derived_keys_are_fixed_and_apart():
    """HKDF-SHA256 as the contract says; another purpose or secret gives another key."""
    import hashlib
    import hmac

    secret = bytes(range(32))
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    expected = hmac.new(extracted, b"assay/v1/ids\x01", hashlib.sha256).digest()
    assert derive(secret, "ids") == expected
    assert derive(secret, "split") != expected
    assert derive(bytes(32), "ids") != expected
    with pytest.raises(InputError, match="the secret has 31 bytes"):
        derive(secret[1:], "ids")


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_a_keyed_digest_depends_on_key_and_data(key, data):
    """Its form is fixed, and it is no plain digest."""
    import hashlib
    import hmac

    found = keyed_digest(key, data)
    assert found == "hmac-sha256:" + hmac.digest(key, data, "sha256").hex()[:32]
    assert hashlib.sha256(data).hexdigest()[:32] not in found
