"""The two keys of a vault, and what is sealed under them: data keys so that opening takes both, texts under a data key.

The vault key is a file of 32 random bytes; who writes into a vault needs it. The second key is a pair over X25519 (RFC
7748): its public half stands in the vault, the private half stays with another holder and is needed for opening alone. A
data key is sealed by AES-256-GCM-SIV (RFC 8452) under HKDF-SHA256 of vault key ‖ X25519(ephemeral, second key), so neither
holder opens it without the other, and who wrote it cannot either: the ephemeral key is forgotten. What a seal is about
goes into the derivation and the associated data, so no seal passes for another's. No key's bytes are ever printed.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import GovernError, InputError
from govern.files import canonical
from govern.keys import SECRET_BYTES, create_files, derive, read_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

VAULT_FILE, SECOND_FILE, SECOND_PUBLIC_FILE = "vault.key", "second.pem", "second.pub"
MADE_BY = "govern vault keygen"
NONCE_BYTES = 12
BLOCK_BYTES = 32
"""Texts are padded to a multiple of this, so that a ciphertext tells little of their length."""


@dataclass(frozen=True, slots=True)
class BothKeys:
    """What opens a vault: the vault key and the private half of the second key, 32 bytes each."""

    vault_key: bytes = field(repr=False)
    second: bytes = field(repr=False)

    @property
    def key_ids(self) -> tuple[str, str]:
        """The ids of the vault key and of the second key."""
        return vault_key_id(self.vault_key), second_key_id(second_public(self.second))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A data key that only both keys open: the ephemeral public key and the ciphertext."""

    ephemeral: bytes
    wrapped: bytes


class SealBroken(GovernError):
    """What is opened was not sealed under these keys for this purpose, or was altered since."""


def generate(folder: Path) -> tuple[str, str]:
    """The ids of a new vault key and second key, written into `folder`: vault.key, second.pem (both 0600), second.pub.

    Raises:
        InputError: one of the files is there already, or nothing can be written.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    vault_key, second = secrets.token_bytes(SECRET_BYTES), X25519PrivateKey.generate()
    create_files(
        folder,
        {
            VAULT_FILE: (vault_key, 0o600),
            SECOND_FILE: (second.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600),
            SECOND_PUBLIC_FILE: (
                second.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
                0o644,
            ),
        },
    )
    return vault_key_id(vault_key), second_key_id(second.public_key().public_bytes_raw())


def load_vault_key(path: Path) -> bytes:
    """The 32 bytes of a vault key.

    Raises:
        InputError: missing, readable by others, or of another length.
    """
    data = read_file(path, private=True, made_by=MADE_BY)
    if len(data) != SECRET_BYTES:
        raise InputError(
            f"{path}: holds {len(data)} bytes, a vault key is exactly {SECRET_BYTES} raw bytes; "
            f"give the {VAULT_FILE} of `{MADE_BY}`"
        )
    return data


def load_second(path: Path) -> bytes:
    """The 32 bytes of the private half of a second key.

    Raises:
        InputError: missing, readable by others, or no unencrypted X25519 key in PEM.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        loaded = load_pem_private_key(read_file(path, private=True, made_by=MADE_BY), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        loaded = None
    if not isinstance(loaded, X25519PrivateKey):
        raise InputError(f"{path}: no unencrypted X25519 private key in PEM; give the {SECOND_FILE} of `{MADE_BY}`")
    return loaded.private_bytes_raw()


def load_second_public(path: Path) -> bytes:
    """The 32 bytes of the public half of a second key.

    Raises:
        InputError: missing, no X25519 public key in PEM, or one that agrees on a secret that everybody knows.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        loaded = load_pem_public_key(read_file(path, private=False, made_by=MADE_BY))
        if isinstance(loaded, X25519PublicKey):
            X25519PrivateKey.generate().exchange(loaded)
    except (ValueError, UnsupportedAlgorithm):
        loaded = None
    if not isinstance(loaded, X25519PublicKey):
        raise InputError(f"{path}: no X25519 public key in PEM; give the {SECOND_PUBLIC_FILE} of `{MADE_BY}`")
    return loaded.public_bytes_raw()


def second_public(second: bytes) -> bytes:
    """The public half of a second key's private half."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(second).public_key().public_bytes_raw()


def vault_key_id(vault_key: bytes) -> str:
    """`hkdf-sha256:` and 64 hexadecimal digits that tell nothing of the key."""
    return "hkdf-sha256:" + derive(vault_key, "vault/key-id").hex()


def second_key_id(public: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of the public half's DER SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = X25519PublicKey.from_public_bytes(public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "sha256:" + hashlib.sha256(der).hexdigest()


def header_tag(vault_key: bytes, vault: str, domain: str, public: bytes) -> str:
    """HMAC-SHA256 in hexadecimal that binds a vault's id and domain to the second holder, under the vault key."""
    data = canonical({"domain": domain, "second_public": public.hex(), "vault": vault})
    return hmac.new(derive(vault_key, "vault/header"), data, hashlib.sha256).hexdigest()


def seal_data_key(data_key: bytes, vault_key: bytes, public: bytes, context: bytes) -> Sealed:
    """`data_key` so that only both keys open it, for what `context` says."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    ephemeral = X25519PrivateKey.generate()
    known = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    key = _wrapping_key(vault_key, shared, known, public, context)
    return Sealed(known, _cipher(key).encrypt(bytes(NONCE_BYTES), data_key, context))


def open_data_key(sealed: Sealed, keys: BothKeys, context: bytes) -> bytes:
    """The data key that `seal_data_key` sealed for the same context.

    Raises:
        SealBroken: other keys, another context, or an altered seal.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    try:
        second = X25519PrivateKey.from_private_bytes(keys.second)
        shared = second.exchange(X25519PublicKey.from_public_bytes(sealed.ephemeral))
        key = _wrapping_key(keys.vault_key, shared, sealed.ephemeral, second.public_key().public_bytes_raw(), context)
        return _cipher(key).decrypt(bytes(NONCE_BYTES), sealed.wrapped, context)
    except (InvalidTag, ValueError):
        raise SealBroken from None


def _wrapping_key(vault_key: bytes, shared: bytes, ephemeral: bytes, public: bytes, context: bytes) -> bytes:
    """The key of one wrap; it encrypts once, since the ephemeral key is new each time, so its nonce may be fixed."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = b"assay/v1/vault/data-key\0" + ephemeral + public + context
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(vault_key + shared)


class TextCipher:
    """Seals and opens texts under one data key; what a text belongs to is bound to it as associated data."""

    def __init__(self, data_key: bytes) -> None:
        self._cipher = _cipher(data_key)

    def seal(self, text: str, about: bytes) -> bytes:
        """A random nonce and the ciphertext of `text`, padded."""
        data = text.encode("utf-8", "surrogatepass") + b"\x80"
        data += bytes(-len(data) % BLOCK_BYTES)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, about)

    def open(self, sealed: bytes, about: bytes) -> str:
        """The text that `seal` sealed for the same `about`.

        Raises:
            SealBroken: another key, another `about`, or altered bytes.
        """
        from cryptography.exceptions import InvalidTag

        try:
            data = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise SealBroken from None
        return data[: data.rindex(b"\x80")].decode("utf-8", "surrogatepass")


def _cipher(key: bytes) -> "AESGCMSIV":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    return AESGCMSIV(key)
