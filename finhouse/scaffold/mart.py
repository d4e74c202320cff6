"""A new mart: a table for readers, which begins as the columns of a model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from finhouse.dbt.data_classes import CLASSES
from finhouse.errors import ConfigurationError
from finhouse.scaffold import source_file
from finhouse.scaffold.names import snake_case
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.project import (
    PROJECT_FILE,
    enable,
    model_entry,
    model_path,
    refuse_known_model,
    refuse_unknown_domain,
    row_rules_of,
    tested_key,
)
from finhouse.scaffold.text import described, listed
from finhouse.sources.definitions import LOADER_COLUMNS, PostgresDefinition

# A contract names types as every engine knows them.
_CONTRACT_TYPES = {"double": "numeric(26, 8)"}


def plan_mart(
    plan: Plan,
    name: str,
    domain: str,
    model: str,
    *,
    grain: Sequence[str] = (),
    owner: str = "",
    data_class: str = "",
) -> None:
    """Add SQL and YAML of a mart that shows a model's columns; a person takes it from there.

    Args:
        model: a staging or intermediate model.
        grain: columns that identify a row; default what the model's tests hold to be its key.
        data_class: public, internal, confidential or personal.

    Raises:
        ConfigurationError: there is no such domain or model, the model is staging of another
            domain, the name is taken, or grain or class is unknown.
    """
    refuse_unknown_domain(plan, domain)
    if re.match("stg_|int_", name):
        raise ConfigurationError(
            f"a mart is not called {name}", "leave out stg_ or int_: readers see this name"
        )
    refuse_known_model(plan, name)
    if data_class and data_class not in CLASSES:
        raise ConfigurationError(
            f"{data_class!r} is no data class", f"use one of {', '.join(CLASSES)}"
        )
    path = model_path(plan, model)
    layer, of = path.split("/")[2:4]
    if layer == "marts" or (layer == "staging" and of != domain):
        raise ConfigurationError(
            f"mart {name} of {domain} cannot begin with {model}, a model of {layer}/{of}",
            "name a staging model of its own domain, or an intermediate model",
        )
    entry = model_entry(plan.text(path))
    masked = _masked(plan, model)
    columns = [
        column
        for column in entry["columns"]
        if column["name"] not in LOADER_COLUMNS and column["name"] not in masked
    ]
    left_out = [column["name"] for column in entry["columns"] if column["name"] in masked]
    if left_out:
        plan.remarks.append(
            f"{name} leaves out {', '.join(left_out)}: its source declares them to be masked"
        )
    key = list(grain) or tested_key(entry)
    unknown = [column for column in key if column not in {c["name"] for c in columns}]
    if unknown:
        raise ConfigurationError(
            f"grain names {', '.join(unknown)}, which {name} does not show",
            f"use columns of {model}: {', '.join(column['name'] for column in columns)}",
        )
    rules = row_rules_of(entry)
    required = frozenset([*rules.get("key", ()), *rules.get("not_null", ())])
    folder = f"dbt_project/models/marts/{domain}"
    plan.create(f"{folder}/{name}.sql", _sql(model, columns))
    to_say = ["description: what one row is (One row per ...)"]
    to_say += ["config.meta.owner: the team that answers for it"] * (not owner)
    to_say += ["config.meta.grain: the columns that identify a row, and a test that says so"] * (
        not key
    )
    to_say += [f"config.meta.data_class: {', '.join(CLASSES)}"] * (not data_class)
    silent = [column["name"] for column in columns if not column.get("description")]
    to_say += [f"descriptions of {', '.join(silent)}"] * bool(silent)
    plan.create(
        f"{folder}/{name}.yml",
        _yaml(name, columns, key, owner, data_class, required),
        *to_say,
    )
    project = plan.text(PROJECT_FILE)
    enabled = enable(project, domain, ("marts",))
    if enabled != project:
        plan.change(PROJECT_FILE, enabled)
    plan.next_command = f"finhouse dbt build --select {name}"


def _sql(model: str, columns: Sequence[Mapping[str, Any]]) -> str:
    cte = re.sub(r"^(stg_\w+?__|int_)", "", model)
    selected = []
    for column in columns:
        name, kind = column["name"], _CONTRACT_TYPES.get(column["data_type"])
        selected.append(f"        cast({name} as {kind}) as {name}" if kind else f"        {name}")
    lines = [f"with {cte} as (", "", f"    select * from {{{{ ref('{model}') }}}}", "", "),", ""]
    lines += ["final as (", "", "    select", ",\n".join(selected), f"    from {cte}", "", ")", ""]
    return "\n".join([*lines, "select * from final", ""])


def _yaml(
    name: str,
    columns: Sequence[Mapping[str, Any]],
    key: Sequence[str],
    owner: str,
    data_class: str,
    required: frozenset[str],
) -> str:
    lines = ["version: 2", "", "models:", f"  - name: {name}", '    description: ""']
    if owner or key or data_class:
        lines += ["    config:", "      meta:"]
        lines += described(owner, 8, "owner") if owner else []
        lines += listed("grain", key, 8) if key else []
        lines += [f"        data_class: {data_class}"] if data_class else []
    if key:
        lines += ["    data_tests:", "      - row_rules:", f"          name: row_rules_{name}"]
        lines += ["          arguments:", *listed("key", key, 12)]
    lines += ["    columns:"]
    for column in columns:
        kind = _CONTRACT_TYPES.get(column["data_type"], column["data_type"])
        lines += [f"      - name: {column['name']}", f"        data_type: {kind}"]
        description = str(column.get("description") or "")
        if "{{" in description:
            lines += [f'        description: "{description}"']
        else:
            lines += described(description, 8)
        if column["name"] in required or column["name"] in key:
            lines += ["        constraints: [{type: not_null}]"]
    return "\n".join(lines) + "\n"


def _masked(plan: Plan, model: str) -> frozenset[str]:
    """Columns of a staging model that its source declares to be masked, as the model calls them."""
    staged = re.fullmatch(r"stg_(\w+?)__(\w+)", model)
    if not staged or not plan.has(source_file.path(staged[1])):
        return frozenset()
    definition = source_file.parsed(staged[1], plan.text(source_file.path(staged[1])))
    if not isinstance(definition, PostgresDefinition):
        return frozenset()
    return frozenset(
        snake_case(column) for table in definition.chosen([staged[2]]) for column in table.masked
    )
