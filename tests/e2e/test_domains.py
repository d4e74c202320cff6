"""A finhouse for one domain, and what that requires: nothing of the others is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from finhouse.domains import DBT_PROJECT, SELECTION, declared_domains, selected_domains
from finhouse.oltp import oltp_url
from finhouse.pipeline import BuildOptions, live
from finhouse.publish import PUBLISHED_SCHEMA
from tests.support.house import House, marts

pytestmark = pytest.mark.full

DOMAINS = declared_domains()


def selected(house: House) -> set[str]:
    """The domain that a house is for, and those it requires."""
    return set(selected_domains({SELECTION: house.domains}))


@pytest.fixture(scope="module", params=DOMAINS)
def lone_house(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[House]:
    """A house built for one domain, from a database that holds no schema of another."""
    house = House(tmp_path_factory.mktemp("domain") / request.param, request.param)
    url = oltp_url(house.settings())
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(SELECTION, house.domains)
        live(house.settings(), url, BuildOptions(scale=0.02))
    for other in DOMAINS.keys() - selected(house):
        house.execute_oltp(f"drop schema if exists {other} cascade")
    printed = house.succeed("build", env={"OLTP_URL": url})
    labels = {name for name, entry in DOMAINS.items() if f"scorecard: {entry['label']}" in printed}
    assert labels == selected(house)
    yield house
    house.server.stop()


def test_marts_are_those_of_the_domain_and_of_all(lone_house: House):
    files = (DBT_PROJECT / "models" / "marts").glob("*/*.sql")
    others = DOMAINS.keys() - selected(lone_house)
    assert marts(lone_house) == sorted(
        path.stem for path in files if path.parent.name not in others
    )


def test_no_schema_or_load_of_another_domain_is_there(lone_house: House):
    schemas = {
        schema
        for (schema,) in lone_house.rows(
            "select schema_name from information_schema.schemata where schema_name like 'raw_%'"
        )
    }
    raw = {f"raw_{domain}" for domain in selected(lone_house)}
    assert schemas == {*raw, "raw_operations", "raw_seeds"}
    assert lone_house.succeed("sources").split() == sorted(selected(lone_house))


@pytest.mark.parametrize("mart", ["kpi_catalogue", "kpi_scorecard", "kpi_monthly", "kpi_daily"])
def test_kpis_are_those_of_the_domain(lone_house: House, mart: str):
    domains = lone_house.published_rows(f"select distinct domain from {PUBLISHED_SCHEMA}.{mart}")
    assert {domain for (domain,) in domains} == selected(lone_house)


def test_unit_tests_and_dashboards_are_those_of_the_domain(lone_house: House):
    # The domain's own models are the same SQL as ever; the shared ones are written for it.
    shared = ("--exclude", *(f"path:models/*/{domain}" for domain in selected(lone_house)))
    lone_house.succeed("dbt", "--warn-error", "test", "--select", "test_type:unit", *shared)
    lone_house.succeed("dashboards", "check")
