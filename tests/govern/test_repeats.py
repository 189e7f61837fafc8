"""Repeated keys, in memory and from files, as a dictionary finds them."""

import random

import numpy as np
import pytest

from govern.repeats import Repeats


def _pairs(repeats):
    found = [pair for places, firsts in repeats.later() for pair in zip(places.tolist(), firsts.tolist(), strict=True)]
    return sorted(found)


@pytest.mark.parametrize("held", [1_000_000, 100, 7], ids=["in memory", "a few files", "many turns"])
def test_as_a_dictionary_finds_them(held):
    """Each later one with the place of the first, however many are held."""
    rng = random.Random(3)
    keys = [rng.randrange(400).to_bytes(2) * 8 if rng.random() < 0.5 else rng.randbytes(16) for _ in range(3000)]
    first: dict[bytes, int] = {}
    wanted = [(place, first[key]) for place, key in enumerate(keys) if first.setdefault(key, place) != place]
    with Repeats(held) as repeats:
        for key in keys:
            repeats.add(key)
        assert repeats.count == len(keys)
        assert _pairs(repeats) == wanted
        assert wanted


def test_keys_that_differ_in_the_last_bit_are_two():
    """And of no key, or one, none stands twice."""
    with Repeats() as repeats:
        assert _pairs(repeats) == []
        repeats.add(bytes(15) + b"\0" + bytes(15) + b"\1")
        assert _pairs(repeats) == []
        repeats.add(bytes(16))
        assert _pairs(repeats) == [(2, 0)]
        assert all(part.dtype == np.int64 for pair in repeats.later() for part in pair)
