"""Which transactions a snapshot sees, and log positions."""

from __future__ import annotations

import pytest

from finhouse.extract_load.pgoutput import Snapshot, lsn_number, lsn_text


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
