"""dbt's own unit tests: every KPI rule with an edge, on both engines."""

from __future__ import annotations

import pytest

from tests.support.house import House


@pytest.mark.parametrize("target", ["duckdb", pytest.param("postgres", marks=pytest.mark.full)])
def test_dbt_unit_tests_pass(company: House, target: str):
    result = company.run("--target", target, "dbt", "test", "--select", "test_type:unit")
    assert result.returncode == 0, result.stdout
    # The closing line counts them: none may have gone missing unnoticed.
    [done] = [line for line in result.stdout.splitlines() if "Done. PASS=" in line]
    passed = int(done.split("PASS=")[1].split()[0])
    assert passed >= 166, done
