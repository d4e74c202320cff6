"""Which two texts are the same SQL."""

from __future__ import annotations

import pytest

from finhouse.gate.sql_text import bare

SAME = [
    ("select  1\n", "select 1"),
    ("select a, -- the first\n b from t", "select a, b from t"),
    ("select a /* it's */ from t", "select a from t"),
    ("select a from t -- the end", "select a from t"),
    ("{# why, and {{ how }} #}\nselect a", "select a"),
    ("select 'it''s -- here' -- not here", "select 'it''s -- here'"),
    ("select a -- {# no #}\n, b", "select a , b"),
]
DIFFERENT = [
    ("select 'a  b'", "select 'a b'"),
    ("select '--a'", "select '--b'"),
    ('select "a -- b"', 'select "a"'),
    ("select a -- b\n, c", "select a -- b, c"),
    ("-- {{ f() }}\nselect 1", "-- {{ g() }}\nselect 1"),
    ("-- {{ f() }}\nselect 1", "select 1"),
    ("-- {{ f() }}\nselect 1", "-- {{ f() }} select 1"),
    ("/* {% if a %} */ select 1", "select 1"),
    ("selecta", "select a"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_comments_and_layout_do_not_count(one: str, other: str):
    assert bare(one) == bare(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_all_else_counts(one: str, other: str):
    assert bare(one) != bare(other)
