"""How far each table is past its retention: what the mart retention_report shows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from finhouse.extract_load.bookkeeping import RETENTION_STATUS, Bookkeeping
from finhouse.extract_load.running import warehouse_errors
from finhouse.extract_load.state import SCHEMA
from finhouse.retention.rows import TableRows, legal_holds
from finhouse.settings import Settings
from finhouse.sources.definitions import SOURCES_FOLDER, PostgresDefinition
from finhouse.sources.retention import POLICIES_FILE, read_policies
from finhouse.warehouse import Warehouse, connect, qualified


def measure(
    settings: Settings,
    *,
    as_of: date | None = None,
    policies: Path = POLICIES_FILE,
    definitions: Path = SOURCES_FOLDER,
) -> None:
    """Count what is due, on hold and overdue, table by table, and replace what was known of it.

    Args:
        as_of: day to judge by; default the one up to which each source has lived.

    Raises:
        ConfigurationError: a policy does not suit the tables.
        WarehouseError: the warehouse cannot be read or written, or a hold is on an unknown kind.
    """
    with connect(settings) as warehouse, warehouse_errors(warehouse):
        measure_within(warehouse, as_of=as_of, policies=policies, definitions=definitions)


def measure_within(
    warehouse: Warehouse,
    *,
    as_of: date | None = None,
    policies: Path = POLICIES_FILE,
    definitions: Path = SOURCES_FOLDER,
) -> None:
    """As ``measure``, in a warehouse that is open."""
    books = Bookkeeping(warehouse, SCHEMA)
    tables = [
        TableRows(warehouse, books, policy, definitions)
        for policy in read_policies(policies, definitions)
    ]
    with warehouse.transaction():
        warehouse.lock_table(SCHEMA, RETENTION_STATUS, wait=True)
        warehouse.change(f"delete from {qualified(SCHEMA, RETENTION_STATUS)}")
        for rows in tables:
            if not rows.exists:
                continue
            day = as_of or rows.today
            first_day = rows.policy.first_day_kept(day)
            holds = (
                legal_holds(warehouse, books, rows.definition)
                if isinstance(rows.definition, PostgresDefinition)
                else []
            )
            due, held = rows.due(first_day), rows.held(holds)
            overdue = rows.due(rows.policy.overdue_before(day))
            books.record(
                RETENTION_STATUS,
                (
                    rows.policy.source_name,
                    rows.policy.table_name,
                    day,
                    first_day,
                    rows.count("true"),
                    rows.count(due),
                    rows.count(f"{due} and {held}"),
                    rows.count(f"{overdue} and not {held}"),
                    rows.oldest(),
                    books.now(),
                ),
            )
