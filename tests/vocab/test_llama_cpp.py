"""llama.cpp itself on vocabulary files that were written here: base and extension, on made-up and on real text."""

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from vocab import engines
from vocab.base import Base, load
from vocab.engines import llama_cpp_parity
from vocab.ground import grown_spec
from vocab.grow import grow
from vocab.term_lists import OWN, usable
from vocab.term_lists import load as load_terms
from vocab.trials import made_up

pytestmark = [
    pytest.mark.slow,
    pytest.mark.shared,
    pytest.mark.skipif(find_spec("llama_cpp") is None, reason="llama_cpp is not installed"),
]

DATA = Path(__file__).parents[3] / "shared/data"
DOCUMENTS = 2000
CHARACTERS = 2000


def extended(name: str) -> tuple[Base, Base]:
    """A base that is in use, and its extension by the package's own lists."""
    if not DATA.exists():
        pytest.skip("no shared data")
    base = load(DATA / "tokenizers" / name)
    growth = grow(base, usable([load_terms(one) for one in OWN], base.added), Counter())
    assert len(growth.appended) > 500
    return base, Base(base.path, "", grown_spec(base, growth.new_tokens, [one.pair for one in growth.appended]))


def documents() -> list[str]:
    """The beginnings of documents in English and Korean."""
    import polars as pl

    found = []
    for folder in ("text_en", "text_ko"):
        texts = [
            text for file in sorted((DATA / folder).glob("*.parquet")) for text in pl.read_parquet(file)["text"][:400]
        ]
        found += [text[:CHARACTERS] for text in texts]
    assert len(found) >= DOCUMENTS
    return found


@pytest.mark.parametrize("name", ["whisper_gpt2", "whisper_multilingual"])
def test_terms_by_merges_keep_their_ids_on_real_text(name: str) -> None:
    base, after = extended(name)
    found = llama_cpp_parity(base, after, [*documents(), *made_up(["EBITDA", "기준금리", "억원"])])
    assert (found.status, found.different) == ("same", 0)
    assert found.texts >= DOCUMENTS


def test_a_missing_merge_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a file without the last merges gives other ids, and the base has no part in it."""
    base, after = extended("whisper_gpt2")
    write = engines.vocabulary_file

    def without_appended(spec: dict[str, Any], roles: dict[str, Any], where: str) -> bytes:
        model = {**spec["model"], "merges": spec["model"]["merges"][: len(base.merges)]}
        return write({**spec, "model": model}, roles, where)

    monkeypatch.setattr(engines, "vocabulary_file", without_appended)
    texts = [f"the {one.term} rose" for name in OWN for one in load_terms(name).entries]
    found = llama_cpp_parity(base, after, texts)
    assert (found.status, found.of_base) == ("differs", 0)
    assert found.by_extension > 500
