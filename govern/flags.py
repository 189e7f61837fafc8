"""Flags that several commands of `govern` share, and how their values are read."""

import argparse
import os
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govern.engine import Engine
    from govern.request import Request

from govern.errors import InputError
from govern.stores import Url, is_url, url_of

PPM = 1_000_000


def add_command(commands: Any, name: str, call: Any, text: str) -> argparse.ArgumentParser:
    """The parser of a new command, which calls `call(arguments) -> int`; each prints one JSON object where asked."""
    added: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False
    )
    added.set_defaults(call=call)
    added.add_argument("--json", action="store_true", help="print the result as one JSON object")
    return added


def local(text: str) -> Path:
    """A path of this machine."""
    if is_url(text):
        raise argparse.ArgumentTypeError(
            "an URL, and this stays on a file system; give a path (only an INPUT of `govern` may be an URL; `govern copy` "
            "takes a certified folder to a store, or from one)"
        )
    return Path(text)


def named(text: str) -> str:
    """The name of something in the package, or the path of a file of this machine."""
    return str(local(text)) if is_url(text) else text


def given(text: str) -> Path | Url:
    """An input: a path of this machine, or an URL of a store."""
    try:
        place = url_of(text) if is_url(text) else Path(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if isinstance(place, Url) and place.scheme == "memory":
        raise argparse.ArgumentTypeError("memory://: what lies there is gone when the command ends; name another store")
    return place


def add_inputs(command: argparse.ArgumentParser) -> None:
    """Input files, and the columns that hold text and id."""
    command.add_argument(
        "inputs", type=given, nargs="+", metavar="INPUT",
        help=".jsonl, .parquet, .csv, .tsv or .txt files (text also .gz or .zst), folders, a pattern; also s3:// URLs",
    )  # fmt: skip
    add_columns(command)


def add_columns(command: argparse.ArgumentParser) -> None:
    """What is said of the inputs, where the policy does not say it."""
    command.add_argument("--text-column", metavar="NAME", help="the column that holds the text (default: text)")
    command.add_argument("--id-column", metavar="NAME", help="the column of unique ids (default: id, else file and row)")
    command.add_argument("--encoding", metavar="NAME", help="of text files: utf-8, cp949, utf-16, latin-1 (default: utf-8)")


def columns_of(arguments: argparse.Namespace) -> Any:
    """What `add_columns` was told."""
    from govern.sources import Columns

    return Columns(arguments.text_column, arguments.id_column, arguments.encoding)


def add_workers(command: argparse.ArgumentParser) -> None:
    """How many processes work on shards."""
    command.add_argument(
        "--workers", type=positive, default=os.cpu_count() or 1, metavar="N", help="processes (default: all)"
    )


def add_engine(command: argparse.ArgumentParser) -> None:
    """Where shards are worked on."""
    add_workers(command)
    command.add_argument("--engine", choices=("local", "ray"), default="local", help="processes of this machine, or Ray")
    command.add_argument("--ray-address", type=address_of, metavar="HOST:PORT", help="a Ray cluster that is running")


def request_of(arguments: argparse.Namespace, **more: Any) -> "Request":
    """The run that the flags ask for which certifying, merging, reissuing and releasing have in common, and what is more."""
    from govern import keys
    from govern.policy import load
    from govern.private import folder_of
    from govern.request import Request

    chosen = load(arguments.policy)
    out = arguments.out.absolute()
    common: dict[str, Any] = {
        "inputs": (), "out": out, "policy": chosen, "suite": arguments.suite or chosen.suite,
        "secret": keys.load_secret(arguments.secret), "today": now().date(), "engine": engine_of(arguments, folder_of(out)),
    }  # fmt: skip
    return Request(**{**common, **more})


def engine_of(arguments: argparse.Namespace, folder: Path) -> "Engine":
    """What `add_engine` was told; `folder` is a private one, which is there when shards are worked on."""
    from govern.engine import Engine, on_ray

    if arguments.engine == "ray":
        return on_ray(arguments.workers, arguments.ray_address, folder)
    if arguments.ray_address is not None:
        raise InputError("--ray-address: goes with --engine ray; give it, or leave the address out")
    return Engine(arguments.workers)


def add_key(command: argparse.ArgumentParser) -> None:
    """The key that signs, and what opens it."""
    command.add_argument("--sign-key", type=local, required=True, metavar="KEY", help="the private key to sign with")
    command.add_argument("--passphrase", type=local, metavar="FILE", help="file whose first line opens the key")


def add_trust(command: argparse.ArgumentParser) -> None:
    """What signatures are checked against."""
    command.add_argument(
        "--trust", type=local, action="append", metavar="PUB", help="a public key to trust (repeatable; or ASSAY_TRUST)"
    )


def split_share(text: str) -> tuple[str, int]:
    """`held-out=0.02` as the name and the share in millionths."""
    name, _, share = text.partition("=")
    try:
        ppm = round(float(share) * PPM)
    except (ValueError, OverflowError):
        ppm = 0
    if name != "held-out" or not 0 < ppm < PPM:
        raise argparse.ArgumentTypeError(
            f"'{text}': expected held-out=SHARE with a share between 0 and 1, such as 0.02"
        )
    return name, ppm


def part_of(text: str) -> tuple[int, int]:
    """`2/5` as the number of a part and the number of parts."""
    number, _, parts = text.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and 1 <= int(number) <= int(parts)):
        raise argparse.ArgumentTypeError(f"'{text}': expected I/N, such as 1/4, with I from 1 to N")
    return int(number), int(parts)


def address_of(text: str) -> str:
    """`10.0.0.5:6379` or `head:6379`, as it is."""
    host, _, port = text.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError(f"'{text}': expected HOST:PORT, as `ray start --head` shows it")
    return text


def end_of_day(text: str) -> datetime:
    """The last second of a date, UTC."""
    try:
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}': expected a date such as 2027-12-31") from None


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}': expected a whole number from 1 to 999999999")
    return int(text)


def seconds(text: str) -> float:
    """A time in seconds, over 0 and at most a day."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"'{text}': expected seconds, such as 60")
    return value


def now() -> datetime:
    """This second, UTC."""
    return datetime.now(UTC).replace(microsecond=0)


def read_passphrase(path: Path | None) -> bytes | None:
    """What the first line of the file says; None where no file was named."""
    from govern.keys import load_passphrase

    return None if path is None else load_passphrase(path)


def read_ids(path: Path) -> list[str]:
    """The ids in a file, one a line."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text, an id a line ({type(error).__name__})") from None
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise InputError(f"{path}: names no document; write an id a line")
    return ids
