"""Which operator can serve which entity type, and what its writing looks like."""

import re

from govern.operators import generalise, partial

LONGEST_NAME = 80
"""Characters of a surrogate name, at most."""

_COARSE = re.compile(
    r"<[A-Z_]+>|[0-9]{4}(?:-[0-9]{2}|/[0-9]{4})?|[0-9]{1,2}-[0-9]{1,2}|[0-9]{2}\+|[A-Z]{2}|[가-힣 ]{1,40}"
)
"""What generalise writes: a tag without a number, a month, year, decade, age band, state or region."""


def cannot(action: str, entity_type: str) -> str | None:
    """Why `action` cannot be done with an entity type, and what can; None where it can."""
    if action == "partial" and entity_type not in partial.SERVED:
        return f"has no usual partial form; partial serves {', '.join(sorted(partial.SERVED))}"
    if action == "generalise" and entity_type not in generalise.SERVED:
        return f"has nothing coarser than itself; generalise serves {', '.join(sorted(generalise.SERVED))}"
    if action == "surrogate":
        from govern.operators.surrogate import SERVED

        if entity_type not in SERVED:
            return "has no surrogate, since a secret or an unknown form cannot look real and be none; use tag or redact"
    return None


def written_by(action: str, entity_type: str, text: str) -> bool:
    """Whether `text` can be what an operator that leaves no mark wrote for an entity type.

    Partial values hide something, generalised ones have its forms, surrogates of numbers tell what they are; of a surrogate
    name only its length can be judged.
    """
    if action == "partial":
        return partial.HIDDEN in text or (entity_type == "IP_ADDRESS" and "/" in text)
    if action == "generalise":
        return _COARSE.fullmatch(text) is not None
    if action == "surrogate":
        from govern.operators.surrogate import never_issued

        return len(text) <= LONGEST_NAME if entity_type == "PERSON" else never_issued(entity_type, text)
    return False
