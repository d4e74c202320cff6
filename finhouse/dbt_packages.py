"""Install the dbt packages: from the hub where it is reachable, else our compatibility package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from finhouse.console import console
from finhouse.errors import ConfigurationError
from finhouse.transform import DBT

GENUINE = "dbt-labs/dbt_utils from the dbt package hub"
COMPATIBLE = "the project's own dbt_utils compatibility package (compat/dbt_utils)"
HUB_TIMEOUT_SECONDS = 60


def install_dbt_packages(project: Path, offline: bool = False) -> str:
    """Fill ``project/dbt_packages`` and return which dbt_utils is in use.

    dbt itself only checks that there are as many folders as packages.yml names packages, so a
    link to the compatibility package serves where the hub cannot be reached.

    Args:
        project: the dbt project folder.
        offline: do not even ask the hub (``FINHOUSE_OFFLINE=1``).

    Raises:
        ConfigurationError: neither the hub nor the compatibility package is to be had.
    """
    packages = project / "dbt_packages"
    compatibility = project / "compat" / "dbt_utils"
    if not offline and _install_from_hub(project):
        return GENUINE
    if not (compatibility / "dbt_project.yml").is_file():
        raise ConfigurationError(
            f"the dbt package hub cannot be reached and {compatibility} is missing",
            "restore the folder from version control, or run `make deps` with internet access",
        )
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir(parents=True)
    (packages / "dbt_utils").symlink_to(os.path.relpath(compatibility, packages))
    return COMPATIBLE


def packages_in_use(project: Path) -> str:
    """Which dbt_utils is installed: ``GENUINE`` or ``COMPATIBLE``."""
    return COMPATIBLE if (project / "dbt_packages" / "dbt_utils").is_symlink() else GENUINE


def _install_from_hub(project: Path) -> bool:
    """Run ``dbt deps``; True if it installed the genuine package."""
    console.print("  asking the dbt package hub for dbt_utils ...")
    command = [DBT, "deps", "--quiet", "--project-dir", str(project)]
    command += ["--profiles-dir", str(project.parent)]
    try:
        result = subprocess.run(command, capture_output=True, timeout=HUB_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    # A failed `dbt deps` may leave a link of an earlier, offline run in place.
    installed = project / "dbt_packages" / "dbt_utils"
    return result.returncode == 0 and installed.is_dir() and not installed.is_symlink()
