"""Where replacements stand in a masked text, worked out from where the values stood in the original.

The text outside replacements is unchanged, so each one starts where its value did, moved by what earlier ones were longer
or shorter; it ends where its form says so, or where the run recorded it. The original is not needed.
"""

from collections.abc import Mapping, Sequence

from govern.review.folder import marked


def places(
    spans: Sequence[tuple[int, int, str]], text: str, recorded: Mapping[int, int] | None = None
) -> tuple[tuple[int, int], ...] | None:
    """Start and end in `text` of the replacement of each span; None where they do not fit the text.

    Args:
        spans: start, end and entity type of the values in the original, sorted, none overlapping.
        text: the masked text.
        recorded: start to end of the replacements in `text` that have no form of their own.
    """
    ends = recorded or {}
    found, shift = [], 0
    for start, end, entity_type in spans:
        here = start + shift
        match = marked((entity_type,)).match(text, here)
        stop = ends.get(here, match.end() if match else None)
        if here < 0 or stop is None or stop > len(text):
            return None
        found.append((here, stop))
        shift += (stop - here) - (end - start)
    return tuple(found)
