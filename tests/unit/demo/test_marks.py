"""Marked people: all that a source file hides is marked, and the search finds it anywhere."""

from __future__ import annotations

import base64
import gzip
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from finhouse.demo.business import Database, businesses
from finhouse.demo.declarations import Catalogue
from finhouse.demo.marks import MASKED_WORD, OMITTED_DAY, OMITTED_DIGITS, OMITTED_WORD
from finhouse.sources import PostgresDefinition, available_sources, read_source
from tests.support.marks import OMITTED, Search

DATABASES: dict[str, Database] = {
    domain: business.database for domain, business in businesses().items() if business.database
}
NAME, PHONE = "Kwanarix Aaad", "+25190731846250003"
SCALE, PERIODS = 0.05, 150


@pytest.mark.parametrize("domain", [*DATABASES])
def test_whatever_a_source_file_omits_or_masks_is_marked(domain: str):
    definition = read_source(domain)
    assert isinstance(definition, PostgresDefinition)
    declared = {table.name: table.omitted | table.masked for table in definition.tables}
    marked = {table.name: set(table.marks) for table in DATABASES[domain].tables}
    assert {name: set(columns) for name, columns in declared.items() if columns} == {
        name: columns for name, columns in marked.items() if columns
    }


def test_every_source_with_personal_data_is_in_the_demo_company():
    for name in available_sources():
        definition = read_source(name)
        if isinstance(definition, PostgresDefinition) and name not in DATABASES:
            assert not [table for table in definition.tables if table.omitted | table.masked]


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, dict[str, list[str]]]]:
    """What is marked, by business, table and column, of a company some months old."""
    marked = {}
    for domain, database in DATABASES.items():
        company = database.company(20250101, SCALE)
        for _ in range(PERIODS):
            company.live()
        marked[domain] = database.tell_truth(company)["marked"]
    return marked


def test_forty_people_are_marked_and_each_value_is(told: dict):
    people = 0
    for domain, tables in told.items():
        for table in DATABASES[domain].tables:
            if not table.marks:
                continue
            columns = tables[table.name]
            if not isinstance(table, Catalogue) and table.whose is None:
                people += max(map(len, columns.values()))
            definition = next(t for t in read_source(domain).tables if t.name == table.name)
            for column, values in columns.items():
                assert values, f"{domain}.{table.name}.{column} is marked in no row"
                found = [Search((*OMITTED, MASKED_WORD)).found_in(v.encode()) for v in values]
                if column in definition.omitted:
                    assert all(marks & {*OMITTED} for marks in found), (domain, column)
                elif column != "date_of_birth":
                    assert all(marks == {MASKED_WORD} for marks in found), (domain, column)
    assert people >= 40


def spaced(text: str) -> str:
    return f"{text[:4]} {text[4:6]} {text[6:9]}-{text[9:]}"


WRITTEN: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "capitals": lambda text: text.upper().encode(),
    "small letters": lambda text: text.lower().encode(),
    "UTF-16, little end first": lambda text: text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "hexadecimal": lambda text: text.encode().hex().upper().encode(),
    **{
        f"base64 after {before} bytes": lambda text, before=before: base64.b64encode(
            b"x" * before + text.encode() + b"and so on"
        )
        for before in range(3)
    },
    "zlib": lambda text: b"before" + zlib.compress(text.encode()) + b"behind",
    "gzip": lambda text: gzip.compress(text.encode()),
}


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize(("value", "mark"), [(NAME, OMITTED_WORD), (PHONE, OMITTED_DIGITS)])
def test_a_value_is_found_however_it_is_written(tmp_path: Path, value: str, mark: str, way: str):
    path = tmp_path / "file"
    path.write_bytes(b"some text " * 1000 + WRITTEN[way](value) + b" and more" * 1000)
    assert Search().in_file(path) == [f"{path}: {mark}"]


@pytest.mark.parametrize(
    "text", [spaced(PHONE), "+251.907.318.462.500.03", "(251) 9073 184 625 0003"]
)
def test_a_number_is_found_with_separators(text: str):
    assert Search().found_in(text.encode()) == {OMITTED_DIGITS}


def test_a_value_across_two_readings_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.support.marks._AT_ONCE", 1000)
    path = tmp_path / "file"
    path.write_bytes(b"x" * 995 + NAME.encode() + b"x" * 995)
    assert Search().in_file(path) == [f"{path}: {OMITTED_WORD}"]


def test_what_engines_pack_is_found(tmp_path: Path):
    """In pages that are compressed: by its bytes alone some of it would not be."""
    rows = (
        "select case when i = 4000 then 'Kwanarix ' || i else 'Abebe ' || i % 7 end as name,"
        " date '1907-03-18' + (i % 2)::int as day from range(5000) as t(i)"
    )
    file, parquet, lite = (tmp_path / f"file.{kind}" for kind in ("duckdb", "parquet", "sqlite"))
    with duckdb.connect(file) as connection:
        connection.execute(f"create table people as {rows}")
        connection.execute(f"copy ({rows}) to '{parquet}' (compression zstd)")
    with closing(sqlite3.connect(lite)) as connection, connection:
        connection.execute("create table people (name text, more blob)")
        connection.execute("insert into people values ('nobody', ?)", (NAME.encode("utf-16-le"),))
    zipped = tmp_path / "file.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", "\n".join([*map(str, range(5000)), NAME]))
    for path in (file, parquet):
        hits = Search().in_file(path)
        assert [hit for hit in hits if "people" in hit or "read_parquet" in hit]
        assert {mark for mark in OMITTED if any(mark in hit for hit in hits)} == {
            OMITTED_WORD,
            OMITTED_DAY,
        }
    assert f'{lite}, "people": {OMITTED_WORD}' in Search().in_file(lite)
    assert Search().in_file(zipped) == [f"{zipped}, people.csv: {OMITTED_WORD}"]
    assert len(Search().in_folder(tmp_path)) >= 6


def test_what_is_not_marked_is_not_found(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"Abebe Tesfaye, +2510000000003, 2026-03-18 907318" * 1000)
    assert Search().in_folder(tmp_path) == []
