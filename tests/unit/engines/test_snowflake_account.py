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
