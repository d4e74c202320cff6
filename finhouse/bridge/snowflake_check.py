"""Whether the project's SQL is Snowflake's, told without an account."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from finhouse.bridge.snowflake_policies import policy_statements
from finhouse.clearances import read_clearances
from finhouse.dbt.manifest import manifest_in, marts_of
from finhouse.dbt.process import ask_dbt
from finhouse.engines.snowflake_account import INSIDE, configured_database, environment_program
from finhouse.errors import TransformError
from finhouse.files import write_whole
from finhouse.settings import Settings


def check_snowflake_sql(settings: Settings) -> str:
    """Compile models and tests as for Snowflake and hold them against its reference.

    Nothing is connected to: dbt compiles without looking into a database.

    Returns:
        How many files were checked, in a sentence.

    Raises:
        ConfigurationError: Snowflake's environment is not there, or the file of clearances says
            something else than it should.
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
    models = _checked(
        "check_sql.py",
        [compiled],
        "write a snowflake__ macro in dbt_project/macros/engine, or, for a function that "
        "Snowflake has, look it up and add it to check_sql.py",
    )
    policies = output / "policies"
    statements = policy_statements(
        read_clearances(settings.clearances), marts_of(manifest_in(output)), configured_database()
    )
    write_whole(policies / "snowflake_policies.sql", ";\n".join(statements))
    return f"{models}; {check_administration(settings.project_root / 'roles', policies)}"


def check_administration(*folders: Path) -> str:
    """Hold the statements of ``snowflake*.sql``, for a DBA, against the forms looked up.

    Args:
        folders: where those files are.

    Returns:
        How many statements were checked, in a sentence.

    Raises:
        ConfigurationError: Snowflake's environment is not there.
        TransformError: a statement is of no form that has been looked up.
    """
    return _checked(
        "check_setup.py",
        folders,
        "correct the statement, or look its form up in Snowflake's reference and add it to "
        "check_setup.py",
    )


def _checked(program: str, folders: Sequence[Path], remedy: str) -> str:
    result = subprocess.run(
        [environment_program("python"), str(INSIDE / program), *map(str, folders)],
        capture_output=True,
        text=True,
    )
    _refuse(result, "this is not Snowflake's SQL", remedy)
    return result.stdout.strip()


def _refuse(result: subprocess.CompletedProcess[str], failure: str, remedy: str) -> None:
    """Raise what a program that failed said."""
    if result.returncode:
        said = (result.stdout + result.stderr).strip()
        raise TransformError(f"{failure}:\n{said}", remedy)
