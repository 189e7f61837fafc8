"""Which operator can serve which entity type."""

from govern.operators import generalise, partial


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
