"""`croissant.json`: Croissant 1.1 with its responsible-AI vocabulary (RAI 1.0), JSON-LD, of what a certificate lists.

The context is that of the specification's first appendix, with the terms that `mlcroissant` adds to it. The vocabulary of
schema.org is named by `https`, as every published example and `mlcroissant` have it. docs/cards.md says where each property
comes from, and which are left out because no certificate proves them.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from govern.cards import Licence, Origin, done_with, joined, languages, licences, listed, origins, tags, verdicts
from govern.certificate import FILE, FORMAT_VERSION, Certificate
from govern.files import ATTESTATION, MANIFEST, sha256_file
from govern.publish import TRAIN
from govern.turns import layout_in

CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")

_TERMS = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract", "field",
    "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
    "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value",
)  # fmt: skip

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "wd": "http://www.wikidata.org/entity/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}

CARDINALITY = "wd:Q4049983"
"""Wikidata's term for a number of elements, by which Croissant 1.1 marks a count of records."""

_FORMATS = {".parquet": "application/x-parquet", ".json": "application/json", ".jsonl": "application/jsonlines"}

_COLUMNS = {
    "id": "The document's id: keyed, computable under the secret alone.",
    "text": "The text, after masking.",
    "messages": "The turns of a conversation, after masking.",
    "prompt": "The prompt, after masking.",
    "completion": "The completion, after masking.",
    "lang": "The language that most of the text is in: en, ko, or und.",
    "source": "The source's declared name, or a keyed one.",
}


def describe(certificate: Certificate, folder: Path) -> dict[str, Any]:
    """The Croissant description of the corpus in `folder`, as JSON; the same bytes of the same files give the same value."""
    claim = certificate.claim
    corpus = claim["corpus"]
    known = licences(claim)
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        "name": corpus["name"],
        "description": _description(claim),
        "identifier": certificate.digest,
        "version": f"{FORMAT_VERSION}.0.0",
        "isLiveDataset": False,
        "inLanguage": languages(claim),
        "keywords": tags(claim),
        **({} if None in known else {"license": [_licence(each) for each in known if each is not None]}),
        **({"creator": {"@type": "sc:Organization", "name": claim["issuer"]}} if claim["issuer"] else {}),
        "subjectOf": _papers(),
        **_provenance(claim),
        **_responsible(claim),
        "distribution": _distribution(claim, folder),
        "recordSet": [_record_set(split, corpus["columns"]) for split in corpus["splits"]],
    }


def _description(claim: dict[str, Any]) -> str:
    counts = claim["accounting"]
    return (
        f"{claim['statement']} Of {counts['in']:,} documents {counts['certified']:,} were certified; dropped: "
        f"{listed(counts['dropped'])}; quarantined: {listed(counts['quarantined'])}."
    )


def _licence(licence: Licence) -> Any:
    return licence.url or {"@type": "sc:CreativeWork", "name": licence.declared}


def _papers() -> list[dict[str, str]]:
    """The papers that have no digest here: one covers this file, the other is written after it."""
    return [
        {"@type": "sc:CreativeWork", "name": name, "url": name, "description": text}
        for name, text in (
            (MANIFEST, "The SHA-256 of every file, this one among them."),
            (ATTESTATION, "The signatures over SHA256SUMS; a draft has none yet."),
        )
    ]


def _provenance(claim: dict[str, Any]) -> dict[str, Any]:
    """PROV-O: the declared sources, with owner and licence, and the run."""
    pipeline = claim["pipeline"]
    return {
        "prov:wasDerivedFrom": [
            {
                "@type": "prov:Entity",
                "prov:label": origin.name,
                **({"license": _licence(Licence(origin.licence))} if origin.licence else {}),
                **(
                    {"prov:wasAttributedTo": {"@type": "prov:Agent", "prov:label": origin.owner}}
                    if origin.owner
                    else {}
                ),
            }
            for origin in origins(claim)
            if origin.name is not None
        ],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": f"Certified under the policy {pipeline['policy']['name']} ({pipeline['policy']['digest']})",
            "prov:wasAssociatedWith": {"@type": "prov:SoftwareAgent", "prov:label": f"assay {pipeline['assay']}"},
        },
    }


def _responsible(claim: dict[str, Any]) -> dict[str, Any]:
    """The properties of RAI 1.0 that the claim proves; how the documents were collected, it does not know."""
    counts, privacy = claim["accounting"], claim["privacy"]
    words = {"train": "Training", "evaluate": "Testing"}
    return {
        "rai:dataCollectionRawData": " ".join(map(_origin, origins(claim))) or "No source is listed.",
        "rai:dataCollectionMissingData": (
            f"Documents that came in and are not here: dropped: {listed(counts['dropped'])}; quarantined: "
            f"{listed(counts['quarantined'])}. Their ids and reasons stand in evidence/."
        ),
        "rai:dataPreprocessingProtocol": _steps(claim),
        "rai:dataManipulationProtocol": (
            f"{privacy['technique']}. A scan of the published files by the same detector left "
            f"{privacy['regression_scan']['spans_left']:,} findings; {privacy['regression_scan']['note']}"
        ),
        "rai:personalSensitiveInformation": _personal(privacy["entities"]),
        "rai:dataUseCases": [*(words[name] for name in claim["purpose"]["allowed"]), claim["purpose"]["intended_use"]],
        "rai:dataLimitations": claim["non_claims"],
        "rai:dataReleaseMaintenancePlan": _maintenance(claim),
    }


def _personal(entities: list[dict[str, Any]]) -> list[str]:
    if not entities:
        return ["None of the types that the policy names was found."]
    found = [
        f"{row['entity_type']} ({row['lang']}): {row['spans']:,} found in {row['documents']:,} documents, "
        f"{done_with(row['action'])}."
        for row in entities
    ]
    return [*found, "Counted before duplicates were dropped."]


def _origin(origin: Origin) -> str:
    name = f"{origin.sources:,} undeclared" if origin.name is None else origin.name
    declared = joined(
        f"owner {origin.owner}" if origin.owner else None,
        f"period {origin.period}" if origin.period else None,
        f"legal basis {origin.legal_basis}" if origin.legal_basis else None,
        f"licence {origin.licence}" if origin.licence else "no licence declared",
    )
    return f"{name}: {origin.came_in:,} documents in, {origin.certified:,} certified ({declared})."


def _steps(claim: dict[str, Any]) -> list[str]:
    pipeline, suite = claim["pipeline"], claim["quality"]["suite"]
    cleaning = pipeline["policy"]["resolved"].get("cleaning", ())
    models = ", ".join(f"{model['name']} ({model['digest']})" for model in pipeline["models"])
    return [
        *([f"Cleaned before anything was searched: {', '.join(cleaning)}."] if cleaning else []),
        f"Input columns that the policy does not name were dropped: {claim['accounting']['columns_dropped']:,}.",
        f"Searched by {len(pipeline['recognizers']['names']):,} recognizers ({pipeline['recognizers']['digest']})"
        + (f" and the name models {models}." if models else "."),
        f"Masked: {claim['privacy']['technique']}.",
        "Of documents whose text is the same after masking, Unicode NFC and folding of white space, the first stays; "
        f"dropped: {claim['accounting']['dropped'].get('exact_duplicate', 0):,}.",
        f"Validated by the suite {suite['name']} ({suite['digest']}): {listed(verdicts(claim))}.",
    ]


def _maintenance(claim: dict[str, Any]) -> str:
    until = (claim["pipeline"]["policy"]["resolved"].get("retention") or {}).get("corpus_until")
    return (
        "Nothing changes under one certificate: a corpus without some of its documents is certified again and has a digest of "
        "its own. Whether this one was taken back stands in the signed revocation list of its issuer."
    ) + (f" It may be kept until {until}, as declared." if until else "")


def _distribution(claim: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """The certificate and its evidence, the Parquet files by digest, and each split's files as a set.

    An underscore keeps the ids of files apart from those of record sets and fields: no split has one in its name.
    """
    splits = claim["corpus"]["splits"]
    papers = [(FILE, FILE), *((f"evidence_files/{path.name}", f"evidence/{path.name}") for path in _evidence(folder))]
    shards = [
        (f"{split['name']}_files/{shard['path'].rpartition('/')[2]}", shard["path"])
        for split in splits
        for shard in split["shards"]
    ]
    return [
        *(_file(identity, path, folder) for identity, path in (*papers, *shards)),
        *(
            {
                "@type": "cr:FileSet",
                "@id": f"{split['name']}_files",
                "name": f"{split['name']} files",
                "encodingFormat": _FORMATS[".parquet"],
                "includes": f"{split['name']}/part-*.parquet",
            }
            for split in splits
        ),
    ]


def _evidence(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "evidence").iterdir() if path.suffix in _FORMATS)


def _file(identity: str, path: str, folder: Path) -> dict[str, Any]:
    file = folder / path
    return {
        "@type": "cr:FileObject",
        "@id": identity,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{file.stat().st_size} B",
        "encodingFormat": _FORMATS[file.suffix],
        "sha256": sha256_file(file),
    }


def _record_set(split: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    name = split["name"]
    held = "" if name == TRAIN else " Held out: no document and no group of duplicates stands in both parts."
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{split['documents']:,} documents.{held}",
        "key": {"@id": f"{name}/id"},
        "annotation": {
            "@type": "cr:Field",
            "@id": f"{name}_count",
            "name": "documents",
            "dataType": ["sc:Integer", CARDINALITY],
            "value": split["documents"],
        },
        "field": [_field(name, column, columns) for column in columns],
    }


def _field(split: str, column: str, columns: list[str]) -> dict[str, Any]:
    identity = f"{split}/{segment(column)}"
    field = {
        "@type": "cr:Field",
        "@id": identity,
        "name": column,
        "description": _COLUMNS.get(column, "A column of the input that the policy keeps, masked like the text."),
    }
    source = {"fileSet": {"@id": f"{split}_files"}, "extract": {"column": column}}
    if column != "messages" or layout_in(columns) != "messages":
        return {**field, "dataType": "sc:Text", "source": source}
    return {
        **field,
        "isArray": True,
        "arrayShape": "-1",
        "subField": [
            {
                "@type": "cr:Field",
                "@id": f"{identity}/{key}",
                "name": key,
                "dataType": "sc:Text",
                "source": {**source, "transform": {"jsonPath": key}},
            }
            for key in ("role", "content")
        ],
    }


def segment(column: str) -> str:
    """The name of a column as one segment of an IRI: two columns never have the same, whatever stands in them."""
    made = quote(column, safe="")
    return made if made.strip(".") else made.replace(".", "%2E")
