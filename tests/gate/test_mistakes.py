"""Typical bad pull requests, each a patch: the gate catches it, by the right check, and says so.

CI applies mistakes of several checks together, as a run names everything that it finds;
`make test-mistakes` tries each one alone.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from finhouse.gate.steps import FAILED, PASSED
from finhouse.settings import PROJECT_ROOT
from tests.gate.conftest import Clone

pytestmark = pytest.mark.full

PATCHES = Path(__file__).parent
ALONE = os.environ.get("FINHOUSE_TEST_MISTAKES") == "alone"


@dataclass(frozen=True)
class Patch:
    """A change of the project.

    Attributes:
        file: the patch; story and headers stand above the diff.
        story: what somebody did and why.
        headers: ``Caught-by`` and ``Says`` of a mistake; ``Report`` of a good change, and
            ``Declares`` where CHANGELOG.md must gain a line.
    """

    file: Path
    story: str
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
            if colon and name in ("Caught-by", "Says", "Report", "Declares")
        )
        story = " ".join(preamble.partition("\n\n")[0].split())
        patches.append(Patch(file, story, headers))
    return patches


def caught_by(patch: Patch) -> str:
    return patch.header("Caught-by")


# Checks of which none stops another: one run of the gate finds the mistakes of all. What breaks a
# contract fails in the build as well.
TOGETHER = {
    "quick checks": ("python", "yaml", "conventions", "dashboards", "api"),
    "what is built": ("unit tests", "personal data", "second build", "moves"),
}
BUILD_TOO = "type_that_breaks_the_contract"
# Where one of these fails, nothing is compared.
BEFORE_MOVES = {*TOGETHER["quick checks"], "parse", "sql", "base", "compile", "build"}


def run_of(patch: Patch) -> str:
    """The run of the gate that a patch goes into with others."""
    if patch.name == BUILD_TOO:
        return "build"
    check = caught_by(patch)
    return next((name for name, checks in TOGETHER.items() if check in checks), check)


def groups(patches: list[Patch]) -> dict[str, list[Patch]]:
    """Patches to apply together, by a name for them."""
    if ALONE:
        return {patch.name: [patch] for patch in patches}
    return {name: list(group) for name, group in groupby(sorted(patches, key=run_of), run_of)}


def judge(clone: Clone, patches: list[Patch]) -> subprocess.CompletedProcess[str]:
    """Apply the patches and run the whole gate."""
    for patch in patches:
        clone.git("apply", "--whitespace=nowarn", str(patch.file))
        # No part of the diff: the changelog is what changes most.
        if declared := dict(patch.headers).get("Declares"):
            clone.declare(f"{declared}\n")
    return clone.gate("run")


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


def said_by_step(printed: str) -> dict[str, str]:
    """What each step prints while it runs, and in the error at the end where several fail."""
    steps = "|".join({caught_by(patch) for patches in MISTAKES.values() for patch in patches})
    _, *parts = re.split(rf"(?m)^({steps}): ", printed)
    said: dict[str, str] = {}
    for step, text in zip(parts[::2], parts[1::2], strict=True):
        said[step] = f"{said.get(step, '')}\n{text}"
    return said


MISTAKES = groups(read_patches("mistakes"))


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_caught_by_the_right_check(clone: Clone, name: str):
    patches = MISTAKES[name]
    result = judge(clone, patches)
    assert result.returncode != 0 and not result.stderr, result.stdout + result.stderr
    results = outcomes(result.stdout)
    failed = [step for step, outcome in results.items() if outcome == FAILED]
    catching = {caught_by(patch) for patch in patches}
    # What breaks a convention may break a chart as well: alone, the first check is the one meant.
    assert set(failed[:1] if ALONE else failed) == catching, result.stdout
    told = said_by_step(result.stdout) if len(failed) > 1 else {failed[0]: result.stdout}
    for patch in patches:
        said = " ".join(told[caught_by(patch)].split())
        assert patch.header("Says") in said, (patch.name, result.stdout)
    assert "Remedy: " in result.stdout
    refused = ", ".join(f"`{step}`" for step in failed if step != "moves")
    assert not refused or f"The gate refuses it: {refused}." in clone.report
    assert ("moves" in results) == BEFORE_MOVES.isdisjoint(failed)
    assert ("built on the demo company" in clone.report) == ("moves" in results)


def test_good_changes_pass(clone: Clone):
    """All of them at once; each alone in `make test-mistakes`."""
    good = read_patches("good")
    for together in [[patch] for patch in good] if ALONE else [good]:
        result = judge(clone, together)
        assert result.returncode == 0, result.stdout + result.stderr
        assert set(outcomes(result.stdout).values()) == {PASSED}
        for patch in together:
            assert patch.header("Report") in clone.report, (patch.name, clone.report)
        clone.undo()


def test_the_docs_list_every_mistake():
    told = (PROJECT_ROOT / "docs" / "reference" / "pull-requests.md").read_text(encoding="utf-8")
    for patch in read_patches("mistakes"):
        row = f"| {patch.story} | {caught_by(patch)} | … {patch.header('Says')} … |"
        assert row in told, f"docs/reference/pull-requests.md lacks: {row}"
