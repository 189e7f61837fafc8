"""Makes a bundle for this machine's platform and Python: `python -m requirements.bundle [--extras tune] [--sign-key KEY]`."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from govern.errors import InputError
from govern.files import sha256_file
from govern.flags import read_passphrase
from govern.keys import load_private

from . import folder, locks, wheelhouse, wheels

LOCKS = {
    (): "base.txt", ("documents",): "documents.txt", ("fast",): "fast.txt", ("mlflow",): "mlflow.txt", ("ray",): "ray.txt",
    ("remote",): "remote.txt", ("tune",): "tune.txt",
}  # fmt: skip
"""The lock that serves each choice of extras."""


def main() -> int:
    """Makes the bundle and names it; 2 with a sentence where something is not as a lock has it."""
    parser = argparse.ArgumentParser(prog="make bundle", description=__doc__)
    parser.add_argument("--extras", default="", help="an extra of assay that is to be served too, such as tune")
    parser.add_argument("--out", type=Path, default=folder.ROOT / "dist", help="folder for the archive")
    parser.add_argument("--sign-key", type=Path, metavar="KEY", help="sign.pem of `govern keygen`, to sign SHA256SUMS")
    parser.add_argument("--passphrase", type=Path, metavar="FILE", help="file whose first line opens the key")
    arguments = parser.parse_args()
    try:
        print(make(arguments))
    except InputError as error:
        print(f"bundle: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def make(arguments: argparse.Namespace) -> str:
    """The whole way from the tree to the archive; returns what to tell about it."""
    extras = tuple(arguments.extras.replace(",", " ").split())
    if extras not in LOCKS:
        served = ", ".join(filter(None, map(" ".join, LOCKS)))
        raise InputError(f"--extras {arguments.extras}: no lock serves this; give one of {served}")
    lock = folder.ROOT / "requirements" / LOCKS[extras]
    key = load_private(arguments.sign_key, read_passphrase(arguments.passphrase)) if arguments.sign_key else None
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.out, prefix=".bundle-") as there:
        built = own_wheel(Path(there))
        whole = Path(there) / folder.name(wheels.read(built).version, extras)
        house = whole / folder.WHEELS
        house.mkdir(parents=True)
        own = built.rename(house / built.name)
        found = wheelhouse.gather(own, extras, locks.read(lock), house)
        folder.write(whole, found, extras, lock, key)
        archive = arguments.out / f"{whole.name}.tar"
        folder.pack(whole, Path(there) / archive.name)
        (Path(there) / archive.name).replace(archive)
    size = archive.stat().st_size
    sums = archive.with_name(archive.name + ".sha256")
    sums.write_text(f"{sha256_file(archive)}  {archive.name}\n", "utf-8")
    return f"{archive}: {len(found)} wheels, {size / 1e6:.0f} MB; {sums.name} beside it goes by another way"


def own_wheel(where: Path) -> Path:
    """Assay's own wheel, built of the tree with what is installed here."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(where), str(folder.ROOT)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(folder.EPOCH)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise InputError(f"assay: no wheel can be built of the tree; see what `{' '.join(command[1:])}` says")
    (wheel,) = where.glob("*.whl")
    return wheel


if __name__ == "__main__":
    sys.exit(main())
