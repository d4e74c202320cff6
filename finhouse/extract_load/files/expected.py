"""Which files there should be: the calendar of a source that promises a file a day."""

from __future__ import annotations

from datetime import date, timedelta

from finhouse.sources.definitions import CsvFolderDefinition

# A newest file that was first read so long after its day is the end of a history.
HISTORY_DAYS = 31


def expected_days(
    definition: CsvFolderDefinition, first: date, newest: date, newest_read_on: date, today: date
) -> list[date]:
    """Days of which there should be a file, whether it is there or not; in order.

    The first file begins the calendar. It ends with yesterday, as a day's file comes when the day
    is over; where the newest file was first read long after its day, files are history and end
    with it.

    Args:
        first, newest: days of the first and the newest file that was delivered.
        newest_read_on: when the newest file was first read.
        today: by the source's calendar, as all days are.
    """
    is_history = newest_read_on - newest > timedelta(days=HISTORY_DAYS)
    last = newest if is_history else today - timedelta(days=1)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if definition.expects(day)]
