"""The demo company: businesses that live in the OLTP database, and merchant files.

Each business tells the truth about itself in ``truth_<business>.json``, computed from its own
ledgers.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from finhouse.console import Progress, console
from finhouse.demo import microfinance, wallet
from finhouse.demo.activities import write_activity_files
from finhouse.demo.clock import date_of
from finhouse.errors import ConfigurationError, SourceError

__all__ = [
    "DemoReport",
    "advance",
    "create",
    "ensure_activity_files",
    "status",
    "truth_file",
    "write_activity_files",
]

FIRST_LIFE_DAYS = 546  # launch to 2026-06-30: 18 months
# Each business is a module of its own: Company, create_schema, write_periods, tell_truth. It lives
# in the OLTP schema of its name.
BUSINESSES = {"wallet": wallet, "microfinance": microfinance}
Companies = dict[str, wallet.Company | microfinance.Company]
STATE_FILE = "company.pickle"
MANIFEST_FILE = "activity_files.json"
ACTIVITY_DAYS = 3


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


def truth_file(home: Path, business: str) -> Path:
    """The file in which a business tells the truth about itself."""
    return home / f"truth_{business}.json"


def status(url: str) -> Status | None:
    """The demo company in a database; None where there is none.

    Raises:
        SourceError: the database cannot be reached.
    """
    with _connect(url) as connection:
        return _status(connection)


def create(url: str, *, scale: float | None, seed: int, home: Path) -> DemoReport:
    """Fill an empty database with the company's first 18 months, or finish what was begun.

    Args:
        url: the OLTP database.
        scale: size, 1 = 20,000 users; None takes the company that is there, else 1.
        seed: the company's character.
        home: folder of the truth files.

    Raises:
        ConfigurationError: a schema of a business exists and is not ours, or the company there has
            another scale.
    """
    with _connect(url) as connection:
        found = _status(connection)
        if found is None:
            companies = _founded(seed, 1.0 if scale is None else scale)
            with connection.transaction():
                _create_schemas(connection, companies)
        elif scale is not None and scale != found.scale:
            raise ConfigurationError(
                f"the OLTP holds a demo company of scale {found.scale:g}, not {scale:g}",
                f"go on with SCALE={found.scale:g}, or start afresh with `make clean`",
            )
        else:
            companies = _recall(found, home)
        lived = 0 if found is None else found.periods
        return _live_until(connection, companies, max(FIRST_LIFE_DAYS, lived), home)


def advance(url: str, days: int, *, home: Path) -> DemoReport:
    """Let the company live so many more days.

    Raises:
        ConfigurationError: there is no company, or its first 18 months are not finished.
    """
    with _connect(url) as connection:
        found = _status(connection)
        if found is None or found.periods < FIRST_LIFE_DAYS:
            raise ConfigurationError(
                "there is no complete demo company in this database",
                "create it first: make build, or `finhouse demo`",
            )
        companies = _recall(found, home)
        return _live_until(connection, companies, found.periods + days, home)


def ensure_activity_files(
    landing: Path, *, seed: int, scale: float, home: Path, withdraw: Callable[[str], None]
) -> None:
    """Put merchant files into an empty landing folder; take ours back once others lie there.

    Invented numbers are never mixed with real ones.

    Args:
        landing: the folder extract-load reads.
        seed, scale: the company's character and size.
        home: folder of the list of our files.
        withdraw: removes the rows of a file, by its name, from the raw layer.
    """
    manifest = home / MANIFEST_FILE
    ours = set(json.loads(manifest.read_text())) if manifest.exists() else set()
    present = {path.name for path in landing.glob("*.csv")}
    if present - ours:
        for name in sorted(ours):
            (landing / name).unlink(missing_ok=True)
            withdraw(name)
        if ours:
            console.print("  files of your own are there: the demo's merchant files are withdrawn")
        # Last, so that a run killed before here takes the rest back next time.
        manifest.unlink(missing_ok=True)
    elif not present:
        files = write_activity_files(
            landing,
            days=ACTIVITY_DAYS,
            rows_per_day=max(500, int(20_000 * scale)),
            seed=seed,
            start=date(2026, 6, 28),
        )
        _write_whole(manifest, json.dumps([path.name for path in files]).encode())


def _connect(url: str) -> psycopg.Connection:
    try:
        return psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        raise SourceError(
            f"cannot connect to the OLTP: {error}", "check OLTP_URL and that the server runs"
        ) from error


def _status(connection: psycopg.Connection) -> Status | None:
    present = {
        name
        for (name,) in connection.execute(
            "select nspname from pg_namespace where nspname = any(%s)", (list(BUSINESSES),)
        )
    }
    if connection.execute("select to_regclass('demo.company')").fetchone()[0]:
        for business in BUSINESSES.keys() - present:
            raise ConfigurationError(
                f"the demo company in this database was created without its {business} business",
                "start afresh with `make clean`",
            )
        return Status(
            *connection.execute("select seed, scale, periods from demo.company").fetchone()
        )
    for business in sorted(present):
        raise ConfigurationError(
            f"schema {business} exists in this database and is not the demo company's",
            "point OLTP_URL at an empty database; your own is loaded by `make build`",
        )
    return None


def _founded(seed: int, scale: float) -> Companies:
    return {name: business.Company(seed, scale) for name, business in BUSINESSES.items()}


def _create_schemas(connection: psycopg.Connection, companies: Companies) -> None:
    """Create the schema of each business, and schema ``demo`` with the company's marker."""
    for name, company in companies.items():
        BUSINESSES[name].create_schema(connection, company)
    connection.execute("create schema demo")
    connection.execute(
        "create table demo.company (seed integer, scale double precision, periods integer)"
    )
    connection.execute("insert into demo.company values (%s, %s, 0)", (company.seed, company.scale))


def _recall(found: Status, home: Path) -> Companies:
    """The businesses as they stood: from the state file, or by living again without writing.

    The marker in the database is what counts; a state file that is older or newer (a killed run)
    is not used.
    """
    try:
        companies = pickle.loads((home / STATE_FILE).read_bytes())
        stand = {name: (c.seed, c.scale, c.periods) for name, c in companies.items()}
        if stand == dict.fromkeys(BUSINESSES, (found.seed, found.scale, found.periods)):
            return companies
    except (OSError, pickle.UnpicklingError, AttributeError, EOFError, ImportError):
        pass
    companies = _founded(found.seed, found.scale)
    progress = Progress("recalling the company's life", found.periods, "days")
    for _ in range(found.periods):
        for company in companies.values():
            company.live()
        progress.advance(1)
    for company in companies.values():
        company.forget_written()
    return companies


def _live_until(
    connection: psycopg.Connection, companies: Companies, periods: int, home: Path
) -> DemoReport:
    """Live up to a number of periods, writing some at a time, then tell the truth."""
    first = next(iter(companies.values()))
    at_once = max(1, min(30, int(30 / first.scale)))
    progress = Progress("living", periods - first.periods, "days")
    written = 0
    while first.periods < periods:
        since = first.periods
        days = min(at_once, periods - since)
        # One transaction: the rows of all businesses and the marker become visible together.
        with connection.transaction():
            for name, company in companies.items():
                for _ in range(days):
                    company.live()
                written += BUSINESSES[name].write_periods(connection, company, since)
            connection.execute("update demo.company set periods = %s", (first.periods,))
        progress.advance(days)
    if written or not all(_told(home, name, periods) for name in companies):
        _write_whole(home / STATE_FILE, pickle.dumps(companies))
        for name, company in companies.items():
            truth = BUSINESSES[name].tell_truth(company) | {"periods": periods}
            _write_whole(truth_file(home, name), json.dumps(truth, indent=1).encode())
        connection.execute("analyze")
    return DemoReport(first.seed, first.scale, date_of(periods - 1), written)


def _told(home: Path, business: str, periods: int) -> bool:
    file = truth_file(home, business)
    return file.exists() and json.loads(file.read_text())["periods"] == periods


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming = path.with_name(f".{path.name}.incoming")
    incoming.write_bytes(content)
    incoming.replace(path)
