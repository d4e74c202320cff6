"""How long rows are kept: the seed retention_policies, checked against the source files.

One row a table: which column dates its rows, how many whole months they are kept, and what becomes
of them then. The same file is a seed, so that the mart retention_report shows what a purge obeys.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, get_args

from finhouse.domains import declared_domains
from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT
from finhouse.sources.definitions import (
    FILE_COLUMNS,
    SOURCES_FOLDER,
    CsvFolderDefinition,
    PostgresDefinition,
    available_sources,
    read_source,
)

POLICIES_FILE = PROJECT_ROOT / "dbt_project/seeds/operations/retention_policies.csv"
# The project's own records that may name a row of a source, and what dates them.
OPERATIONS = "operations"
OPERATIONAL_TABLES = {"source_reconciliation": "reconciled_at", "repairs": "repaired_at"}

Action = Literal["delete", "anonymise"]
_HEADER = (
    *("source_name", "table_name", "date_column", "keep_months", "action"),
    *("legal_basis", "review_date"),
)
_FILE_NAME = FILE_COLUMNS[0]


@dataclass(frozen=True)
class RetentionPolicy:
    """How long the rows of one table are kept.

    Attributes:
        date_column: dates the rows; of a folder of files ``_file_name``, which bears their day.
        keep_months: whole months before the current one that are kept.
        action: what becomes of the rows before them: deleted, or stripped of whom they are about.
        review_date: by when somebody has to look at the policy again.
    """

    source_name: str
    table_name: str
    date_column: str
    keep_months: int
    action: Action
    legal_basis: str
    review_date: date

    @property
    def shown(self) -> str:
        return f"{self.source_name}.{self.table_name}"

    def first_day_kept(self, as_of: date) -> date:
        """First day whose rows are kept: that of a month, so that no month is half purged."""
        months = as_of.year * 12 + as_of.month - 1 - self.keep_months
        return date(months // 12, months % 12 + 1, 1)

    def overdue_before(self, as_of: date) -> date:
        """Rows before this day could have been purged a month ago already."""
        return self.first_day_kept(as_of.replace(day=1) - timedelta(days=1))


def read_policies(
    file: Path = POLICIES_FILE, definitions: Path = SOURCES_FOLDER
) -> list[RetentionPolicy]:
    """Read and check the policies; those of domains that are not selected are left out.

    Raises:
        ConfigurationError: the file is not as documented, or does not suit the source files; names
            file, line, value and remedy.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file.name} cannot be read: {error}", "make it a readable UTF-8 file"
        ) from error
    rows = csv.reader(text.splitlines())
    header = tuple(next(rows, ()))
    if header != _HEADER:
        raise ConfigurationError(
            f"{file.name}, line 1: the columns are {', '.join(header) or '(none)'}",
            f"write {','.join(_HEADER)}",
        )
    available = available_sources(definitions)
    found: dict[str, RetentionPolicy] = {}
    for cells in rows:
        where = f"{file.name}, line {rows.line_num}"
        policy = _parse(cells, where)
        if policy.shown in found:
            raise ConfigurationError(
                f"{where}: {policy.shown} has two policies", "keep one of the two"
            )
        if policy.source_name == OPERATIONS or policy.source_name in available:
            _check(policy, where, definitions)
            found[policy.shown] = policy
        elif policy.source_name not in declared_domains():
            raise ConfigurationError(
                f"{where}: unknown source {policy.source_name!r}",
                f"use one of {', '.join([*available, OPERATIONS])}",
            )
    return list(found.values())


def _parse(cells: list[str], where: str) -> RetentionPolicy:
    if len(cells) != len(_HEADER):
        raise ConfigurationError(
            f"{where}: {len(cells)} cells instead of {len(_HEADER)}",
            "put a text with a comma into quotation marks",
        )
    source, table, column, months, action, basis, review = cells
    if not months.isdecimal() or int(months) < 1:
        raise ConfigurationError(
            f"{where}: keep_months is {months!r}", "write a number of whole months, 1 or more"
        )
    if action not in get_args(Action):
        raise ConfigurationError(
            f"{where}: action is {action!r}", f"write {' or '.join(get_args(Action))}"
        )
    if not basis.strip():
        raise ConfigurationError(
            f"{where}: {source}.{table} has no legal_basis", "say which rule or purpose it rests on"
        )
    try:
        day = date.fromisoformat(review)
    except ValueError as error:
        raise ConfigurationError(
            f"{where}: review_date is {review!r}", "write a day like 2027-06-30"
        ) from error
    return RetentionPolicy(source, table, column, int(months), action, basis, day)  # type: ignore[arg-type]


def _check(policy: RetentionPolicy, where: str, definitions: Path) -> None:
    if policy.source_name == OPERATIONS:
        column = OPERATIONAL_TABLES.get(policy.table_name)
        if column is None:
            raise ConfigurationError(
                f"{where}: {policy.shown} is not a table that is purged",
                f"use one of {', '.join(sorted(OPERATIONAL_TABLES))}",
            )
        if (policy.date_column, policy.action) != (column, "delete"):
            raise ConfigurationError(
                f"{where}: {policy.shown} has date_column {policy.date_column} and action"
                f" {policy.action}",
                f"write {column} and delete",
            )
        return
    definition = read_source(policy.source_name, definitions)
    if policy.table_name not in definition.table_names:
        raise ConfigurationError(
            f"{where}: source {policy.source_name} has no table {policy.table_name}",
            f"use one of {', '.join(definition.table_names)}",
        )
    if isinstance(definition, CsvFolderDefinition):
        if (policy.date_column, policy.action) != (_FILE_NAME, "delete"):
            raise ConfigurationError(
                f"{where}: {policy.shown} is loaded from files, with date_column"
                f" {policy.date_column} and action {policy.action}",
                f"write {_FILE_NAME} and delete: files are kept or forgotten as a whole",
            )
        return
    _check_table(policy, where, definition)


def _check_table(policy: RetentionPolicy, where: str, definition: PostgresDefinition) -> None:
    [table] = definition.chosen([policy.table_name])
    if policy.date_column in table.omitted:
        raise ConfigurationError(
            f"{where}: date_column {policy.date_column} of {policy.shown} never leaves its source",
            "use a column that is loaded",
        )
    if policy.date_column in table.pseudonymised:
        raise ConfigurationError(
            f"{where}: date_column {policy.date_column} of {policy.shown} leaves its source as a"
            " token, which is no date",
            "use another column",
        )
    if policy.table_name == definition.legal_holds:
        raise ConfigurationError(
            f"{where}: {policy.shown} holds the legal holds", "remove the policy: they are kept"
        )
    kept = table.personal_data.keys() - table.omitted
    people = table.columns_of(definition.person) if definition.person else ()
    if policy.action == "anonymise" and not (people or kept):
        raise ConfigurationError(
            f"{where}: nothing in {policy.shown} can be anonymised: it declares no subject of the"
            " source's kind person and no personal_data that is loaded",
            "declare them in the source file, or write action delete",
        )
    pointing = [other.name for other in definition.tables if table.name in other.references]
    if policy.action == "delete" and pointing:
        raise ConfigurationError(
            f"{where}: rows of {policy.shown} cannot be deleted: {', '.join(pointing)} refer to"
            " them",
            "write action anonymise",
        )
