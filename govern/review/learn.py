"""Turns the answers of a review into entries of the allow and deny lists, all of them or none.

An accepted false positive becomes an allowed value, a miss a denied value and a case: the text round it, sealed, which every
later policy must mask. The same answers twice add nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from govern import lists
from govern.errors import InputError
from govern.keys import derive, keyed_digest
from govern.normalize import normalize
from govern.policy import ENTITY_TYPES
from govern.review.answers import FalsePositives, Miss, Misses
from govern.review.folder import Reviewed, documents, open_folder

BESIDE = 80
"""Code points of certified text on either side of a miss that its case keeps."""


@dataclass(frozen=True, slots=True)
class Learned:
    """How many entries the answers made, and how many of them the lists did not hold yet."""

    allowed: int
    denied: int
    cases: int
    rejected: int
    new: int


def learn(
    path: Path, answers: FalsePositives | Misses, secret: bytes, *, today: date, corpus: Path | None = None
) -> Learned:
    """Adds what `answers` say to the lists in `path`, made where they are missing.

    Args:
        path: the TOML file of the lists.
        answers: of a review page.
        secret: the one that the reviewed run was made under.
        today: refuses answers whose last day is over.
        corpus: the certified folder that the page was about; needed for misses, whose text is read there.

    Raises:
        InputError: another secret or corpus, a day that is over, a place that is not there, a value that is both allowed
            and denied; nothing is written.
    """
    _check(answers, secret, today)

    def entry(entity_type: str) -> lists.Entry:
        return lists.Entry(entity_type=entity_type, reason=answers.reason, owner=answers.owner, expires=answers.expires)

    denied: dict[lists.Denied, str] = {}
    cases: dict[lists.Case, None] = {}
    allowed: dict[lists.Allowed, str] = {}
    if isinstance(answers, FalsePositives):
        for value in answers.accepted:
            allowed[lists.allow_keyed(entry(value.entity_type), value.value, secret)] = value.value
    else:
        for entity_type, context in _missed(_corpus(answers, corpus), answers.misses):
            about = entry(entity_type)
            denied[lists.deny(about, context.value, secret)] = context.value
            cases[lists.case(about, context.text, context.start, context.end, secret)] = None
    _check_conflicts(path, secret, allowed, denied)
    entries: tuple[lists.Allowed | lists.Denied | lists.Case, ...] = (*allowed, *denied, *cases)
    rejected = len(answers.rejected) if isinstance(answers, FalsePositives) else 0
    return Learned(len(allowed), len(denied), len(cases), rejected, lists.add(path, entries) if entries else 0)


@dataclass(frozen=True, slots=True)
class _Context:
    """A text, and the stretch of it that is personal data."""

    text: str = field(repr=False)
    start: int
    end: int

    @property
    def value(self) -> str:
        return self.text[self.start : self.end]


def _check(answers: FalsePositives | Misses, secret: bytes, today: date) -> None:
    if answers.secret_key_id != keyed_digest(derive(secret, "key id"), b"secret"):
        raise InputError(
            "the answers are about a corpus that was made under another secret, so its keyed values say nothing here; give "
            "--secret of that run"
        )
    if answers.expires < today:
        raise InputError(f"the answers hold until {answers.expires}, which is over; choose a later date on the page")
    entries = answers.accepted if isinstance(answers, FalsePositives) else answers.misses
    for number, entity_type in enumerate([each.entity_type for each in entries], 1):
        if entity_type not in ENTITY_TYPES:
            raise InputError(
                f"answer {number}: the lists name entity types of Assay's own alone, and its type is none of them; use one of "
                f"{', '.join(ENTITY_TYPES)}"
            )


def _corpus(answers: Misses, corpus: Path | None) -> Reviewed:
    if corpus is None:
        raise InputError("answers about misses say where, not what; give the folder that they are about with --corpus")
    reviewed = open_folder(corpus)
    if reviewed.certificate.digest != answers.certificate:
        raise InputError(
            f"{corpus}: its certificate is {reviewed.certificate.digest}, the answers are about {answers.certificate}; give "
            "the folder that the page was made from"
        )
    return reviewed


def _missed(reviewed: Reviewed, misses: list[Miss]) -> Iterator[tuple[str, _Context]]:
    """Entity type and context of each miss, in the order of the answers."""
    held = {each.id: each for each in documents(reviewed, {miss.id for miss in misses})}
    for number, miss in enumerate(misses, 1):
        document = held.get(miss.id)
        texts = dict(document.fields) if document is not None else {}
        if document is None or miss.end > len(texts.get(miss.field, "")):
            raise InputError(
                f"answer {number}: {reviewed.folder} holds no such place; give the folder that the page was made from"
            )
        replaced = document.replaced(reviewed.entity_types, miss.field)
        if any(start < miss.end and miss.start < end for start, end in replaced):
            raise InputError(
                f"answer {number}: part of it was replaced already; mark what stands beside the replacement on the page"
            )
        context = _context(texts[miss.field], miss)
        _check_found(number, miss.entity_type, context)
        yield miss.entity_type, context


def _context(text: str, miss: Miss) -> _Context:
    value = text[miss.start : miss.end]
    start = miss.end - len(value.lstrip())
    end = max(start, miss.start + len(value.rstrip()))
    first = max(0, start - BESIDE)
    return _Context(text[first : end + BESIDE], start - first, end - first)


def _check_found(number: int, entity_type: str, context: _Context) -> None:
    """Returns where denying the value finds it in its own context; a part of a word or number is never found."""
    from govern import known

    shadow = normalize(context.text, ENTITY_TYPES)
    try:
        denied = known.from_values([(entity_type, context.value)])
    except InputError:
        hits = []
    else:
        hits = known.search(denied, shadow.text)
    places = [shadow.original(hit.start, hit.end) for hit in hits]
    if not any(start <= context.start and context.end <= end for start, end in places):
        raise InputError(
            f"answer {number} ({entity_type}): denying it would not find it again, since it begins or ends inside a word or "
            "number, or is too short or long; mark the whole value on the page"
        )


def _check_conflicts(
    path: Path, secret: bytes, allowed: dict[lists.Allowed, str], denied: dict[lists.Denied, str]
) -> None:
    """Returns where no value would be both allowed and denied."""
    held = lists.load(path, secret) if path.exists() else None
    key = derive(secret, "value")
    stay = {*allowed.values(), *(held.allowed if held else ())}
    go = [*((entry.entity_type, value) for entry, value in denied.items()), *(held.denied if held else ())]
    for entity_type, value in go:
        if lists.digest_of(key, entity_type, value) in stay:
            raise InputError(
                f"{path}: a value ({entity_type}) would be both allowed and denied; settle which, and remove the other from "
                "the lists or take it back on the page"
            )
