"""The two pages of a review, each one file that asks for nothing: no server, no request, no storage.

Text of a corpus goes in as data alone: JSON in which no `<` stands, shown by `textContent`. The browser runs the one script
whose digest the page names, and loads nothing (Content Security Policy, level 3).
"""

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from govern.policy import ENTITY_TYPES
from govern.review.answers import FALSE_POSITIVES, FORMAT_VERSION, MISSES
from govern.review.contexts import Context
from govern.review.groups import Group, Grouped
from govern.review.misses import CHARACTERS

if TYPE_CHECKING:
    from jinja2 import Environment

    from govern.review.folder import Published, Reviewed

QUICK = ("PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "KR_ADDRESS", "STREET_ADDRESS", "KR_RRN", "KR_BANK_ACCOUNT", "CREDIT_CARD",
         "CUSTOMER_ID")  # fmt: skip
"""Entity types that a digit key marks with, 1 to 9."""


def false_positives(reviewed: "Reviewed", grouped: Grouped, shown: list[tuple[Context, ...]]) -> bytes:
    """The page of what was masked most; `shown` are contexts of the groups by value, then of those by shape."""
    groups = [*grouped.by_value, *grouped.by_shape]
    cards = [_card(group, contexts) for group, contexts in zip(groups, shown, strict=True)]
    told = {"values": grouped.values, "shapes": grouped.shapes, "spans": grouped.spans, "documents": grouped.documents}
    return _render(reviewed, FALSE_POSITIVES, {"totals": told, "groups": cards})


def misses(reviewed: "Reviewed", drawn: tuple["Published", ...]) -> bytes:
    """The page of documents to read."""
    documents = [
        {
            "id": each.id,
            "lang": each.lang,
            "source": each.source,
            "fields": [_field(reviewed, each, name, text) for name, text in each.fields],
        }
        for each in drawn
    ]
    certified = reviewed.certificate.claim["accounting"]["certified"]
    told = {"documents": documents, "certified": certified, "types": list(ENTITY_TYPES), "quick": list(QUICK)}
    return _render(reviewed, MISSES, told)


def _card(group: Group, contexts: tuple[Context, ...]) -> dict[str, Any]:
    return {
        "entity_type": group.entity_type,
        "value": group.value,
        "shape": group.shape,
        "recognizers": list(group.recognizers),
        "spans": group.spans,
        "documents": group.documents,
        "share_ppm": group.share_ppm,
        "values": group.values,
        "allowable": group.allowable,
        "contexts": [[each.before, each.replacement, each.after, each.begins, each.ends] for each in contexts],
    }


def _field(reviewed: "Reviewed", document: "Published", name: str, text: str) -> dict[str, Any]:
    replaced = document.replaced(reviewed.entity_types, name)
    end = min((start for start, stop in replaced if start < CHARACTERS < stop), default=CHARACTERS)
    shown = [place for place in replaced if place[1] <= end]
    return {"name": name, "text": text[:end], "replaced": shown, "left_out": max(0, len(text) - end)}


def _render(reviewed: "Reviewed", kind: str, told: dict[str, Any]) -> bytes:
    data = {
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "certificate": reviewed.certificate.digest,
        "secret_key_id": reviewed.secret_key_id,
        **told,
    }
    template = kind.replace("-", "_")
    script = f"\n{_asset('common.js')}\n{_asset(template + '.js')}"
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = _templates().get_template(f"review/{template}.html.j2").render(
        name=reviewed.name, style=_asset("review.css"), script=script, script_hash=hashed, data=as_data(data)
    )  # fmt: skip
    return html.encode()


def as_data(value: Any) -> str:
    """JSON that can stand in a script element: nothing in it ends one or begins a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def _asset(name: str) -> str:
    return resources.files("govern").joinpath("templates", "review", name).read_text("utf-8")


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(loader=PackageLoader("govern"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
