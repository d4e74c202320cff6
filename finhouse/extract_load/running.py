"""Running the loads of a batch one after another; errors that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from finhouse.console import console
from finhouse.errors import ConfigurationError, FinhouseError, SourceError, WarehouseError
from finhouse.extract_load.context import LoadContext
from finhouse.extract_load.sql import first_line
from finhouse.extract_load.state import utc_now
from finhouse.sources.definitions import PostgresDefinition, SourceDefinition
from finhouse.warehouse import Warehouse
from finhouse.warehouse.remedies import remedy_of

Result = TypeVar("Result")


@dataclass(frozen=True)
class Job(Generic[Result]):
    """The load or reconciliation of one table or file.

    Attributes:
        run: the work itself; when it fails, the other jobs still run.
        file_name: the file, when the job loads a single one.
    """

    context: LoadContext
    run: Callable[[], Result]
    file_name: str | None = None


def run_all(jobs: Sequence[Job[Result]]) -> list[Result]:
    """Run every job; log failures, and raise them together at the end.

    Raises:
        FinhouseError: the only failure as it is, or an error that lists all of them.
    """
    results: list[Result] = []
    errors: list[FinhouseError] = []
    for job in jobs:
        context, started_at = job.context, utc_now()
        try:
            with warehouse_errors(context.warehouse):
                results.append(job.run())
        except FinhouseError as error:
            errors.append(error)
            shown = job.file_name or context.table_name
            console.print(f"    failed: {shown}: {error.message}", markup=False)
            # A warehouse that is gone cannot take the log row; the first error says why.
            with contextlib.suppress(context.warehouse.engine_error):
                context.books.log_failure(
                    context.batch_id,
                    context.source_name,
                    context.table_name,
                    context.load_mode,
                    job.file_name,
                    started_at,
                    error,
                )
    if errors:
        raise _together(errors, jobs[0].context.source_name, len(results))
    return results


def _together(errors: Sequence[FinhouseError], source_name: str, loaded: int) -> FinhouseError:
    if len(errors) == 1:
        return errors[0]
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else SourceError
    listed = "\n".join(f"- {error}" for error in errors)
    return kind(
        f"source {source_name}: {len(errors)} loads failed, {loaded} succeeded\n{listed}",
        "see to each of them and run the same command again: what is loaded stays loaded",
    )


def required_url(definition: PostgresDefinition, oltp_url: str | None) -> str:
    """The address of a source's database.

    Raises:
        ConfigurationError: there is none.
    """
    if not oltp_url:
        raise ConfigurationError(
            f"source {definition.name!r} needs its database",
            f"set {definition.url_variable}, or start the demo",
        )
    return oltp_url


def check_tables(definition: SourceDefinition, tables: Sequence[str] | None) -> None:
    """Refuse tables that the source does not declare.

    Raises:
        ConfigurationError: naming them.
    """
    unknown = sorted(set(tables or ()) - set(definition.table_names))
    if unknown:
        raise ConfigurationError(
            f"source {definition.name!r} has no table {', '.join(unknown)}",
            f"use {', '.join(definition.table_names)}",
        )


@contextlib.contextmanager
def warehouse_errors(warehouse: Warehouse) -> Iterator[None]:
    """Raise the engine's own errors as WarehouseError."""
    try:
        yield
    except warehouse.engine_error as error:
        raise WarehouseError(
            f"the {warehouse.dialect} warehouse failed: {first_line(error)}",
            f"{remedy_of(error)}, then run the same command again",
        ) from error
