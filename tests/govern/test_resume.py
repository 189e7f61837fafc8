"""What stands in the private folder, and inputs that change: used only where they are what this run saw."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from govern import pipeline
from govern.errors import InputError
from govern.pipeline import Request, certify
from govern.policy import load

TEXT = "The {} met in quarter {} and left the rate as it was."


def lines(who: str) -> str:
    rows = ({"id": f"{who}-{number}", "text": TEXT.format(who, number)} for number in range(8))
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two input files."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for who in ("board", "council"):
        (folder / f"{who}.jsonl").write_text(lines(who))
    return folder


def request(raw: Path, out: Path, *inputs: Path) -> Request:
    policy = load("default")
    return Request(inputs or (raw,), out, policy, policy.suite, b"s" * 32, date(2026, 1, 1), work_bytes=400)


def sums(folder: Path) -> bytes:
    return (folder / "SHA256SUMS").read_bytes()


def damage_state(private: Path) -> None:
    """Cut short, of another shape, and with a count changed."""
    states = sorted((private / "states").iterdir())
    states[0].write_bytes(states[0].read_bytes()[:40])

    states[1].write_bytes(b"{}")
    states[2].write_bytes(states[2].read_bytes().replace(b'"documents_in":', b'"documents_in":1', 1))


def damage_shards(private: Path) -> None:
    """A masked shard of other bytes, and one that is gone."""
    masked = sorted((private / "masked").iterdir())
    masked[0].write_bytes(b"PAR1")
    masked[1].unlink()


def damage_record(private: Path) -> None:
    """The record of the run, cut short."""
    (private / "run.json").write_bytes(b'{"inputs":')


def exchange_states(private: Path) -> None:
    """A shard's state of another run, whole in itself."""
    first = min((private / "states").iterdir())
    first.write_bytes(first.read_bytes().replace(b'"run":"sha256:', b'"run":"sha256:0', 1))


@pytest.mark.parametrize("damage", [damage_state, damage_shards, damage_record, exchange_states])
def test_damaged_work_is_done_again(raw: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Whatever became of stored work between two runs, the folder's bytes are those of an unbroken run."""
    wanted = sums(certify(request(raw, tmp_path / "unbroken")).folder)
    done = certify(request(raw, tmp_path / "out"))
    for path in sorted(done.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    done.folder.rmdir()
    damage(tmp_path / "out.private")
    assert sums(certify(request(raw, tmp_path / "out")).folder) == wanted


def test_the_order_in_which_inputs_are_given_changes_nothing(raw: Path, tmp_path: Path) -> None:
    """Files are taken by name; so the folder, its files and its files backwards give the same bytes."""
    files = sorted(raw.iterdir())
    wanted = sums(certify(request(raw, tmp_path / "folder")).folder)
    assert sums(certify(request(raw, tmp_path / "files", *files)).folder) == wanted
    assert sums(certify(request(raw, tmp_path / "backwards", *reversed(files))).folder) == wanted


def test_an_input_changed_before_the_same_command_is_another_run(raw: Path, tmp_path: Path) -> None:
    """Finished shards are of the old input: exit 2, and which part differs."""
    certify(request(raw, tmp_path / "out"))
    (raw / "board.jsonl").write_text(lines("bored"))
    with pytest.raises(InputError, match="holds another run, which differs in inputs"):
        certify(request(raw, tmp_path / "out"))


@pytest.mark.parametrize(
    "now",
    [
        lines("bored"),
        lines("board")[:300],
        "".join(lines("board").splitlines(keepends=True)[:3]),
        lines("board").replace('"id"', '"no"'),
        "",
    ],
)
def test_an_input_that_changes_during_the_run_is_never_certified(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: str
) -> None:
    """The second reading must see what the first one digested; where it does not, nothing is certified."""
    process = pipeline._process

    def changed(*arguments: object) -> object:
        (raw / "board.jsonl").write_text(now)
        return process(*arguments)

    monkeypatch.setattr(pipeline, "_process", changed)
    with pytest.raises(InputError, match=r"board\.jsonl"):
        certify(request(raw, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_finished_folder_that_was_altered_is_not_reported_as_done(raw: Path, tmp_path: Path) -> None:
    """The same command on a damaged result names the file and the remedy."""
    out = certify(request(raw, tmp_path / "out")).folder
    (out / "report.html").write_text("other")
    with pytest.raises(InputError, match=r"report\.html: changed.*\n.*move it away"):
        certify(request(raw, tmp_path / "out"))
    (out / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match="SHA256SUMS: missing"):
        certify(request(raw, tmp_path / "out"))
