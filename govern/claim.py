"""Puts a run's counts and values into the claim that `certificate.certify` checks: every field, measured or said not to be."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govern.certificate import FORMAT_VERSION
from govern.corpus import SHARD_BYTES
from govern.publish import TRAIN, Published
from govern.treatment import STAYS

if TYPE_CHECKING:
    from govern.detect import Detector
    from govern.policy import Policy
    from govern.request import Release
    from govern.validate import ValidationResult

STATEMENT = (
    "The documents were pseudonymised: what the named recognizers found under the named policy was replaced. The corpus "
    "met the named expectations. It is not claimed to be anonymous."
)
NON_CLAIMS = (
    "Not anonymous: personal data that the recognizers do not find is still in the text.",
    "Recall was not measured on this corpus; a regression scan by the same detector is not a residual risk.",
    "Names are found by rules and by the models listed under pipeline.models, if any; neither finds every name.",
    "Quasi-identifiers (a rare event, a place and a date together) were not assessed.",
    "Near duplicates, poisoning and the truth of the text were not examined.",
    "No legal clause was assessed; owner, licence and legal basis are as the policy declares them.",
)
REGRESSION_NOTE = "The masking detector read the published files again; it shares its own blind spots."


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a claim is made of."""

    name: str
    policy: "Policy"
    detector: "Detector"
    validation: "ValidationResult"
    published: Published
    split: tuple[str, int] | None
    columns: tuple[str, ...]
    columns_dropped: int
    sources: tuple[dict[str, Any], ...]
    table: dict[str, list[int | str | None]]
    dropped: Counter[str]
    quarantined: Counter[str]
    entities: Counter[tuple[str, str, str, str]]
    scanned: int
    secret_key_id: str
    releases: "tuple[Release, ...]"
    named: dict[str, Any]
    """What the certificate says of keyed replacements, lists and known values; nothing where there are none."""
    environment: dict[str, Any]


def claim(run: Run) -> dict[str, Any]:
    """The claim of a run that passed, fit for `certificate.certify`."""
    whole = {column: values[0] for column, values in run.table.items()}
    return {
        "format_version": FORMAT_VERSION,
        "kind": "assay-corpus-certificate",
        "statement": STATEMENT,
        "non_claims": [*NON_CLAIMS, *_kept(run.policy)],
        "issuer": run.policy.issuer,
        "previous_certificate": None,
        "signatures_required": run.policy.signatures_required,
        "purpose": {"allowed": sorted(run.policy.purposes), "intended_use": run.policy.intended_use},
        "decision": {"result": "passed", "waivers": _waivers(run), **_releases(run)},
        "corpus": _corpus(run, whole),
        "sources": list(run.sources),
        "accounting": {
            "in": whole["documents_in"],
            "certified": whole["documents"],
            "dropped": dict(run.dropped),
            "quarantined": dict(run.quarantined),
            "columns_dropped": run.columns_dropped,
        },
        "privacy": _privacy(run),
        "safety": {
            "exact_duplicates": whole["exact_duplicates"],
            "near_duplicates": not_measured("near duplicates are not searched for"),
            "hidden_characters": whole["hidden_documents"],
            "poisoning": not_measured("no poisoning alarm was run"),
        },
        "pipeline": _pipeline(run),
        "quality": {
            "suite": {"name": run.validation.suite, "digest": run.validation.suite_digest},
            "results": results(run.validation),
            "metrics": {name: value for name, value in whole.items() if isinstance(value, int)},
        },
        "legal": {
            "status": "not_assessed",
            "clauses": [],
            "residency": run.policy.residency,
            "approval": run.policy.approval,
        },
    }


def not_measured(reason: str) -> dict[str, str]:
    """The value of a field that nobody measured, with the reason."""
    return {"status": "not_measured", "reason": reason}


def _kept(policy: "Policy") -> tuple[str, ...]:
    """What the policy lets stand beside numbers of companies, in a sentence."""
    from govern.policy import KEPT

    whole = sorted({kind for kind, action in policy.entities.items() if action in STAYS} - KEPT)
    places = [*whole, *(f"{kind} in source {source.name}" for source in policy.sources for kind in sorted(source.entities)
                        if source.entities[kind] == "keep" and kind not in whole)]  # fmt: skip
    return (f"Not replaced, as the policy says: {', '.join(places)}.",) if places else ()


def _waivers(run: Run) -> list[dict[str, str]]:
    """Each waiver that a rule needed."""
    used = run.validation.waived_failures
    return [
        {"id": waiver.id, "who": waiver.who, "why": waiver.why, "until": waiver.until.isoformat()}
        for waiver in run.policy.waivers
        if waiver.id in used
    ]


def _releases(run: Run) -> dict[str, Any]:
    """What was set aside and searched again under wider limits; nothing where nothing was."""
    entries = [
        {
            "documents": len(release.documents),
            "who": release.who,
            "why": release.why,
            "max_document_characters": release.max_document_characters,
            "regex_timeout_s": release.regex_timeout_s,
        }
        for release in run.releases
    ]
    return {"releases": entries} if entries else {}


def results(validation: "ValidationResult") -> list[dict[str, Any]]:
    """Each expectation with its resolved arguments, status and what was observed, as JSON values."""
    return [
        {
            "id": result.id,
            "expectation": result.expectation,
            "arguments": dict(result.arguments),
            "severity": result.severity,
            "status": result.status,
            "observed": result.observed,
            "reason": result.reason,
        }
        for result in validation.results
    ]


def _corpus(run: Run, whole: dict[str, Any]) -> dict[str, Any]:
    names: Sequence[Any] = run.table["slice"]
    languages = [
        {
            "lang": str(name).removeprefix("lang:"),
            "documents": run.table["documents"][row],
            "text_bytes": run.table["text_bytes"][row],
        }
        for row, name in enumerate(names)
        if str(name).startswith("lang:")
    ]
    splits = [
        {
            "name": name,
            "documents": sum(file.documents for file in files),
            "share_ppm": None if name == TRAIN or run.split is None else run.split[1],
            "disjoint_by": ["document", "duplicate_group"],
            "shards": [
                {"path": file.path, "documents": file.documents, "text_bytes": file.text_bytes} for file in files
            ],
        }
        for name, files in run.published.files
    ]
    return {
        "name": run.name,
        "documents": whole["documents"],
        "text_bytes": whole["text_bytes"],
        "characters": whole["characters"],
        "words": whole["words"],
        "tokens": not_measured("tokens depend on a tokenizer; `vocab coverage` counts them"),
        "languages": languages,
        "splits": splits,
        "columns": list(run.columns),
    }


def _privacy(run: Run) -> dict[str, Any]:
    kinds = sorted({(kind, lang, action) for kind, lang, action, _ in run.entities})
    return {
        "technique": technique(run.policy),
        "secret_key_id": run.secret_key_id,
        "entities": [
            {
                "entity_type": kind,
                "lang": lang,
                "action": action,
                "spans": run.entities[kind, lang, action, "spans"],
                "documents": run.entities[kind, lang, action, "documents"],
            }
            for kind, lang, action in kinds
        ],
        **run.named,
        "recall": not_measured("no planted or labelled personal data was given with this corpus"),
        "residual": not_measured("no independent audit of a random sample was made"),
        "regression_scan": {
            "status": "measured",
            "documents": run.scanned,
            "spans_left": run.table["residual_spans"][0],
            "note": REGRESSION_NOTE,
        },
        "quasi_identifiers": not_measured("uniqueness of attribute combinations was not computed"),
        "review": not_measured("no person reviewed a sample"),
    }


WAYS = {
    "tag": "tags numbered within the document",
    "redact": "tags without a number",
    "pseudonym": "keyed pseudonyms, the same in every document of their domain",
    "encrypt": "keyed references to an encrypted vault",
    "surrogate": "surrogates in the shape of the value, the same in every document of their domain",
    "partial": "values shown in part",
    "generalise": "values made coarser",
}
"""What each action leaves, as the certificate says it."""


def technique(policy: "Policy") -> str:
    """How personal data was replaced, in a sentence."""
    used = {action for _, action in policy.every_action()}
    return "pseudonymisation: " + "; ".join(text for action, text in WAYS.items() if action in used)


def _pipeline(run: Run) -> dict[str, Any]:
    return {
        **run.environment,
        "policy": {"name": run.policy.name, "digest": run.policy.digest, "resolved": run.policy.resolved()},
        "recognizers": {"digest": run.detector.digest, "names": sorted(run.detector.names)},
        "models": [{"name": name, "digest": digest} for name, digest in run.detector.models],
        "seed": 0,
        "shard_bytes": SHARD_BYTES,
    }
