"""Checkpoints that are whole or do not count.

Trainer writes a checkpoint as a folder of files, so a kill can leave half of one. When it is done, `complete` syncs its files
and writes their `SHA256SUMS`; `latest` gives the newest checkpoint whose files are all as that list says, and removes the rest.
"""

import shutil
from pathlib import Path

from govern.files import MANIFEST, manifest, matching, sync_folder, sync_tree, write_whole

PREFIX = "checkpoint-"


def complete(folder: Path) -> None:
    """Makes a checkpoint count: its bytes are on disk, and `SHA256SUMS` names them."""
    sync_tree(folder)
    write_whole(folder / MANIFEST, manifest(folder))
    sync_folder(folder.parent)


def latest(work: Path) -> Path | None:
    """The newest whole checkpoint in `work`, or none; others are removed, since Trainer would count them."""
    whole = [folder for folder in sorted(matching(work, f"{PREFIX}*"), key=_step) if _is_whole(folder)]
    for folder in matching(work, f"{PREFIX}*"):
        if not whole or folder != whole[-1]:
            shutil.rmtree(folder)
    return whole[-1] if whole else None


def _is_whole(folder: Path) -> bool:
    sums = folder / MANIFEST
    return sums.is_file() and sums.read_bytes() == manifest(folder)


def _step(folder: Path) -> int:
    digits = folder.name.removeprefix(PREFIX)
    return int(digits) if digits.isdigit() else -1
