"""The company's clock: milliseconds since its first midnight, local time, and periods.

A *period* runs from 02:00 to 02:00, so that the company, which always stands at the end of a
period, has whole days behind it and two hours of a new one: the last complete day is known by the
rows of the next.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

LAUNCH = date(2025, 1, 1)
# Africa/Johannesburg has had no daylight saving time since 1944.
UTC_OFFSET = timedelta(hours=2)
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
PERIOD_START = 2 * HOUR
EPOCH_OFFSET = int(
    (datetime(LAUNCH.year, LAUNCH.month, LAUNCH.day, tzinfo=UTC) - UTC_OFFSET).timestamp() * 1000
)


def period_bounds(period: int) -> tuple[int, int]:
    """First and last-plus-one millisecond of a period; the first begins at the first midnight."""
    start = period * DAY + PERIOD_START if period else 0
    return start, (period + 1) * DAY + PERIOD_START


def date_of(day: int) -> date:
    """The calendar date of a day number (0 = launch)."""
    return LAUNCH + timedelta(days=day)


def month_numbers(days: int) -> np.ndarray:
    """Shape (days,): months since launch of each day number."""
    dates = [date_of(day) for day in range(days)]
    return np.array([(d.year - LAUNCH.year) * 12 + d.month - LAUNCH.month for d in dates])


def month_of(number: int) -> str:
    """'2025-01' for month number 0."""
    months = LAUNCH.year * 12 + LAUNCH.month - 1 + number
    return f"{months // 12}-{months % 12 + 1:02d}"


def to_epoch(times: np.ndarray) -> np.ndarray:
    """Company milliseconds to milliseconds since 1970 in UTC."""
    return times + EPOCH_OFFSET
