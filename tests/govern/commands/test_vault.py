"""`govern vault` and `govern ledger` through the command line: what they print, where, and the exit codes."""

import io
import json
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from govern import cli, ledger
from govern.vault.keys import load_vault_key
from govern.vault.segment import Original, write_segment
from govern.vault.store import commit, writing_keys

KIM = Original("PERSON", "abcdefghijkl", "김서윤")
LINES = Original("KR_ADDRESS", "bcdefghijklm", "first\nsecond\x1b[2J")


def govern(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`govern` with these arguments, in this process."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as error:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), error.getvalue())


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one sentence on standard error of a command that ended with `code` and printed nothing."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("govern: ")
    assert ";" in line
    return line


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Keys of two pairs of holders, and a vault `v` of the domain `bank` with two texts."""
    for name in ("a", "b"):
        assert govern("vault", "keygen", "--out", tmp_path / name).returncode == 0
    done = govern("vault", "init", "--out", tmp_path / "v", *vault_key(tmp_path), "--second-pub", tmp_path / "a/second.pub",
                  "--domain", "bank")  # fmt: skip
    assert done.returncode == 0, done.stderr
    keys = writing_keys(tmp_path / "v", load_vault_key(tmp_path / "a/vault.key"), "bank")
    write_segment(tmp_path / "segment", [KIM, LINES], keys)
    commit(tmp_path / "v", [tmp_path / "segment"])
    return tmp_path


def vault_key(home: Path, which: str = "a") -> tuple[object, ...]:
    return ("--vault-key", home / which / "vault.key")


def both(home: Path, first: str = "a", second: str = "a") -> tuple[object, ...]:
    return (*vault_key(home, first), "--second-key", home / second / "second.pem")


def account(home: Path, reason: str = "complaint 17") -> tuple[object, ...]:
    return ("--reason", reason, "--ledger", home / "ledger")


def reveal(home: Path, reference: object, *more: object) -> subprocess.CompletedProcess[str]:
    return govern("vault", "reveal", home / "v", "--reference", reference, *(more or (*both(home), *account(home))))


def test_reveal_prints_the_value_alone_and_the_head_beside_it(home: Path) -> None:
    """So that the value can be piped, and the head noted; the entry names who, why and what."""
    done = reveal(home, "<PERSON_abcdefghijkl>")
    (entry,) = ledger.verify(home / "ledger").entries
    assert (done.returncode, done.stdout) == (0, "김서윤\n")
    assert done.stderr == f"{home / 'ledger'}: entry 1, head {entry.digest}\n"
    assert (entry.reason, entry.about["references"]) == ("complaint 17", ["PERSON_abcdefghijkl"])
    assert entry.who


def test_a_text_that_a_terminal_cannot_show_is_escaped_and_exact_as_json(home: Path) -> None:
    """No escape sequence out of a corpus reaches a terminal."""
    assert reveal(home, LINES.reference).stdout == "first\\nsecond\\x1b[2J\n"
    done = reveal(home, LINES.reference, *both(home), *account(home), "--json")
    assert json.loads(done.stdout)["texts"] == {LINES.reference: [LINES.text]}


def test_a_file_of_references_is_answered_line_by_line_under_one_entry(home: Path) -> None:
    """With the reference before each; one that is missing refuses all."""
    (home / "list").write_text(f"<{KIM.reference}>\n{LINES.reference}\n{KIM.reference}\n")
    done = reveal(home, home / "list")
    assert done.stdout.splitlines()[0] == f"{KIM.reference}\t{KIM.text}"
    assert len(done.stdout.splitlines()) == 2
    assert len(ledger.verify(home / "ledger").entries) == 1
    (home / "list").write_text(f"{KIM.reference}\nPERSON_zzzzzzzzzzzz\n")
    assert "PERSON_zzzzzzzzzzzz not in it" in told(reveal(home, home / "list"), 1)
    assert len(ledger.verify(home / "ledger").entries) == 1


def test_what_reveal_refuses(home: Path) -> None:
    """Exit 1 for a reference that is not there; 2 for keys, reasons and references that are none, which are not repeated."""
    assert "not in it" in told(reveal(home, "PERSON_zzzzzzzzzzzz"), 1)
    for text in ("김서윤", home / "absent", home, "", "x" * 5000, home / "v"):
        sentence = told(reveal(home, text), 2)
        assert "reference" in sentence
        assert not str(text) or str(text) not in sentence
    (home / "long").write_text("PERSON_abcdefghijkl\n" * 60_000)
    assert "ask in parts" in told(reveal(home, home / "long"), 2)
    assert "vault key is not this vault's" in told(
        reveal(home, KIM.reference, *both(home, "b", "a"), *account(home)), 2
    )
    assert "second key is not this vault's" in told(
        reveal(home, KIM.reference, *both(home, "a", "b"), *account(home)), 2
    )
    for reason in ("", "  ", "a\nb", "\x1b[2J"):
        assert "--reason" in told(reveal(home, KIM.reference, *both(home), *account(home, reason)), 2)
    assert reveal(home, KIM.reference, *both(home), "--ledger", home / "ledger").returncode == 2
    assert not (home / "ledger").exists()


def test_show_prints_counts_domain_and_key_ids_and_no_value(home: Path) -> None:
    """Without any key."""
    done = govern("vault", "show", home / "v")
    assert done.returncode == 0
    assert "domain bank, 2 entries in 1 segments, 0 references shredded" in done.stdout
    assert KIM.text not in done.stdout
    shown = json.loads(govern("vault", "show", home / "v", "--json").stdout)
    assert shown["entries"] == {"KR_ADDRESS": 1, "PERSON": 1}
    assert shown["second_key_id"] in govern("vault", "show", home / "v").stdout


def test_rotate_hands_the_vault_to_new_keys(home: Path) -> None:
    """And says so in the ledger; a second time nothing is to be done."""
    new = (
        "--new-vault-key",
        home / "b/vault.key",
        "--new-second-pub",
        home / "b/second.pub",
        "--ledger",
        home / "ledger",
    )
    before = (home / "v").read_bytes()
    assert "not this vault's" in told(govern("vault", "rotate", home / "v", *both(home, "b", "a"), *new), 2)
    assert (home / "v").read_bytes() == before
    assert "sealed under the new keys" in govern("vault", "rotate", home / "v", *both(home), *new).stdout
    assert "under these keys already" in govern("vault", "rotate", home / "v", *both(home), *new).stdout
    assert reveal(home, KIM.reference, *both(home, "b", "b"), *account(home)).stdout == "김서윤\n"
    told(reveal(home, KIM.reference), 2)


def test_shred_destroys_a_reference_or_the_vault(home: Path) -> None:
    """Then nothing comes out, exit 1; what is not there is refused."""
    assert "is not in it" in told(
        govern("vault", "shred", home / "v", "--reference", "PERSON_zzzzzzzzzzzz", *account(home)), 1
    )
    assert (
        "overwritten"
        in govern("vault", "shred", home / "v", "--reference", "<PERSON_abcdefghijkl>", *account(home)).stdout
    )
    assert "1 of them shredded" in told(reveal(home, KIM.reference), 1)
    assert reveal(home, LINES.reference).returncode == 0
    assert "overwritten" in govern("vault", "shred", home / "v", *account(home)).stdout
    assert "already" in govern("vault", "shred", home / "v", *account(home)).stdout
    assert "was shredded" in told(reveal(home, LINES.reference), 1)
    assert "was shredded" in told(govern("vault", "show", home / "v"), 1)


def test_a_ledger_is_shown_and_verified(home: Path) -> None:
    """A cut end against the noted head, a torn line, an edit: exit 1; no ledger, no head: exit 2."""
    for _ in range(2):
        reveal(home, KIM.reference)
    path, good = home / "ledger", (home / "ledger").read_bytes()
    head = json.loads(govern("ledger", "verify", path, "--json").stdout)["head"]
    assert "verified, 2 entries" in govern("ledger", "verify", path, "--head", head).stdout
    assert "noted earlier" in govern("ledger", "verify", path).stdout
    assert "vault.reveal  complaint 17" in govern("ledger", "show", path).stdout
    assert json.loads(govern("ledger", "show", path, "--json").stdout)["entries"][1]["digest"] == head
    path.write_bytes(good + b'{"about"')
    assert "half written (8 bytes)" in told(govern("ledger", "verify", path), 1)
    assert "half written (8 bytes)" in govern("ledger", "show", path).stdout
    path.write_bytes(b"".join(good.splitlines(keepends=True)[:2]))
    assert "the end was cut off" in told(govern("ledger", "verify", path, "--head", head), 1)
    path.write_bytes(good.replace(b"complaint", b"complaimt"))
    for command in ("verify", "show"):
        assert "line 3: does not continue" in told(govern("ledger", command, path), 1)
    told(govern("ledger", "verify", home / "absent"), 2)
    told(govern("ledger", "verify", path, "--head", "x"), 2)


@pytest.mark.parametrize("group", ["vault", "ledger"])
def test_a_group_without_a_command_is_bad_usage(group: str) -> None:
    """Exit 2, and the commands are named."""
    done = govern(group)
    assert done.returncode == 2
    assert "show" in done.stderr
