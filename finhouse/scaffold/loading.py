"""How the tables of a catalogue are best loaded: modes, cursors, event times, references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from finhouse.extract_load.columns import TIME_TYPES
from finhouse.scaffold.catalogue import Catalogue, CatalogueColumn, CatalogueTable
from finhouse.scaffold.names import is_reserved, snake_case, unused
from finhouse.scaffold.personal_data import A_SECRET, Rule, guess

BESIDE_ANOTHER = "raw cannot hold it beside one whose name differs by case alone"
# When a row came to be, best first; what changed it later is no event of its own.
_EVENT_TIMES = [
    "created_at",
    "created",
    "created_on",
    "created_date",
    "date_created",
    "creation_date",
    "creation_time",
    "inserted_at",
    "recorded_at",
    "occurred_at",
    "happened_at",
    "event_at",
    "event_time",
    "event_timestamp",
    "event_date",
    "timestamp",
    "transaction_date",
    "order_date",
    "booked_at",
    "posted_at",
    "opened_at",
]


@dataclass(frozen=True)
class LoadedTable:
    """A table with the name it gets in raw and the way it is loaded.

    Attributes:
        name: its name in raw and dbt.
        mode: full or incremental; append is never guessed, as no catalogue says that nothing
            changes.
        personal_data: column -> (what to do, why).
        references: names of the tables it points to, circles broken.
    """

    table: CatalogueTable
    name: str
    mode: str
    event_time: str | None
    personal_data: Mapping[str, tuple[Rule, str]]
    references: tuple[str, ...]

    @property
    def classes(self) -> dict[str, list[str]]:
        """Class of each column, by class: a guess, as that of personal data is."""
        found: dict[str, list[str]] = {}
        for column in self.table.columns:
            found.setdefault(self._class_of(column), []).append(column.name)
        return dict(sorted(found.items()))

    def _class_of(self, column: CatalogueColumn) -> str:
        rule, why = self.personal_data.get(column.name, (None, ""))
        if rule == "omit" and why != BESIDE_ANOTHER:
            return "1a secret" if why == A_SECRET else "1a identity"
        if rule == "mask":
            return "2 identity"
        pointing = {name for reference in self.table.references for name in reference.columns}
        is_technical = column.name in {*self.table.key, *pointing, self.event_time}
        if is_technical or rule or column.source.type_name in ("timestamp", "timestamptz", "bool"):
            return "3 technical"
        return "2 business"

    @property
    def omitted(self) -> frozenset[str]:
        return frozenset(name for name, (rule, _) in self.personal_data.items() if rule == "omit")


def plan_loading(
    catalogue: Catalogue, declared: Mapping[str, str] | None = None
) -> tuple[list[LoadedTable], list[str]]:
    """The tables of a catalogue as they are best loaded, and what a reader would not expect.

    Args:
        declared: identifier -> name of the tables that the source file declares already.
    """
    remarks: list[str] = []
    names = dict(declared or {})
    for table in catalogue.tables:
        names[table.name] = _raw_name(table.name, set(names.values()), remarks)
    references = _references(catalogue, names, remarks)
    loaded = []
    for table in catalogue.tables:
        name = names[table.name]
        personal = _personal_data(table, name, remarks)
        mode = _mode(table)
        if not table.key:
            remarks.append(
                f"{name} has no primary key and no unique key without NULLs: it is loaded in mode"
                " full without a key, so duplicates stay and no model tests its rows' identity"
            )
        if not table.is_readable:
            remarks.append(
                f"{name} may not be read by this user, so nobody knows whether it is small:"
                " grant select on it before the first load"
            )
        loaded.append(
            LoadedTable(
                table=table,
                name=name,
                mode=mode,
                event_time=_event_time(table, personal) if mode == "incremental" else None,
                personal_data=personal,
                references=references[name],
            )
        )
    return loaded, remarks


def _raw_name(identifier: str, taken: set[str], remarks: list[str]) -> str:
    name = snake_case(identifier) or "table"
    if is_reserved(name):
        name = f"{name}s"
    found = unused(name, taken)
    if found != name:
        remarks.append(f"table {identifier!r} is called {found}: another one is called {name}")
    return found


def _mode(table: CatalogueTable) -> str:
    has_times = any(column.source.type_name.startswith("timestamp") for column in table.columns)
    if not table.key or (table.is_small and not has_times):
        return "full"
    return "incremental"


def _event_time(table: CatalogueTable, personal: Mapping[str, tuple[Rule, str]]) -> str | None:
    times = {
        snake_case(column.name): column.name
        for column in table.columns
        if column.source.type_name in TIME_TYPES and column.name not in personal
    }
    return next((times[name] for name in _EVENT_TIMES if name in times), None)


def _personal_data(
    table: CatalogueTable, name: str, remarks: list[str]
) -> dict[str, tuple[Rule, str]]:
    pointing = {column for reference in table.references for column in reference.columns}
    found: dict[str, tuple[Rule, str]] = {}
    # As in raw, where names that differ by case alone would be one.
    lower = {"_loaded_at": "the loader's own", "_batch_id": "the loader's own"}
    for column in table.columns:
        guessed = guess(name, column)
        if column.name in table.key or column.name in pointing:
            if guessed:
                # A reference or a key identifies by design; it cannot be left out.
                found[column.name] = ("mask", f"{guessed[1]}; part of a key, so not omitted")
        elif guessed:
            found[column.name] = guessed
        other = lower.setdefault(column.name.lower(), column.name)
        if other != column.name:
            found[column.name] = ("omit", BESIDE_ANOTHER)
            remarks.append(f"{name}: column {column.name!r} is omitted beside {other}")
    return found


def _references(
    catalogue: Catalogue, names: Mapping[str, str], remarks: list[str]
) -> dict[str, tuple[str, ...]]:
    """References by table; of a circle, the one that may be NULL, or the last, is left out."""
    edges: list[tuple[bool, str, str]] = []
    for table in catalogue.tables:
        for reference in table.references:
            if reference.schema != catalogue.schema or reference.table not in names:
                remarks.append(
                    f"{names[table.name]} refers to {reference.schema}.{reference.table}, which"
                    " this source does not load"
                )
            elif reference.table != table.name:
                nullable = any(table.column(name).source.nullable for name in reference.columns)
                edges.append((nullable, names[table.name], names[reference.table]))
    graph: dict[str, set[str]] = {names[table.name]: set() for table in catalogue.tables}
    for _, table_name, referenced in sorted(edges, key=lambda edge: edge[0]):
        grown = {**graph, table_name: graph[table_name] | {referenced}}
        try:
            TopologicalSorter(grown).prepare()
        except CycleError as error:
            circle = " -> ".join(error.args[1])
            remarks.append(
                f"references go in a circle ({circle}): {table_name} does not name {referenced}"
            )
        else:
            graph = grown
    return {name: tuple(sorted(found)) for name, found in graph.items()}
