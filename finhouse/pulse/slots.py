"""When a monitor is due next: the slots of its frequency, in the time zone of its domain."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Frequency = Literal["hourly", "daily", "weekly", "monthly"]
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)


def next_slot(frequency: str, time_zone: str, after: datetime) -> datetime:
    """The first slot after a moment: a full hour, or the start of a day, a Monday or a month.

    Slots that were missed are not made up for: there is one next slot, whenever the last one was.

    Args:
        after: with a time zone; so is what is returned, in UTC.
    """
    if frequency == "hourly":
        # Of zones with half hours the hours are those of UTC: one an hour is what counts.
        hour = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return hour + timedelta(hours=1)
    zone = ZoneInfo(time_zone)
    today = after.astimezone(zone).date()
    day = {"daily": _tomorrow, "weekly": _monday, "monthly": _first}[frequency](today)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _tomorrow(today: date) -> date:
    return today + timedelta(days=1)


def _monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def _first(today: date) -> date:
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
