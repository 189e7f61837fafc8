"""Renders the one-page report of a run: counts and decisions in, self-contained HTML out; no clock, no script, no request."""

from functools import cache
from typing import TYPE_CHECKING, Any

from govern.validate import limit

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(loader=PackageLoader("govern"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def render(
    claim: dict[str, Any],
    table: dict[str, list[Any]],
    *,
    blocking: tuple[str, ...] = (),
    certificate_digest: str | None = None,
    signatures: tuple[str, ...] = (),
    issued: str | None = None,
    not_after: str | None = None,
) -> bytes:
    """The HTML of a claim and its metrics table; `blocking` holds the reasons of a refusal."""
    counts = claim["accounting"]
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    unmeasured = ("recall", "residual", "review")
    states = {claim["privacy"][name]["status"].replace("_", " ") for name in unmeasured}
    html = (
        _templates()
        .get_template("report.html.j2")
        .render(
            name=claim["corpus"]["name"],
            decision="refused" if blocking else "passed",
            statement=claim["statement"],
            blocking=blocking,
            waivers=claim["decision"]["waivers"],
            came_in=counts["in"],
            certified=counts["certified"],
            dropped=counts["dropped"],
            quarantined=counts["quarantined"],
            share=lambda part: round(100 * part / counts["in"], 2),
            entities=claim["privacy"]["entities"],
            most=max((row["spans"] for row in claim["privacy"]["entities"]), default=1),
            unmeasured=", ".join(sorted(states)),
            results=[
                {**row, "asked": limit(row["expectation"], row["arguments"])} for row in claim["quality"]["results"]
            ],
            warnings=sum(row["status"] == "failed" for row in claim["quality"]["results"]),
        slices=rows,
            splits=() if blocking else claim["corpus"]["splits"],
            non_claims=claim["non_claims"],
            certificate_digest=certificate_digest,
            policy_name=claim["pipeline"]["policy"]["name"],
            policy_digest=claim["pipeline"]["policy"]["digest"],
            suite=claim["quality"]["suite"]["name"],
            suite_digest=claim["quality"]["suite"]["digest"],
            recognizers_digest=claim["pipeline"]["recognizers"]["digest"],
            assay=claim["pipeline"]["assay"],
            environment_digest=claim["pipeline"]["environment_digest"],
            signatures=signatures,
            issued=issued,
            not_after=not_after,
        )
    )
    return html.encode()
