"""All SQL of the project is Snowflake's own, which the emulator cannot tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from finhouse.bridge.snowflake_account import INSIDE, environment_program
from finhouse.bridge.snowflake_check import check_snowflake_sql
from finhouse.settings import Settings


def test_models_and_tests_compile_to_snowflakes_sql(tmp_path: Path):
    said = check_snowflake_sql(Settings(home=tmp_path, landing=tmp_path / "landing"))
    assert said.endswith("hold nothing foreign to Snowflake")
    assert int(said.split()[0].replace(",", "")) > 1000


@pytest.mark.parametrize(
    ("sql", "finding"),
    [
        ("select word ~ '^[0-9]+$' as n from words", "'~'"),
        ("select string_agg(word, ',') as n from words", "function string_agg"),
        ("select date_diff('day', a, b) as n from words", "function date_diff"),
        ("select a + interval '1 day' as n from words", "interval"),
        ("select a at time zone 'UTC' as n from words", "attimezone"),
        ("select sum(a) filter (where b) as n from words", "filter"),
        ("select distinct on (a) a from words", "distinct on"),
        ("select cast(a as hugeint) as n from words", "type"),
        ("select count(*) as rows from words", "rows is a reserved word"),
        ("select a from words where a = 'x\\d'", "backslash"),
    ],
)
def test_what_is_foreign_is_found(tmp_path: Path, sql: str, finding: str):
    (tmp_path / "model.sql").write_text(sql)
    result = subprocess.run(
        [environment_program("python"), str(INSIDE / "check_sql.py"), str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert finding in result.stdout
