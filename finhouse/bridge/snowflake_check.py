"""Whether the project's SQL is Snowflake's, told without an account."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace

from finhouse.bridge.snowflake_account import INSIDE, environment_program
from finhouse.errors import TransformError
from finhouse.settings import PROJECT_ROOT, Settings
from finhouse.transform import dbt_environment


def check_snowflake_sql(settings: Settings) -> str:
    """Compile models and tests as for Snowflake and hold them against its reference.

    Nothing is connected to: dbt compiles without looking into a database.

    Returns:
        How many files were checked, in a sentence.

    Raises:
        ConfigurationError: Snowflake's environment is not there.
        TransformError: the project does not compile, or something in it is not Snowflake's.
    """
    output = settings.home / "dbt" / "snowflake-check"
    shutil.rmtree(output / "compiled", ignore_errors=True)
    # The variables of a target that needs no server, but for its name.
    variables = dbt_environment(replace(settings, target="duckdb")) | {
        "FINHOUSE_TARGET": "snowflake",
        "DBT_TARGET_PATH": str(output),
        "DBT_LOG_PATH": str(output / "logs"),
    }
    for command, failure, remedy in (
        (
            [
                environment_program("dbt"),
                *("compile", "--quiet", "--no-introspect", "--no-populate-cache"),
            ],
            "the project does not compile for Snowflake",
            "correct what dbt names",
        ),
        (
            [
                environment_program("python"),
                str(INSIDE / "check_sql.py"),
                str(output / "compiled"),
            ],
            "this is not Snowflake's SQL",
            "write a snowflake__ macro in dbt_project/macros/engine, or, for a function that "
            "Snowflake has, look it up and add it to check_sql.py",
        ),
    ):
        result = subprocess.run(
            command,
            env={**os.environ, **variables},
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            said = (result.stdout + result.stderr).strip()
            raise TransformError(f"{failure}:\n{said}", remedy)
    return result.stdout.strip()
