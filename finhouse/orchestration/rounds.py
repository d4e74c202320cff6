"""Rounds: what all sources are loaded for before the transform runs.

The round of a scheduled load is its scheduled day, in the time zone of its source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from finhouse.orchestration.names import TRANSFORM_MINUTES
from finhouse.sources.definitions import SourceDefinition
from finhouse.warehouse import Warehouse

# What somebody was told of, so that it is told once, and its end as well.
LATE_ROUNDS_DDL = """
create table if not exists raw_operations.late_rounds (
    source_name text not null,
    round_date date not null,
    scheduled_at timestamp not null,
    due_at timestamp not null,
    told_at timestamp not null,
    published_at timestamp
)
"""


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


@dataclass(frozen=True)
class LateRound:
    """A source's round that was not published when it should have been; moments are naive UTC."""

    source: str
    day: date
    scheduled_at: datetime
    due_at: datetime


def overdue_round(
    source: SourceDefinition, asked_at: datetime, published_at: datetime | None
) -> LateRound | None:
    """A source's last round, if it is due and nothing has been published since it was scheduled.

    Args:
        asked_at: the moment of asking, with a time zone.
        published_at: of the last publication, naive UTC.
    """
    local = asked_at.astimezone(ZoneInfo(source.time_zone))
    scheduled: datetime = croniter(source.schedule, local).get_prev(datetime)
    minutes = source.publication_deadline_minutes or source.deadline_minutes + TRANSFORM_MINUTES
    due = scheduled + timedelta(minutes=minutes)
    if local < due:
        return None
    late = LateRound(source.name, scheduled.date(), _naive(scheduled), _naive(due))
    return None if published_at and published_at >= late.scheduled_at else late


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def begun_at(warehouse: Warehouse) -> datetime | None:
    """When the first load of the warehouse began; rounds before it are none of its own."""
    [(begun,)] = warehouse.execute("select min(started_at) from raw_operations.load_log")
    return begun


def last_publication(warehouse: Warehouse) -> datetime | None:
    """When readers were last given a build, as naive UTC."""
    [(published_at,)] = warehouse.execute(
        "select max(published_at) from raw_operations.publications"
    )
    return published_at


def told_rounds(warehouse: Warehouse) -> set[tuple[str, date]]:
    """Source and day of the late rounds that somebody has been told of."""
    warehouse.execute(LATE_ROUNDS_DDL)
    return set(warehouse.execute("select source_name, round_date from raw_operations.late_rounds"))


def ended_rounds(warehouse: Warehouse) -> list[tuple[LateRound, datetime]]:
    """Late rounds that were told, and have been published since: when that was."""
    rows = warehouse.execute(
        "select late.source_name, late.round_date, late.scheduled_at, late.due_at,"
        " min(publications.published_at)"
        " from raw_operations.late_rounds as late"
        " inner join raw_operations.publications as publications"
        " on publications.published_at >= late.scheduled_at"
        " where late.published_at is null group by 1, 2, 3, 4 order by 3, 1"
    )
    return [(LateRound(*late), published_at) for *late, published_at in rows]


def record_late(warehouse: Warehouse, late: LateRound, told_at: datetime) -> None:
    """Write down that somebody was told of a late round."""
    warehouse.execute(
        "insert into raw_operations.late_rounds values ($1, $2, $3, $4, $5, null)",
        (late.source, late.day, late.scheduled_at, late.due_at, _naive(told_at)),
    )


def record_end(warehouse: Warehouse, late: LateRound, published_at: datetime) -> None:
    """Write down that somebody was told when a late round was published."""
    warehouse.execute(
        "update raw_operations.late_rounds set published_at = $3"
        " where source_name = $1 and round_date = $2",
        (late.source, late.day, published_at),
    )
