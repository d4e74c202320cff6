"""What `finhouse new` guesses: names, personal data, and where dbt_project.yml grows."""

from __future__ import annotations

import pytest

from finhouse.errors import ConfigurationError
from finhouse.extract_load.columns import SourceColumn
from finhouse.scaffold.catalogue import CatalogueColumn
from finhouse.scaffold.names import check_name, singular, snake_case
from finhouse.scaffold.personal_data import guess
from finhouse.scaffold.project import enable
from finhouse.scaffold.text import described, scalar

PROJECT = """\
models:
  finhouse:
    staging:
      +schema: staging
      wallet:
        +enabled: &wallet >-
          {{ ('wallet' in env_var('FINHOUSE_DOMAINS', 'wallet').split(','))
          | as_bool }}
    intermediate:
      wallet: {+enabled: *wallet}
    marts:
      +contract:
        enforced: true
      wallet: {+enabled: *wallet}

sources:
  finhouse:
    staging:
      wallet: {+enabled: *wallet}

seeds:
  finhouse:
    wallet: {+enabled: *wallet}
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Order Details", "order_details"),
        ("CustomerID", "customer_id"),
        ("HTTPServer", "http_server"),
        ("ship-name", "ship_name"),
        ("Straße", "strasse"),
        ("2FA-Code", "n2_fa_code"),
        ("日本", ""),
    ],
)
def test_a_name_of_a_database_becomes_one_of_ours(name: str, expected: str) -> None:
    assert snake_case(name) == expected


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("order_details", "order_detail"),
        ("branches", "branch"),
        ("statuses", "status"),
        ("categories", "category"),
        ("addresses", "address"),
        ("status", "status"),
        ("staff", "staff"),
    ],
)
def test_one_row_is_named_in_the_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="has 64 characters"):
        check_name("table", "a" * 64)


@pytest.mark.parametrize(
    ("table", "column", "kind", "rule"),
    [
        ("customers", "name", "text", "omit"),
        ("products", "name", "text", None),
        ("customers", "email", "text", "omit"),
        ("customers", "is_email_verified", "bool", None),
        ("customers", "email_verified_at", "timestamptz", None),
        ("customers", "address_id", "int4", None),
        ("customers", "home_address", "text", "omit"),
        ("customers", "date_of_birth", "date", "mask"),
        ("customers", "postal_code", "text", "mask"),
        ("accounts", "account_number", "varchar", "omit"),
        ("accounts", "iban", "bpchar", "omit"),
        ("users", "national_id", "text", "omit"),
        ("users", "api_key_hash", "text", "omit"),
        ("users", "token", "text", "omit"),
        ("sessions", "client", "inet", "omit"),
        ("shops", "place", "point", "mask"),
        ("orders", "shipping_method", "text", None),
        ("orders", "status", "text", None),
    ],
)
def test_personal_data_is_guessed_by_name_and_type(
    table: str, column: str, kind: str, rule: str | None
) -> None:
    guessed = guess(table, CatalogueColumn(SourceColumn(column, kind, kind, True)))
    assert (guessed and guessed[0]) == rule


def test_a_domain_is_built_when_it_is_chosen() -> None:
    once = enable(PROJECT, "cards", ("staging", "intermediate"))
    assert (
        "          | as_bool }}\n"
        "      cards:\n"
        "        +enabled: &cards >-\n"
        "          {{ ('cards' in env_var('FINHOUSE_DOMAINS', 'cards').split(',')) | as_bool }}\n"
        "    intermediate:\n"
        "      wallet: {+enabled: *wallet}\n"
        "      cards: {+enabled: *cards}\n"
    ) in once
    assert once.count("      cards: {+enabled: *cards}\n") == 2, "models and sources, no marts"
    twice = enable(once, "cards", ("marts",))
    assert twice.count("      cards: {+enabled: *cards}\n") == 3
    assert enable(twice, "cards", ("marts",)) == twice


def test_text_is_quoted_where_yaml_would_read_something_else() -> None:
    assert [scalar(value) for value in ("new", "no", "it's", "a b")] == [
        "new",
        "'no'",
        "'it''s'",
        "'a b'",
    ]
    assert described("", 4) == ['    description: ""']
    assert described("One: {{ x }} # y", 4) == [
        "    description: >-",
        "      One: { { x } } # y",
    ]
