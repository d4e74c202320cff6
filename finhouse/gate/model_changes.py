"""Which models and seeds a change adds, changes and removes, and what of them it changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from finhouse.dbt.manifest import Manifest, Node, layer_of
from finhouse.dbt.row_rules import row_rules

# What documents a node and does not change how it is built; columns are looked at one by one.
_NOT_CONFIGURATION = ("meta", "docs", "tags", "group")


@dataclass(frozen=True)
class ModelChange:
    """A model or seed that is not as it was.

    Attributes:
        name: of the model.
        layer: staging, intermediate, marts, or ``seed``.
        kind: what happened to it.
        what: the parts that changed: SQL, rows, a macro, config, contract, documentation.
    """

    name: str
    layer: str
    kind: Literal["added", "changed", "removed"]
    what: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangedTests:
    """Names of data tests and unit tests that came and went."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def model_changes(base: Manifest, head: Manifest) -> list[ModelChange]:
    """Every model and seed that was added, changed or removed, by layer and name."""
    before, after = dict(_built(base)), dict(_built(head))
    found = [
        ModelChange(node["name"], layer_of(node), "removed")
        for unique_id, node in before.items()
        if unique_id not in after
    ]
    for unique_id, node in after.items():
        if unique_id not in before:
            found.append(ModelChange(node["name"], layer_of(node), "added"))
            continue
        what = tuple(_differences(before[unique_id], node, base, head))
        if what:
            found.append(ModelChange(node["name"], layer_of(node), "changed", what))
    return sorted(found, key=lambda change: (change.kind, change.layer, change.name))


def changed_tests(base: Manifest, head: Manifest) -> ChangedTests:
    """Which tests came and went; a test whose arguments changed did both.

    Each rule of a ``row_rules`` counts as a test of its own.
    """
    before, after = _tests(base), _tests(head)
    return ChangedTests(tuple(sorted(after - before)), tuple(sorted(before - after)))


def _built(manifest: Manifest) -> Iterator[tuple[str, Node]]:
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] in ("model", "seed"):
            yield unique_id, node


def _tests(manifest: Manifest) -> set[str]:
    data_tests = {
        name
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        for name in _names(node)
    }
    unit_tests = {node["name"] for node in manifest.get("unit_tests", {}).values()}
    return data_tests | unit_tests


def _names(test: Node) -> Iterator[str]:
    rules = row_rules(test)
    if rules is None:
        yield test["name"]
    for rule in rules or ():
        yield f"{test['name']} ({rule.name})"


def _differences(before: Node, after: Node, base: Manifest, head: Manifest) -> Iterator[str]:
    if before["checksum"]["checksum"] != after["checksum"]["checksum"]:
        yield "rows" if after["resource_type"] == "seed" else "SQL"
    elif before.get("compiled_code") != after.get("compiled_code"):
        macros = sorted(_changed_macros(after, base, head))
        yield f"macro {', '.join(macros)}" if macros else "a variable, or a column upstream"
    keys = sorted(
        key
        for key in before["config"].keys() | after["config"].keys()
        if key not in _NOT_CONFIGURATION and before["config"].get(key) != after["config"].get(key)
    )
    if keys:
        yield f"config {', '.join(keys)}"
    if _contract(before) != _contract(after):
        yield "contract"
    if _documentation(before) != _documentation(after):
        yield "documentation"


def _changed_macros(node: Node, base: Manifest, head: Manifest) -> Iterator[str]:
    """Names of the macros below a model whose text is another one than in the base."""
    seen: set[str] = set()
    waiting = list(node["depends_on"]["macros"])
    while waiting:
        unique_id = waiting.pop()
        if unique_id in seen or unique_id not in head["macros"]:
            continue
        seen.add(unique_id)
        macro = head["macros"][unique_id]
        waiting += macro["depends_on"]["macros"]
        if base["macros"].get(unique_id, {}).get("macro_sql") != macro["macro_sql"]:
            yield macro["name"]


def _contract(node: Node) -> dict[str, tuple[str, str]]:
    return {
        name: (str(column.get("data_type")), str(column.get("constraints")))
        for name, column in node["columns"].items()
    }


def _documentation(node: Node) -> tuple[object, ...]:
    columns = {
        name: (column["description"], column.get("config", {}).get("meta"), column.get("meta"))
        for name, column in node["columns"].items()
    }
    return node["description"], node["config"].get("meta"), columns
