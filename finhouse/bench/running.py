"""`make bench`: everything measured beside its limit in the same run, in one table."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

from finhouse.bench.dbt_build import bench_dbt
from finhouse.bench.extract_load import (
    COLUMNS,
    Row,
    csv_load,
    drop_table,
    full_load,
    incremental_load,
    make_table,
)
from finhouse.console import print_table, step
from finhouse.demo.merchant_activity import write_activity_files
from finhouse.oltp import EmbeddedServer
from finhouse.settings import PROJECT_ROOT, Settings

SEED = 1


def run_benchmarks(settings: Settings, *, quick: bool) -> None:
    """Measure in ``<home>/bench``, which is removed afterwards, and print the table.

    Args:
        settings: names the home; your data in it is not touched.
        quick: small sizes and one run each: shows that it works, measures nothing.
    """
    home = settings.home / "bench"
    shutil.rmtree(home, ignore_errors=True)
    house = replace(settings.apart(home), target="duckdb")
    repeats = 1 if quick else 3
    try:
        rows = _bench_tables(house, 200_000 if quick else 5_000_000, repeats)
        rows += _bench_files(house, 100_000 if quick else 5_000_000, repeats)
        rows += bench_dbt(house, 0.2 if quick else 10, repeats)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print_table(
        "Benchmarks: medians, each beside its baseline in the same run",
        COLUMNS,
        rows,
        numeric=COLUMNS[1:],
    )


def _bench_tables(settings: Settings, count: int, repeats: int) -> list[Row]:
    server = EmbeddedServer(settings.oltp_home)
    server.start()
    url, warehouse = server.url("oltp"), server.url("warehouse")
    try:
        with step(f"a table of {count:,} rows"):
            make_table(url, count)
        with step("Postgres -> DuckDB beside COPY to nowhere"):
            rows = full_load(url, repeats)
        with step("Postgres -> Postgres beside COPY to nowhere"):
            rows += full_load(url, repeats, "postgres", warehouse)
        with step("changed rows beside the full load"):
            rows += incremental_load(url, count // 100, repeats)
        drop_table(url)
    finally:
        server.stop()
    return rows


def _bench_files(settings: Settings, count: int, repeats: int) -> list[Row]:
    with step(f"a file of {count:,} rows"):
        files = write_activity_files(
            settings.home / "files", days=1, rows_per_day=count, seed=SEED, start=date(2024, 1, 1)
        )
    with step("CSV -> DuckDB beside bare read_csv"):
        rows = csv_load(files, repeats)
    real = Path(os.environ.get("FINHOUSE_REAL_DATA") or PROJECT_ROOT.parent / "shared" / "data")
    real_files = sorted((real / "merchant_activity").glob("*.csv"))
    if real_files:
        with step("the real files beside bare read_csv"):
            rows += csv_load(real_files, repeats)
    return rows
