"""A copy of the project to write into, beside a database that somebody else made."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from finhouse.errors import GateError
from finhouse.gate.commits import Commit, base_commit
from finhouse.gate.conventions import check_conventions, parse_strictly
from finhouse.gate.lint import lint_yaml
from finhouse.settings import Settings
from tests.support.house import House
from tests.support.project_copy import copy_project
from tests.support.warehouse import ThrowAwayServer

CATALOGUE = Path(__file__).with_name("catalogue.sql").read_text(encoding="utf-8")
SCHEMA = "Sales Data"


@dataclass(frozen=True)
class Copy:
    """A copy of the work tree; its commands run as a user of the copy would run them.

    Attributes:
        root: its folder.
        home: where its data is.
        oltp_url: the database with the catalogue of ``catalogue.sql``.
    """

    root: Path
    home: Path
    oltp_url: str

    @property
    def settings(self) -> Settings:
        return Settings(
            home=self.home,
            landing=self.home / "landing",
            oltp_url=self.oltp_url,
            project_root=self.root,
        )

    def run(
        self, *arguments: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``finhouse <arguments>`` of the copy, with some variables more."""
        urls = {"OLTP_URL": self.oltp_url, "PULSE_URL": self.oltp_url}
        own = House(self.home).environment | urls | (environment or {})
        return subprocess.run(
            [sys.executable, "-m", "finhouse", *arguments],
            cwd=self.root,
            env=own | {"PYTHONPATH": str(self.root)},
            capture_output=True,
            text=True,
        )

    def succeed(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        """Run a command that must succeed; return what it printed."""
        result = self.run(*arguments, environment=environment)
        assert result.returncode == 0, f"{arguments}: {result.stdout}\n{result.stderr}"
        return result.stdout

    def fail(self, *arguments: str) -> str:
        """Run a command that must be refused and write nothing; return its message."""
        before = self.files()
        result = self.run(*arguments)
        assert result.returncode in (2, 3), f"{arguments}: {result.stdout}\n{result.stderr}"
        assert self.files() == before
        return result.stdout

    def files(self) -> dict[str, bytes]:
        """Path -> content of what a command may write."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for folder in ("finhouse/sources", "dbt_project")
            for path in (self.root / folder).rglob("*")
            if path.is_file() and "dbt_packages" not in path.parts and path.suffix != ".pyc"
        }

    def gate_base(self) -> Commit:
        """What the copy says now, committed as the base of a change."""
        for arguments in (
            ("init", "-q", "-b", "main"),
            ("add", "-A"),
            ("-c", "user.name=A", "-c", "user.email=a@b.invalid", "commit", "-qm", "base"),
        ):
            subprocess.run(["git", *arguments], cwd=self.root, check=True)
        return base_commit(self.root, "HEAD")

    def check_written(self, base: Commit, *folders: str) -> set[str]:
        """Parse and lint what was written; the rules whose breaches are left to a person."""
        parse_strictly(self.settings, {})
        lint_yaml(self.root)
        sqlfluff = Path(sys.executable).with_name("sqlfluff")
        linted = subprocess.run(
            [sqlfluff, "lint", "--disable-progress-bar", *folders],
            cwd=self.root,
            capture_output=True,
            text=True,
        )
        assert linted.returncode == 0, linted.stdout
        with pytest.raises(GateError) as refused:
            check_conventions(self.settings, base)
        return set(re.findall(r" \[([a-z_ ]+)\]$", str(refused.value), re.MULTILINE))

    def text(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path, oltp_server: ThrowAwayServer) -> Copy:
    """The project as the work tree has it, to write into, and a database to read."""
    return _copied(tmp_path, oltp_server, "oltp_to_scaffold")


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, oltp_server: ThrowAwayServer) -> Copy:
    """One for all tests that write nothing."""
    return _copied(tmp_path_factory.mktemp("pristine"), oltp_server, "oltp_to_read")


def _copied(folder: Path, server: ThrowAwayServer, database: str) -> Copy:
    root = folder / "project"
    copy_project(root)
    url = server.create_database(database)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(CATALOGUE)
    return Copy(root, folder / "home", url)
