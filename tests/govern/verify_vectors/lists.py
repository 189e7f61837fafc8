"""Lists of checksums that a trusted key signed, and that no verifier should follow."""

from collections.abc import Callable, Iterator

from govern.files import manifest
from verify_vectors.case import ZERO, Case, Spoil, Vector, rewrite


def vectors() -> Iterator[Vector]:
    """Every vector of this kind."""
    for name, change in _LIST_CHANGES.items():
        named = "absent" if "not there" in name else "SHA256SUMS"
        yield Vector(f"signed list: {name}", "alice", _relisted(change), named)
    yield Vector("signed list: the list of another corpus", "alice", _other_list, "SHA256SUMS")
    yield Vector("signed list: one file left out", "alice", _relisted(_without("README.md")), "README.md")
    yield Vector("signed list: a shard left out", "alice", _relisted(_without("documents/part-00001")), "part-00001")
    yield Vector(
        "signed list: the certificate left out", "alice", _relisted(_without("certificate.json")), "certificate"
    )
    yield Vector("a changed file with its list, not signed again", "alice", _unsigned_list, "SHA256SUMS")


def _relisted(change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(case: Case) -> None:
        rewrite("SHA256SUMS", change)(case)
        case.resign()

    return spoil


def _without(name: str) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(line for line in data.splitlines(keepends=True) if name.encode() not in line)


def _other_list(case: Case) -> None:
    (case.folder / "SHA256SUMS").write_text(f"{ZERO}  a\n")


def _unsigned_list(case: Case) -> None:
    (case.folder / "README.md").write_text("another\n")
    (case.folder / "SHA256SUMS").write_bytes(manifest(case.folder))


def _extra_line(line: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        lines = [*data.decode().splitlines(), line]
        return ("\n".join(sorted(lines, key=lambda each: each[66:])) + "\n").encode()

    return change


_LIST_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "not sorted": lambda data: b"".join(reversed(data.splitlines(keepends=True))),
    "a line twice": lambda data: data.splitlines(keepends=True)[0] + data,
    "a path twice with two digests": lambda data: ZERO.encode() + data.splitlines(keepends=True)[0][64:] + data,
    "an absolute path": _extra_line(f"{ZERO}  /etc/passwd"),
    "a path out of the folder": _extra_line(f"{ZERO}  ../other"),
    "a path out of a folder inside": _extra_line(f"{ZERO}  documents/../../other"),
    "a path that starts with a dot": lambda data: data.replace(b"  README.md", b"  ./README.md"),
    "a doubled slash": lambda data: data.replace(b"  documents/", b"  documents//"),
    "a path with a dot inside": lambda data: data.replace(b"  documents/", b"  documents/./"),
    "a trailing slash": _extra_line(f"{ZERO}  evidence/"),
    "an upper-case digest": lambda data: (
        data[:64].upper() + data[64:] if data[:64].lower() != data[:64].upper() else b""
    ),
    "a binary marker": lambda data: data.replace(b"  README", b" *README"),
    "one blank": lambda data: data.replace(b"  README", b" README"),
    "three blanks": lambda data: data.replace(b"  README", b"   README"),
    "a tab": lambda data: data.replace(b"  README", b"\tREADME"),
    "Windows line ends": lambda data: data.replace(b"\n", b"\r\n"),
    "no line end at the end": lambda data: data[:-1],
    "an empty line": lambda data: data + b"\n",
    "a leading empty line": lambda data: b"\n" + data,
    "a comment": lambda data: b"# checksums\n" + data,
    "BSD style": lambda data: b"SHA256 (README.md) = " + data[:64] + b"\n",
    "itself": _extra_line(f"{ZERO}  SHA256SUMS"),
    "the attestation": _extra_line(f"{ZERO}  attestation.json"),
    "an escaped name": _extra_line(f"\\{ZERO}  new\\nline"),
    "a name with a blank": _extra_line(f"{ZERO}  a b"),
    "a name that is an option": _extra_line(f"{ZERO}  -c"),
    "a name that is no ASCII": _extra_line(f"{ZERO}  한국어"),
    "a short digest": lambda data: data[1:],
    "a long digest": lambda data: b"0" + data,
    "a NUL": lambda data: data.replace(b"README", b"READ\0ME"),
    "nothing": lambda _: b"",
    "one empty line": lambda _: b"\n",
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "a file that is not there": _extra_line(f"{ZERO}  absent.txt"),
    "a file in a folder that is not there": _extra_line(f"{ZERO}  absent/file.txt"),
}
