"""Whether the project's SQL is Snowflake's, told without an account."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

from finhouse.dbt.process import ask_dbt
from finhouse.engines.snowflake_account import INSIDE, environment_program
from finhouse.errors import TransformError
from finhouse.settings import Settings


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
    compiled = output / "compiled"
    shutil.rmtree(compiled, ignore_errors=True)
    _refuse(
        ask_dbt(
            replace(settings, target="snowflake"),
            [
                *("compile", "--quiet", "--no-introspect", "--no-populate-cache"),
                *("--target-path", str(output)),
            ],
            connects=False,
        ),
        "the project does not compile for Snowflake",
        "correct what dbt names",
    )
    checked = subprocess.run(
        [environment_program("python"), str(INSIDE / "check_sql.py"), str(compiled)],
        capture_output=True,
        text=True,
    )
    _refuse(
        checked,
        "this is not Snowflake's SQL",
        "write a snowflake__ macro in dbt_project/macros/engine, or, for a function that "
        "Snowflake has, look it up and add it to check_sql.py",
    )
    return checked.stdout.strip()


def _refuse(result: subprocess.CompletedProcess[str], failure: str, remedy: str) -> None:
    """Raise what a program that failed said."""
    if result.returncode:
        said = (result.stdout + result.stderr).strip()
        raise TransformError(f"{failure}:\n{said}", remedy)
