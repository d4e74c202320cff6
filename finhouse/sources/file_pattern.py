"""File names that carry a date, such as ``activities_{date:%Y%m%d}.csv``."""

from __future__ import annotations

import re
from datetime import date, datetime

_PLACEHOLDER = re.compile(r"\{date:([^}]*)\}")
_DIGITS = {"%Y": r"\d{4}", "%m": r"\d{2}", "%d": r"\d{2}"}


class FilePattern:
    """A file name with one ``{date:...}`` of %Y, %m and %d.

    >>> FilePattern("activities_{date:%Y%m%d}.csv").date_of("activities_20240102.csv")
    datetime.date(2024, 1, 2)
    """

    def __init__(self, text: str) -> None:
        """Compile the pattern.

        Raises:
            ValueError: not exactly one ``{date:...}``, or a code other than %Y, %m, %d once each.
        """
        self.text = text
        found = _PLACEHOLDER.findall(text)
        if len(found) != 1 or sorted(re.findall(r"%.", found[0])) != sorted(_DIGITS):
            raise ValueError(
                f"file_pattern {text!r} needs one date such as activities_{{date:%Y%m%d}}.csv"
            )
        self.date_format = found[0]
        digits = "".join(
            _DIGITS.get(part, re.escape(part)) for part in re.split(r"(%.)", self.date_format)
        )
        self._before, self._after = text.split(f"{{date:{self.date_format}}}")
        self._regex = re.compile(f"^{re.escape(self._before)}({digits}){re.escape(self._after)}$")

    def date_of(self, file_name: str) -> date | None:
        """The date in ``file_name``, or None when the name is not of this pattern.

        Raises:
            ValueError: the name has the right shape, but no calendar has the date (20240231).
        """
        match = self._regex.match(file_name)
        if not match:
            return None
        return datetime.strptime(match.group(1), self.date_format).date()

    def name_of(self, day: date) -> str:
        """The name of the file of that day.

        >>> FilePattern("activities_{date:%Y%m%d}.csv").name_of(date(2024, 1, 2))
        'activities_20240102.csv'
        """
        # Not strftime: it does not pad years before 1000.
        parts = {"%Y": f"{day.year:04}", "%m": f"{day.month:02}", "%d": f"{day.day:02}"}
        written = re.sub("%.", lambda found: parts[found.group()], self.date_format)
        return f"{self._before}{written}{self._after}"
