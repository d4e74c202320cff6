"""The same input on several engines: every mart compared row by row, on all columns.

Doubles are not to be found in marts, so equal means equal to the last digit. Left out is what
describes the run itself: each engine is built at a time of its own.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from finhouse.console import console, print_table, step
from finhouse.dbt.manifest import declared_marts
from finhouse.engines.snowflake_account import snowflake_emulator
from finhouse.errors import ComparisonError
from finhouse.oltp import EmbeddedServer, oltp_url
from finhouse.pipeline import BuildOptions, live, load_all
from finhouse.publish import PUBLISHED_SCHEMA, publish
from finhouse.settings import TARGETS, Settings
from finhouse.transform import build_marts
from finhouse.warehouse import Warehouse, connect, connect_published, qualified, quoted

REFERENCE = "duckdb"
COMPARED = tuple(target for target in TARGETS if target != REFERENCE)
DEFAULT_SCALE = 0.02
# What the pipeline says of its own runs, and of the SQL of each engine.
RUN_HISTORY = frozenset(
    {"dbt_run_history", "dbt_test_history", "column_lineage", "data_class_inventory"}
)
# The engines are built one after the other: these tell when.
TIMES_OF_THE_RUN = {
    "freshness": frozenset({"age_hours", "last_loaded_at", "last_changed_at", "checked_at"}),
    "data_recency": frozenset({"built_at", "published_at", "publication_id"}),
    # A source of files lives until it was last looked at, and midnight may be between two engines.
    "retention_report": frozenset({"as_of_date", "first_kept_date"}),
}
_EXAMPLES = 3


@dataclass(frozen=True)
class MartComparison:
    """One mart on two engines.

    Attributes:
        rows: in the reference.
        columns: those compared, in order.
        missing: rows the reference has and the other has not, as often as it lacks them.
        surplus: the reverse.
    """

    mart: str
    rows: int
    columns: tuple[str, ...]
    missing: tuple[tuple, ...]
    surplus: tuple[tuple, ...]

    @property
    def differences(self) -> int:
        """Rows of the reference that the other lacks or has otherwise, or has too many."""
        return max(len(self.missing), len(self.surplus))


def compare_mart(mart: str, reference: Warehouse, other: Warehouse) -> MartComparison:
    """Compare the published rows of a mart; the order of rows does not count, doubles do.

    Raises:
        ComparisonError: the columns themselves differ.
    """
    columns = list(reference.columns(PUBLISHED_SCHEMA, mart))
    others = list(other.columns(PUBLISHED_SCHEMA, mart))
    if columns != others:
        raise ComparisonError(
            f"mart {mart} has the columns {', '.join(columns) or '(none)'} in one engine and "
            f"{', '.join(others) or '(none)'} in the other",
            "build and publish both from the same models",
        )
    compared = [name for name in columns if name not in TIMES_OF_THE_RUN.get(mart, ())]
    left, right = (_rows(warehouse, mart, compared) for warehouse in (reference, other))
    return MartComparison(
        mart,
        left.total(),
        tuple(compared),
        tuple(_sorted((left - right).elements())),
        tuple(_sorted((right - left).elements())),
    )


def _rows(warehouse: Warehouse, mart: str, columns: Sequence[str]) -> Counter[tuple]:
    listed = ", ".join(map(quoted, columns))
    found = warehouse.execute(f"select {listed} from {qualified(PUBLISHED_SCHEMA, mart)}")
    return Counter(tuple(row) for row in found)


def _sorted(rows: Iterable[tuple]) -> list[tuple]:
    return sorted(rows, key=str)


def run_parity(settings: Settings, targets: Sequence[str], scale: float) -> None:
    """Build one company on each engine and compare all marts with DuckDB's; print a table.

    Args:
        settings: name the home; all is built in a folder of it, emptied first.
        targets: engines to compare with the reference.
        scale: size of the demo company, 1 = 20,000 users.

    Raises:
        ComparisonError: a mart differs; the first rows that do are printed.
        FinhouseError: an engine's build failed.
    """
    home = settings.home / "parity"
    _clear(home)
    houses = {
        target: replace(settings.apart(home), target=target)
        for target in dict.fromkeys((REFERENCE, *targets))
    }
    timings: dict[str, float] = {}
    try:
        reference = houses[REFERENCE]
        with step("Demo company", timings):
            url = oltp_url(reference)
            live(reference, url, BuildOptions(scale=scale))
        for target, house in houses.items():
            with step(f"Build on {target}", timings):
                load_all(house)
                build_marts(house)
                with connect(house) as warehouse:
                    publish(house, warehouse)
        with step("Compare", timings):
            compared = {
                target: _compare(reference, house)
                for target, house in houses.items()
                if target != REFERENCE
            }
    finally:
        _stop_servers(home)
    _report(compared, timings)


def _clear(home: Path) -> None:
    """Remove what the last comparison left, with its servers."""
    _stop_servers(home)
    shutil.rmtree(home, ignore_errors=True)


def _stop_servers(home: Path) -> None:
    house = Settings(home=home, landing=home / "landing")
    EmbeddedServer(house.oltp_home).stop()
    snowflake_emulator(house).stop()


def _compare(reference: Settings, other: Settings) -> list[MartComparison]:
    with connect_published(reference) as left, connect_published(other) as right:
        return [
            compare_mart(mart, left, right)
            for mart in declared_marts(reference)
            if mart not in RUN_HISTORY
        ]


def _report(compared: dict[str, list[MartComparison]], timings: dict[str, float]) -> None:
    print_table(
        f"Rows that differ from {REFERENCE}",
        ["mart", "rows", *compared],
        [
            (found[0].mart, f"{found[0].rows:,}", *(f"{each.differences:,}" for each in found))
            for found in zip(*compared.values(), strict=True)
        ],
        numeric=("rows", *compared),
    )
    differing = [
        (target, found)
        for target, marts in compared.items()
        for found in marts
        if found.differences
    ]
    for target, found in differing:
        console.print(
            f"{found.mart}: {found.differences:,} rows differ on {target}; "
            f"columns {', '.join(found.columns)}",
            markup=False,
        )
        for engine, rows in ((REFERENCE, found.missing), (target, found.surplus)):
            for row in rows[:_EXAMPLES]:
                console.print(f"  {engine}: {', '.join(map(str, row))}", markup=False)
    print_table(
        "Time",
        ["step", "seconds"],
        [(title, f"{seconds:.1f}") for title, seconds in timings.items()],
        numeric=("seconds",),
    )
    if differing:
        raise ComparisonError(
            "the engines disagree on "
            + ", ".join(f"{found.mart} ({target})" for target, found in differing),
            "the rows above show where; write the expression in a dispatch macro, "
            "see docs/reference/engines.md",
        )
    for target, marts in compared.items():
        console.print(
            f"{target}: {len(marts)} marts, {sum(found.rows for found in marts):,} rows, "
            f"no difference to {REFERENCE}"
        )
