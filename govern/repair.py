"""Makes a file of a certified folder again from the work kept beside it; it is put back where its digest is the listed one."""

import shutil
from pathlib import Path
from typing import Any

from govern import arrived, certificate, states
from govern.attestation import CERTIFICATE_BYTES
from govern.errors import InputError, Refused
from govern.files import MANIFEST, parse_canonical, sha256_file, write_whole
from govern.identity import secret_id
from govern.inventory import SUMS_BYTES, parse_sums, read_plain
from govern.lock import alone
from govern.private import folder_of
from govern.publish import publish
from govern.run_keys import keys_of


def repair(out: Path, name: str, secret: bytes) -> bool:
    """Puts the file `name` (`documents/part-00000.parquet`) of a certified folder back as it was; False where it is as it was.

    Raises:
        InputError: no such file in SHA256SUMS, another secret, or work beside the folder that is not whole.
        Refused: what was made differs from what SHA256SUMS says; nothing was put back.
    """
    folder = folder_of(out)
    sums = parse_sums(read_plain(out / MANIFEST, SUMS_BYTES), str(out / MANIFEST))
    if name not in sums or not name.endswith(".parquet"):
        raise InputError(f"--shard {name}: no document file of {out}; name one as SHA256SUMS does")
    target = out / name
    if target.parent.is_symlink() or out.is_symlink():
        raise InputError(f"{target.parent}: is a link, and nothing is written through one; put the folder itself there")
    if target.is_file() and not target.is_symlink() and sha256_file(target) == sums[name]:
        return False
    record = _record(out, folder, secret)
    if sums.get(certificate.FILE) != sha256_file(out / certificate.FILE):
        raise Refused(f"{out / certificate.FILE}: not what SHA256SUMS says; restore it first")
    with alone(folder):
        scratch = folder / "repair"
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            _publish(out, folder, record, scratch, name, secret)
            made = scratch / name
            found = sha256_file(made) if made.is_file() else None
            if found != sums[name]:
                raise Refused(
                    f"{target}: made again its sha256 is {(found or 'none')[:12]}…, and SHA256SUMS says {sums[name][:12]}…; "
                    "nothing was put back: restore the folder, or certify again"
                )
            target.parent.mkdir(exist_ok=True)
            write_whole(target, made.read_bytes())
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return True


def _record(out: Path, folder: Path, secret: bytes) -> dict[str, Any]:
    """What the run was; the secret must be its own, for it divides documents into splits."""
    try:
        record = parse_canonical((folder / "run.json").read_bytes(), str(folder / "run.json"))
    except OSError:
        raise InputError(f"{folder}: not there, so nothing can be made again; restore it, or certify again") from None
    if not isinstance(record, dict) or not {"secret", "split", "cut"} <= record.keys():
        raise InputError(f"{folder / 'run.json'}: not as it was written; restore it, or certify again")
    if record["secret"] != secret_id(secret):
        raise InputError(f"{out}: made with another secret; give the one that it was certified with")
    return record


def _publish(out: Path, folder: Path, record: dict[str, Any], scratch: Path, name: str, secret: bytes) -> None:
    came = arrived.load(folder)
    made = [state for path, _ in states.whole_run(folder, came.documents) if (state := states.load(path, sealed=False))]
    claim = certificate.load(read_plain(out / certificate.FILE, CERTIFICATE_BYTES), str(out / certificate.FILE)).claim
    split, share = record["split"] or (None, 0)
    publish(
        made,
        scratch,
        tuple(claim["corpus"]["columns"]),
        came.layout,
        (split, share) if split else None,
        keys_of(secret).splits,
        record["cut"][1],
        only=name,
    )
