"""What makes two pieces of work the same: of a run, of a shard under a policy, and of what is found in a document.

Each is a digest or a record over everything that the result depends on, and over nothing that it does not: a threshold of
the suite changes a run and no shard, an operator changes a shard and nothing that is found. All of it is private, since it
digests raw input.
"""

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

from govern import private
from govern.environment import environment
from govern.files import digest
from govern.keys import derive, keyed_digest
from govern.process import detector_of
from govern.treatment import STAYS

if TYPE_CHECKING:
    from govern.arrived import Arrived
    from govern.policy import Policy
    from govern.policy_check import Checked
    from govern.request import Request

CLAIMED = frozenset({
    "name", "purposes", "intended_use", "signatures_required", "issuer", "residency", "approval", "suite", "retention",
    "reading", "waivers", "failures",
})  # fmt: skip
"""Keys of a policy that a certificate says, or by which files are read, and that change no document once it is read."""

MODELS = ("torch", "transformers", "gliner", "safetensors")
"""Packages that run name models given by path, and that no base install has."""

MADE = frozenset({"entities", "pseudonyms", "generalise"})
"""Keys that say what stands for a value; which types stay is a part of what is found."""


def secret_id(secret: bytes) -> str:
    """Names the secret without showing it."""
    return keyed_digest(derive(secret, "key id"), b"secret")


def work(request: "Request", checked: "Checked", columns: tuple[str, str | None]) -> str:
    """Over all that a shard's result depends on beside its documents."""
    return digest(
        {
            "policy": _masking(request.policy.resolved(), leave=CLAIMED),
            "columns": list(columns),
            "values": checked.counts,
            "vault": request.vault[1].vault if request.vault else None,
            "secret": secret_id(request.secret),
            **_tools(request.policy, request.secret),
        }
    )


def detection(request: "Request", checked: "Checked", columns: tuple[str, str | None]) -> str:
    """Over all that is found in a document, of which types are replaced, and in what order: but not by what."""
    policy = request.policy
    sources = (None, *sorted({source.name for source in policy.sources}))
    staying = {str(name): _staying(policy.actions(name or "")) for name in sources}
    return digest(
        {
            "policy": _masking(policy.resolved(), leave=CLAIMED | MADE),
            "staying": staying,
            "columns": list(columns),
            "values": checked.counts,
            "secret": secret_id(request.secret),
            **_tools(policy, request.secret),
        }
    )


def run(request: "Request", arrived: "Arrived", checked: "Checked", cut: tuple[int, int]) -> dict[str, Any]:
    """What makes two runs the same run, key by key, so that a difference can be named."""
    from govern.validate import check_waivers, load

    suite = load(request.suite)
    check_waivers(suite, [waiver.id for waiver in request.policy.waivers])
    return {
        "inputs": [[file.name, file.digest] for file in arrived.files],
        "columns": [arrived.text_column, arrived.id_column, arrived.layout, request.columns.encoding],
        "policy": request.policy.digest,
        "values": checked.counts,
        "vault": request.vault[1].vault if request.vault else None,
        "suite": suite.digest,
        "secret": secret_id(request.secret),
        "name": request.name,
        "split": list(request.split or ()),
        "releases": [release.record() for release in request.releases],
        "part": list(request.part or ()),
        "cut": list(cut),
        "work": work(request, checked, (arrived.text_column, arrived.id_column)),
        **_tools(request.policy, request.secret),
    }


def _masking(resolved: dict[str, Any], leave: frozenset[str]) -> dict[str, Any]:
    """A resolved policy without the keys to leave, and of each source its name, its pattern and its actions."""
    kept = {key: value for key, value in resolved.items() if key not in leave}
    own = ("match", "name") if "entities" in leave else ("match", "name", "entities")
    kept["sources"] = [{key: source[key] for key in own} for source in resolved["sources"]]
    return kept


def _staying(actions: Mapping[str, str]) -> dict[str, str]:
    return {kind: action for kind, action in sorted(actions.items()) if action in STAYS}


def _tools(policy: "Policy", secret: bytes) -> dict[str, Any]:
    detector = detector_of(policy, secret)
    return {
        "detector": [detector.digest, [list(model) for model in detector.models]],
        "environment": environment(),
        "code": private.code_digest(),
        "runs on": [platform.python_version(), *(_version(name) for name in MODELS)],
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
