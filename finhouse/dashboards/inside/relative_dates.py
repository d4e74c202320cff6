"""Relative periods of business days count from the data, not from the clock.

Data end when they were loaded last: by the clock, "last week" of a source that has been quiet for
a month shows nothing at all. So "today" is the day after the last complete day of the data. Only
moments at which the pipeline itself did something, columns of timestamps, count from the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, g, has_request_context

LAST_DAY = "select max(as_of_date) as last_day from published.data_recency"
DATABASE = "finhouse"
# A publication may move the day; for how long one that was read is believed.
SECONDS = 30

_read: dict[str, tuple[float, datetime]] = {}


def count_from_data(_app: Flask) -> None:
    """Let Superset read "today" and "now" so."""
    # Imported late: the module needs the application.
    from superset.utils import date_parser

    by_the_clock: Callable[[str], datetime] = date_parser.parse_human_datetime

    def by_the_data(text: str) -> datetime:
        counts = has_request_context() and not g.get("counts_from_clock")
        if counts and text.strip().lower() in ("today", "now"):
            return day_after_data() or by_the_clock(text)
        return by_the_clock(text)

    date_parser.parse_human_datetime = by_the_data


def note_time_column(asked: Any) -> None:
    """Remember for this request whether what it asks for is dated by moments or by days.

    Args:
        asked: the request for a chart's data; one that is not as it should be is refused later.
    """
    from superset import db
    from superset.connectors.sqla.models import SqlaTable

    source = asked.get("datasource") if isinstance(asked, Mapping) else None
    number = source.get("id") if isinstance(source, Mapping) else None
    dataset = db.session.get(SqlaTable, number) if isinstance(number, int) else None
    moments = {
        column.column_name
        for column in (dataset.columns if dataset else ())
        if column.type == "TIMESTAMP"
    }
    g.counts_from_clock = bool(moments) and any(
        condition.get("op") == "TEMPORAL_RANGE" and str(condition.get("col")) in moments
        for query in _mappings(asked.get("queries"))
        for condition in _mappings(query.get("filters"))
    )


def _mappings(listed: Any) -> list[Mapping[str, Any]]:
    return (
        [part for part in listed if isinstance(part, Mapping)] if isinstance(listed, list) else []
    )


def day_after_data() -> datetime | None:
    """The day after the last complete day of the data; None where there are none."""
    from superset import db
    from superset.models.core import Database

    read_at, day = _read.get(LAST_DAY, (float("-inf"), datetime.min))
    if time.monotonic() - read_at < SECONDS:
        return day
    database = db.session.query(Database).filter_by(database_name=DATABASE).one_or_none()
    found = database.get_df(LAST_DAY)["last_day"].iloc[0] if database else None
    if not found:
        return None
    day = datetime.fromisoformat(str(found)[:10]) + timedelta(days=1)
    _read[LAST_DAY] = (time.monotonic(), day)
    return day
