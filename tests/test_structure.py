"""The shape of the project: imports point one way, `--help` stays light, the tree speaks of itself alone."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ("expectations", "govern", "vocab", "tune")
HEAVY = ("fsspec", "great_expectations", "pandas", "polars", "presidio_analyzer", "ray", "sentencepiece", "spacy", "tokenizers",
         "torch", "transformers")  # fmt: skip


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", ORDER)
def test_imports_point_one_way(package: str) -> None:
    """Expectations ← govern ← vocab ← tune: no file imports a package that stands above its own."""
    above = set(ORDER[ORDER.index(package) + 1 :])
    files = list((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        assert not imported(path) & above, path.relative_to(ROOT)


def test_only_one_room_knows_great_expectations() -> None:
    """Great Expectations stays inside `expectations`."""
    users = {
        path.parent.name
        for package in ORDER
        for path in (ROOT / package).rglob("*.py")
        if "great_expectations" in imported(path)
    }
    assert users == {"expectations"}


@pytest.mark.parametrize("package", ORDER)
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    """`import govern` and its sisters load no spaCy, Presidio, Great Expectations, polars or torch."""
    code = f"import sys, {package}; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.strip() == "[]"
    )


@pytest.mark.parametrize("package", ORDER)
def test_every_exported_name_exists_and_all_is_sorted(package: str) -> None:
    """`__all__` is exact."""
    module = importlib.import_module(package)
    assert list(module.__all__) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("package", ORDER)
def test_no_exported_name_is_that_of_a_module(package: str) -> None:
    """Importing a module binds its name in the package, and would hide a function that is called the same."""
    module = importlib.import_module(package)
    modules = {path.stem for path in (ROOT / package).glob("*.py")} | {
        path.parent.name for path in (ROOT / package).glob("*/__init__.py")
    }
    assert modules
    assert not modules & set(module.__all__)


@pytest.mark.parametrize("program", ["govern", "vocab", "tune"])
def test_help_loads_nothing_heavy(program: str) -> None:
    """`--help` builds the parser and nothing else."""
    code = (
        f"import sys; sys.argv = ['{program}', '--help']; from {program}.cli import main\n"
        f"try: main()\nexcept SystemExit: pass\nprint([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stderr.strip() == "[]"
    assert "usage: " + program in done.stdout


@pytest.mark.parametrize("program", ["govern", "vocab", "tune"])
def test_the_installed_script_is_ours(program: str) -> None:
    """Another package's `tune` script never stands over ours."""
    script = Path(sys.executable).with_name(program)
    assert f"from {program}.cli import main" in script.read_text("utf-8")


def test_no_file_names_a_machine_or_a_registry() -> None:
    """No path of a machine and no address of a package registry stands in the tree."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True, text=True).stdout.split()
    pattern = re.compile(r"/(?:work|farm|root|home)/\w|pypi\.org|pythonhosted|registry\.npmjs|deb\.debian")
    hits = [
        name
        for name in listed
        if name != "tests/test_structure.py" and pattern.search((ROOT / name).read_bytes().decode("utf-8", "ignore"))
    ]
    assert hits == []
