"""Sources may be read from several databases, and files from none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from finhouse.errors import ConfigurationError
from finhouse.extract_load import load_source, source_url
from finhouse.oltp import EmbeddedServer
from finhouse.settings import Settings, load_settings
from finhouse.warehouse import Warehouse
from tests.support.extract_load import FULL, ORDERS_DDL, orders_yaml
from tests.support.warehouse import ThrowAwayServer

OF_ITS_OWN = orders_yaml(FULL).replace("schema: shop", "url_env: SHOP_URL\nschema: shop")
FILES = """
kind: csv_folder
name: visits
folder: visits
file_pattern: visits_{date:%Y%m%d}.csv
table: visits
columns: [id]
"""


@pytest.fixture
def shop_url(oltp_server: ThrowAwayServer) -> str:
    """A database beside the OLTP database that has the schema of the shop."""
    url = oltp_server.create_database("shop_of_its_own")
    with psycopg.connect(url) as connection:
        connection.execute(ORDERS_DDL)
    return url


def test_a_source_is_read_from_the_database_it_names(
    settings: Settings,
    warehouse: Warehouse,
    declare: Callable[[str, str], Path],
    oltp_url: str,
    shop_url: str,
):
    definitions = declare("shop", OF_ITS_OWN)
    named = replace(settings, oltp_url=oltp_url, source_urls={"SHOP_URL": shop_url})
    url = source_url(named, "shop", definitions)
    [loaded] = load_source(
        named, "shop", oltp_url=url, warehouse=warehouse, definitions=definitions
    )
    assert loaded.counts.inserted == 100
    # Another source has nothing to do with it.
    assert source_url(named, "wallet") == oltp_url


def test_a_variable_that_is_not_set_is_named(tmp_path: Path, declare: Callable[[str, str], Path]):
    definitions = declare("shop", OF_ITS_OWN)
    settings = load_settings({"FINHOUSE_HOME": str(tmp_path), "OLTP_URL": "postgresql://a/b"})
    with pytest.raises(ConfigurationError, match="SHOP_URL, which is not set") as caught:
        source_url(settings, "shop", definitions)
    assert "set SHOP_URL" in caught.value.remedy
    set_now = load_settings({"FINHOUSE_HOME": str(tmp_path), "SHOP_URL": "postgresql://c/d"})
    assert source_url(set_now, "shop", definitions) == "postgresql://c/d"


def test_a_house_of_its_own_reads_nobodys_database(tmp_path: Path):
    env = {name: f"postgresql://{name}/x" for name in ("OLTP_URL", "WAREHOUSE_URL", "SHOP_URL")}
    apart = load_settings(env).apart(tmp_path)
    assert (apart.oltp_url, apart.warehouse_url, dict(apart.source_urls)) == (None, None, {})
    assert (apart.home, apart.landing) == (tmp_path, tmp_path / "landing")


def test_files_need_no_database(tmp_path: Path, declare: Callable[[str, str], Path]):
    settings = load_settings({"FINHOUSE_HOME": str(tmp_path)})
    assert source_url(settings, "visits", declare("visits", FILES)) is None
    assert not settings.oltp_home.exists()


@pytest.mark.parametrize("name", ["postgresql://a:secret@b/c", "shop_url", "SHOP", "SHOP_URL "])
def test_a_name_that_is_none_of_a_variable_is_refused(
    name: str, declare: Callable[[str, str], Path]
):
    definitions = declare("shop", OF_ITS_OWN.replace("SHOP_URL", f'"{name}"'))
    with pytest.raises(ConfigurationError, match="url_env"):
        source_url(load_settings({}), "shop", definitions)


def test_the_monitors_are_kept_where_pulse_url_says(
    settings: Settings, warehouse: Warehouse, oltp_server: ThrowAwayServer, oltp_url: str
):
    """Beside somebody's own OLTP, which is only read; the tables are there when a load comes."""
    url = oltp_server.create_database("monitors_of_its_own")
    named = replace(settings, oltp_url=oltp_url, source_urls={"PULSE_URL": url})
    found = source_url(named, "pulse")
    assert found == url and source_url(named, "wallet") == oltp_url
    loaded = load_source(named, "pulse", oltp_url=found, warehouse=warehouse)
    counts = {result.table_name: result.counts.inserted for result in loaded}
    assert counts.pop("pulse_monitor_templates") == 14
    assert set(counts.values()) == {0} and len(counts) == 5
    with psycopg.connect(oltp_url) as connection:
        [(schema,)] = connection.execute("select to_regnamespace('pulse')").fetchall()
    assert schema is None


def test_without_pulse_url_an_embedded_server_keeps_the_monitors(tmp_path: Path, oltp_url: str):
    settings = load_settings({"FINHOUSE_HOME": str(tmp_path), "OLTP_URL": oltp_url})
    server = EmbeddedServer(settings.oltp_home)
    try:
        assert source_url(settings, "pulse") == server.url("oltp")
    finally:
        server.stop()
    assert source_url(settings, "wallet") == oltp_url
