"""What is taken of the log: keys, transactions a snapshot sees, positions."""

from __future__ import annotations

import pytest

from finhouse.extract_load.capture.pgoutput import ChangedKeys, Snapshot, lsn_number, lsn_text


@pytest.mark.parametrize(
    ("xid", "is_seen"), [(779, True), (780, False), (783, True), (785, False), (790, False)]
)
def test_a_snapshot_sees_what_had_ended_when_it_was_taken(xid, is_seen):
    assert Snapshot.parse("780:790:780,785").sees(xid) is is_seen


def test_a_snapshot_without_running_transactions():
    snapshot = Snapshot.parse("790:790:")
    assert snapshot.sees(789)
    assert not snapshot.sees(790)


def test_transaction_ids_of_32_bits_are_told_apart_around_the_wrap():
    epoch = 3 * 2**32
    snapshot = Snapshot.parse(f"{epoch - 5}:{epoch + 5}:{epoch - 5},{epoch + 2}")
    assert snapshot.sees(2**32 - 6)
    assert not snapshot.sees(2**32 - 5)
    assert snapshot.sees(2**32 - 4)
    assert snapshot.sees(1)
    assert not snapshot.sees(2)
    assert not snapshot.sees(5)


def test_log_positions_are_written_as_postgresql_does():
    assert lsn_number("16/B374D848") == 0x16_B374D848
    assert lsn_text(0x16_B374D848) == "16/B374D848"
    assert lsn_text(lsn_number("0/0")) == "0/0"


# As PostgreSQL 18 wrote them: insert 1, 2, 3 (757); 2 becomes 9 (759); delete 3 (760).
# The relation is described once, in the first transaction.
BEGIN_757 = b"B\x00\x00\x00\x00\x01\xef\xa1\xc0\x00\x03\x03\xc4'\x9e\xc2!\x00\x00\x02\xf5"
RELATION = b"R\x00\x00@\x03t\x00a\x00d\x00\x01\x01id\x00\x00\x00\x00\x14\xff\xff\xff\xff"
INSERTS = [b"I\x00\x00@\x03N\x00\x01t\x00\x00\x00\x01" + key for key in (b"1", b"2", b"3")]
COMMIT_757 = (
    b"C\x00\x00\x00\x00\x00\x01\xef\xa1\xc0\x00\x00\x00\x00\x01\xef\xa1\xf0"
    b"\x00\x03\x03\xc4'\x9e\xc2!"
)
BEGIN_759 = b"B\x00\x00\x00\x00\x01\xef\xa3\x10\x00\x03\x03\xc4'\x9e\xd8\x8d\x00\x00\x02\xf7"
KEY_CHANGE = b"U\x00\x00@\x03K\x00\x01t\x00\x00\x00\x012N\x00\x01t\x00\x00\x00\x019"
COMMIT_759 = (
    b"C\x00\x00\x00\x00\x00\x01\xef\xa3\x10\x00\x00\x00\x00\x01\xef\xa3@"
    b"\x00\x03\x03\xc4'\x9e\xd8\x8d"
)
BEGIN_760 = b"B\x00\x00\x00\x00\x01\xef\xa3\x88\x00\x03\x03\xc4'\x9e\xdbj\x00\x00\x02\xf8"
DELETE = b"D\x00\x00@\x03K\x00\x01t\x00\x00\x00\x013"
COMMIT_760 = (
    b"C\x00\x00\x00\x00\x00\x01\xef\xa3\x88\x00\x00\x00\x00\x01\xef\xa3\xb8"
    b"\x00\x03\x03\xc4'\x9e\xdbj"
)
MESSAGES = [
    *(BEGIN_757, RELATION, *INSERTS, COMMIT_757),
    *(BEGIN_759, KEY_CHANGE, COMMIT_759),
    *(BEGIN_760, DELETE, COMMIT_760),
]


@pytest.mark.parametrize(
    ("snapshot", "keys", "end", "met_unseen"),
    [
        ("800:800:", ["1", "2", "3", "2", "9", "3"], "0/1EFA3B8", False),
        # The first is in the log, but not visible yet: all that follow it come again.
        ("757:800:757", ["2", "9", "3"], None, True),
        ("759:800:759", ["1", "2", "3", "3"], "0/1EFA1F0", True),
        ("757:757:", [], None, True),
    ],
)
def test_transactions_are_taken_as_the_snapshot_sees_them(snapshot, keys, end, met_unseen):
    changes = ChangedKeys(MESSAGES, ["id"], Snapshot.parse(snapshot))
    assert [key for (key,) in changes] == keys
    assert changes.end == (lsn_number(end) if end else None)
    assert changes.met_unseen is met_unseen
    assert not changes.truncated
