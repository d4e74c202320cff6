"""CSV folders on both warehouses: each file once, nothing lost, bad files named."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import pytest

from finhouse.errors import (
    ConfigurationError,
    ReconciliationError,
    SchemaDriftError,
    SourceError,
)
from finhouse.extract_load import (
    DateWindow,
    load_source,
    reconcile_source,
    refuse_differences,
    withdraw_file,
)
from finhouse.settings import PROJECT_ROOT

YAML = """
kind: csv_folder
name: visits
folder: visits
file_pattern: visits_{date:%Y%m%d}.csv
table: visits
columns: [id, place, note]
"""
HEADER = b"id,place,note\n"


class Landing:
    """A landing folder and the warehouse its files go to."""

    def __init__(self, settings, warehouse, definitions: Path, declare) -> None:
        self.settings, self.warehouse = settings, warehouse
        self.definitions, self.declare = definitions, declare
        self.folder = settings.landing / "visits"
        self.folder.mkdir(parents=True)

    def put(self, day: str, content: bytes, header: bytes = HEADER) -> Path:
        path = self.folder / f"visits_{day}.csv"
        path.write_bytes(header + content)
        return path

    def load(self, **options):
        return load_source(
            self.settings,
            "visits",
            oltp_url=None,
            warehouse=self.warehouse,
            definitions=self.definitions,
            **options,
        )

    def withdraw(self, name: str):
        return withdraw_file(self.settings, "visits", name, self.warehouse, self.definitions)

    def rows(self, columns: str = "_file_name, _line_number, id, place, note") -> list[tuple]:
        return self.warehouse.execute(
            f"select {columns} from raw_visits.visits order by _file_name, _line_number"
        )


@pytest.fixture
def landing(settings, warehouse, declare) -> Landing:
    return Landing(settings, warehouse, declare("visits", YAML), declare)


def test_every_cell_arrives_as_written(landing):
    landing.put(
        "20260101",
        b'1,,plain\n 2 ,NULL,"a ""quoted"", word"\n3,"two\nlines",\xc3\xa9\xe2\x82\xac\n'
        b'4,\\N,\\\n5,"",\'\n',
    )
    name = "visits_20260101.csv"
    landing.load()
    assert landing.rows() == [
        (name, 2, "1", "", "plain"),
        (name, 3, " 2 ", "NULL", 'a "quoted", word'),
        (name, 4, "3", "two\nlines", "é€"),
        (name, 5, "4", "\\N", "\\"),
        (name, 6, "5", "", "'"),
    ]


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(landing):
    landing.put("20260101", b"1,a,b\r\n2,c,d\r\n", b"\xef\xbb\xbfid,place,note\r\n")
    landing.load()
    assert [row[1:] for row in landing.rows()] == [(2, "1", "a", "b"), (3, "2", "c", "d")]


def test_a_file_with_a_header_only_has_no_rows(landing):
    landing.put("20260101", b"")
    assert landing.load()[0].counts.read == 0


def test_unchanged_files_are_skipped_by_time_then_by_content(landing):
    path = landing.put("20260101", b"1,a,b\n")
    landing.load()
    before = landing.rows("*")
    assert [result.status for result in landing.load()] == ["unchanged"]
    os.utime(path, ns=(1, 1))
    assert [result.status for result in landing.load()] == ["unchanged"]
    assert landing.rows("*") == before
    assert landing.warehouse.count("raw_operations.load_log") == 1


def in_place(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def by_rename(path: Path, content: bytes) -> None:
    incoming = path.with_suffix(".incoming")
    incoming.write_bytes(content)
    incoming.rename(path)


def by_link(path: Path, content: bytes) -> None:
    elsewhere = path.parent.parent / "elsewhere.csv"
    elsewhere.write_bytes(content)
    path.unlink()
    path.symlink_to(elsewhere)


@pytest.mark.parametrize("deliver", [in_place, by_rename, by_link])
def test_a_corrected_file_of_the_same_size_and_time_is_loaded(landing, deliver):
    """Copies may keep the time of modification of what they copy."""
    path = landing.put("20260101", b"1,a,b\n")
    os.utime(path, (1767225600, 1767225600))
    landing.load()
    deliver(path, HEADER + b"1,a,c\n")
    os.utime(path, (1767225600, 1767225600))
    assert [result.counts.updated for result in landing.load()] == [1]
    assert [row[4] for row in landing.rows()] == ["c"]


def test_a_file_with_the_rows_of_another_is_loaded_and_said(landing, capsys):
    path = landing.put("20260101", b"1,a,b\n")
    landing.put("20260102", b"")
    landing.load()
    path.rename(path.with_name("visits_20260103.csv"))
    landing.put("20260104", b"")
    capsys.readouterr()
    landing.load()
    said = capsys.readouterr().out
    assert "visits_20260103.csv has the same content as visits_20260101.csv" in said
    assert "finhouse withdraw visits visits_20260101.csv" in said
    # Days without rows look alike, and nothing counts twice.
    assert "visits_20260104.csv" not in said
    capsys.readouterr()
    landing.load()
    assert "same content" not in capsys.readouterr().out
    landing.withdraw("visits_20260101.csv")
    assert [row[0] for row in landing.rows()] == ["visits_20260103.csv"]


def test_a_changed_file_replaces_its_own_rows_only(landing):
    landing.put("20260101", b"1,a,b\n2,a,b\n")
    landing.put("20260102", b"3,a,b\n")
    landing.load()
    kept = landing.rows("*")[2]
    landing.put("20260101", b"9,z,z\n")
    counts = landing.load()[0].counts
    assert (counts.updated, counts.inserted, counts.deleted, counts.raw) == (1, 0, 1, 1)
    assert [row[2] for row in landing.rows()] == ["9", "3"]
    assert landing.rows("*")[1] == kept


def test_a_file_that_disappears_keeps_its_rows_until_it_is_withdrawn(landing):
    path = landing.put("20260101", b"1,a,b\n")
    landing.put("20260102", b"2,a,b\n")
    landing.load()
    path.unlink()
    landing.load()
    landing.load(full_refresh=True)
    assert [row[2] for row in landing.rows()] == ["1", "2"]
    assert landing.withdraw(path.name).counts.deleted == 1
    assert [row[2] for row in landing.rows()] == ["2"]
    with pytest.raises(ConfigurationError, match="no file"):
        landing.withdraw(path.name)


BAD_FILES = {
    "torn": (HEADER + b"1,a,b\n2,a", r"line 3: the last line has no end"),
    "no final line end": (HEADER + b"1,a,b", r"line 2: the last line has no end"),
    "empty": (b"", "is empty"),
    "missing column": (b"id,place\n1,a\n", r"(?s)line 1.*found:    id, place\n.*missing: note"),
    "extra column": (b"id,place,note,x\n1,a,b,c\n", r"(?s)line 1.*not declared: x"),
    "reordered": (b"place,id,note\n1,a,b\n", r"(?s)line 1.*in another order"),
    "too few cells": (HEADER + b"1,a,b\n2,a\n", r"line 3: 2 cells instead of 3"),
    "too many cells": (HEADER + b"1,a,b,c\n", r"line 2: 4 cells instead of 3"),
    "an empty cell too many": (HEADER + b"1,a,b,\n2,a,b\n", r"line 2: 4 cells instead of 3"),
    "too many and too few": (HEADER + b"1,a,b,\n2,a\n", r"line [23]: [24] cells instead of 3"),
    "blank line": (HEADER + b"1,a,b\n\n2,a,b\n", r"line 3: 0 cells instead of 3"),
    "not UTF-8": (HEADER + b"1,a,b\n2,\xff\xfe,b\n", r"line 3: not UTF-8"),
    "header not UTF-8": (b"id,place,not\xe9\n", r"line 1: the header is not UTF-8"),
    "NUL": (HEADER + b"1,a,b\n2,\0,b\n", r"line 3: holds a NUL byte"),
    "open quotation mark": (HEADER + b'1,a,"b\n2,a,b\n', r"line 2"),
    "a cell too long": (HEADER + b"1,a," + b"x" * 3_000_000 + b"\n", r"a record of more than"),
    "stray carriage return": (HEADER + b"1,a\rb,c\n2,a,b\n", "carriage return"),
}


@pytest.mark.parametrize("content, message", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_named_with_its_line_and_the_others_load(landing, content, message):
    landing.put("20260101", b"1,a,b\n")
    landing.put("20260102", content, b"")
    landing.put("20260103", b"3,a,b\n")
    with pytest.raises(SourceError, match=message) as caught:
        landing.load()
    assert "visits_20260102.csv" in str(caught.value)
    assert caught.value.remedy
    assert [row[2] for row in landing.rows()] == ["1", "3"]
    log = landing.warehouse.execute(
        "select file_name, status from raw_operations.load_log order by file_name"
    )
    assert [status for _, status in log] == ["succeeded", "failed", "succeeded"]


def test_a_bad_new_version_of_a_file_leaves_the_old_rows(landing):
    landing.put("20260101", b"1,a,b\n")
    landing.load()
    landing.put("20260101", b"1,a,b\n2,a\n")
    with pytest.raises(SourceError, match=r"visits_20260101\.csv"):
        landing.load()
    assert [row[2] for row in landing.rows()] == ["1"]
    landing.put("20260101", b"1,a,b\n2,a,c\n")
    landing.load()
    assert [row[2] for row in landing.rows()] == ["1", "2"]


def test_all_errors_are_listed_at_the_end(landing):
    landing.put("20260101", b"1,a\n")
    landing.put("20260102", b"", b"")
    with pytest.raises(SourceError, match=r"(?s)2 loads failed.*20260101.*20260102"):
        landing.load()


def test_files_of_other_names_are_reported_and_not_loaded(landing, capsys):
    landing.put("20260101", b"1,a,b\n")
    for name in ("visits_20260231.csv", "visits_1.csv", "notes.txt", "visits_20260101.csv.part"):
        (landing.folder / name).write_bytes(b"garbage")
    assert len(landing.load()) == 1
    said = capsys.readouterr().out
    for name in ("visits_20260231.csv", "visits_1.csv", "notes.txt", "visits_20260101.csv.part"):
        assert f"not loaded: {name}" in said


def test_a_missing_folder_is_made_and_said(landing, capsys):
    landing.folder.rmdir()
    assert landing.load() == []
    assert "no files like visits_" in capsys.readouterr().out
    assert landing.folder.is_dir()


def test_a_landing_path_full_of_wildcards_means_itself(landing, tmp_path):
    odd = tmp_path / "a[b]*c?"
    landing.settings = type(landing.settings)(
        home=landing.settings.home, landing=odd, target=landing.settings.target
    )
    landing.folder = odd / "visits"
    landing.folder.mkdir(parents=True)
    landing.put("20260101", b"1,a,b\n")
    assert landing.load()[0].counts.read == 1


def test_an_unreadable_file_is_an_error_with_its_name(landing):
    (landing.folder / "visits_20260101.csv").symlink_to(landing.folder / "nowhere")
    with pytest.raises(SourceError, match=r"visits_20260101\.csv cannot be read"):
        landing.load()


def test_a_newly_declared_column_is_added_and_a_forgotten_one_is_an_error(landing):
    landing.put("20260101", b"1,a,b\n")
    landing.load()
    landing.declare("visits", YAML.replace("note]", "note, colour]"))
    landing.put("20260102", b"2,a,b,red\n", b"id,place,note,colour\n")
    landing.load()
    assert landing.rows("id, colour") == [("1", None), ("2", "red")]
    landing.declare("visits", YAML)
    with pytest.raises(SchemaDriftError, match="colour"):
        landing.load()


def test_a_file_that_changes_while_it_is_read_is_refused(landing, monkeypatch):
    from finhouse.extract_load.files import loading as file_loading

    path = landing.put("20260101", b"1,a,b\n")

    def scan_then_append(*args):
        scan = real(*args)
        with path.open("ab") as stream:
            stream.write(b"2,a,b\n")
        return scan

    real = file_loading.scan_csv
    monkeypatch.setattr(file_loading, "scan_csv", scan_then_append)
    with pytest.raises(SourceError, match=r"records were counted|changed while"):
        landing.load()
    assert landing.rows() == []


def test_the_real_merchant_files(settings, warehouse):
    """Three real days of files; the expected counts were taken with other tools."""
    home = Path(os.environ.get("FINHOUSE_REAL_DATA") or PROJECT_ROOT.parent / "shared" / "data")
    real = home / "merchant_activity"
    if not real.is_dir():
        pytest.skip(f"no real files in {real}: set FINHOUSE_REAL_DATA to the folder that has them")
    folder = settings.landing / "merchant_activity"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(real.resolve())
    results = load_source(settings, "merchant_activity", oltp_url=None, warehouse=warehouse)
    assert len(results) == 3
    raw = "raw_merchant_activity.activities"
    assert warehouse.count(raw) == 76_943
    assert warehouse.count(raw, "merchant_id = ''") == 8
    assert warehouse.count(raw, "amount = 'INVALID'") > 0
    lines = {path.name: sum(1 for _ in path.open(encoding="utf-8")) for path in real.glob("*.csv")}
    last = warehouse.execute(f"select _file_name, max(_line_number) from {raw} group by 1")
    assert dict(last) == lines


def test_a_window_loads_the_files_of_its_days_again(landing):
    for day in ("20260101", "20260102", "20260103"):
        landing.put(day, b"1,a,b\n")
    landing.load()
    landing.warehouse.execute("delete from raw_visits.visits")
    loaded = landing.load(window=DateWindow(date(2026, 1, 2), date(2026, 1, 3)))
    assert [result.file_name for result in loaded] == ["visits_20260102.csv", "visits_20260103.csv"]
    assert [row[0] for row in landing.rows()] == ["visits_20260102.csv", "visits_20260103.csv"]
    assert landing.load(window=DateWindow(date(2025, 1, 1), date(2025, 1, 1))) == []


def reconcile(landing: Landing, **options):
    [found] = reconcile_source(
        landing.settings,
        "visits",
        oltp_url=None,
        warehouse=landing.warehouse,
        definitions=landing.definitions,
        **options,
    )
    return found


def test_files_are_reconciled_by_rows_and_checksum(landing):
    for day in ("20260101", "20260102", "20260103", "20260104"):
        landing.put(day, b"1,a,b\n2,c,d\n")
    landing.load()
    # News is caught up with.
    landing.put("20260105", b"1,x,y\n")
    assert (reconcile(landing).status, reconcile(landing).range_count) == ("equal", 5)

    landing.warehouse.execute("delete from raw_visits.visits where _file_name like '%01.csv'")
    landing.warehouse.execute(
        "insert into raw_visits.visits select * from raw_visits.visits"
        " where _file_name like '%02.csv'"
    )
    landing.warehouse.execute(
        "insert into raw_visits.visits (id, _file_name) values ('9', 'visits_20250101.csv')"
    )
    # Another content of which size and time say nothing: only its checksum tells.
    path = landing.folder / "visits_20260103.csv"
    path.write_bytes(HEADER + b"1,a,b\n2,c,e\n")
    landing.warehouse.execute(
        f"update raw_operations.file_state set modified_ns = {path.stat().st_ctime_ns}"
        " where file_name = 'visits_20260103.csv'"
    )
    before = {row[0]: row for row in landing.rows("_file_name, _batch_id")}
    found = reconcile(landing)
    differences = found.differences
    assert (differences.missing, differences.doubled, differences.surplus) == (2, 2, 1)
    assert (differences.changed, found.differing_range_count, found.status) == (2, 4, "differs")
    assert differences.examples.changed == "visits_20260103.csv"

    healed = reconcile(landing, heal=True)
    assert (healed.status, healed.is_healed) == ("equal", True)
    rows = landing.rows("_file_name, _line_number, note, _batch_id")
    assert [row[:3] for row in rows if row[0] == "visits_20260103.csv"] == [
        ("visits_20260103.csv", 2, "b"), ("visits_20260103.csv", 3, "e"),
    ]  # fmt: skip
    assert len(rows) == 9
    untouched = {"visits_20260104.csv", "visits_20260105.csv"}
    assert {(row[0], row[3]) for row in rows if row[0] in untouched} == {
        before[name] for name in untouched
    }
    again = reconcile(landing, heal=True)
    assert (again.status, again.is_healed) == ("equal", False)


def test_a_file_gone_from_the_landing_folder_is_judged_by_what_was_loaded(landing):
    path = landing.put("20260101", b"1,a,b\n2,c,d\n")
    landing.load()
    path.unlink()
    found = reconcile(landing)
    assert (found.status, found.raw_rows) == ("equal", 2)
    assert "1 files are no longer in the landing folder" in found.note
    landing.warehouse.execute("delete from raw_visits.visits where _line_number = 2")
    left = reconcile(landing, heal=True)
    assert (left.status, left.is_healed, left.differences.missing) == ("differs", False, 1)
    with pytest.raises(ReconciliationError, match=r"visits.*1 missing"):
        refuse_differences([left])


PROMISED = f"{YAML}expected: daily\ndays_off: [saturday, sunday]\nholidays: [2026-01-02]\n"


def expected(landing: Landing) -> list[tuple]:
    return landing.warehouse.execute(
        "select expected_date, file_name from raw_operations.expected_files"
        " where source_name = 'visits' and table_name = 'visits' order by expected_date"
    )


def days(landing: Landing) -> list[int]:
    return [day.day for day, _ in expected(landing)]


@pytest.fixture
def noon(monkeypatch):
    """Set the loader's clock to noon (UTC) of a day in 2026."""
    from finhouse.extract_load import bookkeeping

    def set_clock(month: int, day: int) -> None:
        monkeypatch.setattr(bookkeeping, "utc_now", lambda: datetime(2026, month, day, 12))

    return set_clock


def test_promised_files_are_known_by_day_whatever_was_delivered(landing, noon):
    noon(1, 8)
    landing.declare("visits", PROMISED)
    landing.put("20260101", b"1,a,b\n")
    landing.put("20260106", b"2,a\n")
    with pytest.raises(SourceError, match="2 cells instead of 3"):
        landing.load()
    assert expected(landing) == [
        (date(2026, 1, number), f"visits_202601{number:02}.csv") for number in (1, 5, 6, 7)
    ]
    # A day later, with nothing new, one file more should be there; loading twice changes nothing.
    noon(1, 9)
    (landing.folder / "visits_20260106.csv").unlink()
    landing.load()
    landing.load()
    assert days(landing) == [1, 5, 6, 7, 8]
    # A file that is loaded begins the calendar also when it has been cleared away.
    (landing.folder / "visits_20260101.csv").unlink()
    landing.put("20260107", b"7,a,b\n")
    landing.load(window=DateWindow(date(2026, 1, 7), date(2026, 1, 7)))
    assert days(landing) == [1, 5, 6, 7, 8]
    landing.withdraw("visits_20260101.csv")
    landing.load()
    assert days(landing) == [7, 8]


def test_a_promise_that_is_taken_back_leaves_no_expected_file(landing, noon):
    noon(1, 8)
    landing.put("20260105", b"1,a,b\n")
    landing.declare("visits", PROMISED)
    landing.load()
    assert days(landing) == [5, 6, 7]
    landing.declare("visits", PROMISED.replace("2026-01-02", "2026-01-06"))
    landing.load()
    assert days(landing) == [5, 7]
    landing.declare("visits", YAML)
    landing.load()
    assert days(landing) == []


def test_a_file_read_in_time_keeps_its_source_alive_when_it_is_read_again(landing, noon):
    """A source that stops lacks files; only history, first read long after its day, ends."""
    landing.declare("visits", PROMISED)
    noon(1, 6)
    landing.put("20260105", b"1,a,b\n")
    landing.load()
    noon(3, 4)
    landing.load(full_refresh=True)
    assert expected(landing)[-1] == (date(2026, 3, 3), "visits_20260303.csv")


def test_history_is_expected_up_to_its_newest_file(landing, noon):
    noon(3, 4)
    landing.declare("visits", PROMISED)
    landing.put("20260105", b"1,a,b\n")
    landing.put("20260107", b"1,a,c\n")
    landing.load()
    landing.load()
    assert days(landing) == [5, 6, 7]


def test_a_folder_that_is_reconciled_is_looked_into(landing, noon):
    noon(1, 8)
    landing.declare("visits", PROMISED)
    landing.put("20260105", b"1,a,b\n")
    reconcile(landing)
    assert days(landing) == [5, 6, 7]
