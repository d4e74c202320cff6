"""Data classes go down from sources to marts: the class of a column is that of what it shows.

A column is of the highest class of the source columns that its value is computed from. What has
gone into a figure of a group is nobody's any more (``Traced.shown``). Anything else that is less
than what it is made of says so itself: ``meta: {inherits: {class: 2 identity, because: ...}}``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from finhouse.dbt.data_classes import CONFIDENTIAL, INTERNAL, PERSONAL, PUBLIC, meta_of
from finhouse.dbt.manifest import Manifest
from finhouse.dbt.queries import Queries
from finhouse.dbt.sql_columns import People, Reference, Traced
from finhouse.errors import ConfigurationError
from finhouse.sources.classes import OF_NO_PERSON, ColumnClass, highest
from finhouse.sources.definitions import SourceDefinition, raw_schema

# What a figure of a group is about.
OF_GROUPS = ColumnClass("3", "business")
# What a mart that shows a column of a level declares itself to be, at least.
_ASKED_FOR = {"1a": PERSONAL, "1b": CONFIDENTIAL, "2": CONFIDENTIAL, "3": INTERNAL}
# Names of columns that say which row another one is: of a customer, an order, a loan.
_NAMES_A_ROW = re.compile(r"(\w+_)?(id|number|hash)")


class Inheritance:
    """The class of each column of each model.

    Args:
        manifest: dbt's, compiled.
        sources: the declared ones.
        columns: those of each raw table, by ``schema.table``.

    Attributes:
        queries: the models, taken apart.
        classes: by place and column; a column of a source that has no class is not there.

    Raises:
        TransformError: dbt has not compiled a model, or its SQL cannot be read.
        ConfigurationError: what a column says of its class is not as documented.
    """

    def __init__(
        self,
        manifest: Manifest,
        sources: Iterable[SourceDefinition],
        columns: Mapping[str, Collection[str]],
    ) -> None:
        self._people = People()
        self.queries = Queries(manifest, self._people)
        self.classes: dict[Reference, ColumnClass] = {}
        for source in sources:
            for table in source.table_names:
                self._begin(source, table, columns.get(f"{raw_schema(source.name)}.{table}", ()))
        for place in self.queries.in_order():
            declared = self.queries.nodes[place]["columns"]
            for name, traced in self.queries.of(place).columns.items():
                self._hand_on((place, name), traced, declared.get(name, {}))

    def class_of(self, place: str, column: str) -> ColumnClass:
        """Class of a column of a model or source; ``3 technical`` where nothing says more."""
        return self.classes.get((place, column), OF_NO_PERSON)

    def _begin(self, source: SourceDefinition, table: str, columns: Collection[str]) -> None:
        """The classes of a source table, and which of its columns say whom a row is about."""
        place = f"{raw_schema(source.name)}.{table}"
        found = {
            (place, column): its
            for column in columns
            if (its := source.class_of(table, column, columns))
        }
        self.classes |= found
        if any(its.level in ("1a", "1b") or its.category == "identity" for its in found.values()):
            nouns = {name.removesuffix("s") for name in source.table_names}
            self._people.identifying |= {
                (place, column)
                for (place, column), its in found.items()
                if its.category != "business"
                and (its.level == "1a" or column in nouns or _NAMES_A_ROW.fullmatch(column))
            }

    def _hand_on(self, reference: Reference, traced: Traced, declared: Mapping[str, Any]) -> None:
        own = _own_class(self.queries.name(reference[0]), reference[1], declared)
        if own:
            self.classes[reference] = own
            return
        self.classes[reference] = highest(
            [
                *(self.class_of(*read) for read in traced.shown),
                *(_of_a_group(self.class_of(*read)) for read in traced.values - traced.shown),
            ]
        )
        if traced.shown & self._people.identifying:
            self._people.identifying.add(reference)


def asked_for(found: ColumnClass) -> str:
    """The least data class of a mart that shows a column of this class.

    Days, identifiers of rows and the like (``3 technical``) ask for nothing.
    """
    return PUBLIC if found == OF_NO_PERSON else _ASKED_FOR[found.level]


def _of_a_group(found: ColumnClass) -> ColumnClass:
    return found if found.level == OF_GROUPS.level else OF_GROUPS


def _own_class(model: str, column: str, declared: Mapping[str, Any]) -> ColumnClass | None:
    """The class that a column gives itself, with a reason."""
    said = meta_of(declared).get("inherits")
    if said is None:
        return None
    problem = "says no class and because"
    if isinstance(said, Mapping) and said.keys() == {"class", "because"} and said["because"]:
        try:
            return ColumnClass.parse(str(said["class"]))
        except ValueError as error:
            problem = str(error)
    raise ConfigurationError(
        f"{model}.{column}: meta.inherits = {said!r} {problem}",
        "write meta: {inherits: {class: 2 identity, because: <why it is no more than that>}}",
    )
