"""Declarative source files: what is loaded from where, and how (finhouse/sources/*.yml).

The format is documented, key by key, at the top of finhouse/sources/wallet.yml.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from finhouse.domains import declared_domains, selected_domains
from finhouse.errors import ConfigurationError
from finhouse.sources.classes import (
    REST,
    ColumnClass,
    Treatment,
    check_lists,
    check_treatment,
    class_in,
    class_of_rest,
)
from finhouse.sources.file_pattern import FilePattern
from finhouse.yaml_text import SafeLoader

SOURCES_FOLDER = Path(__file__).resolve().parent
XMIN = "xmin"
REPLICATION_SLOT = "replication_slot"
LOADER_COLUMNS = ("_loaded_at", "_batch_id")
# Where a row of a CSV file comes from.
FILE_COLUMNS = ("_file_name", "_line_number")
# Every name that the loader's SQL makes begins so, and no column of a source does.
OWN_PREFIX = "_fh_"
# Schemas raw_... of our own.
_RESERVED_SOURCES = ("operations", "seeds")

_NAME = r"^[a-z_][a-z0-9_]*$"
_LOOKBACK = re.compile(r"^\d+( (second|minute|hour|day|week)s?)?$")

Name = Annotated[str, Field(pattern=_NAME, max_length=63)]
# A name as PostgreSQL has it: capitals and spaces are part of it.
Identifier = Annotated[str, Field(min_length=1, max_length=63)]
Cron = Annotated[str, Field(pattern=r"^\S+( \S+){4}$")]
# So that a name given by mistake is never an address or a password.
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*_URL$")]
LoadMode = Literal["full", "incremental", "append"]
# In the order of date.weekday().
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


def _day(value: object) -> date:
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{value!r} is no day: write it like 2026-12-25") from error


Day = Annotated[date, BeforeValidator(_day)]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Classified(_Declared):
    """What has columns, or names of columns, of declared classes (``finhouse.sources.classes``)."""

    classes: dict[str, tuple[str, ...] | str] = {}

    @field_validator("classes", mode="before")
    @classmethod
    def _checked(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        lists = {
            name: tuple(columns) if isinstance(columns, list) else columns
            for name, columns in value.items()
        }
        if all(isinstance(columns, str | tuple) for columns in lists.values()):
            check_lists({str(name): columns for name, columns in lists.items()})
        return lists

    @property
    def classified(self) -> frozenset[str]:
        """Columns that a class names."""
        return frozenset(
            column
            for columns in self.classes.values()
            if not isinstance(columns, str)
            for column in columns
        )


class TableDefinition(_Classified):
    """One source table and how it is loaded."""

    name: Name
    identifier: Identifier | None = None
    mode: LoadMode
    key: tuple[str, ...] = ()
    cursor: str | None = None
    lookback: str | None = None
    event_time: str | None = None
    reconcile_deletes: bool = False
    immutable: bool = False
    group: str = "default"
    references: tuple[Name, ...] = ()
    personal_data: dict[str, Treatment] = {}
    subjects: dict[str, Name] = {}
    lasting: bool = False
    row_of: Name | None = None

    @field_validator("key", mode="before")
    @classmethod
    def _one_column(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @property
    def name_in_source(self) -> str:
        """What the OLTP database calls the table; ``name`` is what raw and dbt call it."""
        return self.identifier or self.name

    @property
    def omitted(self) -> frozenset[str]:
        """Columns that never leave the source."""
        return frozenset(name for name, rule in self.personal_data.items() if rule == "omit")

    @property
    def pseudonymised(self) -> frozenset[str]:
        """Columns that leave the source as tokens."""
        return frozenset(n for n, rule in self.personal_data.items() if rule == "pseudonymise")

    @property
    def masked(self) -> frozenset[str]:
        """Columns that no mart may show as they are: `finhouse gate` sees to it."""
        return frozenset(name for name, rule in self.personal_data.items() if rule == "mask")

    @model_validator(mode="after")
    def _consistent(self) -> TableDefinition:
        if self.mode == "full":
            for setting in ("cursor", "lookback", "event_time", "reconcile_deletes"):
                if getattr(self, setting):
                    raise ValueError(f"{setting} has no meaning in mode full: remove it")
        elif not self.key:
            raise ValueError(f"mode {self.mode} needs a key: add key: [<column>]")
        elif not self.cursor:
            raise ValueError(f"mode {self.mode} needs a cursor: add cursor: xmin (or a column)")
        if self.mode == "append" and self.reconcile_deletes:
            raise ValueError("mode append never deletes: remove reconcile_deletes")
        if self.immutable and self.mode != "append":
            raise ValueError(f"immutable is for mode append, not {self.mode}: remove it")
        if self.cursor in (XMIN, REPLICATION_SLOT) and self.lookback:
            raise ValueError(f"cursor {self.cursor} loses nothing and takes no lookback: remove it")
        if self.cursor not in (None, XMIN, REPLICATION_SLOT) and not self.lookback:
            raise ValueError(
                f"cursor {self.cursor} needs a lookback, e.g. lookback: 3 days:"
                " rows that commit late are lost without one"
            )
        if self.lookback and not _LOOKBACK.match(self.lookback):
            raise ValueError(
                f"lookback {self.lookback!r} is not like '3 days', '12 hours' or '500'"
            )
        # The loader looks for them in the source and in raw by the same value.
        needed = {*self.key, self.cursor or "", self.event_time or ""}
        for changed, done in ((self.omitted, "omitted"), (self.pseudonymised, "pseudonymised")):
            if hidden := changed & needed:
                raise ValueError(
                    f"{', '.join(sorted(hidden))} is key, cursor or event_time and cannot be {done}"
                )
            if unseen := changed & self.subjects.keys():
                raise ValueError(
                    f"{', '.join(sorted(unseen))} says whom a row is about and cannot be {done}"
                )
        if self.lasting and not self.subjects:
            raise ValueError("lasting has no meaning without subjects: add them, or remove it")
        return self

    def columns_of(self, kind: str) -> tuple[str, ...]:
        """Columns that hold the identifier of a subject of this kind."""
        return tuple(name for name, found in self.subjects.items() if found == kind)

    def is_of(self, kind: str) -> bool:
        """Whether a row of the table is a subject of this kind itself: its key names it."""
        return bool(set(self.columns_of(kind)) & set(self.key))


@dataclass(frozen=True)
class LoadUnit:
    """What can be loaded, and retried, by itself: a table, or a folder of files.

    Attributes:
        references: names of the units it points to, which are loaded after it.
        has_days: whether the rows of a range of days can be loaded again.
    """

    name: str
    group: str
    references: tuple[str, ...] = ()
    has_days: bool = True


class _Source(_Classified):
    """What sources of all kinds declare: when they are loaded, and columns' classes.

    Attributes:
        schedule: when it is loaded, as cron in ``time_zone``.
        deadline_minutes: after how long somebody is told that a load has not finished.
        publication_deadline_minutes: after how long, counted from the schedule as well, somebody
            is told that a round is not published; by default two hours after the load's deadline.
        near_real_time: when its append-only tables are loaded in between, as cron in UTC.
    """

    name: Name
    description: str = ""
    schedule: Cron = "0 1 * * *"
    time_zone: str = "UTC"
    deadline_minutes: Annotated[int, Field(gt=0)] = 60
    publication_deadline_minutes: Annotated[int, Field(gt=0)] | None = None
    near_real_time: Cron | None = None

    @field_validator("name")
    @classmethod
    def _not_ours(cls, value: str) -> str:
        if value in _RESERVED_SOURCES:
            raise ValueError(f"{raw_schema(value)} is finhouse's own: use another name")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"{value!r} is no time zone: use one like Africa/Nairobi") from error
        return value

    def day_of(self, moment: datetime) -> date:
        """The day of a moment (naive UTC) in the source's time zone."""
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of load units, in the order they are declared."""
        return tuple(dict.fromkeys(unit.group for unit in self.load_units))

    @property
    def load_units(self) -> tuple[LoadUnit, ...]:
        raise NotImplementedError

    def class_of(self, table: str, column: str, known: Collection[str] = ()) -> ColumnClass | None:
        """The declared class of a column; None where there is none.

        Args:
            known: the columns that ``rest`` is about: those the table was first loaded with.
        """
        raise NotImplementedError


class PostgresDefinition(_Source):
    """A schema of the OLTP database, or of another one that the variable ``url_env`` names."""

    kind: Literal["postgres"]
    url_env: Variable | None = None
    database_schema: Identifier = Field(alias="schema")
    person: Name | None = None
    legal_holds: Name | None = None
    tables: tuple[TableDefinition, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> PostgresDefinition:
        names = [table.name for table in self.tables]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"table {', '.join(twice)} is declared twice")
        unknown = sorted({name for table in self.tables for name in table.references} - {*names})
        if unknown:
            raise ValueError(f"references {', '.join(unknown)}, which no table is called")
        if self.legal_holds and self.legal_holds not in names:
            raise ValueError(f"legal_holds names {self.legal_holds}, which no table is called")
        kinds = {kind for table in self.tables for kind in table.subjects.values()}
        if self.person and self.person not in kinds:
            raise ValueError(f"person names {self.person}, which no table has among its subjects")
        if self.near_real_time and not self.append_tables:
            raise ValueError("near_real_time needs a table of mode append: remove it")
        _refuse_circle(
            {table.name: table.references for table in self.tables},
            "references go in a circle: {}; remove one",
        )
        # An orchestrator draws groups as one box each, and cannot order boxes in a circle.
        group_of = {table.name: table.group for table in self.tables}
        between: dict[str, set[str]] = {}
        for table in self.tables:
            others = {group_of[name] for name in table.references} - {table.group}
            between.setdefault(table.group, set()).update(others)
        _refuse_circle(between, "groups refer to each other: {}; move a table to another group")
        return self

    @model_validator(mode="after")
    def _treated(self) -> PostgresDefinition:
        if REST in self.classes.values():
            raise ValueError(f"classes: {REST} is for a table: name the columns, or move it there")
        for table in self.tables:
            for column in {**dict.fromkeys(table.classified), **table.personal_data}:
                found = self.class_of(table.name, column, [column])
                if found:
                    check_treatment(table.name, column, found, table.personal_data.get(column))
        return self

    def class_of(self, table: str, column: str, known: Collection[str] = ()) -> ColumnClass | None:
        [declared] = self.chosen([table])
        named = class_in(declared.classes, column) or class_in(self.classes, column)
        return named or (class_of_rest(declared.classes) if column in known else None)

    @property
    def table_names(self) -> tuple[str, ...]:
        return tuple(table.name for table in self.tables)

    @property
    def url_variable(self) -> str:
        """The variable that holds the address of its database."""
        return self.url_env or "OLTP_URL"

    @property
    def append_tables(self) -> tuple[str, ...]:
        """Names of the tables whose rows never change."""
        return tuple(table.name for table in self.tables if table.mode == "append")

    def chosen(self, names: Collection[str] | None) -> list[TableDefinition]:
        """The tables of these names, in the declared order; all without names."""
        return [table for table in self.tables if names is None or table.name in names]

    @property
    def load_units(self) -> tuple[LoadUnit, ...]:
        return tuple(
            LoadUnit(table.name, table.group, table.references, bool(table.event_time))
            for table in self.tables
        )


class CsvFolderDefinition(_Source):
    """A folder of CSV files of one layout that land in one raw table, every cell as text."""

    kind: Literal["csv_folder"]
    folder: str
    file_pattern: str
    table: Name
    columns: tuple[Name, ...] = Field(min_length=1)
    group: str = "default"
    expected: Literal["daily"] | None = None
    days_off: tuple[Weekday, ...] = ()
    holidays: tuple[Day, ...] = ()

    @field_validator("days_off", "holidays", mode="before")
    @classmethod
    def _one_day(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _consistent(self) -> CsvFolderDefinition:
        FilePattern(self.file_pattern)
        if self.near_real_time:
            raise ValueError("near_real_time is for tables of mode append: remove it")
        if Path(self.folder).is_absolute() or ".." in Path(self.folder).parts:
            raise ValueError("folder is relative to the landing folder and stays below it")
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise ValueError(f"column {', '.join(twice)} is declared twice")
        ours = sorted(name for name in self.columns if is_own_name(name) or name in FILE_COLUMNS)
        if ours:
            raise ValueError(
                f"column {', '.join(ours)} has a name of the loader's own: use another,"
                " the header of the file stays as it is"
            )
        for setting in ("days_off", "holidays"):
            given = getattr(self, setting)
            if given and not self.expected:
                raise ValueError(
                    f"{setting} has no meaning where no file is expected: add expected: daily"
                )
            again = sorted({str(day) for day in given if given.count(day) > 1})
            if again:
                raise ValueError(f"{setting}: {', '.join(again)} is given twice")
        unknown = sorted(self.classified - {*self.columns})
        if unknown:
            raise ValueError(f"classes names {', '.join(unknown)}, which no column is called")
        for column in self.classified:
            if (found := self.class_of(self.table, column)) and found.level == "1a":
                raise ValueError(
                    f"{column} is of class {found}: every cell of a file is loaded as it is;"
                    " have the file delivered without it"
                )
        if len(self.days_off) == len(WEEKDAYS):
            raise ValueError("days_off leaves no day for a file: remove one")
        return self

    def expects(self, day: date) -> bool:
        """Whether there should be a file of that day."""
        return bool(
            self.expected
            and WEEKDAYS[day.weekday()] not in self.days_off
            and day not in self.holidays
        )

    def class_of(self, table: str, column: str, known: Collection[str] = ()) -> ColumnClass | None:
        return class_in(self.classes, column) or (
            class_of_rest(self.classes) if column in known else None
        )

    @property
    def table_names(self) -> tuple[str, ...]:
        return (self.table,)

    @property
    def load_units(self) -> tuple[LoadUnit, ...]:
        return (LoadUnit(self.table, self.group),)


class _DaysAsText(SafeLoader):
    """YAML whose days stay text: a day that no calendar has is explained like any other value."""


_DaysAsText.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
}

SourceDefinition = PostgresDefinition | CsvFolderDefinition
_SOURCE = TypeAdapter(Annotated[SourceDefinition, Field(discriminator="kind")])


def _refuse_circle(references: Mapping[str, Iterable[str]], message: str) -> None:
    try:
        TopologicalSorter(references).prepare()
    except CycleError as error:
        raise ValueError(message.format(" -> ".join(error.args[1]))) from error


def is_own_name(column: str) -> bool:
    """Whether the loader would take a source's column for one of its own."""
    return column.lower() in LOADER_COLUMNS or column.lower().startswith(OWN_PREFIX)


def raw_schema(source_name: str) -> str:
    """Schema of a source's raw tables: ``wallet`` -> ``raw_wallet``."""
    return f"raw_{source_name}"


def available_sources(folder: Path = SOURCES_FOLDER) -> list[str]:
    """Names of the declared sources, in alphabetical order; none of a domain that is not selected.

    Raises:
        ConfigurationError: ``FINHOUSE_DOMAINS`` names an unknown domain.
    """
    names = {path.stem for path in folder.glob("*.yml")}
    return sorted(names - (declared_domains().keys() - selected_domains().keys()))


def read_source(source_name: str, folder: Path = SOURCES_FOLDER) -> SourceDefinition:
    """Read and check ``<folder>/<source_name>.yml``.

    Raises:
        ConfigurationError: no such source, or the file is not as documented; names file, line,
            field, value and remedy.
    """
    names = available_sources(folder)
    if source_name not in names:
        raise ConfigurationError(
            f"unknown source {source_name!r}", f"use one of {', '.join(names) or '(none declared)'}"
        )
    path = folder / f"{source_name}.yml"
    shown = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=SafeLoader)
        content = yaml.load(text, Loader=_DaysAsText)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(
            f"{shown}, line {line}: not YAML: {error.problem}",
            "correct the line or its indentation",
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"{shown} cannot be read: {error}", "make it a readable UTF-8 YAML file"
        ) from error
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{shown}, line 1: expected keys and values, found {content!r}",
            "start with kind: postgres or kind: csv_folder (see finhouse/sources/wallet.yml)",
        )
    _refuse_repeated_keys(tree, shown)
    try:
        definition = _SOURCE.validate_python(content)
    except ValidationError as error:
        raise _explain(error, content, tree, shown) from error
    if definition.name != source_name:
        raise ConfigurationError(
            f"{shown}, line {_line(tree, ('name',))}: name is {definition.name!r}",
            f"name the source as its file: {source_name}",
        )
    return definition


def _refuse_repeated_keys(node: yaml.Node | None, shown: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ConfigurationError(
                    f"{shown}, line {key.start_mark.line + 1}: {key.value!r} is given twice",
                    "keep one of the two",
                )
            seen.add(key.value)
            _refuse_repeated_keys(value, shown)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value, shown)


def _explain(
    error: ValidationError, content: Mapping[str, Any], tree: yaml.Node | None, shown: str
) -> ConfigurationError:
    """The first validation error, with the line it stands on and what to do about it."""
    first = error.errors()[0]
    # A discriminated union puts the kind in front of the path of keys.
    path = [part for part in first["loc"] if part not in ("postgres", "csv_folder")]
    where = f"{shown}, line {_line(tree, path)}: {_field(content, path)}"
    kind, given = first["type"], first.get("input")
    of_files = content.get("kind") == "csv_folder"
    documented = f"see finhouse/sources/{'merchant_activity' if of_files else 'wallet'}.yml"
    if kind == "missing":
        return ConfigurationError(f"{where} is missing", f"add {path[-1]}:")
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), _known_keys(), n=1)
        return ConfigurationError(
            f"{where} = {given!r} is not a key that is known here",
            f"write {near[0]}" if near else f"remove it, or {documented}",
        )
    message = str(first["msg"]).removeprefix("Value error, ")
    if kind == "value_error":
        return ConfigurationError(f"{where}: {message}", documented)
    if kind.startswith("union_tag"):
        found = given.get("kind") if isinstance(given, dict) else given
        return ConfigurationError(
            f"{shown}, line {_line(tree, ('kind',))}: kind = {found!r}",
            "write kind: postgres or kind: csv_folder",
        )
    return ConfigurationError(f"{where} = {given!r}: {message}", documented)


def _field(content: Mapping[str, Any], path: Sequence[Any]) -> str:
    """What a path of keys leads to, as a person says it: ``table orders: cursor``."""
    if path[:1] == ["tables"] and len(path) > 1:
        table = content["tables"][path[1]]
        name = table.get("name") if isinstance(table, dict) else None
        called = f"table {name}" if name else f"table {path[1] + 1} of the list"
        rest = ".".join(str(part) for part in path[2:])
        return f"{called}: {rest}" if rest else called
    return ".".join(str(part) for part in path) or "(the file)"


def _known_keys() -> set[str]:
    return {
        field.alias or name
        for model in (TableDefinition, PostgresDefinition, CsvFolderDefinition)
        for name, field in model.model_fields.items()
    }


def _line(tree: yaml.Node | None, path: Any) -> int:
    """Line (from 1) of the deepest node of ``path`` that the document has."""
    node = tree
    line = 1
    for part in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    found, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return line
