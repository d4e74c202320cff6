"""What a viewer may ask of the server: the charts of a dashboard as they were written.

Superset lets whoever may see a dashboard put any column, metric or raw SQL into the request of one
of its charts, or ask for sample rows. Here each request of a user who may not explore is replaced
by one rebuilt from the stored chart (``viewer_request``), and no other query of his is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, redirect, request
from relative_dates import note_time_column
from sessions import begin_session, end_session, is_ended
from superset.security import SupersetSecurityManager
from superset.utils import json
from viewer_request import (
    SHOWN_WHERE,
    RefusedError,
    StoredChart,
    StoredDashboard,
    chart_request,
    filter_request,
)
from werkzeug.exceptions import BadRequest

MADE_ANEW = "made_anew_for_viewer"


class GuardedSecurityManager(SupersetSecurityManager):
    """Superset's own rules, and the viewer's on top."""

    def raise_for_access(self, *args: Any, **kwargs: Any) -> None:
        super().raise_for_access(*args, **kwargs)
        query_context, viz = kwargs.get("query_context"), kwargs.get("viz")
        if self.can_explore() or (query_context is None and viz is None):
            return
        if not getattr(query_context, MADE_ANEW, False):
            raise _refusal("a query of one's own")

    def load_user(self, pk: int) -> Any:
        """The user of a session, unless it was ended."""
        return None if is_ended() else super().load_user(pk)

    def on_user_login(self, user: Any) -> None:
        """Superset's own doings, and a session of a new name."""
        super().on_user_login(user)
        begin_session()

    def on_user_logout(self, user: Any) -> None:
        """Superset's own doings, and the end of the session."""
        super().on_user_logout(user)
        end_session()

    def can_explore(self) -> bool:
        """Whether the user may put charts together; a viewer may not."""
        return self.can_access("can_explore", "Superset")


def guard_chart_data(app: Flask) -> None:
    """Put the guard between the request for a chart's data and the query that is made of it.

    Every way to a chart's data, by the stored chart, by a request or out of the cache, makes its
    query there.
    """
    # Imported late: the module needs the application.
    from superset.charts.data.api import ChartDataRestApi

    make_query: Callable[..., Any] = ChartDataRestApi._create_query_context_from_form

    def made_for_user(self: ChartDataRestApi, form_data: dict[str, Any]) -> Any:
        from superset import security_manager

        if security_manager.can_explore():
            note_time_column(form_data)
            return make_query(self, form_data)
        try:
            made_anew = _made_anew(form_data)
            note_time_column(made_anew)
            query_context = make_query(self, made_anew)
        except RefusedError as refused:
            raise _refusal(str(refused)) from None
        # How the answer is sent depends on the form, too.
        form_data["form_data"] = made_anew["form_data"]
        setattr(query_context, MADE_ANEW, True)
        return query_context

    ChartDataRestApi._create_query_context_from_form = made_for_user
    app.before_request(_refuse_malformed)
    app.before_request(_land_on_first_dashboard)


def _land_on_first_dashboard() -> Any:
    """A viewer has nothing to do on Superset's own first page."""
    from superset import db, security_manager
    from superset.models.dashboard import Dashboard
    from superset.utils.core import get_user_id

    if request.endpoint != "Superset.welcome" or not get_user_id():
        return None
    if security_manager.can_explore():
        return None
    listed = db.session.query(Dashboard).filter_by(is_managed_externally=True)
    first = listed.order_by(Dashboard.changed_on.desc()).first()
    return redirect(first.url) if first else None


def _refuse_malformed() -> None:
    """Superset looks into a request before it validates it, and fails on what is not as usual."""
    if request.endpoint != "ChartDataRestApi.data":
        return
    if request.is_json:
        body = request.get_json(silent=True)
    elif "form_data" in request.form:
        # A download is sent as a form.
        body = _parsed(request.form["form_data"])
    else:
        return
    queries = body.get("queries") if isinstance(body, Mapping) else None
    if not isinstance(queries, list) or not all(isinstance(query, Mapping) for query in queries):
        raise BadRequest("queries is no list of queries")
    if not isinstance(body.get("form_data") or {}, Mapping):
        raise BadRequest("form_data holds no keys and values")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (TypeError, json.JSONDecodeError):
        return None


def _made_anew(body: Any) -> dict[str, Any]:
    form_data = body.get("form_data") if isinstance(body, Mapping) else None
    if not isinstance(form_data, Mapping):
        raise RefusedError("a query of one's own")
    dashboard = _dashboard(form_data.get("dashboardId"))
    if identifier := form_data.get("native_filter_id"):
        return filter_request(identifier, dashboard)
    return chart_request(body, _chart(form_data.get("slice_id")), dashboard)


def _dashboard(number: Any) -> StoredDashboard:
    from superset import db
    from superset.models.dashboard import Dashboard

    dashboard = db.session.get(Dashboard, number) if _is_number(number) else None
    if dashboard is None:
        raise RefusedError("a chart outside a dashboard")
    settings = json.loads(dashboard.json_metadata or "{}")
    return StoredDashboard(
        number=dashboard.id, filters=tuple(settings.get("native_filter_configuration", ()))
    )


def _chart(number: Any) -> StoredChart:
    """The chart as saved; that it is one of the dashboard Superset makes sure of."""
    from superset import db
    from superset.models.slice import Slice

    chart = db.session.get(Slice, number) if _is_number(number) else None
    queries = json.loads(chart.query_context or "{}").get("queries") if chart else None
    if not queries:
        raise RefusedError("a chart that was not saved with its query")
    return StoredChart(
        number=chart.id,
        viz_type=chart.viz_type,
        dataset=chart.datasource_id,
        queries=tuple(queries),
        cache_seconds=chart.cache_timeout,
        shown_where=chart.datasource.extra_dict.get(SHOWN_WHERE) if chart.datasource else None,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _refusal(what: str) -> Exception:
    # Imported late: the exceptions need the application.
    from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
    from superset.exceptions import SupersetSecurityException

    return SupersetSecurityException(
        SupersetError(
            error_type=SupersetErrorType.DASHBOARD_SECURITY_ACCESS_ERROR,
            message=f"Viewers see charts as they are: {what} is refused.",
            level=ErrorLevel.WARNING,
        )
    )
