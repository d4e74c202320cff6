"""Who sees which columns: the file of clearances, and what it makes of a mart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from finhouse.clearances import declared_masks, read_clearances, shown_columns
from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT, Settings

MART = {
    "name": "people",
    "config": {"meta": {"data_class": "personal"}},
    "columns": {
        "person_id": {"data_type": "string"},
        "signup_date": {"data_type": "date", "config": {"meta": {"generalise": "month"}}},
        "birth_date": {"data_type": "date"},
        "nickname": {"data_type": "string", "config": {"meta": {"generalise": "month"}}},
        "channel": {"data_type": "string", "config": {"meta": {"data_class": "internal"}}},
        "revenue": {"data_type": "numeric(20, 2)", "meta": {"data_class": "confidential"}},
        "currency_code": {"data_type": "string"},
    },
}


@pytest.mark.parametrize(
    ("clearance", "hidden"),
    [
        ("internal", {"person_id", "signup_date", "birth_date", "nickname", "revenue"}),
        ("confidential", {"person_id", "signup_date", "birth_date", "nickname"}),
    ],
)
def test_what_is_above_a_clearance_is_hidden(clearance: str, hidden: set[str]):
    columns = list(shown_columns(MART, clearance))
    assert [column.name for column in columns] == list(MART["columns"])
    assert {column.name for column in columns if column.hidden_class} == hidden
    # A text has no month: it is hidden as a whole.
    assert {column.name for column in columns if column.generalised_to} == {"signup_date"}


def own_roles() -> set[str]:
    """Those that the project's SQL makes, but for the one that is an example of a clearance."""
    made = re.compile(r"create role (?:if not exists )?(finhouse_\w+)")
    files = (PROJECT_ROOT / "roles").glob("*.sql")
    return {name for path in files for name in made.findall(path.read_text())} - {
        "finhouse_analyst"
    }


def written(folder: Path, text: str) -> Path:
    path = folder / "clearances.yml"
    path.write_text(text)
    return path


def test_the_file_that_comes_with_the_project_masks_for_nobody(tmp_path: Path):
    shipped = Settings(home=tmp_path, landing=tmp_path).clearances
    assert read_clearances(shipped) == {}
    # What its comment shows is what is taken.
    example = "\n".join(
        line.removeprefix("#   ")
        for line in shipped.read_text().splitlines()
        if line.startswith("#   ")
    )
    assert read_clearances(written(tmp_path, example)) == {
        "finhouse_analyst": "internal",
        "finhouse_controller": "confidential",
    }


def test_roles_of_one_clearance_share_what_is_selected(tmp_path: Path):
    path = written(tmp_path, "clearances: {one: internal, other: internal}")
    masks = declared_masks(path, {"people": MART})
    assert masks.roles == {"one": "internal", "other": "internal"}
    assert list(masks.selects) == ["internal"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clearances: [", "is no YAML"),
        ("", "has not the one key clearances"),
        ("clearances:", "has not the one key clearances"),
        ("clearances: {}\nroles: {}", "has not the one key clearances"),
        ("clearances: {analyst: secret}", "the clearance of analyst is 'secret'"),
        ("clearances: {analyst: personal}", "a role that sees everything is not named here"),
        ("clearances: {analyst: public}", "use internal or confidential"),
        ("clearances: {'a; drop role b': internal}", "is no name of a role"),
        ("clearances: {Analyst: internal}", "small letters"),
        ("clearances: {7: internal}", "7 is no name of a role"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, message: str):
    with pytest.raises(ConfigurationError) as refused:
        read_clearances(written(tmp_path, text))
    assert message in f"{refused.value} {refused.value.remedy}"


@pytest.mark.parametrize("role", sorted(own_roles()))
def test_a_role_of_the_project_itself_has_no_clearance(tmp_path: Path, role: str):
    """It would lose what it reads, and with it the dashboards, say."""
    with pytest.raises(ConfigurationError, match=f"{role} is a role of the project itself"):
        read_clearances(written(tmp_path, f"clearances: {{{role}: internal}}"))


@pytest.mark.parametrize(
    "role",
    [
        *("public", "none", "accountadmin", "sysadmin", "securityadmin", "useradmin", "orgadmin"),
        *("user", "current_user", "select", "table", "qualify", "pg_read_all_data", "snowflake"),
    ],
)
def test_a_role_of_an_engine_has_no_clearance(tmp_path: Path, role: str):
    with pytest.raises(ConfigurationError, match=f"{role} is a role or a word of an engine's own"):
        read_clearances(written(tmp_path, f"clearances: {{{role}: internal}}"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_clearances(tmp_path / "nowhere.yml")
