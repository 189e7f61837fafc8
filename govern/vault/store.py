"""The vault: the texts behind references such as `<PERSON_abcdefghijkl>`, in one file outside every corpus.

Writing takes the vault key alone, reading takes the second holder's key besides (`govern.vault.access`). Each shard of a
run writes a segment file under a data key of its own, and `commit` adds segments to the vault, each once, however often a
killed run comes back. The same reference with the same text is one entry of a segment; where spellings of one value share
a reference, each is kept. A shredded reference is never taken in again. References stand in the clear, as they do in the
corpus; no text does. Vaults of one pseudonym domain refuse the segments and readers of another.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from govern.certificate import FILE as CERTIFICATE
from govern.errors import InputError
from govern.files import MANIFEST, write_whole
from govern.inventory import plain
from govern.lock import alone
from govern.vault.file import (
    SEGMENT,
    Header,
    Reader,
    Segment,
    described,
    encoded,
    reading,
    replace,
    tidy,
    wipe,
    without,
)
from govern.vault.keys import header_tag, second_key_id, vault_key_id
from govern.vault.segment import WritingKeys


@dataclass(frozen=True, slots=True)
class Vault:
    """What can be said of a vault without a key: entries by type (a text of two segments counts twice), shredded references."""

    path: Path
    id: str
    domain: str
    vault_key_id: str
    second_key_id: str
    segments: int
    entries: dict[str, int]
    shredded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit added: segments and their entries; segments that were there already; entries of shredded references."""

    segments: int
    entries: int
    already: int
    left_out: int


def init(path: Path, *, vault_key: bytes, second_public: bytes, domain: str) -> Vault:
    """A new, empty vault.

    Args:
        path: where; nothing may be there, and no certified corpus around it.
        vault_key: 32 bytes, as of `load_vault_key`.
        second_public: the public half of the second key, as of `load_second_public`.
        domain: the pseudonym domain whose references it holds.

    Raises:
        InputError: something is there, the place is inside a corpus, or the domain is unusable.
    """
    if not domain.strip() or not domain.isprintable() or len(domain) > 100:
        raise InputError("--domain: empty, over 100 characters, or unprintable; give the name of the pseudonym domain")
    for folder in path.absolute().parents:
        if (folder / MANIFEST).exists() or (folder / CERTIFICATE).exists():
            raise InputError(f"{plain(path)}: lies inside the corpus {plain(folder)}; keep the vault elsewhere")
    made = secrets.token_hex(16)
    header = Header(
        kind="assay-vault",
        vault=made,
        domain=domain,
        vault_key_id=vault_key_id(vault_key),
        second_key_id=second_key_id(second_public),
        second_public=second_public.hex(),
        tag=header_tag(vault_key, made, domain, second_public),
    )
    with alone(path.absolute().parent):
        if path.is_symlink() or path.exists():
            raise InputError(f"{plain(path)}: is there already, and a vault is never overwritten; name another file")
        write_whole(path, encoded(header), 0o600)
    return open_vault(path, domain)


def open_vault(path: Path, domain: str | None = None) -> Vault:
    """What the vault says of itself, every byte checked against its digests; no key is needed.

    Raises:
        InputError: no vault there, or one of another pseudonym domain than `domain`.
        Refused: a byte was altered, or the vault was shredded.
    """
    with reading(path) as reader:
        header = reader.vault()
        check_domain(header, domain, reader.where)
        entries: dict[str, int] = {}
        for segment, _ in reader.bodies():
            for name, count in segment.entries.items():
                entries[name] = entries.get(name, 0) + count
    entries = dict(sorted(entries.items()))
    return Vault(path, header.vault, header.domain, *header.key_ids, len(header.segments), entries, header.shredded)


def writing_keys(path: Path, vault_key: bytes, domain: str) -> WritingKeys:
    """What workers need to write segments for the vault at `path`.

    Raises:
        InputError: another pseudonym domain, or not the vault's key.
        Refused: the header was altered, or the vault was shredded.
    """
    with reading(path) as reader:
        header = reader.vault()
        check_domain(header, domain, reader.where)
        check_vault_key(header, vault_key, reader)
    return WritingKeys(header.vault, header.domain, bytes.fromhex(header.second_public), vault_key)


def commit(path: Path, segments: Sequence[Path]) -> Committed:
    """Adds segment files to the vault, all or none; one that is in it already changes nothing.

    Raises:
        InputError: a segment of another vault, domain or keys (the vault was rotated since: write the segment again).
        Refused: a file was altered, the vault was shredded, or another process writes there.
    """
    with alone(path.absolute().parent), ExitStack() as stack:
        tidy(path)
        vault = stack.enter_context(reading(path))
        header = vault.vault()
        known = {segment.id for segment in header.segments}
        new: dict[str, tuple[Path, Segment]] = {}
        already = left_out = 0
        for name in segments:
            segment, out = _arriving(name, header, known)
            if segment.id in known or segment.id in new:
                already += 1
            elif segment.entries:
                new[segment.id] = (name, segment)
                left_out += out
        if new:
            added = tuple(segment for _, segment in new.values())
            whole = header.model_copy(update={"segments": (*header.segments, *added)})

            def bodies() -> Iterator[bytes]:
                yield from (body for _, body in vault.bodies())
                for name, segment in new.values():
                    yield _lines_of(name, segment, header.shredded)

            replace(path, whole, bodies, wipe_old=False)
    entries = sum(sum(segment.entries.values()) for _, segment in new.values())
    return Committed(len(new), entries, already, left_out)


def discard(segments: Iterable[Path]) -> None:
    """Overwrites and removes segment files, once they are committed: a shredded text must not live on in one."""
    for path in segments:
        for left in (path, path.with_name(path.name + ".tmp")):
            if left.is_symlink() or left.exists():
                wipe(left)


def check_domain(header: Header, domain: str | None, where: str) -> None:
    """Nothing, where the vault is of that pseudonym domain.

    Raises:
        InputError: naming both.
    """
    if domain is not None and header.domain != domain:
        raise InputError(
            f"{where}: is the vault of domain '{header.domain}', expected '{domain}'; give that domain's vault"
        )


def check_vault_key(header: Header, vault_key: bytes, reader: Reader) -> None:
    """Nothing, where this is the vault's key and the header names the second holder that this key was told of.

    Raises:
        InputError: another key.
        Refused: the header was altered by one who lacks the key.
    """
    if vault_key_id(vault_key) != header.vault_key_id:
        raise InputError(f"{reader.where}: the vault key is not this vault's; give the key of id {header.vault_key_id}")
    public = bytes.fromhex(header.second_public)
    if header.tag != header_tag(vault_key, header.vault, header.domain, public):
        raise reader.damaged("its header was altered")
    if header.second_key_id != second_key_id(public):
        raise reader.damaged("its header was altered")


def _arriving(path: Path, header: Header, known: set[str]) -> tuple[Segment, int]:
    """A segment file's segment without shredded references, and how many entries those were; every byte is checked."""
    with reading(path) as reader:
        found = reader.vault(SEGMENT)
        segments = tuple(reader.bodies())
        if len(segments) != 1:
            raise reader.damaged("holds another number of segments than one")
        ((segment, body),) = segments
        if (found.vault, found.domain) != (header.vault, header.domain):
            raise InputError(
                f"{reader.where}: a segment of another vault, of domain '{found.domain}', expected this one of "
                f"'{header.domain}'; give the segments of this vault"
            )
        if segment.id in known:
            return segment, 0
        if found.key_ids != header.key_ids or found.tag != header.tag:
            raise InputError(
                f"{reader.where}: was written under other keys, so the vault was rotated since; write the segment again"
            )
        if described(body) != (segment.size_bytes, segment.sha256, segment.entries) or (body and not segment.entries):
            raise reader.damaged("its lines are not those of a segment")
    left = without(body, header.shredded)
    return segment.holding(left), body.count(b"\n") - left.count(b"\n")


def _lines_of(path: Path, segment: Segment, shredded: tuple[str, ...]) -> bytes:
    """What goes into the vault of a segment file, which must be the very one that was checked."""
    with reading(path) as reader:
        left = b"".join(without(body, shredded) for _, body in reader.bodies())
        if segment.holding(left) != segment:
            raise reader.damaged("was exchanged while it was committed")
    return left
