"""What the tests of `tune compare` share: task rows, and inputs of the small world. Loaded by `conftest.py`."""

import json
from dataclasses import replace
from pathlib import Path

from tune.compare.gate import Inputs
from tune.compare.resampling import Plan

NEWS = [
    {
        "text": f"{word} of the quarter rose to {at} million.",
        "text_ko": f"분기 {korean} {at}억원으로 늘었다.",
        "label": label,
    }
    for at, (word, korean, label) in enumerate(
        [("Profit", "이익이", "positive"), ("Loss", "손실이", "negative"), ("Staff", "직원이", "neutral")] * 4
    )
]
ASKED = [
    {"question": f"What rose in year {at}?", "context": "Profit rose.", "answers": ["profit"], "group": at % 2}
    for at in range(3)
]


def lines(path: Path, rows: list) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def inputs(world, **changes) -> Inputs:
    """Everything that verifies, and few resamples."""
    given = Inputs(world.adapter, world.trust, world.root / "model", world.root / "tokenizer", plan=Plan(200, 0))
    return replace(given, **changes)
