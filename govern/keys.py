"""Key files: made, read and refused; and what is derived from the secret.

A key pair signs: Ed25519 (RFC 8032), or ECDSA over P-256 with SHA-256, deterministic by RFC 6979 and with the low `s`,
so that the same key signs the same bytes the same way. `sign.pem` is PKCS #8 and `sign.pub` SubjectPublicKeyInfo, both
in PEM (RFC 7468). `secret.key` is exactly 32 raw random bytes; it keys pseudonyms and digests and signs nothing, and
the signing key derives nothing. A private file that others may read is refused. No key's bytes are ever printed.
"""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from govern.errors import InputError
from govern.files import sync_folder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Kind = Literal["ed25519", "p256"]
KINDS: tuple[Kind, ...] = ("ed25519", "p256")

PRIVATE_FILE, PUBLIC_FILE, SECRET_FILE = "sign.pem", "sign.pub", "secret.key"
SECRET_BYTES = 32
PUBLIC_MARK = b"-----BEGIN PUBLIC KEY-----"
KEY_FILE_BYTES = 64 * 1024
"""A key file is never larger; more is not read."""

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the group of P-256 (SP 800-186, 3.2.1.3)."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The three files that `generate` wrote, and the id of the key pair."""

    private: Path
    public: Path
    secret: Path
    key_id: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: two are equal when their DER SubjectPublicKeyInfo is."""

    kind: Kind
    der: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """`sha256:` and the hexadecimal SHA-256 of the DER SubjectPublicKeyInfo."""
        return "sha256:" + hashlib.sha256(self.der).hexdigest()

    @property
    def pem(self) -> bytes:
        """The key as it stands in `sign.pub`."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

        return load_der_public_key(self.der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def accepts_form(self, signature: bytes) -> bool:
        """Whether `signature` has the only form this key's kind writes: 64 bytes, or strict DER with the low `s`.

        For P-256, (r, s) and (r, n - s) verify alike; only the smaller is taken, so a signature has one spelling.
        """
        if self.kind == "ed25519":
            return len(signature) == 64
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            return False
        return 0 < r < P256_ORDER and 0 < s <= P256_ORDER // 2 and encode_dss_signature(r, s) == signature


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key in memory, and its public half."""

    public: PublicKey
    _key: "Ed25519PrivateKey | EllipticCurvePrivateKey" = field(repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """The id of the public half."""
        return self.public.key_id

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`; the same key and data always give the same bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(data)
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        r, s = decode_dss_signature(self._key.sign(data, ECDSA(SHA256(), deterministic_signing=True)))
        return encode_dss_signature(r, min(s, P256_ORDER - s))


def generate(folder: Path, kind: str = "ed25519", passphrase: bytes | None = None) -> Keys:
    """Makes a key pair and a secret in `folder`, the private files readable by their owner alone.

    Args:
        folder: made where it is missing, for the owner alone.
        kind: `ed25519` or `p256`.
        passphrase: encrypts `sign.pem` where given; `secret.key` is never encrypted.

    Raises:
        InputError: one of the three files is there already, the kind is unknown, or nothing can be written.
    """
    key = _new_private(kind)
    contents = {
        PRIVATE_FILE: (_private_pem(key, passphrase), 0o600),
        SECRET_FILE: (secrets.token_bytes(SECRET_BYTES), 0o600),
        PUBLIC_FILE: (key.public.pem, 0o644),
    }
    create_files(folder, contents)
    return Keys(folder / PRIVATE_FILE, folder / PUBLIC_FILE, folder / SECRET_FILE, key.key_id)


def create_files(folder: Path, contents: dict[str, tuple[bytes, int]]) -> None:
    """Writes new key files (name to bytes and mode) into `folder`: all of them or none, and over nothing.

    Raises:
        InputError: one of the files is there already, or nothing can be written.
    """
    for name in contents:
        if os.path.lexists(folder / name):
            raise InputError(f"{folder / name}: is there already, and keys are never overwritten; name another folder")
    written: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, (data, mode) in contents.items():
            _create(folder / name, data, mode)
            written.append(folder / name)
        sync_folder(folder)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise InputError(
            f"{folder}: keys cannot be written ({error.strerror}); name a folder that you may write"
        ) from None


def load_private(path: Path, passphrase: bytes | None = None) -> PrivateKey:
    """The private key in `path`.

    Raises:
        InputError: missing, readable by others, no private key, encrypted and the passphrase missing or wrong, or of a
            kind that is neither Ed25519 nor P-256.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = read_file(path, private=True)
    encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data
    if not encrypted and b"-----BEGIN PRIVATE KEY-----" not in data:
        raise InputError(f"{path}: not a PKCS #8 private key in PEM; give the sign.pem of `govern keygen`")
    if encrypted and passphrase is None:
        raise InputError(f"{path}: the key is encrypted and no passphrase came; give --passphrase FILE")
    if not encrypted and passphrase is not None:
        raise InputError(f"{path}: the key is not encrypted, but a passphrase came; leave --passphrase out")
    try:
        loaded = load_pem_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        reason = "the passphrase is wrong, or the file is damaged" if encrypted else "the file is damaged"
        raise InputError(f"{path}: the private key cannot be read: {reason}; check both, or restore the file") from None
    return _known_private(loaded, path)


def load_public(path: Path) -> PublicKey:
    """The public key in `path`: one PEM block, in the standard encoding.

    Raises:
        InputError: missing, no public key, more than one, a private key, or neither Ed25519 nor P-256.
    """
    return parse_public(read_file(path, private=False), str(path))


def parse_public(data: bytes, where: str) -> PublicKey:
    """As `load_public`, from the bytes of the file; `where` names it in an error."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    if b"PRIVATE KEY-----" in data:
        raise InputError(f"{where}: a private key where a public one belongs; give sign.pub")
    if data.count(b"-----BEGIN ") != 1 or b"-----BEGIN PUBLIC KEY-----" not in data:
        raise InputError(
            f"{where}: not one public key in PEM (SubjectPublicKeyInfo); give the sign.pub of `govern keygen`"
        )
    try:
        loaded = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{where}: the public key cannot be read, so it is damaged; restore the file") from None
    kind = _kind(loaded)
    if kind is None:
        raise InputError(f"{where}: neither an Ed25519 nor a P-256 key; make one with `govern keygen`")
    der = loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if _pem_bytes(data) != der:
        raise InputError(f"{where}: the key is not in the standard encoding, so it would have two ids; export it again")
    return PublicKey(kind, der)


def load_trusted(paths: Iterable[Path], folder: Path | None = None) -> tuple[PublicKey, ...]:
    """The public keys in `paths`, each once: what signatures are checked against.

    Raises:
        InputError: no path, an unreadable key, or a key that lies inside `folder`, the thing to verify.
    """
    given = tuple(paths)
    if not given:
        raise InputError("no trusted key: name the signers' public keys with --trust KEY.pub, or in ASSAY_TRUST")
    found: dict[str, PublicKey] = {}
    for path in given:
        if folder is not None and path.resolve().is_relative_to(folder.resolve()):
            raise InputError(f"{path}: lies inside the folder it would verify; take the signer's key from elsewhere")
        key = load_public(path)
        found[key.key_id] = key
    return tuple(found.values())


def load_secret(path: Path) -> bytes:
    """The 32 bytes of a secret file.

    Raises:
        InputError: missing, readable by others, or of another length.
    """
    data = read_file(path, private=True)
    if len(data) != SECRET_BYTES:
        raise InputError(
            f"{path}: holds {len(data)} bytes, a secret is exactly {SECRET_BYTES} raw bytes; "
            "give the secret.key of `govern keygen`"
        )
    return data


def load_passphrase(path: Path) -> bytes:
    """The first line of a file or descriptor (`/dev/fd/3`), without its line end.

    Raises:
        InputError: missing, a file that others may read, or an empty first line.
    """
    line = read_file(path, private=True).split(b"\n", 1)[0].removesuffix(b"\r")
    if not line:
        raise InputError(f"{path}: the first line is empty; write the passphrase there")
    return line


def read_file(path: Path, *, private: bool, made_by: str = "govern keygen") -> bytes:
    """The bytes of a key file; of the very file whose mode was looked at.

    Raises:
        InputError: missing, too large, or private and readable by others.
    """
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if private and stat.S_ISREG(mode) and stream.peek(len(PUBLIC_MARK)).startswith(PUBLIC_MARK):
                raise InputError(f"{path}: a public key, where a private file is expected; give the private one of `{made_by}`")
            if private and stat.S_ISREG(mode) and mode & 0o077:
                raise InputError(
                    f"{path}: mode {stat.S_IMODE(mode):04o} lets others read it, expected 0600; run: chmod 600 {path}"
                )
            data = stream.read(KEY_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or 'cannot be read'}; check the path, or run `{made_by}`"
        ) from None
    if len(data) > KEY_FILE_BYTES:
        raise InputError(f"{path}: too large for a key; check the path")
    return data


def derive(secret: bytes, purpose: str) -> bytes:
    """32 bytes that belong to `purpose` alone: HKDF-SHA256 (RFC 5869) of the secret with `assay/v1/` + purpose."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    if len(secret) != SECRET_BYTES:
        raise InputError(
            f"the secret has {len(secret)} bytes, expected {SECRET_BYTES}; give the secret.key of `govern keygen`"
        )
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"assay/v1/" + purpose.encode()).derive(secret)


def keyed_digest(key: bytes, data: bytes) -> str:
    """`hmac-sha256:` and the first 32 hexadecimal digits of HMAC-SHA256 (RFC 2104): no use to one who lacks the key."""
    return "hmac-sha256:" + hmac.new(key, data, hashlib.sha256).hexdigest()[:32]


def _new_private(kind: str) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if kind not in KINDS:
        raise InputError(f"key type {kind!r} is unknown; choose one of: {', '.join(KINDS)}")
    made = Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    return _known_private(made, Path(PRIVATE_FILE))


def _known_private(loaded: object, path: Path) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    kind = _kind(loaded.public_key()) if isinstance(loaded, Ed25519PrivateKey | EllipticCurvePrivateKey) else None
    if kind is None or not isinstance(loaded, Ed25519PrivateKey | EllipticCurvePrivateKey):
        raise InputError(f"{path}: neither an Ed25519 nor a P-256 key; make one with `govern keygen`")
    der = loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PrivateKey(PublicKey(kind, der), loaded)


def _kind(public: object) -> Kind | None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if isinstance(public, Ed25519PublicKey):
        return "ed25519"
    if isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1):
        return "p256"
    return None


def _private_pem(key: PrivateKey, passphrase: bytes | None) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    if passphrase == b"":
        raise InputError("the passphrase is empty; give one, or leave --passphrase out")
    encryption = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    return key._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)  # noqa: SLF001 - the same module


def _pem_bytes(data: bytes) -> bytes:
    """What stands between the lines BEGIN and END, decoded."""
    import base64
    import binascii

    body = data.partition(b"-----BEGIN PUBLIC KEY-----")[2].partition(b"-----END PUBLIC KEY-----")[0]
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        return b""


def _create(path: Path, data: bytes, mode: int) -> None:
    """Writes a new file; removes it again where that fails half-way."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
