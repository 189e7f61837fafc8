"""Checks what a policy names, before a run: lists and their days, known values, retention, and that every case is masked."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, Refused
from govern.treatment import STAYS, Treatment, prepare

if TYPE_CHECKING:
    from govern.lists import Lists
    from govern.policy import Policy


@dataclass(frozen=True, slots=True)
class Checked:
    """A policy that holds today, ready to run, and what its files count."""

    policy: "Policy"
    treatment: Treatment
    lists: "Lists | None"
    counts: dict[str, Any]

    @property
    def lines(self) -> tuple[str, ...]:
        """The counts as lines."""
        return tuple(f"{name}: {count}" for name, count in self.counts.items())


def check(policy: "Policy", secret: bytes | None, *, today: date, replaces: bool = True) -> Checked:
    """`policy` with its lists and known values opened; without `replaces` it may ask what is replaced, and replace nothing.

    Raises:
        InputError: a file that cannot be read or opened, an entry or a retention date that is over, no secret where one is
            needed.
        Refused: a case that a reviewer found is not masked.
    """
    from govern import lists

    _check_days(policy, today)
    _check_names(policy)
    if not any(action not in STAYS for _, action in policy.every_action()):
        raise InputError(
            f"policy '{policy.name}': masks nothing, since every entity type is keep or off; a certificate says "
            "what was replaced: mask one type at least"
        )
    opened = lists.load(policy.lists_path, secret, today=today) if policy.lists_path is not None else None
    counts: dict[str, Any] = {}
    if opened is not None:
        counts["lists"] = {"digest": opened.digest, **dict(opened.counts)}
    if policy.known_path is not None:
        counts["known"] = _known(policy, secret)
    check_looked_for(policy, opened, counts)
    values = tuple(counts[name]["digest"] for name in ("lists", "known") if name in counts)
    treatment = prepare(
        policy,
        secret,
        opened.allowed if opened else frozenset(),
        values,
        denied=opened.denied if opened else (),
        replaces=replaces,
    )
    if opened is not None and opened.cases:
        _check_cases(treatment, opened)
    return Checked(policy, treatment, opened, counts)


def _check_names(policy: "Policy") -> None:
    """Returns where something finds persons, if they are looked for."""
    if policy.entities["PERSON"] == "off" or policy.names.rules or policy.name_model is not None:
        return
    if policy.lists is None and policy.known is None and not policy.searched_columns:
        raise InputError(
            f"policy '{policy.name}': nothing finds PERSON, since names.rules is false and no model, lists or known "
            'values are named; name one, or write PERSON = "off"'
        )


def _check_days(policy: "Policy", today: date) -> None:
    for waiver in policy.waivers:
        if waiver.until < today:
            raise InputError(
                f"policy '{policy.name}': the waiver of rule '{waiver.id}' ({waiver.who}) held until {waiver.until}; have it "
                "renewed, or remove it"
            )
    for name, until in policy.retention:
        if until is not None and until < today:
            raise InputError(
                f"policy '{policy.name}': retention.{name} = {until} is over; renew it, or delete what it is about"
            )


def check_looked_for(policy: "Policy", opened: "Lists | None", counts: dict[str, Any]) -> None:
    """Returns where every type of a denied or known value is looked for."""
    listed = [("a denied value", kind) for kind, _ in opened.denied] if opened is not None else []
    listed += [("known values", each["entity_type"]) for each in counts.get("known", {}).get("types", ())]
    for what, kind in listed:
        if policy.entities[kind] == "off":
            raise InputError(
                f"policy '{policy.name}': {what} of type {kind}, which is off and so not looked for; use keep in "
                "place of off, or leave the values out"
            )


def _known(policy: "Policy", secret: bytes | None) -> dict[str, Any]:
    from govern import known

    if policy.known_path is None or secret is None:
        raise InputError(
            f"policy '{policy.name}': its known values are sealed, and no secret came; give it with --secret"
        )
    summary = known.read_summary(policy.known_path, secret)
    types = [
        {
            "entity_type": each.entity_type,
            "values": each.values,
            "searched": each.searched,
            "joined_only": each.joined_only,
        }
        for each in summary.counts
    ]
    search = policy.known.search if policy.known is not None else "everywhere"
    return {"digest": summary.digest, "customers": summary.customers, "search": search, "types": types}


def _check_cases(treatment: Treatment, opened: "Lists") -> None:
    """Returns where no character of a miss that was once reported would be left."""
    from govern.detect import search
    from govern.mask import left
    from govern.process import detector_for

    detector = detector_for(treatment)
    for number, (entity_type, text, start, end) in enumerate(opened.cases, 1):
        found = left(treatment, "", text, search(detector, text).spans)
        place = start
        for span in found:
            if span.start <= place < span.end:
                place = span.end
        if place < end:
            raise Refused(
                f"policy '{treatment.policy.name}': case {number} ({entity_type}), a miss that was reported once, would be "
                "missed again; deny its value, or lower the score of its type"
            )
