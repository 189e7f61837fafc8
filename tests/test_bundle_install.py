"""Installing from the bundle: the script, the guides in both languages, and the real programs in an empty environment."""

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from requirements.bundle import __main__ as program
from requirements.bundle import folder, locks, wheels

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "requirements" / "bundle" / "install.sh"
GUIDES = ("install.md", "install.ko.md")
SYSTEM = {"cd", "export", "grep", "ln", "openssl", "rm", "sha256sum", "strace", "tar", "unshare"}
sys.path.insert(0, str(Path(__file__).parent))

from made_wheels import PROGRAM, bundle, house, repacked  # noqa: E402


def install(whole: Path, target: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Runs install.sh with this Python, and with a network that is not there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    command = [*before, "sh", str(whole / "install.sh"), str(target), sys.executable]
    return subprocess.run(command, env=environment | nowhere, capture_output=True, text=True, check=False)


def frozen(target: Path) -> list[str]:
    """What is installed in an environment, as `name==version`."""
    command = [
        str(target / "bin" / "python"),
        "-I",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "list",
        "--format=freeze",
    ]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    pairs = [one.split("==") for one in listed]
    return sorted(f"{canonicalize_name(name)}=={version}" for name, version in pairs if name != "pip")


def test_install_sh_installs_by_digest_and_tries_the_programs(tmp_path: Path) -> None:
    """The wheels of the bundle and no others are installed; the self test runs and leaves nothing."""
    done = install(bundle(house(tmp_path / "bundle")), tmp_path / "there")
    assert done.returncode == 0, done.stderr
    assert "made up verify corpus --trust keys/sign.pub" in done.stdout
    assert not (tmp_path / "there" / "try").exists()
    assert {"assay==0.9", "deep==3", "left==1.5", "right==2.0"} == {
        one for one in frozen(tmp_path / "there") if not one.startswith("setuptools==")
    }
    assert not list((tmp_path / "there").rglob("direct_url.json"))


def test_install_sh_leaves_nothing_behind_when_a_step_fails(tmp_path: Path) -> None:
    """A program that fails in the self test: the sentence says so, and the folder is gone."""
    failing = PROGRAM + '    sys.exit(sys.argv[1] == "verify")\n'
    done = install(bundle(house(tmp_path / "bundle", failing)), tmp_path / "there")
    assert (done.returncode, done.stderr) == (1, "install.sh: the self test failed\n")
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("python", "CPython 3.9", "the bundle is for python CPython 3.9, and this is CPython 3."),
        ("platform", "linux-s390x", "the bundle is for platform linux-s390x, and this is "),
        ("glibc", "9.99", "glibc 9.99 or newer is needed, and this is "),
        ("installed, in bytes, at most", "9" * 16, " KiB are needed"),
        (None, None, "a file is not what the bundle was made of"),
    ],
)
def test_install_sh_refuses_before_it_writes(tmp_path: Path, key: str | None, value: str | None, sentence: str) -> None:
    """A changed file, another Python, platform or C library, too little space: each has its sentence."""
    whole = bundle(house(tmp_path / "bundle"))
    text = (whole / "about.txt").read_text()
    (whole / "about.txt").write_text(re.sub(f"(?m)^{key}: .*$", f"{key}: {value}", text) if key else text + "\n")
    if key:
        (whole / "SHA256SUMS").write_bytes(folder.manifest(whole, ("SHA256SUMS",)))
    done = install(whole, tmp_path / "there")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert not (tmp_path / "there").exists()


def test_install_sh_writes_over_nothing(tmp_path: Path) -> None:
    """A folder that is there is left as it is."""
    (tmp_path / "there").mkdir()
    done = install(bundle(house(tmp_path / "bundle")), tmp_path / "there")
    assert done.returncode == 2
    assert "there is there already; name a new folder" in done.stderr


@pytest.mark.slow
def test_the_real_programs_run_from_a_bundle_in_an_empty_environment(tmp_path: Path) -> None:
    """Assay and all it needs, packed again from what is installed, install without an index and certify without a network."""
    there = tmp_path / "bundle" / folder.WHEELS
    there.mkdir(parents=True)
    own = wheels.read(program.own_wheel(there))
    repacked(there, own.requires)
    whole = bundle(there)
    folder.pack(whole, tmp_path / "bundle.tar")
    shutil.rmtree(whole)
    with tarfile.open(tmp_path / "bundle.tar") as tar:
        tar.extractall(tmp_path, filter="data")
    alone = ["unshare", "-r", "-n"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        alone = []
    target = tmp_path / "there"
    done = install(whole, target, *alone)
    assert done.returncode == 0, done.stderr
    assert "corpus: verified" in done.stdout
    base = locks.read(ROOT / "requirements" / "base.txt")
    assert frozen(target) == sorted([f"assay=={own.version}", *(f"{pin.name}=={pin.version}" for pin in base.values())])
    assert not list(target.rglob("direct_url.json"))
    assert str(ROOT) not in subprocess.run(
        [str(target / "bin" / "python"), "-I", "-c", "import govern; print(govern.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    taken = sum(path.lstat().st_blocks * 512 for path in (target, *target.rglob("*")))
    promised = int(re.findall(r"(?m)^installed, in bytes, at most: (\d+)$", (whole / "about.txt").read_text())[0])
    assert 0.8 * promised < taken <= promised


def prose(guide: str) -> str:
    return (ROOT / "docs" / guide).read_text("utf-8")


def commands(guide: str) -> list[str]:
    """The commands of a guide, in order, without what stands behind a `#`."""
    lines = "".join(re.findall(r"```sh\n(.*?)```", prose(guide), re.DOTALL)).splitlines()
    return [line.partition(" # ")[0].strip() for line in lines]


def test_both_guides_give_the_same_commands_and_figures() -> None:
    """English and Korean differ in prose alone: the same sections, commands, files, sentences and numbers with a unit."""
    english, korean = GUIDES
    assert commands(english) == commands(korean)
    assert len(commands(english)) > 20
    for pattern in (
        r"(?m)^## (\d+)",
        r"(?m)^\| `([^`]+)`",
        r"`([a-z0-9.]+\.(?:txt|json|sh|pub)|[A-Z0-9]+SUMS)`",
        r"[0-9.]+ (?:GB|MB)",
    ):
        found = [re.findall(pattern, prose(guide)) for guide in GUIDES]
        assert found[0]
        assert sorted(set(found[0])) == sorted(set(found[1]))


@pytest.mark.parametrize("line", dict.fromkeys(commands("install.md")))
def test_every_command_of_the_guide_exists(line: str) -> None:
    """Programs take the arguments as written, targets stand in the Makefile, and pip is called as install.sh calls it."""
    words = shlex.split(line)
    first = Path(words[0]).name
    script = SCRIPT.read_text("utf-8").replace('-r "$list"', "-r requirements.txt -r assay.txt")
    if first == "govern" and words[1:] != ["--help"]:
        importlib.import_module("govern.cli").parser().parse_args(words[1:])
    elif first == "make":
        assert re.search(f"(?m)^{words[1]}:.*", (ROOT / "Makefile").read_text("utf-8"))
        assert all(f"$({word.partition('=')[0]})" in (ROOT / "Makefile").read_text("utf-8") for word in words[2:])
    elif first.startswith("python"):
        assert all(word in script for word in words[words.index("-m") :] if word != "/opt/assay/0.1.0")
    else:
        assert first in {"sh", "govern"} | SYSTEM
        assert first != "sh" or words[1] == "install.sh"


def test_every_sentence_that_the_guide_explains_is_said() -> None:
    """The table of refusals quotes what install.sh prints; what varies in a sentence is `…` there."""
    said = re.sub(r"\{key\} \{[^}]*\}|\{(?! )[^}]*\}|\$[a-z_]+", "…", SCRIPT.read_text("utf-8"))
    quoted = re.findall(r"(?m)^\| `(.*?)` \|", prose("install.md").partition("## 9")[2])
    assert len(quoted) > 5
    for sentence in quoted:
        assert sentence in said
