"""Fixtures shared by all tests."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from finhouse.engines.snowflake_account import snowflake_emulator
from finhouse.settings import load_settings
from tests.support.house import TARGETS, House

pytest_plugins = ["tests.support.warehouse"]

SCALE = "0.05"
# All tests of these folders look at the same servers or builds.
SHARED_FOLDERS = ("tests/dashboards", "tests/gate")


class ByHouse(LoadScopeScheduling):
    """Keeps tests that share a house, a Superset or an Airflow in one process (`make test`)."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        folder = file.parent.as_posix()
        return folder if folder in SHARED_FOLDERS else str(file)


# Not --dist loadgroup: pytest 9.2 does not let pytest-xdist 3.8 write groups into test ids.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByHouse:
    """Hand out tests by what they share."""
    return ByHouse(config, log)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of data nobody here wrote; tests that need it are skipped where it is absent."""
    folder = load_settings().real_data
    if not (folder / "reference").is_dir():
        pytest.skip(f"no real data in {folder}: set FINHOUSE_REAL_DATA to run this test")
    return folder


@pytest.fixture(scope="session")
def built_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of the demo company, built on both targets once for all test processes; copy it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home, done = shared / "built-company", shared / "built-company.done"
    with (shared / "built-company.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            house = House(home)
            for target in TARGETS:
                house.succeed("--target", target, "build", "--scale", SCALE)
            house.server.stop()
            done.touch()
    return home


@pytest.fixture(scope="session")
def company(built_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo company at a small scale, built and published on both targets.

    Shared by all tests of a process that only look; a test that changes anything takes a copy.
    """
    house = House(tmp_path_factory.mktemp("company") / "house")
    shutil.copytree(built_company, house.home)
    house.server.start()
    yield house
    house.server.stop()
    snowflake_emulator(house.settings()).stop()


@pytest.fixture
def company_copy(built_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own that starts where the shared company stands.

    Always in the same place, with what dbt parsed there before: a warehouse in another place makes
    dbt parse the whole project again.
    """
    base = tmp_path_factory.getbasetemp()
    copy, parsed = House(base / "company-copy"), base / "parsed"
    shutil.copytree(built_company, copy.home)
    if parsed.exists():
        shutil.copytree(parsed, copy.home / "dbt", dirs_exist_ok=True)
    copy.server.start()
    yield copy
    copy.server.stop()
    for file in (copy.home / "dbt").glob("*/partial_parse.msgpack"):
        kept = parsed / file.relative_to(copy.home / "dbt")
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, kept)
    shutil.rmtree(copy.home)
