"""A finhouse for one domain, and what that requires: nothing of the others is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from finhouse.domains import declared_domains
from tests.support.copies import copied
from tests.support.domains import OF_ALL_DOMAINS, domains_in, marts_for, selected
from tests.support.house import House, marts

pytestmark = pytest.mark.full

DOMAINS = declared_domains()
# Their houses, which were never for another domain, are built by the tests of time zones and of
# merchants' files: what they publish is asked there.
LONE_ELSEWHERE = ("wallet", "merchant_activity")


@pytest.fixture(scope="module", params=[name for name in DOMAINS if name not in LONE_ELSEWHERE])
def lone_house(
    request: pytest.FixtureRequest, built_company: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The company's house, now for one domain; what is shared is built and published for it.

    The domain's own models are the same SQL on the same rows as ever.
    """
    with copied(built_company, tmp_path_factory.getbasetemp(), request.param) as house:
        own = [f"path:models/*/{domain}" for domain in selected(house)]
        house.succeed("dbt", "--warn-error", "build", "--quiet", "--exclude", *own)
        house.succeed("publish")
        yield house


def test_marts_are_those_of_the_domain_and_of_all(lone_house: House):
    assert marts(lone_house) == marts_for(lone_house.domains)


def test_nothing_of_another_domain_is_loaded_or_missed(lone_house: House, tmp_path: Path):
    for other in DOMAINS.keys() - selected(lone_house):
        lone_house.execute_oltp(f"drop schema if exists {other} cascade")
    loaded = House(tmp_path / "loaded", lone_house.domains)
    url = lone_house.server.url("oltp")
    loaded.succeed("load", env={"OLTP_URL": url, "PULSE_URL": url})
    schemas = {
        schema
        for (schema,) in loaded.rows(
            "select schema_name from information_schema.schemata where schema_name like 'raw_%'"
        )
    }
    # The monitors are of no domain.
    sources = {*selected(lone_house), "pulse"}
    assert schemas == {*(f"raw_{source}" for source in sources), "raw_operations"}
    assert lone_house.succeed("sources").split() == sorted(sources)


@pytest.mark.parametrize("mart", OF_ALL_DOMAINS)
def test_kpis_are_those_of_the_domain(lone_house: House, mart: str):
    assert domains_in(lone_house, mart) == selected(lone_house)


def test_scorecards_are_those_of_the_domain(lone_house: House):
    printed = lone_house.succeed("scorecard")
    labels = {name for name, entry in DOMAINS.items() if f"scorecard: {entry['label']}" in printed}
    assert labels == selected(lone_house)
