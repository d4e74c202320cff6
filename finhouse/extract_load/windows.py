"""A range of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finhouse.errors import ConfigurationError


@dataclass(frozen=True)
class DateWindow:
    """Days from ``first`` to ``last``, both included; of timestamps their UTC date counts.

    Raises:
        ConfigurationError: the window ends before it begins.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ConfigurationError(
                f"the window from {self.first} to {self.last} ends before it begins",
                "give the first day, then the last one; both are loaded",
            )

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"
