"""What both cards of a certified corpus say alike: licences, sources, what was replaced, tags; all of it read off the claim.

`govern.croissant` and `govern.dataset_card` write the cards. What the claim does not say stands in neither of them.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from govern.claim import WAYS
from govern.treatment import STAYS

_SINGLE = re.compile(r"[A-Za-z0-9.-]+")
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+")

HUB_LICENCES = frozenset((
    "afl-3.0", "agpl-3.0", "apache-2.0", "artistic-2.0", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear",
    "bsl-1.0", "c-uda", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0",
    "cc-by-nc-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0",
    "cdla-sharing-1.0", "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "gpl-2.0", "gpl-3.0", "isc",
    "lgpl-2.1", "lgpl-3.0", "lppl-1.3c", "mit", "mpl-2.0", "ms-pl", "ncsa", "ofl-1.1", "osl-3.0", "postgresql",
    "unlicense", "wtfpl", "zlib",
))  # fmt: skip
"""Identifiers of the Hugging Face Hub (hub-docs, repositories-licenses) that are SPDX identifiers in small letters."""

_HUB_FAMILIES = {"odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl"}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as a source declares it."""

    declared: str

    @property
    def url(self) -> str | None:
        """The page of a single licence of the SPDX list, or the address that was declared; None for anything else."""
        spdx = self._spdx
        if spdx is not None:
            return f"https://spdx.org/licenses/{spdx}"
        return self.declared if _ADDRESS.fullmatch(self.declared) else None

    @property
    def hub(self) -> str:
        """The identifier of the Hugging Face Hub; `other` where it has none."""
        name = (self._spdx or "").lower()
        return name if name in HUB_LICENCES else _HUB_FAMILIES.get(name, "other")

    @property
    def _spdx(self) -> str | None:
        """The identifier of a single licence of the SPDX list, in its own letters."""
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

        if not _SINGLE.fullmatch(self.declared):
            return None
        try:
            name = str(canonicalize_license_expression(self.declared))
        except InvalidLicenseExpression:
            return None
        return None if name.startswith("LicenseRef-") else name


def licences(claim: dict[str, Any]) -> tuple[Licence | None, ...]:
    """Each licence of what was certified, sorted; None stands last, for documents of which no licence is declared."""
    names = [source["licence"] for source in claim["sources"] if source["documents_certified"]]
    known = tuple(Licence(name) for name in sorted({name for name in names if name}))
    return known if names and all(names) else (*known, None)


@dataclass(frozen=True, slots=True)
class Origin:
    """A declared source, or all that are not declared together (`name` is None); counts are documents."""

    name: str | None
    licence: str | None
    owner: str | None
    period: str | None
    legal_basis: str | None
    reason: str | None
    sources: int
    came_in: int
    certified: int


def origins(claim: dict[str, Any]) -> tuple[Origin, ...]:
    """Where the documents come from. A source that nobody declared has a keyed name that says nothing: those are one."""
    declared = tuple(
        Origin(source["name"], source["licence"], source["owner"], source["period"], source["legal_basis"],
               source.get("reason"), 1, source["documents_in"], source["documents_certified"])
        for source in claim["sources"] if source["declared"]
    )  # fmt: skip
    rest = [source for source in claim["sources"] if not source["declared"]]
    if not rest:
        return declared
    came_in, certified = (sum(source[name] for source in rest) for name in ("documents_in", "documents_certified"))
    return (*declared, Origin(None, None, None, None, None, None, len(rest), came_in, certified))


def languages(claim: dict[str, Any]) -> list[str]:
    """The languages that some document was certified in, as ISO 639-1 codes; text in neither is left out."""
    return [each["lang"] for each in claim["corpus"]["languages"] if each["lang"] != "und" and each["documents"]]


def done_with(action: str) -> str:
    """What was done with values that were found, in words."""
    return "left as they are" if action in STAYS else f"replaced by {WAYS.get(action, action)}"


def replaced(claim: dict[str, Any]) -> bool:
    """Whether some value was found and replaced."""
    return any(row["spans"] and row["action"] not in STAYS for row in claim["privacy"]["entities"])


def tags(claim: dict[str, Any]) -> list[str]:
    """What a catalogue finds the corpus by; `finance` only where the declared use speaks of it."""
    use = claim["purpose"]["intended_use"].lower()
    finance = ["finance"] if "financ" in use or "금융" in use else []
    masked = ["pii-masked", "pseudonymised"] if replaced(claim) else []
    return [*finance, *masked, "certified-corpus"]


def listed(counts: dict[str, int]) -> str:
    """Counts by reason in a line: `3 exact_duplicate, 1 withdrawn`; `none` where there are none."""
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none"


def verdicts(claim: dict[str, Any]) -> dict[str, int]:
    """How many expectations passed, and how many did not and why that did not stop the corpus."""
    waived = {waiver["id"] for waiver in claim["decision"]["waivers"]}
    return dict(Counter(_verdict(row, waived) for row in claim["quality"]["results"]))


def _verdict(row: dict[str, Any], waived: set[str]) -> str:
    if row["status"] == "passed":
        return "passed"
    return f"{row['status']} (waived)" if row["id"] in waived else f"{row['status']} ({row['severity']})"


def one_line(text: str) -> str:
    """`text` with every character that does not print, a line end among them, written as an escape."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def joined(*parts: str | None) -> str:
    """The parts that there are, in a line."""
    return "; ".join(part for part in parts if part)
