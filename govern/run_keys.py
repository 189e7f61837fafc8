"""What the secret of a run derives to, each for one use."""

from dataclasses import dataclass, field

from govern.keys import derive


@dataclass(frozen=True, slots=True)
class Keys:
    """What the secret derives to, each for one use."""

    ids: bytes = field(repr=False)
    duplicates: bytes = field(repr=False)
    splits: bytes = field(repr=False)
    inputs: bytes = field(repr=False)


def keys_of(secret: bytes) -> Keys:
    """The keys of a run."""
    return Keys(
        ids=derive(secret, "document id"),
        duplicates=derive(secret, "duplicate"),
        splits=derive(secret, "split"),
        inputs=derive(secret, "input digest"),
    )
