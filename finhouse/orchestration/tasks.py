"""The bodies of the tasks: thin calls of what the command line calls too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk.exceptions import AirflowSkipException

from finhouse.access_log import collect
from finhouse.console import console
from finhouse.dashboards.serving import refresh_caches
from finhouse.days import tell_spans
from finhouse.errors import ConfigurationError, SourceError
from finhouse.extract_load import (
    DateWindow,
    load_source,
    reconcile_source,
    refuse_differences,
    source_url,
)
from finhouse.orchestration import alerts
from finhouse.orchestration.dbt_log import end_log, start_log
from finhouse.orchestration.model_graph import write_model_graph
from finhouse.orchestration.names import DATE_RANGE, FULL_REFRESH
from finhouse.orchestration.rounds import (
    LateRound,
    begin_of,
    begun_at,
    day_of,
    ended_rounds,
    last_loads,
    last_publication,
    overdue_round,
    record_end,
    record_late,
    told_rounds,
)
from finhouse.orchestration.task_settings import task_settings
from finhouse.publish import ensure_reporting_tables, publish
from finhouse.pulse.reading import open_reader
from finhouse.pulse.running import run_due
from finhouse.pulse_tables import connect_pulse
from finhouse.retention.measuring import measure
from finhouse.sources import available_sources, read_source
from finhouse.transform import build_on_record, check_freshness
from finhouse.warehouse import connect


def load_table(source_name: str, table: str, params: dict[str, Any]) -> dict[str, int]:
    """Load one table (or the files of a folder) as the run's parameters ask.

    A range of days asked of all tables leaves those that have none to their usual load.

    Returns:
        Rows read, inserted, updated and deleted.

    Raises:
        AirflowSkipException: the run is for other tables.
        FinhouseError: as the loader says; the DAGs' retry policy knows which may pass.
    """
    chosen = params["tables"]
    if chosen and table not in chosen:
        raise AirflowSkipException(f"this run is for {', '.join(chosen)}")
    window = _window(params)
    if window and not chosen and not _has_days(source_name, table):
        console.print(f"{table} has no days: loaded as usual", markup=False)
        window = None
    return load_tables(
        source_name, [table], full_refresh=params["load"] == FULL_REFRESH, window=window
    )


def _window(params: dict[str, Any]) -> DateWindow | None:
    if params["load"] != DATE_RANGE:
        return None
    first, last = params["first_day"], params["last_day"]
    if not first or not last:
        raise ConfigurationError(
            "the run is for a range of days but names none",
            "trigger it again with first_day and last_day",
        )
    return DateWindow(date.fromisoformat(first), date.fromisoformat(last))


def _has_days(source_name: str, table: str) -> bool:
    return any(unit.has_days for unit in read_source(source_name).load_units if unit.name == table)


def load_tables(
    source_name: str,
    tables: Sequence[str],
    *,
    full_refresh: bool = False,
    window: DateWindow | None = None,
) -> dict[str, int]:
    """Load some tables of a source; returns and raises as ``load_table``."""
    settings = task_settings()
    with connect(settings) as warehouse:
        ensure_reporting_tables(settings, warehouse)
        results = load_source(
            settings,
            source_name,
            oltp_url=source_url(settings, source_name),
            warehouse=warehouse,
            tables=tables,
            full_refresh=full_refresh,
            window=window,
        )
    counts = {
        name: sum(getattr(result.counts, name) for result in results)
        for name in ("read", "inserted", "updated", "deleted")
    }
    console.print(f"{source_name}: {', '.join(tables)}: {counts}", markup=False)
    return counts


def reconcile(source_name: str, params: dict[str, Any]) -> dict[str, str]:
    """Compare raw with the source, reload what differs, and fail if anything still does.

    Returns:
        Table -> how it was found: ``equal`` or ``healed``.

    Raises:
        AirflowSkipException: the run does not ask for it.
        ReconciliationError: a difference that reloading does not heal.
    """
    if not params["reconcile"]:
        raise AirflowSkipException("this run does not reconcile")
    settings = task_settings()
    with connect(settings) as warehouse:
        ensure_reporting_tables(settings, warehouse)
        results = reconcile_source(
            settings,
            source_name,
            oltp_url=source_url(settings, source_name),
            warehouse=warehouse,
            tables=params["tables"] or None,
            heal=True,
        )
    refuse_differences(results)
    return {result.table_name: "healed" if result.is_healed else "equal" for result in results}


def skip_unless_changed(counts: dict[str, int]) -> None:
    """End a micro-batch that brought nothing, so that nobody is told of it.

    Raises:
        AirflowSkipException: no row of raw changed.
    """
    if not counts["inserted"] + counts["updated"] + counts["deleted"]:
        raise AirflowSkipException("no new rows")


def round_of(params: dict[str, Any], dag_run: Any, time_zone: str) -> str:
    """The round that a load belongs to: the day it was scheduled for, or what a person names.

    Args:
        dag_run: the run of the extract-load DAG.
        time_zone: of the source's schedule.

    Raises:
        AirflowSkipException: a run by hand that names none.
    """
    if params["round"]:
        return params["round"].strip()
    if dag_run.run_type != "scheduled":
        raise AirflowSkipException("a load of no round: trigger the transform if it should follow")
    # Never the time it is: a load that runs days late is that of its own day.
    scheduled: datetime = dag_run.logical_date or dag_run.run_after
    return scheduled.astimezone(ZoneInfo(time_zone)).date().isoformat()


def judge_round(of_round: str | None) -> None:
    """Fail where a source has no load since the round of a day began: no event may stand for it.

    Args:
        of_round: of the transform's run; rounds with names, batches and runs by hand have no day.

    Raises:
        SourceError: naming the sources.
    """
    day = day_of(of_round)
    if day is None:
        return
    with connect(task_settings()) as warehouse:
        loads = last_loads(warehouse)
    missing = [
        source.name
        for source in map(read_source, available_sources())
        if (loaded := loads.get(source.name)) is None or loaded < begin_of(day, source.time_zone)
    ]
    if missing:
        raise SourceError(
            f"the round of {day} has begun without a load of {', '.join(missing)}",
            "run their extract-load DAGs, then clear this task",
        )


def tell_of_late_rounds(asked_at: datetime) -> dict[str, list[str]]:
    """Tell somebody once of each round that is overdue, and once when it has been published.

    What could not be told is told again by the next run.

    Returns:
        ``late`` and ``over``, what was told of each.
    """
    settings = task_settings()
    with connect(settings) as warehouse:
        ensure_reporting_tables(settings, warehouse)
        told, begun = told_rounds(warehouse), begun_at(warehouse)
        published_at = last_publication(warehouse)
        over, loads = ended_rounds(warehouse), last_loads(warehouse)
    overdue = [
        late
        for source in map(read_source, available_sources())
        if (late := overdue_round(source, asked_at, published_at))
        and (late.source, late.day) not in told
        and begun
        and begun <= late.due_at
    ]
    lines = {
        "late": [_late_line(late, loads.get(late.source)) for late in overdue],
        "over": [
            f"{late.source}: the round of {late.day} was published at {published} UTC,"
            f" {_hours(published - late.due_at)} hours late"
            for late, published in over
        ],
    }
    # The warehouse is not held while somebody is told: that may take as long as a network does.
    is_told = {
        "late": bool(overdue)
        and alerts.tell(
            "A round is overdue. Readers keep the last published build. Runbook: "
            f"{alerts.RUNBOOK}\n" + "\n".join(lines["late"])
        ),
        "over": bool(over)
        and alerts.tell("A late round has been published.\n" + "\n".join(lines["over"])),
    }
    with connect(settings) as warehouse:
        for late in overdue if is_told["late"] else ():
            record_late(warehouse, late, asked_at)
        for late, published in over if is_told["over"] else ():
            record_end(warehouse, late, published)
    return lines


def _late_line(late: LateRound, loaded_at: datetime | None) -> str:
    loaded = f"last loaded at {loaded_at} UTC" if loaded_at else "never loaded"
    return f"{late.source}: the round of {late.day} is not published; the source was {loaded}"


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):.1f}"


def judge_freshness() -> None:
    """Fail where raw data is older than its source allows."""
    check_freshness(task_settings())


def build(log_folder: str, params: dict[str, Any]) -> dict[str, int]:
    """Run the one dbt build of a DAG run, logging each node to ``log_folder``."""
    folder = Path(log_folder)
    start_log(folder)
    settings = task_settings()
    measure(settings)
    with connect(settings) as warehouse:
        collect(settings, warehouse)
    summary = build_on_record(settings, full_refresh=params["full_refresh"], log_folder=folder)
    tell_spans(settings)
    write_model_graph(settings)
    end_log(folder)
    return {"passed": summary.passed, "warned": summary.warned, "skipped": summary.skipped}


def hand_to_readers() -> dict[str, int | str]:
    """Publish the marts; only reached when every model and test has passed."""
    settings = task_settings()
    with connect(settings) as warehouse:
        published = publish(settings, warehouse)
    console.print(f"published {published.marts} marts to {published.location}", markup=False)
    return {
        "publication_id": published.publication_id,
        "marts": published.marts,
        "rows": published.rows,
        "reported_values": published.reported_values,
    }


def refresh_dashboards() -> bool:
    """Let a running Superset show what has been published; returns whether one runs."""
    return refresh_caches(task_settings())


def run_monitors() -> dict[str, int]:
    """Run the monitors that are due on what is published; return how many ended how.

    Raises:
        FinhouseError: nothing is published, or the tables of the monitors cannot be reached.
    """
    settings = task_settings()
    with connect_pulse(settings) as connection, open_reader(settings) as reader:
        executions = run_due(connection, reader, settings.target)
    for one in executions:
        console.print(f"{one.monitor}: {one.error or one.outcome}", markup=False)
    return dict(Counter(one.outcome for one in executions))
