"""What a long run will cost and decide, by a rehearsal on a share of its documents.

Everything is read, as the run would, so counts and what is refused at once are exact. Of the units of work a share is masked
in a folder that is removed afterwards, and the end of the run is played on it: what it takes, leaves and decides is scaled to
the whole, with an interval from how much the units differ (a ratio estimator, Cochran 1977, with Student's t: units may be
few). The decision is that of the suite on the share: a rule close to its limit may fall otherwise.
"""

import math
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scipy.special import stdtrit

from govern import arrived, failures, identity, private
from govern.errors import InputError, Refused
from govern.finish import finish
from govern.growth import outlay
from govern.pipeline import check_layout, check_sources, tasks_of, work_bytes_of
from govern.policy_check import check
from govern.process import ShardTask, process
from govern.readers.remote import size_of
from govern.residual import SAMPLE_DOCUMENTS
from govern.run_keys import keys_of
from govern.shards import map_shards, progress
from govern.sources import arrive, source_name
from govern.trial import wilson

if TYPE_CHECKING:
    from govern.corpus import Corpus, Shard
    from govern.readers import Input
    from govern.request import Request
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
        """Of the whole run: what differs is masking."""
        least, most = self.mask_s_interval
        return self.total_s - self.mask_s + least, self.total_s - self.mask_s + most


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
            startup = max(0.0, time.perf_counter() - begun - sum(seconds for seconds, _ in timed) / request.engine.workers)
            states = [state for _, state in timed]
            begun = time.perf_counter()
            gone = Counter(reason for state in states for _, reason in state.quarantined)
            documents = sum(shard.documents for shard in shards)
            stopped = failures.beyond(gone, documents, request.policy.failures.max_quarantined)
            refused: tuple[str, ...] = () if stopped is None else (stopped,)
            try:
                finish(trial, came, keys, checked, states, own)
            except Refused as error:
                refused += tuple(line for line in str(error).splitlines() if not line.startswith(str(trial.out)))
            end_s = time.perf_counter() - begun
            masked = [state.masked.stat().st_size for state in states]
            disk = _disk(request, corpus, shards, trial.out, own)
    return _scaled(corpus, shards, timed, request.engine.workers, read_s, startup, end_s, masked, disk, refused)


@dataclass(frozen=True, slots=True)
class _Disk:
    """Bytes that a run would leave: what holds text, at the least too, what does not, and in DIR.private."""

    texts: float
    least_texts: float
    files: int
    private: float


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
    scanned = [min(sum(shard.documents for shard in each), 2 * SAMPLE_DOCUMENTS) for each in (corpus.shards, shards)]
    return _Disk(
        texts=texts,
        least_texts=min(texts, least),
        files=_size(left) - _size(left / "documents"),
        private=sum(outlay(files, times, units)[0] for files in folders)
        + states * units / len(shards)
        + scans * scanned[0] / max(1, scanned[1]),
    )


def _scaled(
    corpus: "Corpus",
    shards: "tuple[Shard, ...]",
    timed: "list[tuple[float, ShardState]]",
    workers: int,
    read_s: float,
    startup: float,
    end_s: float,
    masked: list[int],
    disk: _Disk,
    refused: tuple[str, ...],
) -> Plan:
    whole = sum(shard.text_bytes for shard in corpus.shards)
    part = sum(shard.text_bytes for shard in shards)
    documents = sum(shard.documents for shard in shards)
    seconds = sum(took for took, _ in timed)
    times = whole / max(1, part)
    most_workers = max(1, min(workers, len(corpus.shards)))
    mask_s = seconds * times / most_workers
    units = [shard.text_bytes for shard in shards]
    error = mask_s * relative_error(units, [took for took, _ in timed], whole)
    disk_error = relative_error(units, masked, whole)
    scanned = min(corpus.documents, 2 * SAMPLE_DOCUMENTS) - min(documents, 2 * SAMPLE_DOCUMENTS)
    gone = Counter[str]()
    for _, state in timed:
        gone.update(reason for _, reason in state.quarantined)
    count = sum(gone.values())
    usage = (resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Plan(
        documents=corpus.documents,
        text_bytes=whole,
        rehearsed=documents,
        workers=workers,
        read_s=read_s,
        mask_s=startup + mask_s,
        mask_s_interval=(startup + max(0.0, mask_s - error), startup + mask_s + error),
        end_s=end_s + scanned * seconds / max(1, documents) / 2 / most_workers,
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


def _timed(task: ShardTask) -> "tuple[float, ShardState]":
    """A unit of work and the seconds it took, without those that load the recognizers."""
    from govern.process import detector_for

    detector_for(task.treatment)
    begun = time.perf_counter()
    state = process(task)
    return time.perf_counter() - begun, state


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
