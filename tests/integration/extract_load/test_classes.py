"""A class for every column: of the shipped sources, and of files; tables are in test_drift.py."""

from __future__ import annotations

import psycopg
import pytest

from finhouse.errors import ConfigurationError
from finhouse.extract_load import load_source
from finhouse.settings import PROJECT_ROOT
from finhouse.sources import PostgresDefinition, available_sources, read_source

SCHEMAS = PROJECT_ROOT / "finhouse" / "oltp" / "schemas"
SOURCES = {name: read_source(name) for name in available_sources()}


@pytest.mark.parametrize("name", [n for n, s in SOURCES.items() if s.kind == "postgres"])
def test_every_column_of_a_shipped_source_has_a_class(oltp_url, settings, warehouse, name):
    definition = SOURCES[name]
    assert isinstance(definition, PostgresDefinition)
    schema = SCHEMAS / f"{definition.database_schema}.sql"
    if not schema.exists():
        schema = PROJECT_ROOT / "finhouse" / "pulse_tables" / "tables.sql"
    with psycopg.connect(oltp_url, autocommit=True) as connection:
        connection.execute(schema.read_text(encoding="utf-8"))
    loaded = load_source(settings, name, oltp_url=oltp_url, warehouse=warehouse)
    assert [result.table_name for result in loaded] == list(definition.table_names)
    for table in definition.tables:
        held = warehouse.columns(f"raw_{name}", table.name)
        assert not table.omitted & held.keys()
        for column in held.keys() - {"_loaded_at", "_batch_id"}:
            found = definition.class_of(table.name, column, held)
            assert found is not None
            # What identifies a person leaves the source to be masked alone.
            assert found.level != "1a" or column in table.masked


@pytest.mark.parametrize("name", [n for n, s in SOURCES.items() if s.kind == "csv_folder"])
def test_every_column_of_a_shipped_folder_has_a_class(name):
    definition = SOURCES[name]
    assert all(definition.class_of(definition.table, column) for column in definition.columns)


FILES = """kind: csv_folder
name: visits
folder: visits
file_pattern: visits_{date:%Y%m%d}.csv
table: visits
columns: [id, amount]
"""


def test_a_column_of_no_class_stops_the_load_of_files(settings, warehouse, declare):
    folder = settings.landing / "visits"
    folder.mkdir(parents=True)
    (folder / "visits_20260101.csv").write_text("id,amount\n1,5\n", encoding="utf-8")
    definitions = declare("visits", FILES + "classes: {3 technical: [id]}\n")
    options = {"oltp_url": "", "warehouse": warehouse, "definitions": definitions}
    with pytest.raises(ConfigurationError, match="no class is declared for column amount"):
        load_source(settings, "visits", **options)
    assert not warehouse.table_exists("raw_visits", "visits")
    declare("visits", FILES + "classes: {3 technical: [id], 1b payment: [amount]}\n")
    load_source(settings, "visits", **options)
    assert warehouse.execute("select id, amount from raw_visits.visits") == [("1", "5")]


@pytest.mark.parametrize(
    "classes, message",
    [
        ("{1a contact: [amount], 3 technical: rest}", "amount is of class 1a contact"),
        ("{2 business: [amuont], 3 technical: rest}", "classes names amuont"),
    ],
)
def test_files_hold_nothing_that_identifies_a_person(declare, classes, message):
    definitions = declare("visits", f"{FILES}classes: {classes}\n")
    with pytest.raises(ConfigurationError, match=message):
        read_source("visits", definitions)
