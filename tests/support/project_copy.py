"""A copy of the project as the work tree has it, for tests that change it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from finhouse.settings import PROJECT_ROOT


def copy_project(root: Path) -> None:
    """Copy the files that git knows or would take, and the dbt packages, to a new folder ``root``.

    All of them: a list of what a build reads would miss the next folder that it reads.
    """
    for name in _files():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT_ROOT / name, root / name)
    packages = PROJECT_ROOT / "dbt_project" / "dbt_packages"
    shutil.copytree(packages, root / "dbt_project" / "dbt_packages", symlinks=True)


def _files() -> Iterator[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return (name for name in listed if name and (PROJECT_ROOT / name).is_file())
