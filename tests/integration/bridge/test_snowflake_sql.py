"""All SQL of the project is Snowflake's own, which the emulator cannot tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from finhouse.bridge.snowflake_check import check_snowflake_sql
from finhouse.engines.snowflake_account import INSIDE, environment_program
from finhouse.settings import Settings

pytestmark = pytest.mark.full


def test_models_and_tests_compile_to_snowflakes_sql(tmp_path: Path):
    said = check_snowflake_sql(Settings(home=tmp_path, landing=tmp_path / "landing"))
    assert said.endswith("hold nothing foreign to Snowflake")
    assert int(said.split()[0].replace(",", "")) > 500


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
