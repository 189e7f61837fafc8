"""Tokens that are never produced are found by running them."""

import json
from pathlib import Path

from vocab.base import load
from vocab.reach import never_produced


def test_each_way_to_be_out_of_reach_is_found(base_folder: Path, tmp_path: Path) -> None:
    """No merge, a cut of the pre-tokenizer, another normal form; what merges make is not among them."""
    spec = json.loads((base_folder / "tokenizer.json").read_text("utf-8"))
    assert never_produced(load(base_folder)).tokens == ()
    model = spec["model"]
    new = {"qzx": 700, "qĠz": 701, "eÌģ": 702, "qz": 703, "漢": 704, "ê°": 705}
    merges = [*model["merges"], ["q", "z"], ["Ì", "ģ"], ["e", "Ìģ"], ["ê", "°"]]
    vocab = {**model["vocab"], **new, "Ìģ": 706}
    spec["model"] = {**model, "vocab": vocab, "merges": merges}
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    found = never_produced(load(tmp_path))
    assert found.tokens == ("qzx", "qĠz", "eÌģ", "漢")
    assert found.whole == ("qzx",)
    assert found.not_utf8 == never_produced(load(base_folder)).not_utf8 + 1
