"""Surrogates: what looks like the value and is nobody's, so that text stays text and a scanner still tells it from a leak.

`surrogate(entity_type, value, draw)` depends on the value by its shape, script, gender and last sound alone; all else comes
from `draw`, which the caller seeds with an HMAC of the value: the same value and key, the same surrogate, and nothing to learn
from it without the key. A surrogate is never the value itself. Numbers fail their checksum or lie in ranges that are never
issued, and `never_issued` says so; names come from lists and cannot be told. Secrets (security codes, PINs, API keys, logins)
have no surrogate: PCI DSS 4.0.1, 3.3.1.
"""

from functools import cache

from govern.draw import Draw
from govern.errors import InputError
from govern.operators import (
    surrogate_banking,
    surrogate_names,
    surrogate_network,
    surrogate_places,
    surrogate_pools,
    surrogate_registry,
)
from govern.operators.surrogate_shape import Scheme, plain

_TABLES = (surrogate_names.TABLE, surrogate_network.TABLE, surrogate_places.TABLE, surrogate_banking.TABLE,
           surrogate_registry.TABLE)  # fmt: skip

SERVED: frozenset[str] = frozenset(name for table in _TABLES for name in table)
"""Entity types that have surrogates."""


def surrogate(entity_type: str, value: str, draw: Draw) -> str:
    """What stands for the canonical `value`; the same value and seed always give the same text, and never the value.

    Raises:
        InputError: the type has no surrogate.
    """
    make = _scheme(entity_type).make
    made, mine = make(value, draw), plain(value)
    while plain(made) == mine:
        made = make(value, draw)
    return made


def never_issued(entity_type: str, text: str) -> bool:
    """Whether `text` lies in the space from which surrogates of the type come, so that it is nobody's; of a name always False.

    Raises:
        InputError: the type has no surrogate.
    """
    return _scheme(entity_type).never_issued(text)


def versions() -> dict[str, str]:
    """What surrogate names depend on: `faker`, its version; `names`, a digest of the lists."""
    return surrogate_pools.versions()


@cache
def _scheme(entity_type: str) -> Scheme:
    for table in _TABLES:
        if entity_type in table:
            return table[entity_type]
    raise InputError(
        f"entity type '{entity_type}' has no surrogate, since a secret or an unknown form cannot look real and be none; "
        "use tag or redact"
    )
