"""`govern policy`: shows, checks and tries a policy, and writes its allow and deny lists."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.console import show
from govern.errors import InputError, Refused
from govern.flags import add_columns, add_command, columns_of, end_of_day, given, local, named, now

if TYPE_CHECKING:
    from govern.policy import Policy
    from govern.treatment import Treatment
    from govern.trial import Score, Trial

SHOWN = 10
"""Changed labels that are listed; `--json` lists all."""
VALUE_BYTES = 4096
"""Of the line a value is read from."""


def add(commands: Any) -> None:
    """Registers `policy show|check|test|allow|deny|learn`."""
    top = commands.add_parser("policy", help="show, check and try a policy; allow and deny values")
    inner = top.add_subparsers(title="commands", metavar="show|check|test|allow|deny|learn", required=True)

    shown = add_command(inner, "show", _show, "print the resolved policy, defaults filled in")
    shown.add_argument("policy", type=named, metavar="NAME|FILE")

    check = add_command(inner, "check", _check, "check a policy, its files, lists and cases, before a run")
    check.add_argument("policy", type=named, metavar="NAME|FILE")
    check.add_argument("--secret", type=local, metavar="FILE", help="opens lists and known values")

    test = add_command(inner, "test", _test, "what a policy does to precision and recall on a labelled set")
    test.add_argument("policy", type=named, metavar="NAME|FILE")
    test.add_argument(
        "inputs", type=given, nargs="*", metavar="INPUT", help="the documents; default: beside the labels' folder"
    )
    test.add_argument(
        "--labels", type=local, required=True, metavar="FILE", help="JSON Lines: id, field, start, end, entity_type"
    )
    test.add_argument("--against", type=named, default="default", metavar="NAME|FILE", help="the policy that is compared with")
    test.add_argument("--secret", type=local, metavar="FILE", help="opens lists and known values")
    add_columns(test)

    for name, call, text in (
        ("allow", _allow, "let a value stay: its keyed digest goes into the lists"),
        ("deny", _deny, "never let a value pass again: it goes into the lists, sealed"),
    ):
        entry = add_command(inner, name, call, text)
        entry.add_argument("lists", type=local, metavar="LISTS", help="the TOML file that the policy names as `lists`")
        entry.add_argument("--entity-type", required=True, metavar="TYPE", help="such as PHONE_NUMBER")
        entry.add_argument(
            "--value-from", type=local, required=True, metavar="FILE", help="holds the value and nothing else; /dev/stdin too"
        )
        entry.add_argument("--reason", required=True, help="stands in the lists; name no person")
        entry.add_argument("--owner", required=True, help="who answers for the entry: a role or office")
        entry.add_argument("--expires", type=end_of_day, required=True, metavar="DATE", help="the last day it holds")
        entry.add_argument("--secret", type=local, required=True, metavar="FILE", help="keys and seals the value")

    learn = add_command(inner, "learn", _learn, "turn the answers of a review page into entries of the lists")
    learn.add_argument("lists", type=local, metavar="LISTS", help="the TOML file that the policy names as `lists`")
    learn.add_argument("answers", type=local, metavar="ANSWERS.json", help="what the page downloaded")
    learn.add_argument("--corpus", type=local, metavar="DIR", help="the folder that answers about misses are about")
    learn.add_argument("--secret", type=local, required=True, metavar="FILE", help="the secret of the reviewed run")


def _secret(path: Path | None) -> bytes | None:
    from govern.keys import load_secret

    return None if path is None else load_secret(path)


def _show(arguments: argparse.Namespace) -> int:
    from govern.policy import load

    policy = load(arguments.policy)
    resolved = policy.resolved()
    lines = [f"{policy.name}: {policy.digest}", json.dumps(resolved, indent=2, ensure_ascii=False)]
    show({"digest": policy.digest, "resolved": resolved}, arguments.json, lines)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from govern.policy import load
    from govern.policy_check import check
    from govern.process import detector_for
    from govern.validate import check_waivers
    from govern.validate import load as load_suite

    policy = load(arguments.policy)
    checked = check(policy, _secret(arguments.secret), today=now().date(), replaces=False)
    check_waivers(load_suite(policy.suite), [waiver.id for waiver in policy.waivers])
    detector_for(checked.treatment)
    lines = [f"{checked.policy.name}: holds", f"digest {checked.policy.digest}", *checked.lines]
    show({"policy": checked.policy.name, "digest": checked.policy.digest, **checked.counts}, arguments.json, lines)
    return 0


def _test(arguments: argparse.Namespace) -> int:
    from govern import trial
    from govern.policy import load

    labels = trial.read_labels(arguments.labels)
    inputs = tuple(arguments.inputs) or _beside(arguments.labels)
    secret = _secret(arguments.secret)
    sides = []
    tested = load(arguments.policy)
    other = load(arguments.against).model_copy(update={"failures": tested.failures})  # the same rows are read for both
    for policy in (other, tested):
        treatment = _treatment(policy, secret)
        sides.append(trial.run(treatment, inputs, labels, columns=columns_of(arguments)))
    before, after = sides
    result = {
        "policy": arguments.policy,
        "against": arguments.against,
        "labels": len(labels),
        "unreadable": after.unreadable,
        "withheld": {"before": before.withheld, "after": after.withheld},
        "types": {
            kind: {"before": _numbers(before.scores[kind]), "after": _numbers(after.scores[kind])}
            for kind in after.scores
        },
        "all": {"before": _numbers(before.whole), "after": _numbers(after.whole)},
        "newly_missed": _places(after, before),
        "newly_masked": _places(before, after),
    }
    show(result, arguments.json, _lines(arguments, before, after))
    return 0


def _treatment(policy: "Policy", secret: bytes | None) -> "Treatment":
    from govern.policy_check import check

    return check(policy, secret, today=now().date(), replaces=False).treatment


def _beside(labels: Path) -> tuple[Path, ...]:
    """The documents of a folder that `govern sample` wrote: beside the folder of its labels."""
    folder = labels.absolute().parent.parent
    found = tuple(sorted(path for path in folder.iterdir() if path.suffix in (".jsonl", ".parquet")))
    if not found:
        raise InputError(f"{folder}: no .jsonl or .parquet beside the labels' folder; name the documents as INPUT")
    return found


def _numbers(score: "Score") -> dict[str, Any]:
    from govern.trial import wilson

    low, high = wilson(score.masked, score.labels)
    return {
        "labels": score.labels, "masked": score.masked, "findings": score.findings, "right": score.right,
        "recall": score.recall, "recall_low": low, "recall_high": high, "precision": score.precision,
    }  # fmt: skip


def _places(more: "Trial", less: "Trial") -> list[dict[str, Any]]:
    """Labels missed by the one and not by the other, by place; private, since offsets tell lengths."""
    order = sorted(more.missed - less.missed, key=lambda label: (label.id, label.field, label.start))
    return [
        {"id": label.id, "field": label.field, "start": label.start, "end": label.end, "entity_type": label.entity_type}
        for label in order
    ]


def _lines(arguments: argparse.Namespace, before: "Trial", after: "Trial") -> list[str]:
    head = f"{'':<22}{'labels':>8}{'recall':>18}{'precision':>18}"
    lines = [f"{arguments.against} -> {arguments.policy}, masked whole and right, in per cent", head]
    rows = [
        *((kind, before.scores[kind], after.scores[kind]) for kind in after.scores),
        ("all", before.whole, after.whole),
    ]
    for kind, old, new in rows:
        recall, precision = (
            f"{_percent(getattr(old, name))} -> {_percent(getattr(new, name))}" for name in ("recall", "precision")
        )
        lines.append(f"{kind:<22}{new.labels:>8,}{recall:>18}{precision:>18}")
    if before.withheld or after.withheld:
        lines.append(f"labels in what does not ship, not counted above: {before.withheld:,} -> {after.withheld:,}")
    if after.unreadable:
        lines.append(f"documents that could not be read: {after.unreadable:,} (on_bad_row = quarantine)")
    for words, places in (("newly missed", _places(after, before)), ("newly masked", _places(before, after))):
        lines.append(f"{words}: {len(places):,} labels")
        lines += [f"  {ascii(place['id'])[1:-1]} {place['entity_type']}" for place in places[:SHOWN]]
    return lines


def _percent(share: float | None) -> str:
    """Never rounded to none or all that is not."""
    if share is None:
        return "-"
    shown = f"{100 * share:.1f}"
    if shown == "100.0" and share < 1:
        return "99.9"
    return "0.1" if shown == "0.0" and share > 0 else shown


def _allow(arguments: argparse.Namespace) -> int:
    return _entry(arguments, "allow")


def _deny(arguments: argparse.Namespace) -> int:
    return _entry(arguments, "deny")


def _entry(arguments: argparse.Namespace, name: str) -> int:
    from pydantic import ValidationError

    from govern import lists
    from govern.keys import load_secret
    from govern.policy import ENTITY_TYPES

    if arguments.entity_type not in ENTITY_TYPES:
        raise InputError(
            f"--entity-type '{arguments.entity_type}': nothing finds it; use one of {', '.join(ENTITY_TYPES)}"
        )
    if arguments.expires < now():
        raise InputError(f"--expires {arguments.expires.date()}: is over already; give a later date")
    try:
        entry = lists.Entry(
            entity_type=arguments.entity_type,
            reason=arguments.reason,
            owner=arguments.owner,
            expires=arguments.expires.date(),
        )
    except ValidationError:
        raise InputError(
            "--reason and --owner: 1 to 500 characters each; say why, and which office answers for it"
        ) from None
    secret = load_secret(arguments.secret)
    made = (
        lists.allow(entry, _value(arguments.value_from), secret)
        if name == "allow"
        else lists.deny(entry, _value(arguments.value_from), secret)
    )
    new = lists.add(arguments.lists, [made])
    if not new:
        raise Refused(f"{arguments.lists}: holds this very entry already; nothing was written")
    result = {
        "file": str(arguments.lists),
        "list": name,
        "entity_type": entry.entity_type,
        "expires": str(entry.expires),
    }
    show(
        result,
        arguments.json,
        [f"{arguments.lists}: one {name} entry more, {entry.entity_type}, until {entry.expires}"],
    )
    return 0


def _learn(arguments: argparse.Namespace) -> int:
    from govern.keys import load_secret
    from govern.review.answers import read
    from govern.review.learn import learn

    secret = load_secret(arguments.secret)
    made = learn(arguments.lists, read(arguments.answers), secret, today=now().date(), corpus=arguments.corpus)
    result = {"file": str(arguments.lists), "allow": made.allowed, "deny": made.denied, "case": made.cases,
              "rejected": made.rejected, "new": made.new}  # fmt: skip
    lines = [
        f"{arguments.lists}: {made.new:,} new entries, of {made.allowed:,} allowed, {made.denied:,} denied and {made.cases:,} "
        f"cases; {made.rejected:,} values stay masked",
        "next: `govern policy check POLICY --secret FILE`",
    ]
    show(result, arguments.json, lines)
    return 0


def _value(path: Path) -> str:
    """The one line of a file; never named in an error."""
    try:
        with path.open("rb") as stream:
            data = stream.read(VALUE_BYTES + 1)
        if len(data) > VALUE_BYTES:
            raise InputError(f"{path}: longer than any value; write one value there")
        lines = [line.strip() for line in data.decode("utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; save the value as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the path") from None
    if len(lines) != 1 or not lines[0].isprintable():
        what = f"{len(lines)} lines" if len(lines) != 1 else "a character that cannot be printed"
        raise InputError(f"{path}: holds {what}, where one value is expected; write one value there, on one line")
    return lines[0]
