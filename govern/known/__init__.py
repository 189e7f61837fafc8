"""Values that a bank knows to be personal: its customer table, searched in every text; or a list that a policy denies.

    >>> from govern import known
    >>> from govern.normalize import normalize
    >>> denied = known.from_values([("PHONE_NUMBER", "010-0000-1234")], recognizer="deny")
    >>> [(hit.start, hit.end) for hit in known.search(denied, normalize("전화 ０１０ 0000 1234입니다").text)]
    [(3, 16)]

`build` seals a table in one encrypted file, `open` opens it, `search` finds its values in a shadow of `govern.normalize`,
`join` gives one customer's values for that customer's own documents. No error, repr or header holds a value.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govern.known.automaton import plain_form
    from govern.known.store import Summary, build, open, read_summary  # noqa: A004
    from govern.known.values import Count, Known, from_values, join, search
    from govern.known.variants import forms

__all__ = ["Count", "Known", "Summary", "build", "forms", "from_values", "join", "open", "plain_form", "read_summary", "search"]

_HOMES = {
    **dict.fromkeys(("Summary", "build", "open", "read_summary"), "store"),
    **dict.fromkeys(("Count", "Known", "from_values", "join", "search"), "values"),
    "forms": "variants",
    "plain_form": "automaton",
}


def __getattr__(name: str) -> Any:
    """Loads a public name where it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'govern.known' has no attribute {name!r}")
    return getattr(import_module(f"govern.known.{_HOMES[name]}"), name)
