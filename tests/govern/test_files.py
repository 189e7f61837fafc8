"""Canonical JSON, whole files and the manifest."""

import errno
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern import files
from govern.errors import InputError
from govern.files import list_files, matching

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_canonical_bytes_parse_back_to_the_value(value: object) -> None:
    """Writing and strict parsing are inverse."""
    assert files.parse_canonical(files.canonical(value), "x") == value


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 9), min_size=2, max_size=6))
def test_key_order_never_changes_a_digest(value: dict[str, int]) -> None:
    """The digest is of the value, not of its spelling."""
    assert files.digest(value) == files.digest(dict(reversed(list(value.items()))))


@pytest.mark.parametrize(
    "data", [b'{"a":1,"a":1}', b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":1}\n', b"NaN", b'"\xff"', b"[" * 100_000, b""]
)
def test_another_spelling_of_json_is_refused(data: bytes) -> None:
    """Duplicate keys, spaces, key order, NaN, invalid UTF-8 and endless nesting raise an error that names the place."""
    with pytest.raises(InputError, match="here: not"):
        files.parse_canonical(data, "here")


def test_a_manifest_is_what_sha256sum_checks(tmp_path: Path) -> None:
    """`sha256sum -c --strict` accepts the manifest and sees every file but the two that are left out."""
    (tmp_path / "documents").mkdir()
    for name in ("documents/part-00000.parquet", "b.json", "a.json", "attestation.json"):
        (tmp_path / name).write_bytes(os.urandom(10))
    (tmp_path / "SHA256SUMS").write_bytes(files.manifest(tmp_path))
    checked = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=True
    )
    assert checked.stdout.decode().splitlines() == ["a.json: OK", "b.json: OK", "documents/part-00000.parquet: OK"]


def test_a_whole_file_replaces_the_old_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    """After a write there is the file, with its mode, and no temporary name."""
    path = tmp_path / "state.json"
    files.write_whole(path, b"old")
    files.write_whole(path, json.dumps({"a": 1}).encode(), 0o600)
    assert path.read_bytes() == b'{"a": 1}'
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_links_to_folders_are_listed(tmp_path: Path) -> None:
    """A folder that is a link is an entry of its own, never walked into."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "inside")
    assert files.list_files(tmp_path) == ("inside/file", "link")


def test_a_number_that_canonical_json_cannot_hold_is_refused() -> None:
    """An integer past 2^53 is an error with the place, not a traceback."""
    with pytest.raises(InputError, match="here: not in canonical form"):
        files.parse_canonical(b"9007199254740993", "here")


@pytest.mark.parametrize("listed", [list_files, lambda folder: matching(folder / "in", "*.json")])
def test_a_folder_that_cannot_be_listed_is_an_error_and_not_an_empty_one(tmp_path: Path, monkeypatch: Any, listed: Any) -> None:
    """Else a manifest would leave its files out, and a run its shards."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text("{}")

    def broken(call: Any) -> Any:
        def listing(path: Any) -> Any:
            if str(path).endswith("in"):
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
            return call(path)

        return listing

    assert [str(each)[-6:] for each in listed(tmp_path)] == ["a.json"]
    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, broken(getattr(os, name)))
    with pytest.raises(OSError, match="Input/output"):
        listed(tmp_path)


def test_names_that_match_are_sorted_and_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    """Whole names, and no path."""
    for name in ("b.json", "a.json", "a.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in matching(tmp_path, "*.json")] == ["a.json", "b.json"]
    assert matching(tmp_path / "none", "*") == []
