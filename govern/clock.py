"""Times as they stand in signed files: RFC 3339, UTC, whole seconds, `2026-01-31T09:00:00Z`. No clock is read here."""

import re
from datetime import UTC, datetime

from govern.errors import InputError

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def as_text(moment: datetime) -> str:
    """A moment to the second, fractions cut off.

    Raises:
        InputError: the moment has no time zone, so it is no moment.
    """
    return whole_second(moment).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def whole_second(moment: datetime) -> datetime:
    """The same moment in UTC, fractions of a second cut off."""
    if moment.tzinfo is None:
        raise InputError("a time without a time zone came where UTC is needed; give it one")
    return moment.astimezone(UTC).replace(microsecond=0)


def parse(text: str) -> datetime:
    """The moment in a signed file; `ValueError` for any other spelling."""
    if not TIME.fullmatch(text):
        raise ValueError("not YYYY-MM-DDThh:mm:ssZ")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def parse_flag(text: str, flag: str) -> datetime:
    """The moment a flag names: `2027-01-31T09:00:00Z`, or `2027-01-31`, which means the end of that day in UTC.

    Raises:
        InputError: naming the flag.
    """
    try:
        return parse(f"{text}T23:59:59Z" if DAY.fullmatch(text) else text)
    except ValueError:
        raise InputError(f"{flag} {text!r}: not a date; write 2027-01-31 or 2027-01-31T09:00:00Z (UTC)") from None
