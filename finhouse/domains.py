"""The domains: one business each, as ``vars.domains`` of dbt_project.yml declares them.

``FINHOUSE_DOMAINS=wallet,bnpl`` selects some: of the others nothing is loaded, built or shown.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from finhouse.errors import ConfigurationError

SELECTION = "FINHOUSE_DOMAINS"
DBT_PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"


def declared_domains(dbt_project: Path = DBT_PROJECT) -> dict[str, dict[str, Any]]:
    """All domains by name, with their settings, in the order of dbt_project.yml."""
    project = yaml.safe_load((dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    return project["vars"]["domains"]


def selected_domains(env: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The declared domains listed in ``FINHOUSE_DOMAINS``, separated by commas; empty: all.

    Args:
        env: default the process environment.

    Raises:
        ConfigurationError: a listed domain is not declared.
    """
    declared = declared_domains()
    listed = (os.environ if env is None else env).get(SELECTION) or ""
    names = {name.strip() for name in listed.split(",")} - {""}
    unknown = sorted(names - declared.keys())
    if unknown:
        raise ConfigurationError(
            f"{SELECTION} names the unknown domain {', '.join(map(repr, unknown))}",
            f"choose from {', '.join(declared)}, separated by commas; leave it empty for all",
        )
    return {name: entry for name, entry in declared.items() if not names or name in names}
