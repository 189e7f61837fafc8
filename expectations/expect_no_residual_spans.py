"""`ExpectNoResidualSpans`: the re-scan of the masked text found nothing, and it had something to look at.

`column_A` counts the spans that the detector still finds in the masked documents, `column_B` the documents it looked at.
A row passes where A is 0 and B is at least 1: zero spans in zero documents prove nothing. It is a regression check by
the same detector, not a measure of residual risk.
"""

from typing import Any

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnPairMapMetricProvider,
    column_pair_condition_partial,
)

METRIC = "column_pair_values.assay_no_residual_spans"


class ColumnPairValuesNoResidualSpans(ColumnPairMapMetricProvider):  # type: ignore[misc]
    """True where A is 0 and B at least 1; a missing value is false."""

    condition_metric_name = METRIC
    condition_domain_keys = (
        "batch_id", "table", "column_A", "column_B", "row_condition", "condition_parser", "ignore_row_if",
    )  # fmt: skip
    condition_value_keys = ()

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: Any, column_B: Any, **_: Any) -> Any:  # noqa: N803, N805
        return column_A.eq(0) & column_B.ge(1)


class ExpectNoResidualSpans(ColumnPairMapExpectation):  # type: ignore[misc]
    """Expect `column_A` (spans left) to be 0 wherever `column_B` (documents re-scanned) is at least 1."""

    map_metric = METRIC
    args_keys = ("column_A", "column_B")
    domain_keys = ("batch_id", "column_A", "column_B", "row_condition", "condition_parser", "ignore_row_if")
    ignore_row_if: str = "neither"
