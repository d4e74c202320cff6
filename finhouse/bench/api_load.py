"""The KPI API under load, while builds are published: errors, and how long answers take.

A caller waits for its answer before it asks again, so that more callers than the machine has cores
wait for each other. Beside what they see stands what the server says it took, what a caller waits
that is alone, and what the same queries take without any server.
"""

from __future__ import annotations

import http.client
import json
import shutil
import statistics
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from urllib.parse import urlsplit

import duckdb

from finhouse.api.serving import ApiServer
from finhouse.console import console, print_table, step
from finhouse.dbt.manifest import manifest_file
from finhouse.errors import ConfigurationError
from finhouse.publish import publish
from finhouse.settings import Settings
from finhouse.warehouse import connect

CONNECTIONS, SECONDS, PUBLICATIONS = 32, 60, 20
QUICK_SECONDS, QUICK_PUBLICATIONS = 5, 2
ALONE_SECONDS = 5
_VALUES = (
    "select * from (select *, month_start as period_start from published.kpi_monthly) as by_period "
    "where kpi_code = $1 order by period_start limit 101"
)


@dataclass
class Seen:
    """What callers have seen.

    Attributes:
        waited: seconds from question to answer.
        took: seconds that the server says it took.
        publications: that answers were of.
        errors: what went wrong: another status than 200, an answer that is of two publications,
            a connection that broke.
    """

    waited: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    publications: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)


class Callers:
    """Callers that ask as fast as they are answered, each by a connection of its own; a context.

    Args:
        url: of the API.
        paths: what they ask for, in turn.
        connections: how many callers.
    """

    def __init__(self, url: str, paths: Sequence[str], connections: int = CONNECTIONS) -> None:
        self.seen = Seen()
        self._address = str(urlsplit(url).netloc)
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(paths[number:] + paths[:number],))
            for number in range(connections)
        ]

    def __enter__(self) -> Seen:
        for thread in self._threads:
            thread.start()
        return self.seen

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, paths: Sequence[str]) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        for path in cycle(paths):
            if self._stopped.is_set():
                break
            started = time.perf_counter()
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.seen.errors.append(f"{path}: {error!r}")
                connection.close()
                continue
            self.seen.waited.append(time.perf_counter() - started)
            self._judge(path, response, body)
        connection.close()

    def _judge(self, path: str, response: http.client.HTTPResponse, body: bytes) -> None:
        if response.status != 200:
            self.seen.errors.append(f"{path}: {response.status} {body[:200]!r}")
            return
        self.seen.took.append(float(response.headers["X-Process-Time"]))
        publication = response.headers["X-Publication-ID"]
        self.seen.publications.add(publication)
        told = json.loads(body)
        if isinstance(told, dict) and told.get("publication_id", publication) != publication:
            self.seen.errors.append(f"{path}: {told['publication_id']} as {publication}")


def bench_api(settings: Settings, *, quick: bool) -> None:
    """Serve a copy of what is built here, and publish it again and again under load.

    Raises:
        ConfigurationError: nothing is built here, or the target is no file.
    """
    if not settings.is_file or not settings.published_path.exists():
        raise ConfigurationError(
            f"there is no published file of {settings.target} to serve",
            "run `make build` first; the API is measured with target duckdb",
        )
    home = settings.home / "bench"
    shutil.rmtree(home, ignore_errors=True)
    house = replace(settings.apart(home), target=settings.target)
    for path in (settings.duckdb_path, settings.published_path, manifest_file(settings)):
        copy = home / path.relative_to(settings.home)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    server = ApiServer(house)
    try:
        with step("KPI API"):
            url = server.serve()
        seconds, times = (QUICK_SECONDS, QUICK_PUBLICATIONS) if quick else (SECONDS, PUBLICATIONS)
        codes = _codes(house)
        with (
            step(f"{CONNECTIONS} callers for {seconds} s, {times} publications"),
            Callers(url, paths_of(codes)) as seen,
        ):
            publish_evenly(house, times, seconds)
        with step("one caller alone"), Callers(url, paths_of(codes), connections=1) as alone:
            time.sleep(ALONE_SECONDS)
        _report(house, codes, seen, alone)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def paths_of(codes: Iterable[str]) -> list[str]:
    """What a program may ask of these KPIs."""
    listed = list(codes)
    return [
        *("/scorecard", "/kpis", "/restatements"),
        *(f"/kpis/{code}" for code in listed),
        *(f"/kpis/{code}/values?grain=month" for code in listed),
    ]


def publish_evenly(settings: Settings, times: int, seconds: float) -> None:
    """Publish the marts that are there, so many times in so many seconds."""
    started = time.monotonic()
    with connect(settings) as warehouse:
        for number in range(1, times + 1):
            publish(settings, warehouse)
            time.sleep(max(0, started + seconds * number / times - time.monotonic()))


def _codes(settings: Settings) -> list[str]:
    with duckdb.connect(str(settings.published_path), read_only=True) as published:
        rows = published.execute(
            "select kpi_code from published.kpi_catalogue where has_monthly_values order by 1"
        ).fetchall()
    return [code for (code,) in rows]


def _report(settings: Settings, codes: Sequence[str], seen: Seen, alone: Seen) -> None:
    bare = []
    with duckdb.connect(str(settings.published_path), read_only=True) as published:
        for code in islice(cycle(codes), 1000):
            started = time.perf_counter()
            published.execute(_VALUES, [code]).fetchall()
            bare.append(time.perf_counter() - started)
    print_table(
        "KPI API: milliseconds",
        ["what", "answers", "p50", "p95", "errors"],
        [
            _line("callers under load wait", seen.waited, str(len(seen.errors))),
            _line("the server takes for them", seen.took),
            _line("one caller alone waits", alone.waited, str(len(alone.errors))),
            _line("one bare query after the other", bare),
        ],
        numeric=("answers", "p50", "p95", "errors"),
    )
    for error in (seen.errors + alone.errors)[:5]:
        console.print(f"  {error}", markup=False)


def _line(what: str, seconds: Sequence[float], errors: str = "") -> tuple[str, ...]:
    cuts = statistics.quantiles(seconds, n=20)
    milliseconds = (f"{1000 * cuts[place]:.2f}" for place in (9, 18))
    return (what, f"{len(seconds):,}", *milliseconds, errors)
