"""Classes go down from sources: what a column shows decides, and what is of groups is nobody's."""

from __future__ import annotations

from typing import Any

import pytest

from finhouse.dbt.inheritance import Inheritance
from finhouse.errors import ConfigurationError
from finhouse.sources import PostgresDefinition
from tests.support.lineage import compiled, model, source

SOURCE = PostgresDefinition.model_validate(
    {
        "kind": "postgres",
        "name": "shop",
        "schema": "shop",
        "tables": [
            {
                "name": "orders",
                "mode": "full",
                "personal_data": {"born": "mask"},
                "classes": {
                    "1a identity": ["born"],
                    "1b payment": ["total"],
                    "2 identity": ["customer_id", "region"],
                    "2 business": ["merchant_id"],
                    "3 technical": ["id", "placed_at"],
                },
            }
        ],
    }
)
COLUMNS = {
    "raw_shop.orders": [
        *("id", "born", "total", "customer_id", "region", "merchant_id", "placed_at"),
    ]
}
RAW = '"w"."raw_shop"."orders"'


def classes(sql: str, columns: dict[str, dict[str, Any]] | None = None) -> dict[str, str]:
    """Column of a mart -> its class; the mart reads the raw table by way of a staging model."""
    orders = source("shop", "orders")
    staged = model("stg_orders", "staging", f"select * from {RAW}", orders)
    # A raw table is read by name.
    names = ", ".join(COLUMNS["raw_shop.orders"])
    staged["compiled_code"] = f"select {names} from {RAW}"
    mart = model("mart", "marts", sql.replace("ORDERS", '"w"."staging"."stg_orders"'), staged)
    mart["columns"] = {
        name: {"name": name, "config": {"meta": meta}} for name, meta in (columns or {}).items()
    }
    found = Inheritance(compiled(orders, staged, mart), [SOURCE], COLUMNS)
    return {
        name: str(found.class_of("marts.mart", name))
        for name in found.queries.of("marts.mart").columns
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("total", "1b payment"),
        ("total * 2", "1b payment"),
        ("case when total > 5 then 'large' else 'small' end", "1b payment"),
        ("extract(year from born)", "1a identity"),
        ("coalesce(region, cast(total as text))", "1b payment"),
        ("sum(total) over (partition by region)", "1b payment"),
        ("placed_at", "3 technical"),
        ("'ETB'", "3 technical"),
    ],
)
def test_a_value_has_the_class_of_what_it_is_computed_from(value: str, expected: str):
    assert classes(f"select id, {value} as x from ORDERS")["x"] == expected


@pytest.mark.parametrize("group", ["region", "placed_at", "merchant_id", "date_trunc('day', born)"])
@pytest.mark.parametrize("figure", ["sum(total)", "count(distinct born)", "avg(total)"])
def test_a_figure_of_a_group_is_nobodys(group: str, figure: str):
    found = classes(f"select {group} as g, {figure} as x from ORDERS group by {group}")
    if "born" in group:
        # A group formed by what says who somebody is hides nobody.
        assert found["g"] == "1a identity"
        assert found["x"] != "3 business"
    else:
        assert found["x"] == "3 business"
        assert found["g"] in ("3 business", "3 technical")


@pytest.mark.parametrize("key", ["customer_id", "id", "md5(customer_id)", "region, customer_id"])
def test_a_figure_of_one_person_is_theirs(key: str):
    found = classes(f"select region as r, sum(total) as x from ORDERS group by region, {key}")
    assert found == {"r": "2 identity", "x": "1b payment"}


@pytest.mark.parametrize(
    "figure",
    [
        *("max(total)", "any_value(total)", "array_agg(total)", "mode(total)"),
        *("approx_top_k(total, 3)", "quantile_disc(total, 0.5)", "histogram(total)"),
    ],
)
def test_an_aggregate_that_shows_one_of_its_values_shows_somebodys(figure: str):
    assert classes(f"select region, {figure} as x from ORDERS group by region")["x"] == "1b payment"


DAYS = "(select date '2026-01-01' as d) as days"


@pytest.mark.parametrize(
    "query",
    [
        f"select o.id, days.d as x from ORDERS as o join {DAYS} on days.d = o.born",
        f"select o.id, days.d as x from ORDERS as o join {DAYS} on (cast(o.born as date) = days.d)",
        f"select o.id, days.d as x from ORDERS as o left join {DAYS} on days.d = o.born and 1 = 1",
        f"select o.id, days.d as x from {DAYS} right join ORDERS as o on days.d = o.born",
        f"select o.id, days.d as x from ORDERS as o, {DAYS} where days.d = o.born",
        f"select id, x from (select o.id, days.d as x from ORDERS as o, {DAYS} where x = o.born)",
        "select o.id, l.x from ORDERS as o, unnest([o.born]) as l(x)",
        "select id, unnest([born]) as x from ORDERS",
        "select o.id, l.x from ORDERS as o, lateral (select o.born as x) as l",
        "select o.id, l.x from ORDERS as o cross join lateral (values (o.born)) as l(x)",
    ],
)
def test_no_way_around_shows_a_value_as_another(query: str):
    assert classes(query)["x"] == "1a identity"


def test_a_list_that_is_kept_whoever_is_joined_to_it_shows_nobody():
    kept = f"select days.d as x, o.total from {DAYS} left join ORDERS as o on days.d = o.born"
    assert classes(kept) == {"x": "3 technical", "total": "1b payment"}


def test_what_was_summed_by_person_is_nobodys_once_it_is_summed_by_month():
    by_person = "select customer_id, placed_at, sum(total) as spent from ORDERS group by 1, 2"
    found = classes(
        f"with p as ({by_person})"
        " select placed_at, sum(spent) as x, max(spent) as y from p group by 1"
    )
    assert (found["x"], found["y"]) == ("3 business", "1b payment")


def test_a_figure_of_all_rows_is_nobodys():
    assert classes("select sum(total) as x from ORDERS") == {"x": "3 business"}
    assert classes("select distinct region from ORDERS") == {"region": "3 business"}
    assert classes("select distinct customer_id, region from ORDERS")["region"] == "2 identity"


def test_a_column_that_is_less_than_what_it_is_made_of_says_so_and_why():
    said = {"inherits": {"class": "2 identity", "because": "shared by many"}}
    found = classes("select id, extract(year from born) as x from ORDERS", {"x": said})
    assert found["x"] == "2 identity"


@pytest.mark.parametrize(
    "said",
    ["2 identity", {"class": "2 identity"}, {"class": "4 x", "because": "y"}, {"because": "y"}],
)
def test_a_class_without_a_reason_is_refused(said: object):
    with pytest.raises(ConfigurationError, match=r"mart\.x: meta\.inherits") as error:
        classes("select total as x from ORDERS", {"x": {"inherits": said}})
    assert "because" in str(error.value.remedy)
