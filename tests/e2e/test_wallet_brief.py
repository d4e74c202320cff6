"""The metric queries of the wallet's brief, run on the OLTP, against the marts.

The brief is what the wallet's business asked for: its SQL is repeated here with its own aliases.
The session runs in the business time zone, and each query is bounded by the as-of day of the marts.
The runtime writes SETTLED for COMPLETED and mixes cases, which the brief's `status = 'COMPLETED'`
does not expect: the test normalises exactly that.
"""

from __future__ import annotations

from decimal import Decimal

from tests.support.house import House

COMPLETED = "upper(trim(status)) in ('COMPLETED', 'SETTLED')"


def until(house: House, column: str = "created_at") -> str:
    return f"{column} < date '{house.truth()['as_of_date']}' + 1"


def test_daily_active_users(company: House, target: str):
    expected = company.oltp_rows(
        "select date(created_at) as date, count(distinct sender_id) as dau "
        f"from wallet.transactions where {until(company)} group by date(created_at) order by date"
    )
    marts = company.published_rows(
        "select date, active_users from published.daily_metrics where active_users > 0 "
        "order by date",
        target,
    )
    assert marts == expected


def test_monthly_recurring_revenue(company: House, target: str):
    expected = company.oltp_rows(
        "select date_trunc('month', created_at)::date as month, count(*) * 0.10 as revenue "
        f"from wallet.transactions where {COMPLETED} and {until(company)} group by 1 order by 1"
    )
    marts = company.published_rows(
        "select month_start, mrr from published.wallet_monthly_metrics where mrr > 0 order by 1",
        target,
    )
    assert marts == expected


def test_monthly_active_users_and_volume(company: House, target: str):
    expected = company.oltp_rows(
        "select date_trunc('month', created_at)::date, count(distinct sender_id), "
        f"coalesce(sum(amount) filter (where {COMPLETED}), 0) "
        f"from wallet.transactions where {until(company)} group by 1 order by 1"
    )
    marts = company.published_rows(
        "select month_start, mau, monthly_transaction_volume "
        "from published.wallet_monthly_metrics where mau > 0 order by 1",
        target,
    )
    assert marts == expected


def test_user_retention_cohort(company: House, target: str):
    """The brief reads its own user_cohorts table; here that table is rebuilt from the OLTP."""
    as_of = company.truth()["as_of_date"]
    months = ", ".join(
        f"case when cohort_month + interval '{n} month' <= date '{as_of}' then ("
        "select count(*) from wallet.transactions as t where t.sender_id = cohorts.user_id "
        f"and date_trunc('month', t.created_at) = cohort_month + interval '{n} month' "
        f"and t.created_at < date '{as_of}' + 1) end as transactions_month_{n}"
        for n in range(4)
    )
    query = (
        "select cohort_month, count(distinct user_id) as cohort_size, "
        "avg(transactions_month_0) as month_0_avg, avg(transactions_month_1) as month_1_avg, "
        "avg(transactions_month_2) as month_2_avg, avg(transactions_month_3) as month_3_avg "
        "from {} group by cohort_month order by cohort_month desc"
    )
    expected = company.oltp_rows(
        "with cohorts as (select id as user_id, "
        "date_trunc('month', created_at)::date as cohort_month "
        f"from wallet.users where {until(company)}), "
        f"user_cohorts as (select user_id, cohort_month, {months} from cohorts) "
        + query.format("user_cohorts")
    )
    marts = company.published_rows(query.format("published.user_cohorts"), target)
    assert len(marts) == len(expected) >= 18
    for ours, theirs in zip(marts, expected, strict=True):
        assert ours[:2] == theirs[:2]
        for average, wanted in zip(ours[2:], theirs[2:], strict=True):
            if wanted is None:
                assert average is None
            else:
                # Averages of integers: doubles on DuckDB, numerics on Postgres.
                assert abs(Decimal(average) - wanted) < Decimal("1e-9")


def test_top_recipients(company: House, target: str):
    as_of = company.truth()["as_of_date"]
    expected = company.oltp_rows(
        "select u.blood_hash, count(*) as transaction_count, sum(t.amount) as total_volume "
        "from wallet.transactions t join wallet.users u on t.recipient_id = u.id "
        f"where t.created_at >= date '{as_of}' - interval '29 days' "
        f"and {until(company, 't.created_at')} group by u.blood_hash "
        "order by transaction_count desc, total_volume desc, u.blood_hash limit 20"
    )
    marts = company.published_rows(
        "select blood_hash, transaction_count, total_volume from published.top_recipients "
        "order by recipient_rank",
        target,
    )
    assert len(marts) == 20
    assert marts == expected


def test_lifetime_value_per_user(company: House, target: str):
    """The brief's Python, line by line, for every user."""
    expected = {}
    completed = COMPLETED.replace("status", "t.status")
    for user, total, first, last in company.oltp_rows(
        "select u.id, count(t.id), min(t.created_at), max(t.created_at) from wallet.users u "
        f"left join wallet.transactions t on t.sender_id = u.id and {completed} "
        f"and {until(company, 't.created_at')} where {until(company, 'u.created_at')} group by u.id"
    ):
        if total == 0:
            expected[str(user)] = Decimal(0)
            continue
        days_active = (last - first).days
        months_active = max(days_active / 30, 1)
        monthly_revenue = (total * 0.10) / months_active
        expected[str(user)] = Decimal(monthly_revenue * 25)
    marts = dict(company.published_rows("select user_id, ltv from published.user_ltv", target))
    assert marts.keys() == expected.keys()
    # Half a unit of the mart's eighth decimal.
    wrong = {
        user: (marts[user], value)
        for user, value in expected.items()
        if abs(marts[user] - value) > Decimal("6e-9")
    }
    assert not wrong
