"""Loading a folder of CSV files: each file once, each in a transaction of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from finhouse.console import console
from finhouse.errors import ConfigurationError, SchemaDriftError, SourceError
from finhouse.extract_load.classes import refuse_undeclared
from finhouse.extract_load.columns import LOADER_TYPES
from finhouse.extract_load.files.context import FolderContext
from finhouse.extract_load.files.expected import expected_days
from finhouse.extract_load.files.scan import CsvScan, refuse_bad_records, scan_csv, sha256_of
from finhouse.extract_load.files.sinks import FILE_TYPES, CsvExtract, csv_sink_for
from finhouse.extract_load.results import LoadResult, RowCounts
from finhouse.extract_load.state import FileState, utc_now
from finhouse.extract_load.windows import DateWindow
from finhouse.sources.file_pattern import FilePattern


def dated_files(folder: Path, pattern: FilePattern) -> list[tuple[date, Path]]:
    """The folder's files with their days, in order of these.

    Files that are named otherwise are reported and left alone.

    Raises:
        SourceError: the folder cannot be read.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted(entry.name for entry in os.scandir(folder) if not entry.is_dir())
    except OSError as error:
        raise SourceError(
            f"the landing folder {folder} cannot be read: {error.strerror}",
            "set FINHOUSE_LANDING to a folder you may read and write",
        ) from error
    dated = []
    for name in names:
        try:
            day = pattern.date_of(name)
        except ValueError:
            console.print(f"    not loaded: {name}: its date is in no calendar", markup=False)
            continue
        if day is None:
            console.print(f"    not loaded: {name}: not like {pattern.text}", markup=False)
        else:
            dated.append((day, folder / name))
    return sorted(dated)


class FolderLoad:
    """The files of one source in one batch."""

    def __init__(self, context: FolderContext) -> None:
        self._context = context
        self._warehouse, self._books = context.warehouse, context.books
        self._columns = context.definition.columns
        self._names = (context.source_name, context.table_name)

    def prepare(self, window: DateWindow | None = None) -> list[Path]:
        """Make the raw table fit the declared columns; list the files (of some days) to look at.

        Raises:
            ConfigurationError: a column has no class.
            SchemaDriftError: the raw table has a column that is declared no more.
            SourceError: the landing folder cannot be read.
        """
        context = self._context
        refuse_undeclared(
            context.source_name,
            context.table_name,
            f"the files of {context.source_name}",
            [name for name in self._columns if not self._has_class(name)],
        )
        wanted = dict.fromkeys(self._columns, "text") | FILE_TYPES | LOADER_TYPES
        with self._warehouse.transaction():
            context.create_raw(wanted)
            held = context.raw_columns()
            gone = [name for name in held if name not in wanted]
            if gone:
                raise SchemaDriftError(
                    f"{context.raw_schema}.{context.table_name} has column {', '.join(gone)}"
                    " (text), which the source file declares no more; nothing was loaded",
                    "declare it again, or drop the raw table and its rows in"
                    " raw_operations.file_state to load all files again",
                )
            for name, type_name in wanted.items():
                if name not in held:
                    context.add_raw_column(name, type_name)
        pattern = FilePattern(context.definition.file_pattern)
        files = [
            (day, path) for day, path in dated_files(context.folder, pattern) if self.is_kept(day)
        ]
        self._note_expected(pattern, files)
        chosen = [path for day, path in files if window is None or day in window]
        if not chosen:
            days = f" of {window}" if window else ""
            console.print(
                f"    no files like {pattern.text}{days} in {context.folder}", markup=False
            )
        return chosen

    def _has_class(self, column: str) -> bool:
        definition = self._context.definition
        return definition.class_of(definition.table, column, self._columns) is not None

    def is_kept(self, day: date) -> bool:
        """Whether files of that day lie within the retention horizon."""
        horizon = self._context.horizon
        return horizon is None or day >= horizon.first_day

    def _note_expected(self, pattern: FilePattern, files: list[tuple[date, Path]]) -> None:
        """Keep which files there should be by now, before any is loaded: one may be faulty."""
        context, now = self._context, self._books.now()
        delivered = {day: path.name for day, path in files}
        for name in self._books.file_states(*self._names):
            with contextlib.suppress(ValueError):
                if day := pattern.date_of(name):
                    delivered[day] = name
        days: list[date] = []
        if delivered:
            newest = max(delivered)
            read_at = self._books.first_read_at(*self._names, delivered[newest]) or now
            days = expected_days(
                context.definition,
                min(delivered),
                newest,
                context.definition.day_of(read_at),
                context.definition.day_of(now),
            )
        self._books.save_expected_files(
            *self._names,
            {day: pattern.name_of(day) for day in days},
            context.definition.day_of(now),
        )

    def load(self, path: Path, *, full_refresh: bool) -> LoadResult:
        """Load one file unless it was loaded as it is; replace its own rows only.

        Raises:
            SourceError: the file cannot be read or is not as declared; raw is left as it was.
        """
        started_at = utc_now()
        states = self._books.file_states(*self._names)
        known = states.get(path.name)
        try:
            if known and not full_refresh and self._is_unchanged(path, known):
                return self._context.result(
                    started_at, RowCounts(), file_name=path.name, status="unchanged"
                )
            scan = scan_csv(path, self._columns)
            self._tell_of_twins(path, scan, states)
            return self._replace_rows(path, scan, started_at)
        except OSError as error:
            raise SourceError(
                f"{path.name} cannot be read: {error.strerror}",
                f"check the file and its permissions in {path.parent}",
            ) from error

    def _tell_of_twins(self, path: Path, scan: CsvScan, states: Mapping[str, FileState]) -> None:
        """Two files with the same rows are both loaded, as both were delivered; it is said."""
        twins = [
            name
            for name, state in states.items()
            if name != path.name and state.sha256 == scan.sha256
        ]
        if twins and scan.records:
            source = self._context.source_name
            console.print(
                f"    {path.name} has the same content as {', '.join(twins)}, and its rows count"
                f" twice; if it was renamed: finhouse withdraw {source} {twins[0]}",
                markup=False,
            )

    def withdraw(self, file_name: str) -> LoadResult:
        """Remove the rows of one file, on purpose, and forget the file.

        Raises:
            ConfigurationError: no such file was loaded.
        """
        context = self._context
        loaded = self._books.file_states(*self._names)
        if file_name not in loaded:
            raise ConfigurationError(
                f"no file {file_name!r} is loaded in {context.raw_schema}.{context.table_name}",
                f"use one of {', '.join(sorted(loaded)) or '(none)'}",
            )
        result = self.forget(file_name)
        if (context.folder / file_name).exists():
            console.print(
                f"    {file_name} is still in {context.folder}: the next load brings it back",
                markup=False,
            )
        return result

    def forget(self, file_name: str) -> LoadResult:
        """Remove the rows of a file that is, or may never have been, loaded."""
        started_at = utc_now()
        with self._warehouse.transaction():
            self._context.lock()
            deleted = self._delete_rows(file_name)
            self._books.forget_file(*self._names, file_name)
            result = self._context.result(
                started_at, RowCounts(deleted=deleted), file_name=file_name, status="withdrawn"
            )
            self._books.log(result)
        return result

    def _is_unchanged(self, path: Path, known: FileState) -> bool:
        status = path.stat()
        if status.st_size != known.size_bytes:
            return False
        if status.st_ctime_ns == known.changed_ns:
            return True
        if sha256_of(path) != known.sha256:
            return False
        # Touched or copied again: remember the new time, so the next run need not hash it.
        with self._warehouse.transaction():
            self._save_state(path, replace(known, changed_ns=status.st_ctime_ns))
        return True

    def _replace_rows(self, path: Path, scan: CsvScan, started_at: datetime) -> LoadResult:
        context = self._context
        with self._warehouse.transaction():
            context.lock()
            replaced = self._delete_rows(path.name)
            extract = CsvExtract(path, self._columns, context.stamps(context.books.now()))
            read = csv_sink_for(self._warehouse).fill(context.raw, extract)
            if read != scan.records:
                raise refuse_bad_records(path, self._columns, scan.records, read)
            status = path.stat()
            if (status.st_size, status.st_ctime_ns) != (scan.size_bytes, scan.changed_ns):
                raise SourceError(
                    f"{path.name} changed while it was being read",
                    "deliver files under another name and rename them when complete; run again",
                )
            self._save_state(path, FileState(scan.size_bytes, scan.changed_ns, scan.sha256, read))
            kept = min(replaced, read)
            counts = RowCounts(
                source=scan.records,
                read=read,
                inserted=read - kept,
                updated=kept,
                deleted=replaced - kept,
                raw=read,
            )
            result = context.result(started_at, counts, file_name=path.name)
            self._books.log(result)
        return result

    def _save_state(self, path: Path, state: FileState) -> None:
        self._books.save_file_state(*self._names, path.name, state, self._context.batch_id)

    def _delete_rows(self, file_name: str) -> int:
        return self._warehouse.change(
            f"delete from {self._context.raw} where _file_name = $1", (file_name,)
        )
