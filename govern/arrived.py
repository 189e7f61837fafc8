"""What came in: the files of a corpus by keyed digest, how documents hold their text, and how that is kept with the work."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern.corpus import Corpus, Shard
from govern.errors import InputError
from govern.files import canonical, parse_canonical, write_whole
from govern.keys import keyed_digest
from govern.turns import Layout

FILE = "arrived.json"


@dataclass(frozen=True, slots=True)
class ArrivedFile:
    """One input file: its name, the keyed digest of its bytes, its documents, its columns and those that were read."""

    name: str = field(repr=False)
    digest: str
    documents: int
    columns: tuple[str, ...] = field(repr=False)
    read: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """The files of a run, and the columns that hold text and id."""

    files: tuple[ArrivedFile, ...]
    text_column: str
    id_column: str | None
    layout: Layout
    documents: int | None = None
    """Documents of the part that was certified; None of a folder that an earlier version made."""

    def dropped(self, read: tuple[str, ...], published: tuple[str, ...]) -> int:
        """How many columns of the inputs ship in no column of the corpus; `read` are those of the policy, `published` too."""
        every = {column for file in self.files for column in file.columns}
        unseen = set(read) - set(published)
        return len(every - {column for file in self.files for column in file.read}) + len(every & unseen)


def of(corpus: Corpus, shards: Iterable[Shard], key: bytes) -> Arrived:
    """What arrived, also where `shards`, a part of it, are certified: a merge must miss no file. `key`: of input digests."""
    files = tuple(
        ArrivedFile(file.name, keyed_digest(key, bytes.fromhex(file.sha256)), file.documents, file.columns, file.read)
        for file in corpus.files
    )
    documents = sum(shard.documents for shard in shards)
    return Arrived(files, corpus.text_column, corpus.id_column, corpus.layout, documents)


def save(arrived: Arrived, folder: Path) -> None:
    """Writes it beside the work."""
    files = [[file.name, file.digest, file.documents, list(file.columns), sorted(file.read)] for file in arrived.files]
    record: dict[str, Any] = {"files": files, "text": arrived.text_column, "id": arrived.id_column, "layout": arrived.layout}
    record["documents"] = arrived.documents
    write_whole(folder / FILE, canonical(record), 0o600)


def load(folder: Path) -> Arrived:
    """What `save` wrote.

    Raises:
        InputError: it is not there, or not as it was written.
    """
    where = folder / FILE
    try:
        record: dict[str, Any] = parse_canonical(where.read_bytes(), str(where))
    except OSError as error:
        raise InputError(f"{where}: {error.strerror or 'cannot be read'}; certify again") from None
    files = tuple(
        ArrivedFile(name, keyed, documents, tuple(columns), frozenset(read))
        for name, keyed, documents, columns, read in record["files"]
    )
    return Arrived(files, record["text"], record["id"], record["layout"], record.get("documents"))
