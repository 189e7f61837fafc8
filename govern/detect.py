"""Finds personal data in a text: rules of `govern.recognizers`, names, and arbitration between findings that overlap.

The spans of a text depend on the text and the policy alone. Time is linear in the text. What cannot be decided is never
skipped: a pattern past its time-out raises `DetectionUnknown`. Nothing here opens a connection or keeps a text.
"""

import bisect
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata, resources
from typing import Any

from govern.errors import GovernError
from govern.files import digest
from govern.policy import Policy
from govern.recognizers import (
    banking,
    births,
    cards,
    english,
    english_names,
    identity,
    korean,
    korean_accounts,
    korean_codes,
    korean_names,
    korean_places,
    network,
    phones,
    pipeline,
    presidio,
    streets,
)
from govern.recognizers.rule import Compiled, Hit, compile_rule, run
from govern.recognizers.shadow import BLANK, Shadow, cast

PACKAGES = ("phonenumbers", "presidio-analyzer", "regex")
NAME_RECOGNIZERS = ("names.en", "names.ko")


class DetectionUnknown(GovernError):
    """A text could not be searched to the end, so nothing is known about it."""


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
    min_score: float
    timeout_s: float
    name_rules: bool
    rules: tuple[Compiled, ...] = field(repr=False)
    pipeline: Any = field(repr=False)
    pipeline_score: float = 0.0


def build(policy: Policy) -> Detector:
    """The detector of `policy`; loads Presidio and, where the policy names one, a spaCy pipeline from its folder.

    Raises:
        InputError: the pipeline cannot be loaded.
    """
    wanted = {entity_type: action for entity_type, action in policy.entities.items() if action != "off"}
    name_rules = policy.names.rules and "PERSON" in wanted
    path = policy.pipeline_path if "PERSON" in wanted else None
    model = pipeline.load(path) if path is not None else None
    everything = (
        *presidio.rules(),
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
        *english.RULES,
    )
    rules = tuple(compile_rule(rule) for rule in everything if rule.entity_type in wanted)
    models = ((path.name, pipeline.pipeline_digest(path)),) if path is not None else ()
    names = {item.rule.name for item in rules} | set(NAME_RECOGNIZERS if name_rules else ())
    if model is not None:
        names.add("names.spacy")
    ordered = tuple(sorted(names))
    return Detector(
        names=ordered,
        digest=_digest(ordered, models),
        models=models,
        entity_types=tuple(wanted),
        kept=frozenset(entity_type for entity_type, action in wanted.items() if action == "keep"),
        min_score=policy.min_score,
        timeout_s=policy.regex_timeout_s,
        name_rules=name_rules,
        rules=rules,
        pipeline=model,
        pipeline_score=policy.names.spacy_score,
    )


def find(detector: Detector, text: str, field: str = "text", known: frozenset[str] = frozenset()) -> tuple[Span, ...]:
    """The personal data in `text`, sorted, no two spans overlapping; existing tags are never part of a span.

    Where findings overlap, masked types go before kept ones, then the longest, the higher score, the earlier. `known`
    names (of the same document) are found wherever they stand.

    Raises:
        DetectionUnknown: a pattern ran past its time-out.
    """
    shadow = cast(text, detector.entity_types)
    spans = []
    for hit in _arbitrate(_hits(detector, shadow, known), detector.kept):
        start, end = shadow.original(hit.start, hit.end)
        spans.append(Span(field, start, end, hit.entity_type, hit.score, hit.recognizer))
    return tuple(spans)


def names_in(text: str, spans: Iterable[Span]) -> frozenset[str]:
    """The names among `spans` of `text`, as `find` takes them for the other fields of the document."""
    return frozenset(
        cast(text[span.start : span.end], ("PERSON",)).text for span in spans if span.entity_type == "PERSON"
    )


def _hits(detector: Detector, shadow: Shadow, known: frozenset[str]) -> list[Hit]:
    text = shadow.text
    try:
        found = list(run(detector.rules, text, detector.timeout_s))
    except TimeoutError:
        raise DetectionUnknown(
            f"detection: a pattern ran past {detector.timeout_s} s on one text, so what it holds is unknown; "
            "raise regex_timeout_s in the policy, or split the document"
        ) from None
    if detector.name_rules:
        found.extend(english_names.find(text))
        found.extend(korean_names.find(text))
    if detector.pipeline is not None:
        found.extend(pipeline.find(detector.pipeline, text, detector.pipeline_score))
    found = [hit for hit in found if hit.score >= detector.min_score and BLANK not in text[hit.start : hit.end]]
    people = known.union(text[hit.start : hit.end] for hit in found if hit.entity_type == "PERSON")
    if people:
        again = [*english_names.mentions(text, people), *korean_names.mentions(text, people)]
        found.extend(hit for hit in again if hit.score >= detector.min_score)
    return found


def _arbitrate(hits: list[Hit], kept: frozenset[str]) -> list[Hit]:
    def rank(hit: Hit) -> tuple[bool, int, float, int, str, str]:
        return hit.entity_type in kept, hit.start - hit.end, -hit.score, hit.start, hit.entity_type, hit.recognizer

    hits.sort(key=rank)
    chosen: list[Hit] = []
    for hit in hits:
        place = bisect.bisect_left(chosen, hit.start, key=lambda other: other.end)
        while place < len(chosen) and chosen[place].end <= hit.start:
            place += 1
        if place == len(chosen) or chosen[place].start >= hit.end:
            chosen.insert(place, hit)
    return chosen


def _digest(names: tuple[str, ...], models: tuple[tuple[str, str], ...]) -> str:
    """Over the recognizers' own files, this one, the packages whose patterns run, and the models."""
    package = resources.files("govern")
    folder = package.joinpath("recognizers")
    files = [package.joinpath("detect.py"), *folder.iterdir(), *folder.joinpath("lists").iterdir()]
    sums = {
        item.name: hashlib.sha256(item.read_bytes()).hexdigest()
        for item in files
        if item.name.endswith((".py", ".txt"))
    }
    versions = {name: metadata.version(name) for name in PACKAGES}
    return digest(
        {"names": list(names), "files": sums, "packages": versions, "models": [list(model) for model in models]}
    )
