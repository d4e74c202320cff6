"""What the dbt project has already: its domains, models and their columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from finhouse.errors import ConfigurationError
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.text import LINE
from finhouse.yaml_text import parse_yaml

PROJECT_FILE = "dbt_project/dbt_project.yml"


def domains(plan: Plan) -> Mapping[str, Mapping[str, Any]]:
    """``vars.domains`` of the dbt project."""
    return parse_yaml(plan.text(PROJECT_FILE))["vars"]["domains"]


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
    planned = [path for path in plan.new if path.endswith(f"/{model}.yml")]
    if planned:
        return planned[0]
    found = sorted(folder.rglob(f"{model}.yml"))
    if not found:
        raise ConfigurationError(
            f"there is no model {model!r} with a YAML file below dbt_project/models",
            "name a staging or intermediate model, such as stg_wallet__users",
        )
    return found[0].relative_to(plan.root).as_posix()


def model_entry(text: str) -> dict[str, Any]:
    """The model that a YAML file describes."""
    return (parse_yaml(text) or {})["models"][0]


def described_columns(text: str) -> list[str]:
    """Columns that a model's YAML describes."""
    return [column["name"] for column in model_entry(text).get("columns") or ()]


def row_rules_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Arguments of a model's ``row_rules``; empty where it has none."""
    for test in entry.get("data_tests") or ():
        if "row_rules" in test:
            return test["row_rules"]["arguments"]
    return {}


def tested_key(entry: Mapping[str, Any]) -> list[str]:
    """Columns that a model's tests hold to be its key; empty where none does."""
    if key := row_rules_of(entry).get("key"):
        return list(key)
    for column in entry.get("columns") or ():
        if "unique" in (column.get("data_tests") or ()):
            return [column["name"]]
    for test in entry.get("data_tests") or ():
        if "dbt_utils.unique_combination_of_columns" in test:
            arguments = test["dbt_utils.unique_combination_of_columns"]["arguments"]
            return list(arguments["combination_of_columns"])
    return []


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


def enable(text: str, domain: str, folders: Collection[str]) -> str:
    """dbt_project.yml with the lines that build the folders of a domain when it is chosen.

    Args:
        text: of dbt_project.yml; one that has no such lines is returned as it is.
        folders: folders of models, ``staging``, ``intermediate`` or ``marts``, that have files of
            the domain: dbt warns about lines for any other.
    """
    lines = text.splitlines()
    places: list[tuple[int, list[str]]] = []
    above: dict[int, str] = {}
    last_of: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        above = {depth: key for depth, key in above.items() if depth < indent}
        path = tuple(above.values())
        above[indent] = line.strip().partition(":")[0]
        if "+enabled: &" in line:
            # The lines of the expression follow, deeper than the key.
            end = number
            while end + 1 < len(lines) and lines[end + 1].startswith(" " * (indent + 2)):
                end += 1
            last_of[path[:-1]] = end
        elif "{+enabled: *" in line:
            if line.strip().startswith(f"{domain}:"):
                last_of.pop(path, None)
                folders = [folder for folder in folders if folder != path[-1]]
            elif path[-1] in folders or path[0] == "sources":
                last_of[path] = number
    for path, number in last_of.items():
        if path[-1] not in folders:
            continue
        if path == ("models", "finhouse", "staging"):
            of = f"'{domain}' in env_var('FINHOUSE_DOMAINS', '{domain}').split(',')"
            places.append(
                (
                    number,
                    [
                        f"      {domain}:",
                        f"        +enabled: &{domain} >-",
                        *_expression(of),
                    ],
                )
            )
        else:
            places.append((number, [f"      {domain}: {{+enabled: *{domain}}}"]))
    for number, added in sorted(places, reverse=True):
        lines[number + 1 : number + 1] = added
    return "\n".join(lines) + "\n"


def _expression(condition: str) -> list[str]:
    line = f"          {{{{ ({condition}) | as_bool }}}}"
    if len(line) <= LINE:
        return [line]
    return [f"          {{{{ ({condition})", "          | as_bool }}"]
