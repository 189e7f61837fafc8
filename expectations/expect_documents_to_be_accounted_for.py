"""`ExpectDocumentsToBeAccountedFor`: in each row the first column equals the sum of the others.

With `column_list` = documents in, certified, dropped, quarantined this is the law of a run: in = certified + dropped +
quarantined, so no document vanished and none appeared. Great Expectations' own `expect_multicolumn_sum_to_equal`
compares with a constant only. A row where any of the columns is missing fails; none is left out.
"""

from typing import Any

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import MulticolumnMapMetricProvider
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
    multicolumn_condition_partial,
)

METRIC = "multicolumn_values.assay_accounted_for"


class MulticolumnValuesAccountedFor(MulticolumnMapMetricProvider):  # type: ignore[misc]
    """True where the first column is the sum of the rest, and nothing is missing."""

    condition_metric_name = METRIC
    condition_domain_keys = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")
    condition_value_keys = ()

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: Any, **_: Any) -> Any:  # noqa: N805
        total = column_list.iloc[:, 1:].sum(axis=1, skipna=False)
        return column_list.iloc[:, 0].eq(total) & column_list.notna().all(axis=1)


class ExpectDocumentsToBeAccountedFor(MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect the first of `column_list` to equal the sum of the others in every row."""

    map_metric = METRIC
    args_keys = ("column_list",)
    ignore_row_if: str = "never"
