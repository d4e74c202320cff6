"""The audit log: events of one thing, numbered and chained by hashes."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from finhouse.demo.bnpl.vocabulary import ORDER_STATUSES, PLAN_STATUSES
from finhouse.demo.clock import EPOCH_OFFSET, HOUR
from finhouse.demo.identifiers import identifier_bytes
from finhouse.demo.tables import money_text

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

ORDER, PLAN, SETTLEMENT, DISPUTE = range(4)
AUDITED = ("orders", "payment_plans", "settlements", "disputes")
ENTITIES = ("bnpl_order", "bnpl_plan", "bnpl_settlement", "bnpl_dispute")
# Statuses by table; those of a settlement and of a dispute are in no column.
STATUSES = (ORDER_STATUSES, PLAN_STATUSES, ("DUE", "PAID"), ("OPEN", "RESOLVED"))
EVENTS = (
    *dict.fromkeys(status for statuses in STATUSES for status in statuses),
    "RESCHEDULED",
    "WRITTEN_OFF",
    "REOPENED",
)
ACTORS = ("customer", "merchant", "agent", "system")
CUSTOMER, MERCHANT, AGENT, SYSTEM = range(4)
NO_STATUS = -1

EVENT_COLUMNS = {
    "entity": "i1",
    "row": "i4",
    "sequence": "i4",
    "event": "i1",
    "old": "i1",
    "new": "i1",
    "cents": "i8",
    "actor": "i1",
    "at": "i8",
    "previous": "i4",
    "hash": "S64",
    "period": "i4",
}


def note(
    company: Company,
    entity: int,
    row: int,
    new: int,
    at: int,
    *,
    old: int = NO_STATUS,
    event: str | None = None,
    cents: int = -1,
    actor: int = SYSTEM,
) -> None:
    """Write one event of a thing.

    Args:
        entity: table it is of.
        new: status after the event, ``old`` before it.
        event: what happened; the new status where nothing is said.
        cents: amount, below 0 for none.
    """
    key = (entity, int(row))
    previous = company.last_event.get(key, -1)
    events = company.events
    sequence = int(events["sequence"][previous]) + 1 if previous >= 0 else 1
    texts = STATUSES[entity]
    event = event or texts[new]
    digest = event_hash(
        events["hash"][previous].decode() if previous >= 0 else "",
        sequence,
        AUDITED[entity],
        str(UUID(bytes=_identifier(company, entity, row))),
        event,
        texts[old] if old != NO_STATUS else "",
        texts[new],
        money_text(cents) if cents >= 0 else "",
        ACTORS[actor],
        # Milliseconds since 1970, in UTC: the offset of Addis Ababa is three hours.
        int(at) + EPOCH_OFFSET - 3 * HOUR,
    )
    [company.last_event[key]] = events.append(
        entity=entity,
        row=row,
        sequence=sequence,
        event=EVENTS.index(event),
        old=old,
        new=new,
        cents=cents,
        actor=actor,
        at=at,
        previous=previous,
        hash=digest.encode(),
        period=company.periods,
    )


def _identifier(company: Company, entity: int, row: int) -> bytes:
    return identifier_bytes(company.seed, ENTITIES[entity], np.array([row])).tobytes()


def event_hash(*parts: str | int) -> str:
    """The hash of an event: SHA-256 over its parts, the hash before it first, joined by '|'."""
    return sha256("|".join(map(str, parts)).encode()).hexdigest()
