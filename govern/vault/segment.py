"""What one shard adds to a vault: a segment file, written by one call under a data key of its own.

A worker holds the vault key and the second holder's public key, and forgets the data key: nothing that it wrote can be
opened with what it holds. The file is whole or absent; its lines are sorted, so they tell nothing of the documents' order.
"""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from govern.errors import InputError
from govern.files import canonical, write_whole
from govern.inventory import plain
from govern.vault.file import REFERENCE, Header, Segment, described, encoded
from govern.vault.keys import TextCipher, header_tag, seal_data_key, second_key_id, vault_key_id

DATA_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Original:
    """What a reference stands for: entity type and twelve letters, as in `<PERSON_abcdefghijkl>`, and the text."""

    entity_type: str
    letters: str
    text: str = field(repr=False)

    @property
    def reference(self) -> str:
        """The reference without its brackets."""
        return f"{self.entity_type}_{self.letters}"


@dataclass(frozen=True, slots=True)
class WritingKeys:
    """What a worker needs to write segments of one vault; it opens nothing that was written."""

    vault: str
    domain: str
    second_public: bytes
    vault_key: bytes = field(repr=False)


def write_segment(path: Path, originals: Iterable[Original], keys: WritingKeys) -> int:
    """How many entries the new segment file at `path` holds: each reference and text once.

    The file is whole or absent, and replaces one that a killed worker left. Its bytes differ each time: they are made with
    fresh keys.

    Raises:
        InputError: a reference is not an entity type and twelve lower-case letters.
    """
    data_key, segment = secrets.token_bytes(DATA_KEY_BYTES), secrets.token_hex(16)
    cipher = TextCipher(data_key)
    lines = []
    for item in {*originals}:
        if not REFERENCE.fullmatch(item.reference):
            raise InputError(
                f"{plain(path)}: a reference is an entity type and twelve lower-case letters; give such ones"
            )
        sealed = cipher.seal(item.text, entry_context(keys.domain, item.reference))
        lines.append(item.reference.encode() + b" " + base64.b64encode(sealed) + b"\n")
    body = b"".join(sorted(lines))
    sealed_key = seal_data_key(data_key, keys.vault_key, keys.second_public, context(keys.vault, keys.domain, segment))
    size, sha256, entries = described(body)
    header = Header(
        kind="assay-vault-segment",
        vault=keys.vault,
        domain=keys.domain,
        vault_key_id=vault_key_id(keys.vault_key),
        second_key_id=second_key_id(keys.second_public),
        second_public=keys.second_public.hex(),
        tag=header_tag(keys.vault_key, keys.vault, keys.domain, keys.second_public),
        segments=(
            Segment(
                id=segment,
                size_bytes=size,
                sha256=sha256,
                entries=entries,
                ephemeral=sealed_key.ephemeral.hex(),
                wrapped=sealed_key.wrapped.hex(),
            ),
        ),
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, encoded(header) + body, 0o600)
    return len(lines)


def context(vault: str, domain: str, segment: str) -> bytes:
    """What the data key of a segment is sealed for."""
    return canonical({"domain": domain, "segment": segment, "vault": vault})


def entry_context(domain: str, reference: str) -> bytes:
    """What a text is sealed for: pseudonym domain, entity type and letters."""
    return b"assay/v1/vault/entry\0" + domain.encode() + b"\0" + reference.encode()
