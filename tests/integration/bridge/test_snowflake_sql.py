"""All SQL of the project is Snowflake's own, which the emulator cannot tell."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from finhouse.bridge.snowflake_check import check_administration, check_snowflake_sql
from finhouse.bridge.snowflake_policies import policy_statements
from finhouse.dbt.manifest import manifest_in
from finhouse.engines.snowflake_account import (
    DATABASE,
    INSIDE,
    SnowflakeEmulator,
    environment_program,
)
from finhouse.errors import TransformError
from finhouse.settings import Settings
from tests.support.snowflake import ask
from tests.support.snowflake_roles import all_statements

pytestmark = pytest.mark.full


def test_models_and_tests_compile_to_snowflakes_sql(tmp_path: Path):
    said = check_snowflake_sql(Settings(home=tmp_path, landing=tmp_path / "landing"))
    models, administration = said.split("; ")
    assert models.endswith("hold nothing foreign to Snowflake")
    assert int(models.split()[0].replace(",", "")) > 500
    assert administration.endswith("statements of administration are of known forms")
    nodes = manifest_in(tmp_path / "dbt" / "snowflake-check")["nodes"].values()
    written = {node["schema"] for node in nodes if node["resource_type"] in ("model", "seed")}
    assert {
        f"create schema if not exists finhouse.{schema} with managed access" for schema in written
    } <= set(all_statements())


MARTS = {
    "people": {
        "name": "people",
        "config": {"meta": {"data_class": "personal"}},
        "columns": {
            "person_id": {"data_type": "string"},
            "signup_date": {"data_type": "date", "config": {"meta": {"generalise": "month"}}},
            "seen_at": {"data_type": "timestamp", "config": {"meta": {"generalise": "year"}}},
            "is_new": {"data_type": "boolean"},
            "visit_count": {"data_type": "integer"},
            "worth": {
                "data_type": "numeric(20, 2)",
                "config": {"meta": {"data_class": "confidential"}},
            },
            "currency_code": {"data_type": "string"},
        },
    }
}
CLEARANCES = {"finhouse_analyst": "internal", "finhouse_controller": "confidential"}


def test_policies_are_of_known_forms(tmp_path: Path):
    statements = list(policy_statements(CLEARANCES, MARTS, DATABASE))
    (tmp_path / "snowflake_policies.sql").write_text(";\n".join(statements))
    assert check_administration(tmp_path).startswith(f"{len(statements)} statements")


def test_the_emulator_runs_what_it_knows_of_the_policies(tmp_path: Path):
    """Views and what a policy computes; policies themselves, roles and grants it has not."""
    emulator = SnowflakeEmulator(tmp_path)
    statements = list(policy_statements(CLEARANCES, MARTS, DATABASE))
    [view] = [line for line in statements if " view " in line and line.startswith("create")]
    [masked] = [line for line in statements if "_date_month set body" in line]
    value = masked.partition(" -> ")[2].replace("val", "signup_date")
    value = re.sub(r"is_role_in_session\('\w+'\)", "false", value)
    plain = re.sub(r" with masking policy \S+?(?=[,)])", "", view).replace(" copy grants", "")
    try:
        answers = ask(
            emulator.serve(),
            [
                "create schema if not exists finhouse.marts",
                "create schema if not exists finhouse.published",
                "create table finhouse.marts.people as select 'Abebe' as person_id,"
                " cast('2026-03-17' as date) as signup_date,"
                " cast('2026-03-17 10:00:00' as timestamp_ntz) as seen_at, true as is_new,"
                " 3 as visit_count, cast(12.5 as number(20, 2)) as worth, 'ETB' as currency_code",
                plain,
                plain,
                f"select person_id, worth, currency_code, {value} from finhouse.published.people",
            ],
        )
    finally:
        emulator.stop()
    assert answers[-1] == [["Abebe", "12.50", "ETB", "2026-03-01"]], answers


@pytest.mark.parametrize(
    "statement",
    [
        "create masking policy if not exists p as (val int) returns int -> val",
        "alter masking policy p set body -> case when true then val else null end",
        "create or replace view v (a) copy grants as select a from t",
        "create or replace secure view v (a) as select a from t",
        "grant ownership on schema finhouse.marts to role finhouse_reader",
        "grant select on all tables in schema finhouse.marts to finhouse_reader",
        "create role finhouse_reader login",
        "alter warehouse finhouse_reading set auto_suspend = '60s'",
    ],
)
def test_a_statement_that_nobody_has_looked_up_is_found(tmp_path: Path, statement: str):
    known = "-- It may be run again; more than once.\nuse role useradmin;\n"
    (tmp_path / "snowflake.sql").write_text(known)
    assert check_administration(tmp_path).startswith("1 statements")
    (tmp_path / "snowflake.sql").write_text(f"{known}{statement};\n")
    with pytest.raises(TransformError, match=r"snowflake\.sql: no form"):
        check_administration(tmp_path)


def test_the_emulator_runs_what_it_knows_of_the_roles(tmp_path: Path):
    """It has databases and schemas; users, roles, warehouses and managed access it has not."""
    emulator = SnowflakeEmulator(tmp_path)
    statements = [line.replace(" with managed access", "") for line in all_statements()]
    try:
        answers = dict(zip(statements, ask(emulator.serve(), statements), strict=True))
    finally:
        emulator.stop()
    run = {
        " ".join(line.split()[:2]) for line, answer in answers.items() if isinstance(answer, list)
    }
    refused = {
        " ".join(line.split()[:2]) for line, answer in answers.items() if isinstance(answer, str)
    }
    assert run == {"use role", "create database", "create schema"}
    assert not run & refused


FOREIGN = {
    "select word ~ '^[0-9]+$' as n from words": "'~'",
    "select string_agg(word, ',') as n from words": "function string_agg",
    "select date_diff('day', a, b) as n from words": "function date_diff",
    "select a + interval '1 day' as n from words": "interval",
    "select a at time zone 'UTC' as n from words": "attimezone",
    "select sum(a) filter (where b) as n from words": "filter",
    "select distinct on (a) a from words": "distinct on",
    "select cast(a as hugeint) as n from words": "type",
    "select count(*) as rows from words": "rows is a reserved word",
    "select a from words where a = 'x\\d'": "backslash",
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the check says of each foreign statement."""
    folder = tmp_path_factory.mktemp("compiled")
    for number, sql in enumerate(FOREIGN):
        (folder / f"{number}.sql").write_text(sql)
    result = subprocess.run(
        [environment_program("python"), str(INSIDE / "check_sql.py"), str(folder)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    said = dict(line.split(".sql: ", 1) for line in result.stdout.splitlines())
    return {sql: said.get(str(number), "") for number, sql in enumerate(FOREIGN)}


@pytest.mark.parametrize("sql", FOREIGN)
def test_what_is_foreign_is_found(findings: dict[str, str], sql: str):
    assert FOREIGN[sql] in findings[sql]
