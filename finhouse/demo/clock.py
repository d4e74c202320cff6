"""The company's clock: milliseconds since its first midnight, local time, and periods.

Each business counts local milliseconds of its own time zone; none of them has daylight saving time.

A *period* runs from 02:00 to 02:00, so that the company, which always stands at the end of a
period, has whole days behind it and two hours of a new one, as when a nightly load reads it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

LAUNCH = date(2025, 1, 1)
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
PERIOD_START = 2 * HOUR
EPOCH_OFFSET = int(datetime(LAUNCH.year, LAUNCH.month, LAUNCH.day, tzinfo=UTC).timestamp() * 1000)


def period_bounds(period: int) -> tuple[int, int]:
    """First and last-plus-one millisecond of a period; the first begins at the first midnight."""
    start = period * DAY + PERIOD_START if period else 0
    return start, (period + 1) * DAY + PERIOD_START


def period_of(times: np.ndarray) -> np.ndarray:
    """The period each moment lies in."""
    return np.maximum((times - PERIOD_START) // DAY, 0)


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


def to_epoch(times: np.ndarray, utc_offset: timedelta) -> np.ndarray:
    """Local milliseconds of a business so far ahead of UTC to milliseconds since 1970 in UTC."""
    return times + EPOCH_OFFSET - utc_offset // timedelta(milliseconds=1)


def add_months(days: np.ndarray, months: np.ndarray | int) -> np.ndarray:
    """Day numbers so many calendar months later, clipped to the month's end (31 to 28 February)."""
    dates = np.datetime64(LAUNCH, "D") + np.asarray(days)
    month = dates.astype("M8[M]")
    later = month + months
    last = (later + 1).astype("M8[D]") - 1
    return (
        np.minimum(later.astype("M8[D]") + (dates - month.astype("M8[D]")), last)
        - np.datetime64(LAUNCH, "D")
    ).astype(np.int64)
