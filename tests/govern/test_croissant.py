"""The Croissant description: what it says of a certificate, and that `mlcroissant` finds nothing wrong with it."""

import copy
import json
import logging
import re
from pathlib import Path

import mlcroissant
import pytest

from govern.certificate import Certificate, certify, load
from govern.croissant import CONTEXT, describe, segment
from govern.files import canonical, sha256_file

pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),  # rdflib, of its own parser
]

KNOWN_WARNINGS = {
    "citeAs": "no publication is known",
    "datePublished": "a certificate has no clock",
    "license": "where something certified has no licence",
}
"""What `mlcroissant` would like to see and gets from nobody, and why."""

AWKWARD = ("메모", "a b", 'q"uote', "sl/ash", "back\\slash", "<x>", "%2F", "a%20b", "#", "?", "..", ".", "id ", "x\ny", "{y}",
           "`|^", "part-00000.parquet", "messages", "role", "@id", "@type", "index", "http://x/y")  # fmt: skip


@pytest.fixture
def certificate(certified_folder: Path) -> Certificate:
    """The certificate of the signed folder."""
    return load((certified_folder / "certificate.json").read_bytes(), "certificate.json")


def _changed(certificate: Certificate, **changes: object) -> Certificate:
    claim = copy.deepcopy(certificate.claim)
    for place, value in changes.items():
        room, _, name = place.rpartition("__")
        (claim[room] if room else claim)[name] = value
    return certify(claim)


def _checked(described: dict, caplog: pytest.LogCaptureFixture) -> tuple[mlcroissant.Dataset, set[str]]:
    """The dataset as the reference implementation reads it, and the properties it misses; it must say nothing else."""
    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=json.loads(canonical(described)))
    issues = dataset.metadata.ctx.issues
    assert issues.errors == set()
    missed = [
        re.search(r'Property "\S+[/#](\w+)" is recommended, but does not exist', text) for text in issues.warnings
    ]
    assert all(missed)
    said = [record.getMessage() for record in caplog.records]
    assert said == ([issues.report()] if missed else [])
    caplog.clear()
    return dataset, {found[1] for found in missed if found}


def test_it_lists_every_parquet_with_its_digest(certified_folder: Path, certificate: Certificate) -> None:
    """Each file object names a file of the corpus, its true SHA-256 and size; each split has its record set."""
    described = describe(certificate, certified_folder)
    objects = [entry for entry in described["distribution"] if entry["@type"] == "cr:FileObject"]
    wanted = [
        *certified_folder.rglob("*.parquet"),
        *(certified_folder / "evidence").iterdir(),
        certified_folder / "certificate.json",
    ]
    assert {entry["contentUrl"] for entry in objects} == {
        path.relative_to(certified_folder).as_posix() for path in wanted
    }
    for entry in objects:
        path = certified_folder / entry["contentUrl"]
        assert entry["sha256"] == sha256_file(path)
        assert entry["contentSize"] == f"{path.stat().st_size} B"
    splits = [split["name"] for split in certificate.claim["corpus"]["splits"]]
    assert [entry["@id"] for entry in described["recordSet"]] == splits
    assert described["identifier"] == certificate.digest


def test_mlcroissant_misses_what_nobody_knows_and_nothing_else(
    certified_folder: Path, certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    """No error, and no warning but the three that docs/cards.md explains; with licences, two."""
    dataset, missed = _checked(describe(certificate, certified_folder), caplog)
    assert missed == KNOWN_WARNINGS.keys()
    assert str(dataset.metadata.ctx.conforms_to.value).endswith("/1.1")
    licensed = [
        {**source, "licence": "CC-BY-4.0", "declared": True, "owner": "A bank"}
        for source in certificate.claim["sources"]
    ]
    _, missed = _checked(describe(_changed(certificate, sources=licensed), certified_folder), caplog)
    assert missed == KNOWN_WARNINGS.keys() - {"license"}


def test_mlcroissant_reads_every_responsible_ai_property(
    certified_folder: Path, certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    """Under the vocabulary's names; the one that it spells `dataDataManipulationProtocol` is left over, unread."""
    described = describe(_changed(certificate, privacy__entities=[
        {"entity_type": "PERSON", "lang": "en", "action": "tag", "spans": 1200, "documents": 30},
        {"entity_type": "KR_CRN", "lang": "ko", "action": "keep", "spans": 3, "documents": 2},
    ]), certified_folder)  # fmt: skip
    metadata = _checked(described, caplog)[0].metadata
    assert set(metadata.personal_sensitive_information) == {
        "PERSON (en): 1,200 found in 30 documents, replaced by tags numbered within the document.",
        "KR_CRN (ko): 3 found in 2 documents, left as they are.",
        "Counted before duplicates were dropped.",
    }
    assert metadata.data_limitations == certificate.claim["non_claims"]
    assert sorted(metadata.data_use_cases) == ["Testing", "Training", "tests"]
    assert "1 undeclared: 4 documents in, 4 certified" in metadata.data_collection_raw_data
    assert "dropped: none" in metadata.data_collection_missing_data
    assert len(metadata.data_preprocessing_protocol) == 5
    assert "revocation list" in metadata.data_release_maintenance_plan
    left = {name: value for name, value in metadata.extra_properties.items() if name.startswith("rai:")}
    assert left.keys() == {"rai:dataManipulationProtocol"}
    assert left["rai:dataManipulationProtocol"].startswith("pseudonymisation. A scan of the published files")


@pytest.mark.parametrize(
    "absent", ["dataCollection", "dataCollectionType", "dataCollectionTimeframe", "dataBiases", "dataSocialImpact",
               "dataImputationProtocol", "dataAnnotationProtocol", "annotationsPerItem", "machineAnnotationTools"],
)  # fmt: skip
def test_what_no_certificate_proves_is_left_out(certified_folder: Path, certificate: Certificate, absent: str) -> None:
    """How documents were collected, biases, social impact, annotation: nobody measured them."""
    assert f"rai:{absent}" not in describe(certificate, certified_folder)


def test_nobody_is_invented(certified_folder: Path, certificate: Certificate) -> None:
    """A creator is the declared issuer, or nobody; there is no publisher, address, date or citation."""
    plain = describe(certificate, certified_folder)
    assert not plain.keys() & {"creator", "publisher", "url", "datePublished", "citeAs", "sameAs", "license"}
    issued = describe(_changed(certificate, issuer="A bank"), certified_folder)
    assert issued["creator"] == {"@type": "sc:Organization", "name": "A bank"}


@pytest.mark.parametrize(
    ("names", "licence"),
    [
        (["CC-BY-4.0", "MIT"], ["https://spdx.org/licenses/CC-BY-4.0", "https://spdx.org/licenses/MIT"]),
        (["mit", "mit"], ["https://spdx.org/licenses/MIT"]),
        (["MIT OR CC0-1.0"], [{"@type": "sc:CreativeWork", "name": "MIT OR CC0-1.0"}]),
        (['사내 "이용"\n허락'], [{"@type": "sc:CreativeWork", "name": '사내 "이용"\n허락'}]),
        (["MIT", None], None),
        ([], None),
    ],
)  # fmt: skip
def test_a_licence_stands_where_all_have_one(
    certified_folder: Path,
    certificate: Certificate,
    caplog: pytest.LogCaptureFixture,
    names: list,
    licence: list | None,
) -> None:
    """Of a corpus of which a part has no licence, none is claimed; the sources still say theirs."""
    source = {**certificate.claim["sources"][0], "declared": True}
    changed = _changed(
        certificate, sources=[{**source, "name": f"s{n}", "licence": name} for n, name in enumerate(names)]
    )
    described = describe(changed, certified_folder)
    assert described.get("license") == licence
    assert len(described["prov:wasDerivedFrom"]) == len(names)
    assert [("license" in origin) for origin in described["prov:wasDerivedFrom"]] == [
        name is not None for name in names
    ]
    assert ("license" in _checked(described, caplog)[1]) == (licence is None)


def test_awkward_columns_have_ids_of_their_own(
    certified_folder: Path, certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    """No blank, no character that an IRI has not, no two alike; the column's name stays as it is."""
    columns = [*certificate.claim["corpus"]["columns"], *AWKWARD]
    described = describe(_changed(certificate, corpus__columns=columns), certified_folder)
    fields = [field for record_set in described["recordSet"] for field in record_set["field"]]
    assert [field["name"] for field in fields] == [*columns, *columns]
    ids = [entry["@id"] for entry in (*fields, *described["recordSet"], *described["distribution"])]
    ids += [record_set["annotation"]["@id"] for record_set in described["recordSet"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_.~/%-]+", identity) for identity in ids)
    dataset, _ = _checked(described, caplog)
    read = [field for record_set in dataset.metadata.record_sets for field in record_set.fields]
    assert sorted((field.id, field.source.extract.column) for field in read) == sorted(
        (f["@id"], f["name"]) for f in fields
    )


def test_a_segment_is_never_that_of_another_column() -> None:
    """Nor one that a reader of paths would take for this folder or the one above."""
    segments = [segment(name) for name in (*AWKWARD, "%2E%2E", "%2E", "a", "b")]
    assert len(set(segments)) == len(segments)
    assert not {".", ".."} & set(segments)
    assert not any("/" in each for each in segments)


@pytest.mark.parametrize("text", ["x\n---\n# y", "<b>", '{"@id": "x"}', "@id", "http://a b/", "\\u0000\"'", "가나다"])
def test_strings_from_outside_stay_strings(
    certified_folder: Path, certificate: Certificate, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    """A name, owner, licence or purpose that looks like JSON-LD is shown, not obeyed."""
    source = {**certificate.claim["sources"][0], "name": text, "declared": True, "licence": text, "owner": text}
    changed = _changed(certificate, corpus__name=text, sources=[source], issuer=text, statement=text, non_claims=[text],
                       purpose__intended_use=text)  # fmt: skip
    metadata = _checked(describe(changed, certified_folder), caplog)[0].metadata
    assert metadata.name == text
    assert metadata.creators[0].name == text
    assert text in metadata.data_use_cases
    assert metadata.data_limitations == [text]
    assert [getattr(licence, "name", licence) for licence in metadata.license] == [text]


def test_the_context_has_every_term_that_mlcroissant_asks_for() -> None:
    """And gives each the same meaning."""
    from mlcroissant._src.core.context import Context
    from mlcroissant._src.core.rdf import make_context

    asked = make_context(Context())
    assert {term: CONTEXT.get(term) for term in asked} == asked


def test_the_same_files_give_the_same_description(certified_folder: Path, certificate: Certificate) -> None:
    """Nothing in it is of the day, the machine or the order of a folder."""
    assert canonical(describe(certificate, certified_folder)) == canonical(describe(certificate, certified_folder))
    assert str(certified_folder) not in canonical(describe(certificate, certified_folder)).decode()
