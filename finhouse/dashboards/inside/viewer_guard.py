"""What a viewer may ask of the server: the charts of a dashboard as they were written.

Superset lets whoever may see a dashboard put any column, metric or raw SQL into the request of one
of its charts, or ask for sample rows. Here a user who may not explore gets a chart's own columns
and metrics, the values of a dashboard's filters, and nothing else.
"""

from __future__ import annotations

from typing import Any

from superset.common.chart_data import ChartDataResultType
from superset.security import SupersetSecurityManager
from superset.utils import json

RESULTS_FOR_VIEWERS = {ChartDataResultType.FULL, ChartDataResultType.RESULTS}


class GuardedSecurityManager(SupersetSecurityManager):
    """Superset's own rules, and the viewer's on top."""

    def raise_for_access(self, *args: Any, **kwargs: Any) -> None:
        super().raise_for_access(*args, **kwargs)
        query_context = kwargs.get("query_context")
        if query_context is None or self.can_access("can_explore", "Superset"):
            return
        if refusal := what_is_refused(query_context):
            # Imported late: the exceptions need the application.
            from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
            from superset.exceptions import SupersetSecurityException

            raise SupersetSecurityException(
                SupersetError(
                    error_type=SupersetErrorType.DASHBOARD_SECURITY_ACCESS_ERROR,
                    message=f"Viewers see charts as they are: {refusal} is refused.",
                    level=ErrorLevel.WARNING,
                )
            )


def what_is_refused(query_context: Any) -> str | None:
    """The part of a request that goes beyond what a viewer is shown; None if there is none."""
    if query_context.result_type not in RESULTS_FOR_VIEWERS:
        return f"a result of type {query_context.result_type}"
    form_data = query_context.form_data or {}
    if form_data.get("native_filter_id"):
        columns, metrics = _of_filter(form_data)
    elif form_data.get("slice_id"):
        columns, metrics = _of_chart(form_data["slice_id"])
    else:
        return "a query of one's own"
    for query in query_context.queries:
        if refusal := _beyond(query, columns, metrics):
            return refusal
    return None


def _of_chart(chart_id: int) -> tuple[set[str], set[str]]:
    """Names of the columns and metrics a chart was written with.

    Superset has made sure that it is a chart of the dashboard, on this very dataset.
    """
    from superset import db
    from superset.models.slice import Slice

    chart = db.session.get(Slice, chart_id)
    columns: set[str] = set()
    metrics: set[str] = set()
    for query in json.loads(chart.query_context or "{}").get("queries", []):
        columns |= {_column_name(column) for column in query.get("columns") or []}
        metrics |= set(query.get("metrics") or [])
    return columns, metrics


def _of_filter(form_data: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Names of the columns whose values a dashboard's filter offers."""
    from superset import db
    from superset.models.dashboard import Dashboard

    dashboard = db.session.get(Dashboard, form_data.get("dashboardId"))
    settings = json.loads(dashboard.json_metadata or "{}") if dashboard else {}
    return {
        target["column"]["name"]
        for entry in settings.get("native_filter_configuration", [])
        if entry["id"] == form_data["native_filter_id"]
        for target in entry["targets"]
        if "column" in target
    }, set()


def _beyond(query: Any, columns: set[str], metrics: set[str]) -> str | None:
    asked = [*(query.columns or []), *(getattr(query, "series_columns", None) or [])]
    for column in asked:
        if _column_name(column) not in columns:
            return f"column {_column_name(column)}"
    for metric in query.metrics or []:
        if not isinstance(metric, str) or metric not in metrics:
            return "a metric of one's own"
    for term, _ in query.orderby or []:
        if _column_name(term) not in columns | metrics:
            return "an order of one's own"
    for condition in query.filter or []:
        if not isinstance(condition.get("col"), str):
            return "a filter in SQL"
    extras = query.extras or {}
    if extras.get("where") or extras.get("having"):
        return "a filter in SQL"
    if any(layer.get("annotationType") != "FORMULA" for layer in query.annotation_layers or []):
        return "an annotation from elsewhere"
    return None


def _column_name(column: Any) -> str:
    """Name of a column; of the time axis, which Superset writes as an expression, what is in it."""
    return str(column["sqlExpression"]) if isinstance(column, dict) else str(column)
