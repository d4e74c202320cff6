"""The wallet's users, banks, errors, steps and activity: marts against plain SQL on the OLTP."""

from __future__ import annotations

import pytest

from tests.support.house import House

BANK = (
    "coalesce((select b.bank_code from wallet.bank_partnerships as b "
    "where b.bank_code = t.bank_id), 'UNASSIGNED')"
)
COMPLETED = "upper(trim(t.status)) in ('COMPLETED', 'SETTLED')"
FAILED = "upper(trim(t.status)) = 'FAILED'"


def until(house: House, column: str) -> str:
    return f"{column} < date '{house.truth()['as_of_date']}' + 1"


def assert_as_in_oltp(house: House, target: str, marts: str, oltp: str) -> list[tuple]:
    """A query on the marts gives what one on the OLTP gives: the rows, for more to be asked."""
    rows = house.published_rows(marts, target)
    assert rows == house.oltp_rows(oltp)
    return rows


def test_total_users(company: House, target: str):
    expected = company.oltp_rows(
        "select month::date, (select count(*) from wallet.users as u "
        f"where u.created_at < month + interval '1 month' and {until(company, 'u.created_at')}) "
        "from generate_series((select date_trunc('month', min(created_at)) from wallet.users), "
        f"timestamptz '{company.truth()['as_of_date']}', interval '1 month') as month order by 1"
    )
    marts = company.published_rows(
        "select month_start, total_user_count from published.wallet_monthly_metrics order by 1",
        target,
    )
    assert marts == expected
    truth = company.truth()["monthly"]
    lived = 0
    for month, total in marts:
        lived += truth[f"{month:%Y-%m}"]["new_users"]
        assert total == lived, month
    kpi = company.published_rows(
        "select month_start, value from published.kpi_monthly "
        "where kpi_code = 'wallet_total_users' order by 1",
        target,
    )
    assert [(month, int(value)) for month, value in kpi] == expected


def test_total_users_of_each_bank(company: House, target: str):
    users = (
        "select b.bank_code, count(distinct t.sender_id) from wallet.bank_partnerships as b "
        "left join wallet.transactions as t on t.bank_id = b.bank_code "
        f"and {until(company, 't.created_at')} group by 1 order by 1"
    )
    assert_as_in_oltp(
        *(company, target),
        "select bank_code, user_count from published.dim_bank_partnerships order by 1",
        users,
    )
    assert_as_in_oltp(
        *(company, target),
        "select bank_code, total_user_count from published.bank_performance_monthly "
        "where bank_code <> 'UNASSIGNED' and month_start = "
        "(select max(month_start) from published.bank_performance_monthly) order by 1",
        users,
    )


def test_active_users_of_each_bank(company: House, target: str):
    assert_as_in_oltp(
        *(company, target),
        "select bank_code, month_start, active_user_count "
        "from published.bank_performance_monthly where active_user_count > 0 order by 1, 2",
        f"select {BANK}, date_trunc('month', t.created_at)::date, count(distinct t.sender_id) "
        f"from wallet.transactions as t where {until(company, 't.created_at')} "
        "group by 1, 2 order by 1, 2",
    )


def test_errors_of_each_bank(company: House, target: str):
    marts = assert_as_in_oltp(
        *(company, target),
        "select bank_code, month_start, error_code, failed_transaction_count, failed_amount "
        "from published.bank_errors_monthly where failed_transaction_count > 0 order by 1, 2, 3",
        f"select {BANK}, date_trunc('month', t.created_at)::date, coalesce(("
        "select e.error_code from wallet.transaction_events as e "
        "where e.transaction_id = t.id and e.event_type in ('completed', 'failed') "
        "order by e.timestamp desc, e.event_id desc limit 1), 'UNKNOWN'), count(*), sum(t.amount) "
        f"from wallet.transactions as t where {FAILED} and {until(company, 't.created_at')} "
        "group by 1, 2, 3 order by 1, 2, 3",
    )
    assert len({bank for bank, *_ in marts}) > 1


def test_error_rates_are_over_all_transactions(company: House, target: str):
    """The rate of an error over a month: what a chart computes from the daily rows."""
    expected = company.oltp_rows(
        "select date_trunc('month', t.created_at)::date, "
        f"count(*) filter (where {FAILED}), count(*) "
        f"from wallet.transactions as t where {until(company, 't.created_at')} "
        "group by 1 order by 1"
    )
    marts = company.published_rows(
        "select cast(date_trunc('month', error_date) as date), sum(failed_transaction_count), "
        "sum(transaction_count) / count(distinct error_code) "
        "from published.transaction_errors_daily group by 1 order by 1",
        target,
    )
    assert [(month, int(failed), int(total)) for month, failed, total in marts] == expected


def test_steps_of_transactions(company: House, target: str):
    assert_as_in_oltp(
        *(company, target),
        "select transaction_date, step, transaction_count "
        "from published.transaction_funnel_daily where transaction_count > 0 order by 1, 2",
        "select t.created_at::date, e.event_type, count(distinct t.id) "
        "from wallet.transactions as t join wallet.transaction_events as e "
        f"on e.transaction_id = t.id where {until(company, 't.created_at')} "
        "group by 1, 2 order by 1, 2",
    )


@pytest.mark.parametrize(
    ("earlier", "step", "count", "seconds"),
    [
        ("physics_seal_captured", "submitted", "timed_transaction_count", "step_seconds_sum"),
        ("initiated", "submitted", "timed_from_start_count", "start_seconds_sum"),
        ("initiated", "completed", "timed_from_start_count", "start_seconds_sum"),
    ],
)
def test_times_between_steps(
    company: House, target: str, earlier: str, step: str, count: str, seconds: str
):
    assert_as_in_oltp(
        *(company, target),
        f"select transaction_date, {count}, {seconds} from published.transaction_funnel_daily "
        f"where step = '{step}' and {count} > 0 order by 1",
        "with reached as (select t.created_at::date as day, t.id, e.event_type, "
        "min(e.timestamp) as at from wallet.transactions as t "
        "join wallet.transaction_events as e on e.transaction_id = t.id "
        f"where {until(company, 't.created_at')} group by 1, 2, 3) "
        "select s.day, count(*), sum(extract(epoch from s.at - p.at)) from reached as s "
        f"join reached as p on p.id = s.id and p.event_type = '{earlier}' "
        f"where s.event_type = '{step}' and s.at >= p.at group by 1 order by 1",
    )


def test_activity_by_type(company: House, target: str):
    assert_as_in_oltp(
        *(company, target),
        "select activity_date, activity_type, event_count, user_count "
        "from published.activity_by_type_daily order by 1, 2",
        "select timestamp::date, activity_type, count(distinct activity_id), "
        "count(distinct user_id) from wallet.user_activity "
        f"where {until(company, 'timestamp')} group by 1, 2 order by 1, 2",
    )


def test_senders_of_top_recipients(company: House, target: str):
    as_of = company.truth()["as_of_date"]
    expected = company.oltp_rows(
        "select u.blood_hash, count(distinct t.sender_id) from wallet.transactions t "
        "join wallet.users u on t.recipient_id = u.id "
        f"where t.created_at >= date '{as_of}' - interval '29 days' "
        f"and {until(company, 't.created_at')} group by 1"
    )
    marts = company.published_rows(
        "select blood_hash, sender_count from published.top_recipients", target
    )
    assert set(marts) <= set(expected) and len(marts) == 20


def test_last_activity_of_each_user(company: House, target: str):
    assert_as_in_oltp(
        *(company, target),
        "select user_id, last_active_at, last_activity_date from published.dim_users order by 1",
        "select u.id::text, (u.last_active at time zone 'UTC')::timestamp, greatest("
        "(select max(t.created_at)::date from wallet.transactions t where t.sender_id = u.id "
        f"and {until(company, 't.created_at')}), "
        "(select max(a.timestamp)::date from wallet.user_activity a where a.user_id = u.id "
        f"and {until(company, 'a.timestamp')})) "
        f"from wallet.users u where {until(company, 'u.created_at')} order by 1",
    )


def test_statement_of_each_bank(company: House, target: str):
    """Each month's invoice from the contract and the volume; each closing carried over."""
    marts = assert_as_in_oltp(
        *(company, target),
        "select bank_code, month_start, opening_amount, fee_amount, closing_amount "
        "from published.bank_statement_monthly order by 1, 2",
        "with months as (select month::date from generate_series("
        "(select date_trunc('month', min(created_at)) from wallet.users), "
        f"timestamptz '{company.truth()['as_of_date']}', interval '1 month') as month), "
        "invoices as (select b.bank_code, m.month, case when b.contract_start_date < "
        "m.month + interval '1 month' and coalesce(b.contract_end_date, 'infinity') >= m.month "
        "then round(b.monthly_fee + b.transaction_fee_percentage * coalesce((select sum(t.amount) "
        f"from wallet.transactions t where t.bank_id = b.bank_code and {COMPLETED} "
        "and date_trunc('month', t.created_at)::date = m.month "
        f"and {until(company, 't.created_at')}), 0), 2) else 0 end as fee "
        "from wallet.bank_partnerships b cross join months m) "
        "select bank_code, month, sum(fee) over past - fee, fee, sum(fee) over past from invoices "
        "window past as (partition by bank_code order by month) order by 1, 2",
    )
    assert marts[-1][-1] > 0
    [differing] = company.published_rows(
        "select count(*) from published.bank_statement_monthly as s "
        "inner join published.bank_performance_monthly as p "
        "on s.bank_code = p.bank_code and s.month_start = p.month_start "
        "where s.fee_amount <> p.bank_fee_amount",
        target,
    )
    assert differing == (0,)
