"""Install the dbt packages: from the hub where it is reachable, else our compatibility package."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from subprocess import TimeoutExpired

from finhouse.console import console
from finhouse.dbt.process import ask_dbt
from finhouse.errors import ConfigurationError
from finhouse.settings import Settings

GENUINE = "dbt-labs/dbt_utils from the dbt package hub"
COMPATIBLE = "the project's own dbt_utils compatibility package (compat/dbt_utils)"
HUB_TIMEOUT_SECONDS = 60


def install_dbt_packages(settings: Settings, offline: bool = False) -> str:
    """Fill ``dbt_packages`` of the dbt project and return which dbt_utils is in use.

    dbt itself only checks that there are as many folders as packages.yml names packages, so a
    link to the compatibility package serves where the hub cannot be reached.

    Args:
        settings: name the dbt project.
        offline: do not even ask the hub (``FINHOUSE_OFFLINE=1``).

    Raises:
        ConfigurationError: neither the hub nor the compatibility package is to be had.
    """
    packages = settings.dbt_project / "dbt_packages"
    compatibility = settings.dbt_project / "compat" / "dbt_utils"
    if not offline and _install_from_hub(settings):
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


def packages_in_use(settings: Settings) -> str:
    """Which dbt_utils is installed: ``GENUINE`` or ``COMPATIBLE``."""
    installed = settings.dbt_project / "dbt_packages" / "dbt_utils"
    return COMPATIBLE if installed.is_symlink() else GENUINE


def _install_from_hub(settings: Settings) -> bool:
    """Run ``dbt deps``; True if it installed the genuine package."""
    console.print("  asking the dbt package hub for dbt_utils ...")
    # Packages are the same for every target, and the dbt of our own environment is there already.
    duckdb = replace(settings, target="duckdb")
    try:
        result = ask_dbt(duckdb, ["deps", "--quiet"], connects=False, timeout=HUB_TIMEOUT_SECONDS)
    except TimeoutExpired:
        return False
    # A failed `dbt deps` may leave a link of an earlier, offline run in place.
    installed = settings.dbt_project / "dbt_packages" / "dbt_utils"
    return result.returncode == 0 and installed.is_dir() and not installed.is_symlink()
