"""Assay and plain Presidio behind one signature, and what is counted of them: precision, recall, F and intervals.

Presidio runs as its documentation has it: `AnalyzerEngine` with its default English recognizers; for Korean its five Korean
recognizers are switched on beside the general ones, with Korea among the telephone regions. Both run over a blank spaCy
pipeline, so neither side has a name model; tokens are their own lemmas, or Presidio's context words would never count.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

Z = 1.959964
"""Of the normal distribution, for 95 %."""

FLOOR = 0.4
"""Assay's least score, and a second reading of Presidio's findings, whose own default is to give everything."""

KOREAN = ("KrRrnRecognizer", "KrFrnRecognizer", "KrBrnRecognizer", "KrPassportRecognizer", "KrDriverLicenseRecognizer")
GENERAL = (
    "CreditCardRecognizer",
    "CryptoRecognizer",
    "EmailRecognizer",
    "IbanRecognizer",
    "IpRecognizer",
    "MacAddressRecognizer",
    "UsSsnRecognizer",
)


class Finding(NamedTuple):
    """Where something was found, and what."""

    start: int
    end: int
    entity_type: str
    score: float


@dataclass(frozen=True)
class Engine:
    """A name, a function of text and language, and the types it can find in each language."""

    name: str
    find: Callable[[str, str], list[Finding]]
    types: dict[str, frozenset[str]]


def assay() -> Engine:
    """The default policy without its name model: names are measured by `names.py`."""
    from govern.detect import build, find
    from govern.policy import load

    detector = build(load("default").by_rule())
    types = frozenset(detector.entity_types)

    def search(text: str, _: str) -> list[Finding]:
        return [Finding(span.start, span.end, span.entity_type, span.score) for span in find(detector, text)]

    return Engine("Assay", search, {"en": types, "ko": types})


def presidio() -> Engine:
    """Plain Presidio, every finding."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, predefined_recognizers
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())  # no look-up on the network

    @spacy.Language.component("own_lemmas")
    def own_lemmas(document: Any) -> Any:
        for token in document:
            token.lemma_ = token.lower_
        return document

    class Blank(SpacyNlpEngine):  # type: ignore[misc]  # untyped package
        """A spaCy engine without a model, which needs no download."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en"), "ko": spacy.blank("xx")}
            for pipeline in self.nlp.values():
                pipeline.add_pipe("own_lemmas")
                pipeline.max_length = 10_000_000

        def is_loaded(self) -> bool:
            return True

    registry = RecognizerRegistry(supported_languages=["en", "ko"])
    registry.load_predefined_recognizers(languages=["en"])
    for name in (*KOREAN, *GENERAL):
        registry.add_recognizer(getattr(predefined_recognizers, name)(supported_language="ko"))
    regions = ("KR", "US")
    registry.add_recognizer(predefined_recognizers.PhoneRecognizer(supported_language="ko", supported_regions=regions))
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en", "ko"])

    def search(text: str, lang: str) -> list[Finding]:
        return [Finding(item.start, item.end, item.entity_type, item.score) for item in engine.analyze(text, lang)]

    without_model = {"PERSON", "LOCATION", "NRP", "DATE_TIME"}
    types = {lang: frozenset(engine.get_supported_entities(lang)) - without_model for lang in ("en", "ko")}
    return Engine("Presidio", search, types)


@dataclass
class Score:
    """Labels and findings of a type: `found` of `labelled` (`masked` by any type), `right` of `given`."""

    labelled: int = 0
    found: int = 0
    masked: int = 0
    given: int = 0
    right: int = 0

    @property
    def recall(self) -> float:
        """Share of the labels of which every character lies in findings of their type."""
        return self.found / self.labelled if self.labelled else math.nan

    @property
    def precision(self) -> float:
        """Share of the findings that touch a label of their type."""
        return self.right / self.given if self.given else math.nan

    def f(self, beta: float) -> float:
        """F with recall worth `beta` times as much as precision."""
        precision, recall = self.precision, self.recall
        if not self.found or not self.right:
            return 0.0 if self.labelled else math.nan
        return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)

    def __add__(self, other: "Score") -> "Score":
        """Both together."""
        return Score(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not tries:
        return math.nan, math.nan
    share = hits / tries
    middle = share + Z * Z / (2 * tries)
    half = Z * math.sqrt(share * (1 - share) / tries + Z * Z / (4 * tries * tries))
    return max(0.0, (middle - half) / (1 + Z * Z / tries)), min(1.0, (middle + half) / (1 + Z * Z / tries))


Label = tuple[int, int, str]
Scores = dict[tuple[str, str], Score]
"""By entity type and language."""


def judge(scores: Scores, lang: str, findings: Iterable[Finding], labels: list[Label], types: frozenset[str]) -> None:
    """Adds a text's findings and labels of `types` to the scores."""
    by_type: dict[str, list[Finding]] = {}
    every = list(findings)
    for finding in every:
        if finding.entity_type in types:
            by_type.setdefault(finding.entity_type, []).append(finding)
    for start, end, kind in labels:
        if kind in types:
            score = scores.setdefault((kind, lang), Score())
            score.labelled += 1
            score.found += covered(start, end, by_type.get(kind, []))
            score.masked += covered(start, end, every)
    for kind, found in by_type.items():
        score = scores.setdefault((kind, lang), Score())
        score.given += len(found)
        score.right += sum(
            any(other == kind and start < item.end and item.start < end for start, end, other in labels)
            for item in found
        )


def covered(start: int, end: int, findings: Iterable[Finding]) -> bool:
    """Whether every character from `start` to `end` lies in some finding."""
    at = start
    for item in sorted(findings):
        if item.start <= at < item.end:
            at = item.end
    return at >= end


def share(value: float) -> str:
    """Three digits, or a dash; never rounded to 1 or 0 unless it is."""
    if math.isnan(value):
        return "–"
    text = f"{value:.3f}"
    if text == "1.000" and value < 1:
        return "0.999"
    return "0.001" if text == "0.000" and value > 0 else text


def interval(hits: int, tries: int) -> str:
    """`0.971 [0.95, 0.98]`."""
    if not tries:
        return "–"
    low, high = wilson(hits, tries)
    return f"{share(hits / tries)} [{share(low)}, {high:.3f}]"
