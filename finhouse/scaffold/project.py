"""What the dbt project has already: its domains, models and their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from finhouse.errors import ConfigurationError
from finhouse.scaffold.plan import Plan

PROJECT_FILE = "dbt_project/dbt_project.yml"


def domains(plan: Plan) -> Mapping[str, Mapping[str, Any]]:
    """``vars.domains`` of the dbt project."""
    return yaml.safe_load(plan.text(PROJECT_FILE))["vars"]["domains"]


def refuse_unknown_domain(plan: Plan, domain: str) -> None:
    """Check that a domain is declared.

    Raises:
        ConfigurationError: it is not.
    """
    known = domains(plan)
    if domain not in known:
        raise ConfigurationError(
            f"there is no domain {domain!r}",
            f"use one of {', '.join(known)}, or make it: finhouse new domain {domain}",
        )


def model_path(plan: Plan, model: str) -> str:
    """Path of a model's YAML file.

    Raises:
        ConfigurationError: there is no such model, or no YAML file beside it.
    """
    folder = plan.root / "dbt_project" / "models"
    found = sorted(path for path in folder.rglob(f"{model}.yml"))
    if not found:
        raise ConfigurationError(
            f"there is no model {model!r} with a YAML file below dbt_project/models",
            "name a staging or intermediate model, such as stg_wallet__users",
        )
    return found[0].relative_to(plan.root).as_posix()


def model_entry(text: str) -> dict[str, Any]:
    """The model that a YAML file describes."""
    return (yaml.safe_load(text) or {})["models"][0]


def described_columns(text: str) -> dict[str, bool]:
    """Columns that a model's YAML describes, and whether each is tested to be unique."""
    return {
        column["name"]: "unique" in (column.get("data_tests") or ())
        for column in model_entry(text).get("columns") or ()
    }


def refuse_known_model(plan: Plan, name: str) -> None:
    """Check that no model, seed or planned file has a name yet.

    Raises:
        ConfigurationError: one has.
    """
    for folder, suffix in (("models", ".sql"), ("seeds", ".csv")):
        for path in (plan.root / "dbt_project" / folder).rglob(f"{name}{suffix}"):
            raise ConfigurationError(
                f"{path.relative_to(plan.root).as_posix()} exists already",
                "choose another name: dbt knows each model by its name alone",
            )
