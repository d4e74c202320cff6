"""A house of its own with Superset in front of it, on one target after the other."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from finhouse.dashboards.catalog import Dataset, parse_project
from finhouse.dashboards.definitions import Chart, Dashboard, Definitions
from finhouse.dashboards.serving import Serving, checked, serve, superset_server
from finhouse.settings import PROJECT_ROOT, Settings, load_settings
from finhouse.warehouse import open_published
from tests.support.house import House
from tests.support.superset import Client, find_browser

# Of some 1.8 MB that the metadata has when it is whole.
HALF_MADE_BYTES = 300_000
SCREENSHOTS = PROJECT_ROOT / "data" / "screenshots"
# Half of what users have, so that the test of it waits no longer.
QUERY_SECONDS = 15
# Counts for minutes on either engine.
ENDLESS = {
    "duckdb": "select sum(i % 7) as n from range(1000000000000) as t(i)",
    "postgres": "select sum(i % 7) as n from generate_series(1, 1000000000000) as t(i)",
}


# For what does not depend on the engine whose marts Superset reads.
on_duckdb = pytest.mark.parametrize("stage", ["duckdb"], indirect=True)


@dataclass
class Stage:
    """Superset serving one target.

    Attributes:
        house: the finhouse behind it.
        settings: of the target served.
        serving: what ``serve`` reported.
        definitions: the dashboards of the repository.
        catalog: datasets by mart.
        clients: sessions of users, opened on first use.
    """

    house: House
    settings: Settings
    serving: Serving
    definitions: Definitions
    catalog: dict[str, Dataset]
    clients: dict[str, Client] = field(default_factory=dict)
    _datasets: dict[str, int] = field(default_factory=dict)

    def client(self, user: str) -> Client:
        if user not in self.clients:
            password = self.serving.passwords[user]
            self.clients[user] = Client(self.serving.url, user, password)
        return self.clients[user]

    @property
    def target(self) -> str:
        return self.settings.target

    def dataset_id(self, mart: str) -> int:
        if not self._datasets:
            for entry in self.client("admin").everything("dataset"):
                self._datasets[entry["table_name"]] = entry["id"]
        return self._datasets[mart]

    def run_sql(self, user: str, sql: str) -> requests.Response:
        """Run SQL in SQL Lab, and wait for its answer."""
        [database] = self.client("admin").everything("database")
        body = {"database_id": database["id"], "sql": sql, "schema": "published", "runAsync": False}
        return self.client(user).post("/api/v1/sqllab/execute/", body)

    def published(self, sql: str) -> list[tuple]:
        return self.house.published_rows(sql, self.target)

    def charts(self) -> list[tuple[Dashboard, Chart]]:
        return [
            (dashboard, chart)
            for dashboard in self.definitions.dashboards
            for chart in self.definitions.charts_of(dashboard)
        ]


@pytest.fixture(scope="session")
def served_house(company: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A copy of the company."""
    # With a space: the folder's name stands in addresses of databases.
    house = House(tmp_path_factory.mktemp("served") / "a house")
    company.server.stop()
    shutil.copytree(company.home, house.home)
    company.server.start()
    house.server.start()
    yield house
    superset_server(house.settings()).stop()
    house.server.stop()


@pytest.fixture(scope="session")
def killed_serve(served_house: House) -> dict[str, str]:
    """The first `serve` of the house, killed while it makes the metadata: what it left behind.

    Everything else in this folder is then tried on a Superset that began like this.
    """
    home = served_house.settings().superset_home
    incoming = home / "superset.db.incoming"
    served_house.kill_during(
        "dashboards",
        "serve",
        moment=lambda _: incoming.exists() and incoming.stat().st_size > HALF_MADE_BYTES,
    )
    return {
        str(path.relative_to(home)): path.read_text(errors="replace")
        for path in home.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """dbt's manifest of the repository."""
    return parse_project(load_settings())


@pytest.fixture(scope="session")
def project(manifest: dict[str, Any]) -> tuple[Definitions, dict[str, Dataset]]:
    """The repository's dashboards and what they may use."""
    return checked(load_settings(), manifest=manifest)


@pytest.fixture(
    scope="session", params=["duckdb", pytest.param("postgres", marks=pytest.mark.full)]
)
def stage(
    request: pytest.FixtureRequest,
    served_house: House,
    killed_serve: dict[str, str],
    project: tuple[Definitions, dict[str, Dataset]],
) -> Stage:
    """Superset serving the house, from DuckDB and then from Postgres."""
    settings = served_house.settings(request.param)
    url = served_house.server.url("warehouse") if request.param == "postgres" else None
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FINHOUSE_QUERY_SECONDS", str(QUERY_SECONDS))
        with open_published(settings, url) as published:
            serving = serve(settings, published)
    return Stage(served_house, settings, serving, *project)


@pytest.fixture(scope="session")
def browser() -> str:
    """The system's Chromium; installed if it is not there and can be."""
    if find_browser() is None:
        subprocess.run(["make", "--no-print-directory", "browser"], cwd=PROJECT_ROOT, check=False)
    found = find_browser()
    if found is None:
        pytest.skip("no Chromium found, and none could be installed: run `make browser` as root")
    return found
