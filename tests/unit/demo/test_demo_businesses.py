"""What businesses of the demo company must agree on, found by walking through all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from finhouse import demo
from finhouse.demo.business import businesses, chosen
from finhouse.demo.declarations import Catalogue, Table, writing_order
from finhouse.demo.identifiers import FROZEN_NUMBERS, identifier_bytes, number_of
from finhouse.demo.tables import SCHEMAS
from finhouse.errors import ConfigurationError
from finhouse.sources import available_sources

DATABASES = {
    domain: business.database for domain, business in businesses().items() if business.database
}
TABLES = {domain: database.tables for domain, database in DATABASES.items()}


def test_numbers_of_entities_that_are_in_databases_never_change():
    assert list(FROZEN_NUMBERS.values()) == list(range(1, 29))
    assert (number_of("user"), number_of("hash"), number_of("lender_cost")) == (1, 11, 28)
    first = identifier_bytes(20250101, "user", np.arange(2))
    assert [bytes(row).hex() for row in first] == [
        "02d206bd529aaf8286303b98fc8b841f",
        "8ce5201e40c248360ecad7379c768ac9",
    ]


def test_number_of_a_new_entity_follows_from_its_name():
    assert number_of("bnpl_order") == 8_011_153
    assert all(1_000 <= number_of(f"entity_{count}") < 2**24 for count in range(1_000))


def test_identifiers_are_distinct_and_stable():
    rows = np.arange(200_000)
    ids = {bytes(row) for row in identifier_bytes(1, "user", rows)}
    assert len(ids) == len(rows)
    assert ids.isdisjoint(bytes(row) for row in identifier_bytes(1, "event", rows[:1000]))
    assert ids.isdisjoint(bytes(row) for row in identifier_bytes(1, "bnpl_order", rows[:1000]))
    assert ids.isdisjoint(bytes(row) for row in identifier_bytes(2, "user", rows[:1000]))


def test_no_two_tables_share_an_entity_or_its_number():
    entities = [table.entity for tables in TABLES.values() for table in tables]
    numbers = [number_of(entity) for entity in entities]
    assert len(set(entities)) == len(entities)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("domain", TABLES)
def test_new_entities_bear_their_domain(domain: str):
    new = {table.entity for table in TABLES[domain]} - FROZEN_NUMBERS.keys()
    assert [entity for entity in new if not entity.startswith(f"{domain}_")] == []


def test_each_business_draws_from_a_stream_of_its_own():
    streams = [database.company.stream for database in DATABASES.values()]
    assert len(set(streams)) == len(streams)


@pytest.mark.parametrize("domain", businesses())
def test_a_business_has_its_source_and_what_it_lives_in(domain: str):
    business = businesses()[domain]
    assert domain in available_sources()
    assert business.database or business.files
    assert (SCHEMAS / f"{domain}.sql").exists() == (business.database is not None)


def test_chosen_takes_all_or_those_named():
    assert list(chosen(None)) == list(businesses())
    assert list(chosen(["wallet"])) == ["wallet"]
    assert chosen([]) == {}
    with pytest.raises(ConfigurationError, match="no business 'bakery'"):
        chosen(["wallet", "bakery"])


def test_a_table_is_written_after_the_one_it_waits_for():
    catalogue = Catalogue(name="kinds", entity="kind", size=1, columns=lambda rows: {})
    first = Table(name="first", entity="first", ledger="first", columns=lambda rows: {})
    waiting = replace(first, name="waiting", after="last")
    last = replace(first, name="last")
    order = writing_order((first, waiting, catalogue, last))
    assert [table.name for table in order] == ["first", "last", "waiting"]


@pytest.fixture
def add_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], None]]:
    """Adds a package to finhouse.demo, given its name and the text of its __init__.py."""
    added = []

    def add(name: str, text: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
        monkeypatch.setattr(demo, "__path__", [*demo.__path__, str(tmp_path)])
        added.append(name)
        businesses.cache_clear()

    yield add
    for name in added:
        sys.modules.pop(f"finhouse.demo.{name}", None)
        delattr(demo, name)
    businesses.cache_clear()


def test_a_folder_makes_a_business(add_package: Callable[[str, str], None]):
    known = set(businesses())
    add_package("bakery", "from finhouse.demo.business import Business\nBUSINESS = Business()\n")
    assert businesses().keys() - known == {"bakery"}


def test_a_folder_without_a_business_is_named(add_package: Callable[[str, str], None]):
    add_package("bakery", "")
    with pytest.raises(ConfigurationError, match=r"finhouse\.demo\.bakery is no business .* None"):
        businesses()
