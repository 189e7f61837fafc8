"""The cards beside a certified corpus: `croissant.json` (Croissant 1.1, JSON-LD) and `README.md` (dataset card)."""

from typing import TYPE_CHECKING, Any

from govern.files import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

    from govern.certificate import Certificate

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "includes": "cr:includes",
    "recordSet": "cr:recordSet",
    "source": "cr:source",
}


def croissant(certificate: "Certificate", folder: "Path") -> dict[str, Any]:
    """The Croissant description of the Parquet files that the certificate lists."""
    corpus = certificate.claim["corpus"]
    files = [shard["path"] for split in corpus["splits"] for shard in split["shards"]]
    sets = [_file_set(split["name"]) for split in corpus["splits"]]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": corpus["name"],
        "description": certificate.claim["statement"],
        "license": sorted({source["licence"] for source in certificate.claim["sources"] if source["licence"]}),
        "version": "1.0.0",
        "rai:dataUseCases": certificate.claim["purpose"]["intended_use"],
        "rai:personalSensitiveInformation": certificate.claim["privacy"]["technique"],
        "rai:dataLimitations": certificate.claim["non_claims"],
        "distribution": [
            *(
                {
                    "@type": "cr:FileObject",
                    "@id": path,
                    "name": path,
                    "contentUrl": path,
                    "encodingFormat": "application/x-parquet",
                    "sha256": sha256_file(folder / path),
                }
                for path in files
            ),
            *sets,
        ],
        "recordSet": [_record_set(split["name"], corpus["columns"]) for split in corpus["splits"]],
    }


def _file_set(split: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{split}-files",
        "name": f"{split}-files",
        "encodingFormat": "application/x-parquet",
        "includes": f"{split}/*.parquet",
    }


def _code(name: str) -> str:
    """A name in Markdown as code, with nothing in it that ends the code or cannot be printed."""
    shown = name if name.isprintable() else ascii(name)[1:-1]
    return "`" + shown.replace("`", "'") + "`"


def _record_set(split: str, columns: list[str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{split}/{column}",
                "name": column,
                "dataType": "sc:Text",
                "source": {"fileSet": {"@id": f"{split}-files"}, "extract": {"column": column}},
            }
            for column in columns
        ],
    }


def readme(certificate: "Certificate") -> str:
    """The dataset card: YAML front matter as Hugging Face reads it, then what is claimed and what is not."""
    claim = certificate.claim
    corpus = claim["corpus"]
    configs = "\n".join(
        f"  - split: {'train' if split['name'] == 'documents' else split['name'].replace('-', '_')}\n"
        f'    path: "{split["name"]}/*.parquet"'
        for split in corpus["splits"]
    )
    languages = "\n".join(f"- {entry['lang']}" for entry in corpus["languages"] if entry["lang"] != "und")
    counts = claim["accounting"]
    non_claims = "\n".join(f"- {line}" for line in claim["non_claims"])
    return f"""---
language:
{languages}
configs:
- config_name: default
  data_files:
{configs}
---
# {corpus["name"]}

{claim["statement"]}

| documents | |
|---|---:|
| in | {counts["in"]:,} |
| certified | {counts["certified"]:,} |
| dropped | {sum(counts["dropped"].values()):,} |
| quarantined | {sum(counts["quarantined"].values()):,} |

Certificate: `{certificate.digest}`. The columns are {", ".join(map(_code, corpus["columns"]))}.

## What is not claimed

{non_claims}

## Check it

`govern verify . --trust KEY.pub`, or with OpenSSL and sha256sum alone as `docs/verify.md` of the project shows.
`sha256sum -c SHA256SUMS` checks the files, not who vouches for them.
"""
