"""The transform: raw tables of an engine's own, one dbt build with its tests, marts handed back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from finhouse.bridge import fetch, open_engine, ship
from finhouse.bridge.fetching import contracted_marts
from finhouse.console import console
from finhouse.dbt.history import record_build
from finhouse.dbt.manifest import models_by_test, read_manifest
from finhouse.dbt.process import run_dbt
from finhouse.dbt.results import (
    DbtSummary,
    failing_queries,
    failing_rows,
    read_results,
    results_file,
    results_in,
    summarise,
)
from finhouse.errors import (
    NodesFailedError,
    SourceError,
    TransformError,
)
from finhouse.extract_load.running import warehouse_errors
from finhouse.settings import Settings
from finhouse.warehouse import connect, open_warehouse


def build_marts(
    settings: Settings,
    *,
    as_of: date | None = None,
    full_refresh: bool = False,
    log_folder: Path | None = None,
    variables: Mapping[str, object] | None = None,
    leave_out: str = "unit_test",
    options: Sequence[str] = (),
) -> DbtSummary:
    """Run ``dbt build``: seeds, models and data tests.

    A bridged engine is first sent the raw tables that changed; of a build whose tests all pass it
    hands the marts back, into the stage. Unit tests judge the code, not the data: `make test` and
    the gate run them.

    Args:
        as_of: business day the run reports on; default the last complete day loaded.
        log_folder: where dbt logs each node as it finishes, as JSON lines in ``dbt.log``, for a
            watcher; default its usual log.
        variables: variables of dbt_project.yml that this run sets otherwise.
        leave_out: resource type not to run.
        options: further options of ``dbt build``, such as a selection.

    Raises:
        TransformError: a model or test failed; the message names each with dbt's reason and, for
            tests, the model and the first rows that failed.
    """
    ship_raw(settings, everything=full_refresh)
    arguments = ["build", "--quiet", "--exclude-resource-type", leave_out, *options]
    changed = dict(variables or {})
    if as_of:
        changed["as_of_date"] = as_of.isoformat()
    if changed:
        arguments += ["--vars", json.dumps(changed)]
    if full_refresh:
        arguments.append("--full-refresh")
    # At its usual level dbt logs each statement of each node, which takes it a good part of a
    # build; what failed is explained from run_results.json.
    arguments += ["--log-level-file", "info"]
    if log_folder:
        arguments += ["--log-path", str(log_folder), "--log-format-file", "json"]
    results_path = results_file(settings)
    results_path.unlink(missing_ok=True)
    code = run_dbt(settings, arguments)
    if not results_path.exists():
        raise TransformError(
            f"dbt stopped before running anything (exit code {code})",
            "read dbt's message above; `make dbt ARGS=parse` checks the project alone",
        )
    results = read_results(settings)
    summary = summarise(results, models_by_test(read_manifest(settings)))
    if code != 0 or summary.failures:
        raise NodesFailedError(
            f"dbt build failed on {len(summary.failures)} of {summary.nodes} nodes:\n"
            + "\n".join(_explained(settings, summary, results)),
            "nothing was published; fix the model or the data, then run `make build` again",
        )
    fetch_marts(settings)
    return summary


def build_on_record(
    settings: Settings, *, full_refresh: bool = False, log_folder: Path | None = None
) -> DbtSummary:
    """``build_marts`` of what readers get, with its outcome in the books.

    A build that failed is history, too. Arguments and errors are those of ``build_marts``.
    """
    try:
        return build_marts(settings, full_refresh=full_refresh, log_folder=log_folder)
    finally:
        with connect(settings) as warehouse:
            record_build(settings, warehouse)


def refuse_failed_run(settings: Settings) -> None:
    """Refuse to publish what the last run of dbt, by whomever, has failed on.

    Raises:
        NodesFailedError: nodes failed; the message names each with dbt's reason.
        TransformError: what became of that run cannot be read.
    """
    if not results_file(settings).exists():
        return
    try:
        summary = summarise(read_results(settings), models_by_test(read_manifest(settings)))
    except TransformError as error:
        raise TransformError(error.message, "run `make build`, whose dbt writes it anew") from error
    if summary.failures:
        raise NodesFailedError(
            f"the last run of dbt failed on {len(summary.failures)} of {summary.nodes} nodes:\n"
            + "\n".join(f"  {name}: {reason}" for name, reason in summary.failures.items()),
            "nothing was published; fix the model or the data, then run `make build`",
        )


def ship_raw(settings: Settings, *, everything: bool = False) -> None:
    """Bring the raw tables of a bridged engine up to date; nothing to do for any other.

    Args:
        everything: ship what is unchanged, too: the engine may have lost it.

    Raises:
        WarehouseError: the engine refused.
    """
    if not settings.is_bridged:
        return
    with open_warehouse(settings) as stage, warehouse_errors(stage):
        engine = open_engine(settings)
        if engine.notice:
            console.print(f"  {engine.notice}")
        shipped = ship(engine, stage, settings.lake_home, everything=everything)
    console.print(
        f"  shipped {len(shipped.tables)} raw tables, {shipped.rows:,} rows; "
        f"{shipped.unchanged} unchanged"
        + (f"; dropped {', '.join(shipped.dropped)}" if shipped.dropped else "")
    )


def fetch_marts(settings: Settings) -> None:
    """Fetch the marts of a bridged engine into its stage; nothing to do for any other.

    Raises:
        WarehouseError: the engine refused, or a value does not fit its contract; the stage keeps
            the marts it has.
    """
    if not settings.is_bridged:
        return
    marts = contracted_marts(read_manifest(settings))
    with open_warehouse(settings) as stage, warehouse_errors(stage):
        engine = open_engine(settings)
        rows = fetch(engine, stage, settings.lake_home / "fetched", marts)
    console.print(f"  fetched {len(marts)} marts, {rows:,} rows")


def _explained(settings: Settings, summary: DbtSummary, results: dict) -> Iterator[str]:
    rows = _failing_rows(settings, results)
    for name, reason in summary.failures.items():
        yield f"  {name}: {reason}"
        yield from (f"    {row}" for row in rows.get(name, ()))


def _failing_rows(settings: Settings, results: dict) -> dict[str, list[str]]:
    if settings.is_bridged:
        engine = open_engine(settings)
        return engine.examples(failing_queries(results), settings.lake_home / "failing")
    with connect(settings) as warehouse:
        return failing_rows(results, warehouse)


def check_freshness(settings: Settings) -> None:
    """Hold the raw tables against the ages their sources allow (``dbt source freshness``).

    Raises:
        SourceError: tables that are too old, each with when it was last loaded.
        TransformError: dbt could not judge.
    """
    ship_raw(settings)
    report = settings.dbt_output / "sources.json"
    report.unlink(missing_ok=True)
    code = run_dbt(settings, ["source", "freshness", "--quiet"])
    if not report.exists():
        raise TransformError(
            f"dbt could not judge freshness (exit code {code})",
            "read dbt's message above; has every source been loaded once?",
        )
    late = [
        f"  {'.'.join(result['unique_id'].split('.')[2:])}: "
        + (
            f"last loaded {result['max_loaded_at']}"
            if result["status"] == "error"
            else str(result.get("error"))
        )
        for result in results_in(report)["results"]
        if result["status"] in ("error", "runtime error")
    ]
    if late or code:
        raise SourceError(
            "raw data is older than its source allows:\n" + "\n".join(late),
            "load the source (its EL DAG, or `finhouse load <source>`), then run this again",
        )
