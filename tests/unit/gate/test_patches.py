"""Patches of `tests/gate` fit the work tree: the gate's own tests, which apply them, run late."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from finhouse.settings import PROJECT_ROOT

PATCHES = sorted((PROJECT_ROOT / "tests" / "gate").glob("*/*.patch"))


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_patch_applies(patch: Path) -> None:
    applied = subprocess.run(
        ["git", "apply", "--check", patch], cwd=PROJECT_ROOT, capture_output=True, text=True
    )
    assert applied.returncode == 0, applied.stderr
