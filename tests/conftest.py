"""Fixtures shared by all tests."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from finhouse.cli import PRIVATE
from finhouse.engines.snowflake_account import snowflake_emulator
from finhouse.settings import load_settings
from tests.support.copies import copied
from tests.support.house import TARGETS, House

pytest_plugins = ["tests.support.warehouse"]

SCALE = "0.05"
# All tests of these folders look at the same servers or builds.
SHARED_FOLDERS = ("tests/dashboards", "tests/gate")
# What takes longest begins first, so that no process is left with it at the end; and of that what
# needs no company, as one process builds it for all.
LONGEST = (
    "tests/gate/test_mistakes.py",
    "tests/gate",
    "tests/dashboards",
    "tests/e2e/test_lifecycle.py",
    "tests/e2e/test_parity.py",
    "tests/e2e/test_airflow.py",
)
# Of a failure, when it happens; all of it stands at the end.
LINES_AT_ONCE = 5


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; the rest keeps its order."""

    def place(item: pytest.Item) -> int:
        matches = (item.nodeid.startswith(prefix) for prefix in LONGEST)
        return next((number for number, found in enumerate(matches) if found), len(LONGEST))

    items.sort(key=place)


class FailuresAtOnce:
    """Names a failing test when it fails: a run that is cut short has said what it found."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            said = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
            headline = f"\nFAILED {report.nodeid} ({report.when})"
            self._terminal.write_line("\n".join([headline, *said[:LINES_AT_ONCE]]))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep files private as commands do, and tell of failures at once where it is printed."""
    os.umask(PRIVATE)
    # A shell in the background lets us ignore Ctrl-C, nohup the hang-up; with us all that we start.
    for number, own in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, own)
    if terminal := config.pluginmanager.getplugin("terminalreporter"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of data nobody here wrote; tests that need it are skipped where it is absent."""
    folder = load_settings().real_data
    if not (folder / "reference").is_dir():
        pytest.skip(f"no real data in {folder}: set FINHOUSE_REAL_DATA to run this test")
    return folder


@pytest.fixture(scope="session")
def built_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of the demo company, built on both targets once for all test processes; copy it.

    FINHOUSE_TEST_BUILT names the home of a fresh clone in which nothing has happened but
    `make build` at the tests' scale: CI has one, and need not build it again.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home, done = shared / "built-company", shared / "built-company.done"
    with (shared / "built-company.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            house, targets = House(home), TARGETS
            if built := os.environ.get("FINHOUSE_TEST_BUILT"):
                House(Path(built)).server.stop()
                aside = shutil.ignore_patterns("gate", "screenshots")
                shutil.copytree(built, home, ignore=aside)
                targets = TARGETS[1:]
            house.succeed("demo", "--scale", SCALE)
            # At once, as the other test processes wait for it.
            with ThreadPoolExecutor() as pool:
                builds = pool.map(
                    lambda target: house.succeed("--target", target, "build"), targets
                )
            list(builds)
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
def company_copy(
    request: pytest.FixtureRequest, built_company: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house of its own that starts where the shared company stands.

    It has the rows of all domains; commands are about those that ``@pytest.mark.domains`` names.
    """
    marked = request.node.get_closest_marker("domains")
    domains = ",".join(marked.args) if marked else ""
    with copied(built_company, tmp_path_factory.getbasetemp(), domains) as house:
        yield house
