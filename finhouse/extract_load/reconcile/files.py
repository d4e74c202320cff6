"""Reconciling a folder of CSV files with the raw table its files were loaded into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from finhouse.console import heartbeat
from finhouse.extract_load.files.context import FolderContext
from finhouse.extract_load.files.loading import FolderLoad
from finhouse.extract_load.files.scan import sha256_of
from finhouse.extract_load.results import Differences, Examples, Reconciliation
from finhouse.extract_load.state import utc_now


@dataclass(frozen=True)
class FileDifference:
    """What raw has of one file, beside what it should have.

    Attributes:
        wanted: records of the file as it was loaded; 0 for a file that never was.
        held: rows of raw.
        is_rewritten: the file in the landing folder is another one than was loaded.
    """

    name: str
    wanted: int
    held: int
    is_known: bool
    is_rewritten: bool

    @property
    def is_equal(self) -> bool:
        return self.wanted == self.held and not self.is_rewritten


class FolderReconciliation:
    """The files of one source: row counts in raw, checksums in the landing folder."""

    def __init__(self, context: FolderContext) -> None:
        self._context = context

    def run(self, *, heal: bool) -> Reconciliation:
        """Load what is new, compare every file, and if asked load again those that differ.

        Raises:
            SourceError: a file in the landing folder cannot be read or is not as declared.
        """
        started_at = utc_now()
        folder = FolderLoad(self._context)
        for path in folder.prepare():
            folder.load(path, full_refresh=False)
        found = self._compare()
        reconciliation = self._reconciliation(found, started_at)
        self._save(reconciliation)
        if heal and reconciliation.status == "differs":
            return self._heal(reconciliation, found)
        return reconciliation

    def _heal(self, found: Reconciliation, files: list[FileDifference]) -> Reconciliation:
        context = self._context.in_new_batch()
        folder = FolderLoad(context)
        for file in files:
            path = context.folder / file.name
            if file.is_equal:
                continue
            if not file.is_known:
                folder.forget(file.name)
            elif path.exists():
                folder.load(path, full_refresh=True)
        after = self._reconciliation(self._compare(), found.started_at)
        healed = found.healed(after.status, context.batch_id, after.reconciled_at)
        self._save(healed)
        return healed

    def _save(self, reconciliation: Reconciliation) -> None:
        with self._context.warehouse.transaction():
            self._context.books.save_reconciliation(reconciliation)

    def _compare(self) -> list[FileDifference]:
        context = self._context
        states = context.books.file_states(context.source_name, context.table_name)
        held = {
            str(name): int(rows)
            for name, rows in context.warehouse.execute(
                f"select _file_name, count(*) from {context.raw} group by _file_name"
            )
        }
        files = []
        with heartbeat(f"comparing files in {context.folder}"):
            for name in sorted(states.keys() | held.keys()):
                path, state = context.folder / name, states.get(name)
                files.append(
                    FileDifference(
                        name=name,
                        wanted=state.row_count if state else 0,
                        held=held.get(name, 0),
                        is_known=state is not None,
                        is_rewritten=bool(
                            state and path.exists() and sha256_of(path) != state.sha256
                        ),
                    )
                )
        return files

    def _reconciliation(self, files: list[FileDifference], started_at: datetime) -> Reconciliation:
        missing = [file for file in files if file.held < file.wanted]
        doubled = [file for file in files if file.is_known and file.held > file.wanted]
        surplus = [file for file in files if not file.is_known]
        changed = [file for file in files if file.is_rewritten]
        differing = [file for file in files if not file.is_equal]
        gone = sum(not (self._context.folder / file.name).exists() for file in files)
        return Reconciliation(
            source_name=self._context.source_name,
            table_name=self._context.table_name,
            load_mode=self._context.load_mode,
            batch_id=self._context.batch_id,
            started_at=started_at,
            reconciled_at=self._context.books.now(),
            status="differs" if differing else "equal",
            source_rows=sum(file.wanted for file in files),
            raw_rows=sum(file.held for file in files),
            range_count=len(files),
            differing_range_count=len(differing),
            differences=Differences(
                missing=sum(file.wanted - file.held for file in missing),
                surplus=sum(file.held for file in surplus),
                doubled=sum(file.held - file.wanted for file in doubled),
                # What an empty file was rewritten to is unknown, and yet a difference.
                changed=sum(max(file.wanted, 1) for file in changed),
                examples=Examples(
                    *(
                        listed[0].name if listed else None
                        for listed in (missing, surplus, doubled, changed)
                    )
                ),
            ),
            note=f"{gone} files are no longer in the landing folder" if gone else "",
        )
