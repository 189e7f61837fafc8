"""Builds the sealed file of a customer table, and opens it.

`build` reads the table once; its peak of memory is several times the automaton's (docs/known.md has figures). `open`
proves every byte before it returns; a process that searches opens the file itself and holds one automaton.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from govern.errors import InputError
from govern.inventory import plain
from govern.keys import derive
from govern.known import customers, sealed, table
from govern.known.automaton import Meaning, Patterns, restore
from govern.known.automaton import build as build_automaton
from govern.known.values import Count, Known, Rows, Tally
from govern.known.variants import forms

PIECE_BYTES = 4 * 1024 * 1024
"""The automaton rests in pieces of so many bytes."""
SECTIONS = ("automaton", "first_ids", "mail", "meanings", "rows")


class Summary(NamedTuple):
    """What a file of known values says of itself: counts and a keyed digest."""

    digest: str
    customers: int
    counts: tuple[Count, ...]


def build(
    masters: Sequence[Path], columns: Mapping[str, str], secret: bytes, out: Path, key: str | None = None
) -> Summary:
    """Seals what is searched for the values of a customer table, `columns` naming the entity type of each column.

    `key` is the column by which a document can be joined with its customer.

    Raises:
        InputError: a table, column or entity type that cannot be used; `out` is there already.
    """
    table.check_columns(columns, key)
    if out.exists():
        raise InputError(f"{plain(out)}: is there already; choose another --out, or remove it first")
    derive(secret, "known/digest")  # a secret of the wrong length is told before the table is read
    patterns, tally, records = _collect(masters, columns, secret, key)
    spelled, meanings = patterns.settle(dense=True)
    rows = list(customers.chunked(records))
    if any(len(chunk) > sealed.CHUNK_BYTES for chunk in rows):
        raise InputError(
            f"--key: column '{key}' has one key for too many rows; name the column that tells customers apart"
        )
    digest = _digest(derive(secret, "known/digest"), spelled, meanings, rows)
    made = build_automaton(spelled, meanings, tally.entity_types)
    counts, count = tally.counts(made), len({item[: customers.ID_BYTES] for item in records})
    del spelled, meanings, records
    sections = {
        "meanings": _pieces(made.meanings()),
        "automaton": _pieces(made.engine.serialize()),
        "mail": _pieces(made.mail.serialize()),
        "first_ids": _pieces(b"".join(chunk[: customers.ID_BYTES] for chunk in rows)),
        "rows": rows,
    }
    header = {
        "engine": engine(),
        "digest": digest,
        "customers": count,
        "counts": {item.entity_type: dict(zip(item._fields[1:], item[1:], strict=True)) for item in counts},
        "chunks": {name: len(sections[name]) for name in SECTIONS},
    }
    sealed.write(out, header, {name: sections[name] for name in SECTIONS}, secret)
    return Summary(digest, count, counts)


def read_summary(path: Path, secret: bytes | None = None) -> Summary:
    """What the header says; with a secret, every byte of the file is proved first.

    Raises:
        InputError: not such a file; another secret, or a byte that is not as it was written.
    """
    if secret is not None:
        opened = sealed.unseal(path, secret)
        for _ in sealed.chunks(opened):
            pass
        header: Mapping[str, Any] = opened.header
    else:
        header = sealed.read_header(path)
    return Summary(header["digest"], header["customers"], _counts(header))


def open(path: Path, secret: bytes) -> Known:  # noqa: A001 - govern.known.open, as of a file
    """The known values of a sealed file.

    Raises:
        InputError: not such a file; another secret, or a byte that is not as it was written.
    """
    opened = sealed.unseal(path, secret)
    if opened.header["engine"] != engine():
        raise InputError(f"{plain(path)}: built with another automaton than {engine()}; build it again with this one")
    parts: dict[str, list[bytes]] = {name: [] for name in SECTIONS}
    places = []
    for section, place, data in sealed.chunks(opened):
        if section == "rows":
            places.append(place)
        else:
            parts[section].append(data)
    counts = _counts(opened.header)
    meanings, ids = b"".join(parts["meanings"]), b"".join(parts["first_ids"])
    serialized = (b"".join(parts.pop(name)) for name in ("automaton", "mail"))
    made = restore(serialized, meanings, tuple(count.entity_type for count in counts))
    rows = None
    if places:
        size = customers.ID_BYTES
        first_ids = tuple(ids[start : start + size] for start in range(0, len(ids), size))
        rows = Rows(opened, tuple(places), first_ids, derive(secret, "known/customer"))
    return Known(opened.header["digest"], counts, opened.header["customers"], automaton=made, rows=rows)


def engine() -> str:
    """The package whose automaton is sealed, and its version: another one may write it otherwise."""
    return f"daachorse {metadata.version('daachorse')}"


def _collect(
    masters: Sequence[Path], columns: Mapping[str, str], secret: bytes, key: str | None
) -> tuple[Patterns, Tally, list[bytes]]:
    """The patterns of every value, and a record of each row that names its customer."""
    patterns, tally, records = Patterns(), Tally(), []
    kinds = tuple(columns.values())
    index = {kind: number for number, kind in enumerate(sorted(set(kinds)))}
    by_customer = derive(secret, "known/customer")
    for batch in table.read(masters, tuple(columns), key):
        for kind, values in zip(kinds, batch.columns, strict=True):
            for value in values:
                if value is not None:
                    found = forms(kind, value)
                    patterns.add(kind, found)
                    tally.add(kind, searched=bool(found))
        for customer, *row in zip(batch.keys, *batch.columns, strict=True) if batch.keys is not None else ():
            if customer is not None:
                held = [(index[kind], value) for kind, value in zip(kinds, row, strict=True) if value is not None]
                records.append(customers.record(customers.keyed_id(by_customer, customer), held))
    return patterns, tally, records


def _digest(key: bytes, patterns: Sequence[str], meanings: Sequence[Meaning], rows: Sequence[bytes]) -> str:
    """Keyed, over all that is searched for and joined, whatever the order of the table."""
    hasher = hmac.new(key, b"known/1\n", hashlib.sha256)
    for pattern, meaning in zip(patterns, meanings, strict=True):
        hasher.update(f"{pattern}\t{meaning.entity_type}\t{meaning.how}\t{meaning.cut}\n".encode())
    hasher.update(b"\n")
    for chunk in rows:
        hasher.update(chunk)
    return "hmac-sha256:" + hasher.hexdigest()[:32]


def _pieces(data: bytes) -> list[bytes]:
    """At least one piece, so that something proves the header."""
    return [data[start : start + PIECE_BYTES] for start in range(0, max(len(data), 1), PIECE_BYTES)]


def _counts(header: Mapping[str, Any]) -> tuple[Count, ...]:
    return tuple(Count(kind, **counts) for kind, counts in sorted(header["counts"].items()))
