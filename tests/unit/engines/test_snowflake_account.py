"""Which Snowflake the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.engines.snowflake_account import configured_account
from finhouse.errors import ConfigurationError

USER = {"SNOWFLAKE_ACCOUNT": "org-house", "SNOWFLAKE_USER": "builder"}


def test_no_account_is_named():
    assert configured_account({"SNOWFLAKE_USER": "builder", "SNOWFLAKE_ACCOUNT": ""}) is None


def test_secrets_travel_by_names_that_dbt_masks():
    account = configured_account(USER | {"SNOWFLAKE_PASSWORD": "s3cret", "SNOWFLAKE_ROLE": ""})
    assert account is not None
    assert account.variables == USER | {
        "SNOWFLAKE_DATABASE": "finhouse",
        "DBT_ENV_SECRET_SNOWFLAKE_PASSWORD": "s3cret",
    }
    assert account.location == "snowflake org-house/FINHOUSE"
    assert not account.is_emulated
    assert "s3cret" not in repr(account)


def test_a_key_pair_needs_no_password(tmp_path: Path):
    key = tmp_path / "key.p8"
    key.write_text("a key")
    account = configured_account(USER | {"SNOWFLAKE_PRIVATE_KEY_PATH": str(key)})
    assert account is not None
    assert account.variables["SNOWFLAKE_PRIVATE_KEY_PATH"] == str(key)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"SNOWFLAKE_ACCOUNT": "org-house"}, "SNOWFLAKE_USER is not set"),
        (USER, "nothing to log in with to Snowflake as builder"),
        (USER | {"SNOWFLAKE_PRIVATE_KEY_PATH": "/nowhere.p8"}, "names /nowhere.p8"),
    ],
)
def test_half_an_account_is_refused(given: dict[str, str], message: str):
    with pytest.raises(ConfigurationError, match=message):
        configured_account(given)


def test_raw_tables_are_shipped_by_another_user_where_one_is_named(tmp_path: Path):
    """With a key of its own: the one of who builds is not lent."""
    keys = {name: tmp_path / f"{name}.p8" for name in ("build", "load")}
    for key in keys.values():
        key.write_text("a key")
    builder = USER | {
        "SNOWFLAKE_ROLE": "finhouse_transformer",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(keys["build"]),
        "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": "s3cret",
    }
    account = configured_account(
        builder
        | {
            "SNOWFLAKE_LOADER_USER": "loader",
            "SNOWFLAKE_LOADER_ROLE": "finhouse_loader",
            "SNOWFLAKE_LOADER_PRIVATE_KEY_PATH": str(keys["load"]),
        }
    )
    assert account is not None
    assert account.loader_variables == {
        "SNOWFLAKE_ACCOUNT": "org-house",
        "SNOWFLAKE_DATABASE": "finhouse",
        "SNOWFLAKE_USER": "loader",
        "SNOWFLAKE_ROLE": "finhouse_loader",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(keys["load"]),
    }
    assert account.variables["SNOWFLAKE_ROLE"] == "finhouse_transformer"
    assert not [name for name in account.variables if "LOADER" in name]
    with pytest.raises(ConfigurationError, match="to Snowflake as loader") as refused:
        configured_account(builder | {"SNOWFLAKE_LOADER_USER": "loader"})
    assert "SNOWFLAKE_LOADER_PRIVATE_KEY_PATH" in str(refused.value.remedy)


def test_another_role_of_the_same_user_ships_raw_tables():
    account = configured_account(
        USER | {"SNOWFLAKE_PASSWORD": "s3cret", "SNOWFLAKE_LOADER_ROLE": "finhouse_loader"}
    )
    assert account is not None
    assert account.loader_variables == account.variables | {"SNOWFLAKE_ROLE": "finhouse_loader"}
