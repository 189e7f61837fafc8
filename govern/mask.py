"""Masks a document: every finding is replaced as the policy says, and nothing else changes.

Tags such as `<PERSON_1>` are numbered within the document by first appearance of the canonical value, so one subject has
one tag, also where it is named by a part of its name (`govern.subjects`), and documents cannot be linked; any other
replacement is `govern.treatment`'s, of the value alone. The masked text is searched again until nothing is left: at most
twice masked, else the document is quarantined. Replacements that look like personal data (surrogates, partial and
generalised values) are recorded by place and never searched, so that masking a masked document with its record changes
nothing. The result depends on the document, the detector, the policy and the secret alone.
"""

import bisect
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govern.arbitrate import DENIED
from govern.canonical import canonical_value
from govern.corpus import Document
from govern.detect import TEXT, DetectionUnknown, Detector, Finder, Findings, Span, names_in, search
from govern.dialogue import spread
from govern.dictation import Part, pieces
from govern.normalize import TAG_DIGITS, numbered_tags
from govern.policy import Policy
from govern.subjects import linked
from govern.treatment import STAYS, Treatment, prepare
from govern.turns import JOINT, Turns, joints

if TYPE_CHECKING:
    from govern.policy_sections import Action

PASSES = 2
"""Searches of a masked document after which something may still be found, at most."""

HIGHEST = 10**TAG_DIGITS // 2
"""Tags are numbered above those that stand in the text, unless one is higher than this: then from 1, past those taken."""

RECORDED = ""
"""The entity type of a replacement that an earlier masking made."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands for the code points `start` to `end` of the original field, and the value's keyed digest where asked for."""

    field: str
    start: int
    end: int
    entity_type: str
    text: str
    recognizer: str
    score: float
    action: "Action" = "tag"
    value: str = dataclasses.field(default="", repr=False)
    """The canonical value: private, and needed only where something is counted or kept by value."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Code points `start` to `end` of a masked field that hold a replacement, and its text."""

    field: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Masked:
    """The new document, what was replaced (offsets of the original), and the spans first found, kept ones among them.

    `stretches` say where the replacements stand in the new document; `stayed` are the spans that the policy leaves, each with
    why: `keep` or `allowed`; `vetoes` are the personal labels that financial identifiers outweighed: (entity type, kind,
    how many). `passes` are the spans of each search, of all but the first those that were replaced, in offsets of the
    original.
    """

    document: Document
    replacements: tuple[Replacement, ...]
    first_pass: tuple[Span, ...]
    stretches: tuple[Stretch, ...] = ()
    stayed: tuple[tuple[Span, str], ...] = ()
    vetoes: tuple[tuple[str, str, int], ...] = ()
    passes: tuple[tuple[Span, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document set aside: `too_long`, `detection_unknown` or `not_fixed_point`."""

    id: str = dataclasses.field(repr=False)
    reason: str


def mask(
    document: Document,
    detector: Detector,
    policy: Policy,
    treatment: Treatment | None = None,
    *,
    source: str = "",
    recorded: Iterable[Stretch] = (),
    finders: tuple[Finder, ...] = (),
    passes: tuple[tuple[Span, ...], ...] | None = None,
    vetoes: tuple[tuple[str, str, int], ...] = (),
    most: int = PASSES,
) -> Masked | Quarantined:
    """`document` with its personal data replaced, or why it cannot be.

    Text outside the replacements is unchanged; masking a masked document with its stretches as `recorded` changes nothing.

    Args:
        document: what to mask.
        detector: of `policy`.
        policy: its limits, and the actions where there is no treatment.
        treatment: what becomes of a value; needed where an action is keyed.
        source: the declared name of the document's source, which may have actions of its own.
        finders: find values that are known of this document beside what the detector finds.
        recorded: where earlier masking of this document left replacements; they are not searched.
        passes: what was found in this document before, under the same detector and with the same types staying: it is
            replaced, and nothing is searched.
        vetoes: what was vetoed then.
        most: how often what is still found is replaced.

    Raises:
        InputError: an action needs the secret and no treatment was given.
    """
    if sum(len(text) for _, text in document.fields) > policy.max_document_characters:
        return Quarantined(document.id, "too_long")
    chosen = treatment or prepare(policy, None)
    detector = adapted(detector, chosen, source)
    try:
        values = _Values(document, detector, chosen, source)
        if passes is not None:
            return _mask(document, values, tuple(recorded), _replayed(passes, vetoes), max(most, len(passes)))
        return _mask(document, values, tuple(recorded), lambda fields: _search(fields, detector, finders), most)
    except DetectionUnknown:
        return Quarantined(document.id, "detection_unknown")


def due(
    document: Document, detector: Detector, treatment: Treatment, *, source: str = "", finders: tuple[Finder, ...] = ()
) -> tuple[Span, ...]:
    """The spans of a document that masking replaces first.

    Raises:
        DetectionUnknown: a pattern ran past its time-out.
    """
    fields = tuple(
        _Edited(name, text, (), document.turns if name == TEXT else ()) for name, text in document.fields
    )
    found = _search(fields, adapted(detector, treatment, source), finders)
    return tuple(
        span
        for each, its in zip(fields, found, strict=True)
        for span in left(treatment, source, each.text, its.spans)
    )


def adapted(detector: Detector, treatment: Treatment, source: str) -> Detector:
    """The detector for documents of a source, which may keep other entity types."""
    kept = treatment.kept(source)
    return detector if kept == detector.kept else replace(detector, kept=kept)


def left(treatment: Treatment, source: str, text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans of a text that the policy does not let stand there."""
    actions = treatment.actions(source)
    return [
        span
        for span in spans
        if span.recognizer == DENIED
        or (
            actions[span.entity_type] not in STAYS
            and not treatment.allows(span.entity_type, text[span.start : span.end])
        )
    ]


def _replayed(
    passes: tuple[tuple[Span, ...], ...], vetoes: tuple[tuple[str, str, int], ...]
) -> "Callable[[tuple[_Edited, ...]], list[Findings]]":
    """A search that finds what was found before, pass by pass, and then nothing."""
    waiting = iter(passes)
    outweighed = [vetoes]

    def look(fields: tuple["_Edited", ...]) -> list[Findings]:
        spans = next(waiting, ())
        said = outweighed.pop() if outweighed else ()
        return [
            Findings(tuple(each.moved(span) for span in spans if span.field == each.name), said if not number else ())
            for number, each in enumerate(fields)
        ]

    return look


def _mask(
    document: Document,
    values: "_Values",
    recorded: tuple[Stretch, ...],
    look: "Callable[[tuple[_Edited, ...]], list[Findings]]",
    most: int,
) -> Masked | Quarantined:
    fields = tuple(
        _Edited(name, text, recorded, document.turns if name == TEXT else ()) for name, text in document.fields
    )
    first = found = look(fields)
    due = values.due(fields, found)
    passes = [tuple(span for each in found for span in each.spans)]
    stayed = tuple(
        (span, values.why(span))
        for each, going in zip(found, due, strict=True)
        for gone in [frozenset(map(id, going))]
        for span in each.spans
        if id(span) not in gone
    )
    for _ in range(most):
        if not any(due):
            break
        values.know(fields, due)
        for edited, spans in zip(fields, due, strict=True):
            edited.replace(spans, values)
        found = look(fields)
        due = values.due(fields, found)
        passes.append(tuple(each.back(span) for each, spans in zip(fields, due, strict=True) for span in spans))
    if any(due):
        return Quarantined(document.id, "not_fixed_point")
    return Masked(
        document=replace(
            document,
            fields=tuple((each.name, each.text) for each in fields),
            turns=next((each.turns() for each in fields if each.name == TEXT), ()),
        ),
        replacements=tuple(item for each in fields for item in each.replacements()),
        first_pass=tuple(span for each in first for span in each.spans),
        stretches=tuple(stretch for each in fields for stretch in each.stretches()),
        stayed=stayed,
        vetoes=tuple(veto for each in first for veto in each.vetoes),
        passes=tuple(passes if any(passes[1:]) else passes[:1]),
    )


def _search(fields: tuple["_Edited", ...], detector: Detector, finders: tuple[Finder, ...]) -> list[Findings]:
    """What each field holds beside replacements; a name found in one field is found in all."""
    found = [_found(each, detector, finders) for each in fields]
    if len(fields) > 1:
        known = frozenset().union(*(names_in(each.text, its.spans) for each, its in zip(fields, found, strict=True)))
        if known:
            found = [_found(each, detector, finders, known) for each in fields]
    return found


def _found(
    edited: "_Edited", detector: Detector, finders: tuple[Finder, ...], known: frozenset[str] = frozenset()
) -> Findings:
    """What one field holds, over the turns of a conversation too."""
    places = edited.places()
    found = search(detector, edited.text, edited.name, known, places, finders)
    if not edited.said:
        return found
    return replace(found, spans=spread(detector, edited.text, edited.turns(), places, finders, found.spans))


class _Values:
    """What becomes of each value of a document; numbers tags, above those that stand in the text already."""

    def __init__(self, document: Document, detector: Detector, treatment: Treatment, source: str) -> None:
        self.treatment, self.source = treatment, source
        self.actions = treatment.actions(source)
        self.texts: dict[tuple[str, str, str], str] = {}
        self.people: set[str] = set()
        self.links: dict[str, str] = {}
        """Of each name that is a part of another one, that of the person; they share a tag."""
        self.last: dict[str, int] = {}
        self.taken: dict[str, set[int]] = {}
        pattern = numbered_tags(tuple(sorted(detector.entity_types)))
        for _, text in document.fields:
            for match in pattern.finditer(text):
                self.taken.setdefault(match[1], set()).add(int(match[2]))

    def due(self, fields: tuple["_Edited", ...], found: list[Findings]) -> list[list[Span]]:
        """The spans of each field that must be replaced."""
        return [
            left(self.treatment, self.source, each.text, its.spans) for each, its in zip(fields, found, strict=True)
        ]

    def know(self, fields: tuple["_Edited", ...], due: list[list[Span]]) -> None:
        """Takes note of the persons that will be tagged, before the first of them is."""
        self.people |= {
            self.canonical(span, each.text[span.start : span.end])
            for each, spans in zip(fields, due, strict=True)
            for span in spans
            if span.entity_type == "PERSON" and self.action(span) == "tag"
        }
        self.links = linked(self.people)

    def why(self, span: Span) -> str:
        """Why a span that is not due stays."""
        return "keep" if self.actions[span.entity_type] in STAYS else "allowed"

    def replacement(self, span: Span, value: str) -> str:
        """What stands for a canonical value; a tag stands for a person, whatever part of the name is written."""
        if span.entity_type == "PERSON" and self.action(span) == "tag":
            value = self.links.get(value, value)
        key = (span.entity_type, self.action(span), value)
        if key not in self.texts:
            self.texts[key] = self._made(span.entity_type, self.action(span), value)
        return self.texts[key]

    def canonical(self, span: Span, text: str) -> str:
        """The canonical value of a span that is written as `text`; of a denied one, however it is parted, that of its entry."""
        if span.recognizer == DENIED:
            listed = self.treatment.listed(span.entity_type, text)
            if listed is not None:
                return listed
        return canonical_value(span.entity_type, text)

    def action(self, span: Span) -> "Action":
        """What is done with a span that is due; a denied value of a type that is kept gets a tag."""
        action = self.actions[span.entity_type]
        return "tag" if action in STAYS else action

    def _made(self, entity_type: str, action: "Action", value: str) -> str:
        if action != "tag":
            return self.treatment.replacement(action, entity_type, value)
        taken = self.taken.get(entity_type, set())
        number = self.last.get(entity_type, max(taken, default=0) if max(taken, default=0) < HIGHEST else 0) + 1
        while number in taken:
            number += 1
        self.last[entity_type] = number
        return f"<{entity_type}_{number}>"


class _Edited:
    """A field's text as masked so far, and where each replacement came from."""

    def __init__(self, name: str, text: str, recorded: tuple[Stretch, ...], said: Turns = ()) -> None:
        self.name = name
        self.text = text
        self.said = said
        """The turns of a conversation, in the original field."""

        self.joints = joints(said)
        self.edits: list[tuple[int, int, Replacement]] = []
        """Start and end of each replacement in `text`, and what it is, sorted."""
        for place in sorted((each.start, each.end) for each in recorded if each.field == name):
            item = Replacement(name, *place, RECORDED, text[slice(*place)], "", 0.0)
            self.edits.append((*place, item))

    def replace(self, spans: list[Span], values: _Values) -> None:
        """Puts replacements in place of `spans`, which are sorted and touch no replacement; in each turn that one reaches."""
        new, made, done = [], [], 0
        for span in spans:
            parts = self._by_turn(span)
            once = " ".join(self.text[part.start : part.end] for part in parts if not part.repeats)
            value = values.canonical(span, once)
            text = values.replacement(span, value)
            for low, high, _ in parts:
                start, end = self._original(low), self._original(high)
                new.append(
                    Replacement(self.name, start, end, span.entity_type, text, span.recognizer, span.score,
                                values.action(span), value)
                )  # fmt: skip
                made += [self.text[done:low], text]
                done = high
        self.text = "".join(made) + self.text[done:]
        every = sorted([*(item for _, _, item in self.edits), *new], key=lambda item: item.start)
        self.edits, shift = [], 0
        for item in every:
            start = item.start + shift
            self.edits.append((start, start + len(item.text), item))
            shift += len(item.text) - (item.end - item.start)

    def places(self) -> tuple[tuple[int, int], ...]:
        """Where replacements stand."""
        return tuple((start, end) for start, end, _ in self.edits)

    def replacements(self) -> tuple[Replacement, ...]:
        return tuple(item for _, _, item in self.edits if item.entity_type != RECORDED)

    def stretches(self) -> tuple[Stretch, ...]:
        return tuple(Stretch(self.name, start, end, item.text) for start, end, item in self.edits)

    def turns(self) -> Turns:
        """The turns as they are now."""
        ends = [*map(self._now, self.joints), len(self.text)]
        starts = [0, *(place + len(JOINT) for place in ends[:-1])]
        return tuple((role, end - start) for (role, _), start, end in zip(self.said, starts, ends, strict=False))

    def _by_turn(self, span: Span) -> list[Part]:
        """What belongs to a span in each turn that it reaches, beside what was replaced before."""
        start, end = span.start, span.end
        first = bisect.bisect_left(self.joints, self._original(start)) if self.joints else 0
        after = bisect.bisect_left(self.joints, self._original(end), first) if self.joints else 0
        cuts = [self._now(place) for place in self.joints[first:after]]
        if not cuts:
            return [Part(start, end)]
        edges = zip([start, *(place + len(JOINT) for place in cuts)], [*cuts, end], strict=True)
        roles = (role for role, _ in self.said[first:])
        turns = [(role, low, high) for role, (low, high) in zip(roles, edges, strict=False)]
        return [piece for part in pieces(self.text, turns, span) for piece in self._unedited(part)]

    def _unedited(self, part: Part) -> Iterator[Part]:
        """A part without the replacements in it."""
        low = part.start
        at = bisect.bisect_right(self.edits, low, key=lambda edit: edit[1])
        for start, end, _ in self.edits[at:]:
            if start >= part.end:
                break
            if self.text[low:start].strip():
                yield part._replace(start=low, end=start)
            low = end
        if self.text[low : part.end].strip():
            yield part._replace(start=low)

    def moved(self, span: Span) -> Span:
        """A span of the original field where it stands in `text`."""
        return replace(span, start=self._now(span.start), end=self._now(span.end))

    def back(self, span: Span) -> Span:
        """A span of `text` where it stands in the original field."""
        return replace(span, start=self._original(span.start), end=self._original(span.end))

    def _now(self, original: int) -> int:
        """Where a position of the original field outside every replacement lies in `text`."""
        place = bisect.bisect_right(self.edits, original, key=lambda edit: edit[2].end) - 1
        return original if place < 0 else self.edits[place][1] + original - self.edits[place][2].end

    def _original(self, position: int) -> int:
        """Where a position of `text` outside every replacement lies in the original field."""
        place = bisect.bisect_right(self.edits, position, key=lambda edit: edit[1])
        if not place:
            return position
        _, end, item = self.edits[place - 1]
        return item.end + position - end
