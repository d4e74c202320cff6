"""What commands print for people."""

from __future__ import annotations

import pytest

from finhouse.console import print_table


def test_a_long_text_leaves_the_other_columns_whole(capsys: pytest.CaptureFixture[str]):
    words = " ".join(f"word{number}" for number in range(40))
    print_table("Alerts", ["id", "severity", "what"], [("be9cf0f0", "critical", words)])
    printed = capsys.readouterr().out
    assert "be9cf0f0" in printed and "critical" in printed
    assert words.split() == [word for word in printed.split() if word.startswith("word")]
