"""A monitor is due at the slots of its frequency, in the time zone of its domain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from finhouse.pulse.slots import next_slot


@pytest.mark.parametrize(
    ("frequency", "zone", "after", "due"),
    [
        ("hourly", "UTC", "2026-06-30 10:00", "2026-06-30 11:00"),
        ("hourly", "Asia/Kolkata", "2026-06-30 10:59", "2026-06-30 11:00"),
        # Midnight in Johannesburg is 22:00 in UTC.
        ("daily", "Africa/Johannesburg", "2026-06-30 21:59", "2026-06-30 22:00"),
        ("daily", "Africa/Johannesburg", "2026-06-30 22:00", "2026-07-01 22:00"),
        ("daily", "UTC", "2028-02-28 12:00", "2028-02-29 00:00"),
        ("weekly", "UTC", "2026-06-30 12:00", "2026-07-06 00:00"),
        # A Monday is over when it begins.
        ("weekly", "UTC", "2026-07-06 00:00", "2026-07-13 00:00"),
        ("monthly", "UTC", "2026-01-31 12:00", "2026-02-01 00:00"),
        ("monthly", "Africa/Nairobi", "2026-12-31 20:59", "2026-12-31 21:00"),
        ("monthly", "Africa/Nairobi", "2026-12-31 21:00", "2027-01-31 21:00"),
        # The day on which clocks go forward has 23 hours.
        ("daily", "Europe/Berlin", "2026-03-28 23:00", "2026-03-29 22:00"),
    ],
)
def test_the_next_slot(frequency: str, zone: str, after: str, due: str):
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_slot(frequency, zone, moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)
