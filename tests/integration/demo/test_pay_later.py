"""The demo company's pay-later provider: alive, dirty on purpose, and in order where it must be."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise

import psycopg
import pytest

from finhouse import demo
from finhouse.demo.bnpl.audit import event_hash
from finhouse.demo.bnpl.settling import working_days_after
from finhouse.demo.clock import LAUNCH
from tests.reference.bnpl_plan_book import Plan, read_plans
from tests.support.warehouse import ThrowAwayServer

SCALE, SEED = 0.05, 7


@pytest.fixture(scope="module")
def grown(oltp_server: ThrowAwayServer, tmp_path_factory: pytest.TempPathFactory):
    """A provider that has lived three days beyond its first 18 months: URL and truth."""
    home = tmp_path_factory.mktemp("pay_later")
    url = oltp_server.create_database("pay_later")
    demo.create(url, scale=SCALE, seed=SEED, home=home, domains=["bnpl"])
    demo.advance(url, 3, home=home)
    return url, json.loads(demo.truth_file(home, "bnpl").read_text())


@pytest.fixture(scope="module")
def plans(grown) -> dict[str, Plan]:
    url, truth = grown
    return read_plans(lambda sql: query(url, sql), date.fromisoformat(truth["as_of_date"]))


def query(url: str, sql: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        connection.execute("set time zone 'Africa/Addis_Ababa'")
        return connection.execute(sql).fetchall()


def status(table: str, value: str, column: str = "status") -> str:
    return f"select count(*) from bnpl.{table} where upper(trim({column})) = '{value}'"


FACTS = {
    **{
        f"plans of type {kind}": status("payment_plans", kind, "plan_type")
        for kind in ("PAY_IN_4", "PAY_IN_30", "PAY_OVER_TIME", "PAY_IN_FULL")
    },
    **{
        f"plans that are {value}": status("payment_plans", value)
        for value in ("ACTIVE", "COMPLETED", "DEFAULTED", "CANCELLED")
    },
    **{
        f"orders that are {value}": status("orders", value)
        for value in ("CAPTURED", "CANCELLED", "REFUNDED", "PARTIALLY_REFUNDED")
    },
    **{
        f"verifications that are {value}": status("kyc_verifications", value)
        for value in ("SUBMITTED", "APPROVED", "REJECTED", "EXPIRED")
    },
    **{
        f"instalments that are {value}": status("installments", value)
        for value in ("PENDING", "OVERDUE", "PAID", "SKIPPED", "WRITTEN_OFF")
    },
    **{
        f"assessments that are {value}": status("credit_assessments", value, "decision")
        for value in ("APPROVED", "DECLINED", "REFERRED")
    },
    **{
        f"disputes for the {value}": status("disputes", value, "outcome")
        for value in ("MERCHANT", "CUSTOMER")
    },
    **{
        f"cash-back that is {value}": status("cashback_transactions", value, "kind")
        for value in ("EARNED", "REDEEMED", "EXPIRED", "REVERSED")
    },
    "levels of verification": "select count(distinct level) - 2 from bnpl.kyc_verifications",
    "customers assessed again": "select count(*) - count(distinct customer_id) "
    "from bnpl.credit_assessments where order_id is null",
    "payments that failed": status("payments", "FAILED"),
    "payments tried again": "select count(*) from bnpl.payments where attempt > 1",
    "charge-backs weeks later": "select count(*) from bnpl.payments "
    "where charged_back_at > settled_at + interval '3 weeks'",
    "deliveries that came twice": "select count(*) - count(distinct (idempotency_key, attempt)) "
    "from bnpl.payments",
    "keys with two successes": "select count(*) from (select idempotency_key from bnpl.payments "
    "where upper(trim(status)) = 'SUCCESS' group by 1 having count(*) > 1) as k",
    "payments booked late": "select count(*) from bnpl.payments "
    "where created_at > settled_at + interval '2 days'",
    "payments of one's own accord": "select count(*) from bnpl.payments "
    "where installment_id is null",
    "statuses as nobody should write them": "select count(*) from bnpl.payments "
    "where status <> upper(trim(status))",
    "plans that were re-scheduled": "select count(distinct plan_id) from bnpl.installments "
    "where version = 2",
    "fees": "select count(*) from bnpl.fee_assessments where waived_at is null",
    "fees that were waived": "select count(*) from bnpl.fee_assessments "
    "where waived_at is not null",
    "write-offs": "select count(*) from bnpl.payment_plans where written_off_at is not null",
    "recoveries": "select count(*) from bnpl.payments as p join bnpl.payment_plans as l "
    "on l.id = p.plan_id where p.settled_at::date > l.written_off_at::date",
    "orders refunded twice": "select count(*) from (select entity_id from bnpl.audit_log "
    "where event = 'REFUNDED' group by 1 having count(*) > 1) as twice",
    "plans dearer than allowed": "select count(*) from bnpl.payment_plans "
    "where contract_apr > 0.22",
    "interest where there must be none": "select count(*) from bnpl.installments as i "
    "join bnpl.payment_plans as p on p.id = i.plan_id where i.interest > 0 "
    "and upper(trim(p.plan_type)) <> 'PAY_OVER_TIME'",
    "large payments": "select count(*) - 2 from bnpl.payments "
    "where upper(trim(status)) = 'SUCCESS' and amount > 240000",
    "merchants that left": status("merchants", "CLOSED"),
    "settlements paid late": "select count(*) from bnpl.settlements "
    "where paid_at::date > due_on + 5",
    "settlements never paid": "select count(*) from bnpl.settlements "
    "where paid_at is null and due_on < date '2026-06-01'",
    "orders by virtual card": "select count(*) from bnpl.orders "
    "where channel = 'virtual_card' and product_id is null",
    "subscriptions that ended": "select count(*) from bnpl.premium_subscriptions "
    "where valid_to is not null",
    "holds": "select count(*) from bnpl.legal_holds where released_at is null",
    "reviews": "select count(distinct stars) - 4 from bnpl.reviews",
    "customers without a region": "select count(*) from bnpl.customers where region is null",
    "referred customers": "select count(*) from bnpl.customers "
    "where referred_by_customer_id is not null",
}


def test_it_looks_alive_and_dirty(grown):
    assert [name for name, sql in FACTS.items() if query(grown[0], sql)[0][0] <= 0] == []


def test_nothing_is_owed_before_the_checkout_is_paid(grown):
    """A plan with an instalment at checkout is active from the moment that this is paid."""
    [(count, wrong)] = query(
        grown[0],
        "select count(*), count(*) filter (where not exists (select from bnpl.payments as a "
        "where a.plan_id = p.id and a.settled_at = p.activated_at)) from bnpl.payment_plans as p "
        "where upper(trim(plan_type)) in ('PAY_IN_4', 'PAY_IN_FULL') and activated_at is not null",
    )
    assert count > 100 and wrong == 0
    assert query(
        grown[0],
        "select count(*) from bnpl.payment_plans as p join bnpl.orders as o on o.id = p.order_id "
        "where (p.activated_at is null) <> (o.captured_at is null)",
    ) == [(0,)]


def test_schedules_as_they_were_signed(grown):
    rows = query(
        grown[0],
        "select p.id, upper(trim(p.plan_type)), p.principal, p.contract_apr, p.term_months, "
        "p.created_at::date, i.due_date, i.principal, i.interest from bnpl.payment_plans as p "
        "join bnpl.installments as i on i.plan_id = p.id and i.version = 1 order by p.id, i.number",
    )
    signed = defaultdict(list)
    for plan, kind, principal, apr, months, day, due, part, interest in rows:
        signed[plan, kind, principal, apr, months, day].append((due, part, interest))
    for (plan, kind, principal, apr, months, day), lines in signed.items():
        days = [(due - day).days for due, _, _ in lines]
        parts = [part for _, part, _ in lines]
        assert sum(parts) == principal, plan
        if kind == "PAY_IN_4":
            assert days == [0, 14, 28, 42], plan
            assert parts[0] == parts[1] == parts[2] <= parts[3] < parts[0] + Decimal("0.04"), plan
        elif kind == "PAY_OVER_TIME":
            assert len(lines) == months, plan
            # The first of the month after: 28 to 31 days.
            assert all(28 <= b - a <= 31 for a, b in pairwise([0, *days])), plan
            payments = {part + interest for _, part, interest in lines[:-1]}
            assert len(payments) == 1, plan
            balance = principal
            for _, part, interest in lines:
                assert abs(interest - balance * apr / 12) <= Decimal("0.005"), plan
                balance -= part
        else:
            assert days == [30 if kind == "PAY_IN_30" else 0], plan


def test_truth_agrees_with_the_plan_book(grown, plans: dict[str, Plan]):
    """The provider's own account against a second implementation that reads the OLTP."""
    _, truth = grown
    told = truth["receivables"]
    assert len(told) >= 19
    for text, kinds in told.items():
        day = date.fromisoformat(text)
        sums: dict[str, dict[str, Decimal]] = {}
        for plan in plans.values():
            if plan.activated > day:
                continue
            state = plan.state(day)
            mine = sums.setdefault(plan.plan_type, defaultdict(Decimal))
            mine["plans"] += 1
            mine["active_plans"] += state.is_active
            mine["principal"] += state.principal
            mine["outstanding"] += state.outstanding_principal
            mine["interest_outstanding"] += state.outstanding_interest
            mine["fees_outstanding"] += state.outstanding_fee
            mine["receivable"] += state.receivable
            mine["credit_balance"] += state.credit_balance
            mine["refunded"] += state.refunded
            mine["written_off"] += state.written_off
            mine["repaid"] += state.repaid_principal
            mine["recovered"] += state.recovered
            mine["disputed"] += state.outstanding_principal if state.is_disputed else 0
            if state.is_active:
                mine[state.bucket] += state.outstanding_principal
        expected = {
            kind: {
                name: Decimal(str(value))
                for name, value in (figures | figures["buckets"]).items()
                if name != "buckets"
            }
            for kind, figures in kinds.items()
        }
        found = {kind: {name: mine[name] for name in expected[kind]} for kind, mine in sums.items()}
        assert found == expected, day
        assert all(
            state["principal"]
            == state["repaid"] + state["outstanding"] + state["written_off"] + state["refunded"]
            for state in found.values()
        ), day


def test_what_was_written_off_is_what_was_owed(grown, plans: dict[str, Plan]):
    rows = query(
        grown[0],
        "select id::text, written_off_at::date, written_off_amount from bnpl.payment_plans "
        "where written_off_at is not null",
    )
    assert rows
    for plan, day, amount in rows:
        assert plans[plan].state(day).written_off == amount > 0


def test_audit_log_can_be_checked_by_anybody(grown):
    rows = query(
        grown[0],
        "select entity, entity_id::text, sequence, event, coalesce(old_status, ''), "
        "coalesce(new_status, ''), coalesce(amount::text, ''), actor, "
        "(extract(epoch from occurred_at) * 1000)::bigint, coalesce(prev_hash, ''), hash "
        "from bnpl.audit_log order by entity, entity_id, sequence",
    )
    before: dict[tuple, tuple] = {}
    for entity, identifier, sequence, event, old, new, amount, actor, moment, prev, found in rows:
        number, last = before.get((entity, identifier), (0, ""))
        assert (sequence, prev) == (number + 1, last)
        parts = (sequence, entity, identifier, event, old, new, amount, actor, moment)
        assert event_hash(prev, *parts) == found
        before[entity, identifier] = (sequence, found)
    assert {entity for entity, _ in before} == {
        "orders",
        "payment_plans",
        "settlements",
        "disputes",
    }


@pytest.mark.parametrize(
    "change",
    [
        "update bnpl.audit_log set actor = 'nobody'",
        "delete from bnpl.audit_log where sequence = 1",
        "truncate bnpl.audit_log",
    ],
)
def test_audit_log_is_append_only(grown, change: str):
    with (
        psycopg.connect(grown[0]) as connection,
        pytest.raises(psycopg.errors.RaiseException, match=r"append-only: .* refused"),
    ):
        connection.execute(change)


def test_events_tell_the_state_that_the_tables_show(grown):
    for table, entity in (("orders", "orders"), ("payment_plans", "payment_plans")):
        assert query(
            grown[0],
            f"select count(*) from bnpl.{table} as t left join (select distinct on (entity_id) "
            f"entity_id, new_status from bnpl.audit_log where entity = '{entity}' "
            "order by entity_id, sequence desc) as e on e.entity_id = t.id "
            "where e.new_status is distinct from upper(trim(t.status))",
        ) == [(0,)], table


def test_settlements_hold_every_order_and_refund_once(grown):
    [(late, missing)] = query(
        grown[0],
        "select count(*) filter (where o.captured_at::date not between s.period_start "
        "and s.period_end), count(*) filter (where l.id is null and o.captured_at::date <= "
        "(select max(period_end) from bnpl.settlements)) from bnpl.orders as o "
        "left join bnpl.settlement_lines as l on l.order_id = o.id "
        "left join bnpl.settlements as s on s.id = l.settlement_id "
        "where o.captured_at is not null",
    )
    assert (late, missing) == (0, 0)
    assert query(
        grown[0],
        "select (select sum(refunds) from bnpl.settlements) - (select sum(amount) "
        "from bnpl.audit_log where event = 'REFUNDED' and occurred_at::date <= "
        "(select max(period_end) from bnpl.settlements))",
    ) == [(0,)]


def test_settlements_are_due_on_working_days():
    def after(day: str, count: int) -> date:
        number = working_days_after((date.fromisoformat(day) - LAUNCH).days, count)
        return date.fromordinal(LAUNCH.toordinal() + number)

    assert after("2026-05-24", 2) == date(2026, 5, 26)  # Sunday: Monday, Tuesday
    assert after("2026-05-24", 3) == date(2026, 5, 29)  # Eid and the 28th are holidays
    assert after("2026-05-29", 1) == date(2026, 6, 1)


def test_rewards_are_never_below_zero(grown):
    assert query(
        grown[0],
        "select count(*) from (select sum(case when upper(trim(kind)) = 'EARNED' then amount "
        "else -amount end) over (partition by account_id order by occurred_at, id) as owed "
        "from bnpl.cashback_transactions) as balances where owed < 0",
    ) == [(0,)]


def test_monthly_truth_agrees_with_plain_sql(grown):
    url, truth = grown
    until = f"date '{truth['as_of_date']}' + 1"
    refunds = "bnpl.audit_log where event = 'REFUNDED' and"
    queries = {
        "gmv": ("captured_at", "sum(amount)", "bnpl.orders where"),
        "orders_captured": ("captured_at", "count(*)", "bnpl.orders where"),
        "refunds": ("occurred_at", "sum(amount)", refunds),
        "plans_activated": ("activated_at", "count(*)", "bnpl.payment_plans where"),
        "written_off": ("written_off_at", "sum(written_off_amount)", "bnpl.payment_plans where"),
        "chargebacks": ("charged_back_at", "count(*)", "bnpl.payments where"),
        "fees_assessed": ("assessed_at", "sum(fee)", "bnpl.fee_assessments where"),
        "approved": (
            "assessed_at",
            "count(*)",
            "bnpl.credit_assessments where upper(trim(decision)) = 'APPROVED' and",
        ),
        "attempts_failed": (
            "initiated_at",
            "count(distinct (idempotency_key, attempt))",
            "bnpl.payments where upper(trim(status)) = 'FAILED' and",
        ),
    }
    for name, (moment, measure, source) in queries.items():
        found = dict(
            query(
                url,
                f"select to_char({moment}, 'YYYY-MM'), {measure} from {source} "
                f"{moment} < {until} group by 1",
            )
        )
        told = {month: Decimal(str(figures[name])) for month, figures in truth["monthly"].items()}
        assert any(told.values()), name
        assert {month: Decimal(found.get(month, 0)) for month in told} == told, name
