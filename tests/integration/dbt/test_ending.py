"""dbt ends with the command that runs it, and two builds do not share a Postgres database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from finhouse.dbt.process import START
from finhouse.errors import WarehouseError
from finhouse.settings import PROJECT_ROOT
from finhouse.warehouse import open_warehouse
from finhouse.warehouse.building import only_build
from tests.support.house import House

# The smallest business: what is tested is the process, and parsing takes its time by model.
DOMAIN = "merchant_activity"
LONG = {
    "duckdb": "create table long as select sum(a.i * b.i) from range(10000000) as a(i), "
    "range(10000000) as b(i)",
    "postgres": "select pg_sleep(600)",
}
WAIT_SECONDS = 300

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        sys.platform != "linux", reason="the kernel ends a child with its parent on Linux only"
    ),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house without rows; its project is parsed by the first command."""
    house = House(tmp_path_factory.mktemp("ending") / "house", DOMAIN)
    house.home.mkdir()
    house.server.start()
    yield house
    house.server.stop()


def operation(target: str, statement: str) -> list[str]:
    statements = json.dumps({"statements": [statement]})
    return ["--target", target, "dbt", "run-operation", "run_statements", "--args", statements]


@contextmanager
def running(house: House, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``finhouse <arguments>``, under way; killed at the end if it still is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "finhouse", *arguments],
        cwd=PROJECT_ROOT,
        env=house.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(what: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not what():
        if process is not None and process.poll() is not None:
            pytest.fail(f"ended with {process.returncode}: {process.communicate()[0]}")
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.5)


def dbt_processes(house: House) -> list[int]:
    """Processes of dbt that work for this house."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if str(START).encode() in command and str(house.home).encode() in environment:
            found.append(int(folder.name))
    return found


def is_at_work(house: House, target: str) -> bool:
    """Whether the long statement runs: dbt has DuckDB's file open, or PostgreSQL says so."""
    if target == "postgres":
        return bool(
            house.rows(
                "select 1 from pg_stat_activity where query like '%pg_sleep(600)%' "
                "and state = 'active' and pid <> pg_backend_pid()",
                target,
            )
        )
    opened = []
    for process in dbt_processes(house):
        with suppress(OSError):
            opened += [link.readlink() for link in Path(f"/proc/{process}/fd").iterdir()]
    return house.settings().duckdb_path in opened


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_dbt_ends_with_the_command_that_runs_it(house: House, end: signal.Signals):
    with running(house, *operation("duckdb", LONG["duckdb"])) as process:
        wait_for(lambda: is_at_work(house, "duckdb"), process)
        os.kill(process.pid, end)
        assert process.wait(30) != 0
        # Asked to end, the command waits for dbt; killed, it cannot.
        if end == signal.SIGKILL:
            wait_for(lambda: not dbt_processes(house))
        assert not dbt_processes(house)
    # Whoever comes next finds no lock.
    open_warehouse(house.settings()).close()


@pytest.mark.full
def test_a_second_build_in_postgres_is_told_of_the_first(house: House):
    with running(house, *operation("postgres", LONG["postgres"])) as first:
        wait_for(lambda: is_at_work(house, "postgres"), first)
        second = house.run(*operation("postgres", "select 1"))
        assert second.returncode == WarehouseError.exit_code, second.stdout
        said = " ".join(second.stdout.split())
        assert f"is being built by finhouse dbt run-operation, process {first.pid} on" in said
        assert "since 20" in said and "Traceback" not in said + second.stderr
        # Who only reads, and who loads, need not wait.
        house.succeed("--target", "postgres", "dbt", "ls", "--quiet", "--select", "kpi_catalogue")
        url = house.server.url("warehouse")
        with open_warehouse(house.settings("postgres"), url) as warehouse, warehouse.transaction():
            warehouse.lock_table("raw_wallet", "users")
        assert first.poll() is None and is_at_work(house, "postgres")
        first.kill()
        first.wait()
        # The lock goes with the connection of who held it.
        house.succeed(*operation("postgres", "select 1"))
        # What the killed dbt had asked for is given up, too.
        wait_for(lambda: not is_at_work(house, "postgres"))


def test_a_publication_belongs_to_its_build(house: House):
    settings = house.settings("postgres")
    with only_build(settings, "build"), only_build(settings, "publish"):
        other = house.run(*operation("postgres", "select 1"))
    assert f"finhouse build, process {os.getpid()} on" in " ".join(other.stdout.split())
    with only_build(settings, "build"):
        pass
