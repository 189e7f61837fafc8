"""A finished run as a review reads it: the certified folder with its files checked, and the private findings beside it.

Whatever is not as the run wrote it is refused: a file of the corpus that SHA256SUMS does not name as it is, private files of
another run, a shard whose digest differs. Where surrogates and the like stand is private too, and its text is compared with
what stands there.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from govern import certificate
from govern.errors import InputError
from govern.files import canonical, digest, matching, parse_canonical, sha256_file
from govern.gathered import stretches
from govern.mask import Stretch
from govern.normalize import PSEUDONYM_LETTERS, TAG_DIGITS
from govern.private import finished
from govern.treatment import MARKED, STAYS
from govern.turns import COLUMNS, layout_in, whole

NOT_TEXT = frozenset({"id", "lang", "source"})


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A certified folder: its certificate, its document files, and where each file's recorded replacements are kept."""

    folder: Path
    certificate: certificate.Certificate
    files: tuple[tuple[Path, Path | None], ...]
    shards: tuple[tuple[Path, Path], ...] = ()
    """The files of findings and of ids of each shard, where they were asked for."""

    @property
    def private(self) -> Path:
        """The folder beside it that holds what must not ship."""
        return self.folder.with_name(self.folder.name + ".private")

    @property
    def name(self) -> str:
        """The name in the certificate."""
        return str(self.certificate.claim["corpus"]["name"])

    @property
    def secret_key_id(self) -> str:
        """Names the secret that the run was made under."""
        return str(self.certificate.claim["privacy"]["secret_key_id"])

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that hold masked text: that of the document, also of a conversation, and the columns beside it."""
        own = COLUMNS[layout_in(self.published)]
        return ("text", *(name for name in self.published if name not in own))

    @property
    def published(self) -> tuple[str, ...]:
        """The columns that hold masked text, as they ship."""
        return tuple(name for name in self.certificate.claim["corpus"]["columns"] if name not in NOT_TEXT)

    @property
    def entity_types(self) -> tuple[str, ...]:
        """The types of the policy."""
        return tuple(_policy(self.certificate)["entities"])


@dataclass(frozen=True, slots=True)
class Published:
    """A certified document: its text fields, and where in them replacements stand that look like personal data."""

    id: str
    lang: str
    source: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    recorded: tuple[Stretch, ...] = field(repr=False)

    def replaced(self, entity_types: tuple[str, ...], name: str) -> tuple[tuple[int, int], ...]:
        """Start and end of every replacement in a field, sorted: what is recorded, and what has the form of a tag."""
        found = {(each.start, each.end) for each in self.recorded if each.field == name}
        found.update(match.span() for match in marked(entity_types).finditer(dict(self.fields)[name]))
        return tuple(sorted(found))


def marked(entity_types: tuple[str, ...]) -> re.Pattern[str]:
    """Matches `<TYPE>`, `<TYPE_1>` and `<TYPE_abcdefghijkl>`."""
    names = "|".join(map(re.escape, entity_types))
    return re.compile(rf"<(?:{names})(?:_(?:[1-9][0-9]{{0,{TAG_DIGITS - 1}}}|[a-z]{{{PSEUDONYM_LETTERS}}}))?>")


def open_folder(folder: Path, *, findings: bool = False) -> Reviewed:
    """The certified folder, signed or a draft, every file of it checked; with the private `findings` of its run if asked for.

    Raises:
        InputError: no such folder, or a file is not what the run wrote.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the --out of a `govern certify`")
    private = folder.with_name(folder.name + ".private")
    made = finished(folder, private)
    files = []
    for split in made.claim["corpus"]["splits"]:
        for shard in split["shards"]:
            record = private / "recorded" / shard["path"]
            if not record.is_file():
                _check_marked(folder, record, made)
            files.append((folder / shard["path"], record if record.is_file() else None))
    reviewed = Reviewed(folder, made, tuple(files))
    return replace(reviewed, shards=_shards(reviewed)) if findings else reviewed


def _check_marked(folder: Path, record: Path, made: certificate.Certificate) -> None:
    """Returns where a tag stands for every value, so that nothing had to be recorded."""
    policy = _policy(made)
    actions = {*policy["entities"].values()}.union(*(source["entities"].values() for source in policy["sources"]))
    if actions - MARKED - STAYS:
        raise InputError(
            f"{record}: missing, so nobody can tell the surrogates of {folder.name} from misses; review it where it was "
            "certified"
        )


def _policy(made: certificate.Certificate) -> dict[str, Any]:
    resolved: dict[str, Any] = made.claim["pipeline"]["policy"]["resolved"]
    return resolved


def _shards(reviewed: Reviewed) -> tuple[tuple[Path, Path], ...]:
    """The files of findings and of ids of each shard of the run, each as it was written.

    Raises:
        InputError: there are none, they are another run's, or one was altered.
    """
    private, claim = reviewed.private, reviewed.certificate.claim
    record = _read(private / "run.json")
    told = (record.get("name"), record.get("secret"), record.get("policy"))
    if told != (reviewed.name, reviewed.secret_key_id, claim["pipeline"]["policy"]["digest"]):
        raise InputError(
            f"{private}: of another run than {reviewed.folder.name}; put the two folders of one run together"
        )
    found, count = [], 0
    for path in matching(private / "states", "shard-*.json"):
        state = _read(path)
        if state.pop("digest", None) != digest(state) or state.get("work") != record.get("work"):
            raise InputError(f"{path}: altered, or of another run; restore the folder {private.name}")
        pair = private / f"findings/{path.stem}.parquet", private / f"ids/{path.stem}.parquet"
        for file in pair:
            wanted = state["files"].get(f"{file.parent.name}/{file.name}")
            if not file.is_file() or sha256_file(file) != wanted:
                raise InputError(f"{file}: missing or altered since the run; restore it, or certify again")
        count += sum(rows for *_, rows in state["segments"])
        found.append(pair)
    if not found:
        raise InputError(f"{private}: holds no findings; review a corpus where it was certified")
    if count != claim["accounting"]["in"]:
        raise InputError(f"{private}: holds the findings of other documents; restore the folder, or certify again")
    return tuple(found)


def _read(path: Path) -> dict[str, Any]:
    try:
        value = parse_canonical(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or 'cannot be read'}; the findings lie beside the corpus where it was certified"
        ) from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: {len(canonical(value))} bytes that no run wrote; restore the file")
    return value


def documents(reviewed: Reviewed, ids: Collection[str]) -> Iterator[Published]:
    """The certified documents of these ids, in the corpus's order; ids that it does not hold are passed over.

    Raises:
        InputError: a record names a replacement that does not stand there.
    """
    import polars as pl

    wanted = pl.Series("id", sorted(ids), dtype=pl.String).implode()
    for path, record in reviewed.files:
        columns = ("id", "lang", "source", *reviewed.published)
        rows = pl.scan_parquet(path).select(columns).filter(pl.col("id").is_in(wanted)).collect()
        frame = whole(rows).select("id", "lang", "source", *reviewed.fields)
        kept: dict[str, str | None] = {}
        if record is not None and frame.height:
            told = pl.scan_parquet(record).select("id", "recorded").filter(pl.col("id").is_in(wanted)).collect()
            kept = dict(told.iter_rows())
        for identity, lang, source, *texts in frame.iter_rows():
            held = tuple((name, text) for name, text in zip(reviewed.fields, texts, strict=True) if text is not None)
            if record is not None and identity not in kept:
                raise InputError(f"{record}: does not hold every document of {path.name}; restore it, or certify again")
            found = Published(identity, lang, source, held, stretches(kept.get(identity)))
            if any(dict(held).get(each.field, "")[each.start : each.end] != each.text for each in found.recorded):
                raise InputError(f"{record}: does not fit {path.name}; restore it, or certify again")
            yield found
