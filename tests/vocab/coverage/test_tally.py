"""What slices a corpus is counted in: bounded, whatever its columns hold."""

from pathlib import Path

import polars as pl
import pytest

from govern.corpus import CertifiedShard
from govern.files import sha256_file
from vocab.coverage.encoding import Way
from vocab.coverage.partial import Plan, Task
from vocab.coverage.readers import open_tokenizer
from vocab.coverage.tally import MOST_TYPES, OTHERS, desk_of, tally
from vocab.errors import VocabError


def task(folder: Path, base: Path, kinds: list[object], sources: tuple[str, ...] = ()) -> Task:
    """A shard with a document of each kind, each from a source of its own."""
    rows = {
        "id": [f"{at}" for at in range(len(kinds))],
        "text": ["the rate rose"] * len(kinds),
        "lang": ["en"] * len(kinds),
        "source": [f"s{at}" for at in range(len(kinds))],
        "type": kinds,
    }
    path = folder / "part.parquet"
    pl.DataFrame(rows).write_parquet(path)
    shard = CertifiedShard(path, sha256_file(path).removeprefix("sha256:"), len(kinds))
    plan = Plan((base,), (open_tokenizer(base).sha256,), (Way(),), (None,), (), "type", 1, sources)
    return Task(plan, shard, "documents")


def test_a_column_of_many_values_is_no_type_of_document(base_folder: Path, tmp_path: Path) -> None:
    """One more than a report can show is said before anything is counted, without a value of the column."""
    with pytest.raises(VocabError, match=f"column 'type': holds more than {MOST_TYPES} different values") as error:
        tally(task(tmp_path, base_folder, [f"secret {at}" for at in range(MOST_TYPES + 1)]))
    assert "secret" not in str(error.value)


def test_types_may_be_anything_that_can_be_written(base_folder: Path, tmp_path: Path) -> None:
    """Numbers as their digits, nothing as no type."""
    found = tally(task(tmp_path, base_folder, [10, None, 20]))
    assert sorted(cell.type for cell in found.coverage) == ["", "10", "20"]
    desk_of.cache_clear()


def test_sources_past_the_largest_share_a_slice(base_folder: Path, tmp_path: Path) -> None:
    """Their documents are counted there."""
    found = tally(task(tmp_path, base_folder, ["a"] * 5, sources=("s1", "s3")))
    counts = {cell.source: every[0].documents for cell, every in found.coverage.items()}
    assert counts == {"s1": 1, "s3": 1, OTHERS: 3}
    desk_of.cache_clear()
