"""Rounds: what all sources are loaded for before the transform runs.

The round of a scheduled load is its scheduled day, in the time zone of its source.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from finhouse.orchestration.names import TRANSFORM_MINUTES
from finhouse.sources.definitions import SourceDefinition
from finhouse.warehouse import Warehouse

_TOLD_WITHIN = timedelta(hours=1)


def day_of(of_round: str | None) -> date | None:
    """The day of a round; None for one that is called otherwise."""
    try:
        return date.fromisoformat(of_round or "")
    except ValueError:
        return None


def begin_of(day: date, time_zone: str) -> datetime:
    """Midnight at the start of a day in a time zone, as naive UTC."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC).replace(tzinfo=None)


def last_loads(warehouse: Warehouse) -> dict[str, datetime]:
    """Source -> when its last successful load began, as naive UTC."""
    return dict(
        warehouse.execute(
            "select source_name, max(started_at) from raw_operations.load_log "
            "where status = 'succeeded' group by source_name"
        )
    )


def overdue_round(
    source: SourceDefinition, asked_at: datetime, published_at: datetime | None
) -> date | None:
    """The day of a source's last round, if it became overdue within the last hour.

    A round has as long as the source's load and the transform may take.

    Args:
        asked_at: the moment of asking, with a time zone.
        published_at: of the last publication, naive UTC.
    """
    local = asked_at.astimezone(ZoneInfo(source.time_zone))
    scheduled: datetime = croniter(source.schedule, local).get_prev(datetime)
    due = scheduled + timedelta(minutes=source.deadline_minutes + TRANSFORM_MINUTES)
    if not due <= local < due + _TOLD_WITHIN:
        return None
    if published_at and published_at.replace(tzinfo=UTC) >= scheduled:
        return None
    return scheduled.date()
