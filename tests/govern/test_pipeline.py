"""A certification run from end to end: what it leaves, that it repeats, that a kill loses nothing, and what it refuses."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from govern import cli
from govern.attestation import verify
from govern.files import list_files
from govern.keys import generate
from govern.sample import write

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CANARIES = (
    "캐너리",
    "canary.zebra@example.com",
    "010-9876-1234",
    "4111 1111 1111 1111",
    "900101-1234568",
    "Zebulon Canaryworth",
)
LETTER = (
    "고객명: 홍캐너리\n연락처 010-9876-1234번으로 연락 바랍니다. 이메일은 canary.zebra@example.com으로 주세요.\n"
    "주민등록번호 900101-1234568입니다. 카드 4111 1111 1111 1111로 결제했습니다.\n"
    "Dear Mr. Zebulon Canaryworth, your card 4111 1111 1111 1111 is active. Mr. Zebulon Canaryworth agreed."
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and a small synthetic corpus."""
    folder = tmp_path_factory.mktemp("home")
    generate(folder / "keys")
    write(120, 3, folder / "raw")
    return folder


def command(home: Path, out: Path, *more: str, inputs: str = "raw") -> list[str]:
    return ["certify", str(home / inputs), "--out", str(out), "--secret", str(home / "keys" / "secret.key"), *more]


def certify(home: Path, out: Path, *more: str, inputs: str = "raw") -> int:
    return cli.main(command(home, out, *more, inputs=inputs))


@pytest.fixture(scope="module")
def certified(home: Path) -> Path:
    """The corpus certified with a held-out part, signed."""
    out = home / "corpus"
    assert (
        certify(home, out, "--workers", "1", "--split", "held-out=0.1", "--sign-key", str(home / "keys" / "sign.pem"))
        == 0
    )
    return out


def test_every_veto_is_counted_in_the_evidence(home: Path, tmp_path: Path) -> None:
    """By entity type, language and what outweighed it; no value."""
    raw = tmp_path / "raw"
    raw.mkdir()
    lines = [
        {"id": str(number), "text": f"Holding {number}: account number 037833100 (CUSIP)."} for number in range(30)
    ]
    (raw / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    secret = ("--secret", str(home / "keys" / "secret.key"), "--workers", "1")
    assert cli.main(["certify", str(raw), "--out", str(tmp_path / "out"), *secret]) == 0
    vetoes = json.loads((tmp_path / "out" / "evidence" / "vetoes.json").read_bytes())
    assert vetoes == [{"entity_type": "US_BANK_NUMBER", "lang": "en", "vetoed_by": "CUSIP", "findings": 30}]


def texts(folder: Path) -> list[str]:
    return [text for path in sorted(folder.glob("*.parquet")) for text in pl.read_parquet(path)["text"].to_list()]


def test_documents_in_are_certified_dropped_or_quarantined(home: Path, certified: Path) -> None:
    """The accounting of the certificate adds up to the labelled input and to the files."""
    claim = json.loads((certified / "certificate.json").read_bytes())
    counts = claim["accounting"]
    assert counts["in"] == 120
    assert counts["in"] == counts["certified"] + sum(counts["dropped"].values()) + sum(counts["quarantined"].values())
    assert counts["certified"] == len(texts(certified / "documents")) + len(texts(certified / "held-out"))
    reasons = [
        json.loads(line)["reason"] for line in (certified / "evidence" / "dropped.jsonl").read_text().splitlines()
    ]
    assert len(reasons) == sum(counts["dropped"].values())


def test_a_certified_folder_verifies_and_loads(home: Path, certified: Path) -> None:
    """Verification gives the shards of both parts, with the columns of the contract."""
    corpus = verify(certified, [home / "keys" / "sign.pub"], now=NOW, purpose="train")
    assert pl.read_parquet(corpus.documents[0].path).columns == ["id", "text", "lang", "source"]
    assert sum(shard.documents for shard in corpus.held_out) > 0


def test_the_held_out_part_shares_no_document_and_no_text(certified: Path) -> None:
    """Held-out is disjoint by document and by duplicate group."""
    train, held = (pl.read_parquet(certified / name) for name in ("documents", "held-out"))
    assert not set(train["id"]) & set(held["id"])
    assert not {" ".join(t.split()) for t in train["text"]} & {" ".join(t.split()) for t in held["text"]}


@pytest.mark.parametrize("more", [("--workers", "2"), ("--workers", "1")])
def test_workers_and_a_second_run_change_no_byte(
    home: Path, certified: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """Same inputs, policy and secret give the same SHA256SUMS."""
    assert certify(home, tmp_path / "again", *more, "--split", "held-out=0.1") == 0
    assert (tmp_path / "again" / "SHA256SUMS").read_bytes() == (certified / "SHA256SUMS").read_bytes()


def test_the_cut_of_the_work_changes_no_document(home: Path, certified: Path, tmp_path: Path) -> None:
    """Work units of any size give the same files."""
    from govern.keys import load_secret
    from govern.pipeline import Request, certify
    from govern.policy import load

    policy = load("default")
    secret = load_secret(home / "keys" / "secret.key")
    for size in (1, 20_000):
        request = Request(
            (home / "raw",),
            tmp_path / str(size),
            policy,
            policy.suite,
            secret,
            date(2026, 1, 1),
            split=("held-out", 100_000),
            work_bytes=size,
        )
        folder = certify(request).folder
        assert (folder / "SHA256SUMS").read_bytes() == (certified / "SHA256SUMS").read_bytes()


def kill_and_resume(home: Path, out: Path, seed: int, kills: int) -> None:
    """Kills the same command at random moments until it was killed `kills` times, then lets it finish."""
    chance = random.Random(seed)
    run = [sys.executable, "-m", "govern", *command(home, out, "--workers", "2", "--split", "held-out=0.1")]
    done = 0
    while done < kills:
        process = subprocess.Popen(run, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.2, 9.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            done += 1
        process.wait()
        if out.exists() and done < kills:
            shutil.rmtree(out)
            shutil.rmtree(out.with_name(out.name + ".private"))
    deadline = time.monotonic() + 60
    while subprocess.run(run, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False).returncode:
        assert time.monotonic() < deadline


def test_killed_runs_end_in_the_same_bytes(home: Path, certified: Path, tmp_path: Path) -> None:
    """Three kills, then the same command: the unbroken run's SHA256SUMS."""
    kill_and_resume(home, tmp_path / "killed", 1, 3)
    assert (tmp_path / "killed" / "SHA256SUMS").read_bytes() == (certified / "SHA256SUMS").read_bytes()


def everything(folder: Path) -> bytes:
    """Every byte below a folder, Parquet columns decoded too."""
    found = []
    for name in list_files(folder):
        path = folder / name
        found.append(name.encode() + path.read_bytes())
        if path.suffix == ".parquet":
            found.append(pl.read_parquet(path).write_ndjson().encode())
    return b"\n".join(found)


def test_a_planted_canary_stands_in_no_file(home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Personal data in text, id, file name, column name and other columns reaches no file and no line of output."""
    raw = home / "canary"
    raw.mkdir()
    rows = [{"id": "canary.zebra@example.com", "text": LETTER, "Zebulon Canaryworth": "010-9876-1234"}]
    rows += [{"id": str(n), "text": f"The committee met in quarter {n} and left the rate as it was."} for n in range(5)]
    name = raw / "canary.zebra@example.com.jsonl"
    name.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    out = tmp_path / "corpus"
    assert certify(home, out, "--workers", "1", "--sign-key", str(home / "keys" / "sign.pem"), inputs="canary") == 0
    printed = "".join(capfd.readouterr())
    written = everything(out).decode("utf-8", "replace")
    private = "".join(path.name for path in out.with_name("corpus.private").rglob("*"))
    for canary in CANARIES:
        assert canary not in written
        assert canary not in printed
        assert canary not in private
    assert "<PERSON_1>" in written


def test_the_same_command_finds_its_finished_folder(
    home: Path, certified: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second call does no work, says so in JSON, and signs nothing twice."""
    before = (certified / "attestation.json").read_bytes()
    more = ("--split", "held-out=0.1", "--sign-key", str(home / "keys" / "sign.pem"), "--json")
    assert certify(home, certified, *more) == 0
    assert json.loads(capsys.readouterr().out)["found_finished"] is True
    assert (certified / "attestation.json").read_bytes() == before


def test_a_folder_of_another_run_is_left_alone(home: Path, certified: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other options on a used --out: exit 2, what differs, and no byte changed."""
    before = (certified / "SHA256SUMS").read_bytes()
    assert certify(home, certified, "--split", "held-out=0.2") == 2
    assert "holds another run, which differs in split" in capsys.readouterr().err
    assert (certified / "SHA256SUMS").read_bytes() == before


def test_a_foreign_folder_is_never_written_into(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An --out that exists and is no run of ours is refused."""
    (tmp_path / "mine").mkdir()
    assert certify(home, tmp_path / "mine") == 2
    assert "no run of this command made it" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


def suite(path: Path, **changes: object) -> str:
    rule = {
        "id": "many-documents",
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "documents", "min_value": 1_000_000},
        "slice": "all",
        "severity": "critical",
        "why": "a test",
        "remedy": "give more",
        **changes,
    }
    path.write_text(json.dumps({"name": "strict", "format_version": 1, "description": "d", "rules": [rule]}))
    return str(path)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "observed 11"),
        ({"type": "expect_unicorns"}, "expect_unicorns"),
        ({"slice": "lang:fr"}, "lang:fr"),
        ({"kwargs": {"column": "absent", "min_value": 1}}, "absent"),
    ],
)
def test_a_gate_that_does_not_pass_leaves_no_documents(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], why: str
) -> None:
    """Failed or unknown: exit 1, the reason, a refused folder without text and no certified one."""
    assert certify(home, tmp_path / "no", "--workers", "1", "--suite", suite(tmp_path / "s.json", **changes)) == 1
    assert why in capsys.readouterr().err
    assert not (tmp_path / "no").exists()
    assert not list(tmp_path.glob("no.refused/**/*.parquet"))
    if changes.get("type") is None:
        assert "Refused" in (tmp_path / "no.refused" / "report.html").read_text()


def test_a_document_that_cannot_be_decided_is_quarantined(home: Path, tmp_path: Path) -> None:
    """A document over the policy's limit is listed by keyed id and reason, and its text is nowhere."""
    raw = home / "long"
    raw.mkdir()
    rows = [{"id": str(n), "text": f"Rates rose in month {n} of the year, said the board."} for n in range(60)]
    rows.append({"id": "long", "text": "marker " * 20_000})
    (raw / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "short"\nmax_document_characters = 50000\n')
    assert certify(home, tmp_path / "corpus", "--workers", "1", "--policy", str(policy), inputs="long") == 0
    claim = json.loads((tmp_path / "corpus" / "certificate.json").read_bytes())
    assert claim["accounting"]["quarantined"] == {"too_long": 1}
    assert b"marker" not in everything(tmp_path / "corpus")


def test_private_files_are_closed_to_others(certified: Path) -> None:
    """The private folder and what it holds are for their owner alone."""
    private = certified.with_name(certified.name + ".private")
    assert private.stat().st_mode & 0o077 == 0
    for path in private.rglob("*.parquet"):
        assert path.stat().st_mode & 0o077 == 0


def test_interrupting_leaves_a_resumable_state(home: Path, certified: Path, tmp_path: Path) -> None:
    """Ctrl-C ends with exit code 3 and a sentence; the same command then finishes."""
    out = tmp_path / "stopped"
    run = [sys.executable, "-m", "govern", *command(home, out, "--workers", "2", "--split", "held-out=0.1")]
    process = subprocess.Popen(run, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    while not (tmp_path / "stopped.private" / "run.json").exists() and process.poll() is None:
        time.sleep(0.05)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    error = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 3, error
    assert "the same command again continues" in error
    assert subprocess.run(run, capture_output=True, check=False).returncode == 0
    assert (out / "SHA256SUMS").read_bytes() == (certified / "SHA256SUMS").read_bytes()


def test_a_kept_type_is_counted_and_left(home: Path, tmp_path: Path) -> None:
    """`keep` finds and counts, leaves the text, and does not fail the regression scan."""
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "kept"\n[entities]\nEMAIL_ADDRESS = "keep"\n')
    assert certify(home, tmp_path / "corpus", "--workers", "1", "--policy", str(policy)) == 0
    claim = json.loads((tmp_path / "corpus" / "certificate.json").read_bytes())
    kept = [row for row in claim["privacy"]["entities"] if row["entity_type"] == "EMAIL_ADDRESS"]
    assert {row["action"] for row in kept} == {"keep"}
    assert sum(row["spans"] for row in kept) > 0
    assert any("@example" in text for text in texts(tmp_path / "corpus" / "documents"))


def test_a_kept_column_is_masked_like_the_text(home: Path, tmp_path: Path) -> None:
    """A column that the policy keeps ships, and personal data in it does not."""
    raw = home / "columns"
    raw.mkdir()
    rows = [
        {
            "id": str(n),
            "text": f"The rate was left as it was in month {n}.",
            "desk": "FX",
            "note": "call 010-9876-1234",
            "n": [n],
        }
        for n in range(5)
    ]
    (raw / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "columns"\nkeep_columns = ["desk", "note", "n"]\n')
    assert certify(home, tmp_path / "corpus", "--workers", "1", "--policy", str(policy), inputs="columns") == 0
    frame = pl.read_parquet(tmp_path / "corpus" / "documents" / "part-00000.parquet")
    assert frame.columns == ["id", "text", "lang", "source", "desk", "note", "n"]
    assert frame.select("desk", "note", "n").row(0) == ("FX", "call <PHONE_NUMBER_1>", "[0]")
