"""The same envelope spelled in another way, and envelopes with other fields."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from govern import revocation
from verify_vectors.case import Vector, edited, first_signature, pretty, reversed_keys, rewrite


def vectors() -> Iterator[Vector]:
    """Every vector of this kind."""
    for name, change in _TEXT_CHANGES.items():
        yield Vector(f"alice: {name}", "alice", rewrite("attestation.json", change))
    for base in ("alice", "carol"):
        for name, edit in _FIELD_CHANGES.items():
            yield Vector(f"{base}: {name}", base, edited(edit))


def _padding(text: str) -> str:
    """The same bytes in base64 with a bit set that padding should leave clear."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    if not text.endswith("="):
        return text + "===="
    last = len(text.rstrip("=")) - 1
    return text[:last] + alphabet[alphabet.index(text[last]) ^ 1] + text[last + 1 :]


def _escaped(data: bytes) -> bytes:
    return data.replace(b"application", b"\\u0061pplication")


def _twice(key: bytes, *, junk_first: bool) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        junk = b'"' + key + b'":"AAAA",'
        if junk_first:
            return data.replace(b'"' + key + b'":', junk + b'"' + key + b'":', 1)
        end = b"}]}" if key in (b"keyid", b"sig") else b"}"
        return data.removesuffix(end) + b"," + junk[:-1] + end

    return change


_TEXT_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "line end at the start": lambda data: b"\n" + data,
    "blank at the end": lambda data: data + b" ",
    "Windows line end": lambda data: data + b"\r\n",
    "two line ends": lambda data: data + b"\n\n",
    "NUL appended": lambda data: data + b"\0",
    "NUL inside": lambda data: data[:20] + b"\0" + data[20:],
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "blank after a colon": lambda data: data.replace(b'":', b'": ', 1),
    "blank after a comma": lambda data: data.replace(b",", b", ", 1),
    "tab inside": lambda data: data.replace(b"{", b"{\t", 1),
    "line end inside": lambda data: data.replace(b",", b",\n", 1),
    "pretty printed": pretty,
    "keys in another order": reversed_keys,
    "escaped letter": _escaped,
    "escaped slash": lambda data: data.replace(b"application/", b"application\\/"),
    "upper-case escape": lambda data: data.replace(b"application", b"\\u0061PPLICATION"),
    "payload twice, junk first": _twice(b"payload", junk_first=True),
    "payload twice, junk last": _twice(b"payload", junk_first=False),
    "payloadType twice, junk first": _twice(b"payloadType", junk_first=True),
    "payloadType twice, junk last": _twice(b"payloadType", junk_first=False),
    "keyid twice, junk first": _twice(b"keyid", junk_first=True),
    "keyid twice, junk last": _twice(b"keyid", junk_first=False),
    "sig twice, junk first": _twice(b"sig", junk_first=True),
    "sig twice, junk last": _twice(b"sig", junk_first=False),
    "signatures twice, empty first": lambda data: data.replace(b'"signatures":', b'"signatures":[],"signatures":', 1),
    "signatures twice, empty last": lambda data: data[:-1] + b',"signatures":[]}',
    "a comment": lambda data: b"/* */" + data,
    "a trailing comma": lambda data: data[:-1] + b",}",
    "two envelopes": lambda data: data + data,
    "two envelopes on two lines": lambda data: data + b"\n" + data,
    "an envelope in a list": lambda data: b"[" + data + b"]",
    "an empty object": lambda _: b"{}",
    "null": lambda _: b"null",
    "a number": lambda _: b"1",
    "a large number": lambda _: b'{"payload":' + b"9" * 400 + b"}",
    "not a number": lambda data: data.replace(b'"signatures"', b'"n":NaN,"signatures"', 1),
    "deep nesting": lambda _: b"[" * 100_000 + b"]" * 100_000,
    "deep nesting of objects": lambda _: b'{"a":' * 800 + b"1" + b"}" * 800,
    "a lone surrogate": lambda data: data.replace(b"application", b"\\ud800pplication"),
    "single quotes": lambda data: data.replace(b'"', b"'"),
    "padded to over 16 MiB": lambda data: data + b" " * (16 * 1024 * 1024),
}

_JUNK = "sha256:" + "ab" * 32


_FIELD_CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "junk signature appended": lambda v: v["signatures"].append({"keyid": "sha256:" + "ff" * 32, "sig": "AAAA"}),
    "junk signature in front": lambda v: v["signatures"].insert(0, {"keyid": "sha256:" + "00" * 32, "sig": "AAAA"}),
    "signature by an unknown key appended": lambda v: v["signatures"].append({**first_signature(v), "keyid": _JUNK}),
    "the signature twice": lambda v: v["signatures"].append(dict(first_signature(v))),
    "no signature": lambda v: v.update(signatures=[]),
    "signatures null": lambda v: v.update(signatures=None),
    "signatures an object": lambda v: v.update(signatures=first_signature(v)),
    "signatures of text": lambda v: v.update(signatures=["x"]),
    "signatures of lists": lambda v: v.update(signatures=[[first_signature(v)]]),
    "signatures missing": lambda v: v.pop("signatures") and None,
    "payload missing": lambda v: {k: x for k, x in v.items() if k != "payload"},
    "payloadType missing": lambda v: {k: x for k, x in v.items() if k != "payloadType"},
    "extra envelope field": lambda v: v.update(extra=1),
    "extra envelope field that sorts first": lambda v: v.update(a=""),
    "extra signature field": lambda v: first_signature(v).update(cert="x"),
    "signature's keyid missing": lambda v: {**v, "signatures": [{"sig": first_signature(v)["sig"]}]},
    "signature's sig missing": lambda v: {**v, "signatures": [{"keyid": first_signature(v)["keyid"]}]},
    "payloadType empty": lambda v: v.update(payloadType=""),
    "payloadType of JSON": lambda v: v.update(payloadType="application/json"),
    "payloadType of a revocation list": lambda v: v.update(payloadType=revocation.PAYLOAD_TYPE),
    "payloadType with a blank": lambda v: v.update(payloadType="application/vnd.in-toto+json "),
    "payloadType in upper case": lambda v: v.update(payloadType="application/vnd.in-toto+JSON"),
    "payloadType a number": lambda v: v.update(payloadType=1),
    "payload a number": lambda v: v.update(payload=1),
    "payload null": lambda v: v.update(payload=None),
    "payload empty": lambda v: v.update(payload=""),
    "payload with altered padding": lambda v: v.update(payload=_padding(v["payload"])),
    "payload without padding": lambda v: v.update(payload=v["payload"].rstrip("=")[:-1]),
    "payload with more padding": lambda v: v.update(payload=v["payload"] + "="),
    "payload with a line end": lambda v: v.update(payload=v["payload"][:40] + "\n" + v["payload"][40:]),
    "payload with a blank": lambda v: v.update(payload=v["payload"] + " "),
    "payload in URL-safe base64": lambda v: v.update(payload="-_" + v["payload"][2:]),
    "payload with a quote": lambda v: v.update(payload='"' + v["payload"]),
    "payload decoded twice": lambda v: v.update(payload=base64.b64encode(v["payload"].encode()).decode()),
    "payload changed": lambda v: v.update(payload=v["payload"][:60] + "AAAA" + v["payload"][64:]),
    "keyid in upper case": lambda v: first_signature(v).update(keyid=first_signature(v)["keyid"].upper()),
    "keyid without its prefix": lambda v: first_signature(v).update(keyid=first_signature(v)["keyid"][7:]),
    "keyid cut": lambda v: first_signature(v).update(keyid=first_signature(v)["keyid"][:-1]),
    "keyid empty": lambda v: first_signature(v).update(keyid=""),
    "keyid null": lambda v: first_signature(v).update(keyid=None),
    "keyid unknown": lambda v: first_signature(v).update(keyid=_JUNK),
    "keyid a path": lambda v: first_signature(v).update(keyid="sha256:../../" + "0" * 58),
    "sig empty": lambda v: first_signature(v).update(sig=""),
    "sig null": lambda v: first_signature(v).update(sig=None),
    "sig in hexadecimal": lambda v: first_signature(v).update(sig=base64.b64decode(first_signature(v)["sig"]).hex()),
    "sig with altered padding": lambda v: first_signature(v).update(sig=_padding(first_signature(v)["sig"])),
    "sig with a line end": lambda v: first_signature(v).update(sig=first_signature(v)["sig"] + "\n"),
    "sig in URL-safe base64": lambda v: first_signature(v).update(sig="_-" + first_signature(v)["sig"][2:]),
}
