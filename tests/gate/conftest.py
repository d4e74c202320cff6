"""A clone of the project, and the gate that judges its changes: one input and base for all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.house import House
from tests.support.project_copy import copy_project

SCALE = "0.02"
# Those that the patches change, and merchants, whom unit tests of shared models read; what a pull
# request costs does not grow with the others.
DOMAINS = "wallet,microfinance,merchant_activity"


@dataclass(frozen=True)
class Clone:
    """A copy of the project with a repository of its own, and the home its gate works in."""

    project: Path
    home: Path

    def gate(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run ``finhouse gate <command>`` of the copy, as its user would."""
        return subprocess.run(
            [sys.executable, "-m", "finhouse", "gate", command, "--scale", SCALE],
            cwd=self.project,
            env=House(self.home, DOMAINS).environment | {"PYTHONPATH": str(self.project)},
            capture_output=True,
            text=True,
        )

    @property
    def report(self) -> str:
        return (self.home / "gate" / "moves.md").read_text(encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.project / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} does not say {old!r} any more: adapt this test"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def declare(self, line: str) -> None:
        self.edit("CHANGELOG.md", "(unreleased)\n", f"(unreleased)\n\n{line}")

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@b.invalid"]
        result = subprocess.run(
            ["git", *identity, *arguments], cwd=self.project, capture_output=True, text=True
        )
        assert result.returncode == 0, f"git {' '.join(arguments)}: {result.stderr}"

    def undo(self) -> None:
        """Take back every change since the base."""
        self.git("reset", "--hard", "--quiet")
        self.git("clean", "--force", "-d", "--quiet")


@pytest.fixture(scope="session")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The work tree as it stands, committed as the base."""
    folder = tmp_path_factory.mktemp("gate")
    clone = Clone(folder / "project", folder / "home")
    copy_project(clone.project)
    clone.git("init", "-q", "-b", "main")
    clone.git("add", "-A")
    clone.git("commit", "-qm", "base")
    return clone


@pytest.fixture
def clone(cloned: Clone) -> Iterator[Clone]:
    yield cloned
    cloned.undo()
