"""Agreement with Presidio's own recognizer tests, counted by type: a held-out check, of which no case is kept here.

    python benchmarks/presidio_cases.py CHECKOUT [--out FILE] [--list TYPE]

`CHECKOUT` is a checkout of microsoft/presidio (`presidio-analyzer/tests` is enough). The parametrised cases are read from the
source, not imported: a text, how many findings are expected, and often where. Our detector runs restricted to the type of
the file, at a minimal score, since their recognizers run alone and without a threshold: once on the text as it is, once with
the name of the type before it, since what needs context here is never found without. A case agrees where the number of
findings and, where given, their places are the expected ones; a positive is covered where each expected place lies in
findings, whatever their number. A disagreement is listed where a row of `docs/presidio.md` that was written before the
cases were counted says so: somebody who wrote no rule read each of them and judged (`presidio_deviations.json`, by digest).
`--list` prints a type's disagreements, for whoever runs the check. Prints Markdown.
"""

import argparse
import ast
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from detection_engines import Finding, covered
from stdnum import iban

from govern.detect import Detector, build, find
from govern.policy import ENTITY_TYPES, Policy

TYPES = {
    "CREDIT_CARD": ("credit_card", "credit card number: "),
    "CRYPTO": ("crypto", "bitcoin wallet: "),
    "EMAIL_ADDRESS": ("email", "e-mail: "),
    "IBAN_CODE": ("iban", "IBAN: "),
    "IP_ADDRESS": ("ip", "IP address: "),
    "MAC_ADDRESS": ("mac", "MAC address: "),
    "PHONE_NUMBER": ("phone", "phone: "),
    "ABA_ROUTING_NUMBER": ("aba_routing", "ABA routing number: "),
    "US_BANK_NUMBER": ("us_bank", "bank account number: "),
    "US_DRIVER_LICENSE": ("us_driver_license", "driver's license number: "),
    "US_ITIN": ("us_itin", "ITIN: "),
    "US_PASSPORT": ("us_passport", "US passport number: "),
    "US_SSN": ("us_ssn", "social security number: "),
    "UK_NINO": ("uk_nino", "National Insurance number: "),
    "KR_RRN": ("kr_rrn", "주민등록번호 "),
    "KR_FRN": ("kr_frn", "외국인등록번호 "),
    "KR_BRN": ("kr_brn", "사업자등록번호 "),
    "KR_PASSPORT": ("kr_passport", "여권번호 "),
    "KR_DRIVER_LICENSE": ("kr_driver_license", "운전면허번호 "),
}
"""The test file of a type, and its name as context."""

JUDGED: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("presidio_deviations.json").read_text("utf-8"))
"""By the first 16 digits of SHA-256 over type, line end and text of a case: the row that explains it, bare or with context."""

TEXTS = ("text", "iban")
PLACES = ("expected_positions", "expected_res")
LENIENCY = 1
"""Presidio's own default; cases for another one are of another recognizer."""


class Case(NamedTuple):
    """A text, how many findings are expected in it, and where (empty: not said)."""

    text: str
    count: int
    places: tuple[tuple[int, int], ...]


@dataclass
class Tally:
    """Cases of a kind: how many, how many agree as they are and with context, differ as listed, or are covered."""

    cases: int = 0
    bare: int = 0
    context: int = 0
    bare_listed: int = 0
    context_listed: int = 0
    bare_covered: int = 0
    context_covered: int = 0
    apart: list[str] = field(default_factory=list, repr=False)


COUNTS = tuple(name for name in Tally.__annotations__ if name != "apart")


def cases(path: Path) -> Iterator[Case]:
    """The parametrised cases of a test file."""
    for node in ast.parse(path.read_text("utf-8")).body:
        for decorator in getattr(node, "decorator_list", ()):
            if not (isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("parametrize")):
                continue
            names = re.split(r",\s*", ast.literal_eval(decorator.args[0]))
            rows = decorator.args[1]
            if "expected_len" not in names or not isinstance(rows, ast.List):
                continue
            for row in rows.elts:
                values = dict(zip(names, map(_value, getattr(row, "elts", ())), strict=True))
                if values.get("leniency", LENIENCY) == LENIENCY:
                    text = next(values[name] for name in TEXTS if name in values)
                    places = next((values[name] for name in PLACES if name in values), ())
                    yield Case(text, values["expected_len"], tuple(place for place in places if place))


def _value(node: ast.expr) -> Any:
    """A literal, or an IBAN that their test gives its check digits."""
    if isinstance(node, ast.Call):
        text = ast.literal_eval(node.args[0])
        compact = text.replace(" ", "")
        return text[:2] + iban.calc_check_digits(compact) + text[4:]
    if isinstance(node, ast.JoinedStr):  # an f-string without anything in braces
        return "".join(ast.literal_eval(part) for part in node.values)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None  # a variable, such as the highest score


def detector(entity_type: str) -> Detector:
    """One that finds this type alone, whatever its score."""
    entities: dict[str, Any] = {name: "tag" if name == entity_type else "off" for name in ENTITY_TYPES}
    return build(Policy(name="cases", entities=entities, min_score=0.01))


def found(engine: Detector, text: str, shift: int) -> list[Finding]:
    """Findings, in places of the text without its first `shift` characters."""
    spans = find(engine, text)
    return [Finding(span.start - shift, span.end - shift, span.entity_type, span.score) for span in spans]


def agrees(case: Case, findings: list[Finding]) -> bool:
    """Whether number and places are those of the case."""
    places = {(item.start, item.end) for item in findings}
    return len(findings) == case.count and places.issuperset(case.places)


def count(entity_type: str, folder: Path) -> dict[bool, Tally]:
    """Tallies of the positive (True) and the negative cases."""
    name, context = TYPES[entity_type]
    engine = detector(entity_type)
    tallies = {True: Tally(), False: Tally()}
    for case in cases(folder / f"test_{name}_recognizer.py"):
        tally = tallies[case.count > 0]
        bare, helped = found(engine, case.text, 0), found(engine, context + case.text, len(context))
        tally.cases += 1
        tally.bare += agrees(case, bare)
        tally.context += agrees(case, helped)
        row = JUDGED.get(hashlib.sha256(f"{entity_type}\n{case.text}".encode()).hexdigest()[:16], {})
        tally.bare_listed += not agrees(case, bare) and row.get("bare", False)
        tally.context_listed += not agrees(case, helped) and row.get("context", False)
        for findings, kind in ((bare, "bare_covered"), (helped, "context_covered")):
            whole = len(findings) >= case.count and all(covered(*place, findings) for place in case.places)
            setattr(tally, kind, getattr(tally, kind) + (whole if case.count else not findings))
        if not (agrees(case, bare) and agrees(case, helped)):
            ours = [[item[:2] for item in findings] for findings in (bare, helped)]
            tally.apart.append(
                f"{case.text!r}: expected {case.count} at {case.places}, bare {ours[0]}, with context {ours[1]}"
            )
    return tallies


def report(folder: Path, commit: str) -> Iterator[str]:
    """The table."""
    yield "# Agreement with Presidio's own recognizer tests\n"
    yield (__doc__ or "").split("`CHECKOUT`")[1].split("`--list`")[0].partition("enough). ")[2].strip() + "\n"
    yield f"`python benchmarks/presidio_cases.py CHECKOUT`; tests of microsoft/presidio{commit}, presidio-analyzer"
    yield f"{metadata.version('presidio-analyzer')} installed. The cases are theirs (MIT) and are not kept here.\n"
    yield "| type | positives | agree | with context | listed | covered | negatives | agree | with context | listed |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    whole = {True: Tally(), False: Tally()}
    for entity_type in TYPES:
        tallies = count(entity_type, folder)
        for kind, tally in tallies.items():
            for name in COUNTS:
                setattr(whole[kind], name, getattr(whole[kind], name) + getattr(tally, name))
        yield _row(entity_type, tallies)
    yield _row("**all**", whole)
    for title, kind in (("positives", True), ("negatives", False)):
        tally = whole[kind]
        bare, context = tally.bare / tally.cases, tally.context / tally.cases
        listed = [(tally.bare + tally.bare_listed) / tally.cases, (tally.context + tally.context_listed) / tally.cases]
        yield f"\n{title.capitalize()}: {bare:.3f} agree as they are, {context:.3f} with context; {listed[0]:.3f} and"
        yield f"{listed[1]:.3f} agree or differ as listed."


def _row(name: str, tallies: dict[bool, Tally]) -> str:
    yes, no = tallies[True], tallies[False]
    cells = [yes.cases, yes.bare, yes.context, yes.context_listed, yes.context_covered]
    cells += [no.cases, no.bare, no.context, no.context_listed]
    return f"| {name} | {' | '.join(map(str, cells))} |"


def main() -> None:
    """Prints the table, or the disagreements of a type."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--commit", default="")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--list", choices=TYPES)
    arguments = parser.parse_args()
    folder = arguments.checkout / "presidio-analyzer" / "tests"
    if arguments.list:
        for kind, tally in count(arguments.list, folder).items():
            print("positive" if kind else "negative", *tally.apart, sep="\n  ")
        return
    lines = "\n".join(report(folder, f" at {arguments.commit}" if arguments.commit else ""))
    if arguments.out is None:
        print(lines)
    else:
        arguments.out.write_text(lines + "\n", "utf-8")


if __name__ == "__main__":
    main()
