"""What is promised by name, from tables to endpoints, is there, or said not to be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from finhouse.api.routes.description import DESCRIPTION_PATHS
from finhouse.dbt.kpis import read_kpis
from finhouse.settings import PROJECT_ROOT
from finhouse.yaml_text import parse_yaml

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
PROMISES = parse_yaml((PROJECT_ROOT / "tests" / "promises.yml").read_text(encoding="utf-8"))
SQL_FILES = [
    *(PROJECT_ROOT / "finhouse" / "oltp" / "schemas").glob("*.sql"),
    PROJECT_ROOT / "finhouse" / "pulse_tables" / "tables.sql",
]
KINDS = {"oltp", "mart", "columns", "renamed", "future"}


@cache
def marts() -> dict[str, set[str]]:
    """Columns of each mart, as its YAML declares them."""
    files = (DBT_PROJECT / "models" / "marts").rglob("*.yml")
    models = [
        model
        for path in files
        for model in parse_yaml(path.read_text(encoding="utf-8")).get("models", [])
    ]
    return {model["name"]: {column["name"] for column in model["columns"]} for model in models}


@cache
def source_tables() -> dict[str, set[str]]:
    """Columns of each table that the project creates in PostgreSQL, by schema.table."""
    found = {}
    for path in SQL_FILES:
        text = path.read_text(encoding="utf-8")
        for name, body in re.findall(
            r"^create table (?:if not exists )?([\w.]+) \((.*?)^\);", text, re.M | re.S
        ):
            found[name] = set(re.findall(r'^    "?(\w+)"? \w', body, re.M))
    return found


def missing_of(name: str, promise: Mapping[str, Any]) -> Iterator[str]:
    """What of a promised table is not there. The source keeps every name; a mart may rename."""
    columns, renamed = promise.get("columns", []), promise.get("renamed", {})
    places = {
        "mart": (marts(), [renamed.get(column, column) for column in columns]),
        "oltp": (source_tables(), columns),
    }
    for kind, (tables, wanted) in places.items():
        if kind not in promise:
            continue
        table = promise[kind]
        if table not in tables:
            yield f"{name}: there is no {kind} {table}"
            continue
        yield from (f"{name}: {table} has no {c}" for c in wanted if c not in tables[table])


def futures(promises: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, promise in promises.items():
        if "future" in promise:
            yield f"{prefix}{name}", promise["future"]


def all_futures() -> dict[str, str]:
    found = dict(futures(PROMISES["tables"])) | dict(futures(PROMISES["kpis"]))
    for slug, shown in PROMISES["dashboards"].items():
        found |= dict(futures(shown, f"{slug}: "))
    return found


@pytest.mark.parametrize("name", PROMISES["tables"])
def test_promised_tables_and_columns_are_there(name: str):
    promise = PROMISES["tables"][name]
    assert promise.keys() <= KINDS and promise.keys() & {"oltp", "mart", "future"}
    assert not list(missing_of(name, promise))


@pytest.mark.parametrize("name", PROMISES["kpis"])
def test_promised_kpis_are_in_the_catalogue_with_their_targets(name: str):
    promise = PROMISES["kpis"][name]
    kpis = read_kpis(DBT_PROJECT)
    assert promise["code"] in kpis, f"{name}: the catalogue has no {promise['code']}"
    kpi = kpis[promise["code"]]
    steps = [(step.from_month, step.target) for step in kpi.steps]
    for month, operator, value in promise.get("targets", []):
        assert kpi.target_operator == operator
        assert (month, Decimal(value)) in steps, f"{name}: no target {value} from month {month}"


@pytest.mark.parametrize("slug", PROMISES["dashboards"])
def test_promised_charts_are_on_their_dashboard(slug: str):
    path = PROJECT_ROOT / "superset" / "dashboards" / f"{slug}.yaml"
    assert path.is_file(), f"there is no dashboard {slug}"
    shown = [
        {"chart": chart} if isinstance(chart, str) else chart
        for section in parse_yaml(path.read_text(encoding="utf-8"))["sections"]
        for row in section["rows"]
        for chart in row["charts"]
    ]
    for name, promise in PROMISES["dashboards"][slug].items():
        if "future" not in promise:
            assert any(promise.items() <= chart.items() for chart in shown), f"{slug} lacks {name}"


@pytest.mark.parametrize("endpoint", PROMISES["endpoints"])
def test_promised_endpoints_are_described(endpoint: str):
    path = PROJECT_ROOT / "docs" / "reference" / "openapi.json"
    described = json.loads(path.read_text(encoding="utf-8"))["paths"]
    method, _, address = endpoint.partition(" ")
    assert method.lower() in described.get(address, {}), f"the API has no {endpoint}"


@pytest.mark.parametrize("page", PROMISES["pages"])
def test_promised_pages_are_served(page: str):
    assert page in DESCRIPTION_PATHS


def test_docs_say_what_is_not_built():
    page = (PROJECT_ROOT / "docs" / "reference" / "not-built.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", page, re.M))
    assert {name: said.get(name) for name in all_futures()} == all_futures()
    assert said.keys() - {"name", "---"} == all_futures().keys()


def test_a_promise_that_is_not_kept_is_named():
    """The check itself: an unknown mart, and a column that a table lacks."""
    assert list(missing_of("a", {"mart": "no_such_mart"})) == ["a: there is no mart no_such_mart"]
    assert list(missing_of("b", {"oltp": "wallet.users", "columns": ["id", "shoe_size"]})) == [
        "b: wallet.users has no shoe_size"
    ]
    assert list(
        missing_of("c", {"mart": "dim_users", "columns": ["id"], "renamed": {"id": "uuid"}})
    ) == ["c: dim_users has no uuid"]
