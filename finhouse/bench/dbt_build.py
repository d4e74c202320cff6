"""dbt beside the same SQL without dbt, and one day beside the whole history."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import duckdb

from finhouse import demo
from finhouse.bench.extract_load import Row
from finhouse.console import step
from finhouse.dbt.manifest import read_manifest
from finhouse.dbt.process import run_dbt
from finhouse.dbt.results import read_results
from finhouse.errors import TransformError
from finhouse.oltp import EmbeddedServer
from finhouse.pipeline import DEMO_SEED, load_all
from finhouse.settings import Settings


def bench_dbt(settings: Settings, scale: float, runs: int) -> list[Row]:
    """Measure in a house of its own (``settings.home``): build against bare SQL, day against all.

    Args:
        settings: a house that holds nothing yet, target duckdb.
        scale: size of the demo company, 1 = 20,000 users.
        runs: counted runs of each side, taken in turn; medians are reported.
    """
    server = EmbeddedServer(settings.oltp_home)
    server.start()
    try:
        url = server.url("oltp")
        with step(f"demo company at scale {scale:g}"):
            demo.create(url, scale=scale, seed=DEMO_SEED, home=settings.demo_home)
        return _bench_house(settings, url, scale, runs)
    finally:
        server.stop()


def _bench_house(settings: Settings, url: str, scale: float, runs: int) -> list[Row]:
    with step("full load"):
        full_load, loaded = _timed(lambda: load_all(settings, full_refresh=True))
    dbt_seconds, bare_seconds, whole_seconds = [], [], []
    for _ in range(runs):
        with step("dbt build"):
            whole_seconds.append(_timed(lambda: _dbt_build(settings))[0])
        results = read_results(settings)
        dbt_seconds.append(results["elapsed_time"])
        with step("the same SQL in bare duckdb"):
            bare_seconds.append(_run_bare(settings, results["results"]))
    with step("one more day"):
        demo.advance(url, 1, home=settings.demo_home)
    with step("incremental load of the day"):
        day_load, day_loaded = _timed(lambda: load_all(settings))
    with step("dbt build of the day"):
        day_build, _ = _timed(lambda: _dbt_build(settings))
    dbt, bare, whole = map(statistics.median, (dbt_seconds, bare_seconds, whole_seconds))
    rows = sum(result.counts.raw for result in loaded)
    day_rows = sum(result.counts.read for result in day_loaded)
    return [
        _row(f"dbt build, scale {scale:g}, without start-up / bare SQL", rows, bare, dbt),
        _row("dbt build with start-up / bare SQL", rows, bare, whole),
        _row("load: one day / full history", day_rows, full_load, day_load),
        _row(
            "load and dbt build: one day / full history",
            day_rows,
            full_load + whole,
            day_load + day_build,
        ),
    ]


def _row(name: str, rows: int, baseline: float, seconds: float) -> Row:
    ratio = f"{seconds / baseline:.2f}"
    return (name, f"{rows:,}", f"{baseline:.2f}", f"{seconds:.2f}", ratio, "")


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.monotonic()
    result = action()
    return time.monotonic() - started, result


def _dbt_build(settings: Settings) -> None:
    code = run_dbt(settings, ["build", "--quiet", "--exclude-resource-type", "unit_test"])
    if code:
        raise TransformError(f"dbt build ended with exit code {code}", "see its message above")


def _run_bare(settings: Settings, results: list[dict]) -> float:
    """Run the compiled SQL of a build in its order, without dbt; return the seconds it took."""
    manifest = read_manifest(settings)
    statements = []
    for result in results:
        node = manifest["nodes"][result["unique_id"]]
        if node["resource_type"] == "model":
            kind = "table" if node["config"]["materialized"] == "table" else "view"
            statements.append(
                f"create or replace {kind} {node['schema']}.{node['alias']} as "
                f"{result['compiled_code']}"
            )
        elif node["resource_type"] == "test":
            statements.append(f"select count(*) from ({result['compiled_code']}) as failures")
    # Compiled SQL names the catalogue, which bears the name of the file: keep it.
    copy = settings.home / "bare" / settings.duckdb_path.name
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(settings.duckdb_path.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set threads = 2")
        started = time.monotonic()
        for statement in statements:
            connection.execute(statement)
        seconds = time.monotonic() - started
    copy.unlink()
    return seconds
