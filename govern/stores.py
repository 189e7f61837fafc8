"""Object stores and other places that an URL names: what it may say, and what any store raises as one kind of error.

fsspec and the packages of a store are loaded where an URL is first used, and nowhere else: a run over local files imports none
of them and opens no connection. Credentials come from the environment or the store's own files, never from the URL, which is
printed. Nothing that a store says goes into a sentence: only what kind of error it was.
"""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from govern.errors import GovernError, InputError, Interrupted

PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs",
    "hdfs": "pyarrow", "file": "fsspec", "memory": "fsspec",
}  # fmt: skip
"""The schemes that are read, and the package that each needs beside fsspec. What caches, unpacks or has no folders is not."""

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(::.*)?://")
_MEANT = re.compile(rf"\s*[a-z]\w*:[/\\]{{2}}|\s*({'|'.join(PACKAGES)}):[/\\]", re.IGNORECASE)
"""What is no URL and was meant as one: a slash too few, a blank before it; it may hold a secret, too."""

_QUERY = re.compile(r"\?[^/]*=")
_FOREIGN = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp.client_exceptions", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
)
"""What the packages of stores raise that is no OSError."""

_NO_CREDENTIALS = {
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound", "TokenRetrievalError",
    "DefaultCredentialsError", "RefreshError", "ClientAuthenticationError",
}  # fmt: skip

_NO_USE = {"ParamValidationError", "InvalidRegionError", "UnknownEndpointError", "InvalidEndpointConfigurationError"}
"""What no second try mends."""


@dataclass(frozen=True, slots=True)
class Url:
    """An URL of a scheme that is read, with no secret in it; `url_of` makes one."""

    text: str

    @property
    def scheme(self) -> str:
        """`s3` of `s3://bucket/key`."""
        return self.text.partition("://")[0]

    def __str__(self) -> str:
        return self.text


class StoreError(OSError):
    """What a store answered, as a clause with its remedy (`strerror`); `errno` is EIO for what may pass."""


def is_url(text: str) -> bool:
    """Whether a text is an URL and no path, or was meant as one."""
    return _URL.match(text) is not None or _MEANT.match(text) is not None


def url_of(text: str) -> Url:
    """The URL in a text.

    Raises:
        InputError: a scheme that is not read, a chain of several, or a secret within; the sentence repeats none.
    """
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    if _URL.match(text) is None:
        raise InputError("neither an URL nor a path, and not repeated here; write s3://bucket/folder, or ./ before a path")
    if "::" in text:
        raise InputError("an URL with `::`: chains are not read, since they unpack or cache; name the files themselves")
    if scheme not in PACKAGES:
        shown = scheme if len(scheme) < 20 else "this"
        raise InputError(f"{shown}://: not a scheme that is read ({', '.join(PACKAGES)}); copy the files to one of them")
    host = rest.partition("/")[0]
    if ("@" in host and (PACKAGES[scheme] != "adlfs" or ":" in host)) or _QUERY.search(rest):
        raise InputError(
            f"{scheme}://: an URL with credentials or a query, which would be printed, and is not repeated here; "
            "credentials come from the environment or the files of the store"
        )
    if scheme == "file" and not rest.startswith("/"):
        raise InputError("file://: names a host, or a path that does not begin at the root; write file:///folder/file")
    if not rest.strip("/") or (scheme not in ("file", "hdfs", "memory") and not host):
        raise InputError(f"{scheme}://: names no bucket, folder or file; write {scheme}://bucket/folder")
    return Url(f"{scheme}://{rest}")


def opened(url: Url) -> tuple[Any, str]:
    """The fsspec filesystem that an URL is in, which keeps no listings, and the path that it has there.

    Raises:
        InputError: fsspec, or the package for the scheme, is not installed, or cannot be set up.
    """
    package = PACKAGES[url.scheme]
    try:
        from fsspec.core import url_to_fs

        with asking():
            filesystem, path = url_to_fs(url.text, use_listings_cache=False)
    except ImportError:
        install = "pip install 'assay[remote]'" if package in ("fsspec", "s3fs") else f"pip install {package}"
        raise InputError(f"{url}: needs the package {package}, which is not installed; install it: {install}") from None
    except StoreError as error:
        raise InputError(f"{url}: {error.strerror}") from None
    return filesystem, str(path)


@contextmanager
def asking() -> Iterator[None]:
    """Raises what a store raises within as `StoreError`; of what it said nothing is kept but the kind."""
    try:
        yield
    except StoreError:
        raise
    except _raised() as error:
        raise _translated(error) from None
    except ValueError:
        raise _unusable() from None
    except KeyError:  # an answer without what the package of the store takes out of it
        said = "its store answers not as it should; check the endpoint, and run the same command again"
        raise StoreError(errno.EIO, said) from None


@contextmanager
def answering(place: object) -> Iterator[None]:
    """Turns a `StoreError`, where it is the end of a command, into the sentence about `place`."""
    try:
        yield
    except StoreError as error:
        raise unreadable(place, error) from None


def unreadable(place: object, error: OSError) -> GovernError:
    """What it means to a command that a file cannot be read: to be corrected, or, of a store, to be tried again."""
    if not isinstance(error, StoreError):
        return InputError(f"{place}: {error.strerror or 'cannot be read'}; check the file and its permissions")
    kind = Interrupted if error.errno == errno.EIO else InputError
    return kind(f"{place}: {error.strerror}")


def ended_early() -> StoreError:
    """A store gave less than it said that there is."""
    return StoreError(errno.EIO, "the store gave fewer bytes than the file has; run the same command again")


def _unusable() -> StoreError:
    return StoreError(errno.EINVAL, "no use with the settings of its store; check URL, endpoint and region")


def _raised() -> tuple[type[Exception], ...]:
    """OSError, and those of `_FOREIGN` whose package is loaded."""
    return (OSError, *(getattr(sys.modules[module], name) for module, name in _FOREIGN if module in sys.modules))


def _translated(error: Exception) -> StoreError:
    name = type(error).__name__
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return StoreError(errno.ENOENT, "no such file or folder; check the path")
    if name in _NO_CREDENTIALS:
        return StoreError(errno.EACCES, "no credentials for its store; set them in the environment or the store's files")
    if isinstance(error, PermissionError):
        return StoreError(errno.EACCES, "the store gives no permission; check the credentials and what they may do")
    if name in _NO_USE:
        return _unusable()
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(errno.ENOSPC, "no space left; make room, and run the same command again")
    said = os.strerror(number) if number else name
    return StoreError(errno.EIO, f"its store does not answer, or not as it should ({said}); run the same command again")
