"""What a person in charge of compliance does, and that nothing brings back what went."""

from __future__ import annotations

import pytest

from tests.support.house import House

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
RETENTION = ("retention_d1", "retention_d7", "retention_d30")


def test_a_purge_is_reported_and_nothing_brings_the_rows_back(company_copy: House, target: str):
    house = company_copy

    def run(*arguments: str) -> str:
        return house.succeed("--target", target, *arguments)

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
    run("build")
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
