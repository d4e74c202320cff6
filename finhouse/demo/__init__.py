"""The demo company: a living wallet in the OLTP database, and merchant files in the landing folder.

It tells the truth about itself in ``truth_wallet.json``, computed from its own ledgers.
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
from finhouse.demo.activities import write_activity_files
from finhouse.demo.clock import date_of
from finhouse.demo.company import Company
from finhouse.demo.truth import tell_truth
from finhouse.demo.writing import create_schema, write_periods
from finhouse.errors import ConfigurationError, SourceError

__all__ = [
    "DemoReport",
    "advance",
    "create",
    "ensure_activity_files",
    "status",
    "write_activity_files",
]

FIRST_LIFE_DAYS = 546  # launch to 2026-06-30: 18 months
TRUTH_FILE = "truth_wallet.json"
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
        home: folder of the truth file.

    Raises:
        ConfigurationError: schema ``wallet`` exists and is not ours, or the company there has
            another scale.
    """
    with _connect(url) as connection:
        found = _status(connection)
        if found is None:
            company = Company(seed, 1.0 if scale is None else scale)
            with connection.transaction():
                create_schema(connection, company)
        elif scale is not None and scale != found.scale:
            raise ConfigurationError(
                f"the OLTP holds a demo company of scale {found.scale:g}, not {scale:g}",
                f"go on with SCALE={found.scale:g}, or start afresh with `make clean`",
            )
        else:
            company = _recall(found, home)
        return _live_until(connection, company, max(FIRST_LIFE_DAYS, company.periods), home)


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
        company = _recall(found, home)
        return _live_until(connection, company, company.periods + days, home)


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
    if connection.execute("select to_regclass('demo.company')").fetchone()[0]:
        return Status(
            *connection.execute("select seed, scale, periods from demo.company").fetchone()
        )
    if connection.execute("select 1 from pg_namespace where nspname = 'wallet'").fetchone():
        raise ConfigurationError(
            "schema wallet exists in this database and is not the demo company's",
            "point OLTP_URL at an empty database; your own is loaded by `make build`",
        )
    return None


def _recall(found: Status, home: Path) -> Company:
    """The company as it stood: from its state file, or by living it again without writing.

    The marker in the database is what counts; a state file that is older or newer (a killed run)
    is not used.
    """
    try:
        company = pickle.loads((home / STATE_FILE).read_bytes())
        if (company.seed, company.scale, company.periods) == (
            found.seed,
            found.scale,
            found.periods,
        ):
            return company
    except (OSError, pickle.UnpicklingError, AttributeError, EOFError):
        pass
    company = Company(found.seed, found.scale)
    progress = Progress("recalling the company's life", found.periods, "days")
    for _ in range(found.periods):
        company.live()
        progress.advance(1)
    company.events.drop(company.events["due"] < company.periods)
    return company


def _live_until(
    connection: psycopg.Connection, company: Company, periods: int, home: Path
) -> DemoReport:
    """Live up to a number of periods, writing some at a time, then tell the truth."""
    at_once = max(1, min(30, int(30 / company.scale)))
    progress = Progress("living", periods - company.periods, "days")
    written = 0
    while company.periods < periods:
        since = company.periods
        for _ in range(min(at_once, periods - since)):
            company.live()
        with connection.transaction():
            written += write_periods(connection, company, since)
        progress.advance(company.periods - since)
    truth_file = home / TRUTH_FILE
    if written or not truth_file.exists() or _told_for(truth_file) != company.periods:
        _write_whole(home / STATE_FILE, pickle.dumps(company))
        truth = tell_truth(company) | {"periods": company.periods}
        _write_whole(truth_file, json.dumps(truth, indent=1).encode())
        connection.execute("analyze")
    as_of = date_of(company.periods - 1)
    return DemoReport(company.seed, company.scale, as_of, written)


def _told_for(truth_file: Path) -> int:
    return json.loads(truth_file.read_text())["periods"]


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming = path.with_name(f".{path.name}.incoming")
    incoming.write_bytes(content)
    incoming.replace(path)
