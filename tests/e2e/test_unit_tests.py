"""dbt's own unit tests: every KPI rule with an edge, on both engines, wherever the business is."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.support.house import House


@pytest.mark.parametrize("target", ["duckdb", pytest.param("postgres", marks=pytest.mark.full)])
def test_dbt_unit_tests_pass(company: House, target: str):
    options = []
    if target == "postgres":
        # As in a house whose businesses are elsewhere: no rule is bound to the shipped time zones.
        project = company.settings().dbt_project / "dbt_project.yml"
        domains = yaml.safe_load(project.read_text(encoding="utf-8"))["vars"]["domains"]
        moved = {name: told | {"time_zone": "America/New_York"} for name, told in domains.items()}
        options = ["--vars", json.dumps({"domains": moved})]
    result = company.run("--target", target, "dbt", "test", "--select", "test_type:unit", *options)
    assert result.returncode == 0, result.stdout
    # The closing line counts them: none may have gone missing unnoticed.
    [done] = [line for line in result.stdout.splitlines() if "Done. PASS=" in line]
    passed = int(done.split("PASS=")[1].split()[0])
    assert passed >= 330, done
