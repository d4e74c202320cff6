"""The marts of all engines, row by row: decimals exact, doubles not to be found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from finhouse.engines.snowflake_account import snowflake_emulator
from finhouse.parity import COMPARED, REFERENCE, RUN_HISTORY, compare_mart
from finhouse.settings import BRIDGED_TARGETS, PROJECT_ROOT
from tests.conftest import SCALE
from tests.support.house import WITHOUT_DATA_TESTS, House, marts
from tests.support.marks import Search

ALL_MARTS = sorted(
    path.stem for path in (PROJECT_ROOT / "dbt_project/models/marts").glob("*/*.sql")
)


# The first test on an engine builds it: Spark takes ten minutes beside two other tests, and half an
# hour where the machine is slow.
pytestmark = pytest.mark.timeout(3000)

# The engines behind the bridge need environments of their own, and minutes.
OTHERS = [
    pytest.param(engine, marks=pytest.mark.full) if engine in BRIDGED_TARGETS else engine
    for engine in COMPARED
]


# Rows that are equal pass the same data tests; `make parity` runs them all.


@pytest.fixture(scope="session")
def bridged(company: House) -> Callable[[str], None]:
    """Builds the shared company on an engine behind the bridge, once."""

    @cache
    def build(engine: str) -> None:
        company.succeed("--target", engine, "build", "--scale", SCALE, env=WITHOUT_DATA_TESTS)

    return build


@pytest.fixture
def everywhere(engine: str, company: House, bridged: Callable[[str], None]) -> House:
    """The shared company, built on the engine under test as well."""
    if engine in BRIDGED_TARGETS:
        bridged(engine)
    return company


@pytest.mark.parametrize("engine", [REFERENCE, *OTHERS])
def test_every_engine_publishes_every_mart(everywhere: House, engine: str):
    assert marts(everywhere, engine) == ALL_MARTS


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("mart", [mart for mart in ALL_MARTS if mart not in RUN_HISTORY])
def test_rows_are_equal(everywhere: House, engine: str, mart: str):
    with everywhere.published(REFERENCE) as reference, everywhere.published(engine) as other:
        found = compare_mart(mart, reference, other)
    assert not found.differences, (
        f"{found.differences} rows of {found.rows} differ, e.g. {found.missing[:2]} on "
        f"{REFERENCE}, {found.surplus[:2]} on {engine}"
    )


@pytest.mark.parametrize("engine", [REFERENCE, *OTHERS])
def test_no_mart_holds_a_float(everywhere: House, engine: str):
    floats = everywhere.published_rows(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'published' "
        "and lower(data_type) in ('double', 'double precision', 'real', 'float')",
        engine,
    )
    assert floats == []


@pytest.mark.full
@pytest.mark.parametrize("engine", BRIDGED_TARGETS)
def test_no_source_table_is_shipped_twice(everywhere: House, engine: str):
    shipped_at = "select max(shipped_at) from raw_operations.shipments where schema_name {}"
    sources = shipped_at.format("<> 'raw_operations'")
    operations = shipped_at.format("= 'raw_operations'")
    before, logged_before = everywhere.rows(sources, engine), everywhere.rows(operations, engine)
    everywhere.succeed("--target", engine, "ship")
    assert everywhere.rows(sources, engine) == before
    # The build recorded its own outcome after it had shipped.
    assert everywhere.rows(operations, engine) > logged_before


@pytest.mark.full
@pytest.mark.parametrize("engine", BRIDGED_TARGETS)
def test_no_marked_person_is_in_the_files_of_an_engine(everywhere: House, engine: str):
    """Stage, lake of Parquet files, catalog, publication and logs."""
    # It keeps its database to itself while it runs.
    snowflake_emulator(everywhere.settings()).stop()
    assert Search().in_folder(everywhere.settings(engine).engine_home) == []
