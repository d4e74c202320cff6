"""A new publication is what the next query reads, whoever still reads the old one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from finhouse.dashboards.readers import reader_uri
from finhouse.dashboards.server import ENVIRONMENT, INSIDE
from finhouse.settings import Settings

pytestmark = pytest.mark.full

# Runs in Superset's environment; says what a query before and one after a publication read, and
# one that was begun before it.
PROGRAM = """
import pathlib, sys
from published_file import NAMES, connect_to_what_is_open
from sqlalchemy.engine import make_url

def no_links(*_):
    raise OSError("this disk knows no links")

if sys.argv[3] == "without links":
    pathlib.Path.hardlink_to = no_links
_, options = connect_to_what_is_open(make_url(sys.argv[1]), {})

def read(connection):
    [(value,)] = connection.execute("select value from finhouse.published.told").fetchall()
    return value

first = options["creator"]()
said = [read(first)]
if sys.argv[3] == "without links":
    first.close()
pathlib.Path(sys.argv[2]).replace(pathlib.Path(sys.argv[2]).with_name("finhouse.duckdb"))
said.append(read(options["creator"]()))
if sys.argv[3] != "without links":
    said.append(read(first))
print(said, list(NAMES.glob("*")) if NAMES.exists() else [])
"""


def told(path: Path, value: int) -> None:
    with duckdb.connect(str(path)) as published:
        published.execute("create schema published")
        published.execute(f"create table published.told as select {value} as value")


@pytest.mark.parametrize("folder", ["plain", "a house", "50% of 100", "naïve"])
@pytest.mark.parametrize(
    ("links", "said"), [("with links", [1, 2, 1]), ("without links", [1, 2])], ids=str
)
def test_the_next_query_reads_what_is_published_now(
    folder: str, links: str, said: list[int], tmp_path: Path
):
    settings = Settings(home=tmp_path / folder, landing=tmp_path)
    published = settings.published_path
    incoming = published.with_name("incoming.duckdb")
    published.parent.mkdir(parents=True)
    told(published, 1)
    told(incoming, 2)
    address = reader_uri(settings, settings.superset_home)
    result = subprocess.run(
        [ENVIRONMENT / "bin" / "python", "-c", PROGRAM, address, incoming, links],
        env={
            **os.environ,
            "PYTHONPATH": str(INSIDE),
            "FINHOUSE_SUPERSET_HOME": str(settings.superset_home),
        },
        capture_output=True,
        text=True,
    )
    assert result.stdout == f"{said} []\n", result.stderr
