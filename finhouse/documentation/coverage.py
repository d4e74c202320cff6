"""How much of the project is described and tested, model by model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finhouse.dbt.manifest import MARTS, layer_of, models_of, tests_by_model
from finhouse.dbt.row_rules import ROW_RULES, row_rules

_UNIQUE_COMBINATION = "unique_combination_of_columns"


@dataclass(frozen=True)
class Coverage:
    """Of one model.

    Attributes:
        layer: staging, intermediate or marts.
        described: columns with a description, of ``columns``.
        checked: columns with a data test or a constraint.
        undescribed: the columns without a description.
        is_described: the model itself has a description.
        has_tested_key: a test holds its grain (or some column) to be unique.
    """

    name: str
    layer: str
    columns: int
    described: int
    checked: int
    undescribed: tuple[str, ...]
    is_described: bool
    has_tested_key: bool


def coverage(manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> list[Coverage]:
    """Coverage of every model, by layer and name.

    Args:
        manifest: dbt's manifest.json.
        catalog: dbt's catalog.json: the columns that are there, described or not.
    """
    tests = tests_by_model(manifest)
    return sorted(
        (
            _of_model(node, catalog["nodes"].get(node["unique_id"]), tests)
            for node in models_of(manifest)
        ),
        key=lambda entry: (entry.layer, entry.name),
    )


def gaps(covered: Sequence[Coverage]) -> list[str]:
    """What keeps the marts from full coverage, one sentence each; empty when nothing does."""
    return [text for entry in covered if entry.layer == MARTS for text in _gaps(entry)]


def _gaps(entry: Coverage) -> Iterator[str]:
    if not entry.is_described:
        yield f"mart {entry.name} has no description"
    for column in entry.undescribed:
        yield f"column {entry.name}.{column} has no description"
    if not entry.has_tested_key:
        yield f"mart {entry.name} has no test that its key is unique"


def _of_model(
    node: Mapping[str, Any],
    found: Mapping[str, Any] | None,
    tests: Mapping[str, list[Mapping[str, Any]]],
) -> Coverage:
    declared = {name.lower(): column for name, column in node["columns"].items()}
    names = [name.lower() for name in found["columns"]] if found else list(declared)
    of_model = tests.get(node["unique_id"], [])
    tested = {column for test in of_model for column in _tested_columns(test)}
    undescribed = tuple(
        name for name in names if not declared.get(name, {}).get("description", "").strip()
    )
    return Coverage(
        name=node["name"],
        layer=layer_of(node),
        columns=len(names),
        described=len(names) - len(undescribed),
        checked=sum(
            name in tested or bool(declared.get(name, {}).get("constraints")) for name in names
        ),
        undescribed=undescribed,
        is_described=bool(node["description"].strip()),
        has_tested_key=has_tested_key(node, of_model),
    )


def _tested_columns(test: Mapping[str, Any]) -> Iterator[str]:
    """Columns that a test is about; of ``row_rules`` all that it lists or that a rule mentions."""
    yield (test.get("column_name") or "").lower()
    for rule in row_rules(test) or ():
        yield from rule.columns


def has_tested_key(node: Mapping[str, Any], tests: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a test of uniqueness covers the grain; without a stated grain any such test does."""
    grain = set(node["config"].get("meta", {}).get("grain") or [])
    keys = list(_tested_keys(tests))
    return any(key <= grain for key in keys) if grain else bool(keys)


def _tested_keys(tests: Sequence[Mapping[str, Any]]) -> Iterator[set[str]]:
    for test in tests:
        about = test.get("test_metadata") or {}
        if about.get("name") == "unique":
            yield {test["column_name"]}
        elif about.get("name") == _UNIQUE_COMBINATION:
            yield set(about["kwargs"]["combination_of_columns"])
        elif about.get("name") == ROW_RULES and about["kwargs"].get("key"):
            yield set(about["kwargs"]["key"])
