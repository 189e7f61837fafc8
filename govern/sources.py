"""Where documents come from: what the policy declares of each source, and a keyed name where it declares nothing.

A file name may name a person, so an undeclared one never ships; nor does a plain digest of a file.
"""

from typing import TYPE_CHECKING, Any

from govern.keys import keyed_digest

if TYPE_CHECKING:
    from govern.corpus import Corpus
    from govern.policy import Policy
    from govern.process import Keys


def source_name(policy: "Policy", keys: "Keys", file_name: str) -> str:
    """The declared name of the source a file belongs to, else a keyed one: a file name may name a person."""
    declared = policy.source(file_name)
    if declared is not None:
        return declared.name
    return "source-" + keyed_digest(keys.inputs, file_name.encode()).removeprefix("hmac-sha256:")[:12]


def declared_sources(
    policy: "Policy", keys: "Keys", corpus: "Corpus", table: dict[str, list[int | str | None]]
) -> tuple[dict[str, Any], ...]:
    """Each source as the certificate lists it: declaration, documents in and certified, keyed digests of its files."""
    declared = {source.name: source for source in policy.sources}
    digests: dict[str, list[str]] = {}
    for file in corpus.files:
        name = source_name(policy, keys, file.path.name)
        digests.setdefault(name, []).append(keyed_digest(keys.inputs, bytes.fromhex(file.sha256)))
    row = {name: index for index, name in enumerate(table["slice"])}
    result = []
    for name in sorted(digests):
        source = declared.get(name)
        index = row.get(f"source:{name}")
        result.append(
            {
                "name": name,
                "declared": source is not None,
                "owner": source.owner if source else None,
                "licence": source.licence if source else None,
                "legal_basis": source.legal_basis if source else None,
                "period": source.period if source else None,
                **({"reason": source.reason, "entities": dict(source.entities)} if source and source.entities else {}),
                "documents_in": 0 if index is None else table["documents_in"][index],
                "documents_certified": 0 if index is None else table["documents"][index],
                "input_digests": sorted(digests[name]),
            }
        )
    return tuple(result)
