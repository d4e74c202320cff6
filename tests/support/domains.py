"""What a house for some of the domains has: theirs, and what belongs to all."""

from __future__ import annotations

from finhouse.domains import DBT_PROJECT, SELECTION, declared_domains, selected_domains
from finhouse.publish import PUBLISHED_SCHEMA
from tests.support.house import House

# Marts with a row of each domain.
OF_ALL_DOMAINS = ("kpi_catalogue", "kpi_scorecard", "kpi_monthly", "kpi_daily")


def selected(house: House) -> set[str]:
    """The domains that a house is for, and those they require."""
    return set(selected_domains({SELECTION: house.domains}))


def marts_for(domains: str) -> list[str]:
    """Names of the marts of some domains, separated by commas, and of those that belong to all."""
    others = declared_domains().keys() - set(selected_domains({SELECTION: domains}))
    files = (DBT_PROJECT / "models" / "marts").glob("*/*.sql")
    return sorted(path.stem for path in files if path.parent.name not in others)


def domains_in(house: House, mart: str) -> set[str]:
    """Domains of the rows of a mart that readers see."""
    rows = house.published_rows(f"select distinct domain from {PUBLISHED_SCHEMA}.{mart}")
    return {domain for (domain,) in rows}
