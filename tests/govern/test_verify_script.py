"""Every negative vector against `verify` and against `docs/verify.sh`: both refuse; and both accept what is good."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from govern.attestation import approve, sign, verify
from govern.errors import GovernError, Refused

SCRIPT = Path(__file__).parents[2] / "docs" / "verify.sh"
SIGNERS = {
    "alice": ("alice",),
    "carol": ("carol",),
    "both": ("alice", "carol"),
    "dual": ("carol", "alice"),
    "dual-half": ("alice",),
    "evaluate-only": ("alice",),
}
CHANGES = {
    "dual": {"signatures_required": 2},
    "dual-half": {"signatures_required": 2},
    "evaluate-only": {"purpose": {"allowed": ["evaluate"], "intended_use": "tests"}},
}
AT_A_TIME = 4


@dataclass(frozen=True)
class Outcome:
    """What the two verifiers said: `ours` None is acceptance, `script` None is not run."""

    ours: GovernError | None
    script: int | None
    said: str


@pytest.fixture(scope="session")
def bases(signing, keys, tmp_path_factory) -> dict[str, Path]:
    """Good signed folders, by name."""
    made = {}
    for name, signers in SIGNERS.items():
        folder = signing.write_draft(tmp_path_factory.mktemp("bases") / name, **CHANGES.get(name, {}))
        sign(folder, keys[signers[0]].private, issued=signing.ISSUED, not_after=None)
        for other in signers[1:]:
            approve(folder, keys[other].private)
        made[name] = folder
    return made


def run_script(folder, trust, *, signatures=None, revocations=None, purpose=None) -> tuple[int, str]:
    """The exit code of the shell verifier, and all it printed."""
    options = [("-n", signatures), ("-r", revocations), ("-p", purpose)]
    given = [str(part) for flag, value in options if value is not None for part in (flag, value)]
    command = ["sh", str(SCRIPT), str(folder), *map(str, trust), *given]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "backslashreplace")


def judge(case, now, *, script: bool) -> Outcome:
    """Both verifiers on one case."""
    options = {"signatures": case.signatures, "revocations": case.revocations, "purpose": case.purpose}
    try:
        verify(case.folder, case.paths, now=now, **options)
        ours = None
    except GovernError as error:
        ours = error
    code, said = run_script(case.folder, case.paths, **options) if script else (None, "")
    return Outcome(ours, code, said)


def _vectors() -> ModuleType:
    """The package `verify_vectors` beside this file, wherever the tests are started."""
    package = Path(__file__).with_name("verify_vectors")
    spec = spec_from_file_location("verify_vectors", package / "__init__.py", submodule_search_locations=[str(package)])
    module = module_from_spec(spec)
    sys.modules["verify_vectors"] = module
    spec.loader.exec_module(module)
    return module


VECTORS = _vectors()
ALL = VECTORS.ALL


@pytest.fixture(scope="module")
def outcomes(bases, keys, signing, tmp_path_factory) -> Iterator[dict[str, Future]]:
    """Both verifiers on every vector, a few at a time, since the shell spends its time in small processes."""
    room = tmp_path_factory.mktemp("vectors")

    def one(numbered):
        number, vector = numbered
        folder = room / str(number) / "corpus"
        shutil.copytree(bases[vector.base], folder, symlinks=True)
        case = VECTORS.Case(folder, keys, signing)
        vector.spoil(case)
        outcome = judge(case, signing.NOW, script=vector.shell)
        shutil.rmtree(room / str(number))
        return outcome

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {vector.name: pool.submit(one, (number, vector)) for number, vector in enumerate(ALL)}


def test_there_are_at_least_two_hundred_vectors_that_both_verifiers_judge():
    """The promise of the threat model, counted; no two have one name."""
    assert len({vector.name for vector in ALL}) == len(ALL)
    assert sum(vector.shell for vector in ALL) >= 200


@pytest.mark.parametrize("vector", ALL, ids=lambda vector: vector.name)
def test_both_verifiers_refuse(vector, outcomes):
    """Ours refuses with exit code 1 and names the trouble; the script exits 1 as well."""
    outcome = outcomes[vector.name].result()
    assert isinstance(outcome.ours, Refused), "verify accepted it, or blamed the usage"
    assert outcome.ours.exit_code == 1
    assert vector.named in str(outcome.ours)
    if vector.shell:
        assert outcome.script == 1, outcome.said
        assert "verify.sh: " in outcome.said


@pytest.mark.parametrize("base", ["alice", "carol", "both", "dual"])
def test_both_verifiers_accept_an_untouched_folder(base, bases, keys, signing):
    """Ed25519 and P-256, one signature and two."""
    case = VECTORS.Case(bases[base], keys, signing)
    outcome = judge(case, signing.NOW, script=True)
    assert outcome.ours is None
    assert outcome.script == 0, outcome.said
    assert outcome.said.count("signed by sha256:") == len(SIGNERS[base])


def test_both_verifiers_accept_with_every_option(bases, keys, signing, tmp_path):
    """Two signatures asked for, an allowed purpose, and a list that revokes another corpus."""
    from govern.revocation import revoke

    other = signing.write_draft(tmp_path / "other", issuer="another")
    revoke(other, keys["carol"].private, "withdrawn", tmp_path / "revocations.json", signing.ISSUED)
    case = VECTORS.Case(
        bases["both"], keys, signing, signatures=2, purpose="train", revocations=tmp_path / "revocations.json"
    )
    outcome = judge(case, signing.NOW, script=True)
    assert outcome.ours is None
    assert outcome.script == 0, outcome.said


def test_both_verifiers_accept_a_date_still_to_come(keys, signing, tmp_path):
    """An end date in the year 2999 is no objection."""
    from datetime import UTC, datetime

    folder = signing.write_draft(tmp_path / "corpus")
    sign(folder, keys["carol"].private, issued=signing.ISSUED, not_after=datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC))
    outcome = judge(VECTORS.Case(folder, keys, signing), signing.NOW, script=True)
    assert outcome.ours is None
    assert outcome.script == 0, outcome.said


def test_a_date_that_has_passed_is_expired_for_both(keys, signing, tmp_path):
    """Signed with an end date that lies before now."""
    from datetime import timedelta

    folder = signing.write_draft(tmp_path / "corpus")
    sign(folder, keys["alice"].private, issued=signing.ISSUED, not_after=signing.ISSUED + timedelta(seconds=1))
    outcome = judge(VECTORS.Case(folder, keys, signing), signing.NOW, script=True)
    assert "expired" in str(outcome.ours)
    assert outcome.script == 1
    assert "expired" in outcome.said


@pytest.mark.slow
def test_both_verifiers_agree_on_random_damage(bases, keys, signing, tmp_path):
    """Bytes flipped, cut, doubled or inserted anywhere in attestation or list: never accepted by one alone."""
    import random

    chance = random.Random(20260131)

    def one(number):
        folder = tmp_path / str(number)
        shutil.copytree(bases[chance.choice(["alice", "carol", "both"])], folder)
        path = folder / chance.choice(["attestation.json", "attestation.json", "SHA256SUMS", "certificate.json"])
        data = path.read_bytes()
        start = chance.randrange(len(data))
        end = min(len(data), start + chance.choice([0, 1, 1, 2, 60]))
        piece = chance.choice(
            [b"", b" ", b"=", b"\\", b'"', b"\n", b"}", bytes([chance.randrange(256)]), data[start:end] * 2]
        )
        path.write_bytes(data[:start] + piece + data[end:])
        outcome = judge(VECTORS.Case(folder, keys, signing), signing.NOW, script=True)
        changed = path.read_bytes() != data
        shutil.rmtree(folder)
        return changed, outcome.ours is not None, outcome.script

    for changed, refused, script in map(one, range(400)):
        assert (refused, script) == (changed, 1 if changed else 0)


@pytest.mark.slow
def test_both_verifiers_agree_on_random_signed_statements(bases, keys, signing, tmp_path):
    """A trusted key signs statements put together at random, some of them good: both accept them or neither does."""
    import random

    from govern.files import canonical

    chance = random.Random(20260201)
    folder = tmp_path / "corpus"
    shutil.copytree(bases["alice"], folder)
    case = VECTORS.Case(folder, keys, signing)
    good = case.statement()
    dates = [
        "2026-01-31T09:00:00Z",
        "2024-02-29T23:59:59Z",
        "2023-02-29T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "",
        None,
        5,
    ]
    ends = [
        None,
        None,
        None,
        "2999-12-31T23:59:59Z",
        "2400-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2020-01-01T00:00:00Z",
    ]
    purposes = [["train", "evaluate"]] * 4 + [["train"], [], ["evaluate", "train"], ["train", "evaluate", ""], "train"]
    accepted = 0
    for _ in range(300):
        statement = json.loads(json.dumps(good))
        statement["predicate"]["issued"] = chance.choice([dates[0]] * 4 + dates)
        statement["predicate"]["not_after"] = chance.choice(ends)
        statement["predicate"]["purpose"] = chance.choice(purposes)
        statement["predicate"]["signatures_required"] = chance.choice([1, 1, 1, 1, 2, 0, "1", 10**15])
        if chance.random() < 0.2:
            holder = chance.choice([statement, statement["predicate"], statement["subject"][0]])
            holder[chance.choice(["extra", "_type", "name", "digest", "certificate"])] = chance.choice(
                ["", None, {}, "x"]
            )
        case.reseal(canonical(statement))
        outcome = judge(case, signing.NOW, script=True)
        assert (outcome.ours is None) == (outcome.script == 0), statement
        accepted += outcome.ours is None
    assert 10 < accepted < 290


@pytest.mark.parametrize("spoil", ["none", "private", "inside", "rsa", "two", "missing", "compressed"])
def test_both_verifiers_exit_2_for_an_unusable_key(spoil, bases, keys, tmp_path, signing):
    """No key, a private key, a key out of the folder itself, another kind, two in a file, none there."""
    folder = bases["alice"]
    if spoil == "inside":
        folder = tmp_path / "corpus"
        shutil.copytree(bases["alice"], folder)
    trust = {
        "none": [],
        "private": [keys["alice"].private_path],
        "inside": [_written(folder / "sign.pub", keys["alice"].public.read_bytes())] if spoil == "inside" else [],
        "rsa": [_written(tmp_path / "rsa.pub", _rsa())],
        "two": [_written(tmp_path / "two.pub", keys["alice"].public.read_bytes() * 2)],
        "missing": [tmp_path / "missing.pub"],
        "compressed": [_written(tmp_path / "compressed.pub", _compressed(keys["carol"].public))],
    }[spoil]
    with pytest.raises(GovernError) as caught:
        verify(folder, trust, now=signing.NOW)
    assert caught.value.exit_code == 2
    assert run_script(folder, trust)[0] == 2


@pytest.mark.parametrize("arguments", [["-n", "0"], ["-n", "x"], ["-n"], ["-z"], ["-r"]])
def test_the_script_exits_2_for_wrong_usage(arguments, bases, keys):
    """A number that is none, an option without its value, an unknown option."""
    command = ["sh", str(SCRIPT), str(bases["alice"]), str(keys["alice"].public), *arguments]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_the_script_leaves_nothing_behind(bases, keys, tmp_path, monkeypatch):
    """Its temporary folder goes, whether it accepts or refuses."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert run_script(bases["alice"], [keys["alice"].public])[0] == 0
    assert run_script(bases["alice"], [keys["bob"].public])[0] == 1
    assert list(tmp_path.iterdir()) == []


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _rsa() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = generate_private_key(65537, 2048).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _compressed(path: Path) -> bytes:
    """The same P-256 key with its point compressed: another DER, so another id."""
    command = ["openssl", "ec", "-pubin", "-in", str(path), "-pubout", "-conv_form", "compressed"]
    return subprocess.run(command, capture_output=True, check=True).stdout
