"""The private key that signs what a command makes."""

from pathlib import Path
from typing import TYPE_CHECKING

from govern.keys import load_passphrase, load_private
from tune.errors import TuneError

if TYPE_CHECKING:
    from govern.keys import PrivateKey

PUBLIC = b"-----BEGIN PUBLIC KEY-----"


def load(path: Path, passphrase: Path | None = None) -> "PrivateKey":
    """The key in `path`, opened with the first line of the file `passphrase`.

    Raises:
        TuneError: it is a public key, which everybody may read.
        GovernError: it cannot be read, or is no private key.
    """
    try:
        public = path.is_file() and path.read_bytes()[: len(PUBLIC)] == PUBLIC
    except OSError:
        public = False
    if public:
        raise TuneError(f"{path}: a public key, which signs nothing; give the private one, sign.pem of `govern keygen`")
    return load_private(path, None if passphrase is None else load_passphrase(passphrase))
