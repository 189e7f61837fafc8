"""Each customer's values, found by a keyed id: packed into chunks that are read one at a time.

A record is 16 bytes of HMAC-SHA256 over the customer's key, the length of what follows, and its values: the index of
the entity type (one byte), a length (4 bytes), the value in UTF-8. Records stand in the order of their ids, so one chunk
answers; the first id of each chunk is all that stays in memory.
"""

import bisect
import hmac
import struct
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

ID_BYTES = 16
CHUNK_BYTES = 64 * 1024
"""A chunk is closed after so many bytes."""
_HEAD = struct.Struct(f">{ID_BYTES}sI")
_VALUE = struct.Struct(">BI")


def keyed_id(key: bytes, customer: str) -> bytes:
    """The id of a customer: useless to one who lacks the key."""
    plain = unicodedata.normalize("NFKC", customer).strip()
    return hmac.digest(key, plain.encode("utf-8", "surrogatepass"), "sha256")[:ID_BYTES]


def record(customer: bytes, values: Iterable[tuple[int, str]]) -> bytes:
    """The packed record of a row; `values` are (index of the entity type, value)."""
    packed = []
    for index, value in values:
        data = value.encode("utf-8", "surrogatepass")
        packed.append(_VALUE.pack(index, len(data)) + data)
    payload = b"".join(packed)
    return _HEAD.pack(customer, len(payload)) + payload


def chunked(records: list[bytes]) -> Iterator[bytes]:
    """The records, sorted in place, in chunks; all of one customer's stand in one."""
    records.sort()
    chunk: list[bytes] = []
    size = 0
    for _, same in groupby(records, key=lambda item: item[:ID_BYTES]):
        for item in same:
            chunk.append(item)
            size += len(item)
        if size >= CHUNK_BYTES:
            yield b"".join(chunk)
            chunk, size = [], 0
    if chunk:
        yield b"".join(chunk)


def place_of(first_ids: Sequence[bytes], customer: bytes) -> int | None:
    """Which chunk holds the customer, if any does."""
    place = bisect.bisect_right(first_ids, customer) - 1
    return place if place >= 0 else None


def values_in(chunk: bytes, customer: bytes) -> list[tuple[int, str]]:
    """The customer's values in a chunk, each once, in the order of the table."""
    found: dict[tuple[int, str], None] = {}
    position = 0
    while position < len(chunk):
        name, length = _HEAD.unpack_from(chunk, position)
        position += _HEAD.size
        end = position + length
        if name == customer:
            while position < end:
                index, size = _VALUE.unpack_from(chunk, position)
                position += _VALUE.size
                found[index, chunk[position : position + size].decode("utf-8", "surrogatepass")] = None
                position += size
        position = end
    return list(found)
