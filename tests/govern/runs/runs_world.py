"""A customer's calls beside public filings, and how a test certifies them under a policy."""

import json
from pathlib import Path

import polars as pl

from govern import cli

PERSON, NUMBER, MAIL, CARD, RESIDENT = (
    "홍가나리",
    "010-9876-1234",
    "canary.zebra@example.com",
    "4111 1111 1111 1111",
    "900101-1234568",
)

CANARIES = (
    PERSON,
    NUMBER,
    "01098761234",
    MAIL,
    "canary.zebra",
    CARD,
    "4111111111111111",
    RESIDENT,
    "9001011234568",
    "C-77120",
)

TEXT = (
    f"{{0}}번 상담. 고객명: {PERSON}\n연락처 {NUMBER}번으로 연락 바랍니다. 이메일은 {MAIL}으로 주세요. "
    f"주민등록번호 {RESIDENT}입니다.\n"
    f"카드 {CARD}로 결제했습니다. 생년월일: 1985년 3월 2일. 금리는 3.5%입니다."
)

ALL = """
[entities]
PERSON = "surrogate"
EMAIL_ADDRESS = "surrogate"
PHONE_NUMBER = "pseudonym"
CREDIT_CARD = "redact"
DATE_OF_BIRTH = "generalise"
KR_RRN = "encrypt"
"""


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def policy(folder: Path, text: str) -> Path:
    """A policy file; its names are found by rule where the text does not say otherwise."""
    path = folder / "policy.toml"
    names = "" if "[names]" in text else '\n[names]\nmodel = "none"\n'
    path.write_text('name = "mine"\n' + text + names, "utf-8")
    return path


def certify(home: Path, out: Path, text: str, *more: str, inputs: str = "raw") -> int:
    out.parent.mkdir(exist_ok=True)
    secret = ("--secret", str(home / "keys" / "secret.key"), "--workers", "1")
    return cli.main(
        ["certify", str(home / inputs), "--out", str(out), "--policy", str(policy(out.parent, text)), *secret, *more]
    )


def texts(out: Path) -> list[str]:
    return pl.concat([pl.read_parquet(path) for path in sorted((out / "documents").glob("*.parquet"))])[
        "text"
    ].to_list()


def privacy(out: Path) -> dict:
    return json.loads((out / "certificate.json").read_bytes())["privacy"]


def vault(home: Path, folder: Path, domain: str = "default") -> Path:
    path = folder / "the.vault"
    holders = home / "holders"
    keys = ("--vault-key", str(holders / "vault.key"), "--second-pub", str(holders / "second.pub"))
    assert cli.main(["vault", "init", "--out", str(path), *keys, "--domain", domain]) == 0
    return path
