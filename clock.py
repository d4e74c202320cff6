"""Time in the demo company: days are business days in Africa/Johannesburg (UTC+2, no DST).

Instants are whole microseconds since 2000-01-01 UTC, PostgreSQL's own binary form. Day 0 is the
launch day. The company always stands at 02:00 local time after its last complete day, so step
``d`` of its life is the window from day d, 02:00, to day d + 1, 02:00.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

UTC_OFFSET = 2 * HOUR
STANDS_AT = 2 * HOUR
LAUNCH = date(2025, 1, 1)
INITIAL_DAYS = (date(2026, 6, 30) - LAUNCH).days + 1

_POSTGRES_EPOCH = date(2000, 1, 1)
LAUNCH_INSTANT = (LAUNCH - _POSTGRES_EPOCH).days * DAY - UTC_OFFSET


def date_of(day: int) -> date:
    """Calendar date of day number ``day``."""
    return LAUNCH + timedelta(days=int(day))


def day_number(when: date) -> int:
    """Day number of a calendar date."""
    return (when - LAUNCH).days


def midnight(day: int) -> int:
    """Instant at which day number ``day`` begins, local time."""
    return LAUNCH_INSTANT + int(day) * DAY


def window(day: int) -> tuple[int, int]:
    """First instant of step ``day``, and the instant it ends."""
    return midnight(day) + STANDS_AT, midnight(day + 1) + STANDS_AT


def days_of(instants: np.ndarray) -> np.ndarray:
    """Local day number of each instant."""
    return ((instants - LAUNCH_INSTANT) // DAY).astype(np.int32)


def months_of_days(days: np.ndarray) -> np.ndarray:
    """Month number of each day number; month 0 is the launch month."""
    dates = np.datetime64(LAUNCH, "D") + np.asarray(days, dtype=np.int64)
    return (dates.astype("M8[M]") - np.datetime64(LAUNCH, "M")).astype(np.int32)


def month_start(month: int) -> date:
    """First date of month number ``month``."""
    months = LAUNCH.year * 12 + LAUNCH.month - 1 + int(month)
    return date(months // 12, months % 12 + 1, 1)


def month_name(month: int) -> str:
    """``YYYY-MM`` of month number ``month``."""
    return f"{month_start(month):%Y-%m}"


def postgres_date(when: date) -> int:
    """PostgreSQL's binary form of a date: days since 2000-01-01."""
    return (when - _POSTGRES_EPOCH).days


def as_datetime(instant: int) -> datetime:
    """An instant as an aware datetime, for messages."""
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(instant))
