"""The credit marts of a run for a past day: what today says of that day."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from tests.support.house import House

pytestmark = [pytest.mark.full, pytest.mark.domains("bnpl")]

DAY = "2026-02-28"
# What rows of the past tell of it, without what is known later, such as what a vintage came to. Of
# the roll rates the ways that somebody went: the others are those that anybody ever went.
SAME = {
    "receivables_daily": ("date_day", ["is_last_day"]),
    "installment_delinquency_monthly": ("snapshot_date", []),
    "bnpl_roll_rates": ("plan_count > 0 and month_start", []),
    "bnpl_vintages": ("month_start", []),
    "plan_performance_monthly": (
        "month_start",
        [
            *("first_payment_judged_plan_count", "first_payment_default_plan_count"),
            *("first_payment_default_rate", "is_first_payment_complete"),
            *("collection_due_installment_count", "collected_installment_count"),
            *("collection_success_rate", "is_collection_complete"),
            *("vintage_default_amount", "vintage_default_rate", "is_vintage_complete"),
            *("vintage_loss_amount", "vintage_loss_rate"),
        ],
    ),
    "credit_quality": ("month_start", ["is_last_complete_period"]),
}


def test_credit_marts_of_a_past_day(company_copy: House):
    """Charge-backs, refunds, new schedules and write-offs after the day have not happened yet."""
    company_copy.succeed("build", "--as-of", DAY, "--publish-as", "february")
    published = company_copy.settings().published_path.with_name("february.duckdb")
    with duckdb.connect(str(published), read_only=True) as february:
        for mart, (day, later) in SAME.items():
            left_out = f" exclude ({', '.join(later)})" if later else ""
            query = f"select *{left_out} from published.{mart} where {day} <= date '{DAY}'"
            rows = february.execute(query).fetchall()
            assert len(rows) > 20, mart
            assert set(rows) == set(company_copy.published_rows(query)), mart
        [(last_day,)] = february.execute(
            "select max(date_day) from published.receivables_daily"
        ).fetchall()
        assert last_day == date.fromisoformat(DAY)
        [(plans, owed)] = february.execute(
            "select count(*), sum(receivable_amount) from published.fct_payment_plans"
        ).fetchall()
    assert [(owed,)] == company_copy.published_rows(
        "select sum(receivable_amount) from published.receivables_daily "
        f"where date_day = date '{DAY}'"
    )
    assert (
        plans
        < company_copy.published_rows("select count(*) from published.fct_payment_plans")[0][0]
    )
