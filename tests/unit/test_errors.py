"""What commands end with: one meaning a code, and the list of them is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from finhouse import errors
from finhouse.cli import main
from finhouse.errors import ConfigurationError, FinhouseError, ServiceError


def kinds(base: type[FinhouseError]) -> list[type[FinhouseError]]:
    """The classes below, of ours alone: a test in the same process may have made one of its own."""
    return [kind for kind in base.__subclasses__() if kind.__module__.startswith("finhouse.")]


def subclasses(base: type[FinhouseError]) -> Iterator[type[FinhouseError]]:
    for found in kinds(base):
        yield found
        yield from subclasses(found)


def test_each_kind_of_error_has_a_code_of_its_own():
    codes = [kind.exit_code for kind in kinds(FinhouseError)]
    assert len(set(codes)) == len(codes)
    # 1 is Python's own, and what a shell adds begins at 126.
    assert all(1 < code < 126 for code in codes)


def test_a_narrower_error_ends_as_its_kind():
    narrower = set(subclasses(FinhouseError)) - set(kinds(FinhouseError))
    assert narrower
    assert not [kind for kind in narrower if "exit_code" in vars(kind)]


def test_the_list_of_codes_names_them_all():
    listed = dict(re.findall(r"^ +(\d+)  (\w+Error):", errors.__doc__ or "", re.M))
    assert listed == {str(kind.exit_code): kind.__name__ for kind in kinds(FinhouseError)}


def test_an_error_of_a_test_is_none_of_ours():
    class StrangerError(FinhouseError):
        exit_code = 99

    assert StrangerError in FinhouseError.__subclasses__()
    assert StrangerError not in kinds(FinhouseError)


def test_wrong_usage_is_a_wrong_configuration():
    assert click.UsageError.exit_code == ConfigurationError.exit_code
    assert CliRunner().invoke(main, ["load", "--nonsense"]).exit_code == 2


def test_a_server_that_does_not_run_has_a_status_of_its_own(tmp_path: Path):
    for server in ("oltp", "snowflake"):
        result = CliRunner().invoke(main, [server, "status"], env={"FINHOUSE_HOME": str(tmp_path)})
        assert (result.exit_code, result.output) == (ServiceError.exit_code, "not running\n")
