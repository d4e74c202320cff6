"""What a change moves, on real builds of a clone of this project: one input, one base for all."""

from __future__ import annotations

import pytest

from finhouse.gate.report import MARKER
from tests.gate.conftest import Clone
from tests.support.house import House
from tests.support.marks import Search

pytestmark = pytest.mark.full

REGISTRY = "dbt_project/macros/kpi/wallet_kpis.sql"
REFERRALS = "dbt_project/models/marts/wallet/referral_monthly"
PARTNERSHIPS = "dbt_project/models/marts/wallet/dim_bank_partnerships"
# Transactions per user counts completed transactions alone.
NEW_FORMULA = (
    "'numerator': 'transaction_count', 'denominator': 'mau'",
    "'numerator': 'completed_transaction_count', 'denominator': 'mau'",
)


def test_what_is_no_change_of_dbt_moves_nothing(clone: Clone):
    clone.edit("README.md", "# finhouse", "# finhouse!")
    result = clone.gate("moves")
    assert result.returncode == 0, result.stdout + result.stderr
    assert clone.report.startswith(MARKER)
    assert "No difference." in clone.report
    # The input is frozen source rows; what is made of it, the report among it, shows nobody.
    assert Search().in_file(clone.home / "gate" / "moves.md") == []
    assert Search().in_rows([(result.stdout + result.stderr,)]) == []


def test_a_kpi_and_a_contract_that_change_are_told_and_must_be_declared(clone: Clone):
    clone.edit(REGISTRY, *NEW_FORMULA)
    clone.edit(f"{REFERRALS}.sql", "        months.mau,\n", "        months.mau as active_users,\n")
    clone.edit(f"{REFERRALS}.yml", "      - name: mau\n", "      - name: active_users\n")
    for suffix in (".sql", ".yml"):
        (clone.project / f"{PARTNERSHIPS}{suffix}").unlink()

    result = clone.gate("moves")
    assert result.returncode == 9, result.stdout + result.stderr
    message = result.stdout.partition("Error:")[2]
    assert "- **BREAKING** KPI `transactions_per_user`: old:" in message
    assert "- **BREAKING** `referral_monthly`: column renamed: mau to active_users." in message
    first = clone.report

    old, new = _latest_values(clone)
    assert old != new
    assert f"| `transactions_per_user` | 2026-06 | {old} | {new} | -" in first
    radius = first.partition("### Blast radius")[2]
    assert "| `int_wallet_metrics_monthly` | `transactions_per_user` |" in radius
    assert "| `transactions_per_user` | Transactions per user | Product | yes |" in radius
    assert "| Executive | Finance |" in radius and "Scorecard" in radius
    assert "Financial health" not in radius, "its scorecard shows another domain"
    assert "`mrr`" not in radius, "another KPI of the same model"
    assert "| **breaking** | `dim_bank_partnerships` |  | mart removed |" in first
    assert (
        "| **breaking** | `referral_monthly` | `mau` | column renamed | mau | active_users |"
        in (first)
    )
    tables = House(clone.home / "gate" / "head").rows(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    )
    assert ("dim_bank_partnerships",) not in tables, "what is gone is gone from the head's file"
    assert ("kpi_daily",) in tables, "what did not change is there as well"

    # Declared, it passes; built again, the same change gives the same report, to the byte.
    clone.declare(
        "- **BREAKING** KPI `transactions_per_user`: old: all; new: completed ones.\n"
        "- **BREAKING** `referral_monthly`, `dim_bank_partnerships`: old, new.\n"
    )
    result = clone.gate("moves")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "What breaks is declared." in clone.report
    assert _comparison(clone.report) == _comparison(first)


def _comparison(report: str) -> str:
    """All of a report below what is to be declared."""
    return report.partition("### KPIs that moved")[2]


def _latest_values(clone: Clone) -> tuple[str, str]:
    """The KPI in 2026-06 in both warehouses, as the report writes numbers."""
    values = []
    for side in ("base", "head"):
        [(value,)] = House(clone.home / "gate" / side).rows(
            "select value from marts.kpi_monthly"
            " where kpi_code = 'transactions_per_user' and month_start = date '2026-06-01'"
        )
        values.append(f"{value:,f}".rstrip("0").rstrip("."))
    return values[0], values[1]
