"""Whether the sources' schedules make rounds that can be completed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise

from croniter import croniter_range

from finhouse.errors import ConfigurationError
from finhouse.sources.definitions import SourceDefinition

# A year from any day shows what weekdays, days of the month and months a schedule names.
_FROM = datetime(2024, 1, 1)
_UNTIL = _FROM + timedelta(days=366, seconds=-1)


def check_rounds(sources: Iterable[SourceDefinition]) -> None:
    """Refuse sources that are not all scheduled on the same days, each in its own time zone.

    The round of a scheduled load is its day: of a day that one source is not scheduled on, the
    transform would wait for ever.

    Raises:
        ConfigurationError: names two sources, their schedules, and the first day that differs.
    """
    days = [(source, _days_of(source)) for source in sources]
    for (one, its_days), (other, other_days) in pairwise(days):
        if differing := its_days ^ other_days:
            first = min(differing)
            on, off = (one, other) if first in its_days else (other, one)
            raise ConfigurationError(
                f"source {on.name} ({on.schedule}) is loaded on {first:%A}s such as {first}, "
                f"source {off.name} ({off.schedule}) is not: no transform would follow",
                "schedule all sources on the same days, each in its time zone",
            )


def _days_of(source: SourceDefinition) -> set[date]:
    return {moment.date() for moment in croniter_range(_FROM, _UNTIL, source.schedule)}
