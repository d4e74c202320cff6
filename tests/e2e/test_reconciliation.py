"""What an operator does about raw that differs, and what the marts then say."""

from __future__ import annotations

import pytest

from tests.support.house import House

pytestmark = [pytest.mark.full, pytest.mark.domains("wallet")]

SMALLEST = (
    "cast((select min(cast(transaction_id as text)) from raw_wallet.transaction_events) as uuid)"
)


def test_differences_are_named_healed_and_published(company_copy: House, target: str):
    clean = company_copy.succeed("--target", target, "reconcile")
    assert "differs" not in clean
    company_copy.execute_warehouse(
        "update raw_wallet.transactions set amount = amount + 0.01 where id in"
        f" (select id from raw_wallet.transactions where id = {SMALLEST})",
        target,
    )
    company_copy.execute_warehouse(
        "delete from raw_wallet.users where cast(id as text) ="
        " (select min(cast(id as text)) from raw_wallet.users)",
        target,
    )
    found = company_copy.run("--target", target, "reconcile", "wallet")
    assert found.returncode == 7
    assert "wallet.transactions: 1 changed" in found.stdout
    assert "wallet.users: 1 missing" in found.stdout
    assert "--heal" in found.stdout and "Traceback" not in found.stdout + found.stderr

    some = company_copy.run("--target", target, "reconcile", "wallet", "transactions", "--heal")
    assert some.returncode == 0 and "healed" in some.stdout and "wallet.users" not in some.stdout
    company_copy.succeed("--target", target, "reconcile", "--heal")
    company_copy.succeed("--target", target, "reconcile")
    [left, right] = (
        company_copy.rows("select count(*), sum(amount) from raw_wallet.transactions", target),
        company_copy.oltp_rows("select count(*), sum(amount) from wallet.transactions"),
    )
    assert left == right
    company_copy.succeed("--target", target, "dbt", "build", "--select", "+source_reconciliation")
    latest = company_copy.rows(
        "select table_name, outcome, row_count_difference from marts.source_reconciliation"
        " where is_latest and source_name = 'wallet'"
        " and table_name in ('transactions', 'users') order by table_name",
        target,
    )
    assert latest == [("transactions", "equal", 0), ("users", "equal", 0)]
    history = company_copy.rows(
        "select table_name, outcome, missing_row_count, changed_row_count"
        " from marts.source_reconciliation where outcome <> 'equal'"
        " order by table_name, outcome",
        target,
    )
    assert history == [
        ("transactions", "differs", 0, 1), ("transactions", "healed", 0, 1),
        ("users", "differs", 1, 0), ("users", "healed", 1, 0),
    ]  # fmt: skip


def test_freshness_agrees_with_dbt_source_freshness(company_copy: House, target: str):
    for table, hours in (("users", 30), ("transactions", 20)):
        company_copy.execute_warehouse(
            "update raw_operations.load_log set loaded_at ="
            f" loaded_at - interval '{hours} hours' where table_name = '{table}'",
            target,
        )
    company_copy.succeed("--target", target, "dbt", "build", "--select", "+freshness")
    late = company_copy.rows(
        "select table_name, warn_after_hours from marts.freshness where status = 'late'", target
    )
    assert [(name, int(hours)) for name, hours in late] == [("users", 26)]
    printed = company_copy.run(
        "--target", target, "dbt", "source", "freshness", "--no-use-colors"
    ).stdout
    [warning] = [line for line in printed.splitlines() if "WARN freshness" in line]
    assert "wallet.users" in warning


def test_days_are_loaded_again_by_the_command_line(company_copy: House, target: str):
    company_copy.execute_warehouse(
        "delete from raw_wallet.transactions where created_at >= timestamptz '2026-03-02 00:00Z'"
        " and created_at < timestamptz '2026-03-03 00:00Z'",
        target,
    )
    days = ("--from", "2026-03-01", "--to", "2026-03-02")
    printed = company_copy.succeed("--target", target, "load", "wallet", "transactions", *days)
    assert "window" in printed
    assert company_copy.rows(
        "select count(*) from raw_wallet.transactions", target
    ) == company_copy.oltp_rows("select count(*) from wallet.transactions")
    for arguments, words in (
        (("load", *days), "--from and --to need a source"),
        (("load", "wallet", "--from", "2026-03-01"), "only one of --from and --to"),
        (("load", "wallet", "bank_surveys", *days), "mode full"),
        (("load", "wallet", "--full-refresh", *days), "full refresh"),
    ):
        refused = company_copy.run("--target", target, *arguments)
        assert refused.returncode == 2 and words in refused.stdout
