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


def subclasses(kind: type[FinhouseError]) -> Iterator[type[FinhouseError]]:
    for found in kind.__subclasses__():
        yield found
        yield from subclasses(found)


def test_each_kind_of_error_has_a_code_of_its_own():
    codes = [kind.exit_code for kind in FinhouseError.__subclasses__()]
    assert len(set(codes)) == len(codes)
    # 1 is Python's own, and what a shell adds begins at 126.
    assert all(1 < code < 126 for code in codes)


def test_a_narrower_error_ends_as_its_kind():
    narrower = set(subclasses(FinhouseError)) - set(FinhouseError.__subclasses__())
    assert narrower
    assert not [kind for kind in narrower if "exit_code" in vars(kind)]


def test_the_list_of_codes_names_them_all():
    listed = dict(re.findall(r"^ +(\d+)  (\w+Error):", errors.__doc__ or "", re.M))
    assert listed == {str(kind.exit_code): kind.__name__ for kind in FinhouseError.__subclasses__()}


def test_wrong_usage_is_a_wrong_configuration():
    assert click.UsageError.exit_code == ConfigurationError.exit_code
    assert CliRunner().invoke(main, ["load", "--nonsense"]).exit_code == 2


def test_a_server_that_does_not_run_has_a_status_of_its_own(tmp_path: Path):
    for server in ("oltp", "snowflake"):
        result = CliRunner().invoke(main, [server, "status"], env={"FINHOUSE_HOME": str(tmp_path)})
        assert (result.exit_code, result.output) == (ServiceError.exit_code, "not running\n")
