"""Templates: placeholders have types, and what a value holds stays a value."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from finhouse.errors import ConfigurationError
from finhouse.pulse.conditions import check_condition
from finhouse.pulse.monitors import SEVERITIES
from finhouse.pulse.slots import FREQUENCIES
from finhouse.pulse.templates import (
    bound_condition,
    bound_sql,
    bound_text,
    bound_values,
    offered,
    placeholders,
)
from finhouse.pulse_tables.templates import shipped_templates
from finhouse.settings import PROJECT_ROOT

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
TEMPLATES = shipped_templates()
EACH = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template["code"])
KPIS = {
    parameter["default"]
    for template in TEMPLATES
    for parameter in template["parameters"].values()
    if parameter["type"] == "kpi_code"
}
ONE: dict[str, Any] = {
    "code": "one",
    "parameters": {
        "kpi": {"type": "kpi_code", "default": "mau", "description": "KPI."},
        "limit": {"type": "number", "default": 3, "description": "Limit."},
        "days": {"type": "integer", "default": 7, "description": "Days."},
    },
}
SQL = (
    "select value from published.kpi_daily "
    "where kpi_code = {kpi:kpi_code} and value < {limit:number}"
)


def test_there_are_fourteen_with_codes_of_their_own():
    assert len({template["code"] for template in TEMPLATES}) == len(TEMPLATES) == 14


@EACH
def test_a_template_declares_what_it_names_and_names_what_it_declares(template: dict[str, Any]):
    declared = {name: one["type"] for name, one in template["parameters"].items()}
    named = placeholders(template["sql"]) | placeholders(str(template["condition"]))
    assert named == declared
    assert placeholders(template["question"]).items() <= declared.items()
    assert template["frequency"] in FREQUENCIES and template["severity"] in SEVERITIES


def test_every_kpi_that_a_template_names_is_in_the_catalogue():
    with (DBT_PROJECT / "seeds/kpi/kpi_catalogue_entries.csv").open(encoding="utf-8") as file:
        assert {entry["kpi_code"] for entry in csv.DictReader(file)} >= KPIS


@pytest.fixture(scope="module")
def marts() -> dict[str, dict[str, str]]:
    """Columns and types of every mart, from its contract."""
    found = {}
    for path in (DBT_PROJECT / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            found[model["name"]] = {
                column["name"]: column["data_type"] for column in model["columns"]
            }
    return found


@EACH
def test_a_template_reads_marts_and_columns_that_there_are(
    template: dict[str, Any], marts: dict[str, dict[str, str]]
):
    tree = sqlglot.parse_one(
        bound_sql(template["sql"], bound_values(template, {}, KPIS), "duckdb"), dialect="duckdb"
    )
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    assert {table.name for table in tree.find_all(exp.Table)} - ctes <= marts.keys()
    qualify(tree, schema={"published": marts}, dialect="duckdb", validate_qualify_columns=True)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@EACH
def test_a_template_makes_one_select_and_a_condition(template: dict[str, Any], dialect: str):
    values = bound_values(template, {}, KPIS)
    [tree] = sqlglot.parse(bound_sql(template["sql"], values, dialect), dialect=dialect)
    assert isinstance(tree, exp.Select) and not list(tree.find_all(exp.Placeholder, exp.Parameter))
    check_condition(bound_condition(template["condition"], values), tree.named_selects)
    assert "{" not in bound_text(template["question"], values)


def test_values_are_literals_of_the_tree():
    values = bound_values(ONE, {"limit": "-0.5"}, {"mau"})
    sql = bound_sql(SQL, values, "duckdb")
    assert "'mau'" in sql and "(-0.5)" in "".join(sql.split())
    hostile = {**values, "kpi": "mau' or '1' = '1"}
    [literal] = [
        found.this
        for found in sqlglot.parse_one(bound_sql(SQL, hostile, "postgres")).find_all(exp.Literal)
        if found.is_string
    ]
    assert literal == hostile["kpi"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"limit": "3; drop table x"}, "is no number"),
        ({"limit": "nan"}, "is no number"),
        ({"limit": "1e400"}, "is no number"),
        ({"days": "1.5"}, "is no integer"),
        ({"kpi": "mau' or '1'='1"}, "is no kpi_code"),
        ({"kpi": "profit"}, "no KPI profit"),
        ({"threshold": "3"}, "no parameter threshold"),
    ],
)
def test_a_value_of_another_type_is_refused(given: dict[str, str], told: str):
    with pytest.raises(ConfigurationError, match=told):
        bound_values(ONE, given, {"mau"})


def test_a_condition_takes_numbers():
    condition = {"column": "value", "op": "<", "value": "{limit:number}", "key": ["{limit:x}s"]}
    bound = bound_condition(condition, {"limit": Decimal("2.5")})
    assert bound == {"column": "value", "op": "<", "value": 2.5, "key": ["{limit:x}s"]}


class Shelf:
    """Holds the shipped templates as the database would hand them out."""

    def execute(self, _: str) -> Shelf:
        return self

    def fetchall(self) -> list[dict[str, Any]]:
        return [{"domain": None, **template} for template in TEMPLATES]


@pytest.mark.parametrize(
    ("domains", "kpis", "there", "missing"),
    [
        (("wallet",), KPIS, "fraud_rate_high", "par_30_jump"),
        (("microfinance",), KPIS, "par_30_jump", "fraud_rate_high"),
        (("microfinance",), KPIS - {"par_30"}, "collection_rate_low", "par_30_jump"),
        (("inventory", "commerce"), None, "excess_stock_high", "apr_outside_band"),
    ],
)
def test_only_templates_of_what_is_selected_are_offered(
    domains: tuple[str, ...], kpis: set[str] | None, there: str, missing: str
):
    codes = {template["code"] for template in offered(Shelf(), domains, kpis)}  # type: ignore[arg-type]
    assert {there, "raw_table_late", "kpi_restated"} <= codes and missing not in codes
