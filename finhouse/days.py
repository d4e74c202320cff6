"""Which days a build speaks for, and the build of a past day beside what readers see."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

from finhouse.console import console, step
from finhouse.dbt.process import run_dbt
from finhouse.errors import ConfigurationError, TransformError
from finhouse.publish import Publication, publish
from finhouse.settings import Settings
from finhouse.transform import build_marts
from finhouse.warehouse import connect
from finhouse.warehouse.base import quoted
from finhouse.warehouse.building import only_build

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_PERIODS = "int_domain_periods"


@dataclass(frozen=True)
class Span:
    """The days a build speaks for in a domain; both are None while it has no complete day."""

    domain: str
    first: date | None
    last: date | None

    def __contains__(self, day: date) -> bool:
        return self.first is not None and self.last is not None and self.first <= day <= self.last

    def __str__(self) -> str:
        if self.first is None or self.last is None:
            return f"{self.domain}: no complete day"
        if self.last < self.first:
            return f"{self.domain}: no day yet, it begins on {self.first}"
        return f"{self.domain}: {self.first} to {self.last}"


def built_spans(settings: Settings) -> list[Span]:
    """The days that the models of the warehouse speak for as they were last built."""
    with connect(settings) as warehouse:
        rows = warehouse.execute(
            f"select domain, first_date, as_of_date from {settings.schema_prefix}intermediate."
            f"{_PERIODS} order by domain"
        )
    return [Span(*row) for row in rows]


def tell_spans(settings: Settings) -> None:
    """Print the days that the last build speaks for; a bridged engine keeps them to itself."""
    if settings.is_bridged:
        return
    for span in built_spans(settings):
        console.print(f"  speaks for {span}", markup=False)


def settings_aside(settings: Settings, name: str) -> Settings:
    """Settings of a publication that is made beside the readers' own, under a name.

    Raises:
        ConfigurationError: it is no name, or the target is a bridged engine.
    """
    if settings.is_bridged:
        raise ConfigurationError(
            f"target {settings.target} cannot build a past day beside the marts of the readers",
            "build it on duckdb or postgres, whose numbers are the same: --target duckdb",
        )
    if not _NAME.fullmatch(name) or name == settings.published_path.stem:
        raise ConfigurationError(
            f"{name!r} is no name of a publication aside",
            "write small letters, digits and underscores, as --publish-as march_2026",
        )
    return replace(settings, aside=name)


def publish_past_day(aside: Settings, as_of: date) -> Publication:
    """Build the marts as of a past day from what is loaded, and publish them under a name.

    What readers see, and the models it was built from, stay as they are. The marts go into
    ``published/<name>.duckdb``, or into schema ``published_<name>`` of a Postgres warehouse; a
    publication that is there under the name is replaced.

    Args:
        aside: as ``settings_aside`` makes them.
        as_of: the business day; one that some domain has lived to its end.

    Raises:
        ConfigurationError: no domain speaks for the day.
        TransformError: a model or test failed; nothing is published.
        PublishError: as ``publish``.
    """
    with only_build(aside, "build of a past day"), _schemas_dropped(aside):
        with step(f"dbt build as of {as_of}, beside the marts of the readers"):
            _refuse_unlived(aside, as_of)
            build_marts(aside, as_of=as_of)
            tell_spans(aside)
        with step(f"Publish as {aside.aside}"), connect(aside) as warehouse:
            published = publish(aside, warehouse)
    shutil.rmtree(aside.dbt_output)
    return published


def _refuse_unlived(aside: Settings, as_of: date) -> None:
    """Check that some domain speaks for the day, from what is loaded now.

    Raises:
        ConfigurationError: none does.
        TransformError: dbt could not find out.
    """
    if run_dbt(aside, ["run", "--quiet", "--select", f"+{_PERIODS}"]):
        raise TransformError(
            "dbt could not find out which days are loaded", "run `make build`, which loads them"
        )
    spans = built_spans(aside)
    if not any(as_of in span for span in spans):
        raise ConfigurationError(
            f"no domain speaks for {as_of}: it is before the first day or after the last complete"
            " one of each\n" + "\n".join(f"  {span}" for span in spans),
            "name a day of these",
        )


@contextmanager
def _schemas_dropped(aside: Settings) -> Iterator[None]:
    """Drop the schemas that the models were built in, however it ends."""
    try:
        yield
    finally:
        with connect(aside) as warehouse:
            found = warehouse.execute(
                "select schema_name from information_schema.schemata"
                f" where starts_with(schema_name, '{aside.schema_prefix}')"
            )
            for schema in sorted({name for (name,) in found}):
                warehouse.execute(f"drop schema {quoted(schema)} cascade")
