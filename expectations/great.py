"""The only module that runs Great Expectations: a rule becomes an expectation, a table becomes a verdict.

All but its `Expectation` classes is private API, so the version is pinned and contract tests stand beside this file.
Importing it switches on `logging.captureWarnings`, which is undone, and probes for IPv6, which is prevented: no socket is
opened. Progress bars are off; the context is ephemeral and writes no file. Great Expectations drops an expectation that it
does not know with a log line: here each is built from its class by hand, and the class must come from Great Expectations'
core or from this package.
"""

import logging
import re
import socket
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING, Any

from expectations.errors import SuiteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWN_MODULES = ("expectations.expect_documents_to_be_accounted_for", "expectations.expect_no_residual_spans")
CORE = "great_expectations.expectations.core."

NOT_ARGUMENTS = frozenset(
    {
        "id", "meta", "notes", "result_format", "description", "catch_exceptions", "rendered_content", "severity",
        "windows", "batch_id", "row_condition", "condition_parser", "metadata",
    }
)  # fmt: skip
"""Fields of every expectation that say how to run or show it; none may be set by a suite."""

RESULT_FORMAT = {"result_format": "COMPLETE", "exclude_unexpected_values": True}
"""The only result format that names the failing rows without their values."""

IMPORT_WARNING = r"module 'sre_(constants|parse|compile)' is deprecated"
"""What Great Expectations 1.24 warns of when it is imported; everything else stays an error under `-W error`."""

CLASS_NAME = re.compile(r"^([A-Za-z_][A-Za-z0-9_.]{0,99})(?::|$)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Great Expectations said: success, rows looked at (None where it does not count them), failing row positions.

    `error` is the class of an exception inside it, and then `success` is False and means nothing.
    """

    success: bool
    rows: int | None
    failing: tuple[int, ...]
    error: str | None


@cache
def library() -> ModuleType:
    """Great Expectations, imported with its side effects undone and this package's expectations registered."""
    shown, ipv6 = warnings.showwarning, socket.has_ipv6
    socket.has_ipv6 = False  # its HTTP client opens a socket on ::1, when imported, to see whether there is IPv6
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", IMPORT_WARNING, DeprecationWarning)
            loaded = import_module("great_expectations")
            for name in OWN_MODULES:
                import_module(name)
    finally:
        socket.has_ipv6 = ipv6
    if warnings.showwarning is not shown:
        logging.captureWarnings(capture=False)
    return loaded


def resolve(kind: str, kwargs: "Mapping[str, Any]", where: str) -> dict[str, Any]:
    """The complete arguments of an expectation, defaults included, as JSON values.

    Raises:
        SuiteError: the expectation is not known, comes from elsewhere, or does not take these arguments.
    """
    expectation = _build(kind, kwargs, where)
    values = {name: value for name, value in expectation.dict().items() if name not in NOT_ARGUMENTS}
    return {name: _plain(value, f"{where}, argument '{name}'") for name, value in sorted(values.items())}


def judge(kind: str, kwargs: "Mapping[str, Any]", columns: "Mapping[str, Sequence[int | str]]") -> Verdict:
    """Great Expectations' verdict on the rows in `columns`, each column of one type and without gaps."""
    expectation = _build(kind, kwargs, kind)
    try:
        result = _batch(columns).validate(expectation, result_format=RESULT_FORMAT)
    except _failures() as error:
        return Verdict(success=False, rows=None, failing=(), error=type(error).__name__)
    raised = _raised(result.exception_info)
    if raised is None and result.expectation_config.type != kind:
        raised = "another expectation's result"
    detail = result.result or {}
    rows = detail.get("element_count")
    failing = detail.get("unexpected_index_list") or ()
    positions = tuple(index for index in failing if isinstance(index, int))
    return Verdict(success=result.success is True and raised is None, rows=rows, failing=positions, error=raised)


def _build(kind: str, kwargs: "Mapping[str, Any]", where: str) -> Any:
    library()
    registry = import_module("great_expectations.expectations.registry")
    exceptions = import_module("great_expectations.exceptions")
    try:
        expectation_class = registry.get_expectation_impl(kind)
    except exceptions.ExpectationNotFoundError:
        raise SuiteError(
            f"{where}: no expectation has the type '{kind}'; correct the name, or use one of Great Expectations' core"
        ) from None
    home = expectation_class.__module__
    if not home.startswith(CORE) and home not in OWN_MODULES:
        raise SuiteError(f"{where}: the type '{kind}' is defined outside Great Expectations and this package; rename it")
    pydantic = import_module("great_expectations.compatibility.pydantic")
    try:
        return expectation_class(**kwargs)
    except (pydantic.ValidationError, TypeError, ValueError) as error:
        names = sorted({str(part) for item in _problems(error) for part in item["loc"]} - {"__root__"})
        about = f" ({', '.join(names)})" if names else ""
        raise SuiteError(f"{where}: '{kind}' does not take these kwargs{about}; see its documentation") from None


def _problems(error: Exception) -> list[dict[str, Any]]:
    listed = getattr(error, "errors", None)
    return list(listed()) if callable(listed) else []


def _batch(columns: "Mapping[str, Sequence[int | str]]") -> Any:
    frame = import_module("pandas").DataFrame({name: list(values) for name, values in columns.items()})
    return _rows().get_batch({"dataframe": frame})


@cache
def _rows() -> Any:
    """The definition of a batch in an ephemeral context; it holds configuration only, never a table."""
    context = library().get_context(mode="ephemeral")
    types = import_module("great_expectations.data_context.types.base")
    context.variables.progress_bars = types.ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("metrics").add_dataframe_asset("table")
    return asset.add_batch_definition_whole_dataframe("rows")


def _failures() -> tuple[type[Exception], ...]:
    """What a validation may raise; the answer is then unknown, and the class is all that is told."""
    exceptions = import_module("great_expectations.exceptions")
    return (
        exceptions.GreatExpectationsError, ArithmeticError, AssertionError, AttributeError, LookupError, OSError,
        RuntimeError, TypeError, ValueError, Warning,
    )  # fmt: skip


def _raised(info: Any) -> str | None:
    """The class of the exception that Great Expectations caught; its message may hold values and is left unread."""
    if not info:
        return None
    parts = [info] if "raised_exception" in info else list(info.values())
    for part in parts:
        if not isinstance(part, dict):
            return "an exception"
        if part.get("raised_exception"):
            return _class_in(str(part.get("exception_traceback") or ""))
    return None


def _class_in(traceback: str) -> str:
    lines = traceback.splitlines()
    for before, line in pairwise(lines):
        found = CLASS_NAME.match(line)
        if before.startswith("    ") and found:
            name = found.group(1).rpartition(".")[2]
            if name.endswith(("Error", "Exception", "Warning")):
                return name
    return "an exception"


def _plain(value: Any, where: str) -> Any:
    """A JSON value with whole floats as integers, so that the same limit has one spelling."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list | tuple | set):
        return [_plain(item, where) for item in value]
    raise SuiteError(f"{where}: a {type(value).__name__} cannot be recorded; use numbers, strings or lists of them")
