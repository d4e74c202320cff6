"""The retention horizon: rows before it were purged, and are the source's business no longer.

`finhouse purge` records one a table (finhouse/retention). What a source holds before it is neither
loaded nor missing; what raw still holds before it, under a legal hold or anonymised, is compared
with nothing and stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from finhouse.warehouse import quoted


@dataclass(frozen=True)
class Horizon:
    """The first day whose rows are kept.

    Attributes:
        column: dates the rows; of a folder of files the day is that of the file.
        first_day: by the calendar of the source.
        since: when that day begins, naive UTC.
        purge_id: the purge that set it.
    """

    column: str
    first_day: date
    since: datetime
    purge_id: str

    def before(self, type_name: str, prefix: str = "") -> str:
        """SQL condition of the rows before it, on the source and in raw; rows without a date stay.

        Args:
            type_name: of the column: ``date``, ``timestamp`` or ``timestamptz``.
            prefix: alias of the table, with its dot.
        """
        bound = (
            self.first_day.isoformat()
            if type_name == "date"
            else f"{self.since.isoformat(sep=' ')}{'+00' if type_name == 'timestamptz' else ''}"
        )
        return f"coalesce({prefix}{quoted(self.column)} < cast('{bound}' as {type_name}), false)"
