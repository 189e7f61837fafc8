"""Runs that are killed often: forked from a process that has loaded everything, so that a kill costs no start."""

import json
import os
import random
import shutil
import sys
from datetime import date
from multiprocessing import get_context
from pathlib import Path

SECRET = bytes(range(32))
CONTEXT = get_context("forkserver")
WARM = "ASSAY_TEST_WARM"
"""The folder whose policy is loaded in the process that others are forked from."""
LOADED = (
    "expectations.great", "govern.charts", "govern.croissant", "govern.dataset_card", "govern.finish", "govern.residual",
    "govern.vault.store", "jsonschema", "matplotlib.backends.backend_svg", "matplotlib.figure", "polars",
)  # fmt: skip


def start(home: Path) -> None:
    """Writes what is certified, and starts the process that runs are forked from."""
    _write(home)
    here = str(Path(__file__).parent)
    before = os.environ.get("PYTHONPATH")
    os.environ |= {WARM: str(home), "PYTHONPATH": here + (os.pathsep + before if before else "")}
    try:
        CONTEXT.set_forkserver_preload(["killing"])
        first = CONTEXT.Process(target=int)
        first.start()
        first.join()
    finally:
        del os.environ[WARM]
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


def _write(home: Path) -> None:
    """60 documents that make five units of work, and their policy."""
    text = "{0}번 상담: 성명: 홍길동, 연락처 010-2345-{1}. Mr John Smith called about {0}."
    rows = [json.dumps({"id": f"n{n}", "text": text.format(n, 5600 + n)}, ensure_ascii=False) for n in range(60)]
    (home / "raw.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    (home / "p.toml").write_text('name = "p"\n[names]\nmodel = "none"\n[entities]\nPHONE_NUMBER = "surrogate"\n')


def run(home: Path, out: Path) -> None:
    """Certifies them, in this process."""
    from govern import pipeline, policy

    sys.stderr = (home / "stderr").open("a")
    chosen = policy.load(home / "p.toml")
    request = pipeline.Request(
        (home / "raw.jsonl",), out, chosen, chosen.suite, SECRET, date(2026, 1, 1), split=("held-out", 200_000), work_bytes=1500
    )
    pipeline.certify(request)


def finish(home: Path, out: Path) -> None:
    """Lets a run end."""
    child = CONTEXT.Process(target=run, args=(home, out))
    child.start()
    child.join()
    assert child.exitcode == 0, (home / "stderr").read_text()[-2000:]


def kill(home: Path, out: Path, seed: int, kills: int, seconds: float) -> int:
    """Kills runs to `out` at random moments within `seconds`, `kills` times; how many ended before, and were begun anew."""
    chance = random.Random(seed)
    done = ended = 0
    while done < kills:
        child = CONTEXT.Process(target=run, args=(home, out))
        child.start()
        child.join(chance.uniform(0.0, seconds))
        if child.is_alive():
            child.kill()
            done += 1
        child.join()
        if out.exists() and done < kills:
            ended += 1
            shutil.rmtree(out)
            shutil.rmtree(out.with_name(out.name + ".private"))
    return ended


def _warm(home: Path) -> None:
    from importlib import import_module

    from govern import detect, environment, policy, process, validate

    for name in LOADED:
        import_module(name)
    validate.load("corpus-default")
    environment.environment()
    detect.find(process.detector_of(policy.load(home / "p.toml"), SECRET), "가 010-2345-6789 Mr John Smith")


if WARM in os.environ:
    _warm(Path(os.environ[WARM]))
