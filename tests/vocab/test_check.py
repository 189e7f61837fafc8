"""Checking: every claim is proved again, and whatever was altered is named."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from govern.attestation import CertifiedCorpus
from govern.errors import VerificationError
from govern.files import canonical, manifest
from govern.keys import generate, load_private
from vocab.check import check, signature
from vocab.errors import VocabError, VocabRefused
from vocab.extend import extend
from vocab.extension import read
from vocab.term_lists import parse

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
OTHER = {"term": "scaffold", "scaffold": "term", "added": "already single", "already single": "added"}
TERMS = "EBITDA\n금리\n기준금리\namortization\nM&A\n주택담보대출\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, corpus: CertifiedCorpus, keys: Path) -> Path:
    out = tmp_path_factory.mktemp("checked") / "tokenizer"
    key = load_private(keys / "sign.pem")
    return extend(base_folder, corpus, [parse(TERMS.encode(), "list")], out, key=key, issued=NOW).folder


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """An unsigned copy that a test may alter."""
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy/attestation.json").unlink()
    return tmp_path / "copy"


def resum(folder: Path) -> None:
    (folder / "SHA256SUMS").write_bytes(manifest(folder))


def altered(folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Changes tokenizer.json and extension.json and makes digests agree again, as a careful forger would."""
    import hashlib

    spec = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    record = json.loads((folder / "extension.json").read_text("utf-8"))
    change(spec, record)
    data = json.dumps(spec, ensure_ascii=False).encode()
    (folder / "tokenizer.json").write_bytes(data)
    record["tokenizer"]["sha256"] = "sha256:" + hashlib.sha256(data).hexdigest()
    (folder / "extension.json").write_bytes(canonical(record))
    resum(folder)


def test_an_untouched_extension_passes(folder: Path, corpus: CertifiedCorpus, keys: Path) -> None:
    """On its corpus, under its key, with the same ids in transformers."""
    proof = check(folder, corpus, trust=[keys / "sign.pub"], now=NOW)
    assert proof.passed
    assert proof.corpus is not None
    assert proof.corpus.documents_longer == 0
    assert proof.leak is not None
    assert proof.leak.longer_pretokens == 0
    assert {one.status for one in proof.engines} <= {"same", "refused", "not checked"}
    assert [one.engine for one in proof.engines[-2:]] == ["tiktoken", "llama.cpp"]
    assert signature(folder, [keys / "sign.pub"]) == "verified"
    assert signature(folder, []).startswith("not checked")


def test_without_a_corpus_the_rest_is_proved(folder: Path) -> None:
    """What was not measured is None, not zero."""
    proof = check(folder)
    assert proof.corpus is None
    assert proof.leak is None
    assert proof.fuzz.documents == 2000
    assert {one.context for one in proof.positions} >= {"start", "round brackets", "newline", "tab", "particle 를"}


def test_without_transformers_parity_is_said_to_be_unchecked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absence is said, never counted as passed."""
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "transformers" else real(name, *a)
    )
    engines = [one for one in check(folder).engines if one.engine.startswith("transformers")]
    assert len(engines) == 6
    assert {str(one) for one in engines} == {"not checked: transformers is not installed"}


@pytest.mark.parametrize("name", ["tokenizer.json", "extension.json", "README.md", "tokenizer_config.json"])
def test_a_changed_file_is_named(copy: Path, name: str) -> None:
    """One byte more in any file."""
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    with pytest.raises(VocabRefused, match=name) as caught:
        check(copy)
    assert caught.value.exit_code == 1


def test_a_missing_and_an_extra_file_are_named(copy: Path) -> None:
    """The list of checksums is the whole folder."""
    (copy / "README.md").rename(copy / "README2.md")
    with pytest.raises(VocabRefused) as caught:
        check(copy)
    assert "README.md" in str(caught.value)
    assert "README2.md" in str(caught.value)


def test_a_swapped_base_id_is_found(copy: Path) -> None:
    """Though every digest of the folder agrees, the rebuilt base is another."""

    def swap(spec: dict[str, Any], _: dict[str, Any]) -> None:
        vocab = spec["model"]["vocab"]
        vocab["a"], vocab["b"] = vocab["b"], vocab["a"]

    altered(copy, swap)
    with pytest.raises(VocabError, match="not the base"):
        check(copy)


def test_a_new_id_that_no_term_reaches_is_found(copy: Path) -> None:
    """A token that was added without a merge is named by its id."""

    def plant(spec: dict[str, Any], record: dict[str, Any]) -> None:
        number = record["tokenizer"]["next_id"]
        spec["model"]["vocab"]["Zyxquorl"] = number
        record["new_ids"].append({"id": number, "token": "Zyxquorl", "kind": "scaffold", "base_ids": [1]})
        record["scaffold_ids"].append(number)

    altered(copy, plant)
    with pytest.raises(VocabRefused, match="reached by no term"):
        check(copy)


def test_a_changed_number_of_the_proof_is_found(copy: Path) -> None:
    """What the record claims is measured again."""

    def boast(_: dict[str, Any], record: dict[str, Any]) -> None:
        record["proof"]["positions"][0]["single_extended"] = 10_000

    altered(copy, boast)
    with pytest.raises(VocabRefused, match="'positions'"):
        check(copy)


def test_sub_tokens_that_are_not_those_of_the_base_are_found(copy: Path) -> None:
    """The ids from which new rows of a model are made are the base's own."""

    def other(_: dict[str, Any], record: dict[str, Any]) -> None:
        record["new_ids"][0]["base_ids"] = [1, 2, 3]

    altered(copy, other)
    with pytest.raises(VocabRefused, match="base_ids"):
        check(copy)


def test_another_key_is_refused(folder: Path, tmp_path: Path) -> None:
    """Trust never comes from the folder."""
    generate(tmp_path / "other")
    with pytest.raises(VerificationError):
        check(folder, trust=[tmp_path / "other/sign.pub"], now=NOW)


def test_an_unsigned_folder_under_trust_is_refused(copy: Path, keys: Path) -> None:
    """Asked for a signature, none is not enough."""
    with pytest.raises(VerificationError):
        check(copy, trust=[keys / "sign.pub"], now=NOW)


def test_an_unknown_version_is_refused(copy: Path) -> None:
    """The message says what is read."""

    def version(_: dict[str, Any], record: dict[str, Any]) -> None:
        record["format_version"] = 4

    altered(copy, version)
    with pytest.raises(VocabError, match="format_version 4, expected 1 or 2 or 3"):
        check(copy)


def test_the_rebuilt_base_is_the_base(folder: Path, base_folder: Path) -> None:
    """Taking the additions off gives the base's own file, value for value."""
    assert read(folder).base.spec == json.loads((base_folder / "tokenizer.json").read_text("utf-8"))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value; of a list, the first and last element."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    kept = [(key, one) for key, one in inner if not isinstance(value, list) or key in (0, len(value) - 1)]
    return [(*path, key) for key, _ in kept] + [place for key, one in kept for place in places(one, (*path, key))]


def test_no_field_of_another_kind_gets_past_the_form(copy: Path) -> None:
    """Each field removed, or replaced by each other kind of JSON value, is a sentence and never a crash."""
    record = json.loads((copy / "extension.json").read_text("utf-8"))
    found = places(record)
    assert len(found) > 100
    for place in found:
        for value in (..., None, -1, "x", [1], {"a": 1}):
            changed = json.loads(json.dumps(record))
            parent = changed
            for key in place[:-1]:
                parent = parent[key]
            before = parent[place[-1]]
            same_kind = type(value) is type(before) and value != -1
            if same_kind or (place[-1] == "id" and value is None) or (value is ... and isinstance(parent, list)):
                continue  # what such a value says is judged, not its form
            if value is ...:
                del parent[place[-1]]
            else:
                parent[place[-1]] = value
            (copy / "extension.json").write_bytes(canonical(changed))
            with pytest.raises(VocabError):
                read(copy)


@pytest.mark.parametrize(
    ("place", "value", "word"),
    [
        (("base", "vocab_size"), 7, "base.vocab_size"),
        (("base", "next_id"), 7, "base.next_id"),
        (("base", "moved_added_tokens"), ["x"], "not the base"),
        (("tokenizer", "next_id"), 7, "tokenizer.next_id"),
        (("new_ids", 0, "kind"), None, "'kinds'"),
        (("terms", 0, "status"), "cut", "'terms'"),
        (("terms", 0, "status"), "rejected", "'terms'"),
        (("terms", 0, "variants", 0, "status"), None, "'variants'"),
        (("profile",), "exact", "proof.leak"),
        (("certificate",), "x", "certificate"),
    ],
)
def test_every_claim_of_the_record_is_judged(copy: Path, place: tuple[Any, ...], value: Any, word: str) -> None:
    """Sizes, kinds and statuses follow from the tokenizer, so a forged one is named."""

    def forge(_: dict[str, Any], record: dict[str, Any]) -> None:
        parent: Any = record
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = value or OTHER[parent[place[-1]]]

    altered(copy, forge)
    with pytest.raises(VocabError, match=word):
        check(copy)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tokenizer_config.json", b""),
        ("tokenizer_config.json", b"[]"),
        ("tokenizer_config.json", b'{"tokenizer_class": "Other"}'),
        (
            "tokenizer_config.json",
            b'{"tokenizer_class": "PreTrainedTokenizerFast", "auto_map": {"AutoTokenizer": "x.Y"}}',
        ),
        ("special_tokens_map.json", b"{"),
        ("special_tokens_map.json", b"[]"),
    ],
)
def test_a_configuration_that_loads_something_else_is_refused(copy: Path, name: str, data: bytes) -> None:
    """Broken files, another class and remote code are sentences, though every checksum agrees."""
    from govern.errors import GovernError

    (copy / name).write_bytes(data)
    resum(copy)
    with pytest.raises((VocabError, GovernError), match=r"tokenizer_config|special_tokens_map|cannot read"):
        check(copy)


@pytest.mark.parametrize(("version", "new_ids"), [("v1", 23), ("v2", 2233)])
def test_what_an_earlier_release_wrote_and_signed_is_proved_for_ever(version: str, new_ids: int) -> None:
    """The files are those of the release, with its signature; every claim holds again."""
    folder = Path(__file__).parent / "gold" / version
    assert read(folder / "tokenizer").record["format_version"] == int(version[1])
    proof = check(folder / "tokenizer", trust=[folder / "sign.pub"], now=NOW)
    assert proof.passed
    assert len(read(folder / "tokenizer").record["new_ids"]) == new_ids
