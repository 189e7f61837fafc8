"""A vault of one bank, its keys and its ledger."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from govern import ledger
from govern.vault.access import Account, reveal, rotate
from govern.vault.keys import BothKeys, second_public
from govern.vault.segment import Original, WritingKeys, write_segment
from govern.vault.store import init, writing_keys

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)

KIM, LEE = Original("PERSON", "abcdefghijkl", "김서윤"), Original("PERSON", "bcdefghijklm", "Lee Minho")

PHONE = Original("PHONE_NUMBER", "abcdefghijkl", "010-0000-1234")


class Bank:
    """A vault of the domain `bank`, its keys and its ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bank.vault"
        self.keys = fresh()
        init(self.path, vault_key=self.keys.vault_key, second_public=second_public(self.keys.second), domain="bank")

    @property
    def account(self) -> Account:
        return Account(self.folder / "ledger.jsonl", "kim", "complaint 17", NOW)

    def writing(self) -> WritingKeys:
        return writing_keys(self.path, self.keys.vault_key, "bank")

    def segment(self, name: str, *originals: Original) -> Path:
        write_segment(self.folder / name, originals, self.writing())
        return self.folder / name

    def texts(self, *originals: Original, keys: BothKeys | None = None) -> list[tuple[str, ...]]:
        found = reveal(self.path, [item.reference for item in originals], keys or self.keys, self.account).texts
        return list(found.values())

    def told(self) -> list[tuple[str, object]]:
        return [(entry.what, entry.about.get("outcome")) for entry in ledger.verify(self.account.ledger).entries]


def fresh() -> BothKeys:
    return BothKeys(secrets.token_bytes(32), secrets.token_bytes(32))


def rotated(bank: Bank, new: BothKeys) -> None:
    rotate(bank.path, bank.keys, new.vault_key, second_public(new.second), bank.account)
