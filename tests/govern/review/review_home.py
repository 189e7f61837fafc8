"""A small corpus: a hotline that is masked everywhere, planted values, a name that is missed, and text that attacks pages."""

import io
import json
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govern import cli
from govern.certificate import load
from govern.keys import derive
from govern.lists import digest_of

HOTLINE = "02-1588-4321"
MISSED = "Quillon Vexworth"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"'{{ 7 * 7 }} \u202e"
CANARIES = ("홍가나리", "010-9876-1234", "01098761234", "canary.zebra@example.com", "900101-1234568", "⓪①⓪-⑨⑧⑦⑥-①②③④")
MIXED = """
keep_columns = ["branch"]
[entities]
PERSON = "surrogate"
PHONE_NUMBER = "pseudonym"
DATE_OF_BIRTH = "generalise"
EMAIL_ADDRESS = "redact"
CREDIT_CARD = "partial"
[names]
model = "none"
"""


@dataclass(frozen=True)
class Home:
    """Keys, raw documents, a corpus of tags and one of operators of every kind."""

    folder: Path
    tagged: Path
    mixed: Path

    @property
    def secret(self) -> Path:
        return self.folder / "keys" / "secret.key"

    def certify(self, out: Path, policy: Path | str | None = None, secret: Path | None = None) -> None:
        """Without a policy: names are found by rule alone, so that one is missed."""
        rules = self.folder / "rules.toml"
        rules.write_text('name = "rules"\n[names]\nmodel = "none"\n', "utf-8")
        done = self.govern(
            "certify",
            self.folder / "raw",
            "--out",
            out,
            "--policy",
            policy or rules,
            "--secret",
            secret or self.secret,
            "--workers",
            1,
        )
        assert done.returncode == 0, done.stderr

    def govern(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """`govern` with these arguments, in this process."""
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as error:
            try:
                code = cli.main([str(argument) for argument in arguments])
            except SystemExit as ended:
                code = int(ended.code or 0)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), error.getvalue())

    def answers(self, path: Path, corpus: Path, kind: str, **more: Any) -> Path:
        """Answers as a page of `corpus` downloads them."""
        certificate = json.loads((corpus / "certificate.json").read_bytes())
        whole = {
            "format_version": 1,
            "kind": kind,
            "certificate": load((corpus / "certificate.json").read_bytes(), "").digest,
            "secret_key_id": certificate["privacy"]["secret_key_id"],
            "reason": "our own hotline",
            "owner": "data office",
            "expires": "2999-12-31",
        }
        path.write_text(json.dumps({**whole, **more}, ensure_ascii=False), "utf-8")
        return path

    def hotline(self) -> dict[str, str]:
        """The hotline as a page names it."""
        key = derive(self.secret.read_bytes(), "value")
        return {"entity_type": "PHONE_NUMBER", "value": digest_of(key, "PHONE_NUMBER", HOTLINE)}

    def missed(self, corpus: Path) -> dict[str, Any]:
        """The place of the missed name in one document of `corpus`, as a page names it."""
        frame = pl.read_parquet(corpus / "documents" / "part-00000.parquet", columns=["id", "text"])
        identity, text = frame.filter(pl.col("text").str.contains(MISSED)).sort("id").row(0)
        start = text.index(MISSED)
        return {"id": identity, "field": "text", "start": start, "end": start + len(MISSED), "entity_type": "PERSON"}


def rows() -> list[dict[str, str]]:
    """Calls in Korean and notes in English, of which one stands twice."""
    calls = [
        {
            "id": f"call-{number}",
            "branch": f"branch of Mr. John Smith {number}",
            "text": f"{number}번 상담. 고객명: {CANARIES[0]}\n연락처 {CANARIES[1]}번, 이메일 {CANARIES[3]}으로. "
            f"주민등록번호 {CANARIES[4]}입니다.\n생년월일: 1985년 3월 2일. 카드 4111 1111 1111 1111로 결제. "
            f"대표전화 {HOTLINE}로 문의 바랍니다. 금리 3.{number}%.",
        }
        for number in range(8)
    ]
    notes = [
        {
            "id": f"note-{number}",
            "branch": "Leeds",
            "text": f"😀👩‍💻 note {number}: the ledger of {MISSED} was closed.\n{HOSTILE} Call {HOTLINE}. "
            f"Mr. Peter Marlowe{number * 'x'} agreed. 연락처 {CANARIES[5]}",
        }
        for number in range(6)
    ]
    return [*calls, *notes, {**notes[0], "id": "note-again"}]
