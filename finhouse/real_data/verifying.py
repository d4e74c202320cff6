"""Run the unchanged pipeline on real data and compare its marts with reference figures."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from finhouse.console import console, print_table, step
from finhouse.errors import ComparisonError, ConfigurationError
from finhouse.oltp import EmbeddedServer, oltp_url
from finhouse.pipeline import load_all
from finhouse.publish import publish
from finhouse.real_data.berka import load_berka
from finhouse.real_data.comparing import Comparison, compare, compare_table, read_reference
from finhouse.real_data.credit_cards import load_credit_cards
from finhouse.real_data.lending_club import load_lending_club
from finhouse.real_data.online_retail import load_online_retail
from finhouse.real_data.online_retail_demand import inventory_figures
from finhouse.real_data.online_retail_figures import commerce_figures
from finhouse.real_data.pay_later_figures import credit_figures
from finhouse.settings import Settings
from finhouse.transform import build_marts
from finhouse.warehouse import Warehouse, connect, connect_published
from finhouse.yaml_text import parse_yaml

# A loan's state in the words of Berka, from what the pipeline found out.
BERKA_STATUS = (
    "case when ageing_bucket = 'PAID_OFF' then 'A' "
    "when maturity_date <= date '1998-12-31' then 'B' "
    "when days_past_due = 0 then 'C' else 'D' end"
)
IS_BAD = f"case when {BERKA_STATUS} in ('B', 'D') then 1 else 0 end"
MONTH = "substr(cast({} as varchar), 1, 7)"


def verify_real(settings: Settings) -> list[Comparison]:
    """Load real data into a house of its own, run the job, compare, and print the table.

    The house lies in ``<home>/verify-real`` and is recreated each time; no other data is touched.

    Args:
        settings: whose target is verified; its ``real_data`` holds berka/, lending/,
            merchant_activity/, online_retail/ and reference/.

    Raises:
        ConfigurationError: the folder is not there.
        ComparisonError: a figure differs from its reference.
    """
    data = settings.real_data
    if not (data / "reference").is_dir():
        raise ConfigurationError(
            f"no real data in {data}", "set FINHOUSE_REAL_DATA to the folder that holds reference/"
        )
    home = settings.home / "verify-real"
    house = settings.apart(home)
    server = EmbeddedServer(house.oltp_home)
    server.stop()
    shutil.rmtree(home, ignore_errors=True)
    try:
        comparisons = _run(house, data)
    finally:
        server.stop()
    _print(comparisons)
    different = [comparison.name for comparison in comparisons if not comparison.is_equal]
    if different:
        raise ComparisonError(
            f"{len(different)} of {len(comparisons)} figures differ: {', '.join(different)}",
            "the reference is computed from the same files by other means: fix the models",
        )
    return comparisons


def _run(house: Settings, data: Path) -> list[Comparison]:
    with step("Real data into a house of its own"):
        url = oltp_url(house)
        console.print(f"  Berka: {load_berka(url, data / 'berka'):,} rows into the OLTP")
        retail = load_online_retail(url, data / "online_retail")
        console.print(f"  Online Retail: {retail:,} rows into the OLTP")
        cards = load_credit_cards(url, data / "lending")
        console.print(f"  Credit cards: {cards:,} rows into the OLTP")
        loans = load_lending_club(url, data / "lending")
        console.print(f"  LendingClub: {loans:,} rows into the OLTP")
        landing = house.landing / "merchant_activity"
        landing.mkdir(parents=True)
        for file in sorted((data / "merchant_activity").glob("*.csv")):
            shutil.copy(file, landing)
    with step(f"Extract-load into {house.target}"):
        load_all(house)
    with step("dbt build: models and data tests"):
        build_marts(house, variables=_variables(house))
    with step("Publish"), connect(house) as warehouse:
        publish(house, warehouse)
    with connect_published(house) as published:
        return [
            *_berka_facts(published, data / "reference"),
            *_berka_tables(published, data / "reference"),
            *_merchant_results(published, data / "reference"),
            *commerce_figures(published, data / "reference"),
            *inventory_figures(published, data / "online_retail", data / "reference"),
            *credit_figures(published, data / "reference"),
        ]


def _variables(house: Settings) -> dict[str, object]:
    """What foreign companies set in dbt_project.yml: currency, time zone."""
    project = parse_yaml((house.dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    domains = project["vars"]["domains"]
    domains["microfinance"] |= {"currency": "CZK", "time_zone": "Europe/Prague"}
    for domain in ("commerce", "inventory"):
        domains[domain] |= {"currency": "GBP", "time_zone": "Europe/London"}
    domains["bnpl"] |= {"currency": "USD", "time_zone": "America/New_York"}
    return {"domains": domains}


def _berka_facts(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    facts = {row["fact"]: row["value"] for row in read_reference(reference, "berka_facts.csv")}
    queries = {
        "client": "select count(*) from published.dim_customers",
        "client_gender_M": "select count(*) from published.dim_customers where gender = 'M'",
        "client_gender_F": "select count(*) from published.dim_customers where gender = 'F'",
        "account": "select max(account_count) from published.financial_health_monthly",
        "loans": "select count(*) from published.dim_loans",
        "loan_amount": "select sum(disbursed_amount) from published.dim_loans",
        "bad_loans_BD": f"select sum({IS_BAD}) from published.dim_loans",
        "bad_rate_count": f"select 1.0 * sum({IS_BAD}) / count(*) from published.dim_loans",
        "bad_rate_amount": f"select sum(disbursed_amount * {IS_BAD}) / sum(disbursed_amount) "
        "from published.dim_loans",
        "default_rate_finished_B/(A+B)": f"select 1.0 * sum({IS_BAD}) / count(*) "
        f"from published.dim_loans where {BERKA_STATUS} in ('A', 'B')",
        "in_debt_rate_running_D/(C+D)": f"select 1.0 * sum({IS_BAD}) / count(*) "
        f"from published.dim_loans where {BERKA_STATUS} in ('C', 'D')",
        "min_date": "select cast(min(disbursed_date) as varchar) from published.dim_loans",
        "max_date": "select cast(max(disbursed_date) as varchar) from published.dim_loans",
        "trans_complete_to_1994-03-30": "select sum(transaction_count) "
        "from published.financial_health_monthly",
        "signed_sum_total": "select deposit_amount from published.financial_health_monthly "
        "order by month_start desc limit 1",
        # The accounts whose balance is the sum of their rows: those that are no difference.
        "accounts_whose_ledger_sum_equals_a_last_day_balance": "select "
        f"{facts['accounts_tested']} - count(*) from published.ledger_differences",
    }
    for fact, query in queries.items():
        [(got,)] = published.execute(query)
        yield compare(f"berka {fact}", facts[fact], got)
    # Amounts and balances are rounded to 0.10 in the file, so a sum of rows may be off by a little.
    [(largest,)] = published.execute(
        "select max(abs(difference_amount)) from published.ledger_differences"
    )
    within = "within 1.00"
    yield Comparison(
        "berka largest ledger difference", within, within if largest <= 1 else f"{largest}"
    )


def _berka_tables(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    tables: dict[str, tuple[int, str]] = {
        "berka_loans_by_status.csv": (
            1,
            f"select {BERKA_STATUS}, count(*), sum(disbursed_amount), avg(disbursed_amount), "
            "avg(repayment_months), sum(disbursed_amount / repayment_months), "
            "1.0 * count(*) / (select count(*) from published.dim_loans), "
            "sum(disbursed_amount) / (select sum(disbursed_amount) from published.dim_loans) "
            "from published.dim_loans group by 1",
        ),
        "berka_loans_by_duration_status.csv": (
            2,
            f"select repayment_months, {BERKA_STATUS}, count(*), sum(disbursed_amount) "
            "from published.dim_loans group by 1, 2",
        ),
        "berka_loans_by_region.csv": (
            1,
            f"select region, count(*), sum(disbursed_amount), sum({IS_BAD}) "
            "from published.dim_loans group by 1",
        ),
        "berka_disbursement_by_year.csv": (
            1,
            "select cast(extract(year from disbursed_date) as integer), count(*), "
            f"sum(disbursed_amount), sum({IS_BAD}) from published.dim_loans group by 1",
        ),
        "berka_disbursement_by_month.csv": (
            1,
            f"select {MONTH.format('month_start')}, sum(loan_count), sum(disbursed_amount) "
            "from published.loan_disbursement_trends group by 1 having sum(loan_count) > 0",
        ),
        "berka_accounts_opened.csv": (
            1,
            f"select {MONTH.format('month_start')}, opened_account_count, account_count "
            "from published.financial_health_monthly where opened_account_count > 0",
        ),
        "berka_monthly_activity.csv": (
            1,
            f"select {MONTH.format('month_start')}, active_account_count, transaction_count, "
            "credit_amount + debit_amount, customer_active_account_count, credit_amount, "
            "debit_amount, credit_amount - debit_amount "
            "from published.financial_health_monthly where transaction_count > 0",
        ),
    }
    for name, (keys, query) in tables.items():
        yield compare_table(name, read_reference(reference, name), keys, published.execute(query))


def _merchant_results(published: Warehouse, reference: Path) -> Iterable[Comparison]:
    expected = {
        (row["kpi"], row["key"]): row["value"]
        for row in read_reference(reference, "merchant_activity_3days.csv")
    }
    queries = {
        "top_merchant": "select merchant_id, total_amount from published.top_merchant "
        "where merchant_rank <= 3",
        "monthly_active_merchants": f"select {MONTH.format('month_start')}, active_merchant_count "
        "from published.monthly_active_merchants where month_start = date '2024-01-01'",
        "product_adoption": "select product, merchant_count from published.product_adoption",
        "kyc_funnel": "select stage, merchant_count from published.kyc_funnel",
        "failed_count": "select product, failed_count from published.failure_rates",
        "success_count": "select product, success_count from published.failure_rates",
        "failure_rate_pct": "select product, failure_rate * 100 from published.failure_rates",
        "rows": "select 'rows', count(*) from published.fct_activities union all "
        "select reason, sum(rejection_count) from published.activity_rejections group by reason",
    }
    for kpi, query in queries.items():
        got = dict(published.execute(query))
        for (name, key), value in expected.items():
            if name == kpi:
                yield compare(f"merchants {kpi} {key}", value, got.get(key))


def _print(comparisons: list[Comparison]) -> None:
    print_table(
        "Real data: expected and got",
        ["figure", "expected", "got", ""],
        [(c.name, c.expected, c.got, "equal" if c.is_equal else "DIFFERENT") for c in comparisons],
        numeric=("expected", "got"),
    )
    equal = sum(comparison.is_equal for comparison in comparisons)
    console.print(f"{equal} of {len(comparisons)} figures equal their reference.")
