"""What a change moves: everything that base and head are found to differ in, and what must be said.

Only two things must be declared in CHANGELOG.md: a contract that breaks its readers, and a KPI that
means something else, which is one whose values or verdicts on the same data are not what they were.
All the rest informs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from finhouse.console import step
from finhouse.dbt.manifest import marts_of
from finhouse.gate.builds import Built, Pair
from finhouse.gate.contracts import ContractChange, contract_changes, in_words
from finhouse.gate.declarations import declares, new_declarations, read_changelog
from finhouse.gate.impact import DashboardReached, dashboards_reached, kpis_of
from finhouse.gate.lineage import (
    Columns,
    changed_columns,
    changed_kpis,
    lost_columns,
    reach,
    read_lineage,
    renamed_columns,
)
from finhouse.gate.model_changes import (
    RELATIONS,
    ChangedTests,
    ModelChange,
    changed_tests,
    model_changes,
    recompiled,
)
from finhouse.gate.values import (
    Comparison,
    KpiMove,
    MartDifference,
    StatusFlip,
    moved_codes,
    side_by_side,
)

PERIODS = {"kpi_monthly": "months", "kpi_daily": "days"}
# Another unit or kind makes another KPI of it, although its values may be the same.
_MEANING = ("unit", "value_kind")
_PLACE = "display_order"


@dataclass(frozen=True)
class CatalogueChange:
    """A field of a KPI in the catalogue that changed; ``field`` is empty for a whole KPI."""

    code: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Cause:
    """One change, and the KPIs whose values it moved.

    Attributes:
        what: a variable, a macro, or a model or seed by its name.
        where: models whose SQL the variable or macro changed.
        codes: codes of the KPIs.
    """

    what: str
    where: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Undeclared:
    """A breaking change that the changelog does not declare.

    Attributes:
        name: the mart or KPI.
        reasons: what breaks, in words.
    """

    kind: Literal["mart", "KPI"]
    name: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Impact:
    """How far the change reaches.

    Attributes:
        changed: columns that are computed otherwise, or gone, by model.
        marts: columns reached, by mart.
        kpis: codes of the KPIs reached.
        dashboards: dashboards and charts reached.
        unread: changed models whose SQL could not be taken apart.
    """

    changed: Columns = field(default_factory=dict)
    marts: Columns = field(default_factory=dict)
    kpis: frozenset[str] = frozenset()
    dashboards: tuple[DashboardReached, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Moves:
    """Everything the report tells.

    Attributes:
        base: short hash of the base commit; ``base_is`` why it is the base.
        scale: size of the demo company both were built on.
        rebuilt: number of the models, seeds and snapshots the head built itself, of ``total``.
        flips: verdicts on past periods that a changed target turns round.
        causes: what moved the KPIs.
        owners: owner of each mart and KPI, by name.
        kpi_names: names of the KPIs, by code.
        without_rows: raw tables that the demo company does not have.
    """

    base: str
    base_is: str
    scale: float
    rebuilt: int
    total: int
    models: list[ModelChange]
    tests: ChangedTests
    contracts: list[ContractChange]
    marts: list[MartDifference]
    kpis: list[KpiMove]
    flips: list[StatusFlip]
    causes: list[Cause]
    catalogue: list[CatalogueChange]
    impact: Impact
    owners: Mapping[str, str]
    kpi_names: Mapping[str, str]
    undeclared: list[Undeclared]
    without_rows: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether base and head are the same to everyone who reads or builds them."""
        return not (
            self.models
            or self.tests.added
            or self.tests.removed
            or self.contracts
            or self.kpis
            or self.flips
            or self.catalogue
            or any(not mart.is_equal for mart in self.marts)
        )


def find_moves(pair: Pair) -> Moves:
    """Compare the two builds."""
    base, head = pair.base, pair.head
    with step("What moves"), side_by_side(base, head) as comparison:
        kpi_moves, flips = comparison.kpi_moves(), comparison.status_flips()
        models = model_changes(base.version, head.version)
        renames, impact, causes = _impact(base, head, comparison, models, moved_codes(kpi_moves))
        contracts = contract_changes(base.manifest, head.manifest, renames)
        catalogue = list(_catalogue_changes(kpis_of(base), kpis_of(head)))
        names = kpis_of(base) | kpis_of(head)
        return Moves(
            base=pair.commit.short,
            base_is=pair.commit.chosen_as,
            scale=pair.frozen.scale,
            rebuilt=len(head.rebuilt),
            total=sum(
                node["resource_type"] in RELATIONS for node in head.manifest["nodes"].values()
            ),
            models=models,
            tests=changed_tests(base.manifest, head.manifest),
            contracts=contracts,
            marts=comparison.marts(),
            kpis=kpi_moves,
            flips=flips,
            causes=causes,
            catalogue=catalogue,
            impact=impact,
            owners=_owners(base, head, names),
            kpi_names={code: row["kpi_name"] for code, row in names.items()},
            undeclared=list(
                _undeclared(
                    contracts,
                    kpi_moves,
                    flips,
                    catalogue,
                    new_declarations(read_changelog(base.project), read_changelog(head.project)),
                )
            ),
            without_rows=pair.without_rows,
        )


def _impact(
    base: Built,
    head: Built,
    comparison: Comparison,
    models: Sequence[ModelChange],
    moved: Collection[str],
) -> tuple[dict[str, dict[str, str]], Impact, list[Cause]]:
    """Columns that only changed their names, the blast radius, and what moved these KPIs."""
    if head.manifest is base.manifest:
        return {}, Impact(), []
    before, after = read_lineage(base), read_lineage(head)
    rewritten = {
        *recompiled(base.manifest, head.manifest),
        *(after.queries.keys() - before.queries.keys()),
    }
    seeds = [
        (node["schema"], node["name"])
        for unique_id, node in head.manifest["nodes"].items()
        if node["resource_type"] == "seed" and unique_id in head.rebuilt
    ]
    changed = changed_columns(before, after, rewritten)
    changed |= {name: comparison.seed_columns(schema, name) for schema, name in seeds}
    kpi_seeds = {name: comparison.seed_kpis(schema, name) for schema, name in seeds}
    lost = lost_columns(before, after)
    codes_before, codes_after = frozenset(kpis_of(base)), frozenset(kpis_of(head))
    own_branch = changed_kpis(before, after)
    single = [name for name, codes in kpi_seeds.items() if codes]
    below = reach(
        after,
        changed,
        frozenset().union(*own_branch.values(), *kpi_seeds.values()) & codes_after,
        codes_after,
        single,
    )

    def moved_by(name: str) -> frozenset[str]:
        codes = own_branch.get(name, frozenset()) | kpi_seeds.get(name, frozenset())
        alone = {name: changed[name]} if name in changed else {}
        return reach(after, alone, frozenset(codes) & codes_after, codes_after, single).kpis & {
            *moved
        }

    formerly_below = reach(before, lost, frozenset(), codes_before)
    marts = marts_of(base.manifest).keys() | marts_of(head.manifest).keys()
    columns = _merged(below.columns, formerly_below.columns)
    return (
        renamed_columns(before, after),
        Impact(
            changed=_merged(changed, lost),
            marts={name: reached for name, reached in columns.items() if name in marts},
            kpis=below.kpis | formerly_below.kpis,
            dashboards=tuple(dashboards_reached([(base, formerly_below), (head, below)])),
            unread=tuple(name for name in after.unread if name in rewritten),
        ),
        _causes(models, moved_by),
    )


def _causes(
    models: Sequence[ModelChange], moved_by: Callable[[str], frozenset[str]]
) -> list[Cause]:
    """What moved which KPIs: one entry for a variable or macro, however many models it changes."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for change in models:
        codes = moved_by(change.name) if change.kind != "removed" else ()
        if not codes:
            continue
        for what in change.causes or (f"{change.layer} {change.name}",):
            where, moved = found.setdefault(what, (set(), set()))
            where |= {change.name} if change.causes else set()
            moved |= codes
    return [
        Cause(what, tuple(sorted(where)), tuple(sorted(codes)))
        for what, (where, codes) in sorted(found.items())
    ]


def _merged(one: Columns, other: Columns) -> Columns:
    return {
        name: one.get(name, set()) | other.get(name, set())
        for name in sorted(one.keys() | other.keys())
    }


def _catalogue_changes(
    base: Mapping[str, Mapping[str, str]], head: Mapping[str, Mapping[str, str]]
) -> Iterator[CatalogueChange]:
    for code in sorted(base.keys() | head.keys()):
        old, new = base.get(code), head.get(code)
        if old is None or new is None:
            yield CatalogueChange(
                code, "", old["formula"] if old else "", new["formula"] if new else ""
            )
            continue
        for column in sorted((old.keys() | new.keys()) - {_PLACE}):
            if old.get(column) != new.get(column):
                yield CatalogueChange(code, column, old.get(column, ""), new.get(column, ""))


def _owners(base: Built, head: Built, kpis: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    marts = marts_of(base.manifest) | marts_of(head.manifest)
    owners = {
        name: node["config"].get("meta", {}).get("owner", "nobody") for name, node in marts.items()
    }
    return owners | {code: row.get("owner") or "nobody" for code, row in kpis.items()}


def turned(flip: StatusFlip) -> str:
    """What a changed target does to past verdicts, in words."""
    periods = f"{flip.periods:,} past {PERIODS[flip.mart]}"
    return f"its target turns {periods} from {flip.old} to {flip.new}"


def _undeclared(
    contracts: list[ContractChange],
    moves: list[KpiMove],
    flips: list[StatusFlip],
    catalogue: list[CatalogueChange],
    declarations: list[str],
) -> Iterator[Undeclared]:
    broken: dict[tuple[Literal["mart", "KPI"], str], list[str]] = {}
    for change in contracts:
        if change.is_breaking:
            broken.setdefault(("mart", change.mart), []).append(in_words(change))
    for code in moved_codes(moves):
        periods = {(move.mart, move.period) for move in moves if move.code == code}
        broken.setdefault(("KPI", code), []).append(f"{len(periods)} values moved")
    for flip in flips:
        broken.setdefault(("KPI", flip.code), []).append(turned(flip))
    for entry in catalogue:
        if not entry.field and not entry.new:
            broken.setdefault(("KPI", entry.code), []).append("KPI removed")
        elif entry.field in _MEANING:
            broken.setdefault(("KPI", entry.code), []).append(
                f"{entry.field} {entry.old} is now {entry.new}"
            )
    for (kind, name), reasons in sorted(broken.items()):
        if not declares(declarations, name):
            yield Undeclared(kind, name, tuple(reasons))
