"""Whom the rows of a source are about, and what stands for each person in a masked copy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from finhouse.masking.values import TOKEN, is_number, is_text
from finhouse.retention.rows import is_token
from finhouse.sources.definitions import PostgresDefinition, TableDefinition
from finhouse.warehouse import quoted, text_literal
from finhouse.warehouse.duckdb_file import DuckdbWarehouse

# Days by which the dates of a person are moved: 1 to 30, back or forth.
_MOST_DAYS = 30
# How many persons have a value in common that names none of them.
_SEVERAL = 5

# Types of the columns of raw tables.
Raw = dict[str, dict[str, str]]


class People:
    """The persons of one source: for each a token, and days by which their dates are moved.

    Attributes:
        table: SQL name of the table with them; None where the source knows no person. Columns:
            value and token (texts), is_number, days.
    """

    def __init__(
        self, made: DuckdbWarehouse, source: str, definition: PostgresDefinition, raw: Raw
    ) -> None:
        """Find them in raw.

        Args:
            made: where the copy is made; temporary tables are.
            source: SQL name of the schema with the raw tables.
            raw: columns of each of these, by name: their types.
        """
        self._made, self._source, self._raw = made, source, raw
        self._definition, self._person = definition, definition.person
        self._tables = {table.name: table for table in definition.tables if table.name in raw}
        self.owner_of = cache(self._owner_of)
        self._has_owners = False
        self.table = self._find()

    def columns(self, table: TableDefinition) -> list[str]:
        """Columns of a table that name a person, that of its own first."""
        named = table.columns_of(self._person) if self._person else ()
        held = [column for column in named if column in self._raw[table.name]]
        return sorted(held, key=lambda column: column not in table.key)

    def _find(self) -> str | None:
        columns = [
            (table, column) for table in self._tables.values() for column in self.columns(table)
        ]
        if not columns:
            return None
        named = " union all ".join(
            f"select cast({quoted(column)} as varchar) as value,"
            f" {str(is_number(self._raw[table.name][column])).lower()} as is_number"
            f" from {self._source}.{quoted(table.name)} where {quoted(column)} is not null"
            for table, column in columns
        )
        name = f"_fh_people_{self._definition.name}"
        uuid = "regexp_matches(value, '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$')"
        spread = 2 * _MOST_DAYS
        # Whole numbers are counted anew, in an order that says nothing.
        self._made.execute(
            f"""
            create temporary table {quoted(name)} as
            select value, is_number,
                case when {is_token("value")} then value
                    when is_number then cast(
                        row_number() over (partition by is_number order by made) as varchar)
                    when {uuid} then cast(cast(left(made, 32) as uuid) as varchar)
                    else made end as token,
                cast(place - case when place < {_MOST_DAYS} then {_MOST_DAYS}
                    else {_MOST_DAYS - 1} end as integer) as days
            from (
                select value, is_number, made,
                    cast('0x' || left(made, 8) as bigint) % {spread} as place
                from (
                    select value, bool_or(is_number) as is_number, {TOKEN}(value) as made
                    from ({named}) group by value
                )
            )
            """
        )
        return f"temp.main.{quoted(name)}"

    def _owner_of(self, table: str) -> str | None:
        """Temporary table of a table's rows and the person each is about; None where there is none.

        Its columns: row_key (text, of a key of one column), person.
        """
        if self.table is None or table not in self._tables or len(self._tables[table].key) != 1:
            return None
        declared = self._tables[table]
        person = self.person_of(declared)
        if person is None:
            return None
        expression, joins = person
        name = f"_fh_owner_{self._definition.name}_{table}"
        self._made.execute(
            f"create temporary table {quoted(name)} as select row_key, min(person) as person from"
            f" (select cast(s.{quoted(declared.key[0])} as varchar) as row_key,"
            f" {expression} as person from {self._source}.{quoted(table)} as s{joins})"
            " group by row_key"
        )
        return f"temp.main.{quoted(name)}"

    def person_of(self, table: TableDefinition) -> tuple[str, str] | None:
        """SQL of the person a row ``s`` is about, as text, and the joins it takes; None without.

        A table that names no person is about that of the row it belongs to: a subject of another
        kind, a row of a table it refers to, or whatever row it names.
        """
        if named := self.columns(table):
            listed = ", ".join(f"cast(s.{quoted(column)} as varchar)" for column in named)
            return f"coalesce({listed})", ""
        for column, owner in self._points_to(table):
            if rows := self.owner_of(owner):
                return (
                    "o.person",
                    f" left join {rows} as o on o.row_key = cast(s.{quoted(column)} as varchar)",
                )
        if (is_same := self._names_any(table)) and (rows := self._owners()):
            return "o.person", f" left join {rows} as o on {is_same}"
        return None

    def _names_any(self, table: TableDefinition) -> str | None:
        """Condition that row ``s`` names the row ``o`` of any other table; None if it names none.

        As texts are compared with identifiers of persons, so are those of rows: wherever they
        stand, but for numbers, which are many tables' alike.
        """
        if table.name == self._definition.legal_holds:
            kind = "lower(trim(s.subject_type))"
            return f"o.row_key = cast(s.subject_id as varchar) and o.kind = {kind}"
        if table.row_of is None or table.row_of not in self._raw[table.name]:
            return None
        return f"o.row_key = cast(s.{quoted(table.row_of)} as varchar) and not o.is_number"

    def _owners(self) -> str | None:
        """Temporary table of all rows and the person each is about; None where there is none.

        Its columns: row_key (text), kind (null where the table has none), is_number, person. A row
        is in it once.
        """
        name = f"_fh_owners_{self._definition.name}"
        if not self._has_owners:
            owned = [
                (table, rows)
                for table in self._tables.values()
                if self._names_any(table) is None and (rows := self.owner_of(table.name))
            ]
            if not owned:
                return None
            named = " union all ".join(
                f"select row_key, person, {text_literal(kind) if kind else 'null'} as kind,"
                f" {str(is_number(self._raw[table.name][table.key[0]])).lower()} as is_number"
                f" from {rows}"
                for table, rows in owned
                for kind in [table.subjects.get(table.key[0])]
            )
            self._made.execute(
                f"create temporary table {quoted(name)} as"
                " select row_key, any_value(kind) as kind, is_number, min(person) as person"
                f" from ({named}) group by row_key, is_number, case when is_number then kind end"
            )
            self._has_owners = True
        return f"temp.main.{quoted(name)}"

    def named_in(self, table: TableDefinition, column: str, alias: str) -> str | None:
        """Condition that a column of row ``s`` holds the identifier of the person ``alias``.

        None for a column that holds none. Texts are compared with identifiers wherever they stand,
        as in an audit trail; a number is one only where it is said to be.
        """
        same = f"{alias}.value = cast(s.{quoted(column)} as varchar)"
        if column in self.columns(table):
            return same
        if table.name == self._definition.legal_holds and column == "subject_id":
            return f"{same} and lower(trim(s.subject_type)) = {text_literal(str(self._person))}"
        is_compared = is_text(self._raw[table.name][column])
        return f"{same} and not {alias}.is_number" if is_compared else None

    def is_shared(self, table: TableDefinition, column: str) -> bool:
        """Whether a table is of persons, and each value of its column that of several."""
        if not (self._person and table.is_of(self._person)):
            return False
        [(fewest,)] = self._made.execute(
            f"select min(persons) from (select count(*) as persons from {self._source}."
            f"{quoted(table.name)} where {quoted(column)} is not null group by {quoted(column)})"
        )
        return fewest is not None and fewest >= _SEVERAL

    def _points_to(self, table: TableDefinition) -> Iterator[tuple[str, str]]:
        """Columns that name a row of another table, and that table."""
        held = self._raw[table.name]
        for column, kind in table.subjects.items():
            for other in self._tables.values():
                if column in held and other.name != table.name and other.is_of(kind):
                    yield column, other.name
        for other_name in table.references:
            for column in held:
                # loans -> loan_id; rewards_accounts -> account_id
                named = f"_{other_name.removesuffix('s')}_id"
                if column.endswith("_id") and named.endswith(f"_{column}"):
                    yield column, other_name
