"""Whether digits are a telephone number of some country's plan, as `phonenumbers` says, in a fraction of its time.

The plans are the metadata of `phonenumbers` (Google's libphonenumber), compiled once. `phonenumbers.parse` reads any
writing and takes forty microseconds; here the digits are known, so only its last steps are left: country code, national
prefix, the patterns of the country's regions. The tests hold both against each other.
"""

import re
from functools import cache
from types import ModuleType
from typing import NamedTuple

_TYPES = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line",
          "mobile")  # fmt: skip


class _Region(NamedTuple):
    leading: re.Pattern[str] | None
    """What numbers of the region begin with, where it shares its country code and says so."""
    numbers: re.Pattern[str]
    """Every number of any type."""


class _Plan(NamedTuple):
    prefix: re.Pattern[str] | None
    """What stands before a number within the country: 0 in Korea, 1 in the United States."""
    transform: str | None
    general: re.Pattern[str]
    lengths: frozenset[int]
    local: frozenset[int]
    regions: tuple[_Region, ...]


def valid(country: str | None, digits: str, *, by_length: bool = False) -> bool:
    """Whether `digits` are a number of the calling code `country`; None: they begin with the code of any country.

    With `by_length` only their count is looked at.
    """
    if country is None:
        country = next((digits[:size] for size in (1, 2, 3) if digits[:size] in _codes()), None)
        if country is None:
            return False
        digits = digits[len(country) :]
    plan = _plan(country)
    digits = _national(plan, digits)
    if by_length:
        return len(digits) in plan.lengths or len(digits) in plan.local
    for region in plan.regions:
        if region.leading is None:
            if region.numbers.fullmatch(digits):
                return True
        elif region.leading.match(digits):
            return region.numbers.fullmatch(digits) is not None
    return False


def _national(plan: _Plan, digits: str) -> str:
    """The digits without the prefix for calls within the country, where what remains can be a number."""
    found = plan.prefix.match(digits) if plan.prefix else None
    if found is None:
        return digits
    if plan.transform and found.groups() and found.groups()[-1] is not None:
        rest = found.expand(plan.transform) + digits[found.end() :]
    else:
        rest = digits[found.end() :]
    if plan.general.fullmatch(digits) and not plan.general.fullmatch(rest):
        return digits
    possible = len(rest) in plan.lengths or len(rest) > max(plan.lengths)
    return rest if possible and len(rest) not in plan.local else digits


@cache
def _codes() -> frozenset[str]:
    return frozenset(map(str, _library().COUNTRY_CODE_TO_REGION_CODE))


@cache
def _plan(country: str) -> _Plan:
    library = _library()
    names = library.COUNTRY_CODE_TO_REGION_CODE[int(country)]
    metadata = [library.PhoneMetadata.metadata_for_region_or_calling_code(int(country), name) for name in names]
    main = metadata[0]
    return _Plan(
        re.compile(main.national_prefix_for_parsing) if main.national_prefix_for_parsing else None,
        main.national_prefix_transform_rule,
        re.compile(main.general_desc.national_number_pattern or "(?!)"),
        frozenset(main.general_desc.possible_length),
        frozenset(main.general_desc.possible_length_local_only),
        tuple(
            _Region(re.compile(item.leading_digits) if item.leading_digits else None, _numbers(item))
            for item in metadata
            if item is not None
        ),
    )


def _numbers(metadata: object) -> re.Pattern[str]:
    general = metadata.general_desc  # type: ignore[attr-defined]
    kinds = [getattr(metadata, kind) for kind in _TYPES]
    ways = [_desc(kind) for kind in kinds if kind is not None and kind.national_number_pattern]
    return re.compile(f"(?={_desc(general)}\\Z)(?:{'|'.join(ways) or '(?!)'})")


def _desc(desc: object) -> str:
    lengths = "|".join(f"[0-9]{{{size}}}" for size in desc.possible_length if size > 0)  # type: ignore[attr-defined]
    pattern: str = desc.national_number_pattern or "(?!)"  # type: ignore[attr-defined]
    return f"(?:(?=(?:{lengths})\\Z)(?:{pattern}))" if lengths else f"(?:{pattern})"


@cache
def _library() -> ModuleType:
    import phonenumbers

    module: ModuleType = phonenumbers
    return module
