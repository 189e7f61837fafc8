"""The project-built model: the same bytes from the same arguments, and honest about what it is."""

import json

import pytest

from govern.files import manifest
from tune.base_model import build, build_for
from tune.errors import TuneError
from tune.folders import base_model, tokenizer

pytest.importorskip("torch")
pytestmark = pytest.mark.tune


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    """Two folders are equal; another seed differs."""
    first = build(tmp_path / "a", vocab_size=64, hidden=32, seed=1)
    assert manifest(first) == manifest(build(tmp_path / "b", vocab_size=64, hidden=32, seed=1))
    assert manifest(first) != manifest(build(tmp_path / "c", vocab_size=64, hidden=32, seed=2))


def test_it_says_that_it_is_untrained(tmp_path):
    """In its config and in its README."""
    folder = build(tmp_path / "a", vocab_size=64, hidden=32)
    assert "untrained" in json.loads((folder / "config.json").read_text())["assay_note"]
    assert "learned nothing" in (folder / "README.md").read_text()


@pytest.mark.parametrize("tied", [False, True])
def test_it_passes_the_gate_s_check_of_models(tmp_path, tied):
    """Rows, tying and parameters are read from config and weights."""
    found = base_model(build(tmp_path / "a", vocab_size=64, hidden=32, tied=tied))
    assert (found.rows, found.tied) == (64, tied)
    assert found.parameters > 64 * 32


def test_it_has_a_row_for_each_id_in_multiples_of_64(world, tmp_path):
    """Padding rows are cheap and kernels like them."""
    rows = base_model(build_for(world.root / "tokenizer", tmp_path / "a", hidden=32)).rows
    size = tokenizer(world.root / "tokenizer").size
    assert rows % 64 == 0
    assert size <= rows < size + 64


def test_an_existing_folder_and_no_tokens_are_refused(tmp_path):
    """Nothing is overwritten."""
    with pytest.raises(TuneError, match="exists already"):
        build(tmp_path, vocab_size=64)
    with pytest.raises(TuneError, match="one token row"):
        build(tmp_path / "a", vocab_size=0)
