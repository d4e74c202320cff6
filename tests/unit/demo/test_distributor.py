"""The distributor's own arithmetic of scores and classes, which the marts are held against."""

from __future__ import annotations

import numpy as np

from finhouse.demo.commerce.company import Company
from finhouse.demo.commerce.truth import classes, scores, segment_of
from finhouse.demo.commerce.vocabulary import CANCELLATION, SALE, TEXT_TYPE


def test_equal_values_have_equal_scores():
    assert scores(np.array([10, 20, 30, 40, 50, 60])).tolist() == [1, 2, 3, 4, 5, 5]
    assert scores(np.array([1, 2, 1, 2, 1])).tolist() == [1, 4, 1, 4, 1]
    assert scores(np.array([7])).tolist() == [1]


def test_classes_go_by_the_share_before():
    amounts = np.array([10, 40, 40, 10, 0, -500])
    names = np.array([4, 1, 2, 3, 5, 6])
    assert classes(amounts, names).tolist() == ["B", "A", "A", "B", "C", "C"]


def test_every_pair_of_scores_has_one_of_nine_segments():
    found = {segment_of(r, v, v) for r in range(1, 6) for v in range(1, 6)}
    assert len(found) == 9
    assert segment_of(5, 5, 4) == segment_of(5, 4, 3) == "Champions"
    assert segment_of(5, 1, 1) == "New Customers"
    assert segment_of(1, 1, 1) == "Hibernating"


def test_stock_is_never_negative_and_mistakes_are_taken_back_exactly():
    company = Company(seed=7, scale=0.02)
    for _ in range(150):
        company.live()
    assert company.levels["on_hand"].min() == 0
    lines = company.lines
    is_sale = TEXT_TYPE[lines["text"]] == SALE
    assert (lines["shipped"] <= lines["ordered"])[is_sale].all()
    mistakes = lines.take(np.flatnonzero(lines["is_mistake"]))
    kind = TEXT_TYPE[mistakes["text"]]
    assert (kind == SALE).sum() == (kind == CANCELLATION).sum() > 0
    assert mistakes["ordered"].sum() == mistakes["shipped"].sum() == mistakes["sales"].sum() == 0
    waited = mistakes["created"][kind == CANCELLATION] - mistakes["created"][kind == SALE]
    assert set(waited.tolist()) == {16 * 60 * 1000}
