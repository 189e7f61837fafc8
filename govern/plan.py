"""What a long run will cost and decide, by a rehearsal on a share of its documents.

Everything is read, as the run would, so counts and what is refused at once are exact. Of the units of work a share is masked
in a folder that is removed afterwards, and the end of the run is played on it: what it takes, leaves and decides is scaled to
the whole, with an interval from how much the units differ (a ratio estimator, Cochran 1977, with Student's t: units may be
few). The decision is that of the suite on the share: a rule close to its limit may fall otherwise.
"""

import math
import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scipy.special import stdtrit

from govern import arrived, failures, identity, private
from govern.errors import InputError, Refused
from govern.finish import finish
from govern.growth import outlay
from govern.pipeline import check_layout, check_sources, tasks_of, work_bytes_of
from govern.policy_check import check
from govern.process import ShardTask, detector_for, searched, store
from govern.readers.remote import size_of
from govern.residual import step_of
from govern.run_keys import keys_of
from govern.shards import map_shards, progress
from govern.sources import arrive, source_name
from govern.trial import wilson

if TYPE_CHECKING:
    from govern.corpus import Corpus, Shard
    from govern.policy_check import Checked
    from govern.readers import Input
    from govern.request import Request
    from govern.run_keys import Keys
    from govern.states import ShardState

UNITS = 400
"""Units that the whole is cut into: a hundredth of it is four."""

LEAST_UNITS = 4
MEGA = 1_000_000

PER_UNIT = ("detected", "findings", "ids", "masked")
"""Folders of DIR.private that hold a Parquet file per unit of work."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to expect; intervals are (least, most), 95 %."""

    documents: int
    text_bytes: int
    rehearsed: int
    workers: int
    read_s: float
    mask_s: float
    mask_s_interval: tuple[float, float]
    end_s: float
    """Publishing, the second scan and the decision."""

    end_s_interval: tuple[float, float]

    memory_bytes: int
    """Of the largest process."""

    disk_bytes: int
    disk_bytes_interval: tuple[float, float]
    private_bytes: int
    quarantined: float
    quarantined_interval: tuple[float, float]
    refused: tuple[str, ...]
    """Why the suite would refuse; empty where it would pass."""

    @property
    def total_s(self) -> float:
        """The whole run."""
        return self.read_s + self.mask_s + self.end_s

    @property
    def total_s_interval(self) -> tuple[float, float]:
        """Of the whole run, as far as its documents differ; not of what else the machine does meanwhile."""
        least, most = zip(self.mask_s_interval, self.end_s_interval, strict=True)
        return self.read_s + sum(least), self.read_s + sum(most)


def plan(request: "Request", share: float) -> Plan:
    """The rehearsal of a run on a share of its units of work, at least four of them.

    Raises:
        InputError: an input that cannot be read, or a policy that cannot be used.
    """
    size = sum(size_of(file.path) for file in _files(request))
    begun = time.perf_counter()
    corpus = arrive(request.inputs, request.policy, request.columns, shard_bytes=max(2_000, size // UNITS))
    read_s = time.perf_counter() - begun
    check_layout(request.policy, corpus)
    checked = check(request.policy, request.secret, today=request.today)
    shards = _chosen(corpus, share)
    keys = keys_of(request.secret)
    names = tuple((file.name, source_name(request.policy, keys, file.name)) for file in corpus.files)
    check_sources(request.policy, names)
    with tempfile.TemporaryDirectory(prefix="govern-plan-") as folder:
        trial = replace(request, out=Path(folder) / "rehearsal", split=None, vault=None, reuse=None)
        came = arrived.of(corpus, corpus.shards, keys.inputs)
        record = identity.run(trial, came, checked, (0, trial.part_bytes))
        with private.opened(trial.out, record) as own:
            tasks = tasks_of(trial, corpus, shards, keys, names, checked, own)
            begun = time.perf_counter()
            timed = list(progress(map_shards(_timed, tasks, request.engine), len(tasks), "rehearse"))
            spent = sum(unit.search_s + unit.store_s for unit in timed) / request.engine.workers
            startup = max(0.0, time.perf_counter() - begun - spent)
            states = [unit.state for unit in timed]
            gone = Counter(reason for state in states for _, reason in state.quarantined)
            documents = sum(shard.documents for shard in shards)
            stopped = failures.beyond(gone, documents, request.policy.failures.max_quarantined)
            refused: tuple[str, ...] = () if stopped is None else (stopped,)
            begun = time.perf_counter()
            refused += _end(trial, came, keys, checked, states, own)
            between = time.perf_counter()
            shutil.rmtree(trial.out, ignore_errors=True)
            _end(trial, came, keys, checked, states, own)  # nothing is scanned twice: what it takes less is the scan
            end_s = time.perf_counter() - between
            scan_s = max(0.0, between - begun - end_s)
            masked = [state.masked.stat().st_size for state in states]
            disk = _disk(request, corpus, shards, trial.out, own)
    return _scaled(corpus, shards, timed, request.engine.workers, read_s, startup, (end_s, scan_s), masked, disk, refused)


def _end(
    trial: "Request", came: "arrived.Arrived", keys: "Keys", checked: "Checked", states: "list[ShardState]", own: Path
) -> tuple[str, ...]:
    """The end of a run on what is masked; why it was refused."""
    try:
        finish(trial, came, keys, checked, states, own)
    except Refused as error:
        return tuple(line for line in str(error).splitlines() if not line.startswith(str(trial.out)))
    return ()


class _Timed(NamedTuple):
    """A unit of work: the process it was done in, and seconds of searching and masking it, and of writing it."""

    worker: int
    search_s: float
    store_s: float
    state: "ShardState"


@dataclass(frozen=True, slots=True)
class _Disk:
    """Bytes that a run would leave: what holds text, at the least too, what does not, and in DIR.private."""

    texts: float
    least_texts: float
    files: int
    private: float
    units: int
    """Units of work of the run."""


def _disk(request: "Request", corpus: "Corpus", shards: "tuple[Shard, ...]", out: Path, own: Path) -> _Disk:
    """From what the rehearsal left: its units are small, and small files compress worse."""
    whole, part = (sum(shard.text_bytes for shard in each) for each in (corpus.shards, shards))
    times = whole / max(1, part)
    left = out if out.exists() else private.refused(out)
    published = sorted((left / "documents").glob("*.parquet")) or sorted((own / "masked").glob("*"))
    texts, least = outlay(published, times, math.ceil(whole / request.part_bytes) or 1)
    units = max(len(corpus.files), math.ceil(whole / work_bytes_of(request)))
    folders = [sorted((own / name).glob("*")) for name in PER_UNIT]
    states = _size(own / "states")
    scans = _size(own) - states - sum(file.stat().st_size for files in folders for file in files)
    documents = [sum(shard.documents for shard in each) for each in (corpus.shards, shards)]
    return _Disk(
        texts=texts,
        least_texts=min(texts, least),
        files=_size(left) - _size(left / "documents"),
        private=sum(outlay(files, times, units)[0] for files in folders)
        + states * units / len(shards)
        + scans * documents[0] / max(1, documents[1]),
        units=units,
    )


def _scaled(
    corpus: "Corpus",
    shards: "tuple[Shard, ...]",
    timed: list[_Timed],
    workers: int,
    read_s: float,
    startup: float,
    end: tuple[float, float],
    masked: list[int],
    disk: _Disk,
    refused: tuple[str, ...],
) -> Plan:
    whole = sum(shard.text_bytes for shard in corpus.shards)
    documents = sum(shard.documents for shard in shards)
    most_workers = max(1, min(workers, disk.units))
    units = [shard.text_bytes for shard in shards]
    warm, first_s = _warm(timed, units)
    rate = sum(timed[at].search_s for at in warm) / max(1, sum(units[at] for at in warm))
    error = relative_error([units[at] for at in warm], [timed[at].search_s for at in warm], whole)
    search_s = rate * whole / most_workers
    start_s = startup + first_s + disk.units * sum(unit.store_s for unit in timed) / len(timed) / most_workers
    end_s, scan_s = end
    scan_s *= _scanned(corpus.documents) / max(1, _scanned(documents))
    disk_error = relative_error(units, masked, whole)
    gone = Counter(reason for unit in timed for _, reason in unit.state.quarantined)
    count = sum(gone.values())
    usage = (resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Plan(
        documents=corpus.documents,
        text_bytes=whole,
        rehearsed=documents,
        workers=workers,
        read_s=read_s,
        mask_s=start_s + search_s,
        mask_s_interval=(start_s + search_s * max(0.0, 1 - error), start_s + search_s * (1 + error)),
        end_s=end_s + scan_s,
        end_s_interval=(end_s + scan_s * max(0.0, 1 - error), end_s + scan_s * (1 + error)),
        memory_bytes=max(usage),
        disk_bytes=round(disk.texts) + disk.files,
        disk_bytes_interval=(
            disk.files + disk.least_texts * max(0.0, 1 - disk_error), disk.files + disk.texts * (1 + disk_error)
        ),
        private_bytes=round(disk.private),
        quarantined=count / max(1, documents),
        quarantined_interval=wilson(count, documents),
        refused=refused,
    )


def _files(request: "Request") -> "tuple[Input, ...]":
    from govern.readers import input_files

    return input_files(request.inputs, request.policy.reading_of)


def _chosen(corpus: "Corpus", share: float) -> "tuple[Shard, ...]":
    """Units spread evenly over the corpus."""
    count = min(len(corpus.shards), max(LEAST_UNITS, round(share * len(corpus.shards))))
    if not 0 < share <= 1:
        raise InputError(f"--share {share}: not a share; give one over 0 and up to 1, such as 0.01")
    return tuple(corpus.shards[(2 * number + 1) * len(corpus.shards) // (2 * count)] for number in range(count))


def _timed(task: ShardTask) -> _Timed:
    """A unit of work, without the seconds that load the recognizers."""
    detector_for(task.treatment)
    begun = time.perf_counter()
    rows = searched(task)
    between = time.perf_counter()
    state = store(task, rows)
    return _Timed(os.getpid(), between - begun, time.perf_counter() - between, state)


def _warm(timed: list[_Timed], sizes: list[int]) -> tuple[list[int], float]:
    """Units that are not the first of their worker, and the most seconds that a first took beyond their rate.

    What loads when it is first used is not paid by every unit. Where too few are left, all units are taken.
    """
    firsts = {unit.worker: at for at, unit in reversed(list(enumerate(timed)))}
    later = [at for at in range(len(timed)) if at not in firsts.values()]
    if len(later) < LEAST_UNITS:
        return list(range(len(timed))), 0.0
    rate = sum(timed[at].search_s for at in later) / max(1, sum(sizes[at] for at in later))
    return later, max(0.0, *(timed[at].search_s - rate * sizes[at] for at in firsts.values()))


def _scanned(documents: int) -> float:
    """Of so many published documents, how many are scanned again."""
    return documents / step_of(documents)


def relative_error(sizes: Sequence[int], values: Sequence[float], whole: int) -> float:
    """Half the 95 % interval of a total that units of these sizes are scaled to, as a share of it; 0 where they are all."""
    total, part, count = sum(values), sum(sizes), len(sizes)
    if part >= whole or not total:
        return 0.0
    rest = (value - total * size / part for size, value in zip(sizes, values, strict=True))
    spread = math.sqrt(sum(each * each for each in rest) / max(1, count - 1))
    return float(stdtrit(max(1, count - 1), 0.975)) * spread * math.sqrt(count * (1 - part / whole)) / total


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0


def said(plan: Plan) -> list[str]:
    """The plan as lines."""
    least, most = (_duration(seconds) for seconds in plan.total_s_interval)
    least_disk, most_disk = (size / MEGA for size in plan.disk_bytes_interval)
    low, high = (100 * part for part in plan.quarantined_interval)
    outside = f"{low:.2f} to {high:.2f} %"
    return [
        f"rehearsed {plan.rehearsed:,} of {plan.documents:,} documents, {plan.text_bytes / MEGA:,.1f} MB of text",
        f"time        {_duration(plan.total_s)} ({least} to {most}) with {plan.workers} workers: reading "
        f"{_duration(plan.read_s)}, masking {_duration(plan.mask_s)}, end {_duration(plan.end_s)}",
        f"memory      {plan.memory_bytes / MEGA:,.0f} MB a process at most",
        f"disk        {plan.disk_bytes / MEGA:,.1f} MB ({least_disk:,.1f} to {most_disk:,.1f}), and "
        f"{plan.private_bytes / MEGA:,.1f} MB in DIR.private",
        f"quarantine  {100 * plan.quarantined:.2f} % of documents ({outside})",
        *(("decision    would be refused, by what the share shows:", *(f"  {line}" for line in plan.refused)) if plan.refused
          else ("decision    would pass, by what the share shows",)),
    ]  # fmt: skip


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3600:.1f} h"
