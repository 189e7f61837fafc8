"""A comparison, the task files it is made on, and other corpora."""

import importlib.util
import sys
from pathlib import Path

import polars as pl
import pytest
from tune_world import ISSUED, NOW, claim, texts

if "compare_world" not in sys.modules:
    _spec = importlib.util.spec_from_file_location("compare_world", Path(__file__).with_name("compare_world.py"))
    sys.modules["compare_world"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["compare_world"])

from compare_world import ASKED, NEWS, inputs, lines

from tune.compare.comparing import compare


@pytest.fixture(scope="module")
def tasks(tmp_path_factory) -> tuple[str, ...]:
    """A labelled set in both languages, and questions."""
    folder = tmp_path_factory.mktemp("tasks")
    return (lines(folder / "news.jsonl", NEWS), lines(folder / "asked.jsonl", ASKED))


@pytest.fixture(scope="module")
def compared(trained, tasks, tmp_path_factory):
    """A comparison on held-out text and two tasks: its value and its folder."""
    out = tmp_path_factory.mktemp("compared") / "report"
    return compare(inputs(trained, corpus=trained.root / "corpus", tasks=tasks), out, now=NOW), out


@pytest.fixture
def corpus(trained, tmp_path):
    """A function that writes another signed corpus."""

    def make(held_out: list[str], langs: list[str] | None = None, **changes) -> Path:
        from govern.attestation import sign
        from govern.certificate import certify
        from govern.files import manifest
        from govern.keys import load_private

        folder, parts = tmp_path / "other", {"documents/part-00000.parquet": texts(5, 90)}
        parts |= {"held-out/part-00000.parquet": held_out} if held_out else {}
        for path, documents in parts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            said = langs if langs and path.startswith("held") else ["en"] * len(documents)
            columns = {"id": [f"{path}{at}" for at in range(len(documents))], "text": documents, "lang": said}
            pl.DataFrame({**columns, "source": ["a"] * len(documents)}).write_parquet(folder / path)
        made = certify({**claim({path: len(documents) for path, documents in parts.items()}), **changes})
        (folder / "certificate.json").write_bytes(made.data)
        (folder / "SHA256SUMS").write_bytes(manifest(folder))
        sign(folder, load_private(trained.root / "keys/sign.pem"), issued=ISSUED, not_after=None)
        return folder

    return make
