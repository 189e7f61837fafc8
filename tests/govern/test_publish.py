"""Publishing: first of each duplicate group, splits that share nothing, files cut by size alone."""

from collections import Counter
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from govern import signals
from govern.deduplicate import duplicate_key
from govern.frames import frame_of, write_frame
from govern.publish import publish
from govern.states import ShardState

KINDS = {
    **dict.fromkeys(("id", "text", "lang", "source"), "str"),
    "duplicate": "bytes",
    **dict.fromkeys(("spans", "masked_characters", "raw_characters"), "int"),
}
COLUMNS = ("id", "text", "lang", "source")
KEY = bytes(32)


def state(path: Path, texts: list[str], first: int) -> ShardState:
    ids = [f"{number:032x}" for number in range(first, first + len(texts))]
    values = {
        "id": ids,
        "text": texts,
        "lang": ["en"] * len(texts),
        "source": ["s"] * len(texts),
        "duplicate": [duplicate_key(KEY, text) for text in texts],
        **{name: [1] * len(texts) for name in ("spans", "masked_characters", "raw_characters")},
    }
    write_frame(path, frame_of(values, KINDS).with_columns(signals.measure()))
    return ShardState(path, {}, Counter(), Counter(), Counter(), (), ())


def published(folder: Path, split: str) -> list[str]:
    return [text for path in sorted((folder / split).glob("*")) for text in pl.read_parquet(path)["text"].to_list()]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b b", "금리 인상", "x" * 30, "y" * 50, "c", "d"]), min_size=1, max_size=25),
    st.integers(1, 24),
    st.integers(1, 120),
)
def test_any_cut_publishes_the_first_of_each_text_once(
    tmp_path_factory, texts: list[str], cut: int, limit: int
) -> None:
    """However shards and files are cut: the same documents in the same order, and every other one counted as dropped."""
    folder = tmp_path_factory.mktemp("publish")
    states = [state(folder / f"{n}.parquet", texts[n : n + cut], n) for n in range(0, len(texts), cut)]
    result = publish(states, folder / "out", COLUMNS, "text", ("held-out", 300_000), KEY, limit)
    train, held = published(folder / "out", "documents"), published(folder / "out", "held-out")
    expected = list(dict.fromkeys(texts))
    assert [text for text in expected if text in train] == train
    assert [text for text in expected if text in held] == held
    assert sorted(train + held) == sorted(expected)
    assert len(result.duplicates) == len(texts) - len(expected)
    assert result.totals["all"]["documents"] == len(expected)
    for _, files in result.files:
        for file in files:
            assert file.documents == 1 or file.text_bytes <= limit
