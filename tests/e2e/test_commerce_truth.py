"""The commerce marts against the distributor's own account of itself, kept while it lived."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal

import psycopg
import pytest

from tests.support.house import House

MARTS = (
    *("customer_master", "transaction_data", "segment_performance", "time_series_performance"),
    *("product_customer_matrix", "cohort_retention", "cohort_sizes", "cohort_avg_revenue"),
    *("regional_product_matrix", "regional_top_performers", "regional_product_clusters"),
)


def test_every_table_is_published_with_rows(company: House, target: str):
    counts = {
        mart: company.published_rows(f"select count(*) from published.{mart}", target)[0][0]
        for mart in MARTS
    }
    assert [mart for mart, count in counts.items() if not count] == []
    assert counts["segment_performance"] == 25


MONTHLY = {
    "commerce_net_sales": "net_sales",
    "commerce_gross_margin": "gross_margin",
    "commerce_orders": "orders",
    "commerce_active_customers": "active_customers",
    "commerce_new_customers": "new_customers",
}


@pytest.mark.parametrize("code", MONTHLY)
def test_monthly_kpis(company: House, target: str, code: str):
    truth = company.truth("commerce")["monthly"]
    marts = {
        f"{month:%Y-%m}": Decimal(value)
        for month, value in company.published_rows(
            "select month_start, value from published.kpi_monthly "
            f"where kpi_code = '{code}' and is_complete_period",
            target,
        )
    }
    assert len(marts) >= 18
    assert marts == {month: Decimal(str(truth[month][MONTHLY[code]])) for month in marts}


def test_plain_sql_on_the_source_has_the_same_months(company: House, target: str):
    """Amounts by month, straight from the OLTP."""
    as_of = company.truth("commerce")["as_of_date"]
    with psycopg.connect(company.server.url("oltp")) as connection:
        source = connection.execute(
            "select to_char(l.posting_date, 'YYYY-MM'), sum(l.net_sales), sum(l.gross_margin), "
            "count(distinct l.order_number) filter (where upper(trim(l.line_type)) = 'SALE') "
            "from commerce.sales_order_lines as l "
            "left join commerce.customers as c on c.customer_number = l.customer "
            "where not coalesce(c.is_internal, false) and l.posting_date <= %s::date group by 1",
            (as_of,),
        ).fetchall()
    marts: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for month, code, value in company.published_rows(
        "select month_start, kpi_code, value from published.kpi_monthly where kpi_code in "
        "('commerce_net_sales', 'commerce_gross_margin', 'commerce_orders')",
        target,
    ):
        marts[f"{month:%Y-%m}"][code] = value
    assert marts == {
        month: {
            "commerce_net_sales": sales,
            "commerce_gross_margin": margin,
            "commerce_orders": orders,
        }
        for month, sales, margin, orders in source
    }


def test_cohorts_in_rows_and_as_documents(company: House, target: str):
    truth = company.truth("commerce")["cohorts"]
    marts: dict[str, dict[str, dict]] = defaultdict(dict)
    complete: dict[str, dict[str, tuple[Decimal, Decimal]]] = defaultdict(dict)
    for cohort, age, size, active, sales, is_complete in company.published_rows(
        "select cohort_month, age, customer_count, active_customer_count, net_sales, "
        "is_complete_period from published.cohorts_by_age",
        target,
    ):
        month = f"{cohort:%Y-%m}"
        if active:
            marts[month][str(age)] = {"customers": active, "net_sales": Decimal(sales)}
        assert size == truth[month]["0"]["customers"]
        if is_complete:
            complete[month][str(age + 1)] = (Decimal(100 * active) / size, Decimal(sales) / size)
    assert marts == {
        month: {age: told | {"net_sales": Decimal(told["net_sales"])} for age, told in ages.items()}
        for month, ages in truth.items()
    }
    documents = company.published_rows(
        "select r.cohort_month, r.retention_data, a.revenue_data "
        "from published.cohort_retention as r "
        "inner join published.cohort_avg_revenue as a on a.cohort_month = r.cohort_month",
        target,
    )
    assert len(documents) == len(truth)
    for cohort, retention, revenue in documents:
        expected = complete[f"{cohort:%Y-%m}"]
        told = json.loads(retention), json.loads(revenue)
        assert told[0].keys() == told[1].keys() == expected.keys()
        for number, (percent, average) in expected.items():
            assert abs(Decimal(str(told[0][number])) - percent) <= Decimal("0.05")
            assert abs(Decimal(str(told[1][number])) - average) <= Decimal("0.005")


def test_customers(company: House, target: str):
    truth = company.truth("commerce")["customers"]
    [totals] = company.published_rows(
        "select count(*), sum(case when last_order_date is null then 1 else 0 end), "
        "sum(case when monetary <= 0 then 1 else 0 end), sum(monetary), sum(profitability), "
        "sum(frequency), sum(frequency_12m), sum(monetary_12m), sum(recency) "
        "from published.customer_master",
        target,
    )
    names = ("count", "never_bought", "not_positive", "monetary", "profitability", "frequency")
    names += ("frequency_12m", "monetary_12m", "recency_days")
    assert [Decimal(total) for total in totals] == [Decimal(str(truth[name])) for name in names]
    for column, told in (
        ("cast(rfm_score as varchar)", "rfm_scores"),
        ("rfm_segment", "segments"),
        ("abc_combined", "abc_combined"),
    ):
        counted = company.published_rows(
            f"select {column}, count(*) from published.customer_master group by 1", target
        )
        assert dict(counted) == truth[told]
    segments = company.published_rows(
        "select segment_name, customer_count from published.segment_performance "
        "where segment_type = 'RFM_Segment' and customer_count > 0",
        target,
    )
    assert dict(segments) == truth["segments"]


def test_offices(company: House, target: str):
    truth = company.truth("commerce")["offices"]
    marts = {
        office: {"revenue": Decimal(revenue), "margin": Decimal(margin), "materials": materials}
        for office, revenue, margin, materials in company.published_rows(
            "select sales_office_name, sum(revenue), sum(margin), count(*) "
            "from published.regional_product_matrix group by 1",
            target,
        )
    }
    assert len(marts) == 6
    assert marts == {
        office: {
            "revenue": Decimal(told["revenue"]),
            "margin": Decimal(told["margin"]),
            "materials": told["materials"],
        }
        for office, told in truth.items()
    }
