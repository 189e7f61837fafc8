"""Hides the middle of a number and shows its ends, as receipts and statements do.

Card numbers show at most the first six and the last four digits (PCI DSS 4.0.1, requirement 3.4.1), fewer of a short one.
What a partial value shows is still the person's own: use it where a reader must tell two accounts apart.
"""

import ipaddress
from collections.abc import Mapping

HIDDEN = "*"

ENDS: Mapping[str, tuple[int, int]] = {
    "CREDIT_CARD": (6, 4),
    "IBAN_CODE": (2, 4),
    "KR_BANK_ACCOUNT": (0, 4),
    "US_BANK_NUMBER": (0, 4),
    "US_SSN": (0, 4),
    "US_ITIN": (0, 4),
    "CUSTOMER_ID": (0, 4),
}
"""Letters and digits shown at both ends."""

LEAST_HIDDEN = 5
"""Fewer are never hidden; of a shorter value less is shown, the begin first."""

REGISTRATION_DIGITS = 13
"""Of a whole resident registration number; a half alone is hidden whole, since nobody knows which half it is."""

SERVED = frozenset({*ENDS, "PHONE_NUMBER", "EMAIL_ADDRESS", "KR_RRN", "KR_FRN", "IP_ADDRESS"})
"""Entity types with a usual partial form."""


def partial(entity_type: str, value: str) -> str:
    """The canonical `value` of a type in `SERVED`, its middle hidden; the same value always gives the same text."""
    if entity_type == "EMAIL_ADDRESS":
        name, at, domain = value.rpartition("@")
        return f"{name[: len(name) > 1]}{HIDDEN * 3}@{domain}" if at else HIDDEN * LEAST_HIDDEN
    if entity_type == "IP_ADDRESS":
        return _network(value)
    if entity_type in ("KR_RRN", "KR_FRN"):
        return f"{value[:6]}-{HIDDEN * 7}" if len(value) == REGISTRATION_DIGITS else HIDDEN * len(value)
    if entity_type == "PHONE_NUMBER":
        return _phone(value)
    head, tail = ENDS[entity_type]
    tail = min(tail, max(0, len(value) - LEAST_HIDDEN))
    head = min(head, max(0, len(value) - tail - LEAST_HIDDEN))
    return f"{value[:head].upper()}{HIDDEN * (len(value) - head - tail)}{value[len(value) - tail :]}".upper()


def _phone(value: str) -> str:
    """The area and the last four digits of a Korean number, of others the last four."""
    shown = value[-4:] if len(value) >= 4 + LEAST_HIDDEN else ""
    if value.startswith("0") and 9 <= len(value) <= 11:
        area = 2 if value.startswith("02") else 3
        return f"{value[:area]}-{HIDDEN * (len(value) - area - 4)}-{value[-4:]}"
    return HIDDEN * (len(value) - len(shown)) + shown


def _network(value: str) -> str:
    """The network of an address: 24 bits of version 4, 48 of version 6."""
    try:
        address = ipaddress.ip_address(value.partition("/")[0].strip("[]"))
    except ValueError:
        return HIDDEN * LEAST_HIDDEN
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))
