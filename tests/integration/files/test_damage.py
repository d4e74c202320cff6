"""A small file of ours that is damaged: the commands that read it name it, or make it anew.

A disk that was full, a killed process, a slip of the hand: every such file, damaged in every way.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from finhouse import demo
from finhouse.api.keys import KeyRing
from finhouse.background import BackgroundServer
from finhouse.cli import main
from finhouse.cli.machine import of_the_machine
from finhouse.dashboards.imports import LastImport
from finhouse.dashboards.server import SupersetServer
from finhouse.dbt.history import record_build
from finhouse.dbt.manifest import read_manifest
from finhouse.dbt.results import read_results, results_in
from finhouse.engines.snowflake_account import snowflake_emulator
from finhouse.errors import FinhouseError, WarehouseError
from finhouse.files import read_json, write_whole
from finhouse.gate.workspace import is_made
from finhouse.orchestration.dbt_log import DbtLog
from finhouse.orchestration.local import LocalAirflow
from finhouse.orchestration.model_graph import read_model_graph
from finhouse.pipeline import DEMO_SEED
from finhouse.publish import ensure_reporting_tables
from finhouse.settings import PROJECT_ROOT
from finhouse.warehouse import open_warehouse
from tests.support.house import House

SCALE = 0.001

DIRECT = ("read_text", "write_text", "read_bytes", "write_bytes")
# Where else files are read and written as a whole, and what for.
DIRECTLY = {
    "what comes with the project, is written for it, or is a source file of its user": {
        *("api/project.py", "api/routes/description.py", "cli/api.py", "clearances.py"),
        "gate/api_changes.py",
        *("cli/docs.py", "dashboards/exposures.py", "dashboards/loading.py"),
        *("dashboards/serving.py", "dbt/kpis.py", "demo/tables.py", "documentation/codeowners.py"),
        *("documentation/kpi_page.py", "domains.py", "gate/commits.py", "gate/conventions.py"),
        *("gate/declarations.py", "gate/inputs.py", "gate/model_changes.py", "cli/pulse.py"),
        *("pulse_tables/__init__.py", "pulse_tables/templates.py", "pulse/questions/catalogue.py"),
        *("real_data/online_retail.py", "real_data/pay_later.py", "real_data/verifying.py"),
        *("scaffold/plan.py", "scaffold/source_file.py", "sources/definitions.py"),
        *("sources/retention.py", "keys.py"),
    },
    "what is made for people, or for this one run": {
        *("bench/dbt_build.py", "bench/extract_load.py", "bridge/spark.py"),
        *("documentation/lineage_page.py", "documentation/site.py", "gate/steps.py"),
    },
    "programs of other environments, without this package": {
        *("dashboards/inside/bootstrap.py", "dashboards/inside/superset_config.py", "dbt/start.py"),
        *(f"engines/snowflake_environment/check_{what}.py" for what in ("setup", "sql")),
    },
    "backups, checked by their digests, and the doctor, who reads what is damaged": {
        *("safety/backup.py", "safety/beside.py", "safety/doctor.py"),
        "safety/manifest.py",
    },
    "logs, PostgreSQL's own file, a pickle, and marks whose bytes are compared": {
        *("background.py", "oltp/server.py", "demo/life.py", "dashboards/server.py"),
        *("api/serving.py", "gate/workspace.py"),
    },
    "the one way": {"files.py"},
}


def empty(file: Path) -> None:
    file.write_bytes(b"")


def truncated(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def garbage(file: Path) -> None:
    file.write_bytes(bytes(range(255, 127, -1)) * 8)


def a_list(file: Path) -> None:
    file.write_bytes(b"[]")


def a_mapping(file: Path) -> None:
    file.write_bytes(b"{}")


def nothing(file: Path) -> None:
    file.write_bytes(b"null")


def a_number(file: Path) -> None:
    file.write_bytes(b"-1")


def unreadable(file: Path) -> None:
    """Root reads whatever the permissions say, but nobody reads a folder as a file."""
    file.unlink()
    file.mkdir()


DAMAGES = (empty, truncated, garbage, a_list, a_mapping, nothing, a_number, unreadable)


@dataclass(frozen=True)
class Kept:
    """A file that finhouse keeps.

    Attributes:
        path: below the home.
        read: what reads it.
        content: what is written to it first; None where the house has it.
    """

    path: str
    read: Callable[[House], object]
    content: str | None = None


def command(*arguments: str) -> Callable[[House], None]:
    """``finhouse <arguments>``, whose own errors are raised again."""

    def run(house: House) -> None:
        result = CliRunner().invoke(main, arguments, env=house.environment)
        if isinstance(result.exception, SystemExit):
            assert "Traceback" not in result.output
            if result.exit_code:
                raise FinhouseError(result.output)
        elif result.exception:
            raise result.exception

    return run


def record(house: House) -> None:
    with open_warehouse(house.settings()) as warehouse:
        ensure_reporting_tables(house.settings(), warehouse)
        record_build(house.settings(), warehouse)


def put_files(house: House) -> None:
    demo.ensure_files(
        house.settings().landing,
        seed=DEMO_SEED,
        scale=SCALE,
        home=house.settings().demo_home,
        withdraw=lambda source, name: None,
        domains=["merchant_activity"],
    )


def superset(house: House) -> SupersetServer:
    return SupersetServer(house.settings().superset_home)


def last_import(house: House) -> object:
    home = house.settings().superset_home
    return LastImport(home, home / "superset.db", "key").report({})


MANIFEST = '{"nodes": {}, "metadata": {}}'
RESULTS = '{"results": [], "metadata": {"invocation_id": "one"}, "elapsed_time": 1.0}'
GRAPH = '[{"unique_id": "model.a", "name": "a", "layer": "marts", "parents": [], "tests": []}]'
PASSWORD = "correct-horse-battery-staple"
FILES = (
    Kept("oltp/password", command("oltp", "start")),
    Kept("oltp/pgdata/postmaster.pid", command("oltp", "status"), "1\n"),
    Kept("demo/company.pickle", command("demo")),
    Kept("demo/truth_wallet.json", command("demo")),
    Kept("demo/activity_files.json", put_files),
    Kept("dbt/duckdb/manifest.json", command("publish"), MANIFEST),
    Kept("dbt/duckdb/manifest.json", lambda house: read_manifest(house.settings()), MANIFEST),
    Kept("dbt/duckdb/run_results.json", record, RESULTS),
    Kept("dbt/duckdb/run_results.json", lambda house: read_results(house.settings()), RESULTS),
    Kept(
        "dbt/duckdb/sources.json",
        lambda house: results_in(house.home / "dbt/duckdb/sources.json"),
        RESULTS,
    ),
    Kept("dbt/duckdb/model_graph.json", lambda house: read_model_graph(house.settings()), GRAPH),
    Kept(
        "dbt/duckdb/runs/one/dbt.log",
        lambda house: DbtLog(house.home / "dbt/duckdb/runs/one").follow(),
        '{"finhouse": "end"}\n',
    ),
    Kept("api/keys.json", lambda house: KeyRing(house.settings().api_home).all()),
    Kept("airflow/port", lambda house: LocalAirflow(house.settings()).url, "8080"),
    Kept("airflow/port", lambda house: LocalAirflow(house.settings()).environment(), "8080"),
    Kept(
        "airflow/passwords.json",
        lambda house: LocalAirflow(house.settings()).password,
        f'{{"admin": "{PASSWORD}"}}',
    ),
    Kept("superset/secret_key", lambda house: superset(house).secret_key(), PASSWORD),
    Kept("superset/passwords/viewer", lambda house: superset(house).passwords({}), PASSWORD),
    Kept("superset/imported.json", last_import, '{"signature": "", "report": {}}'),
    Kept(
        "snowflake/emulator/databases/identity",
        lambda house: snowflake_emulator(house.settings()).identity(),
        "0" * 32,
    ),
    Kept("gate/input/key", lambda house: is_made(house.home / "gate/input", "key"), "key"),
    Kept("published/finhouse.duckdb", command("scorecard")),
    Kept("warehouse.duckdb", command("publish")),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with a tiny company, and a published file that holds nothing of use."""
    house = House(tmp_path_factory.mktemp("damage") / "house", "wallet")
    house.succeed("demo", "--scale", str(SCALE))
    put_files(house)
    house.succeed("api", "keys", "add", "reader")
    with open_warehouse(house.settings()) as warehouse:
        warehouse.create_schema("anything")
    published = house.settings().published_path
    published.parent.mkdir()
    shutil.copy(house.settings().duckdb_path, published)
    yield house
    house.server.stop()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("kept", FILES, ids=lambda kept: kept.path)
def test_a_damaged_file_is_named_or_made_anew(
    kept: Kept, damage: Callable[[Path], None], house: House
):
    file = house.home / kept.path
    if kept.path.endswith("postmaster.pid"):
        # PostgreSQL itself ends where the file of a running server is damaged.
        house.server.stop()
    if kept.content is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(kept.content)
    whole, mode = file.read_bytes(), file.stat().st_mode
    damage(file)
    try:
        kept.read(house)
    except FinhouseError as error:
        said = str(error).replace("\n", "")
        assert str(file) in said or "does not run" in said or "not running" in said, said
        assert "Remedy" in said or "not running" in said
    except OSError as error:
        # Where it cannot even be replaced; the command line tells of it as of any such file.
        told = of_the_machine(error)
        assert told and str(file) in str(told)
    finally:
        if file.is_dir():
            file.rmdir()
        # What was made anew stays: a password that was replaced opens nothing any more.
        if not file.exists() or kept.content is not None or "duckdb" in file.suffix:
            file.write_bytes(whole)
            file.chmod(mode)
    if kept.path.startswith("oltp/"):
        house.succeed("oltp", "start")
        assert house.oltp_rows("select count(*) from demo.company") == [(1,)]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", ["pid", "lock"])
@pytest.mark.parametrize(
    ("folder", "stop"),
    [
        ("superset", ("dashboards", "stop")),
        ("airflow", ("airflow", "stop")),
        ("snowflake/emulator", ("snowflake", "stop")),
    ],
)
def test_a_server_is_not_mistaken_for_another_process(
    folder: str, stop: tuple[str, ...], name: str, damage: Callable[[Path], None], tmp_path: Path
):
    house = House(tmp_path)
    server = BackgroundServer(tmp_path / folder, "Sleeper")
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    server.start(sleeper, os.environ, lambda: True, 10)
    file = server.home / name
    leader = int((server.home / "pid").read_text())
    damage(file)
    try:
        command(*stop)(house)
    except FinhouseError as error:
        said = str(error).replace("\n", "")
        assert str(file) in said and "Remedy" in said
        # Nothing was ended that may not have been ours.
        os.kill(leader, 0)
    finally:
        # Unless it was stopped: what a lock holds is of no matter.
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(leader, 9)
            os.waitpid(leader, 0)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path):
    file = tmp_path / "kept.json"
    write_whole(file, '{"kept": 7}')
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from finhouse.files import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "write_whole(Path(sys.argv[1]), 'x' * 100000)\n"
    )
    failed = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True
    )
    assert "File too large" in failed.stderr
    assert read_json(file, lambda found: found["kept"], WarehouseError, "") == 7
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]


def test_a_private_file_is_private_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        write_whole(tmp_path / "secret", "s", private=True)
    finally:
        os.umask(before)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_too_little_memory_is_told_without_a_traceback(house: House):
    # Not by a limit on the process: under one, libraries of the engines crash where they like.
    program = (
        "from finhouse.cli import main; from finhouse.cli.sources import sources\n"
        "sources.callback = lambda: bytearray(2**62)\n"
        "main(['sources'])"
    )
    limited = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT,
        env=house.environment,
        capture_output=True,
        text=True,
    )
    assert limited.returncode == WarehouseError.exit_code, limited.stdout + limited.stderr
    assert "Traceback" not in limited.stderr
    assert "no more memory" in limited.stdout and "Remedy" in limited.stdout


def test_an_engine_without_memory_or_disk_is_told_of_but_a_mistake_of_ours_is_not():
    wide = "select repeat('x', 1000) || i as value from range(1000000) as t(i) order by value"
    with duckdb.connect(config={"memory_limit": "20MB", "temp_directory": ""}) as connection:
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(f"create table wide as {wide}")
        told = of_the_machine(caught.value)
        assert isinstance(told, WarehouseError) and "memory" in told.remedy
        with pytest.raises(duckdb.Error) as caught:
            connection.execute("select nonsense")
        assert of_the_machine(caught.value) is None
    assert of_the_machine(ValueError("ours")) is None


def test_small_files_are_read_and_written_in_one_way():
    """Whoever keeps a file reads and writes it by ``finhouse.files``, and adds it to FILES."""
    package = PROJECT_ROOT / "finhouse"
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in DIRECT
    }
    assert found == {module for modules in DIRECTLY.values() for module in modules}
