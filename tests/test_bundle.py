"""The bundle for a machine without a network: only what a lock vouches for goes in, and all of it is stated."""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path

import pytest

from govern.errors import InputError
from govern.files import sha256_file
from govern.keys import generate, load_private
from requirements.bundle import __main__ as program
from requirements.bundle import folder, locks, sbom, wheelhouse, wheels

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).parent))

from made_wheels import LICENCE, MIT, bundle, house, lock, made_up  # noqa: E402


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A made-up wheelhouse."""
    return house(tmp_path / "bundle")


def check(there: Path, pins: dict[str, locks.Pin]) -> tuple[wheels.Wheel, ...]:
    return wheelhouse.check(there / "assay-0.9-py3-none-any.whl", (), pins, there)


def test_the_bill_of_materials_is_valid_and_names_every_wheel(there: Path) -> None:
    """It fits the strict schema of CycloneDX 1.6; each wheel has version, purl, licence and digest, and what it needs."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = (bundle(there) / "sbom.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    components = [bill["metadata"]["component"], *bill["components"]]
    assert "timestamp" not in bill["metadata"]
    found = {one["name"]: one for one in components}
    for path in there.iterdir():
        wheel = wheels.read(path)
        one = found.pop(wheel.name)
        assert one["version"] == wheel.version
        assert one["hashes"] == [{"alg": "SHA-256", "content": wheel.sha256}]
        assert one["purl"] == f"pkg:pypi/{wheel.name}@{wheel.version}?file_name={path.name}"
        assert one["licenses"]
        assert "externalReferences" not in one
    assert not found
    by_name = {one["name"]: one["licenses"] for one in components}
    assert by_name["left"] == [{"license": {"id": "Apache-2.0"}}]
    assert by_name["right"] == [{"license": {"name": "BSD"}}]
    assert {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]} == {
        "assay==0.9": ["left==1.5", "right==2.0"],
        "deep==3": [],
        "left==1.5": [],
        "right==2.0": ["deep==3"],
    }


def test_a_wheel_built_from_source_is_said_to_be(there: Path) -> None:
    """A wheel that no lock can know is taken when it was built of an archive that one knows; list and bill name the archive."""
    pins = locks.read(lock(there))
    made_up(there, "left", "1.5", (MIT,))
    sdists = {"left-1.5-py3-none-any.whl": "left-1.5.tar.gz sha256:" + "0" * 64}
    with pytest.raises(InputError, match=r"sha256 0{64} is in no lock"):
        wheelhouse.check(there / "assay-0.9-py3-none-any.whl", (), pins, there, sdists)
    pins["left"] = locks.Pin("left", "1.5", frozenset({"0" * 64}))
    found = wheelhouse.check(there / "assay-0.9-py3-none-any.whl", (), pins, there, sdists)
    (left,) = (one for one in json.loads(sbom.build(found, ()))["components"] if one["name"] == "left")
    assert left["properties"] == [{"name": "assay:built-from", "value": sdists["left-1.5-py3-none-any.whl"]}]
    assert "built here from source: left\n" in folder.about(found, ())


@pytest.fixture
def offline(there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pip finds the made-up packages, and nothing else; assay's own wheel stays with the caller."""
    shelf = tmp_path / "shelf"
    shutil.copytree(there, shelf)
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf), "PIP_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    for path in there.glob("*.whl"):
        if not path.name.startswith("assay-"):
            path.unlink()
    return shelf


def test_what_is_needed_is_fetched_and_nothing_more(offline: Path, there: Path) -> None:
    """From assay's needs to the needs of those, each by its digest; what nothing needs stays where it is."""
    made_up(offline, "other", "1")
    found = wheelhouse.gather(there / "assay-0.9-py3-none-any.whl", (), locks.read(lock(offline)), there)
    assert [wheel.name for wheel in found] == ["assay", "deep", "left", "right"]
    assert sorted(path.name for path in there.iterdir()) == sorted(wheel.path.name for wheel in found)


def test_a_package_published_as_source_is_built(offline: Path, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source archive that the lock knows becomes a wheel, which remembers it; the archive itself is left out."""
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # with the hatchling that is installed here
    (offline / "left-1.5-py3-none-any.whl").unlink()
    project = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "left"\n'
    content = {"pyproject.toml": project + 'version = "1.5"\n', "left.py": "", "PKG-INFO": "Name: left\nVersion: 1.5\n"}
    with tarfile.open(offline / "left-1.5.tar.gz", "w:gz") as tar:
        for name, text in content.items():
            entry = tarfile.TarInfo(f"left-1.5/{name}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    pins = locks.read(lock(offline))
    digest = sha256_file(offline / "left-1.5.tar.gz")
    pins["left"] = locks.Pin("left", "1.5", frozenset({digest}))
    found = wheelhouse.gather(there / "assay-0.9-py3-none-any.whl", (), pins, there)
    assert {wheel.name: wheel.sdist for wheel in found if wheel.sdist} == {"left": f"left-1.5.tar.gz sha256:{digest}"}
    assert {path.suffix for path in there.iterdir()} == {".whl"}


def test_what_no_lock_knows_is_not_fetched(offline: Path, there: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A need without a pin, and a file with another digest than its pin's, both end the run."""
    own = there / "assay-0.9-py3-none-any.whl"
    pins = locks.read(lock(offline))
    with pytest.raises(InputError, match="left: needed and in no lock"):
        wheelhouse.gather(own, (), {name: pin for name, pin in pins.items() if name != "left"}, there)
    changed = pins | {"left": locks.Pin("left", "1.5", frozenset({"0" * 64}))}
    with pytest.raises(InputError, match="pip download: failed, and says above why"):
        wheelhouse.gather(own, (), changed, there)
    assert "DO NOT MATCH THE HASHES" in capfd.readouterr().err
    assert [path.name for path in there.iterdir()] == [own.name]


def test_a_changed_wheel_is_refused(there: Path) -> None:
    """The digest of a wheel must stand in the lock."""
    pins = locks.read(lock(there))
    made_up(there, "left", "1.5", (MIT,))
    with pytest.raises(
        InputError, match=r"left-1\.5-py3-none-any\.whl: sha256 [0-9a-f]{64} is in no lock, so it was changed"
    ):
        check(there, pins)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda at: (at / "deep-3-py3-none-any.whl").unlink(), "deep: needed and not in the wheelhouse"),
        (lambda at: (at / "deep-3.tar.gz").write_bytes(b""), r"deep-3\.tar\.gz: not a wheel"),
        (lambda at: made_up(at, "other", "1"), "other-1-py3-none-any.whl: in no lock"),
        (lambda at: (at / "left-1.5-py3-none-any.whl").write_bytes(b"PK"), "cannot be read as a wheel; fetch it again"),
        (lambda at: shutil.copy(at / "left-1.5-py3-none-any.whl", at / "left-1.5-py2.py3-none-any.whl"), "a second wheel"),
        (
            lambda at: (at / "left-1.5-py3-none-any.whl").rename(at / "left-1.6-py3-none-any.whl"),
            r"left-1\.6-py3-none-any\.whl: holds left 1\.5",
        ),
    ],
)  # fmt: skip
def test_a_wheelhouse_that_is_not_as_locked_is_refused(there: Path, spoil, sentence: str) -> None:
    """A missing wheel, a source archive, a package of no lock, a damaged, doubled or renamed wheel: each has its sentence."""
    pins = locks.read(lock(there))
    spoil(there)
    with pytest.raises(InputError, match=sentence):
        check(there, pins)


def test_a_package_that_nothing_needs_is_refused(there: Path) -> None:
    """Nothing is carried in that is not needed, whether a lock knows it or not."""
    made_up(there, "other", "1")
    with pytest.raises(InputError, match="other: in the wheelhouse and needed by nothing"):
        check(there, locks.read(lock(there)))


def test_a_version_that_does_not_fit_is_refused(there: Path) -> None:
    """A lock that lags behind what a wheel asks for is found when bundling, not on the machine without a network."""
    (there / "left-1.5-py3-none-any.whl").unlink()
    made_up(there, "left", "0.5")
    with pytest.raises(InputError, match=r"assay needs left>=1, and the lock has 0\.5"):
        check(there, locks.read(lock(there)))


def test_a_lock_without_digests_is_refused(tmp_path: Path) -> None:
    """A line with no digest, or with another kind of digest, is no pin; a lock that is not there is named."""
    for line in ("left==1.5\n", "left==1.5 --hash=md5:00\n", "left>=1.5 --hash=sha256:" + "0" * 64):
        (tmp_path / "made.txt").write_text(line)
        with pytest.raises(InputError, match="is no pin with SHA-256 digests"):
            locks.read(tmp_path / "made.txt")
    with pytest.raises(InputError, match="cannot be read"):
        locks.read(tmp_path / "none.txt")


@pytest.mark.parametrize("extras", program.LOCKS)
def test_every_lock_can_be_read(extras: tuple[str, ...]) -> None:
    """The locks of the project hold digests for every package, and the versions that are installed here."""
    pins = locks.read(ROOT / "requirements" / program.LOCKS[extras])
    assert {"cryptography", "spacy", "tokenizers"} <= pins.keys()
    assert all(pin.digests for pin in pins.values())
    assert pins["polars"].version == metadata.version("polars")


def test_the_licence_texts_of_the_wheels_travel(there: Path) -> None:
    """The texts lie beside the wheels, and a list says what each package states; one that states nothing is named."""
    made_up(there, "left", "1.5", ())
    whole = bundle(there)
    assert (whole / "licences" / "deep-3" / "deep-3.dist-info" / "licenses" / "LICENSE").read_text() == LICENCE
    listed = (whole / "licences" / "README.txt").read_text()
    assert "deep 3: MIT; 1\n" in listed
    assert "left 1.5: not stated; 0\n" in listed
    assert "licence not stated: left\n" in (whole / "about.txt").read_text()
    assert "Apache License" in (whole / "LICENSE").read_text()


def test_the_same_wheels_give_the_same_archive(there: Path, tmp_path: Path) -> None:
    """Another folder, other times and modes: the archive has the same bytes, and says nothing of who made it."""
    archives = []
    for name in ("one", "two"):
        copied = tmp_path / name / "bundle"
        shutil.copytree(there, copied / folder.WHEELS, copy_function=shutil.copyfile)
        whole = bundle(copied / folder.WHEELS)
        for path in (*whole.rglob("*.txt"), *whole.rglob("*.whl")):
            os.utime(path, (len(name), 1_000_000_000 if name == "one" else 1_700_000_000))
            path.chmod(0o600 if name == "one" else 0o664)
        folder.pack(whole, tmp_path / f"{name}.tar")
        archives.append((tmp_path / f"{name}.tar").read_bytes())
    assert archives[0] == archives[1]
    with tarfile.open(tmp_path / "one.tar") as tar:
        members = tar.getmembers()
    assert [one.name for one in members] == sorted(one.name for one in members)
    assert {(one.uid, one.gid, one.uname, one.gname, one.mtime) for one in members} == {(0, 0, "", "", folder.EPOCH)}
    assert {one.name.split("/", 1)[1]: one.mode for one in members if one.mode != 0o644} == {"install.sh": 0o755}


def test_assays_own_wheel_is_built_alike_twice(tmp_path: Path) -> None:
    """The same tree gives the same wheel."""
    built = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        built.append(program.own_wheel(tmp_path / name))
    assert built[0].name == built[1].name
    assert built[0].read_bytes() == built[1].read_bytes()


def test_the_list_of_digests_covers_every_file_and_a_key_can_sign_it(there: Path, tmp_path: Path) -> None:
    """`sha256sum -c` holds, no file is left out, and OpenSSL verifies the signature as the guide says."""
    keys = generate(tmp_path / "keys")
    whole = bundle(there, load_private(keys.private))
    subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=whole, check=True)
    listed = {line[66:] for line in (whole / "SHA256SUMS").read_text().splitlines()}
    files = {path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file()}
    assert files - listed == {"SHA256SUMS", "SHA256SUMS.sig"}
    (command,) = re.findall(r"(?m)^openssl .*$", (ROOT / "docs" / "install.md").read_text("utf-8"))
    run = shlex.split(command.replace("sign.pub", str(keys.public)))
    assert subprocess.run(run, cwd=whole, capture_output=True, check=False).returncode == 0
    (whole / "SHA256SUMS").write_text("changed")
    assert subprocess.run(run, cwd=whole, capture_output=True, check=False).returncode == 1


def test_nothing_written_names_an_index_or_a_machine(there: Path, tmp_path: Path) -> None:
    """No address of an index and no path of the machine that made it stands in what the bundle says."""
    whole = bundle(there)
    for path in (one for one in whole.rglob("*") if one.is_file() and one.suffix != ".whl"):
        text = path.read_text("utf-8")
        assert not re.search(r"\bpypi\.|python.?hosted|file://", text), path
        assert str(tmp_path) not in text, path


def test_an_unknown_extra_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extra that no lock serves ends with a sentence and code 2, before anything is fetched."""
    monkeypatch.setattr(sys, "argv", ["bundle", "--extras", "nonesuch", "--out", str(tmp_path / "dist")])
    assert program.main() == 2
    served = "documents, fast, mlflow, ray, remote, tune"
    assert f"--extras nonesuch: no lock serves this; give one of {served}" in capsys.readouterr().err
    assert not (tmp_path / "dist").exists()
