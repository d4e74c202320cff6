"""What the generic test ``row_rules`` states of a model: many rules in one node."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ROW_RULES = "row_rules"


@dataclass(frozen=True)
class RowRule:
    """One rule of a ``row_rules``.

    Attributes:
        name: what it says, such as ``amount >= 0``.
        columns: those it is about, in lower case; of a condition, every word in it.
    """

    name: str
    columns: frozenset[str]


def row_rules(test: Mapping[str, Any]) -> list[RowRule] | None:
    """The rules that a node of dbt's manifest states; None if it is another kind of test."""
    about = test.get("test_metadata") or {}
    return list(_rules(about["kwargs"])) if about.get("name") == ROW_RULES else None


def _rules(arguments: Mapping[str, Any]) -> Iterator[RowRule]:
    key = arguments.get("key", ())
    if key:
        together = f"({', '.join(key)})" if len(key) > 1 else key[0]
        yield _rule(f"{together} is unique", *key)
    for column in (*key, *arguments.get("not_null", ())):
        yield _rule(f"{column} is not null", column)
    for column, values in arguments.get("accepted_values", {}).items():
        yield _rule(f"{column} is one of {', '.join(map(str, values))}", column)
    for condition, columns in arguments.get("ranges", {}).items():
        for column in columns:
            yield _rule(f"{column} {condition}", column)
    for column in arguments.get("no_future", {}).get("columns", ()):
        yield _rule(f"{column} is not after the as-of date", column)
    if "currency_of" in arguments:
        yield _rule(f"currency_code is that of {arguments['currency_of']}", "currency_code")
    for name, condition in arguments.get("rules", {}).items():
        yield _rule(f"{name}: {condition}", *re.findall(r"\w+", condition))


def _rule(name: str, *columns: str) -> RowRule:
    return RowRule(name, frozenset(column.lower() for column in columns))
