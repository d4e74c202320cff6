"""The calendar of a source that promises a file a day: days off, holidays, the first, the last."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from finhouse.extract_load.files.expected import HISTORY_DAYS, expected_days
from finhouse.sources.definitions import CsvFolderDefinition


def source(**settings: object) -> CsvFolderDefinition:
    return CsvFolderDefinition.model_validate(
        {
            "kind": "csv_folder",
            "name": "visits",
            "folder": "visits",
            "file_pattern": "visits_{date:%Y%m%d}.csv",
            "table": "visits",
            "columns": ["id"],
            "expected": "daily",
        }
        | settings
    )


def january(*numbers: int) -> list[date]:
    return [date(2026, 1, number) for number in numbers]


CALENDARS = {
    "the running day is not over": ({}, january(1, 2, 3, 4, 5, 6, 7)),
    "weekends off": ({"days_off": ["saturday", "sunday"]}, january(1, 2, 5, 6, 7)),
    "one day off": ({"days_off": "thursday"}, january(2, 3, 4, 5, 6, 7)),
    "a holiday": ({"holidays": ["2026-01-02"]}, january(1, 3, 4, 5, 6, 7)),
    "a holiday on a day off": (
        {"days_off": ["saturday", "sunday"], "holidays": ["2026-01-04", "2026-01-05"]},
        january(1, 2, 6, 7),
    ),
    "nothing promised": ({"expected": None}, []),
}


@pytest.mark.parametrize("settings, days", CALENDARS.values(), ids=CALENDARS.keys())
def test_each_day_that_is_over_has_a_file(settings, days):
    """From the first file, a Thursday, to yesterday, whatever was delivered in between."""
    first, newest, today = january(1, 5, 8)
    assert expected_days(source(**settings), first, newest, newest, today) == days


def test_a_source_with_its_first_file_of_today_is_expected_to_have_none_yet():
    today = date(2026, 1, 8)
    assert expected_days(source(), today, today, today, today) == []
    yesterday = date(2026, 1, 7)
    assert expected_days(source(), yesterday, today, today, today) == [yesterday]


def test_files_first_read_long_after_their_day_are_history():
    """History ends with its newest file; a file that was read in time and then none is a gap."""
    first, newest, today = date(2026, 1, 1), date(2026, 1, 3), date(2026, 3, 1)
    last_in_time, too_late = date(2026, 2, 3), date(2026, 2, 4)
    assert (last_in_time - newest).days == HISTORY_DAYS
    assert expected_days(source(), first, newest, last_in_time, today)[-1] == date(2026, 2, 28)
    assert expected_days(source(), first, newest, too_late, today) == january(1, 2, 3)


def test_a_day_is_over_by_the_source_s_own_clock():
    moment = datetime(2026, 1, 7, 23, 30)
    assert source().day_of(moment) == date(2026, 1, 7)
    assert source(time_zone="Africa/Lagos").day_of(moment) == date(2026, 1, 8)
    assert source(time_zone="America/New_York").day_of(moment) == date(2026, 1, 7)
