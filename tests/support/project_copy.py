"""A copy of the project as the work tree has it, for tests that change it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from finhouse.settings import PROJECT_ROOT


def copy_project(root: Path, *folders: str) -> None:
    """Copy the files that git knows or would take, and the dbt packages.

    Args:
        root: where to; made.
        folders: those alone, and the files beside them; default all.
    """
    for name in _files():
        if not folders or "/" not in name or name.startswith(folders):
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
