"""Bad input through the command line: one sentence that says where, what and the remedy, the exit code, nothing lost."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import polars as pl
import pytest

from govern import cli, console
from govern.keys import generate

TEXT = "The committee met in quarter {} and left the rate as it was."


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`python -m govern` with these arguments, in a process of its own."""
    command = [sys.executable, "-m", "govern", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def govern(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The same in this process, which is quicker."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as error:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), error.getvalue())


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one sentence on standard error of a command that ended with `code`."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("govern: ")
    assert ";" in lines[0]
    return lines[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and a small readable corpus, `raw.jsonl`."""
    folder = tmp_path_factory.mktemp("cli")
    generate(folder / "keys")
    (folder / "raw.jsonl").write_text(lines(12))
    return folder


def lines(count: int, **more: object) -> str:
    rows = ({"id": f"d{number}", "text": TEXT.format(number), **more} for number in range(count))
    return "".join(json.dumps(row) + "\n" for row in rows)


def certify(home: Path, raw: Path, out: Path, *more: object) -> tuple[object, ...]:
    return ("certify", raw, "--out", out, "--secret", home / "keys/secret.key", "--workers", "1", *more)


def parquet(path: Path, **columns: list[object]) -> bytes:
    pl.DataFrame(columns, strict=False).write_parquet(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"text": "a"}\n{"text": "kim@canary.example\n', "raw.jsonl, line 2: not valid JSON"),
        ('{"body": "a", "kind": "b"}\n', "line 1: no column 'text'; columns are: body, kind; name the text with"),
        ('{"kim@canary.example": "a"}\n', "line 1: no column 'text'; columns are: 1, of which some look like values"),
        ('{"text": "a", "kim@canary.example": 1, "kim@canary.example": 2}\n', "line 1: not valid JSON (a key stands"),
        ("", "no documents"),
        ('{"text": null}\n', "line 1: column 'text' is null; fill it"),
        (b'{"text": "a\xff"}\n', "line 1: byte 12 is not UTF-8, and no other known encoding fits"),
        ('{"id": "a", "text": "a"}\n{"id": "a", "text": "b"}\n', "line 2: the same id as"),
        ('{"id": 1.5, "text": "a"}\n', "line 1: column 'id' holds no id"),
        ('{"id": true, "text": "a"}\n', "line 1: column 'id' holds no id"),
        ('{"id": "\\ud800", "text": "a"}\n', "line 1: column 'id' holds a lone surrogate"),
        ('{"text": "a", "n": ' + "9" * 5000 + "}\n", "line 1: not valid JSON (a number with too many digits)"),
        ('{"text": "a", "n": ' + "[" * 10_000 + "]" * 10_000 + "}\n", "line 1: not valid JSON (nested too deeply)"),
    ],
)
def test_a_bad_line_is_one_sentence(home: Path, tmp_path: Path, content: str | bytes, says: str) -> None:
    """Exit 2, file and line, the remedy; no piece of the line, and nothing written."""
    raw = tmp_path / "raw.jsonl"
    raw.write_bytes(content if isinstance(content, bytes) else content.encode())
    sentence = told((run if says.startswith("raw") else govern)(*certify(home, raw, tmp_path / "out")), 2)
    assert says in sentence
    assert "canary" not in sentence
    assert list(tmp_path.iterdir()) == [raw]


def test_paths_that_cannot_be_read_are_named(home: Path, tmp_path: Path) -> None:
    """Missing, a folder called as a file, a link to nothing, a pipe, a name too long, a name of two lines, twice the same."""
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "gone.jsonl").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "two\nlines.jsonl").write_text(lines(2))
    cases = {
        "absent.jsonl": "absent.jsonl: no such file or folder",
        "folder.jsonl": "no file in this folder has an ending that is read",
        "in": "gone.jsonl: not a file, or a link to none",
        "pipe.jsonl": "pipe.jsonl: not a file",
        "x" * 300 + ".jsonl": "File name too long",
        "two\nlines.jsonl": r"two\nlines.jsonl: a file name with control characters",
    }
    for name, says in cases.items():
        assert says in told(govern(*certify(home, tmp_path / name, tmp_path / "out")), 2)
    raw = home / "raw.jsonl"
    assert "given twice; give it once" in told(
        govern(*certify(home, raw, tmp_path / "out")[:1], raw, *certify(home, raw, tmp_path / "out")[1:]), 2
    )
    assert not list(tmp_path.glob("out*"))


def test_damaged_parquet_is_a_sentence_and_never_an_abort(home: Path, tmp_path: Path) -> None:
    """Cut short, empty, or with any byte changed: exit 2 and the file, whatever the decoder does."""
    whole = parquet(tmp_path / "raw.parquet", text=[TEXT.format(n) for n in range(50)], tags=[["a", "b"]] * 50)
    raw = tmp_path / "raw.parquet"
    refused = 0
    for damaged in (whole[:-20], b"", *(_flipped(whole, place) for place in range(4, len(whole), len(whole) // 10))):
        raw.write_bytes(damaged)
        done = govern("scan", raw, "--out", tmp_path / "findings.parquet")
        (tmp_path / "findings.parquet").unlink(missing_ok=True)
        refused += done.returncode == 2 and "raw.parquet" in told(done, 2)
    assert refused > 3
    raw.write_bytes(whole[: len(whole) // 2])
    assert "not a readable Parquet file" in told(run(*certify(home, raw, tmp_path / "out")), 2)


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def test_keys_that_cannot_be_used_are_named_before_any_work(home: Path, tmp_path: Path) -> None:
    """A loose mode, a wrong passphrase and flags without their key: exit 2, the remedy, nothing written."""
    loose = tmp_path / "loose.key"
    loose.write_bytes(b"k" * 32)
    loose.chmod(0o644)
    (tmp_path / "right").write_text("right\n")
    (tmp_path / "wrong").write_text("wrong\n")
    for name in ("right", "wrong"):
        (tmp_path / name).chmod(0o600)
    generate(tmp_path / "locked", passphrase=b"right")
    before = set(tmp_path.iterdir())
    raw, out, locked = home / "raw.jsonl", tmp_path / "out", tmp_path / "locked/sign.pem"
    cases: list[tuple[tuple[object, ...], str]] = [
        (("--secret", loose), f"run: chmod 600 {loose}"),
        (("--sign-key", locked), "encrypted and no passphrase came; give --passphrase FILE"),
        (("--sign-key", locked, "--passphrase", tmp_path / "wrong"), "the passphrase is wrong"),
        (("--not-after", "2099-01-01"), "no --sign-key came"),
        (("--sign-key", home / "keys/sign.pem", "--not-after", "2020-01-01"), "is over already"),
        (("--name", "two\nlines"), "--name: empty, more than one line"),
        (("--id-column", "number"), "no column 'number'; columns are: id, text"),
        (("--id-column", "text"), "named for text and for ids"),
        (("--suite", "nope"), "suite nope"),
        (("--policy", tmp_path / "nope.toml"), "nope.toml"),
    ]
    for more, says in cases:
        assert says in told(govern(*certify(home, raw, out, *more)), 2)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["out", "out.private", "out.partial", "out.refused"])
def test_what_no_run_made_is_neither_written_into_nor_removed(home: Path, tmp_path: Path, name: str) -> None:
    """A folder of the user's under one of our four names stops the run, and stays as it is."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "precious").write_text("mine")
    done = govern(*certify(home, home / "raw.jsonl", tmp_path / "out"))
    assert f"{name}: exists, and no run of this command made it" in told(done, 2)
    assert [path.name for path in tmp_path.rglob("*")] == [name, "precious"]


def test_a_place_that_cannot_be_written_is_named(home: Path, tmp_path: Path) -> None:
    """An --out below a file, or without a name, is bad usage, not an interruption."""
    for out, says in ((home / "raw.jsonl" / "out", "choose an --out"), (Path("/"), "no name for a new folder")):
        assert says in told(govern(*certify(home, home / "raw.jsonl", out)), 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("certify",),
        ("verify", "DIR", "--tru", "KEY"),
        ("certify", "IN", "--out", "O", "--secret", "S", "--split", "held-out=inf"),
        ("certify", "IN", "--out", "O", "--secret", "S", "--workers", "9" * 5000),
        ("certify", "IN", "--out", "O", "--secret", "S", "--not-after", "tomorrow"),
        ("verify", "DIR", "--purpose", "fun"),
        ("unheard-of",),
    ],
)
def test_wrong_flags_end_with_usage_and_exit_2(arguments: tuple[str, ...]) -> None:
    """Missing, shortened, unknown or unusable flags: what is wrong, no traceback."""
    done = govern(*arguments)
    assert done.returncode == 2
    assert "usage: govern" in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_says_why_a_folder_does_not_pass(signing, keys, draft: Path, tmp_path: Path) -> None:
    """Unsigned, other key, other purpose, revoked, expired: exit 1 and the reason; no key to trust: exit 2."""
    alice, mallory = keys["alice"], keys["mallory"]
    trust = ("--trust", alice.public)
    assert "unsigned draft" in told(run("verify", draft, *trust), 1)
    assert govern("sign", draft, "--sign-key", alice.private_path).returncode == 0
    assert json.loads(govern("verify", draft, *trust, "--json").stdout)["verified"] is True
    assert "which is not trusted" in told(govern("verify", draft, "--trust", mallory.public), 1)
    assert "no trusted key" in govern("verify", draft).stderr
    revocations = tmp_path / "revoked.json"
    taken = govern(
        "revoke", draft, "--sign-key", alice.private_path, "--reason", "recall", "--revocations", revocations
    )
    assert taken.returncode == 0, taken.stderr
    assert "recall" in told(govern("verify", draft, *trust, "--revocations", revocations), 1)
    other = signing.write_draft(tmp_path / "other", purpose={"allowed": ["evaluate"], "intended_use": "a test"})
    assert govern("sign", other, "--sign-key", alice.private_path).returncode == 0
    assert "certified for another purpose" in told(govern("verify", other, *trust, "--purpose", "train"), 1)
    expired = signing.write_draft(tmp_path / "expired")
    from govern.attestation import sign

    sign(expired, alice.private, issued=signing.ISSUED, not_after=signing.NOW)
    assert "expired at" in told(govern("verify", expired, *trust), 1)


def test_a_report_never_breaks_the_folder_it_is_about(keys, certified_folder: Path) -> None:
    """An --out inside the signed folder is refused; the folder still verifies."""
    trust = ("--trust", keys["alice"].public)
    for name in ("report.html", "new.html"):
        sentence = told(govern("report", certified_folder, *trust, "--out", certified_folder / name), 2)
        assert "lies inside the signed folder" in sentence
    assert govern("verify", certified_folder, *trust).returncode == 0


def test_scan_overwrites_nothing(home: Path, tmp_path: Path) -> None:
    """An --out that is there, such as the input itself, is refused and left as it was."""
    raw = tmp_path / "raw.parquet"
    before = parquet(raw, text=[TEXT.format(1)])
    assert "nothing is overwritten" in told(govern("scan", raw, "--out", raw), 2)
    assert raw.read_bytes() == before


def test_a_defect_shows_no_data(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An error that nobody foresaw ends with exit 2 and lines of code; its message, which may quote a value, is left out."""

    def broken(_: object) -> int:
        raise ValueError("kim@canary.example")

    monkeypatch.setattr(cli, "_keygen", broken)
    assert console.run("govern", cli.parser(), ["keygen", "--out", "x"], (cli.GovernError,)) == 2
    error = capsys.readouterr().err
    assert "ValueError: a defect of govern" in error
    assert "broken" in error
    assert "canary" not in error


def test_a_reader_that_goes_away_and_a_full_device_are_no_tracebacks(keys, certified_folder: Path) -> None:
    """Output that cannot be written ends the command with a sentence or in silence."""
    command = [sys.executable, "-m", "govern", "verify", str(certified_folder), "--trust", str(keys["alice"].public)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.stderr == ""


def test_dual_control_asks_for_the_second_signature(tmp_path: Path) -> None:
    """One signature of two: certify says what is missing, verify refuses, and a second key's approval completes it."""
    for name in ("one", "two"):
        generate(tmp_path / name)
    raw = tmp_path / "a.jsonl"
    raw.write_text("".join(json.dumps({"text": TEXT.format(n)}) + "\n" for n in range(5)))
    (tmp_path / "policy.toml").write_text('name = "dual"\nsignatures_required = 2\n')
    out = tmp_path / "corpus"
    key, other = tmp_path / "one" / "sign.pem", tmp_path / "two" / "sign.pem"
    secret = tmp_path / "one" / "secret.key"
    done = govern(
        "certify",
        raw,
        "--out",
        out,
        "--secret",
        secret,
        "--sign-key",
        key,
        "--policy",
        tmp_path / "policy.toml",
        "--workers",
        1,
    )
    assert done.returncode == 0
    assert "needs 2 signatures by different keys: `govern approve" in done.stdout
    trust = ("--trust", key.with_suffix(".pub"), "--trust", other.with_suffix(".pub"))
    assert "signed by 1 of the 2 keys required" in told(govern("verify", out, *trust), 1)
    assert govern("approve", out, "--sign-key", key).returncode != 0
    assert govern("approve", out, "--sign-key", other).returncode == 0
    assert govern("verify", out, *trust).returncode == 0
