"""A warehouse by IPv6 and by a Unix socket: loader, dbt and Superset's reader reach it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import create_engine, text

from finhouse.dashboards.readers import reader_uri
from finhouse.dbt.process import ask_dbt
from finhouse.errors import ServiceError
from finhouse.oltp import EmbeddedServer
from finhouse.settings import Settings
from finhouse.warehouse import open_warehouse

FORMS = {
    "IPv6": "postgresql://writer:{password}@[::1]:{port}/dwh?sslmode=prefer",
    "socket": "postgresql://writer:{password}@/dwh?host={folder}&port={port}",
}
PASSWORD = "p@ss/w:o%rd"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """Port and folder of sockets of a server that listens on all three ways in."""
    server = EmbeddedServer(tmp_path_factory.mktemp("server"))
    # The path of a socket is short by law.
    folder = tempfile.mkdtemp(prefix="pg", dir="/tmp")
    Path(folder).chmod(0o777)
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("alter system set listen_addresses = '127.0.0.1, ::1'")
        connection.execute(f"alter system set unix_socket_directories = '{folder}'")
        connection.execute(f"create role writer superuser login password '{PASSWORD}'")
        connection.execute("create database dwh")
    server.stop()
    server.start()
    yield psycopg.conninfo.conninfo_to_dict(server.url("dwh"))["port"], folder
    server.stop()
    shutil.rmtree(folder)


@pytest.mark.parametrize("form", FORMS)
def test_everybody_reaches_the_warehouse(form: str, server: tuple[int, str], tmp_path: Path):
    if form == "IPv6" and not has_ipv6():
        pytest.skip("this host has no IPv6 loopback")
    port, folder = server
    url = FORMS[form].format(password=quote(PASSWORD, safe=""), port=port, folder=folder)
    settings = Settings(tmp_path, tmp_path, "postgres", warehouse_url=url)
    with open_warehouse(settings) as warehouse:
        warehouse.create_schema("published")
        warehouse.execute("create table if not exists published.numbers as select 7 as n")
    asked = ask_dbt(settings, ["debug", "--connection"])
    assert asked.returncode == 0, asked.stdout
    reader = create_engine(reader_uri(settings, tmp_path / "superset"))
    with reader.connect() as connection:
        assert connection.execute(text("select n from published.numbers")).scalar() == 7
        assert connection.execute(text("select current_user")).scalar() == "finhouse_reader"
    reader.dispose()


def test_a_host_without_an_ipv4_loopback_is_told_so():
    command = [
        *("unshare", "--user", "--map-root-user", "--net", sys.executable, "-c"),
        "from finhouse.background import free_port; free_port(None, 'PostgreSQL')",
    ]
    if subprocess.run([*command[:5], "-c", ""], capture_output=True).returncode:
        pytest.skip("user namespaces are off: no network without a loopback can be made")
    said = subprocess.run(command, capture_output=True, text=True)
    assert f"{ServiceError.__name__}: PostgreSQL cannot listen on 127.0.0.1" in said.stderr
    assert "give this host an IPv4 loopback" in said.stderr
