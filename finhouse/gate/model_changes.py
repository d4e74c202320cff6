"""What a change adds, changes and removes in the dbt project, and what of it must be built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from finhouse.dbt.manifest import Manifest, Node, layer_of
from finhouse.dbt.row_rules import row_rules
from finhouse.gate.sql_text import bare
from finhouse.yaml_text import parse_yaml

# What dbt makes a table or view of.
RELATIONS = ("model", "seed", "snapshot")
# What documents a node and does not change how it is built; columns are looked at one by one.
_NOT_CONFIGURATION = ("meta", "docs", "tags", "group")
# What of a change needs no build.
_TOLD_ONLY = {"documentation", "comments"}
_VARIABLE = re.compile(r"\bvar\(\s*['\"](\w+)['\"]")
_REF = re.compile(r"\bref\(\s*['\"](\w+)['\"]")
_UNIT_TEST_PARTS = ("model", "given", "expect", "overrides")


@dataclass(frozen=True)
class Version:
    """The dbt project as one side of the comparison has it.

    Attributes:
        manifest: dbt's manifest, every model with its ``compiled_code``.
        variables: ``vars`` of its dbt_project.yml.
    """

    manifest: Manifest
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelChange:
    """A model, seed or snapshot that is not as it was.

    Attributes:
        name: of the model.
        layer: staging, intermediate, marts, ``seed`` or ``snapshot``.
        kind: what happened to it.
        what: the parts that changed: SQL, rows, a macro, a variable, config, contract,
            documentation, comments.
        causes: macros and variables whose change changes its SQL.
    """

    name: str
    layer: str
    kind: Literal["added", "changed", "removed"]
    what: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangedTests:
    """Names of data tests and unit tests that came and went."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def read_variables(dbt_project: Path) -> dict[str, Any]:
    """``vars`` of a project's dbt_project.yml."""
    text = (dbt_project / "dbt_project.yml").read_text(encoding="utf-8")
    return parse_yaml(text).get("vars") or {}


def model_changes(base: Version, head: Version) -> list[ModelChange]:
    """Every model, seed and snapshot that was added, changed or removed, by layer and name."""
    before, after = dict(_built(base.manifest)), dict(_built(head.manifest))
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
            causes = (
                tuple(_causes(node, base, head)) if _sql_differs(before[unique_id], node) else ()
            )
            found.append(ModelChange(node["name"], layer_of(node), "changed", what, causes))
    return sorted(found, key=lambda change: (change.kind, change.layer, change.name))


def changed_tests(base: Manifest, head: Manifest) -> ChangedTests:
    """Which tests came and went; a test whose arguments changed did both.

    Each rule of a ``row_rules`` counts as a test of its own.
    """
    before, after = _tests(base), _tests(head)
    return ChangedTests(tuple(sorted(after - before)), tuple(sorted(before - after)))


def to_build(base: Version, head: Version) -> tuple[str, ...]:
    """What dbt must build of the head, as its ``--select`` has it; empty where nothing differs.

    Models, seeds and snapshots that are new or built otherwise, with all below them, and tests that
    are new or ask something else. dbt's own ``state:modified`` compares what is written: it takes a
    comment for a change, and misses a variable that changes the SQL of an untouched file.
    """
    names: list[str] = [
        f"{change.name}+"
        for change in model_changes(base, head)
        if change.kind == "added" or (change.kind == "changed" and {*change.what} - _TOLD_ONLY)
    ]
    names += sorted(
        node["name"]
        for unique_id, node in head.manifest["nodes"].items()
        if node["resource_type"] == "test"
        and _asks_otherwise(base.manifest["nodes"].get(unique_id), node, base, head)
    )
    before = base.manifest.get("unit_tests", {})
    names += sorted(
        node["name"]
        for unique_id, node in head.manifest.get("unit_tests", {}).items()
        if unique_id not in before or _unit_test(before[unique_id]) != _unit_test(node)
    )
    return tuple(names)


def to_try_without_rows(selection: Sequence[str], head: Manifest) -> tuple[str, ...]:
    """Of a selection of ``to_build``, what a build without rows can find a fault in.

    What differs itself, and the unit tests that give rows in its place, as they name its columns.
    All below runs the statement that the base ran, so nothing new can come of it without rows.
    """
    differing = {name.removesuffix("+") for name in selection}
    names = differing | {
        node["name"]
        for node in head.get("unit_tests", {}).values()
        if differing.intersection(
            name for given in node["given"] for name in _REF.findall(given["input"])
        )
    }
    return tuple(sorted(names))


def recompiled(base: Manifest, head: Manifest) -> list[str]:
    """Models and snapshots of both versions that compile to another statement."""
    return sorted(
        node["name"]
        for unique_id, node in head["nodes"].items()
        if unique_id in base["nodes"]
        and node["resource_type"] in ("model", "snapshot")
        and _sql_differs(base["nodes"][unique_id], node)
    )


def _built(manifest: Manifest) -> Iterator[tuple[str, Node]]:
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] in RELATIONS:
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


def _differences(before: Node, after: Node, base: Version, head: Version) -> Iterator[str]:
    is_other_text = before["checksum"]["checksum"] != after["checksum"]["checksum"]
    if after["resource_type"] == "seed":
        if is_other_text:
            yield "rows"
    elif _raw(before) != _raw(after):
        yield "SQL"
    elif _sql_differs(before, after):
        yield ", ".join(_causes(after, base, head)) or "a column upstream"
    elif is_other_text:
        yield "comments"
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


def _raw(node: Node) -> str:
    return bare(node.get("raw_code") or "")


def _sql_differs(before: Node, after: Node) -> bool:
    one, other = before.get("compiled_code") or "", after.get("compiled_code") or ""
    return one != other and bare(one) != bare(other)


def _asks_otherwise(before: Node | None, after: Node, base: Version, head: Version) -> bool:
    """Whether a data test is new, or looks for other rows than it did."""
    return (
        before is None
        or _raw(before) != _raw(after)
        or before.get("test_metadata") != after.get("test_metadata")
        or _build_config(before) != _build_config(after)
        or any(_causes(after, base, head))
    )


def _build_config(node: Node) -> dict[str, Any]:
    return {key: value for key, value in node["config"].items() if key not in _NOT_CONFIGURATION}


def _unit_test(node: Node) -> list[Any]:
    return [node.get(part) for part in _UNIT_TEST_PARTS]


def _causes(node: Node, base: Version, head: Version) -> Iterator[str]:
    """Macros and variables below a node that are not what they were in the base."""
    macros = _macros_below(node, head.manifest)
    for unique_id in sorted(macros, key=lambda unique_id: unique_id.rpartition(".")[2]):
        macro, before = macros[unique_id], base.manifest["macros"].get(unique_id)
        if before is None or bare(before["macro_sql"]) != bare(macro["macro_sql"]):
            yield f"macro {macro['name']}"
    texts = [node.get("raw_code") or "", json.dumps(node.get("test_metadata") or {})]
    texts += [macro["macro_sql"] for macro in macros.values()]
    for name in sorted({name for text in texts for name in _VARIABLE.findall(text)}):
        old, new = base.variables.get(name), head.variables.get(name)
        if old != new:
            yield f"variable {name}{_values(old, new)}"


def _values(old: object, new: object) -> str:
    """Old and new value, where they can be read in a line."""
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        return ""
    return f" ({json.dumps(old)} → {json.dumps(new)})"


def _macros_below(node: Node, manifest: Manifest) -> dict[str, Node]:
    """By unique id, the macros a node calls, and those that these call."""
    found: dict[str, Node] = {}
    waiting = list(node["depends_on"]["macros"])
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in found and unique_id in manifest["macros"]:
            found[unique_id] = manifest["macros"][unique_id]
            waiting += found[unique_id]["depends_on"]["macros"]
    return found


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
