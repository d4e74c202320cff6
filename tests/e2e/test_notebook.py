"""The notebook runs from its first cell to its last, and its figures are the published ones."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from finhouse.settings import PROJECT_ROOT
from tests.support.house import House

NOTEBOOK = PROJECT_ROOT / "notebooks" / "kpis.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def ran(company: House) -> dict[str, Any]:
    """The names that the cells leave behind, each run in the order of the page."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINHOUSE_HOME", str(company.home))
        for cell in CELLS:
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    return names


def test_it_is_kept_without_outputs():
    code = [cell for cell in CELLS if cell["cell_type"] == "code"]
    assert code and all(not cell["outputs"] and cell["execution_count"] is None for cell in code)


def test_a_month_is_the_ratio_of_the_sums_of_its_days(ran: dict[str, Any]):
    rows = ran["success"].fetchall()
    assert len(rows) == 12
    for month, published, ratio_of_sums, _, _ in rows:
        assert abs(published - ratio_of_sums) <= Decimal("0.000001"), month
    assert any(published != mean for _, published, _, mean, _ in rows)


def test_users_of_days_are_more_than_users_of_the_month(ran: dict[str, Any]):
    rows = ran["active"].fetchall()
    assert len(rows) == 12
    assert all(user_days > users > 0 for _, users, user_days, _, _ in rows)


def test_the_youngest_month_of_activation_is_not_complete(ran: dict[str, Any]):
    rows = ran["activation"].fetchall()
    assert [complete for *_, complete, _ in rows] == [False] + [True] * (len(rows) - 1)
    assert all(0 < activated <= over for _, activated, over, *_ in rows)


def test_it_can_change_nothing(ran: dict[str, Any]):
    with pytest.raises(Exception, match="read-only"):
        ran["db"].execute("create table published.mine as select 1")
