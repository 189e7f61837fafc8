"""What is done with a vault once it holds something: reveal, rotate, shred. Each goes to the ledger before it happens.

`reveal` and `rotate` take both keys. Rotation seals the data keys anew, so the old keys open nothing of the file that is
left; a copy made before still opens under them. Shredding takes no key. A whole vault is overwritten from its sealed keys
on and a tombstone stays in its place; one reference is left out of a file that replaces the old one, which is overwritten.
No overwriting reaches what a solid-state disk remapped, what a file system that copies on write or a snapshot keeps, or a
backup: destroying either key is what makes those unreadable. So a copy made before one reference was shredded opens for
whoever has both keys, after a rotation too, since rotation seals the same data keys anew.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from govern import ledger
from govern.clock import as_text
from govern.errors import InputError, Refused
from govern.ledger import Entry
from govern.lock import alone
from govern.vault.file import REFERENCE, Header, Reader, Segment, Tombstone, lines_of, reading, replace, tidy, without
from govern.vault.keys import (
    BothKeys,
    SealBroken,
    TextCipher,
    header_tag,
    open_data_key,
    seal_data_key,
    second_key_id,
    vault_key_id,
)
from govern.vault.segment import context, entry_context
from govern.vault.store import check_vault_key

REFERENCES = 1000
"""How many references one `reveal` takes, so that its ledger entry can be read."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who acts, why, when (UTC), and the ledger that is told."""

    ledger: Path
    who: str
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Revealed:
    """The texts of each reference that was asked for, in its order; and the ledger's entry."""

    texts: dict[str, tuple[str, ...]] = field(repr=False)
    entry: Entry


@dataclass(frozen=True, slots=True)
class Changed:
    """Whether the vault was changed now (else it was so already), and the ledger's last entry about it."""

    changed: bool
    entry: Entry


def parse_reference(text: str) -> str:
    """The reference in `text`, which stands with or without its brackets.

    Raises:
        InputError: it is none. It is not repeated: what was meant for a reference may be a value.
    """
    plain = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    if not REFERENCE.fullmatch(plain):
        raise InputError("a reference is written <PERSON_abcdefghijkl>, with twelve lower-case letters; give such ones")
    return plain


def reveal(path: Path, references: Sequence[str], keys: BothKeys, account: Account) -> Revealed:
    """The texts behind references; the ledger says so before the first is opened.

    A reference has more than one text where spellings of one value share it.

    Args:
        path: the vault.
        references: at most 1,000, without brackets.
        keys: both keys.
        account: who looks and why.

    Raises:
        InputError: not the vault's keys, no reference or too many, or no usable reason.
        Refused: a reference is not in the vault, the file or the ledger was altered, or the vault was shredded. Nothing
            is shown of the others.
    """
    ledger.check_reason(account.reason)
    wanted = tuple(dict.fromkeys(map(parse_reference, references)))
    if not 0 < len(wanted) <= REFERENCES:
        raise InputError(f"--reference: {len(wanted)} references, expected 1 to {REFERENCES}; ask in parts")
    with reading(path) as reader:
        header = reader.vault()
        _check_keys(header, keys, reader)
        found = list(_lines(reader, wanted))
    _check_all_there(reader, header, wanted, {reference for _, reference, _ in found})
    about = {"domain": header.domain, "references": list(wanted), "vault": header.vault}
    entry = _tell(account, "vault.reveal", about)
    texts: dict[str, set[str]] = {reference: set() for reference in wanted}
    ciphers: dict[str, TextCipher] = {}
    try:
        for segment, reference, sealed in found:
            if segment.id not in ciphers:
                ciphers[segment.id] = TextCipher(_data_key(header, segment, keys))
            texts[reference].add(ciphers[segment.id].open(sealed, entry_context(header.domain, reference)))
    except SealBroken:
        raise reader.damaged("an entry was altered, or is of another vault") from None
    return Revealed({reference: tuple(sorted(values)) for reference, values in texts.items()}, entry)


def rotate(path: Path, old: BothKeys, new_vault_key: bytes, new_public: bytes, account: Account) -> Changed:
    """Every data key sealed under new keys, all or none; the old keys open nothing of it afterwards.

    Segments that a run wrote under the old keys and has not committed are refused from then on. The same call again, after
    a kill, finishes what is left of the old file.

    Raises:
        InputError: not the vault's keys.
        Refused: the file or the ledger was altered, the vault was shredded, or another process writes there.
    """
    ledger.check_reason(account.reason)
    with alone(path.absolute().parent), reading(path) as reader:
        tidy(path)
        header = reader.vault()
        ids = vault_key_id(new_vault_key), second_key_id(new_public)
        about = {"domain": header.domain, "keys": list(ids), "vault": header.vault}
        if header.key_ids == ids:
            return Changed(False, _tell(account, "vault.rotate", {**about, "outcome": "was so already"}))
        _check_keys(header, old, reader)
        try:
            segments = tuple(_sealed_anew(header, each, old, new_vault_key, new_public) for each in header.segments)
        except SealBroken:
            raise reader.damaged("the data key of a segment was altered, or is of another vault") from None
        made = header.model_copy(
            update={
                "vault_key_id": ids[0],
                "second_key_id": ids[1],
                "second_public": new_public.hex(),
                "tag": header_tag(new_vault_key, header.vault, header.domain, new_public),
                "segments": segments,
            }
        )
        _tell(account, "vault.rotate", {**about, "outcome": "begun"})
        replace(path, made, lambda: (body for _, body in reader.bodies()), wipe_old=True)
        return Changed(True, _tell(account, "vault.rotate", {**about, "outcome": "done"}))


def shred(path: Path, account: Account, reference: str | None = None) -> Changed:
    """Nothing of `reference` is left in the vault, or (None) nothing of the vault but a tombstone. No key is needed.

    A shredded vault takes no segment again, and a vault takes no shredded reference again. The same call again, after a
    kill, finishes it. A damaged vault can be shredded whole, as long as its header is not what is damaged.

    Raises:
        InputError: no vault there.
        Refused: the reference is not in it, its header was altered, or another process writes there.
    """
    ledger.check_reason(account.reason)
    wanted = None if reference is None else parse_reference(reference)
    with alone(path.absolute().parent), reading(path) as reader:
        tidy(path)
        header = reader.header if wanted is None else reader.vault()
        about = {"domain": header.domain, "vault": header.vault} | ({"reference": wanted} if wanted else {})
        if isinstance(header, Tombstone) or wanted in header.shredded:
            return Changed(False, _tell(account, "vault.shred", {**about, "outcome": "was so already"}))
        header = reader.vault()
        if wanted is None:
            _tell(account, "vault.shred", {**about, "outcome": "begun"})
            stone = Tombstone(vault=header.vault, domain=header.domain, shredded_at=as_text(account.now))
            replace(path, stone, lambda: (), wipe_old=True)
        else:
            _shred_one(path, reader, header, wanted, account, about)
        return Changed(True, _tell(account, "vault.shred", {**about, "outcome": "done"}))


def _shred_one(
    path: Path, reader: Reader, header: Header, wanted: str, account: Account, about: Mapping[str, object]
) -> None:
    kept: list[Segment] = []
    gone = 0
    for segment, body in reader.bodies():
        left = without(body, (wanted,))
        gone += len(body) - len(left)
        if left or not body:
            kept.append(segment if len(left) == len(body) else segment.holding(left))
    if not gone:
        raise Refused(f"{reader.where}: {wanted} is not in it; check the reference")
    ids = {segment.id for segment in kept}
    made = header.model_copy(
        update={"segments": tuple(kept), "shredded": tuple(sorted({*header.shredded, wanted}))},
    )
    _tell(account, "vault.shred", {**about, "outcome": "begun"})
    replace(
        path,
        made,
        lambda: (without(body, (wanted,)) for segment, body in reader.bodies() if segment.id in ids),
        wipe_old=True,
    )


def _tell(account: Account, what: str, about: Mapping[str, object]) -> Entry:
    return ledger.append(account.ledger, what, who=account.who, reason=account.reason, now=account.now, about=about)


def _check_keys(header: Header, keys: BothKeys, reader: Reader) -> None:
    check_vault_key(header, keys.vault_key, reader)
    if keys.key_ids[1] != header.second_key_id:
        raise InputError(
            f"{reader.where}: the second key is not this vault's; give the key of id {header.second_key_id}"
        )


def _lines(reader: Reader, wanted: Sequence[str]) -> Iterator[tuple[Segment, str, bytes]]:
    """(segment, reference, sealed text) of each entry that is wanted; the whole file is checked on the way."""
    for segment, body in reader.bodies():
        for reference in wanted:
            for line in lines_of(body, reference):
                try:
                    yield segment, reference, base64.b64decode(line.partition(b" ")[2], validate=True)
                except binascii.Error:
                    raise reader.damaged("an entry was altered") from None


def _check_all_there(reader: Reader, header: Header, wanted: Sequence[str], found: set[str]) -> None:
    missing = [reference for reference in wanted if reference not in found]
    if missing:
        gone = sum(reference in header.shredded for reference in missing)
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        why = f", {gone} of them shredded" if gone else ""
        raise Refused(f"{reader.where}: {missing[0]}{more} not in it{why}; nothing is shown: check the references")


def _data_key(header: Header, segment: Segment, keys: BothKeys) -> bytes:
    return open_data_key(segment.sealed, keys, context(header.vault, header.domain, segment.id))


def _sealed_anew(header: Header, segment: Segment, old: BothKeys, vault_key: bytes, public: bytes) -> Segment:
    about = context(header.vault, header.domain, segment.id)
    sealed = seal_data_key(_data_key(header, segment, old), vault_key, public, about)
    return segment.model_copy(update={"ephemeral": sealed.ephemeral.hex(), "wrapped": sealed.wrapped.hex()})
