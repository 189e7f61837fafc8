"""Says less of a value: of a birthday the month, year, decade or age band; of an address the region.

The forms are those of ISO 8601 and hold in both languages: `1985-03`, `1985`, `1980/1989`; an age band is `40-49`. Where a
value cannot be read, nothing of it is said, and the caller redacts.
"""

import re
from datetime import date
from functools import cache
from typing import Literal

from govern.recognizers.korean_places import PROVINCE
from govern.recognizers.words import words

Birth = Literal["month", "year", "decade", "age-band"]
Region = Literal["province", "district"]

SERVED = frozenset({"DATE_OF_BIRTH", "KR_ADDRESS", "STREET_ADDRESS"})
"""Entity types that have something coarser than themselves."""

BAND_YEARS = 10
OLDEST = 90
"""Ages from here on are one band (45 CFR 164.514(b)(2)(i)(C), the Safe Harbor method)."""

_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_PROVINCE = re.compile(PROVINCE)
_ZIP = re.compile(r"[0-9]{5}(?:[0-9]{4})?(?:usa?|unitedstates(?:ofamerica)?)?$")
_STATES = {
    "AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california", "CO": "colorado",
    "CT": "connecticut", "DE": "delaware", "FL": "florida", "GA": "georgia", "HI": "hawaii", "ID": "idaho",
    "IL": "illinois", "IN": "indiana", "IA": "iowa", "KS": "kansas", "KY": "kentucky", "LA": "louisiana", "ME": "maine",
    "MD": "maryland", "MA": "massachusetts", "MI": "michigan", "MN": "minnesota", "MS": "mississippi", "MO": "missouri",
    "MT": "montana", "NE": "nebraska", "NV": "nevada", "NH": "newhampshire", "NJ": "newjersey", "NM": "newmexico",
    "NY": "newyork", "NC": "northcarolina", "ND": "northdakota", "OH": "ohio", "OK": "oklahoma", "OR": "oregon",
    "PA": "pennsylvania", "RI": "rhodeisland", "SC": "southcarolina", "SD": "southdakota", "TN": "tennessee",
    "TX": "texas", "UT": "utah", "VT": "vermont", "VA": "virginia", "WA": "washington", "WV": "westvirginia",
    "WI": "wisconsin", "WY": "wyoming", "DC": "districtofcolumbia",
}  # fmt: skip
"""The states, short and whole; a longer name is tried before the one that it ends with (West Virginia)."""


def birth(value: str, coarse: Birth, as_of: date | None = None) -> str | None:
    """A canonical date of birth made coarser, or None where it is no date that can be read in one way."""
    day = _ISO_DAY.fullmatch(value)
    if day is None:
        return None
    year, month = int(day[1]), int(day[2])
    if coarse == "month":
        return f"{year:04d}-{month:02d}"
    if coarse == "year":
        return f"{year:04d}"
    if coarse == "decade":
        first = year - year % 10
        return f"{first:04d}/{first + 9:04d}"
    if as_of is None:
        raise ValueError("an age band needs the day it is of")
    age = as_of.year - year - ((as_of.month, as_of.day) < (month, int(day[3])))
    if age < 0:
        return None
    band = min(age - age % BAND_YEARS, OLDEST)
    return f"{band}+" if band == OLDEST else f"{band}-{band + BAND_YEARS - 1}"


def region(entity_type: str, value: str, coarse: Region) -> str | None:
    """Province and district of a canonical address, or the state of one in the United States; None where none is named."""
    if entity_type == "STREET_ADDRESS":
        return _state(value)
    found = _PROVINCE.search(value)
    if found is None or found.start() > 6:
        return None
    named, rest = found[0], value[found.end() :]
    if coarse == "district":
        for _ in range(2):  # a city and its district
            district = next((name for name in _districts() if rest.startswith(name)), "")
            named, rest = f"{named} {district}" if district else named, rest[len(district) :]
    return named


@cache
def _districts() -> tuple[str, ...]:
    """Longest first, so that a name is not taken for the begin of another."""
    return tuple(sorted(words("districts_ko"), key=lambda name: (-len(name), name)))


def _state(value: str) -> str | None:
    """The two letters of the state before the ZIP code; the only part that is said, whatever the policy asks."""
    place = _ZIP.search(value)
    if place is None:
        return None
    before = value[: place.start()]
    for short, full in sorted(_STATES.items(), key=lambda state: -len(state[1])):
        if before.endswith(full):
            return short
    return before[-2:].upper() if before[-2:].upper() in _STATES else None
