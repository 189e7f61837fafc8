"""Where merges that an extension appended change nothing: there the ids of a pre-token are those of its base.

BPE applies the merge that comes first in its list. Where a list is that of another tokenizer with more at its end, all merges
of the other are applied before one of these, so what the other makes of a pre-token stays as it is, unless two tokens in it
that stand side by side are one of the appended pairs, or the pre-token is itself a new token and `ignore_merges` is set.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vocab.base import Base
from vocab.coverage.arrays import Ints, sums

_BYTE = re.compile("<0x[0-9A-F]{2}>")
_LEFT = 32
"""Bits of the right id in the code of a pair."""


@dataclass(frozen=True, slots=True)
class Merges:
    """The merges of a tokenizer: a digest of those that its base has, of all where it has none, and the pairs after them."""

    first: str
    appended: Ints
    """Codes of pairs of ids, in order of size."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a tokenizer has more than its base: pairs of ids, and whole pre-tokens (as tokens are spelled) that take an id."""

    pairs: Ints
    whole: frozenset[str]

    def touched(self, spelled: Sequence[str], ids: npt.NDArray[np.int32], sizes: Ints) -> npt.NDArray[np.bool_]:
        """Which pre-tokens may have other ids than `ids`, those of the base, `sizes` of them in each."""
        found = np.zeros(len(spelled), np.bool_)
        if len(self.pairs) and len(ids) > 1:
            code = ids[:-1].astype(np.int64) << _LEFT | ids[1:]
            near = np.minimum(np.searchsorted(self.pairs, code), len(self.pairs) - 1)
            is_pair = np.append(self.pairs[near] == code, False)
            is_pair[np.cumsum(sizes)[sizes > 0] - 1] = False  # the last of a pre-token has none after it
            found = sums(is_pair, sizes) > 0
        found[[at for at, one in enumerate(spelled) if one in self.whole]] = True
        return found


def merges_of(spec: dict[str, Any], record: dict[str, Any] | None) -> Merges | None:
    """The merges of a parsed `tokenizer.json`; None where it has none, or appends one that its base has."""
    model = spec["model"]
    vocab = model["vocab"]
    merges = [one if isinstance(one, str) else " ".join(one) for one in model.get("merges") or ()]
    if not merges or not isinstance(vocab, dict):
        return None
    count = len(merges) - int(record["merges"] if record else 0)
    first, appended = merges[:count], merges[count:]
    if not set(appended).isdisjoint(first):
        return None
    pairs = (one.split(" ", 1) for one in appended)
    codes = sorted(vocab[left] << _LEFT | vocab[right] for left, right in pairs)
    return Merges(hashlib.sha256("\n".join(first).encode()).hexdigest(), np.array(codes, np.int64))


def growth(old: Base, before: Merges | None, new: Base, after: Merges | None) -> Growth | None:
    """What `new` has more than `old`, which cuts text alike; None where it is not that with more at its end."""
    if before is None or after is None or len(before.appended) or before.first != after.first:
        return None
    if _settings(old) != _settings(new):
        return None
    if not old.vocab.items() <= new.vocab.items() or len({*new.vocab.values()}) < len(new.vocab):
        return None
    more = new.vocab.keys() - old.vocab.keys()
    if any(len(token) == 1 or _BYTE.fullmatch(token) for token in more):
        return None  # what the base loses, or calls unknown, may be read
    return Growth(after.appended, frozenset(more if new.ignores_merges else ()))


def _settings(base: Base) -> dict[str, Any]:
    return {name: value for name, value in base.spec["model"].items() if name not in ("vocab", "merges")}
