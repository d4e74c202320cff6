"""Who may do what in Snowflake: the schemas of the project, each of them and no other."""

from __future__ import annotations

import re

import pytest

from finhouse.domains import SELECTION
from finhouse.settings import PROJECT_ROOT
from finhouse.sources import available_sources, raw_schema
from tests.support.snowflake_roles import all_statements, grants

LOADER, TRANSFORMER, READER = "finhouse_loader", "finhouse_transformer", "finhouse_reader"


@pytest.fixture
def raw_schemas(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.delenv(SELECTION, raising=False)
    return {"raw_operations"} | {raw_schema(name) for name in available_sources()}


@pytest.fixture
def dbt_schemas() -> set[str]:
    project = (PROJECT_ROOT / "dbt_project" / "dbt_project.yml").read_text()
    return set(re.findall(r"\+schema: (\w+)", project))


def on_schemas(role: str) -> set[tuple[str, str]]:
    """Privileges of a role on schemas and on what is in them."""
    return {
        (privilege, on)
        for holder, privilege, on in grants()
        if holder == role and not on.startswith(("database ", "warehouse "))
    }


def read_within(schema: str, kind: str) -> set[tuple[str, str]]:
    return {
        ("usage", f"schema finhouse.{schema}"),
        ("select", f"all {kind} finhouse.{schema}"),
        ("select", f"future {kind} finhouse.{schema}"),
    }


def test_the_loader_writes_the_raw_schemas_and_nothing_else(raw_schemas: set[str]):
    assert on_schemas(LOADER) == {
        (privilege, f"schema finhouse.{schema}")
        for schema in raw_schemas
        for privilege in ("usage", "create table", "create stage")
    }


def test_the_transformer_reads_raw_and_writes_what_dbt_makes(
    raw_schemas: set[str], dbt_schemas: set[str]
):
    assert len(dbt_schemas) == 5
    assert on_schemas(TRANSFORMER) == {
        right for schema in raw_schemas for right in read_within(schema, "tables")
    } | {
        (privilege, f"schema finhouse.{schema}")
        for schema in dbt_schemas
        for privilege in ("usage", "create table", "create view")
    }


def test_the_reader_reads_published_views_and_nothing_else():
    assert on_schemas(READER) == read_within("published", "views")


def test_each_schema_is_made_by_who_owns_it(raw_schemas: set[str], dbt_schemas: set[str]):
    made = {
        statement.removeprefix("create schema if not exists ")
        for statement in all_statements()
        if statement.startswith("create schema")
    }
    assert made == {
        f"finhouse.{schema} with managed access"
        for schema in {*raw_schemas, *dbt_schemas, "published"}
    }


def test_each_role_has_a_warehouse_and_may_not_change_it():
    rights = {(role, privilege, on) for role, privilege, on in grants() if "warehouse " in on}
    assert {right for right in rights if right[0] != "finhouse_admin"} == {
        (LOADER, "usage", "warehouse finhouse_loading"),
        (TRANSFORMER, "usage", "warehouse finhouse_transforming"),
        (READER, "usage", "warehouse finhouse_reading"),
    }


@pytest.mark.parametrize("warehouse", ["loading", "transforming", "reading"])
def test_each_warehouse_is_bounded(warehouse: str):
    said = all_statements()
    for bound in ("auto_suspend = 60", "auto_resume = true", "resource_monitor = finhouse_credits"):
        assert f"alter warehouse finhouse_{warehouse} set {bound}" in said
    assert any("statement_timeout" in line for line in said if f"finhouse_{warehouse} " in line)


@pytest.mark.parametrize("user", ["load", "build", "read"])
def test_no_service_user_has_a_password_or_comes_from_anywhere(user: str):
    said = [line for line in all_statements() if f" finhouse_{user} " in line]
    assert any(
        f"create user if not exists finhouse_{user} type = service " in line for line in said
    )
    assert f"alter user finhouse_{user} set network_policy = finhouse_services" in said
    assert f"alter user finhouse_{user} set timezone = 'UTC'" in said
    assert not [line for line in said if "password" in line]


def test_nobody_has_a_right_to_the_account_or_to_everything():
    assert not [line for line in all_statements() if re.search(r"on account|all privileges", line)]
    assert {line for line in all_statements() if "to role sysadmin" in line} == {
        "grant role finhouse_admin to role sysadmin"
    }


def test_what_is_run_again_says_if_not_exists():
    made = [line for line in all_statements() if line.startswith("create ")]
    assert made
    assert not [line for line in made if " if not exists " not in line]
