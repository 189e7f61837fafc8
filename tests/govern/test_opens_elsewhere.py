"""A certified folder opens where people work: `datasets`, polars and `mlcroissant` give the certified rows, with no network."""

import json
import shutil
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest

from govern import merge, pipeline, policy
from govern.files import sha256_file

COLUMNS = ("메모", "a b", 'q"uote/slash', "..", "index", "amounts")
POLICY = f"""
name = "elsewhere"
keep_columns = {json.dumps(COLUMNS, ensure_ascii=False)}
[names]
model = "none"
[[sources]]
match = "*"
name = "calls"
licence = "CC-BY-4.0"
"""
LAYOUTS: dict[str, list[dict[str, Any]]] = {
    "text": [{"text": f"Loan {n} was agreed by Mr John Smith, 415-555-2671, at {n}.5 percent."} for n in range(60)],
    "messages": [
        {"messages": [{"role": "user", "content": f"{n}번 창구 금리는 얼마인가요?"},
                      {"role": "assistant", "content": f"연 {n}.5%입니다, 1년 만기 기준으로 안내드립니다."}]}
        for n in range(60)
    ],
    "prompt-completion": [
        {"prompt": f"고객 홍길동 님이 {n}번 창구에서 문의하신 내용을 요약", "completion": f"홍길동 고객이 {n}번 문의함."}
        for n in range(60)
    ],
}  # fmt: skip


def _request(folder: Path, lines: list[dict[str, Any]], **changes: Any) -> pipeline.Request:
    raw = folder / "raw"
    raw.mkdir(parents=True)
    kept = [
        {
            "메모": f"{n}번",
            "a b": None if n % 2 else "x",
            'q"uote/slash': "y",
            "..": "z",
            "index": n,
            "amounts": [n, {"won": 1.5}],
        }
        for n in range(len(lines))
    ]
    rows = [{"id": f"{folder.name}-{n}", **line, **kept[n]} for n, line in enumerate(lines)]
    (raw / "calls.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    chosen = policy.load(folder / "policy.toml")
    return pipeline.Request(
        (raw,), folder / "corpus", chosen, chosen.suite, bytes(range(32)), date(2026, 1, 1), **changes
    )


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A certified folder of each layout, in two parts and several files, all of one name."""
    made = {}
    for layout, lines in LAYOUTS.items():
        request = _request(
            tmp_path_factory.mktemp(layout) / layout, lines, split=("held-out", 300_000), part_bytes=1000
        )
        made[layout] = pipeline.certify(request).folder
    return made


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty cache, and no network: the first socket that is connected fails the test."""

    def refused(*_: object) -> None:
        raise AssertionError("a socket was opened")

    import datasets

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    yield tmp_path / "cache"
    if shown:
        datasets.enable_progress_bars()


def _rows(folder: Path, part: str) -> list[dict[str, Any]]:
    """The certified rows of a part, in order."""
    files = sorted((folder / part).iterdir())
    assert len(files) > 1
    return pl.concat([pl.read_parquet(file) for file in files]).to_dicts()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_polars_opens_the_folder(corpora: dict[str, Path], layout: str) -> None:
    """Read and scanned, by a pattern and by the folder of a part."""
    folder = corpora[layout]
    rows = _rows(folder, "documents")
    assert list(rows[0]) == ["id", *LAYOUTS[layout][0], "lang", "source", *COLUMNS]
    assert pl.read_parquet(folder / "documents/*.parquet").to_dicts() == rows
    assert pl.scan_parquet(folder / "documents").collect().to_dicts() == rows
    assert sorted(json.loads(row["amounts"])[0] for row in (*rows, *_rows(folder, "held-out"))) == list(range(60))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_datasets_opens_the_files(corpora: dict[str, Path], offline: Path, layout: str) -> None:
    """Named one by one, as files of Parquet."""
    from datasets import load_dataset

    folder = corpora[layout]
    opened = load_dataset("parquet", data_files={"part": f"{folder}/documents/*.parquet"}, cache_dir=str(offline))
    assert opened["part"].to_list() == _rows(folder, "documents")


@pytest.mark.parametrize("streaming", [False, True], ids=["cached", "streamed"])
def test_datasets_opens_the_folder_by_its_card(corpora: dict[str, Path], offline: Path, streaming: bool) -> None:
    """Each part is a split."""
    from datasets import load_dataset

    for folder in corpora.values():
        opened = load_dataset(str(folder), cache_dir=str(offline), streaming=streaming)
        assert list(opened) == ["train", "held_out"]
        for split, part in (("train", "documents"), ("held_out", "held-out")):
            assert list(opened[split]) == _rows(folder, part)


def test_a_corpus_certified_again_opens_as_it_is_now(corpora: dict[str, Path], offline: Path, tmp_path: Path) -> None:
    """Without the documents that were taken out, though the folder has the name and place of the one before."""
    from datasets import load_dataset

    source = corpora["text"].parent
    place = tmp_path / "place"
    shutil.copytree(source, place)
    before = load_dataset(str(place / "corpus"), cache_dir=str(offline))
    gone = before["train"][0]["id"]
    chosen = policy.load(place / "policy.toml")
    request = pipeline.Request(
        (), place / "next", chosen, chosen.suite, bytes(range(32)), date(2026, 1, 1), part_bytes=1000
    )
    merge.reissue(request, place / "corpus", [gone])
    for ending in ("", ".private"):
        shutil.rmtree(place / f"corpus{ending}")
        (place / f"next{ending}").rename(place / f"corpus{ending}")
    after = load_dataset(str(place / "corpus"), cache_dir=str(offline))
    assert after["train"]["id"] == [each for each in before["train"]["id"] if each != gone]


def test_two_corpora_alike_in_name_and_size_open_apart(offline: Path, tmp_path: Path) -> None:
    """`datasets` keeps what it read under the folder's name; the digest in the card keeps one from opening as the other."""
    from datasets import load_dataset

    for word in ("bonds", "loans"):
        lines = [{"text": f"The {word} of year {n} were repaid at par, as the prospectus says."} for n in range(10, 20)]
        folder = pipeline.certify(_request(tmp_path / word, lines)).folder
        opened = load_dataset(str(folder), cache_dir=str(offline))["train"]
        assert len(opened) == 10
        assert all(f"The {word} of year" in text for text in opened["text"])


def test_datasets_refuses_a_folder_from_which_a_file_is_gone(
    corpora: dict[str, Path], offline: Path, tmp_path: Path
) -> None:
    """The card counts the documents of each split."""
    from datasets import load_dataset
    from datasets.exceptions import NonMatchingSplitsSizesError

    shutil.copytree(corpora["text"], tmp_path / "short")
    max((tmp_path / "short/documents").iterdir()).unlink()
    with pytest.raises(NonMatchingSplitsSizesError):
        load_dataset(str(tmp_path / "short"), cache_dir=str(offline))


def _plain(record: dict[str, Any], part: str) -> dict[str, Any]:
    """A record as polars gives it: `mlcroissant` names fields by their ids and gives text as bytes."""

    def value(found: Any, within: str) -> Any:
        if isinstance(found, list):
            return [{key.removeprefix(within + "/"): value(each, "") for key, each in item.items()} for item in found]
        return found.decode() if isinstance(found, bytes) else found

    return {unquote(key.removeprefix(part + "/")): value(found, key) for key, found in record.items()}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.filterwarnings(
    "ignore:ConjunctiveGraph is deprecated:DeprecationWarning", "ignore:The inplace keyword in DataFrame"
)  # rdflib and mlcroissant, of their own calls
def test_mlcroissant_opens_the_folder(corpora: dict[str, Path], offline: Path, layout: str) -> None:
    """Every record of each part, whatever the columns are called; the only thing missed is what has no clock or citation."""
    import mlcroissant

    folder = corpora[layout]
    dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    assert len(dataset.metadata.ctx.issues.warnings) == 2
    for part in ("documents", "held-out"):
        assert [_plain(record, part) for record in dataset.records(part)] == _rows(folder, part)


def test_cards_are_the_same_bytes_however_the_work_is_cut(corpora: dict[str, Path], tmp_path: Path) -> None:
    """Done in small shards, the folder ends alike."""
    request = _request(
        tmp_path / "text", LAYOUTS["text"], split=("held-out", 300_000), part_bytes=1000, work_bytes=2000
    )
    again = pipeline.certify(request).folder
    for name in ("README.md", "croissant.json", "SHA256SUMS"):
        assert sha256_file(again / name) == sha256_file(corpora["text"] / name)
