"""The domains: one business each, as ``vars.domains`` of dbt_project.yml declares them.

``FINHOUSE_DOMAINS=wallet,bnpl`` selects some: of the others nothing is loaded, built or shown. A
domain whose models read those of another ``requires`` it, and is never selected without it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from finhouse.errors import ConfigurationError
from finhouse.yaml_text import parse_yaml

SELECTION = "FINHOUSE_DOMAINS"
DBT_PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"


def declared_domains(dbt_project: Path = DBT_PROJECT) -> dict[str, dict[str, Any]]:
    """All domains by name, with their settings, in the order of dbt_project.yml."""
    text = (dbt_project / "dbt_project.yml").read_text(encoding="utf-8")
    return deepcopy(_domains_in(text))


@lru_cache(maxsize=4)
def _domains_in(project: str) -> dict[str, dict[str, Any]]:
    """Of the text of a dbt_project.yml: a command asks for them dozens of times."""
    return parse_yaml(project).get("vars", {}).get("domains", {})


def selected_domains(
    env: Mapping[str, str] | None = None, dbt_project: Path = DBT_PROJECT
) -> dict[str, dict[str, Any]]:
    """The declared domains listed in ``FINHOUSE_DOMAINS``, separated by commas; empty: all.

    Those that a listed one requires are selected, too.

    Args:
        env: default the process environment.
        dbt_project: another version of the project, which may lack a domain of ours.

    Raises:
        ConfigurationError: a listed domain is not declared.
    """
    declared = declared_domains()
    listed = _listed(env)
    unknown = sorted(listed - declared.keys())
    if unknown:
        raise ConfigurationError(
            f"{SELECTION} names the unknown domain {', '.join(map(repr, unknown))}",
            f"choose from {', '.join(declared)}, separated by commas; leave it empty for all",
        )
    names = listed | _required(listed, declared)
    return {
        name: entry
        for name, entry in declared_domains(dbt_project).items()
        if not names or name in names
    }


def domains_added(env: Mapping[str, str] | None = None) -> list[str]:
    """The domains that are selected without being listed: a listed one requires them."""
    listed = _listed(env)
    return sorted(_required(listed, declared_domains()) - listed)


def _listed(env: Mapping[str, str] | None) -> set[str]:
    listed = (os.environ if env is None else env).get(SELECTION) or ""
    return {name.strip() for name in listed.split(",")} - {""}


def _required(names: Iterable[str], declared: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """What domains require, and what that requires in its turn."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        added = set(declared[waiting.pop()].get("requires", ())) - found
        found |= added
        waiting += added
    return found
