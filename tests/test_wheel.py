"""The wheel carries everything that the programs read, and works outside the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel installs."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_carries_data_and_nothing_of_the_tests(unpacked: Path) -> None:
    """Policies, suites, templates, term lists, aligned text and the schema travel; tests, benchmarks and locks do not."""
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    for wanted in (
        "govern/policies/default.toml",
        "govern/certificate.schema.json",
        "govern/templates/report.html.j2",
        "expectations/corpus-default.json",
        "expectations/tokenizer-coverage.json",
        "vocab/aligned/finance-en-ko.tsv",
        "vocab/terms/finance-en.tsv",
        "vocab/terms/finance-ko.tsv",
        "govern/py.typed",
    ):
        assert wanted in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "expectations",
        "govern",
        "tune",
        "vocab",
    }


def test_a_corpus_is_certified_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    """Sample, keygen, certify and verify run with the wheel first on the path and the checkout out of sight."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}

    def govern(*arguments: str) -> str:
        code = "import govern, sys; print(govern.__file__); from govern.cli import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert str(unpacked) in done.stdout
        return done.stdout

    govern("sample", "--documents", "40", "--seed", "1", "--out", "raw")
    govern("keygen", "--out", "keys")
    govern(
        "certify",
        "raw",
        "--out",
        "corpus",
        "--secret",
        "keys/secret.key",
        "--sign-key",
        "keys/sign.pem",
        "--workers",
        "1",
    )
    assert "corpus: verified" in govern("verify", "corpus", "--trust", "keys/sign.pub")
