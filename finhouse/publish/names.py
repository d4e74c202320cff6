"""What a publication is called, where it stands, and what is told of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from finhouse.warehouse import Warehouse

PUBLISHED_SCHEMA = "published"
# Follows the name of the schema that it will replace.
INCOMING = "__incoming"
INCOMING_SCHEMA = PUBLISHED_SCHEMA + INCOMING
# Followed by a publication; one that is still being read outlives the next ones.
OUTGOING_SCHEMA = "published__outgoing_"
# Followed by a clearance: views of the published marts, on Postgres.
MASKED_SCHEMA = "masked_"
# Schema and table of the published file that say which publication it is.
PUBLICATION = "operations.publication"
# The mart that tells readers how recent what they see is.
RECENCY = "data_recency"
PUBLICATION_ID = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Marts:
    """The tables to publish: their schema in the warehouse, and their names."""

    schema: str
    names: tuple[str, ...]


def loses_rows(mart: str, marts: Collection[str] | None) -> bool:
    """Whether a mart loses its rows with the others; what says how recent all is stays."""
    return mart != RECENCY and (marts is None or mart in marts)


def stamp(warehouse: Warehouse, schema: str, marts: Marts, record: Sequence[object]) -> None:
    """Write into what readers are given which publication it is, and when they are given it."""
    if RECENCY in marts.names:
        warehouse.change(
            f"update {schema}.{RECENCY} "
            "set publication_id = cast($1 as text), published_at = cast($2 as timestamp)",
            record[:2],
        )


def count_rows(warehouse: Warehouse, schema: str, marts: Marts) -> int:
    return sum(
        warehouse.execute(f"select count(*) from {schema}.{mart}")[0][0] for mart in marts.names
    )
