"""`README.md`: the dataset card as the Hugging Face Hub reads it, YAML front matter and then plain words, out of a certificate.

Names, reasons and sentences of a policy come from outside. In the template every value is escaped unless a filter made it
Markdown, so none of them can end a table, open a heading, a link or HTML, or reach into the front matter.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from govern.cards import done_with, languages, licences, listed, one_line, origins, tags, verdicts
from govern.certificate import Certificate
from govern.publish import TRAIN
from govern.turns import layout_in

if TYPE_CHECKING:
    from jinja2 import Environment

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~&$@#!])")
_LINK = re.compile(r"(?i)(?<=www)(?=\.)|(?=://)")
_OPENS = re.compile(r"^(?=[-+=])")
_NUMBERED = re.compile(r"^([0-9]+)(?=[.)])")

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B", "10B<n<100B",
         "100B<n<1T", "n>1T")  # fmt: skip
"""The Hub's size categories: each reaches ten times as far as the one before, the first to a thousand documents."""

COLUMNS = {
    "id": "keyed; computable under the secret alone",
    "text": "the text, masked",
    "messages": "the turns of a conversation, each with `role` and `content`, masked",
    "prompt": "the prompt, masked",
    "completion": "the completion, masked",
    "lang": "the language that most of the text is in: `en`, `ko`, or `und`",
    "source": "the source's declared name, or a keyed one",
}

QUESTIONS = (
    ("Recall", "recall"),
    ("Residual risk", "residual"),
    ("Quasi-identifiers", "quasi_identifiers"),
    ("Review by a person", "review"),
)
"""What is asked of masking, and where the claim answers it."""


class Markdown(str):
    """Text that is Markdown already and is not escaped again."""

    __slots__ = ()


def render(certificate: Certificate) -> str:
    """The card of a certificate; the same certificate gives the same text."""
    claim = certificate.claim
    privacy = claim["privacy"]
    return (
        _templates()
        .get_template("dataset_card.md.j2")
        .render(
            claim=claim,
            head=Markdown(_front_matter(claim, certificate.digest)),
            digest=certificate.digest,
            columns=[(name, Markdown(_column(name, claim["corpus"]["columns"]))) for name in claim["corpus"]["columns"]],
            splits=[(split_name(split["name"]), split) for split in claim["corpus"]["splits"]],
            origins=origins(claim),
            open_questions=[(label, measured(privacy[key])) for label, key in QUESTIONS],
            near_duplicates=measured(claim["safety"]["near_duplicates"]),
            verdicts=verdicts(claim),
            failed=[row for row in claim["quality"]["results"] if row["status"] != "passed"],
        )
    )  # fmt: skip


def _front_matter(claim: dict[str, Any], digest: str) -> str:
    """The YAML that `datasets` reads, too.

    It keeps what it read under the folder's name and a digest of `configs` and `dataset_info`, not of the files: without the
    certificate's digest there, a corpus certified again in a folder of the same name would open as the one before. The
    counts let it refuse a folder from which a file is missing.
    """
    import yaml

    corpus = claim["corpus"]
    splits = {split_name(split["name"]): split for split in corpus["splits"]}
    head = {
        "pretty_name": one_line(corpus["name"]),
        "language": languages(claim),
        **_licence(claim),
        "size_categories": [size(corpus["documents"])],
        "task_categories": ["text-generation"],
        "tags": tags(claim),
        "configs": [
            {
                "config_name": "default",
                "description": digest,
                "data_files": [
                    {"split": name, "path": f"{split['name']}/part-*.parquet"} for name, split in splits.items()
                ],
            }
        ],
        "dataset_info": {
            "splits": [
                {
                    "name": name,
                    "num_bytes": sum(shard["text_bytes"] for shard in split["shards"]),
                    "num_examples": split["documents"],
                }
                for name, split in splits.items()
            ]
        },
    }
    kept = {key: value for key, value in head.items() if value}
    return str(yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=float("inf")))


def _licence(claim: dict[str, Any]) -> dict[str, Any]:
    """The keys of the Hub: `unknown` where something certified has no licence, `other` where the Hub has no word for one."""
    known = licences(claim)
    names = sorted({"unknown" if each is None else each.hub for each in known})
    others = [each for each in known if each is not None and each.hub == "other"]
    links = [each.url for each in others]
    slug = "-and-".join(
        filter(None, (re.sub(r"[^a-z0-9.]+", "-", each.declared.lower()).strip("-.") for each in others))
    )
    return {
        "license": names[0] if len(names) == 1 else names,
        **({"license_name": slug or "declared-by-source"} if others else {}),
        **({"license_link": links[0]} if len(links) == 1 and links[0] else {}),
    }


def size(documents: int) -> str:
    """The Hub's size category of so many documents."""
    return SIZES[min(max(len(str(documents)) - 3, 0), len(SIZES) - 1)]


def split_name(name: str) -> str:
    """A split as `datasets` may call it: what stays to train on is `train`, and no name has a hyphen."""
    return "train" if name == TRAIN else name.replace("-", "_")


def _column(name: str, columns: list[str]) -> str:
    text = COLUMNS.get(name)
    if text is None or (name == "messages" and layout_in(columns) != "messages"):
        return "of the input, kept by the policy and masked like the text"
    return text


def measured(value: dict[str, Any]) -> str:
    """What was measured and how, or that it was not and why."""
    if value["status"] == "not_measured":
        return f"not measured ({value['reason']})"
    return f"{listed(value['counts'])} ({value['method']})"


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(  # noqa: S701 — Markdown, which `finalize` escapes
        loader=PackageLoader("govern"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, finalize=_finalised,
    )  # fmt: skip
    made.filters |= {"code": code, "done": done_with, "listed": listed}
    return made


def _finalised(value: Any) -> str:
    if isinstance(value, Markdown):
        return value
    return f"{value:,}" if isinstance(value, int) else prose(str(value))


def prose(text: str) -> Markdown:
    """`text` as a sentence of Markdown, on one line, with nothing in it that is obeyed instead of shown."""
    escaped = _SPECIAL.sub(r"\\\1", one_line(text.strip()))
    escaped = _OPENS.sub(r"\\", _LINK.sub(r"\\", escaped))
    return Markdown(_NUMBERED.sub(r"\1\\", escaped))


def code(text: str) -> Markdown:
    """A name in Markdown as code, fit for a table, with nothing in it that ends the code or cannot be printed."""
    shown = one_line(text).replace("`", "'").replace("|", "\\|")
    return Markdown(f"`{shown}`" if shown.strip() else "(blank)")
