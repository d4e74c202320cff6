"""Loading a folder of CSV files: each file once, each in a transaction of its own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from finhouse.console import console
from finhouse.errors import ConfigurationError, SchemaDriftError, SourceError
from finhouse.extract_load.files.scan import CsvScan, refuse_bad_records, scan_csv, sha256_of
from finhouse.extract_load.files.sinks import FILE_COLUMNS, CsvExtract, csv_sink_for
from finhouse.extract_load.results import LoadResult, RowCounts
from finhouse.extract_load.state import FileState, Operations, utc_now
from finhouse.extract_load.windows import DateWindow
from finhouse.sources.definitions import LOADER_COLUMNS, CsvFolderDefinition, raw_schema
from finhouse.sources.file_pattern import FilePattern
from finhouse.warehouse import Warehouse, qualified, quoted

MODE = "files"


def files_to_load(
    folder: Path, pattern: FilePattern, window: DateWindow | None = None
) -> list[Path]:
    """The folder's files, or those of some days, in order of their dates.

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
        elif window is None or day in window:
            dated.append((day, name))
    if not dated:
        days = f" of {window}" if window else ""
        console.print(f"    no files like {pattern.text}{days} in {folder}", markup=False)
    return [folder / name for _, name in sorted(dated)]


class FolderLoad:
    """The files of one source in one batch."""

    def __init__(
        self,
        warehouse: Warehouse,
        operations: Operations,
        definition: CsvFolderDefinition,
        landing: Path,
        batch_id: str,
    ) -> None:
        self._warehouse, self._operations = warehouse, operations
        self._definition, self.batch_id = definition, batch_id
        self._schema = raw_schema(definition.name)
        self._raw = qualified(self._schema, definition.table)
        self.folder = landing / definition.folder

    def prepare(self, window: DateWindow | None = None) -> list[Path]:
        """Make the raw table fit the declared columns; list the files (of some days) to look at.

        Raises:
            SchemaDriftError: the raw table has a column that is declared no more.
            SourceError: the landing folder cannot be read.
        """
        wanted = dict.fromkeys(self._definition.columns, "text")
        wanted |= dict(zip(FILE_COLUMNS, ("text", "bigint"), strict=True))
        wanted |= dict(zip(LOADER_COLUMNS, ("timestamp", "text"), strict=True))
        with self._warehouse.transaction():
            self._warehouse.create_table(self._schema, self._definition.table, wanted)
            held = self._warehouse.columns(self._schema, self._definition.table)
            gone = [name for name in held if name not in wanted]
            if gone:
                raise SchemaDriftError(
                    f"{self._schema}.{self._definition.table} has column {', '.join(gone)} (text),"
                    " which the source file declares no more; nothing was loaded",
                    "declare it again, or drop the raw table and its rows in"
                    " raw_operations.file_state to load all files anew",
                )
            for name in wanted:
                if name not in held:
                    self._warehouse.execute(
                        f"alter table {self._raw} add column {quoted(name)} {wanted[name]}"
                    )
        return files_to_load(self.folder, FilePattern(self._definition.file_pattern), window)

    def load(self, path: Path, *, full_refresh: bool) -> LoadResult:
        """Load one file unless it was loaded as it is; replace its own rows only.

        Raises:
            SourceError: the file cannot be read or is not as declared; raw is left as it was.
        """
        started_at = utc_now()
        known = self._operations.file_states(self._definition.name, self._definition.table).get(
            path.name
        )
        try:
            if known and not full_refresh and self._is_unchanged(path, known):
                return self._result(path.name, started_at, RowCounts(), "unchanged")
            scan = scan_csv(path, self._definition.columns)
            return self._replace_rows(path, scan, started_at)
        except OSError as error:
            raise SourceError(
                f"{path.name} cannot be read: {error.strerror}",
                f"check the file and its permissions in {path.parent}",
            ) from error

    def withdraw(self, file_name: str) -> LoadResult:
        """Remove the rows of one file, on purpose, and forget the file.

        Raises:
            ConfigurationError: no such file was loaded.
        """
        name, table = self._definition.name, self._definition.table
        loaded = self._operations.file_states(name, table)
        if file_name not in loaded:
            raise ConfigurationError(
                f"no file {file_name!r} is loaded in {self._schema}.{table}",
                f"use one of {', '.join(sorted(loaded)) or '(none)'}",
            )
        result = self.forget(file_name)
        if (self.folder / file_name).exists():
            console.print(
                f"    {file_name} is still in {self.folder}: the next load brings it back",
                markup=False,
            )
        return result

    def forget(self, file_name: str) -> LoadResult:
        """Remove the rows of a file that is, or may never have been, loaded."""
        started_at = utc_now()
        name, table = self._definition.name, self._definition.table
        with self._warehouse.transaction():
            self._warehouse.lock_table(self._schema, table)
            deleted = self._delete_rows(file_name)
            self._operations.forget_file(name, table, file_name)
            result = self._result(file_name, started_at, RowCounts(deleted=deleted), "withdrawn")
            self._operations.log(result)
        return result

    def _is_unchanged(self, path: Path, known: FileState) -> bool:
        status = path.stat()
        if status.st_size != known.size_bytes:
            return False
        if status.st_mtime_ns == known.modified_ns:
            return True
        if sha256_of(path) != known.sha256:
            return False
        # Touched or copied again: remember the new time, so the next run need not hash it.
        with self._warehouse.transaction():
            self._operations.save_file_state(
                self._definition.name,
                self._definition.table,
                path.name,
                replace(known, modified_ns=status.st_mtime_ns),
                self.batch_id,
            )
        return True

    def _replace_rows(self, path: Path, scan: CsvScan, started_at) -> LoadResult:
        name, table = self._definition.name, self._definition.table
        with self._warehouse.transaction():
            self._warehouse.lock_table(self._schema, table)
            replaced = self._delete_rows(path.name)
            read = csv_sink_for(self._warehouse).fill(
                self._raw,
                CsvExtract(
                    path, self._definition.columns, str(utc_now().isoformat(" ")), self.batch_id
                ),
            )
            if read != scan.records:
                raise refuse_bad_records(path, self._definition.columns, scan.records, read)
            status = path.stat()
            if (status.st_size, status.st_mtime_ns) != (scan.size_bytes, scan.modified_ns):
                raise SourceError(
                    f"{path.name} changed while it was being read",
                    "deliver files under another name and rename them when complete; run again",
                )
            self._operations.save_file_state(
                name,
                table,
                path.name,
                FileState(scan.size_bytes, scan.modified_ns, scan.sha256, read),
                self.batch_id,
            )
            kept = min(replaced, read)
            counts = RowCounts(
                source=scan.records,
                read=read,
                inserted=read - kept,
                updated=kept,
                deleted=replaced - kept,
                raw=read,
            )
            result = self._result(path.name, started_at, counts, "loaded")
            self._operations.log(result)
        return result

    def _delete_rows(self, file_name: str) -> int:
        return self._warehouse.change(
            f"delete from {self._raw} where _file_name = $1", (file_name,)
        )

    def _result(self, file_name: str, started_at, counts: RowCounts, status: str) -> LoadResult:
        return LoadResult(
            source_name=self._definition.name,
            table_name=self._definition.table,
            load_mode=MODE,
            batch_id=self.batch_id,
            started_at=started_at,
            loaded_at=utc_now(),
            counts=counts,
            file_name=file_name,
            status=status,
        )
