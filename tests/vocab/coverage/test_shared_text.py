"""Totals on the shared data: those of whole documents, by every shared tokenizer, to the last id."""

import base64
import json
from pathlib import Path

import polars as pl
import pytest

from vocab.coverage import cover, covering
from vocab.trials import made_up

from .made_corpora import Document, Writer, certified, is_exact

DATA = Path(__file__).parents[3].parent / "shared/data"
TERMS = ("EBITDA", "기준금리", "net interest margin", "mortgage", "금리")


@pytest.fixture(autouse=True)
def _totals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no corpus is tried in other tests."""
    monkeypatch.setattr(covering, "unreachable", lambda desk, used: [None] * len(desk.readers))


REAL = (
    "mistral_v1", "mistral_v3", "torchtune_t5_32k", "whisper_gpt2", "whisper_multilingual", "torchtune_tiny_bpe",
    "torchtune_m2k", "sentencepiece_test_ja8k", "sentencepiece_test_en1k",
)  # fmt: skip
IN_WORDS = ("tekken.json", "mistral_v1", "mistral_v3", "whisper_gpt2", "whisper_multilingual", "torchtune_tiny_bpe")


def tekken(folder: Path) -> Path:
    """The file of tekken, made from its ranks."""
    frame = pl.read_parquet(DATA / "tokenizers/mistral_tekken/tekken_240718_ranks.parquet").sort("rank")
    config = json.loads((DATA / "tokenizers/mistral_tekken/config.json").read_text("utf-8"))["config"]
    rows = [
        {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
        for rank, token in frame.select("rank", "token_bytes").iter_rows()
    ]
    file = folder / "tekken.json"
    file.write_text(json.dumps({"config": config, "vocab": rows}), "utf-8")
    return file


def documents_of(file: Path, characters: int | None) -> list[Document]:
    """The documents of a shared file; of the longest no more than so many characters, of all together four times as many."""
    frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_ndjson(file)
    found: list[Document] = []
    size = 0
    for at, (text, lang) in enumerate(frame.select("text", "lang").iter_rows()):
        found.append(Document(text[:characters], lang, file.stem, id=f"{file.stem} {at}"))
        size += len(found[-1].text)
        if characters and size > 4 * characters:
            break
    return found


@pytest.mark.shared
def test_totals_on_shared_text_are_those_of_whole_documents(
    tmp_path: Path, keys: Path, corpus_writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An excerpt of every file, by every shared tokenizer; the proof on fewer texts."""
    if not DATA.exists():
        pytest.skip("no shared data")
    monkeypatch.setattr(covering, "made_up", lambda terms: made_up(terms)[:100])
    documents = [one for file in sorted(DATA.glob("text_*/*")) for one in documents_of(file, 3_000)]
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, documents)
    paths = [tekken(tmp_path), *(DATA / "tokenizers" / name for name in REAL)]
    result = cover(paths, corpus, TERMS)
    assert {reader.name for reader, method in zip(result.readers, result.methods, strict=True) if method.way.units} == {
        *IN_WORDS
    }
    for at, _path in enumerate(paths):
        is_exact(result, at, [one.text for one in documents])


@pytest.mark.shared
@pytest.mark.slow
def test_totals_on_all_shared_text_are_those_of_whole_documents(
    tmp_path: Path, keys: Path, corpus_writer: Writer
) -> None:
    """All of it, 103 MB, by the tokenizers of the figures, each of which also encodes every document whole."""
    if not DATA.exists():
        pytest.skip("no shared data")
    documents = [one for file in sorted(DATA.glob("text_*/*")) for one in documents_of(file, None)]
    texts = [one.text for one in documents]
    assert sum(map(len, texts)) > 60_000_000
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, documents, shard_documents=500)
    names = ("whisper_gpt2", "whisper_multilingual", "mistral_v1", "mistral_v3", "torchtune_t5_32k")
    paths = [tekken(tmp_path), *(DATA / "tokenizers" / name for name in names)]
    result = cover(paths, corpus, TERMS)
    assert result.partial.audited > 50
    for at, path in enumerate(paths):
        is_exact(result, at, texts)
        assert result.methods[at].way.units == (path.name != "torchtune_t5_32k")
