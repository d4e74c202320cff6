"""Which columns Snowflake's views mask from whom: all above a clearance, and none else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from finhouse.bridge.snowflake_policies import policy_statements
from finhouse.clearances import shown_columns
from finhouse.cli import main
from finhouse.dbt.data_classes import CLASSES

ROLES = {"analyst": "internal", "controller": "confidential"}
TYPES = {
    "string": "varchar",
    "integer": "number(38, 0)",
    "bigint": "number(38, 0)",
    "numeric(20, 2)": "number(20, 2)",
    "numeric(26, 8)": "number(26, 8)",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp_ntz",
}


def column(data_type: str, data_class: str, generalise: str | None) -> dict:
    meta = {"data_class": data_class} | ({"generalise": generalise} if generalise else {})
    return {"data_type": data_type, "config": {"meta": meta}}


# A column of every class, type and generalisation.
MART = {
    "name": "all_kinds",
    "config": {"meta": {"data_class": "personal"}},
    "columns": {
        f"c_{number}": column(*kind)
        for number, kind in enumerate(
            (data_type, data_class, generalise)
            for data_type in TYPES
            for data_class in CLASSES
            for generalise in (None, "month", "year")
        )
    },
}
STATEMENTS = list(policy_statements(ROLES, {"all_kinds": MART}, "finhouse"))
VIEW = re.compile(
    r"create or replace secure view finhouse\.published\.all_kinds \((?P<columns>.+)\)"
    r" copy grants as select (?P<names>.+) from finhouse\.marts\.all_kinds"
)
POLICY = re.compile(
    r"create masking policy if not exists (?P<name>\S+) as \(val (?P<type>.+?)\)"
    r" returns (?P<returned>.+?) -> case when (?P<may>.+) then val else (?P<masked>.+) end"
)
POLICIES = {found["name"]: found for line in STATEMENTS if (found := POLICY.fullmatch(line))}


def masks() -> dict[str, str | None]:
    """Column -> its policy."""
    [view] = [found for line in STATEMENTS if (found := VIEW.fullmatch(line))]
    listed = {
        name: policy or None
        for name, _, policy in (
            part.partition(" with masking policy ") for part in view["columns"].split(", ")
        )
    }
    assert list(listed) == view["names"].split(", ") == list(MART["columns"])
    return listed


@pytest.mark.parametrize(("role", "clearance"), ROLES.items())
def test_each_column_above_a_clearance_is_masked_and_none_else(role: str, clearance: str):
    applied = masks()
    for shown in shown_columns(MART, clearance):
        policy = POLICIES[applied[shown.name]] if applied[shown.name] else None
        asked = f"is_role_in_session('{role.upper()}')"
        is_hidden = policy is not None and asked not in policy["may"].split(" or ")
        assert is_hidden == (shown.hidden_class is not None), shown
        if is_hidden and policy is not None:
            to = shown.generalised_to
            first_day = f"cast(date_trunc('{to}', val) as {TYPES[shown.data_type]})"
            assert policy["masked"] == (first_day if to else "null"), shown


def test_who_may_see_everything_sees_everything():
    assert all(
        "is_role_in_session('FINHOUSE_READER')" in policy["may"] for policy in POLICIES.values()
    )


def test_a_policy_has_the_type_of_its_columns():
    for name, policy in masks().items():
        if policy:
            expected = TYPES[MART["columns"][name]["data_type"]]
            assert POLICIES[policy]["type"] == POLICIES[policy]["returned"] == expected


def test_a_policy_that_is_there_is_given_its_body_before_the_view_is_made():
    """``if not exists`` leaves it as it was."""
    for name, policy in POLICIES.items():
        body = policy.string.partition(" -> ")[2]
        made = STATEMENTS.index(policy.string)
        assert STATEMENTS[made + 1] == f"alter masking policy {name} set body -> {body}"
    [view] = [number for number, line in enumerate(STATEMENTS) if VIEW.fullmatch(line)]
    assert view > max(STATEMENTS.index(policy.string) for policy in POLICIES.values())
    assert set(filter(None, masks().values())) == POLICIES.keys()


def test_roles_of_clearances_may_read_the_views_and_nothing_else():
    granted = {line for line in STATEMENTS if line.startswith("grant ") and "analyst" in line}
    assert granted == {
        "grant usage on database finhouse to role analyst",
        "grant usage on warehouse finhouse_reading to role analyst",
        "grant usage on schema finhouse.published to role analyst",
        "grant select on all views in schema finhouse.published to role analyst",
    }


def test_without_clearances_the_reader_alone_sees_what_is_masked():
    statements = list(policy_statements({}, {"all_kinds": MART}, "finhouse"))
    assert statements[0] == "use role finhouse_admin"
    asked = {
        role for line in statements for role in re.findall(r"is_role_in_session\('(\w+)'", line)
    }
    assert asked == {"FINHOUSE_READER"}


@pytest.mark.parametrize("database", ["finhouse", "analytics"])
def test_the_command_prints_them_of_the_marts_and_clearances_there_are(
    tmp_path: Path, database: str
):
    clearances = tmp_path / "clearances.yml"
    clearances.write_text(json.dumps({"clearances": ROLES}))
    manifest = tmp_path / "dbt" / "snowflake" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    mart = MART | {"resource_type": "model", "fqn": ["finhouse", "marts", "all_kinds"]}
    manifest.write_text(json.dumps({"nodes": {"model.finhouse.all_kinds": mart}}))
    printed = CliRunner().invoke(
        main,
        ["--target", "snowflake", "snowflake", "policies"],
        env={"FINHOUSE_HOME": str(tmp_path), "FINHOUSE_CLEARANCES": str(clearances)}
        | {"SNOWFLAKE_DATABASE": database},
    )
    assert printed.exit_code == 0, printed.output
    assert printed.output == "".join(
        f"{statement};\n" for statement in policy_statements(ROLES, {"all_kinds": MART}, database)
    )
    assert f"{database}.published.all_kinds" in printed.output
    assert database == "finhouse" or "finhouse." not in printed.output
