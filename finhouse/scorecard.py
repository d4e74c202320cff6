"""Print what was published: the KPI scorecard and the merchant activity results."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from finhouse.console import console, print_table
from finhouse.domains import declared_domains
from finhouse.publish import PUBLISHED_SCHEMA
from finhouse.warehouse import Warehouse

STATUS_MARKS = {
    "met": "met",
    "missed": "MISSED",
    "incomplete": "incomplete",
    "running": "running",
    "no_target": "",
    "no_data": "no data",
}


def format_value(value: Decimal | None, unit: str, currency: str | None = None) -> str:
    """A KPI value as a viewer reads it: percent for rates, thousands separators, its currency."""
    if value is None:
        return "-"
    if unit == "rate":
        return f"{_rounded(value, 4):.2%}"
    if unit == "currency":
        return f"{_rounded(value, 2):,f} {currency or ''}".rstrip()
    if unit == "count":
        return f"{_rounded(value, 0):,f}"
    if unit == "ms":
        return f"{_rounded(value, 0):,f} ms"
    return f"{_rounded(value, 2):,f}"


def _rounded(value: Decimal, digits: int) -> Decimal:
    """Half up, as SQL and the dashboards round; a format by itself takes the even neighbour."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def format_period(grain: str | None, start: date | None, is_complete: bool | None) -> str:
    """The period a value is of: 2026-06 for a month, 2026-06-30 for a day; `*` if incomplete."""
    if start is None:
        return ""
    text = f"{start:%Y-%m}" if grain == "month" else f"{start:%Y-%m-%d}"
    return text if is_complete else f"{text} *"


def parse_period(text: str) -> tuple[Literal["month", "day"], date]:
    """Grain and first day of ``2026-06`` or ``2026-06-30``.

    Raises:
        ValueError: it is neither.
    """
    if len(text) == len("2026-06"):
        return "month", date.fromisoformat(f"{text}-01")
    return "day", date.fromisoformat(text)


def print_scorecard(published: Warehouse, schema: str = PUBLISHED_SCHEMA) -> None:
    """Print the scorecard of each domain and the merchant results from what readers see.

    Args:
        schema: where the marts are; of a publication aside on Postgres another one.
    """
    domains = declared_domains()
    for (domain,) in published.execute(
        f"select domain from {schema}.kpi_scorecard group by domain order by min(display_order)"
    ):
        _print_domain(published, schema, domain, domains[domain]["label"])
    if published.table_exists(schema, "top_merchant"):
        _print_merchants(published, schema)


def _print_domain(published: Warehouse, schema: str, domain: str, label: str) -> None:
    rows = published.execute(
        "select kpi_name, period_grain, period_start, is_complete_period, unit, currency_code, "
        "value, change_rate, target_operator, target, target_status "
        f"from {schema}.kpi_scorecard "
        f"where domain = '{domain}' order by display_order"
    )
    print_table(
        f"KPI scorecard: {label}  (* period not complete)",
        ["KPI", "period", "value", "change", "target", "status"],
        [_card_row(*row) for row in rows],
        numeric=("value", "change", "target"),
    )
    # What was published by a version before this one has no such mart.
    if published.table_exists(schema, "file_gaps"):
        _print_missing_files(published, schema, domain, label)


def _print_missing_files(published: Warehouse, schema: str, domain: str, label: str) -> None:
    [(missing, first_day)] = published.execute(
        f"select count(*), min(expected_date) from {schema}.file_gaps where source_name = $1",
        (domain,),
    )
    if missing:
        console.print(
            f"{label}: {missing:,} expected {'file is' if missing == 1 else 'files are'} missing,"
            f" the first of {first_day}; the mart file_gaps lists them, no period with one is"
            " complete",
            markup=False,
        )


def _card_row(
    name: str,
    grain: str | None,
    start: date | None,
    is_complete: bool | None,
    unit: str,
    currency: str | None,
    value: Decimal | None,
    change: Decimal | None,
    operator: str | None,
    target: Decimal | None,
    status: str,
) -> tuple[str, ...]:
    return (
        name,
        format_period(grain, start, is_complete),
        format_value(value, unit, currency),
        "" if change is None else f"{_rounded(change, 3):+.1%}",
        "" if target is None else f"{operator} {format_value(target, unit, currency)}",
        STATUS_MARKS[status],
    )


def _print_merchants(published: Warehouse, schema: str) -> None:
    top = published.execute(
        "select merchant_id, total_amount, currency_code "
        f"from {schema}.top_merchant where merchant_rank = 1"
    )
    if not top:
        console.print(
            "merchant activity: no data; drop activities_YYYYMMDD.csv files in "
            "the landing folder and build again"
        )
        return
    merchant, amount, currency = top[0]
    console.print(f"Top merchant: {merchant} with {amount:,.2f} {currency}")
    for month, merchants in published.execute(
        "select month_start, active_merchant_count "
        f"from {schema}.monthly_active_merchants order by month_start"
    ):
        console.print(f"Monthly active merchants {month:%Y-%m}: {merchants:,}")
