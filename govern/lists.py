"""Allow and deny lists: values that stay whatever their type's action, and values that never pass again.

A TOML file of tables `[[allow]]` and `[[deny]]`, each entry with entity type, reason, owner and the last day it holds. An
allowed value is its keyed digest; a denied one is sealed with AES-256-GCM-SIV (RFC 8452) under a key of the secret. `[[case]]`
are sealed texts that a reviewer found a miss in: a policy must mask each. Every entry carries a code (`mac`) over its list and
all that it says. So the file holds no value in clear, and one who lacks the secret can neither make an entry, nor change one,
nor move it into another list. That an entry is gone, or an earlier one is back, shows in `Lists.digest` alone.
"""

import base64
import binascii
import hmac
import json
import os
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from govern.errors import InputError, Refused
from govern.files import canonical, digest, write_whole
from govern.keys import derive, keyed_digest
from govern.lock import alone
from govern.treatment import keyed_value

FILE_BYTES = 16 * 1024 * 1024
NONCE = bytes(12)
"""One for all: AES-GCM-SIV with the same nonce and text gives the same bytes, and loses nothing else (RFC 8452, 9)."""

WAIT_S = 10.0
"""How long a writer waits for another before it gives up; one entry takes milliseconds."""

Text = Field(min_length=1, max_length=500)
Digest = Field(pattern=r"^hmac-sha256:[0-9a-f]{32}$")
Name = Literal["allow", "deny", "case"]


class Entry(BaseModel):
    """What every entry says: whose value it is, why, who answers for it and until when it holds, that day included."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    entity_type: str
    reason: str = Text
    owner: str = Text
    expires: date

    @field_validator("reason", "owner", mode="before")
    @classmethod
    def _printable(cls, text: object) -> object:
        if isinstance(text, str) and not text.isprintable():
            raise InputError(
                "reason and owner: one holds a character that cannot be printed (a line end, tab, control character or wide "
                "blank); write each in one line of letters, digits, signs and plain blanks"
            )
        return text


class Allowed(Entry):
    """A value that stays, by its keyed digest."""

    value: str = Digest
    mac: str = Digest


class Denied(Entry):
    """A value that is found wherever it stands, sealed; its keyed digest tells whether two entries are of one value."""

    value: str = Digest
    sealed: str
    mac: str = Digest


class Case(Entry):
    """A text in which somebody found a miss, sealed: masking it must leave nothing of the stretch."""

    sealed: str
    mac: str = Digest


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
        InputError: the file cannot be read, an entry does not fit, is over, was changed by hand or made under another
            secret; a value both allowed and denied.
    """
    file = read(path)
    if secret is None:
        raise InputError(f"{path}: allow and deny lists are keyed, and no secret came; give it with --secret")
    _check_codes(path, file, secret)
    for name, entries in (("allow", file.allow), ("deny", file.deny)):
        for number, entry in enumerate(entries, 1):
            if today is not None and entry.expires < today:
                raise InputError(
                    f"{path}: {name} entry {number} ({entry.entity_type}, owner {entry.owner}) held until {entry.expires}; "
                    "have its owner renew the date, or remove it"
                )
    denied = tuple(
        (entry.entity_type, str(_opened(path, "deny", number, entry, secret)))
        for number, entry in enumerate(file.deny, 1)
    )
    allowed = frozenset(entry.value for entry in file.allow)
    key = derive(secret, "value")
    for number, (entity_type, value) in enumerate(denied, 1):
        if digest_of(key, entity_type, value) in allowed:
            raise InputError(f"{path}: deny entry {number} ({entity_type}) is allowed too; remove one of the two")
    cases = tuple(_case(path, number, entry, secret) for number, entry in enumerate(file.case, 1))
    counts = (("allow", len(file.allow)), ("deny", len(file.deny)), ("case", len(file.case)))
    return Lists(allowed, denied, cases, digest(file.model_dump(mode="json")), counts)


def read(path: Path) -> File:
    """The file as it stands; an absent one is refused. Only `load` tells whether its entries are genuine."""
    try:
        with path.open("rb") as stream:
            data = stream.read(FILE_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the path of the lists") from None
    except ValueError:
        raise _no_path(path) from None
    return _parsed(path, data)


def _no_path(path: Path) -> InputError:
    """Of a NUL, of what no file system can spell, or of links that lead round."""
    return InputError(f"{ascii(str(path))[1:-1]}: leads to no file; correct the path of the lists")


def _parsed(path: Path, data: bytes) -> File:
    from govern.policy import ENTITY_TYPES

    if len(data) > FILE_BYTES:
        raise InputError(f"{path}: over {FILE_BYTES // 2**20} MB; a table of values belongs into `govern known build`")
    try:
        value = tomllib.loads(data.decode("utf-8"))
    except RecursionError:
        raise InputError(f"{path}: nested too deeply for lists; restore the file") from None
    except ValueError:
        raise InputError(f"{path}: not TOML in UTF-8; restore the file") from None
    try:
        file = File.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ascii(".".join(map(str, problem["loc"])))[1:-1]
        raise InputError(
            f"{path}: key '{where}': {problem['msg']}; restore the file, or make the entry with `govern policy allow` or `deny`"
        ) from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    for entry in (*file.allow, *file.deny, *file.case):
        if entry.entity_type not in ENTITY_TYPES:
            raise InputError(f"{path}: nothing finds {entry.entity_type!a}; use one of {', '.join(ENTITY_TYPES)}")
    return file


def digest_of(key: bytes, entity_type: str, value: str) -> str:
    """The keyed digest of a value in any of its spellings."""
    from govern.canonical import canonical_value

    return keyed_value(key, entity_type, canonical_value(entity_type, value))


def allow(entry: Entry, value: str, secret: bytes) -> Allowed:
    """The entry that lets a value stay."""
    return allow_keyed(entry, digest_of(derive(secret, "value"), entry.entity_type, value), secret)


def allow_keyed(entry: Entry, value: str, secret: bytes) -> Allowed:
    """As `allow`, of a value that is known by its keyed digest alone."""
    fields = {**_said(entry), "value": value}
    return Allowed(**fields, mac=_code("allow", fields, _code_key(secret)))


def deny(entry: Entry, value: str, secret: bytes) -> Denied:
    """The entry by which a value never passes again; its digest has a key of its own, so it says nothing in `allow`."""
    from govern.known import forms

    if not forms(entry.entity_type, value, "listed"):
        raise InputError("the value to deny has no letter or digit, or is too long to be searched; correct it")
    keyed = digest_of(derive(secret, "denied value"), entry.entity_type, value)
    fields = {**_said(entry), "value": keyed, "sealed": _seal("deny", entry, value, secret)}
    return Denied(**fields, mac=_code("deny", fields, _code_key(secret)))


def case(entry: Entry, text: str, start: int, end: int, secret: bytes) -> Case:
    """The entry that keeps a miss, code points `start` to `end` of `text`, as a case that must not come back."""
    fields = {**_said(entry), "sealed": _seal("case", entry, [text, start, end], secret)}
    return Case(**fields, mac=_code("case", fields, _code_key(secret)))


def add(path: Path, entries: Iterable[Allowed | Denied | Case]) -> int:
    """Adds entries to a file, made where it is missing, whole or not at all; how many were new or other than before.

    A value has one entry of each kind: the later one takes the place of the earlier, whose day may be over. A link stays
    one: the file it leads to is written. Writers wait for one another.

    Raises:
        InputError: the file, or what would be written, cannot be read.
        Refused: another process keeps writing in that folder.
    """
    try:
        target = path.resolve()
    except (ValueError, RuntimeError):
        raise _no_path(path) from None
    with _turn(target.parent):
        file = read(target) if os.path.lexists(target) else File()
        tables: dict[str, list[Any]] = {"allow": list(file.allow), "deny": list(file.deny), "case": list(file.case)}
        new = _merge(tables, entries)
        write_whole(target, _readable(path, tables), 0o600)
    return new


def _readable(path: Path, tables: dict[str, list[Any]]) -> bytes:
    """The bytes of a file that comes back as these entries."""
    data = _toml(tables).encode()
    try:
        same = _parsed(path, data) == File(allow=tables["allow"], deny=tables["deny"], case=tables["case"])
    except InputError as error:
        raise InputError(f"nothing was written, since the new file could not be read again: {error}") from None
    if not same:
        raise InputError(f"{path}: an entry would not come back as it is, so nothing was written; correct its text")
    return data


def _merge(tables: dict[str, list[Any]], entries: Iterable[Allowed | Denied | Case]) -> int:
    names: dict[type[Entry], Name] = {Allowed: "allow", Denied: "deny", Case: "case"}
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
    return new


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Holds the folder, once those who hold it now are done."""
    last = time.monotonic() + WAIT_S
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(alone(folder))
                break
            except Refused:
                if time.monotonic() >= last:
                    raise
                time.sleep(0.02)
        yield


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


def _said(entry: Entry) -> dict[str, Any]:
    """What every kind of entry says."""
    return {key: getattr(entry, key) for key in Entry.model_fields}


def _code_key(secret: bytes) -> bytes:
    return derive(secret, "lists entry")


def _code(name: Name, fields: dict[str, Any], key: bytes) -> str:
    """The code over a list's name and all fields of an entry but the code itself."""
    said = {field: str(value) for field, value in fields.items() if field != "mac"}
    return keyed_digest(key, canonical({"list": name, "entry": said}))


def _check_codes(path: Path, file: File, secret: bytes) -> None:
    """Returns where every entry is as one who has the secret made it, and in the list it was made for."""
    tables: tuple[tuple[Name, Iterable[Allowed | Denied | Case]], ...] = (
        ("allow", file.allow),
        ("deny", file.deny),
        ("case", file.case),
    )
    key = _code_key(secret)
    for name, entries in tables:
        for number, entry in enumerate(entries, 1):
            if not hmac.compare_digest(entry.mac, _code(name, entry.model_dump(), key)):
                raise _changed(path, name, number, entry)


def _changed(path: Path, name: Name, number: int, entry: Entry) -> InputError:
    return InputError(
        f"{path}: {name} entry {number} ({entry.entity_type}, owner {entry.owner}) was changed or made under another secret; "
        "restore the file, or give the secret it was made with"
    )


def _bound(name: Literal["deny", "case"], entry: Entry) -> bytes:
    return canonical({"list": name, **{key: str(value) for key, value in _said(entry).items()}})


def _seal(name: Literal["deny", "case"], entry: Entry, value: object, secret: bytes) -> str:
    sealed = _cipher(secret).encrypt(NONCE, canonical([value]), _bound(name, entry))
    return base64.b64encode(sealed).decode()


def _opened(path: Path, name: Literal["deny", "case"], number: int, entry: Denied | Case, secret: bytes) -> Any:
    from cryptography.exceptions import InvalidTag

    try:
        data = _cipher(secret).decrypt(NONCE, base64.b64decode(entry.sealed, validate=True), _bound(name, entry))
    except (InvalidTag, binascii.Error, ValueError):
        raise _changed(path, name, number, entry) from None
    return json.loads(data)[0]


def _case(path: Path, number: int, entry: Case, secret: bytes) -> tuple[str, str, int, int]:
    text, start, end = _opened(path, "case", number, entry, secret)
    return entry.entity_type, str(text), int(start), int(end)
