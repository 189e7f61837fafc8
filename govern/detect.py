"""Finds personal data in a text: rules of `govern.recognizers` and names, over the text and readings of hidden numbers.

The spans of a text depend on the text and the policy alone. Time is linear in the text. What cannot be decided is never
skipped: a pattern past its time-out raises `DetectionUnknown`. Nothing here opens a connection or keeps a text.
"""

import bisect
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

from govern import arbitrate
from govern.arbitrate import Finding
from govern.errors import GovernError, InputError
from govern.files import digest
from govern.imports import bare
from govern.ner import PIPELINES
from govern.normalize import BLANK, Shadow, normalize
from govern.policy import Policy
from govern.readings import Readings, readings
from govern.recognizers import (
    banking,
    births,
    cards,
    english_names,
    financial,
    identity,
    korean,
    korean_accounts,
    korean_codes,
    korean_names,
    korean_places,
    name_columns,
    network,
    phones,
    presidio,
    streets,
)
from govern.recognizers.rule import Compiled, Hit, Rule, Rules, compile_rule, run
from govern.tables import heading_of, short_keys

if TYPE_CHECKING:
    from govern import known
    from govern.ner.models import NameModel

PACKAGES = ("daachorse", "phonenumbers", "presidio-analyzer", "python-stdnum", "regex")
NAME_RECOGNIZERS = {"en": "names.en", "ko": "names.ko"}
LANGUAGES = ("en", "ko")
TEXT, HEADED = "text", ": "
"""The field that is a text of its own, and what stands between the name of any other and its value."""
PLAIN_ENOUGH = 0.8
"""A reading that nothing validates and no word explains counts from this score on: a mobile number, a registration number."""


BY_LOOK = frozenset({"names.en.list", "names.en.surname", "names.en.given", "names.ko.alone"})
"""Rules that go by the word alone, with no title, label or signature beside it."""


class DetectionUnknown(GovernError):
    """A text could not be searched to the end, so nothing is known about it."""


Finder = Callable[[str], Iterable[Hit]]
"""Finds values that are known beforehand in the text of a shadow."""


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data at code points `start` to `end` (half open) of a field; the text itself is not held."""

    field: str
    start: int
    end: int
    entity_type: str
    score: float
    recognizer: str


@dataclass(frozen=True, slots=True)
class Detector:
    """The recognizers a policy asks for, ready to run; `digest` changes with any rule, list, package or model."""

    names: tuple[str, ...]
    digest: str
    models: tuple[tuple[str, str], ...]
    entity_types: tuple[str, ...]
    kept: frozenset[str]
    scores: Mapping[str, float] = field(repr=False)
    """The score from which on findings of each entity type count."""
    timeout_s: float
    name_rules: tuple[str, ...]
    """Languages whose names are looked for by rule."""
    rules: Rules = field(repr=False)
    financial: tuple[Compiled, ...] = field(repr=False)
    model: "NameModel | None" = field(repr=False)
    """Finds names beside the rules."""
    finders: tuple[Finder, ...] = field(default=(), repr=False)
    """Known and denied values, which are found everywhere."""
    joined: "known.Known | None" = field(default=None, repr=False)
    """Known values that are found in the documents of their customer."""
    values: tuple[str, ...] = ()
    """Digests of the lists and known values that were opened."""

    def beside(self, values: tuple[tuple[str, str], ...], key: str | None) -> "tuple[tuple[Finder, ...], str | None]":
        """What finds the values that came with one document, and those of the customer it names.

        Also what became of the join: `joined`, `no_row`, `no_key`, or None where documents are not joined.
        """
        from govern import known

        finders: list[Finder] = []
        if values:
            finders.append(partial(known.search, known.from_values(values, reach="joined")))
        if self.joined is None:
            return tuple(finders), None
        if not key:
            return tuple(finders), "no_key"
        row = known.join(self.joined, key)
        if row is None:
            return tuple(finders), "no_row"
        return (*finders, partial(known.search, row)), "joined"

    def sure(self, hit: Hit) -> bool:
        """Whether a hit scores what its entity type asks for."""
        return hit.score >= self.scores[hit.entity_type]


@dataclass(frozen=True, slots=True)
class Findings:
    """The spans of a text, and the personal labels that financial identifiers vetoed: (entity type, kind, how many)."""

    spans: tuple[Span, ...]
    vetoes: tuple[tuple[str, str, int], ...]


def build(policy: Policy, language: str | None = None, secret: bytes | None = None) -> Detector:
    """The detector of `policy`; loads Presidio, the name model and, where the policy names them, lists and known values.

    `language` leaves out what makes sense in the other language alone; numbers are looked for in both. The secret opens
    lists and known values.

    Raises:
        InputError: the name model cannot be loaded, or Presidio has no recognizer of that name.
    """
    wanted = {entity_type: action for entity_type, action in policy.entities.items() if action != "off"}
    languages = LANGUAGES if language is None else (language,)
    name_rules = languages if policy.names.rules and "PERSON" in wanted else ()
    model, models = _name_model(policy, languages) if "PERSON" in wanted else (None, ())
    rules = tuple(
        compile_rule(rule)
        for rule in _rules(policy.presidio)
        if rule.entity_type in wanted and (rule.language is None or rule.language in languages)
    )
    finders, joined, values = _values(policy, secret)
    names = {item.rule.name for item in rules} | {NAME_RECOGNIZERS[name] for name in name_rules}
    if model is not None:
        names.add(model.recognizer)
    ordered = tuple(sorted(names))
    return Detector(
        names=ordered,
        digest=_digest(ordered, models),
        models=models,
        entity_types=tuple(wanted),
        kept=frozenset(entity_type for entity_type, action in wanted.items() if action == "keep"),
        scores={entity_type: policy.least(entity_type) for entity_type in wanted},
        timeout_s=policy.regex_timeout_s,
        name_rules=name_rules,
        rules=Rules(rules),
        financial=tuple(map(compile_rule, financial.RULES)),
        model=model,
        finders=finders,
        joined=joined,
        values=values,
    )


def _name_model(
    policy: Policy, languages: tuple[str, ...]
) -> "tuple[NameModel | None, tuple[tuple[str, str], ...]]":
    """The model that finds names, and its name and digest; that of the package has a pipeline for each language."""
    where = policy.name_model
    if where is None:
        return None, ()
    if where == PIPELINES:
        with bare():
            from govern.ner import bundled

            model = bundled.load(where)
        return replace(model, languages=languages), (("bundled", bundled.digest(where)),)
    from govern.ner import models

    return models.open(where, policy.names.spacy_score), ((where.name, models.digest(where)),)


def _values(policy: Policy, secret: bytes | None) -> "tuple[tuple[Finder, ...], known.Known | None, tuple[str, ...]]":
    """What finds denied and known values in every document, the table that documents are joined with, and their digests."""
    finders: list[Finder] = []
    digests: list[str] = []
    joined = None
    if policy.lists_path is not None:
        from govern import known, lists

        opened = lists.load(policy.lists_path, secret)
        digests.append(opened.digest)
        if opened.denied:
            finders.append(partial(known.search, known.from_values(opened.denied, recognizer=arbitrate.DENIED)))
    if policy.known is not None and policy.known_path is not None:
        from govern import known

        if secret is None:
            raise InputError(f"policy '{policy.name}': its known values are sealed, and no secret came; give it with --secret")
        table = known.open(policy.known_path, secret)
        digests.append(table.digest)
        if policy.known.search != "join":
            finders.append(partial(known.search, table))
        joined = table if policy.known.search != "everywhere" else None
    return tuple(finders), joined, tuple(digests)


def _rules(presidio_names: tuple[str, ...]) -> tuple[Rule, ...]:
    return (
        *(presidio.rules(presidio_names) if presidio_names else presidio.rules()),
        *korean.RULES,
        *korean_accounts.RULES,
        *korean_places.RULES,
        *korean_codes.RULES,
        *births.RULES,
        *phones.rules(),
        *cards.RULES,
        *banking.RULES,
        *identity.RULES,
        *network.RULES,
        *streets.RULES,
    )


def find(detector: Detector, text: str, field: str = "text", known: frozenset[str] = frozenset()) -> tuple[Span, ...]:
    """The spans of `search`."""
    return search(detector, text, field, known).spans


def search(
    detector: Detector,
    text: str,
    field: str = "text",
    known: frozenset[str] = frozenset(),
    blanks: tuple[tuple[int, int], ...] = (),
    finders: tuple[Finder, ...] = (),
) -> Findings:
    """The personal data in `text`, sorted, no two spans overlapping; existing tags are never part of a span.

    `govern.arbitrate` says what becomes of findings that overlap. `known` names (of the same document) are found
    wherever they stand. `blanks` (start, end) are not looked at: what masking wrote.
    `finders` know values of this document beside the detector's own. A field other than `text` is a column, whose name is
    the heading that says what its value is (`rrn: 960101`).

    Raises:
        DetectionUnknown: a pattern ran past its time-out.
    """
    if field == TEXT:
        return _searched(detector, text, field, known, blanks, finders)
    heading = f"{heading_of(field)}{HEADED}"
    ahead = len(heading)
    moved = tuple((start + ahead, end + ahead) for start, end in blanks)
    found = _searched(detector, heading + text, field, known, moved, finders)
    spans = [replace(span, start=max(0, span.start - ahead), end=span.end - ahead) for span in found.spans if span.end > ahead]
    return Findings(tuple(spans), found.vetoes)


def _searched(
    detector: Detector,
    text: str,
    field: str,
    known: frozenset[str],
    blanks: tuple[tuple[int, int], ...],
    finders: tuple[Finder, ...],
) -> Findings:
    """As `search`, in the text as it is given."""
    shadow = normalize(text, detector.entity_types, blanks)
    try:
        findings, others = _findings(detector, shadow, finders)
        weak = sorted((hit.start, hit.end) for hit, _ in findings if arbitrate.weak(hit))
        vetoing = financial.find(detector.financial, shadow.text, weak, detector.timeout_s) if weak else []
    except TimeoutError:
        raise DetectionUnknown(
            f"detection: a pattern ran past {detector.timeout_s} s on one text, so what it holds is unknown; "
            "raise regex_timeout_s in the policy, or split the document"
        ) from None
    standing, vetoes = arbitrate.veto(findings, vetoing)
    if detector.name_rules:
        standing += _mentions(detector, shadow.text, standing, known, others)
    spans = []
    for hit in arbitrate.choose(standing, detector.kept):
        low, high = _trimmed(shadow.text, hit.start, hit.end)
        start, end = shadow.original(low, high)
        spans.append(Span(field, start, end, hit.entity_type, hit.score, hit.recognizer))
    return Findings(tuple(spans), tuple((*key, count) for key, count in sorted(vetoes.items())))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The same stretch without blanks and bars of a table at its edges."""
    value = text[start:end]
    return end - len(value.lstrip(" \t|")), start + len(value.rstrip(" \t|"))


def names_in(text: str, spans: Iterable[Span]) -> frozenset[str]:
    """The names among `spans` of `text`, as `search` takes them for the other fields of the document."""
    return frozenset(
        normalize(text[span.start : span.end], ("PERSON",)).text for span in spans if span.entity_type == "PERSON"
    )


def _findings(
    detector: Detector, shadow: Shadow, finders: tuple[Finder, ...]
) -> tuple[list[Finding], list[tuple[int, int]]]:
    """Every finding that is sure enough, in positions of the shadow, and the companies and places of the name model."""
    text = shadow.text
    found = list(run(detector.rules, text, detector.timeout_s))
    names, others = _names(detector, text)
    found.extend(names)
    finders = (*detector.finders, *finders)
    found.extend(_known(detector, finders, text))
    findings = [Finding(hit) for hit in found if detector.sure(hit) and not _torn(hit, text)]
    hidden = readings(text)
    if hidden is not None:
        findings.extend(_read(detector, hidden, text, finders))
    return findings, others


def _names(detector: Detector, text: str) -> tuple[list[Hit], list[tuple[int, int]]]:
    """Names by rule and by model, and the model's companies and places, which a rule by the look of a word gives way to."""
    ruled: list[Hit] = []
    if "en" in detector.name_rules:
        ruled.extend(english_names.find(text))
    if "ko" in detector.name_rules:
        ruled.extend(korean_names.find(text))
    if detector.name_rules:
        ruled.extend(name_columns.find(text, detector.name_rules))
    if detector.model is None:
        return ruled, []
    ((persons, others),) = detector.model.found([text])
    named = [(person.start, person.end) for person in persons]
    keys = short_keys(text)
    hits = [Hit(start, end, "PERSON", score, detector.model.recognizer) for start, end, score in persons]
    hits = [hit for hit in hits if not _meets(hit, keys)]
    hits += [hit for hit in ruled if hit.recognizer not in BY_LOOK or not _meets(hit, others) or _meets(hit, named)]
    return hits, others


def _meets(hit: Hit, spans: list[tuple[int, int]]) -> bool:
    """Whether one of the spans, sorted and apart, overlaps the hit."""
    place = bisect.bisect_left(spans, hit.end, key=lambda span: span[0]) - 1
    return place >= 0 and spans[place][1] > hit.start


def _known(detector: Detector, finders: tuple[Finder, ...], text: str) -> list[Hit]:
    """Values that are known beforehand, of the types that are looked for."""
    return [hit for finder in finders for hit in finder(text) if hit.entity_type in detector.scores]


def _read(detector: Detector, hidden: Readings, plain: str, finders: tuple[Finder, ...]) -> list[Finding]:
    """What the rules find in rewritten numbers, where that is sure enough for a number that was not written plainly.

    A check digit alone proves less in a reading, since there are several of each number. The first reading keeps the
    groups of the number; what it explains, the others do not explain otherwise.
    """
    text = hidden.shadow.text
    read: list[tuple[bool, Finding]] = []
    for hit in (*run(detector.rules, text, detector.timeout_s), *_known(detector, finders, text)):
        core = hidden.core(hit.start, hit.end)
        if core is None or not detector.sure(hit) or _torn(hit, text):
            continue
        if core.kind == "cells" and (hit.start < core.start or hit.end > core.end):
            continue
        sure = hit.validated and core.kind != "lines"
        plain_enough = hit.score >= PLAIN_ENOUGH and core.kind in {"letters", "apart"}
        if core.kind == "words" or hit.contextual or sure or plain_enough:
            start, end = hidden.shadow.original(hit.start, hit.end)
            if plain.count(")", start, end) > plain.count("(", start, end):
                start = _opened(plain, start, "(")
            if hit.entity_type == "PHONE_NUMBER":
                start = _opened(plain, start, "+")
            validated = hit.validated and bool(hit.contextual)
            where = hit._replace(start=start, end=end, validated=validated)
            regrouped = core.kind == "letters" and not core.first
            read.append((core.first, Finding(where, arbitrate.CELL if core.kind == "cells" else 2 if regrouped else 1)))
    explained: list[tuple[int, int]] = []
    for start, end in sorted((hit.start, hit.end) for first, (hit, _) in read if first and hit.contextual):
        if not explained or end > explained[-1][1]:
            explained.append((start, end))
    return [finding for first, finding in read if first or not _inside(finding.hit, explained)]


def _inside(hit: Hit, spans: list[tuple[int, int]]) -> bool:
    """Whether one of the spans, of which none lies in another, holds the hit."""
    place = bisect.bisect_right(spans, hit.start, key=lambda span: span[0]) - 1
    return place >= 0 and hit.end <= spans[place][1]


def _opened(text: str, start: int, mark: str) -> int:
    """Where the mark right before `start` stands, if there is one: a reading begins at its first digit."""
    place = text.rfind(mark, max(0, start - 2), start)
    return start if place < 0 else place


def _torn(hit: Hit, text: str) -> bool:
    return BLANK in text[hit.start : hit.end]


def _mentions(
    detector: Detector, text: str, findings: list[Finding], known: frozenset[str], others: list[tuple[int, int]]
) -> list[Finding]:
    """The names that were found, wherever else they stand, but for English words of a name that are something else there."""
    people = known.union(text[hit.start : hit.end] for hit, _ in findings if hit.entity_type == "PERSON")
    if not people:
        return []
    again: list[Hit] = []
    if "en" in detector.name_rules:
        again.extend(english_names.mentions(text, people))
    if "ko" in detector.name_rules:
        again.extend(korean_names.mentions(text, people))
    return [Finding(hit) for hit in again if detector.sure(hit) and not _otherwise(detector, text, hit, others)]


def _otherwise(detector: Detector, text: str, hit: Hit, others: list[tuple[int, int]]) -> bool:
    """Whether an English word that stands alone is another one, or within what the model calls a company or place.

    A name of several words, and a Korean one, is that person wherever it stands.
    """
    word = text[hit.start : hit.end]
    if detector.model is None or " " in word or not hit.recognizer.startswith("names.en."):
        return False
    return _meets(hit, others) or (hit.recognizer == "names.en.surname" and detector.model.doubtful(word))


def _digest(names: tuple[str, ...], models: tuple[tuple[str, str], ...]) -> str:
    """Over the recognizers' own files, this one, the packages whose patterns run, and the models."""
    package = resources.files("govern")
    folder = package.joinpath("recognizers")
    modules = ("arbitrate", "detect", "dialogue", "dictation", "hidden", "normalize", "readings", "tables", "turns")
    own = [package.joinpath(f"{name}.py") for name in modules]
    folders = (folder, folder.joinpath("lists"), *(package.joinpath(name) for name in ("known", "ner", "ner/models")))
    files = [*own, *(item for each in folders for item in each.iterdir())]
    sums = {
        f"{Path(str(item)).parent.name}/{item.name}": hashlib.sha256(item.read_bytes()).hexdigest()
        for item in files
        if item.name.endswith((".py", ".txt"))
    }
    versions = {name: metadata.version(name) for name in PACKAGES}
    return digest(
        {"names": list(names), "files": sums, "packages": versions, "models": [list(model) for model in models]}
    )
