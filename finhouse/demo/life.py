"""Create the demo company in a database and let it live on.

The marker in schema ``demo`` says what is there: seed, scale and periods lived in
``demo.company``, the domains of its businesses in ``demo.businesses``. All of them stand at the
same period. One process at a time lives it: builds on two targets begin with the same company.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql

from finhouse.console import Progress, console
from finhouse.demo.business import Database, businesses, chosen
from finhouse.demo.clock import date_of
from finhouse.demo.living import LivingBusiness
from finhouse.errors import ConfigurationError, SourceError
from finhouse.files import read_json, write_whole
from finhouse.warehouse.tls import require_tls

FIRST_LIFE_DAYS = 546  # launch to 2026-06-30: 18 months
STATE_FILE = "company.pickle"
# What a company can have whose marker is older than the list of its businesses.
UNLISTED_DOMAINS = ("wallet", "microfinance")
Companies = dict[str, LivingBusiness]
# Of the session, so that it goes with the process; waited for, as the other one does our work.
_ONE_AT_A_TIME = "select pg_advisory_lock(hashtextextended('finhouse demo company', 0))"


@dataclass(frozen=True)
class DemoReport:
    """Where the company stands, and how many OLTP rows were written to bring it there."""

    seed: int
    scale: float
    as_of_date: date
    rows_written: int

    @property
    def message(self) -> str:
        """One line for the user."""
        what = f"{self.rows_written:,} rows written" if self.rows_written else "nothing to do"
        return f"demo company at scale {self.scale:g} has lived to {self.as_of_date}; {what}"


@dataclass(frozen=True)
class Status:
    """What the marker in the database says."""

    seed: int
    scale: float
    periods: int
    domains: frozenset[str]


def truth_file(home: Path, domain: str) -> Path:
    """The file in which a business tells the truth about itself."""
    return home / f"truth_{domain}.json"


def status(url: str) -> Status | None:
    """The demo company in a database; None where there is none.

    Raises:
        SourceError: the database cannot be reached.
    """
    with _connect(url) as connection:
        return _status(connection)


def create(
    url: str,
    *,
    scale: float | None,
    seed: int,
    home: Path,
    domains: Iterable[str] | None = None,
) -> DemoReport:
    """Fill an empty database with the company's first 18 months, or finish what was begun.

    A business that is missing in a company already there is added and lives up to the day of the
    others; one that is there stays, selected or not. Its rows are the same in either case.

    Args:
        url: the OLTP database.
        scale: size, 1 = 20,000 users of the wallet; None takes the company that is there, else 1.
        seed: the company's character.
        home: folder of the truth files.
        domains: businesses it must have; None for all.

    Raises:
        ConfigurationError: there is no business of such a domain, the schema of one exists and is
            not ours, or the company there has another scale.
    """
    wanted = {name for name, business in chosen(domains).items() if business.database}
    with _connect(url) as connection:
        connection.execute(_ONE_AT_A_TIME)
        found = _status(connection)
        if found and scale is not None and scale != found.scale:
            raise ConfigurationError(
                f"the OLTP holds a demo company of scale {found.scale:g}, not {scale:g}",
                f"go on with SCALE={found.scale:g}, or start afresh with `make clean`",
            )
        missing = wanted - found.domains if found else wanted
        _refuse_foreign_schemas(connection, missing)
        if found is None:
            found = Status(seed, 1.0 if scale is None else scale, 0, frozenset(wanted))
            companies, written = _create(connection, found), 0
        else:
            companies = _recall(found, home)
            written = sum(_add(connection, found, companies, name) for name in sorted(missing))
        until = max(FIRST_LIFE_DAYS, found.periods)
        return _live_until(connection, found, companies, until, home, written)


def advance(url: str, days: int, *, home: Path) -> DemoReport:
    """Let the company live so many more days, with all its businesses.

    Raises:
        ConfigurationError: there is no company, or its first 18 months are not finished.
    """
    with _connect(url) as connection:
        connection.execute(_ONE_AT_A_TIME)
        found = _status(connection)
        if found is None or found.periods < FIRST_LIFE_DAYS:
            raise ConfigurationError(
                "there is no complete demo company in this database",
                "create it first: make build, or `finhouse demo`",
            )
        companies = _recall(found, home)
        return _live_until(connection, found, companies, found.periods + days, home)


def _connect(url: str) -> psycopg.Connection:
    require_tls(url, "OLTP_URL")
    try:
        return psycopg.connect(url, autocommit=True)
    except psycopg.ProgrammingError as error:
        raise SourceError(
            "the URL of the OLTP is malformed",
            "write OLTP_URL as postgresql://user:password@host:port/database",
        ) from error
    except psycopg.OperationalError as error:
        raise SourceError(
            f"cannot connect to the OLTP: {error}", "check OLTP_URL and that the server runs"
        ) from error


def _status(connection: psycopg.Connection) -> Status | None:
    if not _exists(connection, "demo.company"):
        return None
    marker = connection.execute("select seed, scale, periods from demo.company").fetchone()
    if _exists(connection, "demo.businesses"):
        domains = {name for (name,) in connection.execute("select domain from demo.businesses")}
    else:
        domains = _schemas(connection, UNLISTED_DOMAINS)
    for domain in sorted(domains - businesses().keys()):
        raise ConfigurationError(
            f"the demo company in this database has a business {domain!r}, which this version of "
            "finhouse does not know",
            "use the version that created it, or start afresh with `make clean`",
        )
    return Status(*marker, frozenset(domains))


def _exists(connection: psycopg.Connection, relation: str) -> bool:
    return connection.execute("select to_regclass(%s)", (relation,)).fetchone()[0] is not None


def _schemas(connection: psycopg.Connection, names: Iterable[str]) -> set[str]:
    """Those of the names that are schemas of the database."""
    found = connection.execute(
        "select nspname from pg_namespace where nspname = any(%s)", (list(names),)
    )
    return {name for (name,) in found}


def _refuse_foreign_schemas(connection: psycopg.Connection, domains: set[str]) -> None:
    for domain in sorted(_schemas(connection, domains)):
        raise ConfigurationError(
            f"schema {domain} exists in this database and is not the demo company's",
            "point OLTP_URL at an empty database; your own is loaded by `make build`",
        )


def _create(connection: psycopg.Connection, founded: Status) -> Companies:
    """Create the marker, and the schema of each business."""
    companies = {name: _founded(name, founded) for name in sorted(founded.domains)}
    with connection.transaction():
        connection.execute("create schema demo")
        connection.execute(
            "create table demo.company (seed integer, scale double precision, periods integer)"
        )
        connection.execute(
            "insert into demo.company values (%s, %s, 0)", (founded.seed, founded.scale)
        )
        for name, company in companies.items():
            _database(name).create_schema(connection, name, company)
        _list_businesses(connection, companies)
    return companies


def _add(connection: psycopg.Connection, found: Status, companies: Companies, domain: str) -> int:
    """Add a business to the company; return the rows written."""
    company = companies[domain] = _founded(domain, found)
    # One transaction: it is there as a whole, on the day of the others, or not at all.
    with connection.transaction():
        _database(domain).create_schema(connection, domain, company)
        _list_businesses(connection, companies)
        return _live(connection, {domain: company}, replace(found, periods=0), found.periods)


def _list_businesses(connection: psycopg.Connection, domains: Iterable[str]) -> None:
    """Say in the marker that these businesses belong to the company."""
    connection.execute("create table if not exists demo.businesses (domain text primary key)")
    connection.execute(
        "insert into demo.businesses select unnest(%s::text[]) on conflict do nothing",
        (list(domains),),
    )


def _database(domain: str) -> Database:
    return businesses()[domain].database


def _founded(domain: str, found: Status) -> LivingBusiness:
    return _database(domain).company(found.seed, found.scale)


def _recall(found: Status, home: Path) -> Companies:
    """The businesses as they stood: from the state file, or by living again without writing.

    The marker in the database is what counts; a state file that is older or newer (a killed run)
    is not used.
    """
    try:
        remembered = pickle.loads((home / STATE_FILE).read_bytes())
        stand = (found.seed, found.scale, found.periods)
        companies = {
            name: company
            for name, company in remembered.items()
            if name in found.domains and (company.seed, company.scale, company.periods) == stand
        }
    # Bytes that are no pickle of ours raise whatever they happen to mean.
    except Exception:
        companies = {}
    again = {name: _founded(name, found) for name in sorted(found.domains - companies.keys())}
    progress = Progress("recalling the company's life", found.periods if again else 0, "days")
    for _ in range(found.periods if again else 0):
        for company in again.values():
            company.live()
        progress.advance(1)
    for name, company in again.items():
        _database(name).forget_written(company)
    return companies | again


def _live_until(
    connection: psycopg.Connection,
    found: Status,
    companies: Companies,
    periods: int,
    home: Path,
    written: int = 0,
) -> DemoReport:
    """Live up to a number of periods, then tell the truth."""
    written += _live(connection, companies, found, periods, move_marker=True)
    # Also where nothing was lived: a company of an older version has no clock.
    _set_clock(connection, companies)
    if written or not all(_told(home, name, periods) for name in companies):
        write_whole(home / STATE_FILE, pickle.dumps(companies))
        for name, company in companies.items():
            truth = json.dumps(_database(name).tell_truth(company), indent=1)
            write_whole(truth_file(home, name), truth)
        connection.execute("analyze")
    return DemoReport(found.seed, found.scale, date_of(periods - 1), written)


def _live(
    connection: psycopg.Connection,
    companies: Companies,
    found: Status,
    until: int,
    move_marker: bool = False,
) -> int:
    """Let businesses live on from where they were found; return the rows written."""
    at_once = max(1, min(30, int(30 / found.scale)))
    progress = Progress("living", until - found.periods, "days")
    written = 0
    for since in range(found.periods, until, at_once):
        days = min(at_once, until - since)
        # One transaction: the rows of all businesses and the marker become visible together.
        with connection.transaction():
            for name, company in companies.items():
                for _ in range(days):
                    company.live()
                written += _database(name).write_periods(connection, name, company, since)
            if move_marker:
                connection.execute("update demo.company set periods = %s", (since + days,))
                _set_clock(connection, companies)
        progress.advance(days)
    return written


def _set_clock(connection: psycopg.Connection, companies: Companies) -> None:
    """Say in the database what time it is in the company: what extract-load has read up to."""
    clocks = [_database(name).clock(company) for name, company in companies.items()]
    if clocks:
        connection.execute(
            sql.SQL("alter database {} set finhouse.clock = {}").format(
                sql.Identifier(connection.info.dbname), sql.Literal(max(clocks).isoformat())
            )
        )


def _told(home: Path, domain: str, periods: int) -> bool:
    """Whether a business's truth file is there, whole, and of this day."""
    file = truth_file(home, domain)
    if not file.exists():
        return False
    try:
        told = read_json(file, lambda found: found["periods"], SourceError, "")
    except SourceError as error:
        console.print(f"  {error.message}: it is written anew", markup=False)
        return False
    return told == periods
