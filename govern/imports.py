"""Imports of libraries without what they load or look for beside their work."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

UNNEEDED = ("torch", "transformers")


@contextmanager
def bare() -> Iterator[None]:
    """Within, modules are imported as if torch and transformers were not installed, and without a look for IPv6.

    Presidio's engines and spaCy's layers would load both where they are installed (8 s a process), and an HTTP client that
    both libraries import opens a socket on ::1. What is loaded already stays as it is.
    """
    unneeded = [module for module in UNNEEDED if module not in sys.modules]
    ipv6, socket.has_ipv6 = socket.has_ipv6, False
    blocked: dict[str, Any] = dict.fromkeys(unneeded)
    sys.modules.update(blocked)  # None: an import of it fails, which both libraries expect
    try:
        yield
    finally:
        socket.has_ipv6 = ipv6
        for module in unneeded:
            del sys.modules[module]
