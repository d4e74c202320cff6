"""Real Airflow on a real OLTP: every DAG, a whole round by Assets, and what goes wrong in life."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from finhouse.orchestration.api import AirflowApi
from finhouse.orchestration.local import USER, LocalAirflow
from finhouse.orchestration.model_graph import write_model_graph
from finhouse.sources import available_sources
from tests.support.airflow import airflow_environment, dag_test
from tests.support.house import House

pytestmark = [pytest.mark.full, pytest.mark.domains("wallet")]

RAW = [f"raw_{source}" for source in available_sources()]
# A round of two sources has all that one of three has, and half its tasks.
ROUND = ("merchant_activity", "commerce")
AIRFLOW_ENV = {
    "FINHOUSE_RETRY_SECONDS": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
}


@pytest.fixture
def airflow_env(company_copy: House, tmp_path: Path) -> dict[str, str]:
    return airflow_environment(company_copy, tmp_path / "airflow")


def published_at(house: House) -> int:
    return house.settings().published_path.stat().st_mtime_ns


@pytest.mark.domains("merchant_activity")
def test_load_and_transform_of_one_domain_on_postgres(
    company_copy: House, airflow_env: dict[str, str]
):
    """The round by Assets below is of two, on DuckDB."""
    target = "postgres"
    company_copy.succeed("--target", target, "dbt", "parse", "--quiet")
    write_model_graph(company_copy.settings(target))
    env = airflow_env | {"FINHOUSE_TARGET": target}
    for dag_id, conf in (
        ("extract_load_merchant_activity", {"round": "a round"}),
        ("transform", {}),
    ):
        succeeded, states, output = dag_test(dag_id, conf, env=env)
        assert succeeded, output[-5000:]
        assert set(states.values()) == {"success"}
    raw = company_copy.rows("select count(*) from raw_merchant_activity.activities", target)
    assert raw == company_copy.published_rows(
        "select count(*) from published.fct_activities", target
    )
    domains = company_copy.published_rows("select distinct domain from published.kpi_daily", target)
    assert domains == [("merchant_activity",)]


def test_a_failing_data_test_stops_publication(company_copy: House, airflow_env: dict[str, str]):
    """The build names model, test and rows; readers keep what they have; its model turns red."""
    before = published_at(company_copy)
    company_copy.execute_oltp(
        "alter table wallet.users drop constraint if exists users_signup_source_check"
    )
    company_copy.execute_oltp(
        "update wallet.users set signup_source = 'abduction'"
        " where id = (select min(id::text)::uuid from wallet.users)"
    )
    assert dag_test("extract_load_wallet", {"tables": ["users"]}, env=airflow_env)[0]
    succeeded, states, output = dag_test("transform", env=airflow_env)
    assert not succeeded
    assert states["build"] == "failed"
    assert states["publish"] == "upstream_failed"
    assert states["staging.stg_wallet__users"] == "failed"
    assert states["marts.user_ltv"] == "upstream_failed"
    assert states["marts.dim_currency"] == "success"
    assert "row_rules_stg_wallet__users" in output
    assert "on model stg_wallet__users: Got 1 result" in output
    assert "signup_source is one of organic, referral, bank_promotion, and not abduction" in output
    assert published_at(company_copy) == before
    assert company_copy.rows(
        "select count(*) from raw_operations.dbt_results where status = 'fail'"
    ) == [(1,)]


def test_only_the_chosen_tables_are_loaded(company_copy: House, airflow_env: dict[str, str]):
    batches = "select count(distinct batch_id) from raw_operations.load_log where table_name = '{}'"
    before = {t: company_copy.rows(batches.format(t)) for t in ("users", "bank_surveys")}
    succeeded, states, output = dag_test(
        "extract_load_wallet",
        {"tables": ["bank_surveys"], "load": "full refresh"},
        env=airflow_env,
    )
    assert succeeded, output[-5000:]
    assert states["reference.bank_surveys"] == states["reconcile"] == "success"
    assert states["core.users"] == "skipped"
    assert company_copy.rows(batches.format("users")) == before["users"]
    assert company_copy.rows(batches.format("bank_surveys")) != before["bank_surveys"]


def test_a_range_of_days_and_what_changed_in_raw(company_copy: House, airflow_env: dict[str, str]):
    """A backfill makes its days right and no others; reconciliation finds and heals the rest."""
    days = "created_at >= '2026-03-01' and created_at < '2026-04-01'"
    other = "created_at >= '2026-05-01' and created_at < '2026-05-02'"
    sums = "select count(*), sum(amount) from raw_wallet.transactions"
    whole = company_copy.rows(sums)
    company_copy.execute_warehouse(f"delete from raw_wallet.transactions where {days}")
    company_copy.execute_warehouse(
        f"update raw_wallet.transactions set amount = amount + 1 where {other}"
    )
    [(tampered,)] = company_copy.rows(f"select count(*) from raw_wallet.transactions where {other}")
    conf = {
        "load": "date range",
        "first_day": "2026-03-01",
        "last_day": "2026-03-31",
        "tables": ["transactions"],
        "reconcile": False,
    }
    succeeded, states, output = dag_test("extract_load_wallet", conf, env=airflow_env)
    assert succeeded, output[-5000:]
    assert states["reconcile"] == states["announce"] == "skipped"
    [(count, total)] = whole
    assert company_copy.rows(sums) == [(count, total + tampered)]

    succeeded, states, output = dag_test(
        "extract_load_wallet", {"tables": ["transactions"]}, env=airflow_env
    )
    assert succeeded, output[-5000:]
    assert states["reconcile"] == "success"
    assert company_copy.rows(sums) == whole
    assert company_copy.rows(
        "select changed_row_count, is_healed from raw_operations.source_reconciliation"
        " where table_name = 'transactions' order by reconciled_at desc limit 1"
    ) == [(tampered, True)]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_source_that_is_down(company_copy: House, airflow_env: dict[str, str]):
    before = company_copy.fingerprints(RAW)
    down = {
        "AIRFLOW_CONN_FINHOUSE_OLTP": f"postgres://nobody:secret-word@127.0.0.1:{closed_port()}/x"
    }
    succeeded, states, output = dag_test(
        "extract_load_wallet", {"tables": ["bank_surveys"]}, env=airflow_env | down
    )
    assert not succeeded
    assert states["reference.bank_surveys"] == "failed"
    assert states["announce"] == "upstream_failed"
    assert "the OLTP database" in output and "refused" in output
    assert "secret-word" not in output
    assert company_copy.fingerprints(RAW) == before


def test_a_source_that_is_slow(company_copy: House, airflow_env: dict[str, str]):
    """A task that waits for a lock in the source ends when its time is up."""
    before = company_copy.fingerprints(RAW)
    with psycopg.connect(company_copy.server.url("oltp")) as blocker:
        blocker.execute("lock table wallet.bank_surveys in access exclusive mode")
        succeeded, states, output = dag_test(
            "extract_load_wallet",
            {"tables": ["bank_surveys"]},
            env=airflow_env | {"FINHOUSE_TASK_TIMEOUT_SECONDS": "3"},
        )
    assert not succeeded
    assert states["reference.bank_surveys"] == "failed"
    assert "AirflowTaskTimeout" in output
    assert company_copy.fingerprints(RAW) == before


@pytest.mark.domains("merchant_activity")
def test_a_warehouse_that_is_locked_for_a_while(company_copy: House, airflow_env: dict[str, str]):
    """The message names who holds it; a retry after it is free succeeds."""
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb, sys; c = duckdb.connect({str(company_copy.settings().duckdb_path)!r});"
            "print('held', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"

    def release(line: str) -> None:
        if f"PID {holder.pid}" in line and not holder.stdin.closed:
            holder.stdin.close()

    succeeded, states, output = dag_test(
        "extract_load_merchant_activity",
        env=airflow_env | {"FINHOUSE_RETRY_SECONDS": "3"},
        watch=release,
    )
    holder.kill()
    holder.wait()
    assert f"PID {holder.pid}" in output and "is locked" in output
    assert succeeded, output[-5000:]
    assert states["files.activities"] == "success"


# Mounts a small disk over the folder $1, puts its files there and runs the rest; then the files
# go back, as they are after it.
SMALL_DISK = """
folder=$1; shift
mkdir "$folder.saved"; cp -a "$folder/." "$folder.saved"
used=$(du -sk "$folder" | cut -f1)
mount -t tmpfs -o size=$((used + 512))k tmpfs "$folder"
cp -a "$folder.saved/." "$folder"
code=0; "$@" || code=$?
cp -a "$folder/." "$folder.saved"
umount "$folder"
cp -a "$folder.saved/." "$folder"
exit $code
"""


def test_a_disk_that_is_full(company_copy: House, airflow_env: dict[str, str], tmp_path: Path):
    """The load fails, says why, and what was loaded is there; with room it succeeds."""
    prefix = ["unshare", "--map-root-user", "--mount", "sh", "-ec", SMALL_DISK, "sh"]
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"]).returncode:
        pytest.skip("this machine lets nobody mount a small disk (user namespaces are off)")
    before = company_copy.fingerprints(RAW)
    home = tmp_path / "small"
    home.mkdir()
    shutil.copy(company_copy.settings().duckdb_path, home)
    small = House(home)
    company_copy.succeed("demo", "--advance", "30")
    env = airflow_env | {
        "FINHOUSE_HOME": str(home),
        "FINHOUSE_RETRY_SECONDS": "0.1",
        "AIRFLOW_CONN_FINHOUSE_OLTP": company_copy.server.url("oltp").replace(
            "postgresql", "postgres"
        ),
    }
    conf = {"tables": ["transaction_events"], "load": "full refresh"}
    succeeded, states, output = dag_test(
        "extract_load_wallet", conf, env=env, prefix=[*prefix, str(home)]
    )
    assert not succeeded
    assert states["events.transaction_events"] == "failed"
    assert "No space left on device" in output and "check its free disk space" in output
    assert small.fingerprints(RAW) == before
    assert dag_test("extract_load_wallet", conf, env=env)[0]
    raw = small.rows("select count(distinct event_id) from raw_wallet.transaction_events")
    assert raw == company_copy.oltp_rows(
        "select count(distinct event_id) from wallet.transaction_events"
    )


@pytest.fixture
def airflow(company_copy: House):
    """A whole Airflow, as `make airflow` starts it."""
    company_copy.succeed("airflow", "start", env=AIRFLOW_ENV)
    server = LocalAirflow(company_copy.settings())
    yield server
    company_copy.run("airflow", "stop", env=AIRFLOW_ENV)
    assert not server.is_running()


def wait_for(look, seconds: float = 600):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.5)
    return found


def processes_running(needle: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if needle in command:
                found.append(int(entry.name))
    return found


# More than the round below is given by itself.
@pytest.mark.timeout(3600)
@pytest.mark.domains(*ROUND)
def test_a_round_by_assets_then_a_killed_task_that_heals(
    company_copy: House, airflow: LocalAirflow
):
    company_copy.succeed("demo", "--advance", "1")
    before = published_at(company_copy)
    loads = [f"extract_load_{source}" for source in ROUND]
    api = AirflowApi(airflow.url, USER, airflow.password)
    wait_for(lambda: set(api.dag_ids()) >= {*loads, "transform"})
    # Announced amid the round, of the source that takes longest: it is of another one.
    api.trigger(
        "extract_load_commerce",
        {"tables": ["sales_offices"], "reconcile": False, "round": "another"},
    )
    printed = company_copy.succeed("airflow", "run", "--timeout", "2400")
    # The sources of the round, that of the monitors, and the transform.
    assert printed.count("success") == len(ROUND) + 2 and "transform" in printed
    assert published_at(company_copy) > before
    [(last_day,)] = company_copy.published_rows(
        "select max(date_day) from published.kpi_daily where domain = 'commerce'"
    )
    assert str(last_day) == company_copy.truth()["as_of_date"]

    announced = []
    for load in loads:
        newest = next(run for run in api.run_ids(load) if run.startswith("manual"))
        announced.append(api.tasks(load, newest)["announce"]["end_date"])
    [transform] = api.runs("transform")
    assert transform["start_date"] > max(announced)
    # The monitors run on what it has published, once.
    wait_for(lambda: [run for run in api.runs("pulse") if run["state"] == "success"])
    [monitored] = api.runs("pulse")
    assert monitored["partition_key"] == transform["partition_key"]
    assert api.runs("pulse_by_hand") == []
    assert transform["partition_key"].startswith("by hand ")
    assert any(
        event["extra"]["inserted"] > 0 and event["extra"]["read"] > 0
        for event in api.asset_events("raw_commerce")
    )

    # kill -9 in the middle of a load: the source's lock holds it there.
    company_copy.succeed("demo", "--advance", "1")
    with psycopg.connect(company_copy.server.url("oltp")) as blocker:
        blocker.execute("lock table commerce.sales_order_lines in access exclusive mode")
        run_id = api.trigger("extract_load_commerce", {"tables": ["sales_order_lines"]})

        def waiting() -> int | None:
            with psycopg.connect(company_copy.server.url("oltp")) as look:
                row = look.execute(
                    "select count(*) from pg_locks as l join pg_stat_activity as a using (pid)"
                    " where not l.granted and a.application_name = 'finhouse'"
                ).fetchone()
            return row[0]

        wait_for(waiting)
        [instance] = [
            pid
            for pid in processes_running("airflow")
            if _holds(pid, company_copy.settings().duckdb_path)
        ]
        os.kill(instance, signal.SIGKILL)
    wait_for(lambda: api.run("extract_load_commerce", run_id)["state"] in ("success", "failed"))
    assert api.run("extract_load_commerce", run_id)["state"] == "success"
    assert (
        api.tasks("extract_load_commerce", run_id)["default.sales_order_lines"]["try_number"] == 2
    )
    raw = company_copy.rows(
        "select count(*), count(distinct id) from raw_commerce.sales_order_lines"
    )
    [(count,)] = company_copy.oltp_rows("select count(*) from commerce.sales_order_lines")
    assert raw == [(count, count)]

    # kill -9 of the scheduler, which Airflow does not start again.
    for pid in processes_running("airflow scheduler"):
        if str(company_copy.settings().airflow_home) in environment_of(pid):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: api.health()["scheduler"]["status"] != "healthy")
    refused = company_copy.run("airflow", "run", "--timeout", "60")
    assert refused.returncode != 0 and "a part of Airflow has ended" in refused.stdout
    assert "restarting it" in company_copy.succeed("airflow", "start", env=AIRFLOW_ENV)
    api = AirflowApi(airflow.url, USER, airflow.password)
    assert api.health()["scheduler"]["status"] == "healthy"


def environment_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""


def _holds(pid: int, path: Path) -> bool:
    try:
        return any(
            descriptor.readlink() == path for descriptor in Path(f"/proc/{pid}/fd").iterdir()
        )
    except OSError:
        return False
