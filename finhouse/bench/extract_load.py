"""What extract-load costs beside the cheapest way to read the same rows.

Each function returns rows for ``console.print_table`` under the columns ``COLUMNS``. Baseline and
load alternate within one run, so a busy machine slows both; medians of ``repeats``. Every load
runs in a process of its own, whose peak memory (resident set, MiB) is reported.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from finhouse.extract_load import load_source
from finhouse.settings import Settings
from finhouse.sources import read_source
from finhouse.warehouse import open_warehouse

COLUMNS = ("load", "rows", "baseline s", "load s", "ratio", "peak MiB")
SCHEMA, TABLE = "finhouse_bench", "payments"
_COPY = f"copy (select * from {SCHEMA}.{TABLE}) to stdout (format binary)"
_SOURCE = f"""
kind: postgres
name: {SCHEMA}
schema: {SCHEMA}
tables:
  - name: {TABLE}
    mode: incremental
    key: [id]
    cursor: xmin
    reconcile_deletes: true
"""

Row = tuple[str, ...]


def make_table(url: str, rows: int = 5_000_000) -> None:
    """Make ``finhouse_bench.payments`` of ``rows`` rows in a Postgres, unless it has them.

    Touches no other schema; ``drop_table`` removes it again.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create schema if not exists {SCHEMA}")
        connection.execute(
            f"create table if not exists {SCHEMA}.{TABLE} (id uuid primary key,"
            " account_id bigint not null, amount numeric(15,2), status text, reference text,"
            " created_at timestamptz, updated_at timestamptz)"
        )
        held = connection.execute(f"select count(*) from {SCHEMA}.{TABLE}").fetchone()
        if held == (rows,):
            return
        connection.execute(f"truncate {SCHEMA}.{TABLE}")
        connection.execute(
            f"""
            insert into {SCHEMA}.{TABLE}
            select
                md5(i::text)::uuid,
                i % 200000,
                (i * 7919 % 10000000)::numeric(15,2) / 100,
                (array['COMPLETED', 'PENDING', 'FAILED', 'REVERSED'])[i % 4 + 1],
                md5((-i)::text),
                timestamptz '2024-01-01' + i * interval '7 seconds',
                timestamptz '2024-01-01' + i * interval '9 seconds'
            from generate_series(1::bigint, {rows}) as i
            """
        )
        connection.execute(f"vacuum (analyze) {SCHEMA}.{TABLE}")


def drop_table(url: str) -> None:
    """Remove what ``make_table`` made."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"drop schema if exists {SCHEMA} cascade")


def full_load(
    url: str, repeats: int = 3, target: str = "duckdb", warehouse_url: str | None = None
) -> list[Row]:
    """A first load beside ``COPY ... TO STDOUT (FORMAT binary)`` of the same rows, discarded."""
    baselines, loads, peaks, rows = [], [], [], 0
    for _ in range(repeats):
        baselines.append(_timed(lambda: _discard(url)))
        with tempfile.TemporaryDirectory() as folder:
            run = _in_process(_load_table, (Path(folder), url, target, warehouse_url, True))
        rows = run["rows"]
        loads.append(run["seconds"])
        peaks.append(run["peak"])
    return [_row(f"Postgres -> {target}, full", rows, baselines, loads, peaks)]


def incremental_load(url: str, changed: int = 50_000, repeats: int = 3) -> list[Row]:
    """A load of ``changed`` updated rows (by xmin) beside the full load of the same table."""
    baselines, loads, peaks, rows = [], [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            arguments = (Path(folder), url, "duckdb", None)
            baselines.append(_in_process(_load_table, (*arguments, True))["seconds"])
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    f"update {SCHEMA}.{TABLE} set updated_at = now() where id in"
                    f" (select id from {SCHEMA}.{TABLE} tablesample system (5) limit {changed})"
                )
            run = _in_process(_load_table, (*arguments, False))
            rows = run["rows"]
            loads.append(run["seconds"])
            peaks.append(run["peak"])
    return [_row("Postgres -> duckdb, changed rows", rows, baselines, loads, peaks)]


def csv_load(
    files: Sequence[Path],
    repeats: int = 3,
    target: str = "duckdb",
    warehouse_url: str | None = None,
) -> list[Row]:
    """Load merchant activity files beside DuckDB's bare ``read_csv`` into a table, all text."""
    baselines, loads, peaks, rows = [], [], [], 0
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            baselines.append(_in_process(_read_bare, (Path(folder), files))["seconds"])
        with tempfile.TemporaryDirectory() as folder:
            run = _in_process(_load_files, (Path(folder), files, target, warehouse_url))
        rows = run["rows"]
        loads.append(run["seconds"])
        peaks.append(run["peak"])
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    return [_row(f"CSV -> {target}, {megabytes:,.0f} MB", rows, baselines, loads, peaks)]


def _row(
    name: str,
    rows: int,
    baselines: Sequence[float],
    loads: Sequence[float],
    peaks: Sequence[float],
) -> Row:
    baseline, load = statistics.median(baselines), statistics.median(loads)
    return (
        name,
        f"{rows:,}",
        f"{baseline:.2f}",
        f"{load:.2f}",
        f"{load / baseline:.2f}",
        f"{max(peaks):.0f}",
    )


def _timed(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def _discard(url: str) -> None:
    with psycopg.connect(url) as connection, connection.cursor().copy(_COPY) as copy:
        for _ in copy:
            pass


def _in_process(work: Callable[..., int], arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Run ``work`` in a fresh process; its row count, seconds and peak memory in MiB."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def _measured(sender: Any, work: Callable[..., int], arguments: tuple[Any, ...]) -> None:
    started = time.monotonic()
    rows = work(*arguments)
    sender.send(
        {
            "rows": rows,
            "seconds": time.monotonic() - started,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )


def _load_table(
    folder: Path, url: str, target: str, warehouse_url: str | None, refresh: bool
) -> int:
    definitions = folder / "sources"
    definitions.mkdir(exist_ok=True)
    (definitions / f"{SCHEMA}.yml").write_text(_SOURCE)
    settings = Settings(folder, folder, target, None, warehouse_url)
    with open_warehouse(settings) as warehouse:
        results = load_source(
            settings,
            SCHEMA,
            oltp_url=url,
            warehouse=warehouse,
            full_refresh=refresh,
            definitions=definitions,
        )
    return results[0].counts.read


def _load_files(folder: Path, files: Sequence[Path], target: str, warehouse_url: str | None) -> int:
    landing = folder / "merchant_activity"
    landing.mkdir()
    for path in files:
        (landing / path.name).symlink_to(path.resolve())
    settings = Settings(folder, folder, target, None, warehouse_url)
    with open_warehouse(settings) as warehouse:
        results = load_source(
            settings, "merchant_activity", oltp_url=None, warehouse=warehouse, full_refresh=True
        )
    return sum(result.counts.read for result in results)


def _read_bare(folder: Path, files: Sequence[Path]) -> int:
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in read_source("merchant_activity").columns)
    listed = ", ".join(f"'{path}'" for path in files)
    with duckdb.connect(str(folder / "bare.duckdb")) as connection:
        connection.execute("set enable_progress_bar = false")
        loaded = connection.execute(
            f"create table bare as select * from read_csv([{listed}], header = true,"
            f" auto_detect = false, delim = ',', columns = {{{names}}})"
        ).fetchone()
    return int(loaded[0])
