"""A server on 127.0.0.1 that speaks as much S3 as reading, listing and writing objects take, and fails when it is told to.

Signatures are not checked; `faults` says what the next requests for objects get: `away` (the connection is cut), `denied` (403)
or `half` (half of the bytes that were promised, then the connection is cut).
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

DATE = "Sat, 31 Jan 2026 09:00:00 GMT"


@dataclass
class Store:
    """Objects by `bucket/key`, what was asked, and which requests fail: from the n-th GET of an object on, how."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fail_from: int = 1_000_000
    how: str = "away"
    gets: int = 0
    puts_left: int = 1_000_000

    def failing(self) -> bool:
        """Counts a GET of an object, and says whether it fails."""
        self.gets += 1
        return self.gets > self.fail_from

    def heal(self) -> None:
        """From now on nothing fails."""
        self.fail_from, self.gets, self.puts_left = 1_000_000, 0, 1_000_000


@contextmanager
def served() -> Iterator[Store]:
    """A store that answers at `url` until the block ends."""
    store = Store()
    handler = type("Handler", (_Handler,), {"store": store})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    store.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        name, _ = self._asked()
        if "/" not in name:
            self._answer(200 if self._bucket(name) else 404)
        elif name in self.store.objects:
            self._answer(200, self.store.objects[name], body=False)
        else:
            self._answer(404)

    def do_GET(self) -> None:
        name, query = self._asked()
        if "/" not in name.rstrip("/"):
            self._list(name.rstrip("/"), query)
            return
        if name not in self.store.objects:
            self._error(404, "NoSuchKey")
            return
        data = self.store.objects[name]
        begin, _, end = self.headers.get("Range", f"bytes=0-{len(data) - 1}").removeprefix("bytes=").partition("-")
        part = data[int(begin) : int(end or len(data) - 1) + 1]
        if self.store.failing():
            if self.store.how == "denied":
                self._error(403, "AccessDenied")
                return
            if self.store.how == "half":
                self._answer(206, part, cut=True)
            self.close_connection = True
            return
        self._answer(206, part, tag=_tag(data))

    def do_PUT(self) -> None:
        name, _ = self._asked()
        data = self._body()
        if "/" in name:
            self.store.puts_left -= 1
            if self.store.puts_left < 0:
                self._error(403, "AccessDenied")
                return
            self.store.objects[name] = data
        self._answer(200, tag=_tag(data))

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        name = unquote(parts.path).lstrip("/")
        self.store.asked.append(f"{self.command} {name}")
        return name, parse_qs(parts.query, keep_blank_values=True)

    def _bucket(self, bucket: str) -> bool:
        return any(name.startswith(f"{bucket}/") for name in self.store.objects)

    def _list(self, bucket: str, query: dict[str, list[str]]) -> None:
        if not self._bucket(bucket):
            self._error(404, "NoSuchBucket")
            return
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        folders, files = set(), []
        for name in sorted(self.store.objects):
            key = name.removeprefix(f"{bucket}/")
            if key == name or not key.startswith(prefix):
                continue
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if found:
                folders.add(prefix + head + delimiter)
            else:
                files.append((key, self.store.objects[name]))
        shown = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-31T09:00:00.000Z</LastModified>"
            f"<ETag>{escape(_tag(data))}</ETag><Size>{len(data)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key, data in files
        ) + "".join(f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in sorted(folders))
        count = len(files) + len(folders)
        self._answer(200, (
            f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name>'
            f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{count}</KeyCount><MaxKeys>1000</MaxKeys>"
            f"<IsTruncated>false</IsTruncated>{shown}</ListBucketResult>"
        ).encode())  # fmt: skip

    def _body(self) -> bytes:
        """The bytes of a request, also where they come in signed chunks."""
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return data
        whole = b""
        while data:
            head, _, data = data.partition(b"\r\n")
            size = int(head.partition(b";")[0], 16)
            if not size:
                break
            whole, data = whole + data[:size], data[size + 2 :]
        return whole

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>secret words of a store</Message></Error>".encode())

    def _answer(self, status: int, data: bytes = b"", *, tag: str = "", body: bool = True, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", tag or _tag(data))
        self.send_header("Last-Modified", DATE)
        self.end_headers()
        if body:
            self.wfile.write(data[: len(data) // 2] if cut else data)


def _tag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
