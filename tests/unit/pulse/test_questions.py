"""Questions are answered, come back with candidates, or are refused: never guessed."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from finhouse.domains import declared_domains
from finhouse.pulse.questions.catalogue import (
    Catalogue,
    catalogue_of,
    declared_breakdowns,
    synonyms,
)
from finhouse.pulse.questions.grammar import (
    MOST_CANDIDATES,
    Ambiguous,
    NotUnderstood,
    Reading,
    understand,
)
from finhouse.pulse.questions.sql import sql_of
from finhouse.pulse.questions.words import is_one_edit_away, put_right, stem, tokens
from finhouse.settings import PROJECT_ROOT

QUESTIONS = yaml.safe_load((Path(__file__).parent / "questions.yml").read_text())
ENTRIES = PROJECT_ROOT / "dbt_project" / "seeds" / "kpi" / "kpi_catalogue_entries.csv"
AS_OF = dict.fromkeys(declared_domains(), date(2026, 6, 30))
# Of each domain the KPIs that have values by day; the seed says nothing of grains.
BY_DAY_ONLY = {"daily_transaction_volume", "dau", "wau", "daily_active_merchants"}
BY_DAY = BY_DAY_ONLY | {
    *("new_users", "revenue", "fraud_rate", "success_rate", "total_transactions", "uptime_rate"),
    *("new_customers", "inventory_stockout_incidents"),
}


def entries() -> list[dict[str, Any]]:
    with ENTRIES.open(encoding="utf-8", newline="") as file:
        return [
            {
                **entry,
                "has_monthly_values": entry["kpi_code"] not in BY_DAY_ONLY,
                "has_daily_values": entry["kpi_code"] in BY_DAY,
            }
            for entry in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogue_of(entries(), declared_domains())


def test_there_are_sixty_questions_and_fifteen_to_be_refused():
    assert len({entry["ask"] for entry in QUESTIONS}) == len(QUESTIONS) >= 60
    assert sum("refused" in entry for entry in QUESTIONS) >= 15


@pytest.mark.parametrize("entry", QUESTIONS, ids=lambda entry: entry["ask"])
def test_a_question(entry: dict[str, Any], catalogue: Catalogue):
    found = understand(entry["ask"], catalogue, AS_OF)
    if "reading" in entry:
        assert isinstance(found, Reading), found
        assert str(found) == " ".join(entry["reading"].split())
    elif "ambiguous" in entry:
        assert isinstance(found, Ambiguous), found
        assert list(found.candidates) == entry["ambiguous"]
        assert len(found.candidates) <= MOST_CANDIDATES
    else:
        assert isinstance(found, NotUnderstood), found
        if isinstance(entry["refused"], str):
            assert entry["refused"] in found.why
        else:
            assert list(found.unknown_words) == entry["refused"]


def test_whatever_is_refused_says_why_and_what_is_near(catalogue: Catalogue):
    found = understand("average revenue for each user", catalogue, AS_OF)
    assert isinstance(found, NotUnderstood)
    assert found.why and "Revenue per user" in found.nearest


@pytest.mark.parametrize("name", [entry["kpi_code"] for entry in entries()])
def test_every_kpi_can_be_asked_for_by_its_name(name: str, catalogue: Catalogue):
    """By name and domain: no name hides another one."""
    kpi = catalogue.kpis[name]
    asked = f"{kpi.name} {kpi.domain.replace('_', ' ')}"
    found = understand(asked, catalogue, AS_OF)
    if isinstance(found, Ambiguous):
        assert any(candidate.startswith(f"{kpi.name},") for candidate in found.candidates)
    else:
        assert isinstance(found, Reading), (asked, found)
        assert found.kpi.code == name


def test_a_kpi_of_a_domain_that_is_not_selected_does_not_exist():
    found = understand("PAR 30", catalogue_of(entries(), ["wallet"]), AS_OF)
    assert isinstance(found, NotUnderstood)


def test_synonyms_and_breakdowns_name_kpis_that_there_are():
    codes = {entry["kpi_code"] for entry in entries()}
    assert {code for _, code in synonyms()} <= codes
    assert declared_breakdowns().keys() <= codes
    assert len(set(synonyms())) == len(synonyms())


@pytest.mark.parametrize(
    ("ask", "parts"),
    [
        ("mau", ["kpi_code = 'mau'", "is_complete_period", "recency <= 1"]),
        ("mau since 2026-01", [">= CAST('2026-01-01' AS DATE)", "<= CAST('2026-06-30' AS DATE)"]),
        ("uptime below 99.9%", ["value < 0.999", "recency <= 12"]),
        ("burn vs target", ["target"]),
        ("revenue vs the month before", ["LAG(value)", "previous_value"]),
        ("revenue vs last year", ["value_last_year"]),
        ("success rate by bank", ["bank_name", "SUM(completed_transaction_count)", "NULLIF("]),
        ("disbursed amount by product in 2025", ["loan_product", "SUM(disbursed_amount)"]),
    ],
)
@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_the_sql_of_a_reading(ask: str, parts: list[str], dialect: str, catalogue: Catalogue):
    found = understand(ask, catalogue, AS_OF)
    assert isinstance(found, Reading), found
    sql = " ".join(sql_of(found, dialect).split())
    assert [part for part in parts if part not in sql] == []


def test_a_question_is_no_place_for_sql(catalogue: Catalogue):
    for hostile in ("mau'; drop table x; --", "mau\x00", "mau " * 200, "💥", ""):
        assert not isinstance(understand(hostile, catalogue, AS_OF), Reading), hostile


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("How many new users?", "how many new user"),
        ("Jan-Jun 2026", "jan to jun 2026"),
        ("1,000,000 users' deliveries", "1,000,000 user delivery"),
        ("PAR30 > 5%", "par 30 > 5 %"),
        ("bank's fees", "bank fee"),
        ("chiffre élevé", "chiffre élevé"),
        ("mau>=900", "mau >= 900"),
        ("2026-06-30", "2026-06-30"),
    ],
)
def test_tokens(text: str, words: str):
    assert " ".join(tokens(text)) == words


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("users", "user"), ("this", "this"), ("loss", "loss"), ("branches", "branch"), ("was", "was")],
)
def test_stems(plural: str, singular: str):
    assert stem(plural) == singular


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("revenu", "revenue", True),
        ("revneue", "revenue", True),
        ("revenoo", "revenue", False),
        ("rezenue", "revenue", True),
        ("revenue", "revenue", False),
        ("evenue", "revenue", True),
    ],
)
def test_one_edit(one: str, other: str, near: bool):
    assert is_one_edit_away(one, other) is near


def test_two_words_that_are_as_near_are_not_guessed():
    assert put_right("monthl", {"monthly"}) == "monthly"
    assert put_right("stack", {"stock", "stick"}) is None
    assert put_right("mao", {"mau"}) is None, "too short to tell"
