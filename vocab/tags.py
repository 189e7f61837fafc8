"""Finds the masking tags of a certified corpus (`<PERSON_1>`, `<PERSON>`), which become single special tokens.

Pseudonyms (`<PERSON_abcdefghijkl>`) stay text: each is of one person. Tags of the entity types that the certificate names
are counted by document. A tag in few documents stays text: the number in it only says how many subjects that document has.
What was masked is gone, so a tag tells nothing of a person.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from govern.normalize import tags as pattern_of

if TYPE_CHECKING:
    import re

    from govern.certificate import Certificate

MIN_DOCUMENTS = 5
"""Distinct documents that hold a tag which becomes a token."""


def tags_in(certificate: "Certificate", texts: Iterable[str]) -> tuple[str, ...]:
    """The tags that stand in `MIN_DOCUMENTS` of `texts` or more, by entity type and number."""
    types = tuple(sorted({one["entity_type"] for one in certificate.claim["privacy"]["entities"]}))
    if not types:
        return ()
    pattern = pattern_of(types)
    documents: Counter[tuple[str, int]] = Counter()
    for text in texts:
        if "<" in text:
            documents.update({(match[1], int(match[2] or 0)) for match in pattern.finditer(text) if _counts(match)})
    return tuple(
        f"<{kind}_{number}>" if number else f"<{kind}>"
        for (kind, number), count in sorted(documents.items())
        if count >= MIN_DOCUMENTS
    )


def _counts(match: "re.Match[str]") -> bool:
    """Whether a number or nothing follows the type, and no pseudonym."""
    return match[2] is None or match[2].isdecimal()


def added_token(tag: str, number: int) -> dict[str, Any]:
    """The entry of a tag in the `added_tokens` of a `tokenizer.json`: cut out of the text before anything else."""
    fields = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": tag, **fields, "special": True}
