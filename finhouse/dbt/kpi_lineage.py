"""From a KPI back to the source columns it is made of, by the SQL that dbt compiled last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from finhouse.dbt.kpis import registry_entries
from finhouse.dbt.manifest import Manifest
from finhouse.dbt.queries import CALENDAR, Queries, relation
from finhouse.dbt.sql_columns import ROWS, Reference


@dataclass(frozen=True)
class Origin:
    """A relation that a KPI is made of, and its columns that matter to it.

    Attributes:
        kind: ``source`` or ``seed`` where it begins; ``staging``, ``intermediate`` ... on the way.
        schema: of the warehouse.
        name: of the model or seed; of a source table ``source.table``.
        columns: by name; empty where only the presence of its rows matters.
    """

    kind: str
    schema: str
    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class KpiLineage:
    """Where a KPI comes from.

    Attributes:
        computed_by: models that compute it, one a grain.
        models: on the way, those that read sources first; ``CALENDAR`` is not followed further.
        origins: source tables and seeds.
    """

    computed_by: tuple[str, ...]
    models: tuple[Origin, ...]
    origins: tuple[Origin, ...]


class KpiLineages:
    """Lineages of the KPIs of one manifest; a model's SQL is taken apart when first asked for.

    Args:
        manifest: dbt's, compiled.

    Attributes:
        compiled_at: when dbt did so, as it says it.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.compiled_at = str(manifest["metadata"]["generated_at"])
        self._queries = Queries(manifest)
        self._computing: dict[str, list[str]] = {}
        for _, model, entry in registry_entries(manifest):
            self._computing.setdefault(str(entry["code"]), []).append(relation(model))

    def of(self, code: str) -> KpiLineage | None:
        """Lineage of a KPI; None where the project of this manifest does not compute it.

        Raises:
            TransformError: dbt has not compiled a model on the way, or its SQL cannot be read.
        """
        computing = self._computing.get(code, [])
        if not computing:
            return None
        found: dict[str, set[str]] = {}
        waiting: set[Reference] = set()
        for place in computing:
            waiting |= self._queries.of(place).kpis[code].reads
        while waiting:
            place, column = waiting.pop()
            if place not in self._queries.nodes or column in found.setdefault(place, set()):
                continue
            found[place].add(column)
            if self._queries.is_query(place) and self._queries.name(place) != CALENDAR:
                waiting |= self._queries.reads(place, column)
        return KpiLineage(
            computed_by=tuple(sorted(self._queries.name(place) for place in computing)),
            models=self._told(found, is_query=True),
            origins=self._told(found, is_query=False),
        )

    def _told(self, found: Mapping[str, set[str]], *, is_query: bool) -> tuple[Origin, ...]:
        order = {layer: number for number, layer in enumerate(("source", "seed", "staging"))}
        told = [
            Origin(
                kind=self._queries.kind(place),
                schema=place.partition(".")[0],
                name=self._queries.name(place),
                columns=tuple(sorted(columns - {ROWS})),
            )
            for place, columns in found.items()
            if self._queries.is_query(place) == is_query
        ]
        return tuple(sorted(told, key=lambda one: (order.get(one.kind, len(order)), one.name)))
