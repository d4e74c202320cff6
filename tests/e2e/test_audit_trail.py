"""Whatever is done to the audit trail behind the source's back is found by name."""

from __future__ import annotations

import pytest

from tests.support.house import House

pytestmark = [pytest.mark.full, pytest.mark.domains("bnpl")]

LOG = "raw_bnpl.audit_log"


def events(house: House, where: str, target: str) -> list[str]:
    rows = house.rows(
        f"select cast(entity_id as text) from {LOG} where entity = 'orders' and {where} order by 1",
        target,
    )
    return [entity for (entity,) in rows]


def test_each_kind_of_tampering_is_found_by_name(company_copy: House, target: str):
    house = company_copy
    assert "no gap, no broken chain" in house.succeed("--target", target, "audit", "verify")
    # Orders of three events: each is tampered with in another way.
    deleted, changed, swapped, cut, *_ = events(
        house,
        f"sequence = 3 and entity_id not in (select entity_id from {LOG} where sequence = 4)",
        target,
    )
    [(settlement,)] = house.rows(
        "select cast(min(cast(id as text)) as text) from raw_bnpl.settlements"
        " where paid_at is null",
        target,
    )
    [(order,)] = house.rows(
        "select min(cast(id as text)) from raw_bnpl.orders where upper(trim(status)) = 'CAPTURED'"
        f" and cast(id as text) not in ('{deleted}', '{changed}', '{swapped}', '{cut}')",
        target,
    )
    for statement in (
        f"delete from {LOG} where entity_id = '{deleted}' and sequence = 2",
        f"update {LOG} set actor = 'nobody' where entity_id = '{changed}' and sequence = 1",
        f"update {LOG} set sequence = 99 where entity_id = '{swapped}' and sequence = 2",
        f"update {LOG} set sequence = 2 where entity_id = '{swapped}' and sequence = 3",
        f"update {LOG} set sequence = 3 where entity_id = '{swapped}' and sequence = 99",
        f"update raw_bnpl.orders set status = 'CANCELLED' where id = '{order}'",
        f"update raw_bnpl.settlements set paid_at = created_at where id = '{settlement}'",
    ):
        house.execute_warehouse(statement, target)
    refused = house.run("--target", target, "audit", "verify")
    assert refused.returncode == 11, refused.stdout
    said = " ".join(refused.stdout.split())
    for finding in (
        f"AUDIT_EVENT_MISSING: orders {deleted} 3: an event before this one is missing",
        f"AUDIT_EVENT_CHANGED: orders {changed} 1: its hash is not that of what it says",
        f"AUDIT_EVENT_CHANGED: orders {swapped} 2:",
        f"AUDIT_EVENT_CHANGED: orders {swapped} 3:",
        f"AUDIT_CHAIN_BROKEN: orders {swapped} 2:",
        f"STATUS_WITHOUT_EVENT: orders {order}: its status is not the last one of the trail",
        f"STATUS_WITHOUT_EVENT: settlements {settlement}:",
    ):
        assert finding in said, finding
    # What raw was made to say is no longer what the source says.
    assert f"AUDIT_EVENT_CHANGED_IN_SOURCE: orders {changed} 1:" in said
    # A build publishes the same, row for row.
    house.succeed("--target", target, "dbt", "run", "--select", "+compliance_findings")
    published = house.rows(
        "select rule, entity, entity_key from marts.compliance_findings"
        " where rule like 'AUDIT%' or rule = 'STATUS_WITHOUT_EVENT'",
        target,
    )
    of_what_was_loaded = house.run("--target", target, "audit", "verify", "--as-loaded")
    said = " ".join(of_what_was_loaded.stdout.split())
    assert "IN_SOURCE" not in said
    assert len(published) == said.count("AUDIT_") + said.count("STATUS_WITHOUT_EVENT")
    # The next load of the source's own rows puts statuses right; the trail is append-only there.
    house.succeed("--target", target, "load", "bnpl", "--full-refresh")
    house.succeed("--target", target, "audit", "verify")


def test_what_is_done_to_the_trail_in_the_oltp_is_found(company_copy: House, target: str):
    """By somebody who may switch its trigger off, and who hashes what he writes anew or not."""
    house = company_copy
    [(changed,), (gone,)] = house.oltp_rows(
        "select entity_id::text from bnpl.audit_log where entity = 'orders' and sequence = 1"
        " and entity_id not in (select entity_id from bnpl.audit_log where sequence > 2)"
        " order by 1 limit 2"
    )
    house.succeed("--target", target, "load", "bnpl")
    assert "the source has each as it was" in house.succeed("--target", target, "audit", "verify")
    before = house.rows(f"select * from {LOG} order by id", target)
    for statement in (
        "alter table bnpl.audit_log disable trigger user",
        "update bnpl.audit_log set actor = 'nobody', amount = 1 where entity = 'orders'"
        f" and entity_id = '{changed}' and sequence = 1",
        f"delete from bnpl.audit_log where entity = 'orders' and entity_id = '{gone}'"
        " and sequence = 1",
        "alter table bnpl.audit_log enable trigger user",
    ):
        house.execute_oltp(statement)
    house.succeed("--target", target, "load", "bnpl")
    refused = house.run("--target", target, "audit", "verify")
    said = " ".join(refused.stdout.split())
    assert refused.returncode == 11, said
    assert f"AUDIT_EVENT_CHANGED_IN_SOURCE: orders {changed} 1:" in said
    assert f"AUDIT_EVENT_GONE_FROM_SOURCE: orders {gone} 1:" in said
    assert "does not hold in 2 places" in said
    # The trail that was loaded first is kept, and holds by itself.
    assert house.rows(f"select * from {LOG} order by id", target) == before
    house.succeed("--target", target, "audit", "verify", "--as-loaded")
    for heal in ((), ("--heal",)):
        found = house.run("--target", target, "reconcile", "bnpl", "audit_log", *heal)
        assert found.returncode == 7, found.stdout
        assert "1 surplus" in found.stdout and "1 changed" in found.stdout
    assert house.rows(f"select * from {LOG} order by id", target) == before
