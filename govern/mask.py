"""Masks a document: every finding becomes a short tag such as `<PERSON_1>`, and nothing else changes.

Tags are numbered within the document by first appearance of the canonical value, so one subject has one tag and
documents cannot be linked. The masked text is searched again until nothing is left: at most twice masked, else the
document is quarantined. The result depends on the document, the detector and the policy alone.
"""

import bisect
import unicodedata
from dataclasses import dataclass, field

from govern.corpus import Document
from govern.detect import DetectionUnknown, Detector, Findings, Span, names_in, search
from govern.normalize import normalize, tags
from govern.policy import Policy
from govern.readings import plainly

PASSES = 2

_BY_TEXT = frozenset({"PERSON", "EMAIL_ADDRESS", "CRYPTO", "IP_ADDRESS"})
"""Entity types whose canonical value keeps its punctuation; of the others only letters and digits count."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A tag and the code points of the original field that it stands for."""

    field: str
    start: int
    end: int
    entity_type: str
    tag: str
    recognizer: str
    score: float


@dataclass(frozen=True, slots=True)
class Masked:
    """The new document, what was replaced (offsets of the original), and the spans first found, kept ones among them.

    `vetoes` are the personal labels that financial identifiers outweighed: (entity type, kind, how many).
    """

    document: Document
    replacements: tuple[Replacement, ...]
    first_pass: tuple[Span, ...]
    vetoes: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document set aside: `too_long`, `detection_unknown` or `not_fixed_point`."""

    id: str = field(repr=False)
    reason: str


def mask(document: Document, detector: Detector, policy: Policy) -> Masked | Quarantined:
    """`document` with its personal data tagged, or why it cannot be.

    Text outside the replacements is unchanged; masking a masked document changes nothing.
    """
    if sum(len(text) for _, text in document.fields) > policy.max_document_characters:
        return Quarantined(document.id, "too_long")
    try:
        return _mask(document, detector)
    except DetectionUnknown:
        return Quarantined(document.id, "detection_unknown")


def _mask(document: Document, detector: Detector) -> Masked | Quarantined:
    numbers = _Numbers(document, detector)
    fields = tuple(_Edited(name, text) for name, text in document.fields)
    first = found = _search(fields, detector)
    for _ in range(PASSES):
        due = [[span for span in each.spans if span.entity_type not in detector.kept] for each in found]
        if not any(due):
            break
        for edited, spans in zip(fields, due, strict=True):
            edited.replace(spans, numbers)
        found = _search(fields, detector)
    if any(span.entity_type not in detector.kept for each in found for span in each.spans):
        return Quarantined(document.id, "not_fixed_point")
    masked = Document(document.id, tuple((each.name, each.text) for each in fields), document.source, document.metadata)
    replacements = tuple(item for each in fields for item in each.replacements())
    vetoes = tuple(veto for each in first for veto in each.vetoes)
    return Masked(masked, replacements, tuple(span for each in first for span in each.spans), vetoes)


def _search(fields: tuple["_Edited", ...], detector: Detector) -> list[Findings]:
    """What each field holds; a name found in one field is found in all."""
    found = [search(detector, each.text, each.name) for each in fields]
    if len(fields) > 1:
        known = frozenset().union(*(names_in(each.text, its.spans) for each, its in zip(fields, found, strict=True)))
        if known:
            found = [search(detector, each.text, each.name, known) for each in fields]
    return found


class _Numbers:
    """Gives each canonical value of a document its tag; starts above the tags that stand in the text already."""

    def __init__(self, document: Document, detector: Detector) -> None:
        self.tags: dict[tuple[str, str], str] = {}
        self.last: dict[str, int] = {}
        pattern = tags(tuple(sorted(detector.entity_types)))
        for _, text in document.fields:
            for match in pattern.finditer(text):
                self.last[match[1]] = max(self.last.get(match[1], 0), int(match[2]))

    def tag(self, entity_type: str, value: str) -> str:
        key = (entity_type, canonical_value(entity_type, value))
        if key not in self.tags:
            self.last[entity_type] = self.last.get(entity_type, 0) + 1
            self.tags[key] = f"<{entity_type}_{self.last[entity_type]}>"
        return self.tags[key]


class _Edited:
    """A field's text as masked so far, and where each tag came from."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.edits: list[tuple[int, int, Replacement]] = []
        """Start and end of each tag in `text`, and its replacement, sorted."""

    def replace(self, spans: list[Span], numbers: _Numbers) -> None:
        """Puts tags in place of `spans`, which are sorted and touch no tag."""
        new = []
        for span in spans:
            tag = numbers.tag(span.entity_type, self.text[span.start : span.end])
            start, end = self._original(span.start), self._original(span.end)
            new.append(Replacement(self.name, start, end, span.entity_type, tag, span.recognizer, span.score))
        pieces, done = [], 0
        for span, item in zip(spans, new, strict=True):
            pieces += [self.text[done : span.start], item.tag]
            done = span.end
        self.text = "".join(pieces) + self.text[done:]
        every = sorted([*(item for _, _, item in self.edits), *new], key=lambda item: item.start)
        self.edits, shift = [], 0
        for item in every:
            start = item.start + shift
            self.edits.append((start, start + len(item.tag), item))
            shift += len(item.tag) - (item.end - item.start)

    def replacements(self) -> tuple[Replacement, ...]:
        return tuple(item for _, _, item in self.edits)

    def _original(self, position: int) -> int:
        """Where a position of `text` outside every tag lies in the original field."""
        place = bisect.bisect_right(self.edits, position, key=lambda edit: edit[1])
        if not place:
            return position
        _, end, item = self.edits[place - 1]
        return item.end + position - end


def canonical_value(entity_type: str, value: str) -> str:
    """What makes two spellings one value: NFKC, hidden characters gone, one case; of numbers only letters and digits."""
    shadow = normalize(value, (entity_type,)).text
    if entity_type not in _BY_TEXT:
        shadow = plainly(shadow)
    plain = " ".join(unicodedata.normalize("NFKC", shadow).casefold().split())
    if entity_type in _BY_TEXT:
        return plain
    characters = "".join(character for character in plain if character.isalnum())
    if entity_type == "PHONE_NUMBER" and characters.startswith("82") and len(characters) > 10:
        return "0" + characters[2:].removeprefix("0")
    return characters
