"""Asking the emulator of Snowflake, in the environment that has the connector."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence

from finhouse.engines.snowflake_account import INSIDE, SnowflakeAccount, environment_program

_PROGRAM = """
import json, sys
from transfer import connect
from snowflake.connector.errors import Error

answers = []
with connect() as connection, connection.cursor() as cursor:
    for statement in json.load(sys.stdin):
        try:
            rows = cursor.execute(statement).fetchall()
            answers.append([[None if cell is None else str(cell) for cell in row] for row in rows])
        except Error as error:
            answers.append(str(error))
json.dump(answers, sys.stdout)
"""


def ask(account: SnowflakeAccount, statements: Sequence[str]) -> list[list[list[str]] | str]:
    """Rows of each statement as texts, or the error it was answered with; all in one session."""
    result = subprocess.run(
        [environment_program("python"), "-c", _PROGRAM],
        input=json.dumps(list(statements)),
        env={**os.environ, **account.variables, "PYTHONPATH": str(INSIDE)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
