"""What a person in charge of compliance does, and that nothing brings back what went."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from finhouse.settings import PROJECT_ROOT
from finhouse.sources.retention import POLICIES_FILE
from tests.support.house import WITHOUT_DATA_TESTS, House
from tests.support.project_copy import copy_project

pytestmark = [pytest.mark.full, pytest.mark.domains("wallet")]

# The shipped policy keeps thirteen months of use of the app: the demo company is older.
BEFORE = "\"timestamp\" < timestamptz '2025-05-31 22:00+00'"
LEFT = (
    f"select count(*) from raw_wallet.user_activity where {BEFORE} and user_id is not null"
    " and cast(user_id as text) not like '00000000-0000-8%'"
)
TOKENS = (
    "select count(*) from raw_wallet.user_activity"
    " where cast(user_id as text) like '00000000-0000-8%'"
)
REPORT = (
    "select due_row_count, held_row_count, overdue_row_count, purged_row_count, oldest_row_date"
    " from published.retention_report where table_name = 'user_activity'"
)
RESTATED = (
    "select kpi_code, cause_kind, period_grain, period_start, change_number"
    " from published.kpi_restatements"
)
FIGURES = "select kpi_code, month_start, numerator, denominator, value from published.kpi_monthly"
RETENTION = ("retention_d1", "retention_d7", "retention_d30")


def test_a_purge_is_reported_and_nothing_brings_the_rows_back(company_copy: House):
    """On Postgres; the plan on hold, below, is on DuckDB."""
    house, target = company_copy, "postgres"

    def run(*arguments: str, env: dict[str, str] = WITHOUT_DATA_TESTS) -> str:
        return house.succeed("--target", target, *arguments, env=env)

    run("build")
    [(due,)] = house.rows(LEFT, target)
    [(overdue,)] = house.rows(LEFT.replace("2025-05-31", "2025-04-30"), target)
    [(oldest,)] = house.oltp_rows("select min(timestamp)::date from wallet.user_activity")
    assert due > overdue > 0
    assert house.published_rows(REPORT, target) == [(due, 0, overdue, 0, oldest)]
    rows = house.rows("select count(*) from raw_wallet.user_activity", target)
    known = set(house.published_rows(RESTATED, target))

    said = run("purge", "--dry-run")
    assert f"{due:,}" in said and "Next: `finhouse purge --apply`" in said
    assert house.rows(LEFT, target) == [(due,)]
    assert f"{due:,}" in run("purge", "--apply")
    assert house.rows(LEFT, target) == [(0,)]
    # Until the next build readers see nobody; sums are as they were.
    assert house.published_rows("select count(*) from published.dim_users", target) == [(0,)]
    assert house.published_rows("select count(*) > 0 from published.kpi_monthly", target) == [
        (True,)
    ]
    run("build", env={})
    assert house.published_rows(REPORT, target) == [(0, 0, 0, due, oldest)]
    # What moved is named; nothing else has moved.
    restated = set(house.published_rows(RESTATED, target)) - known
    assert {cause for _, cause, *_ in restated} == {"retention"}
    # Use of the app is no sum of money: only what follows persons from month to month moves.
    assert {code for code, *_ in restated} <= {"activation_rate", "churn_rate", *RETENTION}

    tokens = house.rows(TOKENS, target)
    for command in (("day",), ("reconcile",), ("load", "wallet", "user_activity"), ("build",)):
        run(*command)
        assert house.rows(LEFT, target) == [(0,)]
        assert house.rows(TOKENS, target) == tokens
    assert house.rows("select count(*) from raw_wallet.user_activity", target) > rows
    assert "Nothing to purge" in run("purge", "--apply")
    assert "Nothing to repair" in run("doctor")


def test_purge_wants_to_be_told_which(company_copy: House):
    for options in ((), ("--dry-run", "--apply")):
        refused = company_copy.run("purge", *options)
        assert refused.returncode == 2
        assert "one of --dry-run and --apply" in refused.stdout


@pytest.mark.domains("bnpl")
def test_a_plan_on_hold_stays_when_old_payments_go(company_copy: House, tmp_path: Path):
    """Twelve months are kept instead of ten years: nothing comes back, no figure moves."""
    project = tmp_path / "project"
    copy_project(project)
    policies = project / POLICIES_FILE.relative_to(PROJECT_ROOT)
    policies.write_text(re.sub(r"^(bnpl,.*),120,", r"\1,12,", policies.read_text(), flags=re.M))
    house = replace(company_copy, project=project)
    last_day = date.fromisoformat(house.truth("bnpl")["as_of_date"])
    first_kept = last_day.replace(year=last_day.year - 1, day=1)
    old = f"created_at < timestamptz '{first_kept} 00:00 Africa/Addis_Ababa'"
    named = f"{old} and provider_reference not like '00000000-0000-8%'"
    [(plan, customer)] = house.oltp_rows(
        f"select id, customer_id from bnpl.payment_plans where {old}"
        " and lower(trim(status)) = 'completed' order by created_at, id limit 1"
    )
    # Those of the demo company, of merchants and all their orders among them.
    house.execute_oltp(
        "update bnpl.legal_holds set released_at = placed_at, updated_at = now()"
        " where released_at is null"
    )
    house.execute_oltp(
        "insert into bnpl.legal_holds (id, subject_type, subject_id, reason, authority, placed_at,"
        f" created_at, updated_at) values (gen_random_uuid(), 'plan', '{plan}', 'court order',"
        " 'Federal High Court', now(), now(), now())"
    )
    house.succeed("load", "bnpl")
    house.succeed("build", env=WITHOUT_DATA_TESTS)
    figures, known = set(house.published_rows(FIGURES)), set(house.published_rows(RESTATED))
    [(held,)] = house.oltp_rows(
        f"select count(*) from bnpl.payments where {named} and plan_id = '{plan}'"
    )
    [(left,)] = house.rows(f"select count(*) from raw_bnpl.payments where {named}")
    assert left > held > 0

    house.succeed("purge", "--apply")
    house.succeed("build", env=WITHOUT_DATA_TESTS)
    moved = {(code, month) for code, month, *_ in figures - set(house.published_rows(FIGURES))}
    restated = set(house.published_rows(RESTATED)) - known
    assert {cause for _, cause, *_ in restated} == {"retention"}
    assert moved == {(code, start) for code, _, grain, start, _ in restated if grain == "month"}
    # What looks across the horizon: limits of persons who are tokens now, shoppers who return.
    assert {code for code, _ in moved} <= {
        "bnpl_credit_utilisation",
        "bnpl_shopper_recurrence_rate",
    }
    for command in ("day", "reconcile", "build"):
        house.succeed(command, env=WITHOUT_DATA_TESTS)
        assert house.rows(
            f"select plan_id, count(*) from raw_bnpl.payments where {named} group by 1"
        ) == [(plan, held)]
        assert house.rows(
            f"select customer_id from raw_bnpl.payment_plans where id = '{plan}'"
        ) == [(customer,)]
    _let_one_return(house)


def _let_one_return(house: House) -> None:
    """Somebody who was purged orders anew, and his row at the source is as old as ever."""
    known = {key for (key,) in house.rows("select cast(id as text) from raw_bnpl.customers")}
    purged = [
        key
        for (key,) in house.oltp_rows("select id::text from bnpl.customers order by id")
        if key not in known
    ]
    assert purged
    house.execute_oltp(
        "insert into bnpl.orders (id, customer_id, merchant_id, product_id, amount, channel,"
        f" status, created_at, updated_at) select gen_random_uuid(), '{purged[0]}', merchant_id,"
        " product_id, amount, channel, 'CANCELLED', created_at, updated_at from bnpl.orders"
        " where upper(trim(status)) = 'CANCELLED' order by created_at desc limit 1"
    )
    house.succeed("load", "bnpl")
    # Its tests hold every order against its customer.
    house.succeed("build")
    held = {key for (key,) in house.rows("select cast(id as text) from raw_bnpl.customers")}
    assert held & set(purged) == {purged[0]}
    assert "equal" in house.succeed("reconcile", "bnpl", "customers")
