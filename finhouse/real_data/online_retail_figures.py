"""Online Retail: what the marts of commerce say of it, beside the reference."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from finhouse.real_data.comparing import Comparison, compare, compare_table, read_reference
from finhouse.warehouse import Warehouse

MONTHLY_KPI = (
    "select value from published.kpi_monthly as k where k.month_start = m.month_start "
    "and k.kpi_code = 'commerce_{}'"
)
# The last day of the reference's files ends a month, so that every month of theirs is complete.
TABLES: dict[str, tuple[int, str]] = {
    "online_retail_monthly.csv": (
        1,
        f"select m.year_month, ({MONTHLY_KPI.format('orders')}), "
        f"({MONTHLY_KPI.format('active_customers')}), ({MONTHLY_KPI.format('net_sales')}), "
        "(select sum(t.net_sales) from published.transaction_data as t "
        "where t.year_month = m.year_month and t.net_sales < 0) "
        "from (select distinct month_start, year_month from published.time_series_performance) "
        "as m",
    ),
    "online_retail_cohorts.csv": (
        2,
        "select cast(cohort_month as varchar), age, active_customer_count, net_sales "
        "from published.cohorts_by_age where active_customer_count > 0",
    ),
    # Of customers who never bought, whose one invoice is a cancellation, it has no row.
    "online_retail_rfm.csv": (
        1,
        "select customer, recency, frequency, monetary, r, f, m, rfm_score "
        "from published.customer_master where last_order_date is not null",
    ),
    "online_retail_abc.csv": (
        1,
        "select customer, monetary, abc_revenue from published.customer_master",
    ),
}
# Postage is no product here; its rows are compared with the lines themselves.
PRODUCTS_OF_COUNTRIES = (
    "select sales_office_name, material_number, revenue, customer_count "
    "from published.regional_product_matrix union all "
    "select sales_office_name, material_number, sum(net_sales), count(distinct customer) "
    "from published.transaction_data where not is_merchandise group by 1, 2"
)


def commerce_figures(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    """Facts, months, cohorts, customers and countries; every row of each table, both ways."""
    yield from _facts(published, reference)
    for name, (keys, query) in TABLES.items():
        yield compare_table(name, read_reference(reference, name), keys, published.execute(query))
    yield from _documents(published, reference)
    yield from _countries(published, reference)


def _facts(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    lines = "from published.transaction_data"
    queries = {
        "lines": f"select count(*) {lines}",
        "invoices": f"select count(distinct order_number) {lines}",
        "materials": f"select count(distinct material_number) {lines}",
        "known customers": "select count(*) from published.customer_master",
        "net_sales of all lines": f"select sum(net_sales) {lines}",
        "net_sales of known customers": "select sum(monetary) from published.customer_master",
        "cancellation lines": f"select count(*) {lines} where line_type = 'CANCELLATION'",
        "bad-debt lines (invoice A...)": f"select count(*) {lines} where order_number like 'A%'",
        "postage DOT net_sales": f"select sum(net_sales) {lines} where material_number = 'DOT'",
        "customers without a positive sale line": "select count(*) "
        "from published.customer_master where last_order_date is null",
    }
    for row in read_reference(reference, "online_retail_facts.csv"):
        [(got,)] = published.execute(queries[row["fact"]])
        yield compare(f"online retail {row['fact']}", row["value"], got)


def _documents(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    """The JSON of each cohort, from the reference's counts and amounts."""
    of_cohort: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_reference(reference, "online_retail_cohorts.csv"):
        of_cohort[row["cohort_month"]].append(row)
    for mart, column, measure, factor, places in (
        ("cohort_retention", "retention_data", "customers", 100, "0.1"),
        ("cohort_avg_revenue", "revenue_data", "net_sales", 1, "0.01"),
    ):
        got = {
            str(month): json.loads(document, parse_float=Decimal, parse_int=Decimal)
            for month, document in published.execute(
                f"select cohort_month, {column} from published.{mart}"
            )
        }
        expected = {
            month: {
                str(int(row["age"]) + 1): (
                    factor * Decimal(row[measure]) / int(rows[0]["customers"])
                ).quantize(Decimal(places), ROUND_HALF_UP)
                for row in rows
            }
            for month, rows in of_cohort.items()
        }
        yield Comparison(
            f"{mart}, {column}",
            f"{len(expected)} documents",
            f"{len(got)} documents" if got == expected else f"{got} for {expected}",
        )


def _countries(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    """The ten best of each country, and their order; postage is none of ours."""
    name = "online_retail_countries.csv"
    expected = read_reference(reference, name)
    keys = {(row["country"], row["material"]) for row in expected}
    rows = [row for row in published.execute(PRODUCTS_OF_COUNTRIES) if row[:2] in keys]
    yield compare_table(name, expected, 2, rows)
    charges = {
        code
        for (code,) in published.execute(
            "select distinct material_number from published.transaction_data "
            "where not is_merchandise"
        )
    }
    best: dict[str, list[str]] = defaultdict(list)
    for row in sorted(expected, key=lambda row: (-Decimal(row["revenue"]), row["material"])):
        if row["material"] not in charges:
            best[row["country"]].append(row["material"])
    ours: dict[str, list[str]] = defaultdict(list)
    for country, material in published.execute(
        "select sales_office_name, material_number from published.regional_top_performers "
        "order by sales_office_name, rank"
    ):
        ours[country].append(material)
    wrong = [
        f"{country}: {ours[country]} for {materials}"
        for country, materials in best.items()
        if ours[country][: len(materials)] != materials
    ]
    whole = f"{len(best)} countries"
    yield Comparison("best goods of each country, in order", whole, "; ".join(wrong[:1]) or whole)
