"""Output folders that are whole or absent.

What a command writes is built in `OUT.partial/making` and renamed when it is done. A folder that holds something else is
never touched; one that holds the same result, made by the same command, is replaced, and so is what a kill left.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govern.files import manifest, sync_folder, sync_tree
from govern.lock import alone
from vocab.errors import VocabError

MAKING = "making"


@contextmanager
def building(out: Path, mark: str) -> Iterator[Path]:
    """The folder to write into; on success it becomes `out`, on an error it is removed.

    Args:
        out: where the result shall stand.
        mark: the file by which an earlier result of the same command is known.

    Raises:
        VocabError: nothing can be written there, or `out` holds something else, or another result than was made now.
        Refused: another process is making it.
    """
    refuse_taken(out, mark)
    out = out.absolute()
    outer = out.with_name(out.name + ".partial")
    partial = outer / MAKING
    if outer.is_symlink() or (outer.exists() and (not outer.is_dir() or set(outer.iterdir()) - {partial})):
        raise VocabError(f"{outer}: not what this command left unfinished; move it away, or choose another --out")
    try:
        outer.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VocabError(f"{outer}: {error.strerror}; choose another --out") from None
    with alone(outer):
        try:
            if partial.is_dir():
                shutil.rmtree(partial)
            partial.mkdir()
            yield partial
            if out.is_dir() and any(out.iterdir()) and manifest(out) != manifest(partial):
                raise VocabError(f"{out}: holds a result made from other inputs; choose a new folder for --out")
            sync_tree(partial)
            if out.is_dir():
                shutil.rmtree(out)
            partial.rename(out)
            sync_folder(out.parent)
        finally:
            shutil.rmtree(outer)


def refuse_taken(out: Path, mark: str) -> None:
    """Returns where `out` is absent, empty, or holds an earlier result; for a command to ask before hours of work.

    Raises:
        VocabError: it is a file or a link, or holds something else.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise VocabError(f"{out}: a file or link, expected a new folder; choose another --out")
    if out.is_dir() and any(out.iterdir()) and not (out / mark).is_file():
        raise VocabError(f"{out}: holds something else; choose a new folder for --out")
