"""Whatever happens in the source, in any order: after a load raw equals it."""

from __future__ import annotations

import psycopg
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from finhouse.extract_load import load_source
from tests.support.extract_load import INCREMENTAL, orders_yaml

IDS = st.integers(1, 6)
VALUES = st.one_of(st.none(), st.sampled_from(["", "a", "é", "b"]))
CHANGES = st.one_of(
    st.tuples(st.just("put"), IDS, VALUES),
    st.tuples(st.just("put in a late transaction"), st.integers(7, 12), VALUES),
    st.tuples(st.just("delete"), IDS, st.none()),
    st.tuples(st.just("truncate"), st.none(), st.none()),
    st.tuples(st.just("rewrite"), st.none(), st.none()),
    st.tuples(st.just("load"), st.none(), st.none()),
    st.tuples(st.just("commit the late transaction"), st.none(), st.none()),
)
PUT = "insert into shop.orders values (%s, %s) on conflict (id) do update set v = excluded.v"


def test_raw_equals_the_source_after_any_sequence(oltp_url, settings, warehouse, declare):
    folder = declare("shop", orders_yaml(INCREMENTAL))

    @hypothesis_settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(CHANGES, max_size=12))
    def check(changes):
        with (
            psycopg.connect(oltp_url, autocommit=True) as connection,
            psycopg.connect(oltp_url) as late,
        ):
            connection.execute("drop schema if exists shop cascade")
            connection.execute(
                "create schema shop; create table shop.orders (id bigint primary key, v text)"
            )
            late.execute("set lock_timeout = '1s'")
            late.commit()

            def load() -> None:
                load_source(
                    settings, "shop", oltp_url=oltp_url, warehouse=warehouse, definitions=folder
                )
                seen = warehouse.execute("select id, v from raw_shop.orders order by id")
                held = connection.execute("select id, v from shop.orders order by id").fetchall()
                assert seen == held

            for action, id_, value in changes:
                if action == "put":
                    connection.execute(PUT, (id_, value))
                elif action == "put in a late transaction":
                    late.execute(PUT, (id_, value))
                elif action == "commit the late transaction":
                    late.commit()
                elif action == "delete":
                    connection.execute("delete from shop.orders where id = %s", (id_,))
                elif action == "truncate":
                    late.commit()
                    connection.execute("truncate shop.orders")
                elif action == "rewrite":
                    late.commit()
                    connection.execute("vacuum (full, freeze) shop.orders")
                else:
                    load()
            late.commit()
            load()

    check()
