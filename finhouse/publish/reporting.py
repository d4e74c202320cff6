"""What readers were given, on record: publications, and the KPI values in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from finhouse.console import console
from finhouse.dbt.column_lineage import create_tables
from finhouse.dbt.history import DBT_RESULTS_DDL
from finhouse.publish.names import PUBLICATION, PUBLICATION_ID, PUBLISHED_SCHEMA
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, text_literal

PUBLICATION_COLUMNS = """
    publication_id text not null,
    published_at timestamp not null,
    loaded_until timestamp,
    mart_count integer not null,
    row_count bigint not null
"""

PUBLICATIONS_DDL = f"""
create table if not exists raw_operations.publications ({PUBLICATION_COLUMNS})
"""

LOADED_UNTIL_SQL = """
select max(loaded_at)
from raw_operations.load_log
where status = 'succeeded'
    and inserted_row_count + updated_row_count + deleted_row_count > 0
"""

REPORTED_KPIS_DDL = """
create table if not exists raw_operations.reported_kpis (
    publication_id text not null,
    kpi_code text not null,
    period_grain text not null,
    period_start date not null,
    numerator numeric(26, 8),
    denominator numeric(26, 8),
    value numeric(26, 8),
    loaded_until timestamp,
    cause_kind text,
    cause_batches text,
    restated_at timestamp
)
"""

# Only what differs from the last report is written: an unchanged build reports nothing new. Why and
# when a value was restated is written with it: later loads stamp the rows that tell it.
REPORT_KPIS_SQL = """
insert into raw_operations.reported_kpis
with current_values as (
    select kpi_code, 'month' as period_grain, month_start as period_start,
        numerator, denominator, value
    from {marts}.kpi_monthly
    where is_complete_period
    union all
    select kpi_code, 'day' as period_grain, date_day as period_start,
        numerator, denominator, value
    from {marts}.kpi_daily
    where is_complete_period
),
reports as (
    select *,
        row_number() over (
            partition by kpi_code, period_grain, period_start order by publication_id desc
        ) as recency,
        count(*) over (partition by kpi_code, period_grain, period_start) as report_count
    from raw_operations.reported_kpis
)
select cast($1 as text), current_values.*, cast($2 as timestamp),
    restatements.cause_kind, restatements.cause_batches, restatements.restated_at
from current_values
left join reports
    on current_values.kpi_code = reports.kpi_code
    and current_values.period_grain = reports.period_grain
    and current_values.period_start = reports.period_start
    and reports.recency = 1
left join {marts}.kpi_restatements as restatements
    on current_values.kpi_code = restatements.kpi_code
    and current_values.period_grain = restatements.period_grain
    and current_values.period_start = restatements.period_start
    and reports.report_count = restatements.change_number
where reports.kpi_code is null
    or reports.value is distinct from current_values.value
    or reports.numerator is distinct from current_values.numerator
    or reports.denominator is distinct from current_values.denominator
"""


def create_reporting_tables(warehouse: Warehouse) -> None:
    """Create the tables dbt reads as source ``operations`` that no load creates."""
    warehouse.create_schema("raw_operations")
    warehouse.execute(PUBLICATIONS_DDL)
    warehouse.execute(REPORTED_KPIS_DDL)
    held = warehouse.columns("raw_operations", "reported_kpis")
    # In the order of the table that is created today.
    later = {"cause_kind": "text", "cause_batches": "text", "restated_at": "timestamp"}
    for column, kind in later.items():
        if column not in held:
            warehouse.execute(
                f"alter table raw_operations.reported_kpis add column {column} {kind}"
            )
    warehouse.execute(DBT_RESULTS_DDL)
    create_tables(warehouse)


def ensure_reporting_tables(settings: Settings, warehouse: Warehouse) -> None:
    """Create those tables, and record a publication that was killed before it was recorded."""
    create_reporting_tables(warehouse)
    if settings.is_file and settings.published_path.exists():
        record_file(warehouse, settings.published_path)


def next_publication(warehouse: Warehouse) -> tuple[str, datetime]:
    """Identifier and moment of a publication; it sorts after all others, wherever the clock is."""
    now = datetime.now(UTC).replace(tzinfo=None)
    [(last,)] = warehouse.execute("select max(publication_id) from raw_operations.publications")
    if last is None or last < now.strftime(PUBLICATION_ID):
        return now.strftime(PUBLICATION_ID), now
    after = datetime.strptime(last, PUBLICATION_ID) + timedelta(microseconds=1)
    return after.strftime(PUBLICATION_ID), now


def record_publication(warehouse: Warehouse, marts_schema: str, record: Sequence[object]) -> int:
    """Note a publication and the KPI values in it; return how many are new.

    Args:
        marts_schema: where its marts are.
        record: a row of ``raw_operations.publications``.
    """
    publication_id, _, loaded_until, *_ = record
    warehouse.change("insert into raw_operations.publications values ($1, $2, $3, $4, $5)", record)
    return warehouse.change(
        REPORT_KPIS_SQL.format(marts=marts_schema), (publication_id, loaded_until)
    )


def record_file(warehouse: Warehouse, published: Path) -> int:
    """Note the publication that a file is, unless it is noted; return how many values are new."""
    try:
        warehouse.execute(f"attach {text_literal(str(published))} as seen (read_only)")
    except warehouse.engine_error as error:
        reason = str(error).splitlines()[0]
        console.print(f"  {published} cannot be read ({reason}): the next publication replaces it")
        return 0
    try:
        if not warehouse.execute(
            "select 1 from duckdb_tables() where database_name = 'seen' "
            f"and schema_name || '.' || table_name = '{PUBLICATION}'"
        ):
            # Of a version before this one.
            return 0
        [record] = warehouse.execute(f"select * from seen.{PUBLICATION}")
        if warehouse.count("raw_operations.publications", "publication_id = $1", record[:1]):
            return 0
        with warehouse.transaction():
            return record_publication(warehouse, f"seen.{PUBLISHED_SCHEMA}", record)
    finally:
        warehouse.execute("detach seen")
