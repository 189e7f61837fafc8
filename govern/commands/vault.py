"""`govern vault`: make, look into, rotate and shred the file that holds the texts behind references."""

import argparse
import os
import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.console import show
from govern.errors import InputError
from govern.flags import add_command, local, now

if TYPE_CHECKING:
    from govern.ledger import Entry
    from govern.vault.access import Account
    from govern.vault.keys import BothKeys

LIST_BYTES = 1024 * 1024
"""A file of references is never larger."""


def add(commands: Any) -> None:
    """Registers `vault keygen`, `init`, `show`, `reveal`, `rotate` and `shred`."""
    group = commands.add_parser(
        "vault", help="keep what was masked reversibly: two keys open it, and a ledger says who did", allow_abbrev=False
    )
    inner = group.add_subparsers(title="commands", metavar="keygen|init|show|reveal|rotate|shred", required=True)

    keygen = add_command(inner, "keygen", _keygen, "make a vault key and a second key, for two holders")
    keygen.add_argument(
        "--out", type=local, required=True, metavar="DIR", help="folder for vault.key, second.pem, second.pub"
    )

    init = add_command(inner, "init", _init, "make an empty vault")
    init.add_argument("--out", type=local, required=True, metavar="VAULT", help="a new file, outside every corpus")
    _add_vault_key(init)
    init.add_argument("--second-pub", type=local, required=True, metavar="PUB", help="second.pub of the second holder")
    init.add_argument("--domain", required=True, metavar="NAME", help="the pseudonym domain whose references it holds")

    look = add_command(inner, "show", _show, "print counts, domain and key ids, no value")
    look.add_argument("vault", type=local, metavar="VAULT")

    reveal = add_command(inner, "reveal", _reveal, "print the value behind a reference; the ledger is told first")
    reveal.add_argument("vault", type=local, metavar="VAULT")
    reveal.add_argument(
        "--reference", required=True, metavar="REF|FILE", help="<PERSON_abcdefghijkl>, or a file with one on each line"
    )
    _add_both_keys(reveal)
    _add_account(reveal)

    rotate = add_command(inner, "rotate", _rotate, "seal the vault under new keys; the old ones open nothing of it")
    rotate.add_argument("vault", type=local, metavar="VAULT")
    _add_both_keys(rotate)
    rotate.add_argument("--new-vault-key", type=local, required=True, metavar="KEY", help="the vault key from now on")
    rotate.add_argument("--new-second-pub", type=local, required=True, metavar="PUB", help="the second key from now on")
    _add_account(rotate, reason="rotation")

    shred = add_command(inner, "shred", _shred, "destroy a vault, or one reference in it")
    shred.add_argument("vault", type=local, metavar="VAULT")
    shred.add_argument("--reference", metavar="REF", help="this one alone, as in <PERSON_abcdefghijkl>")
    _add_account(shred)


def _add_vault_key(command: argparse.ArgumentParser) -> None:
    command.add_argument("--vault-key", type=local, required=True, metavar="KEY", help="vault.key of the first holder")


def _add_both_keys(command: argparse.ArgumentParser) -> None:
    _add_vault_key(command)
    command.add_argument(
        "--second-key", type=local, required=True, metavar="KEY", help="second.pem of the second holder"
    )


def _add_account(command: argparse.ArgumentParser, reason: str | None = None) -> None:
    command.add_argument(
        "--reason", required=reason is None, default=reason, metavar="TEXT", help="stands in the ledger; name no person"
    )
    command.add_argument("--ledger", type=local, required=True, metavar="LEDGER", help="the ledger; made if not there")


def _keygen(arguments: argparse.Namespace) -> int:
    from govern.vault.keys import generate

    vault_key, second_key = generate(arguments.out)
    lines = [
        f"{arguments.out}: vault.key, second.pem, second.pub",
        f"vault key {vault_key}",
        f"second key {second_key}",
        "give second.pem to the second holder, and keep no copy beside vault.key",
    ]
    result = {"folder": str(arguments.out), "vault_key_id": vault_key, "second_key_id": second_key}
    show(result, arguments.json, lines)
    return 0


def _init(arguments: argparse.Namespace) -> int:
    from govern.vault.keys import load_second_public, load_vault_key
    from govern.vault.store import init

    made = init(
        arguments.out,
        vault_key=load_vault_key(arguments.vault_key),
        second_public=load_second_public(arguments.second_pub),
        domain=arguments.domain,
    )
    result = {"file": str(arguments.out), "vault": made.id, "domain": made.domain}
    show(result, arguments.json, [f"{arguments.out}: an empty vault of domain {made.domain}"])
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from govern.vault.store import open_vault

    found = open_vault(arguments.vault)
    lines = [
        f"{arguments.vault}: domain {found.domain}, {sum(found.entries.values()):,} entries in {found.segments:,} segments, "
        f"{len(found.shredded):,} references shredded",
        *(f"  {name:<22}{count:>10,}" for name, count in found.entries.items()),
        f"vault key {found.vault_key_id}",
        f"second key {found.second_key_id}",
    ]
    result = {
        "file": str(arguments.vault),
        "vault": found.id,
        "domain": found.domain,
        "vault_key_id": found.vault_key_id,
        "second_key_id": found.second_key_id,
        "segments": found.segments,
        "entries": found.entries,
        "shredded": len(found.shredded),
    }
    show(result, arguments.json, lines)
    return 0


def _reveal(arguments: argparse.Namespace) -> int:
    from govern.vault.access import reveal

    references = _references(arguments.reference)
    made = reveal(arguments.vault, references, _both_keys(arguments), _account(arguments))
    _show_head(arguments.ledger, made.entry)
    single = len(made.texts) == 1
    lines = [
        _on_one_line(text) if single else f"{reference}\t{_on_one_line(text)}"
        for reference, texts in made.texts.items()
        for text in texts
    ]
    result = {"texts": {name: list(texts) for name, texts in made.texts.items()}, "ledger": _head(made.entry)}
    show(result, arguments.json, lines)
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from govern.vault.access import rotate
    from govern.vault.keys import load_second_public, load_vault_key

    vault_key, public = load_vault_key(arguments.new_vault_key), load_second_public(arguments.new_second_pub)
    done = rotate(arguments.vault, _both_keys(arguments), vault_key, public, _account(arguments))
    _show_head(arguments.ledger, done.entry)
    said = (
        "sealed under the new keys; the old ones open nothing of it" if done.changed else "is under these keys already"
    )
    result = {"file": str(arguments.vault), "changed": done.changed, "ledger": _head(done.entry)}
    show(result, arguments.json, [f"{arguments.vault}: {said}"])
    return 0


def _shred(arguments: argparse.Namespace) -> int:
    from govern.vault.access import parse_reference, shred

    reference = None if arguments.reference is None else parse_reference(arguments.reference)
    done = shred(arguments.vault, _account(arguments), reference)
    _show_head(arguments.ledger, done.entry)
    what = reference or "the vault"
    said = "overwritten and removed" if done.changed else "was shredded already"
    result = {
        "file": str(arguments.vault), "reference": reference, "changed": done.changed, "ledger": _head(done.entry)
    }  # fmt: skip
    lines = [f"{arguments.vault}: {what} {said}", "backups and snapshots, if any, are not reached: see docs/vault.md"]
    show(result, arguments.json, lines)
    return 0


def _references(text: str) -> list[str]:
    """The reference itself, or those on the lines of a file. A text that is neither is not repeated: it may be a value."""
    from govern.vault.access import parse_reference
    from govern.vault.file import REFERENCE

    if REFERENCE.fullmatch(text.removeprefix("<").removesuffix(">")):
        return [parse_reference(text)]
    try:
        with Path(text).open("rb") as stream:
            data = stream.read(LIST_BYTES + 1)
        lines = data.decode().split()
    except (OSError, ValueError):
        raise InputError(
            "--reference: neither a reference such as <PERSON_abcdefghijkl> nor a readable file of them; check it"
        ) from None
    if len(data) > LIST_BYTES:
        raise InputError(f"--reference: a file over {LIST_BYTES} bytes; ask in parts")
    return [parse_reference(line) for line in lines]


def _both_keys(arguments: argparse.Namespace) -> "BothKeys":
    from govern.vault.keys import BothKeys, load_second, load_vault_key

    return BothKeys(load_vault_key(arguments.vault_key), load_second(arguments.second_key))


def _account(arguments: argparse.Namespace) -> "Account":
    from govern.vault.access import Account

    try:
        who = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        who = f"uid {os.getuid()}"
    return Account(arguments.ledger, who, arguments.reason, now())


def _head(entry: "Entry") -> dict[str, Any]:
    return {"sequence": entry.sequence, "head": entry.digest}


def _show_head(ledger: Path, entry: "Entry") -> None:
    """To standard error, so that standard output holds the value alone."""
    print(f"{ledger}: entry {entry.sequence}, head {entry.digest}", file=sys.stderr)


def _on_one_line(text: str) -> str:
    """A text as it is where a terminal can show it, else with escapes; `--json` always has it exactly."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
