"""Statements that a trusted key signed, and that say the wrong thing or say it in another spelling."""

from collections.abc import Callable, Iterator
from typing import Any

from govern import attestation
from govern.files import canonical
from verify_vectors.case import ZERO, Case, Spoil, Vector, pretty, reversed_keys


def vectors() -> Iterator[Vector]:
    """Every vector of this kind."""
    for name, edit in _STATEMENT_CHANGES.items():
        named = "SHA256SUMS" if name == "subject digest wrong" else "attestation.json"
        yield Vector(f"signed statement: {name}", "alice", _restate(edit), named)
    for name, change in _PAYLOAD_CHANGES.items():
        yield Vector(f"signed payload: {name}", "alice", _repayload(change))


def _restate(edit: Callable[[dict[str, Any]], Any]) -> Spoil:
    def spoil(case: Case) -> None:
        statement = case.statement()
        edit(statement)
        case.reseal(canonical(statement))

    return spoil


def _repayload(change: Callable[[bytes], bytes]) -> Spoil:
    return lambda case: case.reseal(change(canonical(case.statement())))


def _say(**members: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda statement: statement["predicate"].update(members)


def _unsay(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda statement: statement["predicate"].pop(name)


def _subject(**members: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda statement: statement["subject"][0].update(members)


_STATEMENT_CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "_type v0.1": lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"),
    "_type empty": lambda s: s.update(_type=""),
    "_type with a slash": lambda s: s.update(_type="https://in-toto.io/Statement/v1/"),
    "_type missing": lambda s: s.pop("_type"),
    "type without underscore": lambda s: s.update(type=s["_type"]),
    "about a tokenizer": lambda s: s.update(predicateType=attestation.PREDICATE_TOKENIZER),
    "about an adapter": lambda s: s.update(predicateType=attestation.PREDICATE_ADAPTER),
    "about a later version": lambda s: s.update(predicateType="urn:assay:certified-corpus:v2"),
    "predicateType empty": lambda s: s.update(predicateType=""),
    "predicateType missing": lambda s: s.pop("predicateType"),
    "predicateType a list": lambda s: s.update(predicateType=[s["predicateType"]]),
    "predicate missing": lambda s: s.pop("predicate"),
    "predicate empty": lambda s: s.update(predicate={}),
    "predicate null": lambda s: s.update(predicate=None),
    "predicate a list": lambda s: s.update(predicate=[s["predicate"]]),
    "extra field": lambda s: s.update(extra="x"),
    "subject missing": lambda s: s.pop("subject"),
    "subject empty": lambda s: s.update(subject=[]),
    "subject an object": lambda s: s.update(subject=s["subject"][0]),
    "two subjects": lambda s: s["subject"].append({"digest": {"sha256": ZERO}, "name": "other"}),
    "the subject twice": lambda s: s["subject"].append(s["subject"][0]),
    "subject with another name": _subject(name="SHA256SUM"),
    "subject with a path": _subject(name="./SHA256SUMS"),
    "subject without a name": lambda s: s["subject"][0].pop("name"),
    "subject with an empty name": _subject(name=""),
    "subject with a uri": _subject(uri="https://example.com"),
    "subject with annotations": _subject(annotations={"a": 1}),
    "subject digest missing": lambda s: s["subject"][0].pop("digest"),
    "subject digest empty": _subject(digest={}),
    "subject digest of another algorithm": _subject(digest={"sha512": ZERO * 2}),
    "subject digest of two algorithms": lambda s: s["subject"][0]["digest"].update(sha512=ZERO * 2),
    "subject digest wrong": _subject(digest={"sha256": ZERO}),
    "subject digest cut": lambda s: s["subject"][0]["digest"].update(sha256=s["subject"][0]["digest"]["sha256"][:-1]),
    "subject digest in upper case": lambda s: s["subject"][0]["digest"].update(sha256="A" + ZERO[1:]),
    "subject digest null": _subject(digest={"sha256": None}),
    "extra predicate field": _say(extra=1),
    "certificate missing": _unsay("certificate"),
    "issued missing": _unsay("issued"),
    "not_after missing": _unsay("not_after"),
    "purpose missing": _unsay("purpose"),
    "signatures_required missing": _unsay("signatures_required"),
    "certificate of another corpus": _say(certificate="sha256:" + ZERO),
    "certificate without prefix": _say(certificate=ZERO),
    "certificate null": _say(certificate=None),
    "expired": _say(not_after="2026-02-01T00:00:00Z"),
    "expired in the year 1": _say(not_after="0001-01-01T00:00:00Z"),
    "not_after with an offset": _say(not_after="2099-01-01T00:00:00+00:00"),
    "not_after a day": _say(not_after="2099-01-01"),
    "not_after on 30 February": _say(not_after="2099-02-30T00:00:00Z"),
    "not_after on 29 February of a common year": _say(not_after="2099-02-29T00:00:00Z"),
    "not_after in month 13": _say(not_after="2099-13-01T00:00:00Z"),
    "not_after at 24:00": _say(not_after="2099-01-01T24:00:00Z"),
    "not_after in lower case": _say(not_after="2099-01-01t00:00:00z"),
    "not_after with a fraction": _say(not_after="2099-01-01T00:00:00.5Z"),
    "not_after of five-digit year": _say(not_after="12099-01-01T00:00:00Z"),
    "not_after empty": _say(not_after=""),
    "not_after a number": _say(not_after=4070908800),
    "not_after the text null": _say(not_after="null"),
    "issued in the future": _say(issued="2098-01-01T00:00:00Z"),
    "issued null": _say(issued=None),
    "issued empty": _say(issued=""),
    "issued in year 0": _say(issued="0000-01-01T00:00:00Z"),
    "issued with a blank": _say(issued="2026-01-31 09:00:00Z"),
    "issued a number": _say(issued=1),
    "issued at second 60": _say(issued="2026-01-31T09:00:60Z"),
    "purpose narrower than the certificate": _say(purpose=["train"]),
    "purpose in another order": _say(purpose=["evaluate", "train"]),
    "purpose none": _say(purpose=[]),
    "purpose unknown": _say(purpose=["train", "evaluate", "sell"]),
    "purpose twice": _say(purpose=["train", "train"]),
    "purpose a text": _say(purpose="train"),
    "purpose null": _say(purpose=None),
    "signatures_required 0": _say(signatures_required=0),
    "signatures_required -1": _say(signatures_required=-1),
    "signatures_required 2 with one signature": _say(signatures_required=2),
    "signatures_required a text": _say(signatures_required="1"),
    "signatures_required true": _say(signatures_required=True),
    "signatures_required null": _say(signatures_required=None),
    "signatures_required 1.5": _say(signatures_required=1.5),
    "signatures_required very large": _say(signatures_required=2**53 - 1),
}


def _payload_twice(data: bytes) -> bytes:
    return data.replace(b'"issued":', b'"issued":"2026-01-01T00:00:00Z","issued":', 1)


_PAYLOAD_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b" ",
    "no JSON": lambda _: b"trust me",
    "a list": lambda data: b"[" + data + b"]",
    "null": lambda _: b"null",
    "a trailing line end": lambda data: data + b"\n",
    "a leading line end": lambda data: b"\n" + data,
    "a Windows line end": lambda data: data + b"\r\n",
    "a blank": lambda data: data.replace(b":", b": ", 1),
    "pretty printed": pretty,
    "keys in another order": reversed_keys,
    "a key twice": _payload_twice,
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "an escaped letter": lambda data: data.replace(b"SHA256SUMS", b"\\u0053HA256SUMS"),
    "escaped slashes": lambda data: data.replace(b"/", b"\\/"),
    "NUL appended": lambda data: data + b"\0",
    "a float for a whole number": lambda data: data.replace(b'"signatures_required":1', b'"signatures_required":1.0'),
    "an exponent": lambda data: data.replace(b'"signatures_required":1', b'"signatures_required":1e0'),
    "invalid UTF-8": lambda data: data.replace(b"SHA256SUMS", b"SHA256SUM\xff"),
    "a lone surrogate": lambda data: data.replace(b"SHA256SUMS", b"SHA256SUM\\ud800"),
    "deep nesting": lambda _: b"[" * 100_000,
    "an infinite number": lambda data: data.replace(b'"not_after":null', b'"not_after":1e999'),
    "a number too large to keep": lambda data: data.replace(b'"not_after":null', b'"not_after":90071992547409930'),
    "two statements": lambda data: data + data,
}
