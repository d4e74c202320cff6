"""Questions are answered, come back with candidates, or are refused: never guessed."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from finhouse.domains import declared_domains
from finhouse.errors import ConfigurationError
from finhouse.pulse.guard import PublishedTables, checked
from finhouse.pulse.questions import grammar, periods
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
from finhouse.pulse.questions.sql import sql_of, watched
from finhouse.pulse.questions.words import is_one_edit_away, put_right, stem, tokens
from finhouse.settings import PROJECT_ROOT

QUESTIONS = yaml.safe_load((Path(__file__).parent / "questions.yml").read_text())
ENTRIES = PROJECT_ROOT / "dbt_project" / "seeds" / "kpi" / "kpi_catalogue_entries.csv"
DIALECTS = ("duckdb", "postgres")
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


def test_the_docs_count_the_questions():
    assert len({entry["ask"] for entry in QUESTIONS}) == len(QUESTIONS)
    refused = sum("refused" in entry for entry in QUESTIONS)
    ambiguous = sum("ambiguous" in entry for entry in QUESTIONS)
    told = (PROJECT_ROOT / "docs" / "decisions" / "pulse.md").read_text(encoding="utf-8")
    assert (
        f"{len(QUESTIONS)} written questions are a test, of which {refused} are to be refused and "
        f"{ambiguous} to come back with candidates"
    ) in " ".join(told.split())


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
        (
            "success rate by bank",
            ["bank_name", "SUM(completed_transaction_count)", "NULLIF(", ", 8))"],
        ),
        (
            "disbursed amount by product in 2025",
            ["loan_product", "SUM(disbursed_amount)", "currency_code"],
        ),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_of_a_reading(ask: str, parts: list[str], dialect: str, catalogue: Catalogue):
    found = understand(ask, catalogue, AS_OF)
    assert isinstance(found, Reading), found
    sql = " ".join(sql_of(found, dialect).split())
    assert [part for part in parts if part not in sql] == []


def test_values_by_a_dimension_have_the_digits_of_the_marts(catalogue: Catalogue):
    def asked(question: str) -> list[tuple[Any, ...]]:
        found = understand(question, catalogue, AS_OF)
        assert isinstance(found, Reading), found
        return connection.execute(sql_of(found, "duckdb")).fetchall()

    connection = duckdb.connect()
    connection.execute(
        "create schema published; create table published.bank_performance_monthly as "
        "select date '2026-06-01' as month_start, 'A' as bank_name, "
        "2 as completed_transaction_count, 3 as transaction_count, "
        "1.5::numeric(20, 2) as volume_amount, unnest(['ZAR', 'USD']) as currency_code"
    )
    connection.execute(
        "create table published.kpi_monthly as select date '2026-06-01' as month_start, "
        "unnest(['success_rate', 'monthly_transaction_volume']) as kpi_code, "
        "true as is_complete_period"
    )
    june = date(2026, 6, 1)
    assert asked("success rate by bank") == [(june, "A", Decimal("0.66666667"))]
    assert sorted(asked("monthly transaction volume by bank")) == [
        (june, "A", Decimal("1.50000000"), currency) for currency in ("USD", "ZAR")
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_guard_lets_values_by_a_dimension_through(dialect: str, catalogue: Catalogue):
    columns = ("month_start", "bank_name", "currency_code", "volume_amount")
    counts = ("completed_transaction_count", "transaction_count")
    complete = ("kpi_code", "month_start", "is_complete_period")
    tables = PublishedTables(
        {"bank_performance_monthly": (*columns, *counts), "kpi_monthly": complete}, {}
    )
    for question in ("success rate by bank", "monthly transaction volume by bank"):
        found = understand(question, catalogue, AS_OF)
        assert isinstance(found, Reading), found
        assert "value" in checked(sql_of(found, dialect), tables, dialect).columns


def test_every_word_of_a_pattern_is_known(catalogue: Catalogue):
    """Else a slip of a letter would be seen in it, and it would be read as another word."""
    patterns = [
        *(*grammar._GRAINS.values(), grammar._NO_GRAIN, grammar._COMPARED, grammar._THRESHOLD),
        *(pattern for pattern, _ in periods._RULES),
    ]
    words = {
        word
        for pattern in patterns
        for word in re.findall(r"(?<![\\<a-z])[a-z]+(?![a-z>])", pattern.pattern)
    }
    assert {"billion", "exceeding", "beginning", "quarterly", "september", "compare"} <= words
    assert words - grammar._WORDS == set()


@pytest.mark.parametrize("word", sorted(grammar._EXACT))
def test_a_slip_makes_no_number_and_no_other_side_of_it(word: str, catalogue: Catalogue):
    slip = f"{word}x"
    asked = understand(f"mau {slip}", catalogue, AS_OF)
    assert not isinstance(asked, Reading), asked


@pytest.mark.parametrize(
    ("ask", "dropped"),
    [("mau above 5 in 2025", "a period"), ("mau above 5 vs last year", "a comparison")],
)
def test_a_monitor_of_a_question_drops_no_part_of_it(ask: str, dropped: str, catalogue: Catalogue):
    reading = understand(ask, catalogue, AS_OF)
    assert isinstance(reading, Reading), reading
    with pytest.raises(ConfigurationError, match=dropped):
        watched(reading, "duckdb")


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
        ("above .5, -3 +4 1-5", "above .5 -3 +4 1 - 5"),
        ("99,9 300.000 in 2026.", "99,9 300.000 in 2026"),
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
