"""Inputs in a store that fsspec knows: found and read like local files, or refused with a sentence."""

import gzip
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import fsspec
import polars as pl
import pytest
import zstandard
from fsspec.implementations.memory import MemoryFileSystem

from govern import cli, corpus
from govern.errors import GovernError, InputError, Interrupted
from govern.readers import Input, input_files, remote, rows, try_parquet
from govern.readers.remote import RemoteFile
from govern.stores import StoreError, is_url, unreadable, url_of

ROWS = [{"id": f"d{number}", "text": f"예금 {number} deposit"} for number in range(3000)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


class Failing(MemoryFileSystem):
    """A store in memory whose reads fail from the n-th on, and that says how much was read."""

    protocol = "gs"
    store: dict = {}  # noqa: RUF012 - as the class it is made from
    pseudo_dirs = [""]  # noqa: RUF012
    left = 1_000_000
    error: BaseException = ConnectionResetError(104, "secret words of a store")
    asked: list = []  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path):
        return MemoryFileSystem._strip_protocol(path.replace("gs://", "/"))

    def cat_file(self, path, start=None, end=None, **kwargs):
        if Failing.left <= 0:
            raise Failing.error
        Failing.left -= 1
        Failing.asked.append(end - start)
        return super().cat_file(path, start=start, end=end, **kwargs)


@pytest.fixture
def memory():
    """An empty store in memory."""
    filesystem = fsspec.filesystem("memory")
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]
    yield filesystem
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]


@pytest.fixture
def failing(monkeypatch):
    """The store `gs`, whose reads can be made to fail."""
    fsspec.register_implementation("gs", Failing, clobber=True)
    monkeypatch.setattr(Failing, "left", 1_000_000)
    monkeypatch.setattr(Failing, "error", ConnectionResetError(104, "secret words of a store"))
    Failing.asked.clear()
    Failing.store.clear()
    yield Failing()
    Failing.store.clear()
    fsspec.register_implementation("gs", "gcsfs.GCSFileSystem", clobber=True)


def _tree(folder):
    """Local files as a bucket may hold them, hidden ones and an empty folder marker too."""
    deep = ("deep/c.jsonl", "deep/.d.jsonl", "deep/er/e.jsonl")
    for name in ("a.jsonl", "b.txt", "skip.pdf", ".hidden.jsonl", "x[1].jsonl", *deep):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'{"text": "t"}\n')


@pytest.mark.parametrize(
    "pattern",
    ["", "*.jsonl", "**/*.jsonl", "**", "**/*", "*/*.jsonl", "deep/*", "d*/**/e.jsonl", "**/.*", ".*", "?.jsonl", "[ab].*",
     "deep/**/*.jsonl", "x[1].jsonl"],
)  # fmt: skip
def test_an_url_names_the_files_that_the_path_names(tmp_path, memory, pattern):
    """A folder, a pattern and a file give the same names from a local path, file:// and a store."""
    raw = tmp_path / "raw"
    _tree(raw)
    memory.put(f"{raw}/", "/bucket/raw/", recursive=True)

    def names(given):
        try:
            return [file.name for file in input_files((given,), lambda _: corpus.Reading(format="text"))]
        except InputError as error:
            return str(error).partition(": ")[2].partition(";")[0]

    expected = names(raw / pattern if pattern else raw)
    assert names(url_of(f"file://{raw}/{pattern}")) == expected
    assert names(url_of(f"memory://bucket/raw/{pattern}")) == expected
    assert expected


@pytest.mark.parametrize("pattern", ["", "*.jsonl", "**/*.jsonl", "x*/*.jsonl"])
def test_links_are_followed_or_refused_and_never_left_out(tmp_path, pattern):
    """As of local paths, a linked file is read, and what leads nowhere is named; no listing leaves either out."""
    raw = tmp_path / "raw"
    folder = raw / "x1" if pattern.startswith("x") else raw
    folder.mkdir(parents=True)
    (tmp_path / "there.jsonl").write_bytes(LINES)
    (folder / "b.jsonl").symlink_to(tmp_path / "there.jsonl")
    (folder / "c.pdf").symlink_to(tmp_path / "nowhere")
    given = url_of(f"file://{raw}/{pattern}")
    assert [file.name.rpartition("/")[2] for file in input_files((given,))] == ["b.jsonl"]
    (folder / "a.jsonl").symlink_to(tmp_path / "nowhere")
    for place in (given, raw / pattern if pattern else raw):
        with pytest.raises(InputError, match=r"a\.jsonl: (not a file, or a link to none|no such file)"):
            input_files((place,))


def test_an_input_is_known_by_its_url(tmp_path, memory):
    """The place that sentences name is the URL, whether the file was named, found in a folder or by a pattern."""
    memory.pipe_file("/bucket/raw/a.jsonl", b'{"text": "t"}\n')
    for given in ("memory://bucket/raw/a.jsonl", "memory://bucket/raw", "memory://bucket/raw/", "memory://bucket/*/a.jsonl"):
        (file,) = input_files((url_of(given),))
        assert str(file.path) == "memory://bucket/raw/a.jsonl"
        assert pickle.loads(pickle.dumps(file)) == file


def test_what_cannot_be_found_is_a_sentence(memory):
    """No object, no match, nothing that is read in a folder, a file twice."""
    memory.pipe_file("/bucket/raw/a.pdf", b"x")
    memory.pipe_file("/bucket/t/a.txt", b"x")
    for given, said in (
        ("memory://bucket/none.jsonl", "no such file or folder"),
        ("memory://bucket/raw/*.jsonl", "no file matches this pattern"),
        ("memory://bucket/raw", "no file in this folder has an ending that is read"),
        ("memory://bucket/raw/a.pdf", "its ending says no format"),
    ):
        with pytest.raises(InputError, match=said):
            input_files((url_of(given),))
    with pytest.raises(InputError, match="given twice"):
        input_files((url_of("memory://bucket/t/a.txt"), url_of("memory://bucket/t")))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_lines_are_read_from_any_position(memory, name):
    """Plain and packed lines come out as they are, also where reading begins within the file."""
    packed = {"a.jsonl": bytes, "a.jsonl.gz": gzip.compress, "a.jsonl.zst": zstandard.compress}[name](LINES)
    memory.pipe_file(f"/bucket/{name}", packed)
    (file,) = input_files((url_of(f"memory://bucket/{name}"),))
    every = list(rows(file))
    assert [row.values for row in every] == ROWS
    middle = every[1500]
    assert [row.values for row in rows(file, 1500, middle.start_byte)] == ROWS[1500:]
    assert next(rows(file, 7, every[7].start_byte)).values == ROWS[7]


def test_a_look_into_a_file_asks_for_little_and_reading_on_for_blocks(failing):
    """The first question is for 64 KB; blocks grow to 4 MB while a file is read on, and nothing is asked for twice."""
    failing.pipe_file("/bucket/a.jsonl", LINES * 200)
    (file,) = input_files((url_of("gs://bucket/a.jsonl"),))
    Failing.asked.clear()
    with file.path.open("rb") as stream:
        stream.read(4)
        assert Failing.asked == [remote.FIRST_BYTES]
        assert len(stream.read()) == len(LINES) * 200 - 4
    assert max(Failing.asked) == remote.BLOCK_BYTES
    assert sum(Failing.asked) == len(LINES) * 200
    assert len(Failing.asked) < 20


def test_parquet_is_read_through_a_copy_without_a_name(tmp_path, monkeypatch):
    """Rows are those of the file; the copy has no name in the temporary folder, and few are kept."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    raw = tmp_path / "raw"
    raw.mkdir()
    for number in range(6):
        pl.DataFrame(ROWS[number * 100 : number * 100 + 100]).write_parquet(raw / f"p{number}.parquet")
    files = input_files((url_of(f"file://{raw}"),))
    try_parquet([file.path for file in files])
    for number, file in enumerate(files):
        reading = rows(file, 50)
        first = next(reading).values
        for other in files:
            list(rows(other))  # the copy that is being read goes from those that are kept
        assert [first, *(row.values for row in reading)] == ROWS[number * 100 + 50 : number * 100 + 100]
    assert list((tmp_path / "tmp").iterdir()) == []
    assert len(remote._COPIES) == remote._MOST_COPIES
    for copy in remote._COPIES.values():
        assert os.fstat(copy).st_nlink == 0
        assert os.fstat(copy).st_mode & 0o077 == 0


def test_a_damaged_parquet_is_named_by_its_url(tmp_path):
    """What the other process could not decode or fetch is said as of a local file."""
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    (file,) = input_files((url_of(f"file://{tmp_path}/bad.parquet"),))
    with pytest.raises(InputError, match=r"file:///.*bad\.parquet: not a readable Parquet file"):
        try_parquet([file.path])
    gone = RemoteFile(url_of(f"file://{tmp_path}/none.parquet"), f"{tmp_path}/none.parquet", 7)
    with pytest.raises(InputError, match=r"none\.parquet: no such file or folder"):
        try_parquet([gone])


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.csv", "a.txt"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_read_that_fails_is_resumable_and_repeats_nothing_of_the_store(failing, name, at):
    """Whatever the format, the sentence names the file and no more; the run can go on."""
    data = b"id,text\n" + b'1,"t"\n' * 200_000 if name == "a.csv" else LINES * 30
    packed = {".gz": gzip.compress, ".zst": lambda text: zstandard.compress(os.urandom(1_000_000).hex().encode() + text)}
    failing.pipe_file(f"/bucket/{name}", packed.get(Path(name).suffix, bytes)(data))
    (file,) = input_files((url_of(f"gs://bucket/{name}"),))
    Failing.left = at
    with pytest.raises(Interrupted) as raised:
        list(rows(file))
    assert str(raised.value).startswith(f"gs://bucket/{name}: its store does not answer")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (FileNotFoundError("k"), InputError, "no such file"),
        (PermissionError("k"), InputError, "gives no permission"),
        (TimeoutError(), Interrupted, "does not answer"),
        (KeyError("hushhush"), Interrupted, "answers not as it should"),
        (ValueError("k"), InputError, "settings of its store"),
    ],
)
def test_each_kind_of_error_has_its_sentence(failing, error, kind, said):
    """What can be corrected is exit code 2, what may pass 3."""
    failing.pipe_file("/bucket/a.jsonl", LINES)
    (file,) = input_files((url_of("gs://bucket/a.jsonl"),))
    Failing.left, Failing.error = 0, error
    with pytest.raises(GovernError, match=said) as raised:
        list(rows(file))
    assert type(raised.value) is kind


def test_a_store_that_gives_too_little_is_no_end_of_the_file(memory):
    """An object that became shorter ends in an error, not in fewer documents."""
    memory.pipe_file("/bucket/a.jsonl", LINES)
    (file,) = input_files((url_of("memory://bucket/a.jsonl"),))
    memory.pipe_file("/bucket/a.jsonl", LINES[: len(LINES) // 2])
    with pytest.raises(Interrupted, match="fewer bytes than the file has"):
        list(rows(file))


@pytest.mark.parametrize("longer", [True, False])
def test_a_file_that_changes_while_it_is_read_is_refused(memory, monkeypatch, longer):
    """Also where the store has no token of a version: by size, or by the bytes."""
    memory.pipe_file("/bucket/a.jsonl", LINES)
    new = LINES + LINES if longer else LINES.replace(b"deposit", b"Deposit")
    original = corpus._Reader._note

    def note(self, columns, row):
        if row.number == 2999:
            memory.pipe_file("/bucket/a.jsonl", new)
        original(self, columns, row)

    monkeypatch.setattr(corpus._Reader, "_note", note)
    with pytest.raises(InputError, match=r"memory://bucket/a\.jsonl: changed while it was read"):
        corpus.read([url_of("memory://bucket/a.jsonl")])


def test_the_token_of_a_version_spares_the_second_hash_and_tells_a_change(failing, monkeypatch):
    """Where the store has an ETag, a file is hashed once; another ETag of the same size is a change."""
    tag = ["one"]
    info = Failing.info
    monkeypatch.setattr(Failing, "info", lambda self, path, **named: {**info(self, path, **named), "ETag": tag[0]})
    failing.pipe_file("/bucket/a.jsonl", LINES)
    hashed = []
    real = remote.sha256_of
    monkeypatch.setattr(remote, "sha256_of", lambda place: hashed.append(place) or real(place))
    monkeypatch.setattr(corpus, "sha256_of", lambda place: hashed.append(place) or real(place))
    read = corpus.read([url_of("gs://bucket/a.jsonl")])
    assert read.documents == 3000
    assert len(hashed) == 1
    original = corpus._Reader._note

    def note(self, columns, row):
        tag[0] = "two"
        original(self, columns, row)

    monkeypatch.setattr(corpus._Reader, "_note", note)
    with pytest.raises(InputError, match="changed while it was read"):
        corpus.read([url_of("gs://bucket/a.jsonl")])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("s3://key:hushhush@bucket/a", "credentials"),
        ("s3://hushhush@bucket/a", "credentials"),
        ("abfs://box:hushhush@account/a", "credentials"),
        ("gs://bucket/a?token=hushhush", "credentials"),
        ("https://host/a?X-Amz-Signature=hushhush", "not a scheme that is read"),
        ("zip://a.jsonl::s3://hushhush/b", "chains are not read"),
        ("simplecache::s3://hushhush/b", "chains are not read"),
        ("file://hushhush/a", "names a host"),
        ("s3://", "names no bucket"),
        ("hushhushhushhushhushhush://b", "not a scheme that is read"),
        ("s3:///key:hushhush@bucket/a", "names no bucket"),
        ("s3:/key:hushhush@bucket/a", "neither an URL nor a path"),
        (" s3://key:hushhush@bucket/a", "neither an URL nor a path"),
        ("s3_x://key:hushhush@bucket/a", "neither an URL nor a path"),
        ("S3:\\\\key:hushhush@bucket", "neither an URL nor a path"),
    ],
)
def test_an_url_that_is_not_read_is_refused_and_not_repeated(text, said):
    """Secrets, chains and other schemes end before anything is opened."""
    assert is_url(text)
    with pytest.raises(InputError, match=said) as raised:
        url_of(text)
    assert "hush" not in str(raised.value)


def test_paths_are_no_urls():
    """A colon, or what stands in a folder of that name, makes none."""
    for text in ("raw/a.jsonl", "/data/s3://x", "a::b.txt", "C:/x", "./s3:/x", "://x"):
        assert not is_url(text)
    assert str(url_of("abfs://box@account.dfs.core.windows.net/a")) == "abfs://box@account.dfs.core.windows.net/a"


def test_a_package_that_is_missing_is_named(monkeypatch):
    """The sentence says what to install."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match=r"needs the package s3fs.*pip install 'assay\[remote\]'"):
        input_files((url_of("s3://bucket-that-is-not-there/a.jsonl"),))
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(InputError, match=r"pip install 'assay\[remote\]'"):
        input_files((url_of("memory://bucket/a.jsonl"),))


@pytest.mark.parametrize(
    "more",
    [
        ("certify", "IN", "--out", "s3://k:hushhush@b/x", "--secret", "K"),
        ("certify", "IN", "--out", "o", "--secret", "s3://k:hushhush@b/x"),
        ("certify", "IN", "--out", "o", "--secret", "K", "--policy", "s3://k:hushhush@b/p.toml"),
        ("certify", "IN", "--out", "o", "--secret", "K", "--suite", "s3://k:hushhush@b/p.toml"),
        ("scan", "IN", "--out", "s3://k:hushhush@b/x"),
        ("verify", "s3://k:hushhush@b/x", "--trust", "K"),
        ("verify", "IN", "--trust", "s3://k:hushhush@b/x"),
        ("merge", "s3://k:hushhush@b/x", "IN", "--out", "o", "--secret", "K"),
        ("convert", "s3://k:hushhush@b/x", "--out", "o"),
        ("policy", "test", "default", "--labels", "s3://k:hushhush@b/x"),
        ("known", "build", "s3://k:hushhush@b/x", "--secret", "K", "--out", "f"),
        ("quarantine", "list", "s3://k:hushhush@b/x"),
        ("certify", "s3://k:hushhush@b/x", "--out", "o", "--secret", "K"),
        ("profile", "s3://k:hushhush@b/x"),
    ],
)
def test_what_stays_on_a_file_system_takes_no_url(more, tmp_path, monkeypatch, capsys):
    """No folder called `s3:` is made, and no secret is repeated."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as raised:
        cli.main(list(more))
    assert raised.value.code == 2
    said = capsys.readouterr()
    assert "an URL" in said.err
    assert "hush" not in said.out + said.err
    assert list(tmp_path.iterdir()) == []


def test_a_local_run_imports_no_fsspec(tmp_path):
    """Reading, profiling and scanning local files load neither fsspec nor a package of a store."""
    (tmp_path / "a.jsonl").write_bytes(LINES[:200].rpartition(b"\n")[0] + b"\n")
    pl.DataFrame(ROWS[10:20]).write_parquet(tmp_path / "b.parquet")
    code = (
        "import sys; from govern import cli; cli.main(['profile', sys.argv[1]]); "
        "cli.main(['scan', sys.argv[1], '--out', sys.argv[1] + '/found.out', '--entities', 'EMAIL_ADDRESS']); "
        "print([name for name in ('fsspec', 's3fs', 'aiohttp', 'botocore') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
    assert (tmp_path / "found.out").exists()


def test_an_error_of_a_local_file_stays_as_it_was():
    """The one place for errors of stores leaves those of the file system alone."""
    assert str(unreadable("a", OSError(13, "Permission denied"))) == "a: Permission denied; check the file and its permissions"
    assert isinstance(unreadable("a", StoreError(5, "x")), Interrupted)
    assert Input(Path("a"), "a").path == Path("a")
