"""The bytes of a signature: damaged, of another form, by another key."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from govern import envelope
from govern.files import canonical
from govern.keys import P256_ORDER
from verify_vectors.case import Case, Spoil, Vector, edited, first_signature

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def vectors() -> Iterator[Vector]:
    """Every vector of this kind."""
    for base in ("alice", "carol"):
        for name, change in _BYTE_CHANGES.items():
            yield Vector(f"{base}: signature {name}", base, _resigned(lambda _, raw, change=change: change(raw)))
    for name, change in _P256_CHANGES.items():
        yield Vector(f"carol: signature {name}", "carol", _resigned(lambda _, raw, change=change: change(raw)))
    for name, change in _ED25519_CHANGES.items():
        yield Vector(f"alice: signature {name}", "alice", _resigned(lambda _, raw, change=change: change(raw)))
    for base, other in (("alice", "mallory"), ("carol", "dave"), ("alice", "carol"), ("carol", "alice")):
        yield Vector(f"{base}: signature really by {other}", base, _resigned(_by(other)))
    yield Vector("both: signatures in the other order", "both", edited(lambda v: v["signatures"].reverse()))
    yield Vector("both: signatures under each other's key", "both", edited(_exchange))
    yield Vector("both: the second signature is junk", "both", edited(lambda v: v["signatures"][1].update(sig="AAAA")))
    yield Vector("both: the first signature is junk", "both", edited(lambda v: v["signatures"][0].update(sig="AAAA")))
    yield Vector("both: one key twice", "both", edited(lambda v: v["signatures"].__setitem__(1, v["signatures"][0])))
    yield Vector("both: a third signature is junk", "both", edited(_third))
    yield Vector("carol: another signature by the same key", "carol", _second_by_same_key)


def _resigned(change: Callable[[Case, bytes], bytes]) -> Spoil:
    def spoil(case: Case) -> None:
        value = case.envelope()
        raw = base64.b64decode(first_signature(value)["sig"])
        first_signature(value)["sig"] = base64.b64encode(change(case, raw)).decode()
        case.attestation.write_bytes(canonical(value))

    return spoil


def _pae(case: Case) -> bytes:
    payload = base64.b64decode(case.envelope()["payload"])
    kind = envelope.PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _by(other: str) -> Callable[[Case, bytes], bytes]:
    return lambda case, _: case.private(other).sign(_pae(case))


def _exchange(value: dict[str, Any]) -> None:
    one, other = value["signatures"]
    one["sig"], other["sig"] = other["sig"], one["sig"]


def _third(value: dict[str, Any]) -> None:
    value["signatures"].append({"keyid": "sha256:" + "ff" * 32, "sig": "AAAA"})


def _second_by_same_key(case: Case) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    value = case.envelope()
    r, s = decode_dss_signature(case.private("carol")._key.sign(_pae(case), ECDSA(SHA256())))
    raw = encode_dss_signature(r, min(s, P256_ORDER - s))
    value["signatures"].append({**first_signature(value), "sig": base64.b64encode(raw).decode()})
    case.attestation.write_bytes(canonical(value))


def _dss(change: Callable[[int, int], tuple[int, int]]) -> Callable[[bytes], bytes]:
    return lambda raw: encode_dss_signature(*change(*decode_dss_signature(raw)))


def _negative(raw: bytes) -> bytes:
    """The same r, and s as a negative integer, which the library refuses to write."""
    r, s = decode_dss_signature(raw)
    body = encode_dss_signature(r, 1)[2:-3] + b"\x02\x20" + (2**256 - s).to_bytes(32, "big")
    return b"\x30" + bytes([len(body)]) + body


def _wide_integer(raw: bytes) -> bytes:
    """The same r and s, r with a zero byte that DER leaves out."""
    r_size = raw[3]
    wide = b"\x02" + bytes([r_size + 1]) + b"\0" + raw[4 : 4 + r_size] + raw[4 + r_size :]
    return b"\x30" + bytes([len(wide)]) + wide


_BYTE_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "first byte flipped": lambda raw: bytes([raw[0] ^ 1]) + raw[1:],
    "middle byte flipped": lambda raw: raw[:30] + bytes([raw[30] ^ 1]) + raw[31:],
    "last byte flipped": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "cut by a byte": lambda raw: raw[:-1],
    "with a byte more": lambda raw: raw + b"\0",
    "in front of a line end": lambda raw: raw + b"\n",
    "of zeros": lambda raw: bytes(len(raw)),
    "of one byte": lambda _: b"\0",
    "twice": lambda raw: raw + raw,
    "very long": lambda raw: raw * 1000,
}

_P256_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "with the high s": _dss(lambda r, s: (r, P256_ORDER - s)),
    "with s + n": _dss(lambda r, s: (r, s + P256_ORDER)),
    "with r + n": _dss(lambda r, s: (r + P256_ORDER, s)),
    "with r and s exchanged": _dss(lambda r, s: (s, r)),
    "with s = 0": _dss(lambda r, _: (r, 0)),
    "with r = 0": _dss(lambda _, s: (0, s)),
    "with r = s = 0": _dss(lambda _r, _s: (0, 0)),
    "with s = 1": _dss(lambda r, _: (r, 1)),
    "with s negative": _negative,
    "with s = n": _dss(lambda r, _: (r, P256_ORDER)),
    "with r not minimal": _wide_integer,
    "in a long-form length": lambda raw: raw[:1] + b"\x81" + raw[1:],
    "as r and s side by side": lambda raw: b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(raw)),
}

_ED25519_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "with S + L": lambda raw: raw[:32] + (int.from_bytes(raw[32:], "little") + ED25519_ORDER).to_bytes(32, "little"),
    "with R and S exchanged": lambda raw: raw[32:] + raw[:32],
    "with S = 0": lambda raw: raw[:32] + bytes(32),
    "with R the neutral element and S = 0": lambda _: b"\x01" + bytes(63),
    "with the sign of R turned": lambda raw: raw[:31] + bytes([raw[31] ^ 0x80]) + raw[32:],
}
