"""How a KPI's value of one period came to be what it is: its parts, and each change of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from finhouse.console import console, print_table
from finhouse.errors import ConfigurationError
from finhouse.extract_load.bookkeeping import LOAD_LOG
from finhouse.extract_load.state import SCHEMA
from finhouse.publish import PUBLISHED_SCHEMA
from finhouse.scorecard import STATUS_MARKS, format_value, parse_period
from finhouse.warehouse import Warehouse, qualified

_MARTS = {"month": ("kpi_monthly", "month_start"), "day": ("kpi_daily", "date_day")}
CAUSES = {
    "late_data": "rows that came or changed later",
    "deleted_rows": "rows that the source deleted",
    "retention": "rows that a purge took",
    "definition": "another definition of the KPI, or another setting",
}


class _Kpi(NamedTuple):
    """Columns of kpi_catalogue."""

    kpi_name: str
    formula: str
    unit: str
    owner: str
    target_operator: str | None
    target_source: str | None


class _Value(NamedTuple):
    """Columns of kpi_monthly and kpi_daily."""

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    currency_code: str | None
    target: Decimal | None
    target_status: str
    is_complete_period: bool


class _Change(NamedTuple):
    """Columns of kpi_restatements."""

    change_number: int
    old_value: Decimal | None
    new_value: Decimal | None
    reported_at: datetime
    restated_at: datetime
    cause_kind: str
    cause_batches: str


def print_explanation(
    published: Warehouse,
    open_raw: Callable[[], AbstractContextManager[Warehouse]],
    code: str,
    period: str,
) -> None:
    """Print a value, its numerator and denominator, what was said of it before, and why it moved.

    Args:
        published: what readers see.
        open_raw: opens the warehouse, whose log of loads tells what a cause has brought; a build
            may hold it, so it is left alone while nothing has changed.
        code: as in the catalogue.
        period: ``2026-06`` or ``2026-06-30``.

    Raises:
        ConfigurationError: there is no such KPI, period or value.
    """
    try:
        grain, start = parse_period(period)
    except ValueError as error:
        raise ConfigurationError(
            f"{period} is no period", "write a month, 2026-06, or a day, 2026-06-30"
        ) from error
    mart, column = _MARTS[grain]
    kpis = published.execute(
        f"select {', '.join(_Kpi._fields)} from {PUBLISHED_SCHEMA}.kpi_catalogue"
        " where kpi_code = $1",
        (code,),
    )
    if not kpis:
        raise ConfigurationError(
            f"there is no KPI {code}", "docs/reference/kpis.md and the mart kpi_catalogue list them"
        )
    values = published.execute(
        f"select {', '.join(_Value._fields)} from {PUBLISHED_SCHEMA}.{mart}"
        f" where kpi_code = $1 and {column} = $2",
        (code, start),
    )
    if not values:
        raise ConfigurationError(
            f"{code} has no value of {period}",
            f"the mart {mart} has the periods there are; not every KPI has values by {grain}",
        )
    changes = [
        _Change(*row)
        for row in published.execute(
            f"select {', '.join(_Change._fields)} from {PUBLISHED_SCHEMA}.kpi_restatements"
            " where kpi_code = $1 and period_grain = $2 and period_start = $3"
            " order by change_number",
            (code, grain, start),
        )
    ]
    kpi, value = _Kpi(*kpis[0]), _Value(*values[0])
    _print_value(f"{kpi.kpi_name} ({code}), {period}", kpi, value)
    if changes:
        _print_changes(kpi.unit, value.currency_code, changes)
        with open_raw() as raw:
            _print_loads(raw, changes)
    else:
        console.print("It is as it was first reported.")


def _print_value(title: str, kpi: _Kpi, value: _Value) -> None:
    lines = [
        title,
        f"  value        {format_value(value.value, kpi.unit, value.currency_code)}",
        f"  numerator    {_number(value.numerator)}",
        f"  denominator  {_number(value.denominator)}",
        f"  formula      {kpi.formula}",
        f"  owner        {kpi.owner}",
    ]
    if value.target is not None:
        target = format_value(value.target, kpi.unit, value.currency_code)
        status = STATUS_MARKS[value.target_status]
        lines.append(
            f"  target       {kpi.target_operator} {target}: {status} (source: {kpi.target_source})"
        )
    if not value.is_complete_period:
        lines.append("  The period is not complete.")
    console.print("\n".join(lines), markup=False, highlight=False)


def _number(value: Decimal | None) -> str:
    return "-" if value is None else f"{value.normalize():,f}"


def _print_changes(unit: str, currency: str | None, changes: list[_Change]) -> None:
    print_table(
        "What was reported of it (UTC)",
        ["change", "as reported", "on", "became", "when", "why"],
        [
            (
                str(change.change_number),
                format_value(change.old_value, unit, currency),
                f"{change.reported_at:%Y-%m-%d %H:%M}",
                format_value(change.new_value, unit, currency),
                f"{change.restated_at:%Y-%m-%d %H:%M}",
                CAUSES[change.cause_kind],
            )
            for change in changes
        ],
        numeric=("change", "as reported", "became"),
    )


def _print_loads(raw: Warehouse, changes: list[_Change]) -> None:
    """The loads that may have caused a change, table by table."""
    loads = [
        (str(change.change_number), batch, *map(str, load))
        for change in changes
        for batch in json.loads(change.cause_batches)
        for load in raw.execute(
            "select source_name || '.' || table_name, inserted_row_count, updated_row_count,"
            f" deleted_row_count from {qualified(SCHEMA, LOAD_LOG)} where batch_id = $1"
            " and inserted_row_count + updated_row_count + deleted_row_count > 0"
            " order by loaded_at",
            (batch,),
        )
    ]
    if loads:
        print_table(
            "Loads that may have caused it",
            ["change", "batch", "table", "inserted", "updated", "deleted"],
            loads,
            numeric=("change", "inserted", "updated", "deleted"),
        )
