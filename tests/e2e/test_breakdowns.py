"""What a KPI is kept by adds up to the KPI: a breakdown is no second definition."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finhouse.pulse.questions.catalogue import Breakdown, declared_breakdowns
from tests.support.house import House

# Half a unit of the eighth decimal, as values are rounded to it.
ROUNDING = Decimal("6e-9")
KEPT = sorted(
    {(code, one.mart): one for code, ways in declared_breakdowns().items() for one in ways}.items()
)


@pytest.mark.parametrize(
    ("code", "breakdown"),
    [(code, breakdown) for (code, _), breakdown in KEPT],
    ids=[f"{code}-{mart}" for (code, mart), _ in KEPT],
)
def test_values_by_a_dimension_add_up_to_the_kpi(company: House, code: str, breakdown: Breakdown):
    sums = ", ".join(f"sum({part})" for part in breakdown.parts)
    whole = {
        month: parts
        for month, *parts in company.published_rows(
            f"select {breakdown.period}, {sums} from published.{breakdown.mart} group by 1"
        )
    }
    values = company.published_rows(
        "select month_start, value from published.kpi_monthly "
        f"where kpi_code = '{code}' and is_complete_period order by month_start"
    )
    assert len(values) > 12
    for month, value in values:
        over, *under = whole[month]
        if value is None:
            assert under == [0]
        else:
            assert abs(Decimal(over) / (Decimal(under[0]) if under else 1) - value) < ROUNDING, (
                month
            )
