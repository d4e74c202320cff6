"""A copy of the project to write into, beside a database that somebody else made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from finhouse.settings import PROJECT_ROOT, Settings
from tests.fixtures_warehouse import ThrowAwayServer
from tests.support.house import House

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

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``finhouse <arguments>`` of the copy."""
        environment = House(self.home).environment
        return subprocess.run(
            [sys.executable, "-m", "finhouse", *arguments],
            cwd=self.root,
            env=environment | {"PYTHONPATH": str(self.root), "OLTP_URL": self.oltp_url},
            capture_output=True,
            text=True,
        )

    def succeed(self, *arguments: str) -> str:
        """Run a command that must succeed; return what it printed."""
        result = self.run(*arguments)
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

    def text(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path, oltp_server: ThrowAwayServer) -> Copy:
    """The project as the work tree has it, and a database to read."""
    root = tmp_path / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in listed:
        wanted = name.startswith(("finhouse/", "dbt_project/")) or "/" not in name
        if name and wanted and (PROJECT_ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT_ROOT / name, root / name)
    packages = PROJECT_ROOT / "dbt_project" / "dbt_packages"
    shutil.copytree(packages, root / "dbt_project" / "dbt_packages", symlinks=True)
    url = oltp_server.create_database("oltp_to_scaffold")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(CATALOGUE)
    return Copy(root, tmp_path / "home", url)
