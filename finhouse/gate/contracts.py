"""What a change does to the contracts of the marts, and which of it breaks their readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from finhouse.dbt.data_classes import data_class
from finhouse.dbt.manifest import Manifest, Node, marts_of

# Base column -> the head's column that holds the same value, by mart.
Renames = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class ContractChange:
    """One difference of a mart's contract.

    Attributes:
        mart: name of the mart.
        column: name of the column, empty for the mart itself.
        what: what was done, e.g. ``type changed``.
        old, new: before and after, empty where there is no such side.
        is_breaking: a reader that worked on the base may not work on the head.
    """

    mart: str
    column: str
    what: str
    old: str
    new: str
    is_breaking: bool


def contract_changes(
    base: Manifest, head: Manifest, renames: Renames | None = None
) -> list[ContractChange]:
    """Every difference between the marts' contracts, breaking ones first, then by name.

    Args:
        renames: columns that were found to hold the same value under another name.
    """
    before, after = marts_of(base), marts_of(head)
    found = [
        ContractChange(name, "", "mart removed", _columns_in_words(before[name]), "", True)
        for name in before.keys() - after.keys()
    ]
    found += [
        ContractChange(name, "", "mart added", "", _columns_in_words(after[name]), False)
        for name in after.keys() - before.keys()
    ]
    for name in before.keys() & after.keys():
        found += _of_mart(name, before[name], after[name])
        found += _of_columns(name, before[name], after[name], (renames or {}).get(name, {}))
    return sorted(
        found, key=lambda change: (not change.is_breaking, change.mart, change.column, change.what)
    )


def in_words(change: ContractChange) -> str:
    """``type changed: amount (integer to bigint)``, ``column renamed: old to new``."""
    text = f"{change.what}: {change.column}" if change.column else change.what
    if not (change.old and change.new):
        return text
    if change.old == change.column:
        return f"{text} to {change.new}"
    return f"{text} ({change.old} to {change.new})"


def _of_mart(mart: str, before: Node, after: Node) -> Iterator[ContractChange]:
    old, new = before["config"].get("meta", {}), after["config"].get("meta", {})
    if _list(old.get("grain")) != _list(new.get("grain")):
        yield ContractChange(
            mart, "", "grain changed", _list(old.get("grain")), _list(new.get("grain")), True
        )
    if _place(before) != _place(after):
        yield ContractChange(mart, "", "moved", _place(before), _place(after), True)
    if _is_enforced(before) and not _is_enforced(after):
        yield ContractChange(mart, "", "contract no longer enforced", "enforced", "", True)
    for key, words in (("owner", "owner changed"), ("data_class", "data class changed")):
        if old.get(key) != new.get(key):
            yield ContractChange(
                mart, "", words, str(old.get(key, "none")), str(new.get(key, "none")), False
            )


def _of_columns(
    mart: str, before: Node, after: Node, renames: Mapping[str, str]
) -> Iterator[ContractChange]:
    old, new = before["columns"], after["columns"]
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    renamed = {name: to for name, to in renames.items() if name in gone and to in come}
    for name in gone:
        if name in renamed:
            yield ContractChange(mart, name, "column renamed", name, renamed[name], True)
        else:
            yield ContractChange(mart, name, "column removed", _type(old[name]), "", True)
    for name in come - set(renamed.values()):
        yield ContractChange(mart, name, "column added", "", _type(new[name]), False)
    pairs = [(name, name) for name in old.keys() & new.keys()] + list(renamed.items())
    for name, now in pairs:
        yield from _of_column(mart, now, old[name], new[now])
        earlier, later = data_class(before, name), data_class(after, now)
        if earlier != later:
            yield ContractChange(mart, now, "data class changed", earlier, later, False)


def _of_column(
    mart: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[ContractChange]:
    if _type(before) != _type(after):
        yield ContractChange(mart, name, "type changed", _type(before), _type(after), True)
    if _is_not_null(before) and not _is_not_null(after):
        yield ContractChange(mart, name, "may now be null", "not null", "nullable", True)
    if _is_not_null(after) and not _is_not_null(before):
        yield ContractChange(mart, name, "is now never null", "nullable", "not null", False)


def _type(column: Mapping[str, Any]) -> str:
    return "".join(str(column.get("data_type") or "undeclared").lower().split())


def _is_not_null(column: Mapping[str, Any]) -> bool:
    return any(constraint["type"] == "not_null" for constraint in column.get("constraints", []))


def _is_enforced(node: Node) -> bool:
    return bool((node["config"].get("contract") or {}).get("enforced"))


def _place(node: Node) -> str:
    return f"{node['schema']}.{node.get('alias') or node['name']}"


def _list(names: object) -> str:
    return ", ".join(names) if isinstance(names, list) else str(names or "none")


def _columns_in_words(node: Node) -> str:
    count = len(node["columns"])
    return f"{count} column{'s' if count != 1 else ''}"
