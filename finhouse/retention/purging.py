"""``finhouse purge``: rows past their retention go, in one transaction, and leave a record.

A legal hold comes first: what it keeps is refused, logged and counted. The record of the purge is
written before the rows are touched, and both are committed together with the horizon that keeps
the loader from bringing them back. What models computed from the rows goes in the same
transaction, so that nothing can be published from it. A rehearsal does all of it and rolls back.
"""

from __future__ import annotations

import os
import pwd
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from finhouse.console import step
from finhouse.errors import ConfigurationError
from finhouse.extract_load import load_source
from finhouse.extract_load.bookkeeping import (
    RETENTION_PURGES,
    RETENTION_REFUSALS,
    SOURCE_RECONCILIATION,
    Bookkeeping,
    undone_purges,
)
from finhouse.extract_load.databases import source_url
from finhouse.extract_load.results import LoadResult, RowCounts
from finhouse.extract_load.running import warehouse_errors
from finhouse.extract_load.state import SCHEMA, new_batch_id, utc_now
from finhouse.publish import ensure_reporting_tables
from finhouse.retention.leftovers import complete, forget_models
from finhouse.retention.measuring import measure_within
from finhouse.retention.rows import LegalHold, TableRows, legal_holds
from finhouse.settings import Settings
from finhouse.sources.definitions import SOURCES_FOLDER, PostgresDefinition
from finhouse.sources.retention import POLICIES_FILE, read_policies
from finhouse.warehouse import Warehouse, connect, qualified
from finhouse.warehouse.building import only_build

PURGE_MODE = "purge"


@dataclass(frozen=True)
class Purged:
    """What a purge did, or would do, with one table.

    Attributes:
        due: rows past their retention.
        held: of these, rows that a legal hold keeps.
        purged: of these, rows that were deleted or anonymised.
    """

    source_name: str
    table_name: str
    action: str
    first_day: date
    due: int
    held: int
    purged: int


class _RehearsedError(Exception):
    """Ends the transaction of a rehearsal."""


class Purge:
    """One call of ``finhouse purge``."""

    def __init__(
        self,
        settings: Settings,
        *,
        as_of: date | None = None,
        policies: Path = POLICIES_FILE,
        definitions: Path = SOURCES_FOLDER,
        oltp_url: str | None = None,
    ) -> None:
        """Say by which day and which policies.

        Args:
            as_of: day to judge by; default the one up to which each source has lived.
            oltp_url: database of all sources; default the one that each source names.
        """
        self._settings, self._as_of = settings, as_of
        self._policies, self._definitions = policies, definitions
        self._oltp_url = oltp_url

    def rehearse(self) -> list[Purged]:
        """What ``apply`` would do, to the row; nothing is kept of it.

        Raises:
            ConfigurationError: a policy does not suit the tables.
            WarehouseError: the warehouse cannot be read, or a hold is on an unknown kind.
        """
        with connect(self._settings) as warehouse, warehouse_errors(warehouse):
            run = self._run(warehouse)
            try:
                with warehouse.transaction():
                    run.rows()
                    raise _RehearsedError
            except _RehearsedError:
                return run.results

    def apply(self) -> list[Purged]:
        """Purge, give the space back, and take from readers what held the rows.

        Raises:
            ConfigurationError: a policy does not suit the tables, or the day is in the future.
            SourceError: the legal holds cannot be read where they are placed.
            WarehouseError: the warehouse refused, is being built or loaded, or a hold is on an
                unknown kind.
            PublishError: the publication could not be replaced; ``finhouse doctor`` completes it.
        """
        with only_build(self._settings, "purge"):
            with connect(self._settings) as warehouse, warehouse_errors(warehouse):
                ensure_reporting_tables(self._settings, warehouse)
                self._read_holds(warehouse)
                run = self._run(warehouse)
                run.refuse_the_future()
                with step("Rows, their record and their horizon"), warehouse.transaction():
                    run.rows()
                    if run.has_purged:
                        forget_models(self._settings, warehouse)
            with step("Space, and what readers have"):
                complete(self._settings)
            with connect(self._settings) as warehouse, warehouse_errors(warehouse):
                measure_within(
                    warehouse,
                    as_of=self._as_of,
                    policies=self._policies,
                    definitions=self._definitions,
                )
        return run.results

    def _run(self, warehouse: Warehouse) -> _Run:
        books = Bookkeeping(warehouse, SCHEMA)
        tables = [
            TableRows(warehouse, books, policy, self._definitions)
            for policy in read_policies(self._policies, self._definitions)
        ]
        tables.sort(key=lambda rows: rows.turn)
        return _Run(warehouse, books, [rows for rows in tables if rows.exists], self._as_of)

    def _read_holds(self, warehouse: Warehouse) -> None:
        """Load the legal holds of every source: one that was placed an hour ago counts."""
        sources = {
            rows.definition.name: rows.definition
            for rows in self._run(warehouse).tables
            if isinstance(rows.definition, PostgresDefinition) and rows.definition.legal_holds
        }
        for name, definition in sources.items():
            assert definition.legal_holds
            with step(f"Legal holds of {name}"):
                load_source(
                    self._settings,
                    name,
                    oltp_url=self._oltp_url or source_url(self._settings, name, self._definitions),
                    warehouse=warehouse,
                    tables=[definition.legal_holds],
                    definitions=self._definitions,
                )


def _operator() -> str:
    """Who runs this, as the system knows him: anybody can set $LOGNAME to what he likes."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # A container may run as a user that nobody has named.
        return f"user {os.getuid()}"


class _Run:
    """The rows of one purge, inside a transaction that the caller has opened."""

    def __init__(
        self, warehouse: Warehouse, books: Bookkeeping, tables: list[TableRows], as_of: date | None
    ) -> None:
        self._warehouse, self._books, self._as_of = warehouse, books, as_of
        self.tables = tables
        self._purge_id = new_batch_id(books.now())
        self._salt = secrets.token_hex(16)
        self.results: list[Purged] = []
        self._undone: list[str] = []

    @property
    def has_purged(self) -> bool:
        return any(result.purged for result in self.results)

    @cached_property
    def _days(self) -> dict[str, date]:
        return {rows.policy.shown: self._as_of or rows.today for rows in self.tables}

    def refuse_the_future(self) -> None:
        for rows in self.tables:
            if self._as_of and self._as_of > rows.today:
                raise ConfigurationError(
                    f"--as-of {self._as_of} is after {rows.today}, the day up to which"
                    f" {rows.policy.source_name} has lived: rows would go before their time",
                    "use --dry-run for a day to come",
                )

    def rows(self) -> None:
        for rows in self.tables:
            if not rows.is_operational:
                self._warehouse.lock_table(rows.schema, rows.policy.table_name)
        self._undone = undone_purges(self._warehouse)
        for rows in self.tables:
            self.results.append(self._purge(rows))
        if self._undone:
            self._warehouse.change(
                f"update {qualified(SCHEMA, RETENTION_PURGES)} set undone_at = null"
                " where undone_at is not null"
            )

    def _purge(self, rows: TableRows) -> Purged:
        started_at = utc_now()
        policy = rows.policy
        first_day = policy.first_day_kept(self._days[policy.shown])
        known = self._books.horizon(policy.source_name, policy.table_name)
        if known and known.column == policy.date_column:
            # What was purged once does not come back because a policy grew longer.
            first_day_of_horizon = max(first_day, known.first_day)
            if self._undone:
                # What a restore brought back goes again, whatever has become of the policy.
                first_day = first_day_of_horizon
        else:
            first_day_of_horizon = first_day
        due, holds = rows.due(first_day), self._holds(rows)
        held = rows.held(holds)
        found = Purged(
            policy.source_name,
            policy.table_name,
            policy.action,
            first_day,
            rows.count(due),
            rows.count(f"{due} and {held}"),
            0,
        )
        found = replace(found, purged=found.due - found.held)
        if not found.due:
            return found
        self._record(rows, found, started_at)
        self._record_refusals(rows, due, holds)
        where = f"{due} and not {held}"
        changed = (
            rows.delete(where, first_day)
            if policy.action == "delete"
            else rows.anonymise(where, self._salt)
        )
        assert changed == found.purged, f"{policy.shown}: {changed} rows instead of {found.purged}"
        if not rows.is_operational:
            horizon = rows.horizon(first_day_of_horizon, self._purge_id)
            self._books.save_horizon(policy.source_name, policy.table_name, horizon)
            self._log(rows, found, started_at)
            self._forget_examples(rows)
        return found

    def _holds(self, rows: TableRows) -> Sequence[LegalHold]:
        if isinstance(rows.definition, PostgresDefinition):
            return legal_holds(self._warehouse, self._books, rows.definition)
        return ()

    def _record(self, rows: TableRows, found: Purged, started_at: datetime) -> None:
        policy = rows.policy
        self._books.record(
            RETENTION_PURGES,
            (
                self._purge_id,
                policy.source_name,
                policy.table_name,
                policy.action,
                policy.date_column,
                policy.keep_months,
                policy.legal_basis,
                self._days[policy.shown],
                found.first_day,
                found.due,
                found.held,
                found.purged,
                _operator(),
                started_at,
                None,
                None,
            ),
        )

    def _record_refusals(self, rows: TableRows, due: str, holds: Sequence[LegalHold]) -> None:
        for hold, count in self._refusals(rows, due, holds):
            self._books.record(
                RETENTION_REFUSALS,
                (
                    self._purge_id,
                    rows.policy.source_name,
                    rows.policy.table_name,
                    hold.hold_id,
                    hold.kind,
                    count,
                    utc_now(),
                ),
            )

    @staticmethod
    def _refusals(
        rows: TableRows, due: str, holds: Sequence[LegalHold]
    ) -> Iterator[tuple[LegalHold, int]]:
        for hold in holds:
            if count := rows.count(f"{due} and {rows.held([hold])}"):
                yield hold, count

    def _log(self, rows: TableRows, found: Purged, started_at: datetime) -> None:
        """Tell it as a load: what raw holds has changed, and restatements name their cause."""
        deletes = found.action == "delete"
        self._books.log(
            LoadResult(
                source_name=found.source_name,
                table_name=found.table_name,
                load_mode=PURGE_MODE,
                batch_id=self._purge_id,
                started_at=started_at,
                loaded_at=self._books.now(),
                counts=RowCounts(
                    source=None,
                    read=0,
                    updated=0 if deletes else found.purged,
                    deleted=found.purged if deletes else 0,
                    raw=rows.count("true"),
                ),
            )
        )

    def _forget_examples(self, rows: TableRows) -> None:
        """Reconciliations keep keys of rows as examples: they may be of the rows that went."""
        self._warehouse.change(
            f"update {qualified(SCHEMA, SOURCE_RECONCILIATION)} set missing_key = null,"
            " surplus_key = null, doubled_key = null, changed_key = null"
            " where source_name = $1 and table_name = $2",
            (rows.policy.source_name, rows.policy.table_name),
        )
