"""A house over time: built twice, a day older, killed, broken, rolled back to a past day."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from finhouse.domains import declared_domains
from tests.support.api_server import serving
from tests.support.house import TARGETS, WITHOUT_DATA_TESTS, House

RAW = [f"raw_{domain}" for domain in declared_domains()]
BUILT = [*RAW, "marts"]
# When tables were last checked, and when the build was made: each build records it again.
OF_THE_RUN = ("freshness", "data_recency")
# `make test-increments` runs thirty, on both engines.
INCREMENTS = int(os.environ.get("FINHOUSE_TEST_INCREMENTS", "1"))


def lasting(by_table: dict[str, Any]) -> dict[str, Any]:
    """All tables but those about the run itself."""
    return {
        name: value for name, value in by_table.items() if name.split(".")[-1] not in OF_THE_RUN
    }


def assert_a_build_without_news_changes_nothing(house: House, target: str = "duckdb") -> None:
    before = lasting(house.fingerprints(BUILT, target))
    published = lasting(house.published_fingerprints(target))
    reports = house.rows("select count(*) from raw_operations.reported_kpis", target)
    printed = house.succeed("--target", target, "build", env=WITHOUT_DATA_TESTS)
    assert "Moved 0 new, 0 changed and 0 deleted rows" in printed
    assert lasting(house.fingerprints(BUILT, target)) == before
    assert lasting(house.published_fingerprints(target)) == published
    assert house.rows("select count(*) from raw_operations.reported_kpis", target) == reports


@pytest.mark.full
@pytest.mark.parametrize("target", TARGETS if INCREMENTS > 1 else TARGETS[:1])
def test_incremental_days_equal_a_full_refresh(company_copy: House, target: str):
    started = company_copy.truth()["as_of_date"]
    for days in (*["1"] * (INCREMENTS - 1), "2"):
        company_copy.succeed("--target", target, "day", "--days", days, env=WITHOUT_DATA_TESTS)
    as_of = company_copy.truth()["as_of_date"]
    assert (date.fromisoformat(as_of) - date.fromisoformat(started)).days == INCREMENTS + 1
    incremental = lasting(company_copy.published_fingerprints(target))
    company_copy.succeed("--target", target, "build", "--full-refresh", env=WITHOUT_DATA_TESTS)
    refreshed = lasting(company_copy.published_fingerprints(target))
    # What became of values already reported is history, which a full refresh keeps, causes and all.
    assert refreshed == incremental
    for table in ("wallet.transactions", "microfinance.transactions", "microfinance.payments"):
        raw_rows = company_copy.rows(f"select count(*) from raw_{table}", target)
        assert raw_rows == company_copy.oltp_rows(f"select count(*) from {table}"), table
    assert (
        max(
            day
            for (day,) in company_copy.published_rows(
                "select date from published.daily_metrics", target
            )
        ).isoformat()
        == as_of
    )


def restated(house: House, target: str, kpi: str) -> list[tuple]:
    """What is told of March's value of a KPI."""
    return house.published_rows(
        "select old_value, new_value, value_change, cause_kind, cause_batches "
        f"from published.kpi_restatements where kpi_code = '{kpi}' "
        "and period_start = date '2026-03-01'",
        target,
    )


@pytest.mark.full
@pytest.mark.domains("wallet", "microfinance")
def test_late_data_restates_what_was_reported(company_copy: House):
    """An old amount is corrected, an old repayment recorded: old, new and cause are kept.

    On Postgres, and with a second build after it: DuckDB's follows what was killed.
    """
    target = "postgres"
    [(transaction,)] = company_copy.oltp_rows(
        "select id from wallet.transactions "
        "where status = 'COMPLETED' and created_at >= '2026-03-10' and created_at < '2026-03-11' "
        "order by id limit 1"
    )
    [(loan,)] = company_copy.published_rows(
        "select loan_id from published.loan_status_monthly where month_start = date '2026-03-01' "
        "and is_active and outstanding_amount > 1000 order by loan_id limit 1",
        target,
    )
    company_copy.execute_oltp(
        f"update wallet.transactions set amount = amount + 1000 where id = '{transaction}'"
    )
    company_copy.execute_oltp(
        "insert into microfinance.loan_repayments (loan_id, payment_date, amount, principal_paid) "
        f"values ('{loan}', '2026-03-31', 1.00, 1.00)"
    )
    company_copy.succeed("--target", target, "build", env=WITHOUT_DATA_TESTS)
    [(old, new, change, cause, batches)] = restated(
        company_copy, target, "monthly_transaction_volume"
    )
    assert (new - old, change, cause) == (1000, 1000, "late_data")
    [batch] = json.loads(batches)
    assert company_copy.rows(
        f"select _batch_id from raw_wallet.transactions where id = '{transaction}'", target
    ) == [(batch,)]
    [(old, new, change, cause, _)] = restated(company_copy, target, "gross_loan_portfolio")
    assert (new - old, change, cause) == (-1, -1, "late_data")
    explained = company_copy.succeed(
        "--target", target, "explain", "monthly_transaction_volume", "2026-03"
    )
    assert "rows that came or changed later" in explained
    assert re.search(rf"{batch} +wallet\.transactions +0 +1 +0", explained)
    assert_a_build_without_news_changes_nothing(company_copy, target)
    # Asked last: what is read is news for access_log_daily.
    with serving(company_copy, target) as api:
        told = api.get("/kpis/monthly_transaction_volume/values/2026-03/history")
        [changed] = told["changes"]
        assert (changed["value_change"], changed["cause_batches"]) == ("1000.00000000", [batch])
        assert changed["new_value"] == told["current"]["value"] != changed["old_value"]
        assert changed in api.everything("/restatements", domain="wallet", limit=1)


@pytest.mark.full
@pytest.mark.domains("wallet")
def test_failing_build_publishes_nothing(company_copy: House):
    published = company_copy.published_fingerprints()
    company_copy.execute_warehouse(
        "update raw_wallet.transactions set status = 'INVENTED' where id = "
        "(select cast(min(cast(id as text)) as uuid) from raw_wallet.transactions)"
    )
    company_copy.execute_warehouse(
        "update raw_wallet.users set blood_hash = null, created_at = null where id = "
        "(select cast(max(cast(id as text)) as uuid) from raw_wallet.users)"
    )
    result = company_copy.run("build")
    assert result.returncode == 5
    assert "nothing was published" in result.stdout
    # One test judges all rules of a row: its message names the model and each rule that is broken.
    message = " ".join(result.stdout.split())
    assert "COMPLETED, FAILED, REVERSED, and not INVENTED;" in message
    assert "test.row_rules_stg_wallet__users: on model stg_wallet__users:" in message
    assert "blood_hash is not null; signed_up_at is not null; signup_date is not null;" in message
    by_hand = company_copy.run("publish")
    assert by_hand.returncode == 5
    assert "test.row_rules_stg_wallet__users: on model stg_wallet__users" in by_hand.stdout
    assert company_copy.published_fingerprints() == published


@pytest.mark.full
@pytest.mark.domains("wallet")
def test_killed_build_heals(company_copy: House):
    """kill -9 at several moments of a build, dbt included; then one build sets all right.

    And a second one changes nothing.
    """
    company_copy.succeed("demo", "--advance", "2")
    for seconds in (2.0, 5.0, 9.0):
        company_copy.kill_during("build", moment=lambda lived, end=seconds: lived > end)
        assert company_copy.published_rows("select count(*) from published.kpi_scorecard")
    company_copy.succeed("build")
    for table in ("users", "transactions", "user_activity"):
        key = "activity_id" if table == "user_activity" else "id"
        assert company_copy.rows(
            f"select count(*), count(distinct {key}) from raw_wallet.{table}"
        ) == company_copy.oltp_rows(f"select count(*), count(*) from wallet.{table}")
    assert [(company_copy.truth()["as_of_date"],)] == [
        (day.isoformat(),)
        for (day,) in company_copy.published_rows("select max(date) from published.daily_metrics")
    ]
    assert_a_build_without_news_changes_nothing(company_copy)


@pytest.mark.full
@pytest.mark.domains("wallet", "microfinance")
def test_run_for_a_past_day_gives_what_today_says_of_that_day(company_copy: House):
    """Point in time: flows up to the day, and the loan book as it stood at that month's end."""
    daily = (
        "select date, total_transactions, new_users, active_users, churned_users "
        "from published.daily_metrics where date <= date '2026-02-28' order by date"
    )
    portfolio = (
        "select loan_id, outstanding_amount, days_past_due, ageing_bucket, provision_amount "
        "from published.loan_status_monthly where snapshot_date = date '2026-02-28' "
        "order by loan_id"
    )
    newest = (
        "select (select max(date) from published.daily_metrics), "
        "(select max(snapshot_date) from published.loan_status_monthly)"
    )
    readers, built = company_copy.settings().published_path, ["staging", "intermediate", "marts"]
    today = [company_copy.published_rows(query) for query in (daily, portfolio)]
    assert all(len(rows) > 100 for rows in today)
    before = readers.read_bytes(), company_copy.fingerprints(built)
    aside = "select schema_name from information_schema.schemata where schema_name like 'aside%'"
    # The day before the first, and the one after the last.
    for day in ("2024-12-31", "2026-07-01"):
        refused = company_copy.run("build", "--as-of", day, "--publish-as", "february")
        assert refused.returncode == 2, refused.stdout
        assert "wallet: 2025-01-01 to 2026-06-30" in refused.stdout
        assert company_copy.rows(aside) == []
    assert not readers.with_name("february.duckdb").exists()
    printed = company_copy.succeed("build", "--as-of", "2026-02-28", "--publish-as", "february")
    assert "speaks for wallet: 2025-01-01 to 2026-02-28" in printed
    assert "KPI scorecard: Wallet" in printed and "2026-02 " in printed
    with duckdb.connect(str(readers.with_name("february.duckdb")), read_only=True) as february:
        assert [february.execute(query).fetchall() for query in (daily, portfolio)] == today
        assert february.execute(newest).fetchall() == [(date(2026, 2, 28), date(2026, 2, 28))]
    # What readers see and what it was built from are as they were; the rest is gone.
    assert (readers.read_bytes(), company_copy.fingerprints(built)) == before
    assert company_copy.rows(aside) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "give both"),
        ("finhouse", "no name of a publication aside"),
        ("../february", "no name of a publication aside"),
    ],
)
def test_past_day_needs_a_name_of_its_own(company: House, name: str, said: str):
    as_name = ["--publish-as", name] if name else []
    result = company.run("build", "--as-of", "2026-02-28", *as_name)
    assert result.returncode == 2 and said in result.stdout, result.stdout


@dataclass(frozen=True)
class Terms:
    """What a snapshot keeps of a table of the OLTP, and one term of it, in both places.

    Attributes:
        first_day: SQL for the day on which the first version begins.
        changed_at: when the source last changed the row.
        change: by what the term is raised.
    """

    snapshot: str
    key: str
    term: str
    table: str
    source_key: str
    source_term: str
    first_day: str
    changed_at: str
    time_zone: str
    change: Decimal

    def history(self, schema: str, key: str) -> str:
        return (
            f"select version_number, valid_from_date, valid_to_date, {self.term}, is_current "
            f"from {schema}.{self.snapshot}_history where {self.key} = '{key}' "
            "order by version_number"
        )


TERMS = (
    Terms(
        *("bank_terms", "bank_code", "monthly_fee_amount"),
        *("wallet.bank_partnerships", "bank_code", "monthly_fee"),
        first_day="contract_start_date",
        changed_at="updated_at",
        time_zone="Africa/Johannesburg",
        change=Decimal(1000),
    ),
    Terms(
        *("loan_product_terms", "loan_product", "interest_rate"),
        *("microfinance.loan_products", "code", "interest_rate"),
        first_day="cast(date_updated at time zone 'Africa/Nairobi' as date)",
        changed_at="date_updated",
        time_zone="Africa/Nairobi",
        change=Decimal("0.0150"),
    ),
    Terms(
        *("merchant_terms", "merchant_id", "commission_rate"),
        *("bnpl.merchants", "cast(id as text)", "commission_rate"),
        first_day="cast(updated_at at time zone 'Africa/Addis_Ababa' as date)",
        changed_at="updated_at",
        time_zone="Africa/Addis_Ababa",
        change=Decimal("0.0050"),
    ),
)


@pytest.mark.full
@pytest.mark.domains("wallet", "microfinance", "bnpl")
def test_terms_are_kept_when_the_source_changes_them(company_copy: House, target: str):
    """A build keeps what the source has forgotten; that of a past day reads the same history."""
    on = ("--target", target)
    before, after, keys = {}, {}, {}
    for terms in TERMS:
        [(key, start, value)] = company_copy.oltp_rows(
            f"select {terms.source_key}, {terms.first_day}, {terms.source_term} "
            f"from {terms.table} where {terms.first_day} < date '2026-01-01' order by 1 limit 1"
        )
        company_copy.execute_oltp(
            f"update {terms.table} set {terms.source_term} = {value + terms.change}, "
            f"{terms.changed_at} = timestamptz '2026-06-10 00:00 {terms.time_zone}' "
            f"where {terms.source_key} = '{key}'"
        )
        keys[terms] = key
        before[terms] = [(1, start, None, value, True)]
        after[terms] = [
            (1, start, date(2026, 6, 9), value, False),
            (2, date(2026, 6, 10), None, value + terms.change, True),
        ]

    def told(some: Sequence[Terms] = TERMS, schema: str = "marts") -> dict[Terms, list[tuple]]:
        return {
            terms: company_copy.rows(terms.history(schema, keys[terms]), target) for terms in some
        }

    def rebuild() -> None:
        """No more than the histories and what they are made of."""
        company_copy.succeed(*on, "load")
        histories = [f"+{terms.snapshot}_history" for terms in TERMS]
        company_copy.succeed(
            *(*on, "dbt", "build", "--quiet", "--select", *histories), env=WITHOUT_DATA_TESTS
        )

    assert told() == before
    rebuild()
    assert told() == after
    # A build of a past day on DuckDB is another test's; histories are the same SQL on both, and
    # those of one business are read as those of all are.
    if target == "postgres":
        wallet = replace(company_copy, domains="wallet")
        wallet.succeed(
            *on, "build", "--as-of", "2026-05-31", "--publish-as", "may", env=WITHOUT_DATA_TESTS
        )
        assert told(TERMS[:1], "published_may") == {TERMS[0]: before[TERMS[0]]}
    rebuild()
    assert told() == after
    for terms, key in keys.items():
        kept = f"select count(*) from snapshots.{terms.snapshot} where {terms.key} = '{key}'"
        assert company_copy.rows(kept, target) == [(2,)], terms.snapshot


@pytest.mark.full
@pytest.mark.domains("wallet")
def test_freshness_tells_the_one_table_nobody_looked_at(company_copy: House):
    fresh = company_copy.run("dbt", "source", "freshness", "--no-use-colors")
    assert fresh.returncode == 0, fresh.stdout
    company_copy.execute_warehouse(
        "update raw_operations.load_log set loaded_at = loaded_at - interval '3 days' "
        "where table_name = 'fraud_cases'"
    )
    stale = company_copy.run("dbt", "source", "freshness", "--no-use-colors")
    assert stale.returncode == 1
    errors = [line for line in stale.stdout.splitlines() if "ERROR STALE" in line]
    assert len(errors) == 1 and "wallet.fraud_cases" in errors[0]


@pytest.mark.full
def test_own_oltp_is_only_read(company: House, tmp_path):
    """OLTP_URL with a role that may only select: all is loaded, nothing is invented."""
    company.execute_oltp(
        "drop role if exists reader; create role reader login password 'read-only'; "
        "grant usage on schema wallet to reader; "
        "grant select on all tables in schema wallet to reader"
    )
    server = company.server.url("oltp").split("@")[1]
    own = {
        "OLTP_URL": f"postgresql://reader:read-only@{server}",
        # Where the monitors are kept: without it, in an embedded server.
        "PULSE_URL": company.server.url("oltp"),
    }
    house = House(tmp_path / "own", "wallet,merchant_activity")
    try:
        printed = house.succeed("build", env=own | WITHOUT_DATA_TESTS)
    finally:
        company.execute_oltp("drop owned by reader; drop role reader")
    assert "Demo company" not in printed
    assert "merchant activity: no data" in printed
    for mart in ("daily_metrics", "user_ltv", "bank_performance_monthly", "dim_users"):
        query = f"select * from published.{mart}"
        assert set(house.published_rows(query)) == set(company.published_rows(query))
    assert house.run("day", env=own).returncode == 2
    assert not house.settings().oltp_home.exists()


@pytest.mark.full
def test_businesses_without_rows_have_empty_marts(company_copy: House):
    """An OLTP whose schemas are there and empty, beside files that are not."""
    tables = ", ".join(
        f"{schema}.{table}"
        for schema, table in company_copy.oltp_rows(
            "select schemaname, tablename from pg_tables "
            "where schemaname in ('wallet', 'microfinance', 'commerce', 'bnpl')"
        )
    )
    # Without triggers: the audit log of bnpl refuses to be emptied, and raw keeps its events.
    company_copy.execute_oltp(f"set session_replication_role = replica; truncate {tables}")
    company_copy.succeed("build")
    for mart in ("dim_users", "dim_loans", "fct_payment_plans"):
        assert company_copy.published_rows(f"select count(*) from published.{mart}") == [(0,)]
    assert company_copy.published_rows("select count(*) from published.fct_activities")[0][0] > 100


@pytest.mark.parametrize(
    "arguments, environment, code, words",
    [
        (("--target", "oracle", "build"), {}, 2, ["oracle", "duckdb"]),
        (("load", "nosuchsource"), {}, 2, ["nosuchsource", "wallet"]),
        (("explain", "nosuchkpi", "2026-03"), {}, 2, ["nosuchkpi", "kpi_catalogue"]),
        (("explain", "mau", "2026-13"), {}, 2, ["2026-13", "2026-06-30"]),
        (("explain", "mau", "1999-01"), {}, 2, ["1999-01", "kpi_monthly"]),
        (
            ("load", "wallet"),
            {"OLTP_URL": "postgresql://nobody:nothing@127.0.0.1:1/oltp"},
            3,
            ["127.0.0.1", "OLTP_URL"],
        ),
        (("build", "--as-of", "yesterday"), {}, 2, ["yesterday", "%Y-%m-%d"]),
    ],
)
def test_bad_input_is_a_clear_error(company: House, arguments, environment, code, words):
    result = company.run(*arguments, env=environment)
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    for word in words:
        assert word in result.stdout + result.stderr


def test_wrong_oltp_password_is_a_clear_error(company: House):
    url = company.server.url("oltp")
    user, rest = url.removeprefix("postgresql://").split(":", 1)
    wrong = f"postgresql://{user}:wrong@{rest.split('@', 1)[1]}"
    result = company.run("load", "wallet", env={"OLTP_URL": wrong})
    assert result.returncode == 3
    assert "password" in result.stdout and "wrong@" not in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_home_that_cannot_be_written_is_a_clear_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    result = House(blocked / "home").run("build")
    assert result.returncode == 2
    assert str(blocked / "home") in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
