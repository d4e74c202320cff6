"""A masked copy of the demo company: nobody is in it, and the project builds on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.sources import raw_schema, read_source
from finhouse.warehouse import open_warehouse
from tests.support.house import House
from tests.support.marks import OMITTED, Search, masked_marks

# Amid the company's days, so that some persons were moved past it, and others not.
PAST_DAY = "as_of_date: 2025-09-30"
# What rounded amounts and dates that were moved cannot fulfil, as docs/how-to/data-classes.md says.
EXACT = "tag:exact_values"
# From which a customer's days and amounts could be read, though their own table hides them. Of
# amounts those of two digits stay.
EXACT_ELSEWHERE = (
    "select id, occurred_at from raw_bnpl.audit_log where entity <> 'settlements'",
    "select id, gross from raw_bnpl.settlement_lines",
    "select id, amount from raw_bnpl.cashback_transactions",
)


@pytest.mark.full
def test_a_masked_copy_names_nobody_and_is_built(company_copy: House, tmp_path: Path):
    elsewhere = House(tmp_path / "elsewhere")
    elsewhere.home.mkdir()
    file = elsewhere.settings().duckdb_path
    assert "masked" in company_copy.succeed("environment", "copy", "--masked", str(file))
    # The first day of a year is what a date of birth becomes.
    marks = [mark for mark in masked_marks(company_copy) if not mark.endswith("-01-01")]
    assert len(marks) > 10
    assert Search((*OMITTED, *marks)).in_file(file) == []
    tables = [
        (raw_schema(name), table)
        for name in ("wallet", "bnpl", "microfinance", "commerce")
        for table in read_source(name).table_names
    ]
    counts = " union all ".join(
        f"select '{schema}.{table}', count(*) from {schema}.{table}" for schema, table in tables
    )
    with (
        open_warehouse(company_copy.settings()) as ours,
        open_warehouse(elsewhere.settings()) as theirs,
    ):
        assert sorted(ours.execute(counts)) == sorted(theirs.execute(counts))
        for query in EXACT_ELSEWHERE:
            exact = {*ours.execute(query)}
            assert len(exact & {*theirs.execute(query)}) < len(exact) / 10, query
    for options in ((), ("--vars", PAST_DAY)):
        elsewhere.succeed("dbt", "build", "--exclude", EXACT, "test_type:unit", *options)
    refused = company_copy.run("environment", "copy", "--masked", str(file))
    assert refused.returncode == 2 and "is there already" in refused.stdout
    refused = company_copy.run("environment", "copy", str(tmp_path / "plain.duckdb"))
    assert refused.returncode == 2 and "--masked" in refused.stdout
