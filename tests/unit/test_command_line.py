"""The command line knows all its commands, and imports no more than the one that is called."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import click
import pytest

import finhouse.cli
from finhouse.cli import main

HEAVY = ("dbt", "duckdb", "numpy", "pandas", "psycopg", "pyarrow", "sqlglot")


def commands_of_modules() -> set[str]:
    """Names of the commands of all modules that belong to no group of commands."""
    found: set[click.Command] = set()
    in_groups: set[click.Command] = set()
    for path in Path(finhouse.cli.__file__).parent.glob("[a-z]*.py"):
        for part in vars(import_module(f"finhouse.cli.{path.stem}")).values():
            if isinstance(part, click.Command):
                found.add(part)
            if isinstance(part, click.Group):
                in_groups |= set(part.commands.values())
    return {command.name for command in found - in_groups}


def test_every_command_can_be_called_and_says_what_it_does():
    context = click.Context(main)
    listed = main.list_commands(context)
    assert set(listed) == commands_of_modules()
    for name in listed:
        command = main.get_command(context, name)
        assert command and command.name == name and command.get_short_help_str()
    assert main.get_command(context, "nonsense") is None


@pytest.mark.parametrize("arguments", [["sources"], ["--version"]])
def test_a_light_command_imports_nothing_heavy(arguments: list[str]):
    program = (
        "import sys; from finhouse.cli import main; "
        f"main({arguments!r}, standalone_mode=False); "
        f"print('heavy:', *(name for name in {HEAVY!r} if name in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.rsplit("heavy:", 1)[1].split() == []


def running(body: str) -> subprocess.Popen[str]:
    """A real command of ours whose work is ``body``, the source of a function."""
    program = (
        "import logging, time, duckdb, psycopg\n"
        "from finhouse.cli import main; from finhouse.cli.sources import sources\n"
        f"def work():\n    {body}\n"
        "sources.callback = work\n"
        "print('ready', flush=True); main(['sources'])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_ctrl_c_ends_a_command_in_a_word():
    with running("time.sleep(60)") as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        # Amid the work, whatever the machine's pace: asked again until it has ended.
        deadline = time.monotonic() + 50
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(1)
            process.send_signal(signal.SIGINT)
        said = process.stderr.read() if process.stderr else ""
    assert process.returncode == 1
    assert said.strip() == "Aborted!"


def test_ctrl_c_during_a_query_is_the_same():
    # As DuckDB says it; when it looks for a signal is up to the query.
    with running("raise RuntimeError('Query interrupted')") as process:
        assert process.communicate() == ("ready\n", "Aborted!\n")
    assert process.returncode == 1


@pytest.mark.parametrize("logger", ["psycopg", "urllib3.connectionpool", "any.other"])
def test_libraries_say_nothing_beside_us(logger: str):
    with running(f"logging.getLogger({logger!r}).warning('error ignored in rollback')") as process:
        assert process.communicate() == ("ready\n", "")
    assert process.returncode == 0
