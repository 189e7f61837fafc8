"""Certified corpora whose documents have an id, a source and a type of their own, in as many shards as wanted."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from govern.attestation import CertifiedCorpus, sign, verify
from govern.files import manifest
from govern.keys import load_private
from tests.vocab.conftest import ISSUED, NOW
from vocab.coverage.counts import Coverage
from vocab.coverage.covering import Covered

from .made_tokenizers import counted

Writer = Callable[..., Path]
ODD = (
    "", " ", "\n", " lead", "trail ", "two  spaces   three", "tab\tand\nline\r\n\r\n end", "\u3000ideo\u00a0nbsp \u00a0 x",
    "e\u0301 ﬁ ① 각", "<|endoftext|> in <|im_start|>text</s> <unk> [UNK] [MASK] </s> ", "😀👩\u200d💻 🏦",
    "1,234.56 3조 5,000억 원 2024년 3월 15일 net interest margin of 5%p", "a\x00b", "x" * 3000, "word " * 500, "\u200b\ufeff",
)  # fmt: skip
"""Texts that tokenizers read in different ways."""


class Document(NamedTuple):
    """A document to certify; without a `type` anywhere, the corpus keeps no such column. `id` may be left to the writer."""

    text: str
    lang: str = "en"
    source: str = "notes"
    type: str = ""
    part: str = "documents"
    id: str = ""


def certified(
    folder: Path, keys: Path, writer: Writer, documents: Sequence[Document], *, shard_documents: int = 50
) -> CertifiedCorpus:
    """The verified corpus of `documents`: what `writer` wrote, with the columns of each document in its shards."""
    parts = {
        part: [one for one in documents if one.part == part] for part in dict.fromkeys(one.part for one in documents)
    }
    splits = {part: [(one.text, one.lang) for one in listed] for part, listed in parts.items()}
    writer(folder, splits, keys, shard_documents=shard_documents)
    typed = any(one.type for one in documents)
    for part, listed in parts.items():
        for number, path in enumerate(sorted((folder / part).glob("*.parquet"))):
            rows = listed[number * shard_documents : (number + 1) * shard_documents]
            frame = pl.read_parquet(path)
            ids = [one.id or given for one, given in zip(rows, frame["id"], strict=True)]
            columns = [pl.Series("id", ids), pl.Series("source", [one.source for one in rows])]
            columns += [pl.Series("type", [one.type or None for one in rows], pl.String)] if typed else []
            frame.with_columns(columns).write_parquet(path, row_group_size=1024)
    (folder / "attestation.json").unlink()
    (folder / "SHA256SUMS").write_bytes(manifest(folder))
    sign(folder, load_private(keys / "sign.pem"), issued=ISSUED, not_after=None)
    return verify(folder, [keys / "sign.pub"], now=NOW)


def total(covered: Covered, at: int) -> Coverage:
    """The coverage of the whole corpus by the tokenizer in place `at`."""
    return sum((cell[at] for cell in covered.partial.coverage.values()), Coverage())


def texts_of(corpus: CertifiedCorpus) -> list[str]:
    """Every document's text, those held out too."""
    return [text for shard in (*corpus.documents, *corpus.held_out) for text in pl.read_parquet(shard.path)["text"]]


def is_exact(covered: Covered, at: int, texts: Sequence[str]) -> None:
    """The total and the count of every id are those of the library, document by document."""
    found, wanted = total(covered, at), counted(covered.readers[at], texts)
    assert dict(zip(found.ids.ids.tolist(), found.ids.counts.tolist(), strict=True)) == wanted
    assert found.tokens == wanted.total()
    assert found.documents == len(texts)
    assert found.text_bytes == sum(len(text.encode()) for text in texts)
    assert found.characters == sum(map(len, texts))
    assert found.words == sum(len(text.split()) for text in texts)


def altered(corpus: CertifiedCorpus, folder: Path, keys: Path) -> CertifiedCorpus:
    """The same corpus in another place, a shard of which was changed after it was verified."""
    shutil.copytree(corpus.path, folder)
    made = verify(folder, [keys / "sign.pub"], now=NOW)
    data = bytearray(made.documents[-1].path.read_bytes())
    data[len(data) // 2] ^= 1
    made.documents[-1].path.write_bytes(data)
    return made
