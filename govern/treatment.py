"""What becomes of a value that was found: which operator replaces it with what, or why it stays.

A replacement depends on the entity type, the canonical value, the policy and the secret alone, never on the document or on
order: spellings of one value share it, and another pseudonym domain or secret shares none. Tags alone are numbered within
their document, so `tag` has no replacement here. The key of each type is HKDF of the secret with domain and type.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govern.canonical import canonical_value
from govern.errors import InputError
from govern.keys import derive, keyed_digest

if TYPE_CHECKING:
    from govern.policy import Policy
    from govern.policy_sections import Action

KEYED = frozenset({"surrogate", "pseudonym", "encrypt"})
"""Actions whose replacements need the secret."""

MARKED = frozenset({"tag", "redact", "pseudonym", "encrypt"})
"""Actions whose replacements show by their form what they are: `<TYPE_1>`, `<TYPE>`, `<TYPE_abcdefghijkl>`."""

STAYS = frozenset({"keep", "off"})


@dataclass(frozen=True, slots=True)
class Treatment:
    """The actions of a policy with the keys they need; `allowed` are keyed values that stay whatever their type's action."""

    policy: "Policy"
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    secret: bytes | None = field(default=None, repr=False)
    allow_key: bytes = field(default=b"", repr=False)
    allowed: frozenset[str] = frozenset()
    denied: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """The canonical value of each denied one, by entity type and each of its projected forms."""
    values: tuple[str, ...] = ()
    """Digests of the lists and known values that the policy names, in this order."""

    @property
    def records(self) -> bool:
        """Whether some replacement looks like personal data, so that its place must be recorded."""
        return any(action not in MARKED | STAYS for _, action in self.policy.every_action())

    def actions(self, source: str) -> "Mapping[str, Action]":
        """What is done with each entity type in documents of the source of that declared name."""
        return self.policy.actions(source)

    def kept(self, source: str) -> frozenset[str]:
        """The entity types that stay in documents of that source."""
        return frozenset(kind for kind, action in self.actions(source).items() if action == "keep")

    def allows(self, entity_type: str, text: str) -> bool:
        """Whether the allow list names the value that is written as `text`."""
        if not self.allowed:
            return False
        return keyed_value(self.allow_key, entity_type, canonical_value(entity_type, text)) in self.allowed

    def listed(self, entity_type: str, text: str) -> str | None:
        """The canonical value of the denied entry that is written as `text`; None where it is none alone."""
        if not self.denied:
            return None
        from govern.known import plain_form

        return self.denied.get((entity_type, plain_form(text)))

    def replacement(self, action: "Action", entity_type: str, value: str) -> str:
        """What stands for a canonical value under any action but `tag` and those by which it stays."""
        if action == "redact":
            return f"<{entity_type}>"
        if action == "partial":
            from govern.operators.partial import partial

            return partial(entity_type, value)
        if action == "generalise":
            return self._generalised(entity_type, value) or f"<{entity_type}>"
        if action == "surrogate":
            from govern.draw import Draw
            from govern.operators.surrogate import surrogate

            seed = keyed_digest(self.keys[entity_type], value.encode("utf-8", "surrogatepass"))
            return surrogate(entity_type, value, Draw(seed))
        from govern.operators.pseudonym import pseudonym

        return f"<{entity_type}_{pseudonym(self.keys[entity_type], value)}>"

    def _generalised(self, entity_type: str, value: str) -> str | None:
        from govern.operators import generalise

        options = self.policy.generalise
        if entity_type == "DATE_OF_BIRTH":
            return generalise.birth(value, options.date_of_birth, options.as_of)
        return generalise.region(entity_type, value, options.address)


def prepare(
    policy: "Policy",
    secret: bytes | None,
    allowed: frozenset[str] = frozenset(),
    values: tuple[str, ...] = (),
    *,
    denied: Iterable[tuple[str, str]] = (),
    replaces: bool = True,
) -> Treatment:
    """The treatment of `policy`, whose lists and known values have the digests `values`; `denied` are those of its lists.

    Without `replaces` nothing will be replaced, only asked whether it would be, so that no action needs the secret.

    Raises:
        InputError: an action needs the secret and none was given.
    """
    keyed = sorted({kind for kind, action in policy.every_action() if action in KEYED})
    if secret is None:
        if (keyed and replaces) or allowed:
            what = f"entity type '{keyed[0]}' is replaced by a keyed value" if keyed else "the allow list is keyed"
            raise InputError(f"policy '{policy.name}': {what}, and no secret came; give it with --secret")
        return Treatment(policy)
    keys = {kind: derive(secret, f"replacement/{policy.pseudonyms.domain}/{kind}") for kind in keyed}
    return Treatment(policy, keys, secret, derive(secret, "value"), allowed, _forms(denied), values)


def _forms(denied: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    from govern.known import forms

    return {
        (kind, form.pattern): canonical_value(kind, value) for kind, value in denied for form in forms(kind, value, "listed")
    }


def keyed_value(key: bytes, entity_type: str, value: str) -> str:
    """The digest by which lists and reviews name a canonical value: no use to one who lacks the secret."""
    return keyed_digest(key, f"{entity_type}\0{value}".encode("utf-8", "surrogatepass"))


def domain_key_id(secret: bytes, domain: str) -> str:
    """Names the keys of a pseudonym domain without showing them: equal where two corpora can be joined."""
    return keyed_digest(derive(secret, f"key id/{domain}"), b"domain")
