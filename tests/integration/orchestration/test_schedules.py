"""Schedules that make rounds, and schedules that do not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from finhouse.errors import ConfigurationError
from finhouse.orchestration.schedules import check_rounds
from finhouse.sources import available_sources, read_source


def sources(*schedules: str) -> list:
    return [SimpleNamespace(name=f"s{n}", schedule=cron) for n, cron in enumerate(schedules)]


def test_our_own_sources_make_rounds():
    check_rounds(map(read_source, available_sources()))


@pytest.mark.parametrize(
    "schedules",
    [
        (),
        ("0 1 * * *",),
        ("0 1 * * *", "55 23 * * *", "@daily"),
        ("0 1 * * 1-5", "30 22 * * mon-fri"),
        ("0 1 1 * *", "0 5 1 1-12 *"),
        ("0 * * * *", "0 1 * * *"),
    ],
)
def test_the_same_days_at_other_hours_are_one_round(schedules: tuple[str, ...]):
    check_rounds(sources(*schedules))


@pytest.mark.parametrize(
    ("schedules", "named"),
    [
        (("0 1 * * *", "0 1 * * 1-5"), "s0 .* on Saturdays such as 2024-01-06.* s1 "),
        (("0 1 * * 1-5", "0 1 * * *"), "s1 .* on Saturdays such as 2024-01-06.* s0 "),
        (("0 1 * * *", "0 1 * * *", "0 1 1 * *"), "s1 .* such as 2024-01-02.* s2 "),
        (("0 1 * * 0", "0 1 * * 6"), "s1 .* on Saturdays such as 2024-01-06.* s0 "),
        (("0 1 * * *", "0 1 * 1-11 *"), "s0 .* such as 2024-12-01.* s1 "),
    ],
)
def test_a_day_of_one_source_alone_is_refused(schedules: tuple[str, ...], named: str):
    with pytest.raises(ConfigurationError, match=named):
        check_rounds(sources(*schedules))
