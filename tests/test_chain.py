"""The whole chain through its commands: no internet socket is opened, and no planted value reaches any file that ships."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from govern.files import list_files

pytestmark = pytest.mark.tune

CANARIES = (
    "canary.zebra@example.com",
    "010-9876-1234",
    "4111 1111 1111 1111",
    "900101-1234568",
    "Zebulon Canaryworth",
    "남궁가온",
)
LETTERS = (
    "고객명: 남궁가온\n연락처 010-9876-1234번으로 연락 바랍니다.\n이메일은 canary.zebra@example.com으로 주세요. "
    "주민등록번호 900101-1234568입니다.",
    "Dear Mr. Zebulon Canaryworth, your card 4111 1111 1111 1111 is active. Regards, Mr. Zebulon Canaryworth",
)
GUARD = """
import os, socket, sys

def watch(event, arguments):
    inet = (socket.AF_INET, socket.AF_INET6)
    if event == "socket.__new__" and arguments[1] in inet or event in ("socket.getaddrinfo", "socket.gethostbyname"):
        with open(os.environ["SOCKET_LOG"], "a") as log:
            log.write(f"{sys.argv} {event}\\n")

sys.addaudithook(watch)
"""
BASE = """
from datetime import UTC, datetime
from pathlib import Path
from govern import verify
from tune.base_model import build_for
from vocab.train_base import write_base
write_base(verify(Path("corpus"), [Path("keys/sign.pub")], now=datetime.now(UTC)), 900, Path("base"))
build_for(Path("base"), Path("model"), hidden=64, layers=2)
"""
RECIPE = """
corpus = "corpus"
trust = ["keys/sign.pub"]
model = "model-extended"
tokenizer = "tokenizer"
out = "adapter"
sign_key = "keys/sign.pem"
[training]
steps = 3
batch = 2
micro_batch = 2
max_length = 64
evaluation_rows = 2
activation_checkpointing = false
"""
COMMANDS = """
govern sample --documents 60 --seed 5 --out raw
govern keygen --out keys
govern scan raw canary.jsonl --out findings.parquet
govern certify raw canary.jsonl --out corpus --secret keys/secret.key --sign-key keys/sign.pem --split held-out=0.1
govern verify corpus
govern report corpus --out report.html
python base.py
vocab extend base --corpus corpus --terms finance-en --terms finance-ko --sign-key keys/sign.pem --out tokenizer
vocab check tokenizer --corpus corpus
vocab coverage base tokenizer --corpus corpus --terms finance-ko --out coverage
vocab embed model --tokenizer tokenizer --out model-extended
tune run recipe.toml
tune verify adapter --corpus corpus --tokenizer tokenizer --model model-extended
"""


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where every command of the chain ran, with canaries in the corpus and sockets watched."""
    home = tmp_path_factory.mktemp("chain")
    guard = tmp_path_factory.mktemp("guard")
    (guard / "sitecustomize.py").write_text(GUARD)
    (home / "base.py").write_text(BASE)
    (home / "recipe.toml").write_text(RECIPE)
    rows = [{"id": f"canary.zebra@example.com {n}", "text": text} for n, text in enumerate(LETTERS * 3)]
    (home / "canary.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(guard),
        "SOCKET_LOG": str(guard / "sockets"),
        "ASSAY_TRUST": str(home / "keys" / "sign.pub"),
    }
    done = subprocess.run(
        ["sh", "-exc", COMMANDS], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (home / "printed").write_text(done.stdout + done.stderr, "utf-8")
    (home / "sockets").write_text((guard / "sockets").read_text() if (guard / "sockets").exists() else "")
    return home


def test_no_command_opens_an_internet_socket(chain: Path) -> None:
    """From sample to adapter, no process makes an IPv4 or IPv6 socket or looks up a host."""
    assert (chain / "sockets").read_text() == ""


def test_a_planted_value_stands_in_no_file_that_ships(chain: Path) -> None:
    """Corpus, tokenizer, models, adapter, reports and the lines printed hold none of the canaries."""
    for part in (
        "corpus",
        "base",
        "tokenizer",
        "coverage",
        "model",
        "model-extended",
        "adapter",
        "printed",
        "report.html",
    ):
        path = chain / part
        names = [path] if path.is_file() else [path / name for name in list_files(path)]
        assert names
        for name in names:
            held = name.read_bytes()
            if name.suffix == ".parquet":
                held += pl.read_parquet(name).write_ndjson().encode()
            for canary in CANARIES:
                spelled = json.dumps(canary)[1:-1].encode()
                assert canary.encode() not in held, (name, canary)
                assert spelled not in held, (name, canary)


def test_the_chain_holds_to_the_last_shard(chain: Path) -> None:
    """The adapter's chain was checked link by link, and the printed lines say so."""
    printed = (chain / "printed").read_text("utf-8")
    assert "corpus: verified" in printed
    assert "every claim holds" in printed
    assert "not checked" not in printed.split("+ tune verify", 1)[1].replace("revocation", "")
