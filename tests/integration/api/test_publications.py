"""A request reads one publication whole, though others come while it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from finhouse.api.problems import ProblemError
from finhouse.api.publications import Publications, Published
from finhouse.api.published_file import PublishedFile
from finhouse.api.published_schema import ATTEMPTS, PublishedSchema
from tests.support.api import write_publication
from tests.support.warehouse import ThrowAwayServer

A, B = "select n from published.a", "select n from published.b"


@dataclass
class Place:
    """Where publications are made and read: each has two tables that hold its number."""

    publish: Callable[[int], None]
    read: Callable[[], Publications]
    clear: Callable[[], None]


def file_place(folder: Path) -> Place:
    path = folder / "published" / "house.duckdb"

    def publish(number: int) -> None:
        tables = (f"create table published.{table} as select {number} as n" for table in "ab")
        write_publication(path, f"p{number}", *tables)

    return Place(publish, lambda: PublishedFile(path, folder / "api"), lambda: path.unlink())


def schema_place(url: str) -> Place:
    def execute(*statements: str) -> None:
        with psycopg.connect(url) as connection:
            for statement in statements:
                connection.execute(statement)

    def publish(number: int) -> None:
        """As a publication does it: filled aside, renamed in one transaction, dropped after."""
        tables = (f"create table incoming.{table} as select {number} as n" for table in "ab")
        execute(
            "create schema if not exists published",
            "create schema incoming",
            f"create table incoming.data_recency as select 'p{number}' as publication_id",
            *tables,
        )
        execute(
            "alter schema published rename to outgoing",
            "alter schema incoming rename to published",
        )
        # A reader who is at it keeps it; nobody is between two queries.
        execute("drop schema outgoing cascade")

    return Place(
        publish, lambda: PublishedSchema(url), lambda: execute("drop schema published cascade")
    )


@pytest.fixture(params=["file", "schema"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "file":
        return file_place(tmp_path)
    server: ThrowAwayServer = request.getfixturevalue("oltp_server")
    return schema_place(server.create_database("published_under_test"))


@pytest.fixture
def publications(place: Place) -> Iterator[Publications]:
    place.publish(1)
    reading = place.read()
    yield reading
    reading.close()


def numbers(published: Published) -> tuple[str, int, int]:
    [a], [b] = published.rows(A), published.rows(B)
    return published.id, a["n"], b["n"]


def test_the_current_publication_is_read(place: Place, publications: Publications):
    assert publications.read(numbers) == ("p1", 1, 1)
    place.publish(2)
    assert publications.read(numbers) == ("p2", 2, 2)


def test_one_that_comes_amid_a_request_is_not_mixed_in(place: Place, publications: Publications):
    """Nor does the request fail when another one has read the new one meanwhile."""
    coming = iter([2, 3])

    def with_a_publication_between(published: Published) -> tuple[str, int, int]:
        [a] = published.rows(A)
        for number in coming:
            place.publish(number)
            assert publications.read(numbers) == (f"p{number}", number, number)
            break
        [b] = published.rows(B)
        return published.id, a["n"], b["n"]

    publication, a, b = publications.read(with_a_publication_between)
    assert publication == f"p{a}" == f"p{b}"


def test_what_a_mixture_made_fail_is_read_again(place: Place, publications: Publications):
    """A row of one publication may not be there in the other: that is no error of the request."""
    calls = []

    def fails_unless_whole(published: Published) -> int:
        calls.append(published.id)
        [a] = published.rows(A)
        if len(calls) == 1:
            place.publish(2)
        [b] = published.rows(B)
        if a != b:
            raise LookupError("of two publications")
        return a["n"]

    # The file is still the old one; the schema is the new one.
    assert publications.read(fails_unless_whole) == len(calls)


def test_an_error_of_the_request_itself_is_its_own(publications: Publications):
    def fails(published: Published) -> None:
        raise LookupError(published.id)

    with pytest.raises(LookupError, match="p1"):
        publications.read(fails)


def test_publications_that_never_pause_are_given_up(tmp_path: Path, oltp_server: ThrowAwayServer):
    place = schema_place(oltp_server.create_database("published_under_test"))
    place.publish(0)
    reading, coming = place.read(), iter(range(1, 100))

    def always_late(published: Published) -> None:
        place.publish(next(coming))

    with pytest.raises(ProblemError) as refused:
        reading.read(always_late)
    reading.close()
    assert refused.value.status == 503 and next(coming) == ATTEMPTS + 1


def test_nothing_published_is_said(place: Place, publications: Publications):
    assert publications.read(numbers)
    place.clear()
    with pytest.raises(ProblemError) as refused:
        publications.read(numbers)
    assert refused.value.status == 503 and "make build" in refused.value.detail
    place.publish(2)
    assert publications.read(numbers) == ("p2", 2, 2)


def test_a_mart_that_is_not_there_is_said(publications: Publications):
    with pytest.raises(ProblemError) as refused:
        publications.read(lambda published: published.rows("select * from published.nonsense"))
    assert refused.value.status == 503 and "other domains" in refused.value.detail


def test_a_replaced_file_is_let_go(tmp_path: Path):
    place = file_place(tmp_path)
    place.publish(1)
    reading = place.read()
    assert reading.read(numbers) == ("p1", 1, 1) and reading.peek() == "p1"
    place.publish(2)
    assert reading.peek() is None
    held = _open_files(tmp_path)
    reading.let_go()
    assert len(held) == 1 and not _open_files(tmp_path)
    assert reading.read(numbers) == ("p2", 2, 2) and reading.peek() == "p2"
    reading.let_go()
    assert reading.peek() == "p2"
    reading.close()


def test_two_that_serve_a_house_open_its_file_at_once(tmp_path: Path):
    """And what a kill has left of an opening goes with the next one."""
    place = file_place(tmp_path)
    left = tmp_path / "api" / "opening" / "left" / "house.duckdb"
    left.parent.mkdir(parents=True)
    left.touch()
    readings = [place.read() for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        for number in range(1, 9):
            place.publish(number)
            found = list(pool.map(lambda reading: reading.read(numbers), readings))
            assert found == [(f"p{number}", number, number)] * 2
    for reading in readings:
        reading.close()
    assert list((tmp_path / "api" / "opening").iterdir()) == []


def test_a_file_that_is_broken_is_said(tmp_path: Path):
    place = file_place(tmp_path)
    place.publish(1)
    path = tmp_path / "published" / "house.duckdb"
    path.write_bytes(b"not a database")
    with pytest.raises(ProblemError) as refused:
        place.read().read(numbers)
    assert refused.value.status == 503 and "cannot be opened" in refused.value.detail


def test_sql_reaches_no_other_file(tmp_path: Path):
    place = file_place(tmp_path)
    place.publish(1)
    (tmp_path / "secret.csv").write_text("n\n1\n")
    reading = place.read()
    for sql in (f"select * from '{tmp_path}/secret.csv'", "set enable_external_access = true"):
        with pytest.raises(Exception, match=r"(?i)disabled|locked|cannot|not exist"):
            reading.read(lambda published, sql=sql: published.rows(sql))
    reading.close()


def _open_files(folder: Path) -> list[str]:
    """Files below a folder that this process has open, whatever has become of their names."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [
        target
        for target in (str(link.readlink()) for link in links)
        if target.startswith(str(folder))
    ]
