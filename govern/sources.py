"""Where documents come from: how a policy reads them, what it declares of each source, a keyed name where it declares nothing.

A file name may name a person, so an undeclared one never ships; nor does a plain digest of a file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govern.corpus import DEFAULT_ID, SHARD_BYTES, Corpus, read
from govern.errors import InputError
from govern.keys import keyed_digest
from govern.readers import Given, Reading

if TYPE_CHECKING:
    from govern.arrived import Arrived
    from govern.policy import Policy
    from govern.run_keys import Keys


@dataclass(frozen=True, slots=True)
class Columns:
    """What a command was told of its inputs; None where the policy says it, or nobody does."""

    text: str | None = None
    id: str | None = None
    encoding: str | None = None

    def of(self, policy: "Policy") -> tuple[str, str]:
        """The columns that hold text and id."""
        return self.text or policy.text_column or "text", self.id or policy.id_column or DEFAULT_ID


def arrive(
    inputs: Iterable[Given],
    policy: "Policy",
    columns: Columns,
    kept: tuple[str, ...] | None = None,
    shard_bytes: int = SHARD_BYTES,
) -> Corpus:
    """The corpus in `inputs`, read as the policy says; `kept` columns are the policy's where none are given.

    What a row that cannot be used becomes is `govern.corpus.read`'s, lenient where the policy quarantines such rows.

    Raises:
        InputError: as `govern.corpus.read`.
    """
    text, identity = columns.of(policy)

    def reading(name: str) -> Reading:
        chosen = policy.reading_of(name)
        if columns.encoding is None or chosen.format == "parquet":
            return chosen
        try:
            own: Reading = Reading.model_validate({**chosen.model_dump(), "encoding": columns.encoding})
        except ValueError:
            raise InputError(
                f"--encoding {columns.encoding}: not one that is read, or not with the format of a source; use utf-8, cp949, "
                "utf-16, utf-16-le, utf-16-be or latin-1"
            ) from None
        return own

    return read(
        inputs,
        text_column=text,
        id_column=identity,
        kept=policy.read_columns if kept is None else kept,
        shard_bytes=shard_bytes,
        reading=reading,
        lenient=policy.failures.on_bad_row == "quarantine",
    )


def source_name(policy: "Policy", keys: "Keys", file_name: str) -> str:
    """The declared name of the source a file belongs to, else a keyed one: a file name may name a person."""
    declared = policy.source(file_name)
    if declared is not None:
        return declared.name
    return "source-" + keyed_digest(keys.inputs, file_name.encode()).removeprefix("hmac-sha256:")[:12]


def declared_sources(
    policy: "Policy", keys: "Keys", arrived: "Arrived", table: dict[str, list[int | str | None]]
) -> tuple[dict[str, Any], ...]:
    """Each source as the certificate lists it: declaration, documents in and certified, keyed digests of its files."""
    declared = {source.name: source for source in policy.sources}
    digests: dict[str, list[str]] = {}
    for file in arrived.files:
        digests.setdefault(source_name(policy, keys, file.name), []).append(file.digest)
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
