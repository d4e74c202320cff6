"""The main job end to end: OLTP, demo company, extract-load, dbt, publish, scorecard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from finhouse import demo
from finhouse.access_log import collect
from finhouse.console import console, print_table, step
from finhouse.dashboards.serving import refresh_caches
from finhouse.days import tell_spans
from finhouse.dbt.packages import packages_in_use
from finhouse.dbt.results import DbtSummary
from finhouse.domains import selected_domains
from finhouse.errors import ConfigurationError, FinhouseError
from finhouse.extract_load import (
    LoadResult,
    Reconciliation,
    load_source,
    reconcile_source,
    source_url,
    withdraw_file,
)
from finhouse.extract_load.running import warehouse_errors
from finhouse.oltp import oltp_url
from finhouse.publish import Publication, ensure_reporting_tables, publish
from finhouse.retention.measuring import measure_within
from finhouse.scorecard import print_scorecard
from finhouse.settings import Settings
from finhouse.sources import CsvFolderDefinition, available_sources, read_source
from finhouse.transform import build_on_record
from finhouse.warehouse import Warehouse, connect, connect_published
from finhouse.warehouse.building import only_build

DEMO_SEED = 20250101
Result = TypeVar("Result")


@dataclass(frozen=True)
class BuildOptions:
    """What a build may be asked for.

    Attributes:
        scale: size of the demo company, 1 = 20,000 users; None takes the one that is there, else 1.
        advance_days: days the demo company lives before the load.
        full_refresh: load every table in full and rebuild every model.
    """

    scale: float | None = None
    advance_days: int = 0
    full_refresh: bool = False


def load_all(
    settings: Settings, sources: list[str] | None = None, full_refresh: bool = False
) -> list[LoadResult]:
    """Load every source (or those named); one that fails does not keep the others from loading.

    Raises:
        FinhouseError: a source failed; with several, one of the first one's kind names each with
            its reason.
    """

    def load(source: str, warehouse: Warehouse) -> list[LoadResult]:
        return load_source(
            settings,
            source,
            oltp_url=source_url(settings, source),
            warehouse=warehouse,
            full_refresh=full_refresh,
        )

    return _of_each_source(settings, sources, load)


def reconcile_all(
    settings: Settings,
    sources: list[str] | None = None,
    tables: list[str] | None = None,
    heal: bool = False,
) -> list[Reconciliation]:
    """Reconcile every source (or those named); one that fails does not keep the others from it.

    Raises:
        FinhouseError: a source failed; with several, one of the first one's kind names each with
            its reason.
    """

    def reconcile(source: str, warehouse: Warehouse) -> list[Reconciliation]:
        return reconcile_source(
            settings,
            source,
            oltp_url=source_url(settings, source),
            warehouse=warehouse,
            tables=tables,
            heal=heal,
        )

    return _of_each_source(settings, sources, reconcile)


def _of_each_source(
    settings: Settings,
    sources: list[str] | None,
    action: Callable[[str, Warehouse], list[Result]],
) -> list[Result]:
    results: list[Result] = []
    failures: list[tuple[str, FinhouseError]] = []
    with connect(settings) as warehouse:
        ensure_reporting_tables(settings, warehouse)
        for source in sources or available_sources():
            try:
                results += action(source, warehouse)
            except FinhouseError as error:
                failures.append((source, error))
        with warehouse_errors(warehouse):
            measure_within(warehouse)
            collect(settings, warehouse)
    if len(failures) == 1:
        raise failures[0][1]
    if failures:
        raise type(failures[0][1])(
            "several sources failed; what the others loaded is kept:\n"
            + "\n".join(f"{source}: {error}" for source, error in failures)
        )
    return results


def run_build(settings: Settings, options: BuildOptions) -> None:
    """Run the whole job and print what it did.

    Raises:
        FinhouseError: a step failed; nothing half-built reaches readers.
    """
    timings: dict[str, float] = {}
    with step("Source database", timings):
        url = oltp_url(settings)
        console.print("  " + ("OLTP_URL" if settings.oltp_url else "embedded PostgreSQL"))
    # Somebody's own OLTP is only read: the demo company lives in the embedded server.
    if not settings.oltp_url:
        with step("Demo company", timings):
            live(settings, url, options)
    with step(f"Extract-load into {settings.target}", timings):
        loaded = load_all(settings, full_refresh=options.full_refresh)
    # What is published is what was tested: no other build comes between.
    with only_build(settings, "build"):
        with step("dbt build: models and data tests", timings):
            console.print(f"  macros of {packages_in_use(settings)}")
            built = build_on_record(settings, full_refresh=options.full_refresh)
            tell_spans(settings)
        with step("Publish", timings), connect(settings) as warehouse:
            published = publish(settings, warehouse)
            refresh_caches(settings)
    with connect_published(settings) as readable:
        print_scorecard(readable)
    _print_report(settings, loaded, built, published, timings)


def demo_domains() -> list[str]:
    """The selected domains that the demo company has a business for."""
    return [domain for domain in selected_domains() if domain in demo.businesses()]


def live(settings: Settings, url: str, options: BuildOptions) -> None:
    """Make sure that the demo company is there, and let it live on if asked to."""
    domains = demo_domains()
    report = demo.create(
        url, scale=options.scale, seed=DEMO_SEED, home=settings.demo_home, domains=domains
    )
    console.print(f"  {report.message}")
    demo.ensure_files(
        settings.landing,
        seed=DEMO_SEED,
        scale=report.scale,
        home=settings.demo_home,
        withdraw=partial(_withdraw_if_loaded, settings),
        domains=domains,
    )
    if options.advance_days:
        report = demo.advance(url, options.advance_days, home=settings.demo_home)
        console.print(f"  {report.message}")


def _withdraw_if_loaded(settings: Settings, source: str, file_name: str) -> None:
    with connect(settings) as warehouse, suppress(ConfigurationError):
        withdraw_file(settings, source, file_name, warehouse)


def _print_report(
    settings: Settings,
    loaded: list[LoadResult],
    built: DbtSummary,
    published: Publication,
    timings: dict[str, float],
) -> None:
    inserted = sum(result.counts.inserted for result in loaded)
    updated = sum(result.counts.updated for result in loaded)
    deleted = sum(result.counts.deleted for result in loaded)
    console.print(
        f"Moved {inserted:,} new, {updated:,} changed and {deleted:,} deleted rows of "
        f"{len({(result.source_name, result.table_name) for result in loaded})} tables; "
        f"dbt: {built.passed:,} nodes passed, {built.warned:,} warnings."
    )
    console.print(
        f"Published {published.marts} marts, {published.rows:,} rows, to {published.location}; "
        f"{published.reported_values:,} KPI values newly reported."
    )
    print_table(
        "Time",
        ["step", "seconds"],
        [(title, f"{seconds:.1f}") for title, seconds in timings.items()]
        + [("total", f"{sum(timings.values()):.1f}")],
        numeric=("seconds",),
    )
    console.print(
        "Next: `make serve` shows the dashboards, `make day` lives one more day, `make docs` "
        "documents every column."
    )
    for source in map(read_source, available_sources()):
        if isinstance(source, CsvFolderDefinition):
            console.print(f"CSV files of {source.name} go into {settings.landing / source.folder}.")
