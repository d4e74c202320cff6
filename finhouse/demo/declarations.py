"""Tables of the OLTP database, declared once each: one driver writes them, and counts them.

A table says in which period each row of its ledger is born, changes and is deleted. What a run
writes follows: rows born in the periods lived, new states of older rows, deletions of older rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from finhouse.demo.ledger import Ledger
from finhouse.demo.living import LivingBusiness
from finhouse.demo.marks import Marks, as_text, mark_rows, of_marked
from finhouse.demo.tables import Columns, Tables, nullable

# Shape (n,): a period number for each row of a ledger, as a column of it or computed.
Periods = str | Callable[[LivingBusiness], np.ndarray]


@dataclass(frozen=True)
class Lived:
    """The span of periods being written: from ``since``, the first not written yet, to ``until``.

    The last one is not in it: it has not been lived yet.
    """

    since: int
    until: int

    def has(self, periods: np.ndarray) -> np.ndarray:
        """Shape (n,): whether each period lies in the span."""
        return (periods >= self.since) & (periods < self.until)


class Rows:
    """Rows of one table, in the words its columns need.

    Attributes:
        company: the business whose rows they are.
        number: shape (n,), their row numbers in the ledger.
    """

    def __init__(
        self,
        tables: Tables,
        company: LivingBusiness,
        number: np.ndarray,
        ledger: Ledger | None = None,
    ) -> None:
        self._tables, self._ledger = tables, ledger
        self.company, self.number = company, number

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, column: str) -> np.ndarray:
        """Shape (n,): a column of the ledger, of these rows."""
        return self._ledger[column][self.number]

    def ids(self, entity: str, rows: np.ndarray, twice: bool = False) -> pa.Array:
        """Identifiers of rows of an entity (see ``Tables.ids``)."""
        return self._tables.ids(entity, rows, twice)

    def optional_ids(self, entity: str, rows: np.ndarray) -> pa.Array:
        """Identifiers, null where the row is -1."""
        return nullable(self.ids(entity, np.maximum(rows, 0)), rows >= 0)

    def times(self, times: np.ndarray) -> pa.Array:
        """Local milliseconds as timestamps with time zone."""
        return self._tables.times(times)


@dataclass(frozen=True)
class Catalogue:
    """A table that is filled when the business is founded, and never changes.

    Attributes:
        name: of the table in the schema of the business.
        entity: what its rows are; their identifiers follow from it.
        size: number of rows.
        columns: all columns but the identifier.
        marks: personal data and secrets among them, as of a ``Table``.
    """

    name: str
    entity: str
    size: int
    columns: Callable[[Rows], Columns]
    marks: Marks = field(default_factory=dict)

    def fill(self, tables: Tables, company: LivingBusiness) -> None:
        """Write all rows."""
        rows = Rows(tables, company, np.arange(self.size))
        tables.copy(self.name, {"id": rows.ids(self.entity, rows.number), **self._marked(rows)})

    def marked_values(self, tables: Tables, company: LivingBusiness) -> dict[str, list[str]]:
        """What is marked, by column."""
        numbers = np.arange(self.size)
        rows = Rows(tables, company, numbers)
        marked = {
            column: values.filter(pa.array(of_marked(numbers)))
            for column, values in self._marked(rows).items()
        }
        return as_text(marked, self.marks)

    def _marked(self, rows: Rows) -> Columns:
        return mark_rows(self.columns(rows), self.marks, rows.number, rows.number)

    def count(self, company: LivingBusiness) -> int:
        """Rows that are in the database."""
        return self.size


@dataclass(frozen=True)
class Table:
    """A table that holds the rows of a ledger.

    Attributes:
        name: of the table in the schema of the business.
        entity: what its rows are; their identifiers follow from it.
        ledger: attribute of the company that holds the rows.
        columns: the columns that never change, but for the identifier.
        state: the columns that do change, as they stand now; None where none does.
        born: period in which each row becomes visible.
        changed: period of each row's last change, below 0 for none; None where none changes.
        deleted: column with the period in which each row was deleted, below 0 for none; None
            where none is.
        key: name of the identifier; ``id`` in every table that changes.
        number: row number the identifier follows from; None takes the row's own.
        is_queue: rows leave the ledger when they are written, so that nobody can count them.
        after: a table declared later that this one refers to, and that is therefore written first.
        marks: personal data in ``columns``, and how it is marked (``finhouse.demo.marks``).
        whose: column with the person whose row each is; None where the row is a person.
    """

    name: str
    entity: str
    ledger: str
    columns: Callable[[Rows], Columns]
    state: Callable[[Rows], Columns] | None = None
    born: Periods = "period"
    changed: Periods | None = None
    deleted: str | None = None
    key: str = "id"
    number: Callable[[Rows], np.ndarray] | None = None
    is_queue: bool = False
    after: str | None = None
    marks: Marks = field(default_factory=dict)
    whose: str | None = None

    def write(self, tables: Tables, company: LivingBusiness, lived: Lived) -> int:
        """Write new rows, changes and deletions of the periods lived; return the rows touched."""
        ledger, born = self._ledger(company), self._periods(company, self.born)
        is_new, is_older = lived.has(born), born < lived.since
        alive = np.ones(ledger.size, dtype=bool)
        if self.deleted:
            alive = ledger[self.deleted] < 0

        def rows(mask: np.ndarray) -> Rows:
            return Rows(tables, company, np.flatnonzero(mask), ledger)

        new = rows(is_new & alive)
        values = self._identity(new) | self._marked(new) | self._state(new)
        written = tables.copy(self.name, values)
        if self.changed:
            changed = rows(is_older & alive & lived.has(self._periods(company, self.changed)))
            written += tables.update(self.name, self._identity(changed) | self._state(changed))
        if self.deleted:
            gone = self._identity(rows(is_older & lived.has(ledger[self.deleted])))
            written += tables.delete(self.name, self.key, gone[self.key])
        if self.is_queue:
            self.forget_written(company)
        return written

    def forget_written(self, company: LivingBusiness) -> None:
        """Drop the rows of a queue that are visible by now, and have therefore been written."""
        self._ledger(company).drop(self._periods(company, self.born) < company.periods)

    def count(self, company: LivingBusiness) -> int:
        """Rows that are in the database."""
        return int(self._visible(company).sum())

    def marked_values(self, tables: Tables, company: LivingBusiness) -> dict[str, list[str]]:
        """Personal data of marked people that are in the database, by column."""
        ledger = self._ledger(company)
        rows = Rows(tables, company, np.flatnonzero(self._visible(company)), ledger)
        marked = Rows(tables, company, rows.number[of_marked(self._people(rows))], ledger)
        return as_text(self._marked(marked), self.marks)

    def _visible(self, company: LivingBusiness) -> np.ndarray:
        visible = self._periods(company, self.born) < company.periods
        if self.deleted:
            visible &= self._ledger(company)[self.deleted] < 0
        return visible

    def _people(self, rows: Rows) -> np.ndarray:
        return rows[self.whose] if self.whose else rows.number

    def _marked(self, rows: Rows) -> Columns:
        return mark_rows(self.columns(rows), self.marks, rows.number, self._people(rows))

    def _ledger(self, company: LivingBusiness) -> Ledger:
        return getattr(company, self.ledger)

    def _periods(self, company: LivingBusiness, periods: Periods) -> np.ndarray:
        return self._ledger(company)[periods] if isinstance(periods, str) else periods(company)

    def _identity(self, rows: Rows) -> Columns:
        number = self.number(rows) if self.number else rows.number
        return {self.key: rows.ids(self.entity, number)}

    def _state(self, rows: Rows) -> Columns:
        return self.state(rows) if self.state else {}


def writing_order(declared: tuple[Catalogue | Table, ...]) -> list[Table]:
    """The tables that grow, in the order declared but for those that wait for another."""
    growing = [table for table in declared if isinstance(table, Table)]
    order = [table for table in growing if table.after is None]
    for waiting in growing:
        if waiting.after is not None:
            names = [table.name for table in order]
            order.insert(names.index(waiting.after) + 1, waiting)
    return order
