"""Where a source column goes, as a person in charge of compliance asks for it."""

from __future__ import annotations

import re

from finhouse.dbt.manifest import declared_marts
from finhouse.settings import PROJECT_ROOT
from tests.support.house import House

SECTION = "## Where does the Fayda id go?"
OF_BNPL = "columns.column_name = 'date_of_birth' and columns.schema_name = 'raw_bnpl'"


def documented() -> tuple[str, list[list[tuple[str | None, ...]]]]:
    """The query of the docs, and the answers beside it."""
    text = (PROJECT_ROOT / "docs" / "how-to" / "compliance.md").read_text(encoding="utf-8")
    section = text.partition(SECTION)[2].partition("\n## ")[0]
    [query] = re.findall(r"```sql\n(.*?)```", section, flags=re.DOTALL)
    tables = re.findall(r"\|---\S*\n((?:\|.*\n)+)", section)
    return query, [
        [
            tuple(cell.strip() or None for cell in row.strip("|").split("|"))
            for row in table.splitlines()
        ]
        for table in tables
    ]


def test_the_docs_say_where_the_fayda_id_goes(company: House, target: str):
    query, [fayda_id, date_of_birth] = documented()
    assert company.published_rows(query.replace(";", ""), target) == fayda_id
    asked = query.replace(";", "").replace("columns.column_name = 'fayda_id'", OF_BNPL)
    assert company.published_rows(asked, target) == date_of_birth


def test_every_mart_is_followed_back_and_has_a_class(company: House, target: str):
    marts = "select distinct table_name from published.data_class_inventory where layer = 'marts'"
    declared = {row[0] for row in company.published_rows(marts, target)}
    assert declared == set(declared_marts(company.settings(target)))
    followed = company.published_rows(
        "select distinct mart_name from published.column_lineage", target
    )
    # Behind the calendar lies every domain.
    assert declared - {row[0] for row in followed} <= {"dim_date", "data_recency"}


def test_what_is_omitted_is_in_no_mart(company: House, target: str):
    assert company.published_rows(
        "select count(*) > 0 from published.data_class_inventory where masking = 'omit'", target
    ) == [(True,)]
    assert not company.published_rows(
        "select columns.column_name from published.data_class_inventory as columns"
        " inner join published.column_lineage as lineage"
        " on columns.schema_name = 'raw_' || lineage.source_name"
        " and columns.table_name = lineage.source_table"
        " and columns.column_name = lineage.source_column"
        " where columns.masking = 'omit'",
        target,
    )
