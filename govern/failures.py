"""What becomes of a unit of work that cannot be done, and of a run that sets too many documents aside.

What is set aside is counted, and stands by id in the evidence: nothing is left out in silence.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from govern import states
from govern.console import show_defect
from govern.errors import GovernError, Refused
from govern.files import digest
from govern.gathered import Rows
from govern.process import UNREADABLE, ShardTask, arrivals, process, store

if TYPE_CHECKING:
    from govern.policy import Policy
    from govern.states import ShardState

SHARD_FAILED = "shard_failed"
"""Why the documents of a unit of work that could not be done were set aside."""


def attempt(task: ShardTask) -> "ShardState":
    """The state of a shard; of one that meets a defect the state with each document set aside."""
    try:
        return process(task)
    except (GovernError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is said, and the documents are counted
        show_defect("govern", error)
        return set_aside(task)


def set_aside(task: ShardTask) -> "ShardState":
    """The state of a shard that could not be done: every document quarantined.

    It is another piece of work than the shard's own, which the same command and a later one try again.
    """
    failed = replace(task, work=digest([task.work, SHARD_FAILED]), vault=None)
    found = states.load(states.path_of(task.folder, task.shard.index), work=failed.work, documents=task.documents)
    if found is not None:
        return found
    rows = Rows(task.policy.published_columns)
    for document, keyed, source, lang in arrivals(task):
        rows.arrive(document, keyed, source, lang)
        rows.quarantine(lang, source, keyed, UNREADABLE if document.unreadable else SHARD_FAILED)
    return store(failed, rows)


def ways(policy: "Policy") -> "tuple[Callable[[ShardTask], ShardState], Callable[[ShardTask], ShardState] | None]":
    """How a policy has shards done, and what stands for one whose process dies, if not the end of the run."""
    return (process, None) if policy.failures.on_bad_shard == "stop" else (attempt, set_aside)


def within(made: "Iterable[ShardState]", documents: int, most: float | None) -> "Iterator[ShardState]":
    """The states as they come, up to the one at which more than the share `most` of all documents is set aside.

    Raises:
        Refused: it is more; the sentence says how many, and of what.
    """
    reasons: Counter[str] = Counter()
    for state in made:
        reasons.update(reason for _, reason in state.quarantined)
        said = beyond(reasons, documents, most)
        if said is not None:
            raise Refused(
                f"{said}; `govern quarantine list OUT` names them: correct them, or allow more; what was done is kept"
            )
        yield state


def beyond(reasons: Counter[str], documents: int, most: float | None) -> str | None:
    """What is set aside beyond the share `most` of all documents, as a sentence without its remedy; None where nothing is."""
    if most is None or reasons.total() <= most * documents:
        return None
    said = ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items()))
    return (
        f"{reasons.total():,} of {documents:,} documents are quarantined ({said}), and the policy allows a share of {most:g} "
        "(failures.max_quarantined)"
    )
