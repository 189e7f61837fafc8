"""Merges at the end of a list: the ids of an extension from those of its base, and where they are merged anew."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.attestation import CertifiedCorpus
from tests.vocab.conftest import ENGLISH, KOREAN
from vocab.coverage.encoding import ByPreTokens, Encoders, Way, grown
from vocab.coverage.growth import merges_of
from vocab.coverage.readers import Reader, open_tokenizer
from vocab.extend import extend
from vocab.term_lists import parse

from .made_tokenizers import changed, write_all, write_spec
from .test_encoding import TEXTS, rows

Spec = dict[str, Any]
RARE = "ÿ"
"""A byte, as tokens are spelled, that no text has."""
WHOLE = (*ENGLISH[:3], *KOREAN[:3])


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tokenizer of each kind, by name."""
    return write_all([*ENGLISH, *KOREAN], tmp_path_factory.mktemp("tokenizers"))


@pytest.fixture(scope="module")
def bases(paths: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two that cut in their own way, and the same where a whole pre-token goes before its merges."""
    folder = tmp_path_factory.mktemp("bases")
    plain = [paths["gpt2"], paths["qwen"]]
    return [*plain, *(write_spec(folder / one.name, changed(one, ignoring)) for one in plain)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A new folder each time."""
    above, numbers = tmp_path_factory.mktemp("grown"), count()
    return lambda: above / str(next(numbers))


def ignoring(spec: Spec) -> None:
    spec["model"]["ignore_merges"] = True


def appended(spec: Spec, pairs: list[tuple[int, int]], whole: list[str]) -> int:
    """Appends merges of the tokens at these places, and tokens that no merge makes; how many merges were new."""
    model = spec["model"]
    vocab, merges = model["vocab"], model["merges"]
    tokens, had = sorted(vocab, key=vocab.__getitem__), len(merges)
    taken = {token["content"] for token in spec["added_tokens"]}
    for one, other in pairs:
        pair = [tokens[one % len(tokens)], tokens[other % len(tokens)]]
        if pair not in merges and not taken & set(pair):
            merges.append(pair)
            vocab.setdefault("".join(pair), len(vocab) + len(taken))
            tokens.append("".join(pair))
    for token in whole:
        vocab.setdefault(token, len(vocab) + len(taken))
    return len(merges) - had


def extension(base: Path, folder: Path, change: Callable[[Spec], int | None]) -> Reader:
    """The tokenizer `base` after `change`, which says how many merges it appended."""
    more = 0

    def apply(spec: Spec) -> None:
        nonlocal more
        more = change(spec) or 0

    spec = changed(base, apply)
    found = open_tokenizer(write_spec(folder, spec))
    record = {"merges": more}
    return replace(found, record=record, merges=merges_of(spec, record))


@settings(max_examples=60, deadline=None)
@given(
    at=st.integers(0, 3),
    pairs=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=40),
    whole=st.lists(st.sampled_from(["Ġmortgage", "Ġ1", "rate", "Ġê¸°ì¤Ģ", "zz"]), max_size=3),
    batches=st.lists(TEXTS, min_size=1, max_size=3),
)
def test_ids_are_those_of_the_library(
    bases: list[Path],
    folders: Callable[[], Path],
    at: int,
    pairs: list[tuple[int, int]],
    whole: list[str],
    batches: list[list[str]],
) -> None:
    """Whatever is appended, of tokens or of pieces of appended ones."""
    base = open_tokenizer(bases[at])
    found = extension(bases[at], folders(), lambda spec: appended(spec, pairs, whole))
    assert grown(base, found) is not None
    made = Encoders([found, base], [Way(), Way()], [1, None])
    for texts in (*batches, [" ".join(WHOLE)], list(WHOLE)):
        encoded = made.encode(texts, inside=True)
        assert rows(encoded[0]) == found.ids(texts, inside=True)
        assert rows(encoded[1]) == base.ids(texts, inside=True)


def test_what_no_appended_merge_touches_is_not_merged_again(
    paths: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One word in three has the pair side by side."""
    base = open_tokenizer(paths["gpt2"])
    *_, one, other = base.ids([" xylem"], inside=True)[0]
    found = extension(paths["gpt2"], tmp_path / "more", lambda spec: appended(spec, [(one, other)], []))
    merged: list[tuple[str, str]] = []
    by_merges = ByPreTokens._merge

    def noted(self: ByPreTokens, at: Any, spelled: list[str]) -> None:
        merged.extend((self.reader.name, word) for word in spelled)
        by_merges(self, at, spelled)

    monkeypatch.setattr(ByPreTokens, "_merge", noted)
    made = Encoders([base, found], [Way(), Way()], [None, 0])
    texts = [" xylem", " rates", " of"]
    encoded = made.encode(texts, inside=True)
    assert merged == [("gpt2", "Ġxylem"), ("gpt2", "Ġrates"), ("gpt2", "Ġof"), ("more", "Ġxylem")]
    assert rows(encoded[1]) == found.ids(texts, inside=True) != rows(encoded[0])


def swap(spec: Spec) -> None:
    merges = spec["model"]["merges"]
    merges[0], merges[1] = merges[1], merges[0]


def repeat(spec: Spec) -> int:
    spec["model"]["merges"].append(spec["model"]["merges"][0])
    return 1


def renumber(spec: Spec) -> None:
    vocab = spec["model"]["vocab"]
    vocab["a"], vocab["b"] = vocab["b"], vocab["a"]


def read_more(spec: Spec) -> None:
    """A character that the base has no token for."""
    spec["model"]["vocab"][RARE] = 10_000


def share(spec: Spec) -> None:
    spec["model"]["vocab"]["zzz"] = spec["model"]["vocab"]["a"]


@pytest.mark.parametrize("change", [swap, repeat, renumber, ignoring, read_more, share])
def test_another_base_is_no_base(paths: dict[str, Path], tmp_path: Path, change: Callable[[Spec], int | None]) -> None:
    """Merges in another order, one that is there before, other ids, another setting, a character more: all is merged."""
    path = write_spec(tmp_path / "base", changed(paths["gpt2"], lambda spec: spec["model"]["vocab"].pop(RARE)))
    base = open_tokenizer(path)
    found = extension(path, tmp_path / "other", change)
    assert grown(base, found) is None
    made = Encoders([base, found], [Way(), Way()], [None, 0])
    assert rows(made.encode(list(WHOLE), inside=True)[1]) == found.ids(WHOLE, inside=True)


def test_an_extension_that_was_made_grows(base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path) -> None:
    """Its record says how many merges it has more."""
    terms = parse("기준금리\nmortgage\n".encode(), "list")
    folder = extend(base_folder, corpus, [terms], tmp_path / "made").folder
    found = grown(open_tokenizer(base_folder), open_tokenizer(folder))
    assert found is not None
    assert len(found.pairs) > 0
