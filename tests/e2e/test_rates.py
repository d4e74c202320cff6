"""Rates of return: published answers, through the macro, on both engines."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.house import TARGETS, House

pytestmark = pytest.mark.full

# Regular months, and a first one that is 19 days longer: its 30th parts are those of a month.
LOANS = {
    "apr_1": (5000, 230, range(1, 25)),
    "apr_2": (6000, 200, [19 / 30 + month for month in range(1, 37)]),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("rates"), domains="wallet")
    yield made
    made.server.stop()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rates(house: House, target: str, flows: dict[str, list[tuple[float, float]]]) -> dict:
    """The rate of each key, or none, as the macro finds it."""
    rows = ", ".join(
        f"('{key}', {time!r}e0, {amount})" for key, some in flows.items() for time, amount in some
    )
    sql = (
        f"with flows as (select * from (values {rows}) as flow (name, flow_time, flow_amount)), "
        "{{ xirr_newton('flows', 'name') }} select * from xirr_rates"
    )
    printed = house.succeed(
        *("--target", target, "dbt", "--quiet", "show", "--inline", sql),
        *("--limit", "1000", "--output", "json"),
    )
    found = json.loads(printed[printed.index("{") :])["show"]
    return {row["name"]: None if row["rate"] is None else float(row["rate"]) for row in found}


def sign_changes(amounts: list[float]) -> int:
    signs = [amount > 0 for amount in amounts if amount]
    return sum(before != after for before, after in pairwise(signs))


@pytest.mark.parametrize("target", TARGETS)
def test_published_internal_rates_of_return(house: House, real_data: Path, target: str):
    """No rate is wrong. One that six steps do not find is null, and no loan's."""
    dated = defaultdict(list)
    for row in read(real_data / "reference" / "xirr_flows.csv"):
        dated[row["case"]].append((date.fromisoformat(row["date"]), float(row["amount"])))
    flows = {}
    for case, some in dated.items():
        first = min(day for day, _ in some)
        flows[case] = [((day - first).days / 365, amount) for day, amount in sorted(some)]
    known = {
        row["case"]: float(row["xirr"]) for row in read(real_data / "reference" / "xirr_rates.csv")
    }
    found = rates(house, target, flows)
    assert found.keys() == known.keys() and len(known) == 20
    for case, rate in known.items():
        if found[case] is not None:
            assert found[case] == pytest.approx(rate, abs=1e-9), case
        else:
            assert sign_changes([amount for _, amount in flows[case]]) > 1, case
    assert sum(rate is not None for rate in found.values()) == 10


@pytest.mark.parametrize("target", TARGETS)
def test_nominal_rates_of_regulation_z(house: House, real_data: Path, target: str):
    """Twelve times the rate of a month, as Appendix J has it, to its two decimals."""
    answers = {
        row["case"]: float(row["answer"])
        for row in read(real_data / "reference" / "textbook_answers.csv")
        if row["case"] in LOANS
    }
    flows = {
        case: [(0.0, -principal), *((float(time), payment) for time in times)]
        for case, (principal, payment, times) in LOANS.items()
    }
    found = rates(house, target, flows)
    assert {case: round(1200 * rate, 2) for case, rate in found.items()} == answers
