"""What keeps state, built a second time: incremental models and snapshots.

One frozen input builds them once, and then an incremental model that misses updates is like one
that does not. So they are built on a company before and after some days that change its past, and
held against what a build from nothing makes of the second moment.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from finhouse.dbt.manifest import Node, history_columns
from finhouse.errors import GateError
from finhouse.gate.builds import Built
from finhouse.gate.empty_sources import create_missing_sources
from finhouse.gate.inputs import LivedInput, loaded_until
from finhouse.gate.model_changes import RELATIONS
from finhouse.settings import Settings
from finhouse.transform import build_marts
from finhouse.warehouse import Warehouse, open_warehouse
from finhouse.warehouse.base import qualified, quoted, text_literal

_EXAMPLES = 2


def keeping_state(built: Built) -> list[Node]:
    """Incremental models and snapshots that a build made anew, by name."""
    return sorted(
        (
            node
            for unique_id, node in built.manifest["nodes"].items()
            if unique_id in built.rebuilt
            and (
                node["resource_type"] == "snapshot"
                or node["config"].get("materialized") == "incremental"
            )
        ),
        key=lambda node: node["name"],
    )


def check_second_build(head: Built, lived: LivedInput, home: Path) -> None:
    """Build what keeps state twice, and compare it with a build from nothing.

    Args:
        home: folder of the three builds; made anew.

    Raises:
        GateError: each model or snapshot that is not what it would be, built from nothing.
        NodesFailedError: a build fails.
    """
    nodes = keeping_state(head)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    there = replace(head.settings, home=home)
    kept = home / "kept.duckdb"
    _build(there, head.manifest, lived.before, nodes)
    _keep(there, kept, "first", nodes)
    _build(there, head.manifest, lived.after, nodes, taken_over=kept)
    _keep(there, kept, "second", nodes)
    _build(there, head.manifest, lived.after, nodes)
    with open_warehouse(there) as warehouse:
        warehouse.execute(f"attach {text_literal(str(kept))} as kept (read_only)")
        findings = [finding for node in nodes for finding in _findings(warehouse, node)]
        warehouse.execute("detach kept")
    if findings:
        raise GateError(
            "built a second time, after days that brought late, changed and deleted rows:\n"
            + "\n".join(f"  {finding}" for finding in findings),
            "let it find every row that was loaded since (_loaded_at) and drop what is gone; a"
            " snapshot says hard_deletes: invalidate; or build it as a table",
        )


def _build(
    there: Settings,
    manifest: Mapping[str, Any],
    raw: Path,
    nodes: Sequence[Node],
    taken_over: Path | None = None,
) -> None:
    """Build the nodes and all they read on a copy of ``raw``, from nothing or on a first build."""
    for left_over in there.home.glob(f"{there.duckdb_path.name}*"):
        left_over.unlink()
    shutil.copyfile(raw, there.duckdb_path)
    create_missing_sources(there, manifest)
    if taken_over:
        with open_warehouse(there) as warehouse:
            warehouse.execute(f"attach {text_literal(str(taken_over))} as kept (read_only)")
            for node in nodes:
                warehouse.create_schema(node["schema"])
                warehouse.execute(
                    f"create table {_table(node)} as select * from {_kept('first', node)}"
                )
            warehouse.execute("detach kept")
    moment = loaded_until(there.duckdb_path).strftime("%Y-%m-%d %H:%M:%S")
    build_marts(
        there,
        variables={"build_started_at": moment},
        options=[
            *("--resource-type", *RELATIONS),
            *("--select", *(f"+{node['name']}" for node in nodes)),
        ],
    )


def _keep(there: Settings, kept: Path, when: str, nodes: Sequence[Node]) -> None:
    with open_warehouse(there) as warehouse:
        warehouse.execute(f"attach {text_literal(str(kept))} as kept")
        warehouse.execute(f"create schema kept.{quoted(when)}")
        for node in nodes:
            warehouse.execute(f"create table {_kept(when, node)} as select * from {_table(node)}")
        warehouse.execute("detach kept")


def _findings(warehouse: Warehouse, node: Node) -> Iterator[str]:
    """How a node, built twice, differs from the same built from nothing."""
    name, is_snapshot = node["name"], node["resource_type"] == "snapshot"
    ours = history_columns(node)
    held = warehouse.columns(node["schema"], node.get("alias") or name)
    listed = ", ".join(quoted(column) for column in held if column not in ours.values())
    twice = f"select {listed} from {_kept('second', node)}"
    if is_snapshot:
        ended = quoted(ours["dbt_valid_to"])
        for_ever = node["config"].get("dbt_valid_to_current") or "null"
        twice += f" where ({ended} is null or {ended} = {for_ever})"
        if ours["dbt_is_deleted"] in held:
            twice += f" and {quoted(ours['dbt_is_deleted'])} = 'False'"
    once = f"select {listed} from {_table(node)}"
    for words, query in (
        ("has rows that a build from nothing does not have", f"{twice} except all {once}"),
        ("lacks rows that a build from nothing has", f"{once} except all {twice}"),
    ):
        yield from _told(warehouse, f"{name} {words}", query)
    if is_snapshot:
        yield from _told(
            warehouse,
            f"{name} has lost rows of its history",
            f"select {listed} from {_kept('first', node)}"
            f" except all select {listed} from {_kept('second', node)}",
        )


def _told(warehouse: Warehouse, what: str, query: str) -> Iterator[str]:
    [(count,)] = warehouse.execute(f"select count(*) from ({query})")
    if count:
        examples = warehouse.execute(
            f"select to_json(row) from ({query}) as row order by 1 limit {_EXAMPLES}"
        )
        yield f"{what}: {count:,}, such as {'; '.join(_shortened(row) for (row,) in examples)}"


def _shortened(row: str) -> str:
    about = {key: value for key, value in json.loads(row).items() if value is not None}
    return ", ".join(f"{key}={value}" for key, value in list(about.items())[:3])


def _table(node: Node) -> str:
    return qualified(node["schema"], node.get("alias") or node["name"])


def _kept(when: str, node: Node) -> str:
    return f"kept.{qualified(when, node['name'])}"
