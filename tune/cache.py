"""Tokens kept between runs: made once from certified shards, and used again only where a signed record says what they are.

An entry is named for everything that shaped it: the corpora and their weights, the tokenizer, the chat template, the format,
the window, and the code. Its record is signed by the key that signs adapters and names the SHA-256 of each file, so tokens that
were altered, or that another key signed, are made anew from the certified text and never trained on.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.envelope import ENVELOPE_BYTES, open_sealed, seal, statement
from govern.errors import GovernError
from govern.files import (
    canonical,
    digest,
    list_files,
    parse_canonical,
    sha256_file,
    sync_folder,
    sync_tree,
    write_whole,
)
from govern.inventory import read_plain
from tune.dataset import KINDS, Counts, Dataset
from tune.errors import TuneError

if TYPE_CHECKING:
    from govern.keys import PrivateKey
    from tune.gate import Passed
    from tune.recipe import Recipe

PREDICATE = "urn:assay:token-cache:v1"
RECORD = "record.json"
SUFFIX = ".bin"
PACKAGES = ("jinja2", "polars", "tokenizers")
"""Whose versions shape tokens too."""


def key(recipe: "Recipe", passed: "Passed", part: str, sources: str) -> dict[str, Any]:
    """Everything that the tokens of `part` (`documents` or `held-out`) follow from; `sources` is the digest of our code."""
    return {
        "corpora": [[one.manifest, one.weight] for one in passed.corpora],
        "part": part,
        "tokenizer": passed.tokenizer.digest,
        "template": None if passed.template is None else passed.template.digest,
        "data": recipe.data.model_dump(mode="json", exclude={"template"}),
        "max_length": recipe.training.max_length,
        "seed": recipe.training.seed,
        "code": {"sources": sources, **{name: metadata.version(name) for name in PACKAGES}},
    }


def kept(
    cache: Path,
    shaped_by: dict[str, Any],
    sign_key: "PrivateKey | None",
    make: Callable[[Path], Dataset],
    say: Callable[[str], None] = lambda _: None,
) -> Dataset:
    """The dataset that `shaped_by` names: that in the folder `cache`, where its record holds, or a new one that is kept there.

    Args:
        cache: a folder, made where it is missing.
        shaped_by: as `key` gives it.
        sign_key: signs the record of a new entry, and only its own signature is believed; None, in an ungoverned run, signs
            nothing and believes any record.
        make: builds the dataset in an empty folder.
        say: called with a line where an entry does not hold.

    Raises:
        TuneError: the folder cannot be made.
        OSError: the entry cannot be written.
    """
    entry = _entry(cache, shaped_by)
    if os.path.lexists(entry):
        if entry.is_symlink() or not entry.is_dir():
            raise TuneError(f"{entry}: a link or a file where tokens are kept; remove it")
        try:
            return read(cache, shaped_by, sign_key)
        except (GovernError, TuneError) as error:
            say(f"{error}; its tokens are made anew")
            shutil.rmtree(entry)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{entry.name[:16]}.", suffix=".partial", dir=cache))
    except OSError as error:
        raise TuneError(f"{cache}: {error.strerror or 'cannot be made'}; name another folder as 'cache'") from None
    try:
        _write(partial, make(partial), shaped_by, sign_key)
        _place(partial, entry)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return read(cache, shaped_by, sign_key)


def read(cache: Path, shaped_by: dict[str, Any], sign_key: "PrivateKey | None") -> Dataset:
    """The dataset that `shaped_by` names, which `kept` left in the folder `cache`.

    Raises:
        GovernError: its record is not signed by `sign_key`.
        TuneError: it is not what its record names.
    """
    entry = _entry(cache, shaped_by)
    path = entry / RECORD
    data = read_plain(path, ENVELOPE_BYTES)
    if sign_key is None:
        record = parse_canonical(data, str(path))
        subjects = {one["name"]: one["digest"]["sha256"] for one in record["subject"]}
        predicate = record["predicate"]
    else:
        opened = open_sealed(data, str(path), PREDICATE, (sign_key.public,))
        subjects, predicate = opened.subjects, opened.predicate
    if predicate.get("shaped_by") != shaped_by:
        raise TuneError(f"{path}: names other inputs than these")
    if set(list_files(entry)) != {*subjects, RECORD}:
        raise TuneError(f"{entry}: not the files that its signed record names")
    arrays = {}
    for name, expected in subjects.items():
        if (entry / name).is_symlink() or sha256_file(entry / name) != expected:
            raise TuneError(f"{entry / name}: not the tokens that its signed record names")
        short = name.removesuffix(SUFFIX)
        arrays[short] = np.memmap(entry / name, dtype=KINDS[short], mode="r")
    counts = predicate["counts"]
    dropped = tuple((str(reason), int(count)) for reason, count in counts.pop("dropped"))
    found = Dataset(**arrays, max_length=predicate["max_length"], counts=Counts(**counts, dropped=dropped))
    if found.digest != predicate["digest"]:
        raise TuneError(f"{entry}: not the tokens that its signed record names")
    return found


def _place(partial: Path, entry: Path) -> None:
    """Gives a finished entry its name; where another run was first, its entry stays."""
    try:
        partial.rename(entry)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    sync_folder(entry.parent)


def _entry(cache: Path, shaped_by: dict[str, Any]) -> Path:
    return cache / digest(shaped_by).removeprefix("sha256:")


def _write(folder: Path, data: Dataset, shaped_by: dict[str, Any], sign_key: "PrivateKey | None") -> None:
    for name, kind in KINDS.items():
        array = getattr(data, name)
        if array is not None and not (folder / (name + SUFFIX)).exists():
            (folder / (name + SUFFIX)).write_bytes(np.ascontiguousarray(array, dtype=kind).tobytes())
    subjects = [(name, sha256_file(folder / name)) for name in list_files(folder)]
    predicate = {"shaped_by": shaped_by, "max_length": data.max_length, "digest": data.digest}
    predicate["counts"] = asdict(data.counts)
    record = statement(subjects, PREDICATE, predicate)
    write_whole(folder / RECORD, canonical(record) if sign_key is None else seal(record, sign_key))
    sync_tree(folder)
