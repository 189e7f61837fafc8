"""Allow and deny lists: values that stay whatever their type's action, and values that never pass again.

A TOML file of tables `[[allow]]` and `[[deny]]`, each entry with entity type, reason, owner and the last day it holds. An
allowed value is its keyed digest; a denied one is sealed with AES-256-GCM-SIV (RFC 8452) under a key of the secret, bound to
the rest of its entry. `[[case]]` are sealed texts that a reviewer found a miss in: a policy must mask each. So the file holds
no value in clear, and one who lacks the secret cannot make an entry.
"""

import base64
import binascii
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from govern.errors import InputError
from govern.files import canonical, digest, write_whole
from govern.keys import derive
from govern.treatment import keyed_value

FILE_BYTES = 16 * 1024 * 1024
NONCE = bytes(12)
"""One for all: AES-GCM-SIV with the same nonce and text gives the same bytes, and loses nothing else (RFC 8452, 9)."""

Text = Field(min_length=1, max_length=500)


class Entry(BaseModel):
    """What every entry says: whose value it is, why, who answers for it and until when it holds, that day included."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    entity_type: str
    reason: str = Text
    owner: str = Text
    expires: date


class Allowed(Entry):
    """A value that stays, by its keyed digest."""

    value: str = Field(pattern=r"^hmac-sha256:[0-9a-f]{32}$")


class Denied(Entry):
    """A value that is found wherever it stands, sealed; its keyed digest tells whether two entries are of one value."""

    value: str = Field(pattern=r"^hmac-sha256:[0-9a-f]{32}$")
    sealed: str


class Case(Entry):
    """A text in which somebody found a miss, sealed: masking it must leave nothing of the stretch."""

    sealed: str


class File(BaseModel):
    """The file as it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    allow: list[Allowed] = []
    deny: list[Denied] = []
    case: list[Case] = []


@dataclass(frozen=True, slots=True)
class Lists:
    """The entries of a file, opened: keyed digests that stay, denied values, cases; `digest` is of the file's entries."""

    allowed: frozenset[str]
    denied: tuple[tuple[str, str], ...] = field(repr=False)
    cases: tuple[tuple[str, str, int, int], ...] = field(repr=False)
    """(entity type, text, start, end) of each miss."""
    digest: str
    counts: tuple[tuple[str, int], ...]


def load(path: Path, secret: bytes | None, *, today: date | None = None) -> Lists:
    """The lists in a file.

    Args:
        path: the TOML file.
        secret: opens it.
        today: refuses entries whose last day is over; None where the run was checked already.

    Raises:
        InputError: the file cannot be read, an entry does not fit, is over, or was sealed under another secret; a value
            both allowed and denied.
    """
    file = read(path)
    if secret is None:
        raise InputError(f"{path}: allow and deny lists are keyed, and no secret came; give it with --secret")
    for name, entries in (("allow", file.allow), ("deny", file.deny)):
        for number, entry in enumerate(entries, 1):
            if today is not None and entry.expires < today:
                raise InputError(
                    f"{path}: {name} entry {number} ({entry.entity_type}, owner {entry.owner}) held until {entry.expires}; "
                    "have its owner renew the date, or remove it"
                )
    denied = tuple((entry.entity_type, str(_opened(path, "deny", entry, secret))) for entry in file.deny)
    allowed = frozenset(entry.value for entry in file.allow)
    key = derive(secret, "value")
    for number, (entity_type, value) in enumerate(denied, 1):
        if digest_of(key, entity_type, value) in allowed:
            raise InputError(f"{path}: deny entry {number} ({entity_type}) is allowed too; remove one of the two")
    cases = tuple(_case(path, entry, secret) for entry in file.case)
    counts = (("allow", len(file.allow)), ("deny", len(file.deny)), ("case", len(file.case)))
    return Lists(allowed, denied, cases, digest(file.model_dump(mode="json")), counts)


def read(path: Path) -> File:
    """The file as it stands; an absent one is refused."""
    from govern.policy import ENTITY_TYPES

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the path of the lists") from None
    if len(data) > FILE_BYTES:
        raise InputError(f"{path}: over {FILE_BYTES // 2**20} MB; a table of values belongs into `govern known build`")
    try:
        file = File.model_validate(tomllib.loads(data.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError(f"{path}: not TOML in UTF-8; restore the file") from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise InputError(f"{path}: key '{where}': {problem['msg']}; correct the entry") from None
    for entry in (*file.allow, *file.deny, *file.case):
        if entry.entity_type not in ENTITY_TYPES:
            raise InputError(f"{path}: nothing finds '{entry.entity_type}'; use one of {', '.join(ENTITY_TYPES)}")
    return file


def digest_of(key: bytes, entity_type: str, value: str) -> str:
    """The keyed digest of a value in any of its spellings."""
    from govern.canonical import canonical_value

    return keyed_value(key, entity_type, canonical_value(entity_type, value))


def allow(entry: Entry, value: str, secret: bytes) -> Allowed:
    """The entry that lets a value stay."""
    return Allowed(**entry.model_dump(), value=digest_of(derive(secret, "value"), entry.entity_type, value))


def deny(entry: Entry, value: str, secret: bytes) -> Denied:
    """The entry by which a value never passes again."""
    keyed = digest_of(derive(secret, "value"), entry.entity_type, value)
    return Denied(**entry.model_dump(), value=keyed, sealed=_seal("deny", entry, value, secret))


def case(entry: Entry, text: str, start: int, end: int, secret: bytes) -> Case:
    """The entry that keeps a miss, code points `start` to `end` of `text`, as a case that must not come back."""
    return Case(**entry.model_dump(), sealed=_seal("case", entry, [text, start, end], secret))


def add(path: Path, entries: Iterable[Allowed | Denied | Case]) -> int:
    """Adds entries to a file, made where it is missing, whole or not at all; how many were new or other than before.

    A value has one entry of each kind: the later one takes the place of the earlier, whose day may be over.
    """
    file = read(path) if path.exists() else File()
    tables: dict[str, list[Any]] = {"allow": list(file.allow), "deny": list(file.deny), "case": list(file.case)}
    names: dict[type[Entry], str] = {Allowed: "allow", Denied: "deny", Case: "case"}
    new = 0
    for entry in entries:
        table = tables[names[type(entry)]]
        if entry in table:
            continue
        new += 1
        earlier = [place for place, other in enumerate(table) if _same_value(entry, other)]
        if earlier:
            table[earlier[0]] = entry
        else:
            table.append(entry)
    write_whole(path, _toml(tables).encode(), 0o600)
    return new


def _same_value(entry: Allowed | Denied | Case, other: Allowed | Denied | Case) -> bool:
    if isinstance(entry, Case) or isinstance(other, Case):
        return False
    return (entry.entity_type, entry.value) == (other.entity_type, other.value)


def _toml(tables: dict[str, list[Any]]) -> str:
    lines = ["# Allow and deny lists: made by `govern policy allow`, `deny` and `learn`; values are keyed or sealed.\n"]
    for name, entries in tables.items():
        for entry in entries:
            lines.append(f"[[{name}]]")
            for key, value in entry.model_dump().items():
                lines.append(f"{key} = {value if isinstance(value, date) else json.dumps(value, ensure_ascii=False)}")
            lines.append("")
    return "\n".join(lines)


def _cipher(secret: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    return AESGCMSIV(derive(secret, "lists"))


def _bound(name: Literal["deny", "case"], entry: Entry) -> bytes:
    fields = {key: str(getattr(entry, key)) for key in Entry.model_fields}
    return canonical({"list": name, **fields})


def _seal(name: Literal["deny", "case"], entry: Entry, value: object, secret: bytes) -> str:
    sealed = _cipher(secret).encrypt(NONCE, canonical([value]), _bound(name, entry))
    return base64.b64encode(sealed).decode()


def _opened(path: Path, name: Literal["deny", "case"], entry: Denied | Case, secret: bytes) -> Any:
    from cryptography.exceptions import InvalidTag

    try:
        data = _cipher(secret).decrypt(NONCE, base64.b64decode(entry.sealed, validate=True), _bound(name, entry))
    except (InvalidTag, binascii.Error, ValueError):
        raise InputError(
            f"{path}: a {name} entry ({entry.entity_type}, owner {entry.owner}) was changed or sealed under another secret; "
            "restore the file, or give the secret it was made with"
        ) from None
    return json.loads(data)[0]


def _case(path: Path, entry: Case, secret: bytes) -> tuple[str, str, int, int]:
    text, start, end = _opened(path, "case", entry, secret)
    return entry.entity_type, str(text), int(start), int(end)
