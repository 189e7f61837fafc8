"""Corpora certified apart, as one; and one without documents that were taken back.

What is kept of each shard in `DIR.private` is brought together in the order that one run over the same documents would have, so
the merged folder is that run's, byte for byte. Nothing is detected again. Parts are merged where all that their counts
depend on is the same: the detector, the policy, the suite, the secret and the code.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import arrived, failures, identity, private, signals, states
from govern.clock import as_text
from govern.errors import InputError, Refused
from govern.files import LIMIT, canonical, digest, parse_canonical, write_whole
from govern.finish import finish
from govern.frames import write_frame
from govern.pipeline import resumable
from govern.policy_check import check
from govern.release import stored
from govern.repeats import Repeats
from govern.request import Outcome, Request
from govern.run_keys import keys_of

if TYPE_CHECKING:
    import polars as pl

    from govern.arrived import Arrived

SAME = ("policy", "suite", "secret", "detector", "values", "vault", "name", "split", "environment", "code")
"""Of the record of a run, what parts of one corpus have in common."""

WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Part:
    """A certified folder with the work behind it: its record, its inputs and its shards."""

    out: Path
    folder: Path
    record: dict[str, Any]
    arrived: "Arrived"
    shards: tuple[dict[str, Any], ...]


def merge(request: Request, folders: Sequence[Path], not_after: datetime | None = None) -> Outcome:
    """One draft over the documents of several certified folders, in `request.out`; its inputs and columns are theirs.

    No signature on it may hold longer than `not_after`.

    Raises:
        InputError: a folder that is no certified one, differs from what was certified, or was certified otherwise; documents
            that two parts have, or none.
        Refused: an expectation failed or is unknown over the whole.
    """
    if len({folder.resolve() for folder in folders}) < max(2, len(folders)):
        raise InputError("govern merge: two different folders are needed at least; name each part once")
    parts = [opened(folder) for folder in folders]
    _check_same(parts)
    came = _together([part.arrived for part in parts])
    _check_documents(parts, came)
    request = as_before(request, parts)
    return _finished(request, came, _in_order(parts), frozenset(), not_after)


def reissue(request: Request, folder: Path, drop: Iterable[str], not_after: datetime | None = None) -> Outcome:
    """A new draft of a certified folder without some of its documents, by the ids they came with or those that ship.

    No signature on it may hold longer than `not_after`.

    Raises:
        InputError: as `merge`; or an id that no document has.
        Refused: an expectation failed or is unknown without them.
    """
    part = opened(folder)
    request = as_before(request, [part])
    wanted = set(drop)
    gone = frozenset(_certified(part, wanted))
    return _finished(request, part.arrived, _in_order([part]), gone, not_after)


def came_back(folder: Path, earlier: Path) -> list[str]:
    """The ids of documents that an earlier folder had dropped as duplicates and a reissued one has."""
    import polars as pl

    here, there = (pl.scan_parquet(sorted(each.glob("*/*.parquet"))).select("id") for each in (folder, earlier))
    return here.join(there, on="id", how="anti").sort("id").collect()["id"].to_list()


def as_before(request: Request, parts: Sequence[Part]) -> Request:
    """The request under the name and the split of the parts, with what was released in them."""
    record = parts[0].record
    name, shares = record["split"] or (None, 0)
    numbered = [(number, each) for part in parts for number, each in enumerate(stored(part.record.get("releases", ())))]
    numbered.sort(key=lambda pair: (pair[0], pair[1].documents))  # in whatever order the parts are named
    releases = tuple(each for _, each in numbered)
    split = (name, shares) if name else None
    return replace(request, name=record["name"], split=split, vault_id=record["vault"], releases=releases)


def opened(out: Path) -> Part:
    """A certified folder and what lies beside it, checked; a part that was refused by itself may pass within the whole."""
    folder = private.folder_of(out)
    record_path = folder / "run.json"
    refused = out.with_name(out.name + ".refused")
    if not (out.is_dir() or refused.is_dir()) and record_path.is_file():
        raise InputError(
            f"{out}: its run stopped before it was whole, so {folder.name} is not all of it; correct what stopped it, and run "
            "the same command to its end"
        )
    if not record_path.is_file():
        raise InputError(
            f"{out}: no certified folder with its {folder.name} beside it; name folders that `govern certify` made"
        )
    record = parse_canonical(record_path.read_bytes(), str(record_path))
    if out.is_dir():
        private.finished(out, folder)
    came = arrived.load(folder)
    shards = tuple(shard for _, shard in states.whole_run(folder, came.documents))
    return Part(out, folder, record, came, shards)


def check_command(part: Part, record: dict[str, Any]) -> None:
    """Returns where a run of the record `record` certifies as the part was certified."""
    differing = [name for name in ("policy", "suite", "secret", "detector", "values") if record[name] != part.record[name]]
    if differing:
        raise InputError(
            f"{part.out}: certified by another {' and another '.join(differing)} than this command names; give the same "
            "--policy, --suite and --secret"
        )


def _check_same(parts: list[Part]) -> None:
    first = parts[0]
    for part in parts[1:]:
        differing = [name for name in SAME if part.record.get(name) != first.record.get(name)]
        if not differing and part.record.get("work") != first.record.get("work"):
            differing.append("reading of its inputs")
        layouts = [(each.arrived.layout, each.arrived.id_column, each.arrived.text_column) for each in (first, part)]
        if layouts[0] != layouts[1]:
            differing.append("columns")
        if differing:
            raise InputError(
                f"{part.out}: certified otherwise than {first.out}, by another {' and another '.join(differing)}; counts under "
                "different rules cannot be added: certify one of them again"
            )


def _together(every: "list[Arrived]") -> "Arrived":
    """The files of several corpora, each once."""
    files: dict[str, arrived.ArrivedFile] = {}
    for came in every:
        for file in came.files:
            if files.setdefault(file.name, file).digest != file.digest:
                raise InputError(
                    "govern merge: two parts have an input file of one name with other bytes; rename one, certify again"
                )
    counts = [came.documents for came in every]
    documents = None if None in counts else sum(count or 0 for count in counts)
    return replace(every[0], files=tuple(files[name] for name in sorted(files)), documents=documents)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Consecutive segments of a shard, from `first` up to `last`; most often all of them."""

    part: Part
    shard: dict[str, Any]
    first: int
    last: int


def _in_order(parts: list[Part]) -> list[_Piece]:
    """The shards in the order of their documents, by file and row; one that others lie between comes in pieces."""
    places = sorted(
        (name, row, number, index, segment)
        for number, part in enumerate(parts)
        for index, shard in enumerate(part.shards)
        for segment, (name, row, _) in enumerate(shard["segments"])
    )
    pieces: list[_Piece] = []
    for *_, number, index, segment in places:
        part = parts[number]
        last = pieces[-1] if pieces else None
        if last is not None and last.shard is part.shards[index] and last.last == segment:
            pieces[-1] = replace(last, last=segment + 1)
        else:
            pieces.append(_Piece(part, part.shards[index], segment, segment + 1))
    return pieces


def _check_documents(parts: list[Part], came: "Arrived") -> None:
    """Returns where the parts have every document of their files once."""
    rows: Counter[str] = Counter()
    ranges: dict[str, list[tuple[int, int, Path]]] = {}
    shards = [(part, shard) for part in parts for shard in part.shards]
    for part, shard in shards:
        for name, first, count in shard["segments"]:
            rows[name] += count
            ranges.setdefault(name, []).append((first, first + count, part.out))
    for spans in ranges.values():
        spans.sort(key=lambda span: span[:2])
        for (_, end, one), (start, _, other) in pairwise(spans):
            if start < end:
                raise InputError(f"{other}: has documents that {one} has, too; leave one of them out")
    missing = sum(file.documents - rows[file.name] for file in came.files)
    if missing:
        raise InputError(f"govern merge: {missing:,} documents of the input files are in no part; name every part")
    with Repeats() as ids:
        for part, shard in shards:
            ids.add(b"".join(map(bytes.fromhex, _ids(part, shard)["certified"].drop_nulls().to_list())))
        if came.id_column is not None and any(len(places) for places, _ in ids.later()):
            raise InputError("govern merge: a document of one part has the id of another one's; make ids unique, certify again")


def _ids(part: Part, shard: dict[str, Any]) -> Any:
    import polars as pl

    return pl.read_parquet(part.folder / _file(shard, "ids"))


def _file(shard: dict[str, Any], kind: str) -> str:
    return next(str(name) for name in shard["files"] if name.startswith(f"{kind}/"))


def _certified(part: Part, wanted: set[str]) -> Iterator[str]:
    """The ids that ship of the documents that are wanted."""
    import polars as pl

    left = set(wanted)
    for shard in part.shards:
        found = _ids(part, shard).filter(pl.col("original").is_in(list(wanted)) | pl.col("certified").is_in(list(wanted)))
        for original, certified in found.select("original", "certified").iter_rows():
            left -= {original, certified}
            yield certified
    if left:
        raise InputError(f"--drop: {len(left):,} of {len(wanted):,} ids are of no document in {part.out}; correct them")


def _finished(
    request: Request, came: "Arrived", pieces: list[_Piece], gone: frozenset[str], not_after: datetime | None
) -> Outcome:
    """Takes the shards over into the private folder of a new run, without the documents that are gone, and ends it."""
    checked = check(request.policy, request.secret, today=request.today)
    record = identity.run(request, came, checked, (0, request.part_bytes))
    first = pieces[0].part.record
    check_command(pieces[0].part, record)
    record |= {"vault": first["vault"], "columns": first["columns"], "work": first["work"], "withdrawn": sorted(gone)}
    keys = keys_of(request.secret)
    with resumable(request.out), private.opened(request.out, record) as folder:
        if not_after is not None:
            write_whole(folder / LIMIT, canonical({"not_after": as_text(not_after)}), 0o600)
        if request.out.exists():
            return Outcome(request.out, private.finished(request.out, folder), reused=True)
        arrived.save(came, folder)
        taken = []
        for number, piece in enumerate(pieces):
            path = states.adopt(piece.shard, piece.part.folder, folder, number)
            _cut(path, piece)
            if gone:
                _without(path, gone)
            state = states.load(path)
            if state is None:
                raise Refused(f"{path}: a shard that was taken over does not read back; run the same command again")
            taken.append(state)
        documents = sum(file.documents for file in came.files)
        counted = list(failures.within(taken, documents, request.policy.failures.max_quarantined))
        return Outcome(request.out, finish(request, came, keys, checked, counted, folder), reused=False)


def _cut(path: Path, piece: _Piece) -> None:
    """Leaves the documents of a piece in a shard that was taken over whole; what it counts goes with its first piece."""
    import polars as pl

    segments = piece.shard["segments"]
    record = states.parse(path)
    if record is None or piece.last - piece.first == len(segments):
        return
    folder = path.parent.parent
    begin = sum(rows for *_, rows in segments[: piece.first])
    count = sum(rows for *_, rows in segments[piece.first : piece.last])
    every = pl.read_parquet(folder / _file(record, "ids"))
    ids = every[begin : begin + count]
    own = frozenset(ids["certified"].drop_nulls().to_list())
    elsewhere = frozenset(every["certified"].drop_nulls().to_list()) - own if not piece.first else frozenset()
    for outcome in ("quarantined", "dropped"):
        record[outcome] = [
            pair for pair in record[outcome] if pair[0] in own or (not piece.first and pair[0] not in elsewhere)
        ]
    _rewrite(record, folder, "ids", ids)
    _keep(record, folder, "masked", "id", ids["certified"].drop_nulls().to_list())
    _keep(record, folder, "findings", "id", ids["original"].drop_nulls().to_list())
    _rewrite(record, folder, "detected", pl.read_parquet(folder / _file(record, "detected")).clear())
    record["segments"] = segments[piece.first : piece.last]
    record["documents"] = digest([record["documents"], piece.first, piece.last])  # no shard of any run
    if piece.first:
        record |= {"arrived": {}, "entities": [], "vetoes": [], "joins": {}}
    states.save(path, record)


def _without(path: Path, gone: frozenset[str]) -> None:
    """Takes documents out of a shard: its rows, its findings and its ids; those that were certified count as dropped.

    A row of ids stays, empty, so that rows and documents still go together.
    """
    import polars as pl

    record = states.parse(path)
    folder = path.parent.parent
    if record is None:
        return
    ids = pl.read_parquet(folder / _file(record, "ids"))
    leaves = ids["certified"].is_in(list(gone)).fill_null(value=False)
    if not leaves.any():
        return
    names = ids.filter(leaves)["original"].to_list()
    masked = pl.read_parquet(folder / record["masked"])
    leaving = masked.filter(pl.col("id").is_in(list(gone))).select("id", "lang", "source").rows()
    _rewrite(record, folder, "ids", ids.with_columns(pl.when(~leaves).then(pl.all())))
    _rewrite(record, folder, "masked", masked.filter(~pl.col("id").is_in(list(gone))))
    findings = pl.read_parquet(folder / _file(record, "findings"))
    _rewrite(record, folder, "findings", findings.filter(~pl.col("id").is_in(names)))
    _rewrite(record, folder, "detected", pl.read_parquet(folder / _file(record, "detected")).clear())
    record["documents"] = digest([record["documents"], sorted(gone)])  # no shard of any run
    for identity_, lang, source in leaving:
        record["dropped"].append([identity_, WITHDRAWN])
        for name in signals.slices(lang, source):
            counts = record["arrived"].setdefault(name, {})
            counts["dropped"] = counts.get("dropped", 0) + 1
    states.save(path, record)


def _keep(record: dict[str, Any], folder: Path, kind: str, column: str, values: list[str]) -> None:
    import polars as pl

    frame = pl.read_parquet(folder / _file(record, kind))
    _rewrite(record, folder, kind, frame.filter(pl.col(column).is_in(values)))


def _rewrite(record: dict[str, Any], folder: Path, kind: str, frame: "pl.DataFrame") -> None:
    file = _file(record, kind)
    record["files"][file] = write_frame(folder / file, frame)
