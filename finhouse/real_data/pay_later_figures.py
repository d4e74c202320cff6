"""What the marts of pay-later say of credit cards and loans, beside their reference figures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from finhouse.real_data.comparing import Comparison, compare, compare_table, read_reference
from finhouse.real_data.credit_cards import KEPT
from finhouse.warehouse import Warehouse

CARDS = "published.fct_payment_plans where plan_type = 'PAY_IN_30'"
LOANS = "published.fct_payment_plans where plan_type = 'PAY_OVER_TIME'"
SEPTEMBER = "month_start = date '2018-09-01'"
IN_SEPTEMBER = (
    f"published.installment_delinquency_monthly where plan_type = 'PAY_IN_30' and {SEPTEMBER}"
)
IS_LATE = "delinquency_bucket in ('60-89', '90_AND_OVER')"
# Each card owes so much more than the file says; see credit_cards.
OWED = f"(outstanding_amount - {KEPT} * active_plan_count)"
# Months past due, by the bucket of the days that stand for them; 3 is three and more.
MONTHS_LATE = (
    "case {} when 'CURRENT' then 0 when '30-59' then 1 when '60-89' then 2 "
    "when '90_AND_OVER' then 3 end"
)
# What the file calls a loan, from what the pipeline found out.
LOAN_STATUS = (
    "case when written_off_date is not null then 'Charged Off' "
    "when outstanding_amount = 0 then 'Fully Paid' when days_past_due = 0 then 'Current' "
    "when days_past_due <= 15 then 'In Grace Period' "
    "when days_past_due <= 30 then 'Late (16-30 days)' else 'Late (31-120 days)' end"
)


def credit_figures(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    """Defaults, utilisation and roll rates of the cards; balances and instalments of the loans."""
    yield from _card_facts(published, reference)
    yield from _card_tables(published, reference)
    yield from _loan_facts(published, reference)
    yield compare_table(
        "lendingclub_status.csv",
        read_reference(reference, "lendingclub_status.csv"),
        1,
        published.execute(
            f"select {LOAN_STATUS}, count(*), sum(outstanding_amount) from {LOANS} group by 1"
        ),
    )


def _card_facts(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    used = "numerator - " + f"{KEPT} * (select count(*) from {CARDS})"
    utilisation = (
        "from published.kpi_monthly where kpi_code = 'bnpl_credit_utilisation' and " + SEPTEMBER
    )
    queries = {
        "rows": f"select count(*) from {CARDS}",
        "defaults": f"select count(written_off_date) from {CARDS}",
        "sum of limits": f"select denominator {utilisation}",
        "utilisation Sep = sum greatest(BILL_AMT1, 0) / sum LIMIT_BAL": f"select ({used}) "
        f"/ cast(denominator as double) {utilisation}",
        "share of customers 2+ months late in Sep": "select cast(sum(case when "
        f"{IS_LATE} then active_plan_count end) as double) / sum(active_plan_count) "
        f"from {IN_SEPTEMBER}",
        "share of balance 2+ months late in Sep": f"select cast(sum(case when {IS_LATE} "
        f"then {OWED} end) as double) / sum({OWED}) from {IN_SEPTEMBER}",
    }
    yield from _compare_facts(published, reference, "uci_credit_facts.csv", "cards", queries)


def _card_tables(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    yield compare_table(
        "uci_credit_default_by_status.csv",
        read_reference(reference, "uci_credit_default_by_status.csv"),
        1,
        published.execute(
            "select customers.region, count(*), count(plans.written_off_date) "
            "from published.fct_payment_plans as plans "
            "inner join published.dim_bnpl_customers as customers using (customer_id) "
            "where plans.plan_type = 'PAY_IN_30' group by 1"
        ),
    )
    yield compare_table(
        "uci_credit_roll_aug_sep.csv",
        read_reference(reference, "uci_credit_roll_aug_sep.csv"),
        2,
        published.execute(
            f"select {MONTHS_LATE.format('from_bucket')}, {MONTHS_LATE.format('to_bucket')}, "
            f"sum(plan_count), sum(rolled_amount - {KEPT} * plan_count) "
            f"from published.bnpl_roll_rates where plan_type = 'PAY_IN_30' and {SEPTEMBER} "
            "and plan_count > 0 group by 1, 2"
        ),
    )


def _loan_facts(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    queries = {
        "loans": f"select count(*) from {LOANS}",
        "amount": f"select sum(principal_amount) from {LOANS}",
        "balance": f"select sum(outstanding_amount) from {LOANS}",
        "paid principal": f"select sum(principal_repaid_amount) from {LOANS}",
        "paid interest": f"select sum(interest_paid_amount) from {LOANS}",
        "instalment differs from the annuity by more than a cent": "select count(*) "
        "from published.compliance_findings where rule = 'SCHEDULE_DIFFERS_FROM_CONTRACT'",
        "balance differs from amount - paid principal by > 0.02": f"select count(*) from {LOANS} "
        "and abs(outstanding_amount - principal_amount + principal_repaid_amount) > 0.02",
    }
    yield from _compare_facts(published, reference, "lendingclub_facts.csv", "loans", queries)


def _compare_facts(
    published: Warehouse, reference: Path, name: str, about: str, queries: dict[str, str]
) -> Iterable[Comparison]:
    """Each fact of a reference file that has a query beside it."""
    for row in read_reference(reference, name):
        [(got,)] = published.execute(queries[row["fact"]])
        yield compare(f"{about} {row['fact']}", row["value"], got)
