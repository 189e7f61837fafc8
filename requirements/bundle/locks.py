"""Reads a lock of `requirements/`: for each package that this machine needs, its version and the digests allowed for it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from govern.errors import InputError

ENTRY = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)\s*(?:;(?P<marker>[^\\]*?))?\s+(?P<hashes>--hash=.*)"
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock: the version to take, and the SHA-256 of every file of it that may be taken."""

    name: str
    version: str
    digests: frozenset[str]

    @property
    def line(self) -> str:
        """The pin as a line of a requirements file."""
        return f"{self.name}=={self.version} " + " ".join(f"--hash=sha256:{one}" for one in sorted(self.digests))


def read(path: Path) -> dict[str, Pin]:
    """The pins of a lock whose markers hold on this machine, by normalised name.

    Raises:
        InputError: no such lock, a line that is no pin with hashes, or a package pinned twice for this machine.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a lock of requirements/") from None
    pins: dict[str, Pin] = {}
    for line in _lines(text):
        found = ENTRY.fullmatch(line)
        digests = frozenset(HASH.findall(found["hashes"])) if found else frozenset()
        if found is None or len(digests) != line.count("--hash="):
            raise InputError(
                f"{path}: `{line[:60]}` is no pin with SHA-256 digests; make the locks anew with `make lock`"
            )
        if found["marker"] and not Marker(found["marker"].strip()).evaluate():
            continue
        pin = Pin(canonicalize_name(found["name"]), found["version"], digests)
        if pin.name in pins:
            raise InputError(
                f"{path}: {pin.name} is pinned twice for this machine; make the locks anew with `make lock`"
            )
        pins[pin.name] = pin
    return pins


def _lines(text: str) -> Iterable[str]:
    joined = text.replace("\\\n", " ")
    return (
        " ".join(line.split()) for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )
