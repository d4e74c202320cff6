"""Typical bad pull requests, each a patch: the gate catches it, by the right check, and says so.

CI applies all mistakes of one check together, as a check names everything it finds;
`make test-mistakes` tries each one alone and prints the table.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from finhouse.gate.steps import FAILED, PASSED
from finhouse.settings import PROJECT_ROOT
from tests.support.house import House

PATCHES = Path(__file__).parent
ALONE = os.environ.get("FINHOUSE_TEST_MISTAKES") == "alone"
SCALE = "0.02"


@dataclass(frozen=True)
class Patch:
    """A change of the project.

    Attributes:
        file: the patch; above the diff it tells what somebody did.
        headers: ``Caught-by`` and ``Says`` of a mistake, ``Report`` of a good change.
    """

    file: Path
    headers: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return self.file.stem

    def header(self, name: str) -> str:
        return dict(self.headers)[name]


def read_patches(folder: str) -> list[Patch]:
    patches = []
    for file in sorted((PATCHES / folder).glob("*.patch")):
        preamble = file.read_text(encoding="utf-8").partition("\ndiff --git")[0]
        headers = tuple(
            (name, value)
            for name, colon, value in (line.partition(": ") for line in preamble.splitlines())
            if colon and name in ("Caught-by", "Says", "Report")
        )
        patches.append(Patch(file, headers))
    return patches


def caught_by(patch: Patch) -> str:
    return patch.header("Caught-by")


def groups(patches: list[Patch]) -> dict[str, list[Patch]]:
    """Patches to apply together, by a name for them."""
    if ALONE:
        return {patch.name: [patch] for patch in patches}
    return {step: list(group) for step, group in groupby(sorted(patches, key=caught_by), caught_by)}


@pytest.fixture(scope="session")
def gate_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Keeps the frozen input and the built base from one patch to the next."""
    return House(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it stands, committed in a repository of its own."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT_ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT_ROOT / name, folder / name)
    shutil.copytree(
        PROJECT_ROOT / "dbt_project" / "dbt_packages",
        folder / "dbt_project" / "dbt_packages",
        symlinks=True,
    )
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "Base")
    return folder


def git(folder: Path, *arguments: str) -> None:
    result = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, f"git {' '.join(arguments)}: {result.stderr}"


@pytest.fixture
def patched(clone: Path) -> Iterator[Path]:
    """The clone, cleaned of the patches before and after."""
    yield clone
    git(clone, "reset", "--hard", "--quiet")
    git(clone, "clean", "--force", "-d", "--quiet")


def run_gate(house: House, project: Path, patches: list[Patch]) -> subprocess.CompletedProcess:
    for patch in patches:
        git(project, "apply", "--whitespace=nowarn", str(patch.file))
    return subprocess.run(
        [sys.executable, "-m", "finhouse", "gate", "run", "--scale", SCALE],
        cwd=project,
        env=house.environment | {"PYTHONPATH": str(project)},
        text=True,
        capture_output=True,
    )


def outcomes(printed: str) -> dict[str, str]:
    """Result of each step, from the table that the gate prints."""
    table = printed.partition("\nGate\n")[2]
    found = {}
    for line in table.splitlines():
        for result in (PASSED, FAILED):
            step, mark, _ = line.partition(f"  {result} ")
            if mark:
                found[step.strip()] = result
    return found


MISTAKES = groups(read_patches("mistakes"))


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_caught_by_the_right_check(gate_house: House, patched: Path, name: str):
    patches = MISTAKES[name]
    result = run_gate(gate_house, patched, patches)
    assert result.returncode != 0 and not result.stderr, result.stdout + result.stderr
    results = outcomes(result.stdout)
    assert [step for step, outcome in results.items() if outcome == FAILED] == [
        caught_by(patches[0])
    ], result.stdout
    said = " ".join(result.stdout.split())
    for patch in patches:
        assert patch.header("Says") in said, (patch.name, result.stdout)
    assert "Remedy: " in said


def test_good_changes_pass(gate_house: House, patched: Path):
    """All of them at once; each alone in `make test-mistakes`."""
    good = read_patches("good")
    for together in [[patch] for patch in good] if ALONE else [good]:
        result = run_gate(gate_house, patched, together)
        assert result.returncode == 0, result.stdout
        assert set(outcomes(result.stdout).values()) == {PASSED}
        for patch in together:
            assert patch.header("Report") in result.stdout, (patch.name, result.stdout)
        git(patched, "reset", "--hard", "--quiet")
