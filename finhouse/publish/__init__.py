"""Hand a tested build to readers by one atomic swap.

Readers never open the working warehouse. On DuckDB they open ``published/finhouse.duckdb``, a file
that is written aside and put in place by ``os.replace``; on Postgres they read schema
``published``, built aside and renamed in one transaction. Either way a reader sees the whole old
build or the whole new one. The schema bears the same name on both engines, so that the same query
serves.

Roles that may not see everything (``finhouse.clearances``) read the same publication without what
is above their clearance: views of schema ``masked_<clearance>``, renamed in the same transaction,
or a file of their own.

What readers were given is recorded with the swap itself: on Postgres in its transaction; on DuckDB
the file says which publication it is, and one that is killed before the record is written is
recorded from the file by whatever writes the warehouse next.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from finhouse.clearances import CLEARANCES, NO_MASKS, Masks, declared_masks
from finhouse.dbt.manifest import MARTS, declared_marts, marts_of, read_manifest
from finhouse.errors import PublishError
from finhouse.extract_load.bookkeeping import undone_purges
from finhouse.publish.file import empty_file, publish_files
from finhouse.publish.names import (
    INCOMING_SCHEMA,
    OUTGOING_SCHEMA,
    PUBLICATION,
    PUBLICATION_ID,
    PUBLISHED_SCHEMA,
    RECENCY,
    Marts,
)
from finhouse.publish.reporting import (
    LOADED_UNTIL_SQL,
    create_reporting_tables,
    ensure_reporting_tables,
    next_publication,
    record_file,
)
from finhouse.publish.schema import (
    READERS_SECONDS,
    empty_schema,
    fill_incoming,
    swap_in,
    swap_in_aside,
)
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse
from finhouse.warehouse.building import only_build
from finhouse.warehouse.remedies import remedy_of

__all__ = [
    "INCOMING_SCHEMA",
    "OUTGOING_SCHEMA",
    "PUBLICATION",
    "PUBLICATION_ID",
    "PUBLISHED_SCHEMA",
    "READERS_SECONDS",
    "RECENCY",
    "Publication",
    "create_reporting_tables",
    "empty_published",
    "ensure_reporting_tables",
    "publish",
]


@dataclass(frozen=True)
class Publication:
    """What readers were given: where, how many marts and rows, and how many KPI values are new."""

    publication_id: str
    location: str
    marts: int
    rows: int
    reported_values: int


def publish(settings: Settings, warehouse: Warehouse) -> Publication:
    """Publish the marts of a build that passed its tests; the KPI values in them are now reported.

    Only marts of the dbt project are published: what a removed model left behind is not. A
    publication aside reports nothing, and leaves what readers see as it is.

    Raises:
        ConfigurationError: the file of clearances says something else.
        PublishError: a restore has undone a purge, a mart is missing, a role that it names is, or
            may read everything, or the destination cannot be written; readers keep what they had.
        WarehouseError: another process builds in the same database.
    """
    if undone := undone_purges(warehouse):
        raise PublishError(
            f"purge {', '.join(undone)} was undone by a restore: readers would see who was purged",
            "run: finhouse purge --apply, then `make build`",
        )
    marts = Marts(settings.schema_prefix + MARTS, tuple(declared_marts(settings)))
    missing = [mart for mart in marts.names if not warehouse.table_exists(marts.schema, mart)]
    if missing or not marts.names:
        raise PublishError(
            f"the {settings.target} warehouse lacks marts: {', '.join(missing) or 'all of them'}",
            "run `make build`, which makes and tests them all",
        )
    # A publication aside is for those who may see everything.
    masks = (
        NO_MASKS
        if settings.aside
        else declared_masks(settings.clearances, marts_of(read_manifest(settings)))
    )
    try:
        with only_build(settings, "publish"):
            return _publish(settings, warehouse, marts, masks)
    except warehouse.engine_error as error:
        raise PublishError(
            f"the {settings.target} warehouse refused the publication: {error}",
            f"{remedy_of(error)}, then run `make build` again",
        ) from error


def _publish(settings: Settings, warehouse: Warehouse, marts: Marts, masks: Masks) -> Publication:
    ensure_reporting_tables(settings, warehouse)
    publication_id, published_at = next_publication(warehouse)
    [(loaded_until,)] = warehouse.execute(LOADED_UNTIL_SQL)
    record = (publication_id, published_at, loaded_until, len(marts.names))
    reported = 0
    if settings.is_file:
        location = str(settings.published_path)
        rows = publish_files(settings, warehouse, marts, masks, record)
        if not settings.aside:
            reported = record_file(warehouse, settings.published_path)
    else:
        location = f"schema {settings.published_schema} of the Postgres warehouse"
        rows = fill_incoming(warehouse, settings.published_schema, marts, masks, record)
        if settings.aside:
            swap_in_aside(warehouse, settings.published_schema)
        else:
            reported = swap_in(warehouse, masks, (*record, rows))
    return Publication(publication_id, location, len(marts.names), rows, reported)


def empty_published(
    settings: Settings, warehouse: Warehouse, marts: Collection[str] | None
) -> None:
    """Take the rows of some marts from readers at once, until the next publication.

    The marts stay, without rows, in what is the same publication otherwise; publications of past
    days, and those that were replaced while they were being read, go as a whole.

    Args:
        marts: their names; None empties all but those that say what is published and how recent.

    Raises:
        PublishError: the file or a schema cannot be replaced.
    """
    try:
        if settings.is_file:
            empty_file(warehouse, settings.published_path, marts)
            for clearance in CLEARANCES:
                empty_file(warehouse, settings.masked_path(clearance), marts)
            for other in settings.published_path.parent.glob("*.duckdb"):
                if other != settings.published_path:
                    other.unlink()
        else:
            empty_schema(warehouse, marts)
    except (OSError, warehouse.engine_error) as error:
        raise PublishError(
            f"readers cannot be given a publication without the rows that were purged: {error}",
            f"{remedy_of(error)}, then run: finhouse doctor --repair",
        ) from error
