"""A business of the demo company: what a package ``finhouse/demo/<domain>/`` has to offer.

To add one, add that folder; nothing lists the businesses by hand. It holds

- ``company.py``: a subclass of ``LivingBusiness`` with its ledgers, and what a day does to them,
- ``tables.py``: ``TABLES``, a ``Table`` for each ledger that the OLTP database shows and a
  ``Catalogue`` for each table that never changes; a new entity is called ``<domain>_<entity>``,
- ``truth.py``: ``figures``, the business's own account of itself, from its ledgers alone,
- ``__init__.py``: ``BUSINESS = Business(database=Database(...))``,

and beside it ``finhouse/oltp/schemas/<domain>.sql`` creates the schema and its empty tables, and
``finhouse/sources/<domain>.yml`` says how they are loaded. A business that drops files instead of
keeping tables, or as well, names them in ``Business(files=Files(...))``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import numpy as np
import psycopg

from finhouse.demo.clock import date_of, to_epoch
from finhouse.demo.declarations import Catalogue, Lived, Table, writing_order
from finhouse.demo.living import LivingBusiness
from finhouse.demo.tables import Tables
from finhouse.errors import ConfigurationError


@dataclass(frozen=True)
class Database:
    """What a business keeps in the OLTP database, in the schema of its domain.

    Attributes:
        company: its class; made from seed and scale.
        utc_offset: how far its local time is ahead of UTC; it has no daylight saving time.
        tables: all its tables, in the order in which the truth file counts them.
        figures: its own account of itself: figures from its ledgers, for the truth file.
    """

    company: type[LivingBusiness]
    utc_offset: timedelta
    tables: tuple[Catalogue | Table, ...]
    figures: Callable[[LivingBusiness], dict]

    def create_schema(
        self, connection: psycopg.Connection, domain: str, company: LivingBusiness
    ) -> None:
        """Create the schema, its tables and what is in its catalogues."""
        tables = self._tables(connection, domain, company)
        tables.create()
        for table in self.tables:
            if isinstance(table, Catalogue):
                table.fill(tables, company)

    def write_periods(
        self, connection: psycopg.Connection, domain: str, company: LivingBusiness, since: int
    ) -> int:
        """Write what the periods from ``since`` to now left behind; return the rows touched.

        The caller owns the transaction: rows and the company's marker become visible together.
        """
        tables = self._tables(connection, domain, company)
        lived = Lived(since, company.periods)
        return sum(table.write(tables, company, lived) for table in writing_order(self.tables))

    def clock(self, company: LivingBusiness) -> datetime:
        """The moment up to which the business has lived."""
        lived = int(to_epoch(np.array(company.now), self.utc_offset))
        return datetime.fromtimestamp(lived / 1000, UTC)

    def forget_written(self, company: LivingBusiness) -> None:
        """Drop what is queued and has been written: for a company that lived without writing."""
        for table in self.tables:
            if isinstance(table, Table) and table.is_queue:
                table.forget_written(company)

    def tell_truth(self, company: LivingBusiness) -> dict:
        """Rows of each table at the moment, the figures of the business, and what is marked."""
        return {
            "as_of_date": date_of(company.periods - 1).isoformat(),
            "seed": company.seed,
            "scale": company.scale,
            "source_rows": {
                table.name: table.count(company)
                for table in self.tables
                if isinstance(table, Catalogue) or not table.is_queue
            },
            **self.figures(company),
            "marked": self._marked(company),
            "periods": company.periods,
        }

    def _marked(self, company: LivingBusiness) -> dict[str, dict[str, list[str]]]:
        # Values follow from the ledgers: nothing is read, and nothing written.
        tables = Tables(None, "", company.seed, self.utc_offset)
        return {
            table.name: table.marked_values(tables, company) for table in self.tables if table.marks
        }

    def _tables(
        self, connection: psycopg.Connection, domain: str, company: LivingBusiness
    ) -> Tables:
        return Tables(connection, domain, company.seed, self.utc_offset)


@dataclass(frozen=True)
class Files:
    """What a business drops into the landing folder of its domain, once.

    Attributes:
        pattern: names of the files that extract-load reads there.
        manifest: file in the company's home that lists those that are ours.
        write: given folder, seed and scale, writes the files and returns their paths.
    """

    pattern: str
    manifest: str
    write: Callable[[Path, int, float], list[Path]]


@dataclass(frozen=True)
class Business:
    """One business: its part in the database, its files, or both."""

    database: Database | None = None
    files: Files | None = None


@cache
def businesses() -> dict[str, Business]:
    """All businesses by domain: each package beside this module is one.

    Raises:
        ConfigurationError: a package has no ``BUSINESS``.
    """
    package = __package__
    found = {}
    for module in iter_modules(import_module(package).__path__):
        if module.ispkg:
            business = getattr(import_module(f"{package}.{module.name}"), "BUSINESS", None)
            if not isinstance(business, Business):
                raise ConfigurationError(
                    f"package {package}.{module.name} is no business of the demo company: "
                    f"its BUSINESS is {business!r}",
                    "let its __init__.py define BUSINESS = Business(...), or move it elsewhere",
                )
            found[module.name] = business
    return found


def chosen(domains: Iterable[str] | None) -> dict[str, Business]:
    """The businesses of some domains; None takes all.

    Raises:
        ConfigurationError: the demo company has no such business.
    """
    known = businesses()
    wanted = set(known if domains is None else domains)
    for domain in sorted(wanted - known.keys()):
        raise ConfigurationError(
            f"the demo company has no business {domain!r}",
            f"choose from {', '.join(known)}",
        )
    return {domain: business for domain, business in known.items() if domain in wanted}
