"""Periods in words: last six months, since March 2026, Q1 2026, from 2026-01 to 2026-03.

The house's today is the day after its as-of date, the last complete day: the last month is the one
before the month of that day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september")
MONTHS += ("october", "november", "december")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS += ("eleven", "twelve")
ORDINALS = ("first", "second", "third", "fourth")
_MONTH_OF = {
    name: number
    for number, month in enumerate(MONTHS, start=1)
    for name in (month, month[:3], "sept" if month == "september" else month)
}
_WORD = "|".join(sorted(_MONTH_OF, key=len, reverse=True))
_COUNT = rf"(?:[1-9]\d{{0,2}}|{'|'.join(NUMBERS)})"
_UNIT = "day|week|month|quarter|year"
# A day, a month, a quarter or a year, as a person writes it.
_POINT = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{4}}-\d{{2}}|\d{{1,2}} (?:{_WORD}) \d{{4}}|"
    rf"(?:{_WORD}) \d{{1,2}} \d{{4}}|(?:{_WORD}) \d{{4}}|"
    rf"(?:q [1-4]|(?:{'|'.join(ORDINALS)}) quarter)(?: of)? \d{{4}}|20\d{{2}})"
)


@dataclass(frozen=True)
class Span:
    """Days from the first to the last, both included.

    Attributes:
        grain: that of the values it asks for by itself: ``month`` or ``day``.
    """

    first: date
    last: date
    grain: str

    def __str__(self) -> str:
        if self.first == self.last:
            return f"{self.first:%-d %b %Y}"
        if self.grain == "month" and self.first.day == 1 and _next_day(self.last).day == 1:
            if (self.first.year, self.first.month) == (self.last.year, self.last.month):
                return f"{self.first:%b %Y}"
            if self.first.year == self.last.year:
                return f"{self.first:%b}-{self.last:%b %Y}"
            return f"{self.first:%b %Y}-{self.last:%b %Y}"
        return f"{self.first:%-d %b %Y} to {self.last:%-d %b %Y}"


class VaguePeriodError(ValueError):
    """A period that could be several; ``candidates`` says which."""

    def __init__(self, candidates: list[str]) -> None:
        super().__init__(", ".join(candidates))
        self.candidates = candidates


Make = Callable[[re.Match[str], date], Span]


def find_span(text: str, today: date) -> tuple[Span | None, str]:
    """The period that a text names, and the text without it; a bar is where it was.

    Args:
        text: words with a space between each two and around them.

    Raises:
        VaguePeriodError: a month without its year.
    """
    for pattern, make in _RULES:
        if found := pattern.search(text):
            span = make(found, today)
            return span, f"{text[: found.start()]} | {text[found.end() :]}"
    return None, text


def _of_point(text: str) -> Span:
    words = text.replace(" of ", " ").split()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = date.fromisoformat(text)
        return Span(day, day, "day")
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return _month(date.fromisoformat(f"{text}-01"))
    year = int(words[-1])
    if len(words) == 1:
        return Span(date(year, 1, 1), date(year, 12, 31), "month")
    if words[0] == "q" or words[1] == "quarter":
        number = int(words[1]) if words[0] == "q" else ORDINALS.index(words[0]) + 1
        return _quarter(date(year, 3 * number - 2, 1))
    if len(words) == 2:
        return _month(date(year, _MONTH_OF[words[0]], 1))
    name, number = sorted(words[:2], key=str.isdigit)
    day = date(year, _MONTH_OF[name], int(number))
    return Span(day, day, "day")


def _between(found: re.Match[str], _: date) -> Span:
    first, last = found["first"], found["last"]
    # Jan to Jun 2026: the year of the latter is that of both.
    if first in _MONTH_OF:
        first = f"{first} {last.split()[-1]}" if " " in last else f"{first} {last[:4]}"
    one, other = _of_point(first), _of_point(last)
    grain = "day" if "day" in (one.grain, other.grain) else "month"
    return Span(one.first, other.last, grain)


def _since(found: re.Match[str], today: date) -> Span:
    start = _of_point(found["first"])
    return Span(start.first, today - timedelta(days=1), start.grain)


def _last_ones(found: re.Match[str], today: date) -> Span:
    text = found["count"]
    count = int(text) if text.isdigit() else NUMBERS.index(text) + 1
    return _back(found["unit"], count, today)


def _last_one(found: re.Match[str], today: date) -> Span:
    return _back(found["unit"], 1, today)


def _back(unit: str, count: int, today: date) -> Span:
    if unit == "day":
        return Span(today - timedelta(days=count), today - timedelta(days=1), "day")
    start = _start(unit, today)
    first = start
    for _ in range(count):
        first = _start(unit, first - timedelta(days=1))
    return Span(first, start - timedelta(days=1), "day" if unit == "week" else "month")


def _this_one(found: re.Match[str], today: date) -> Span:
    unit = found["unit"]
    return Span(_start(unit, today), today, "day" if unit in ("day", "week") else "month")


def _year_to_date(_: re.Match[str], today: date) -> Span:
    last = today - timedelta(days=1)
    return Span(date(last.year, 1, 1), last, "month")


def _yesterday(_: re.Match[str], today: date) -> Span:
    return Span(today - timedelta(days=1), today - timedelta(days=1), "day")


def _month_of_some_year(found: re.Match[str], today: date) -> Span:
    month = date(today.year, _MONTH_OF[found["month"]], 1)
    raise VaguePeriodError(
        [f"{month.replace(year=year):%B %Y}" for year in (today.year, today.year - 1)]
    )


def _start(unit: str, day: date) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "quarter":
        return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return day.replace(day=1) if unit == "month" else date(day.year, 1, 1)


def _month(first: date) -> Span:
    return Span(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1), "month")


def _quarter(first: date) -> Span:
    return Span(first, _month((first + timedelta(days=62)).replace(day=1)).last, "month")


def _next_day(day: date) -> date:
    return day + timedelta(days=1)


def _rule(pattern: str, make: Make) -> tuple[re.Pattern[str], Make]:
    return re.compile(rf"(?<= )(?:{pattern})(?= )"), make


# The first that is found counts; those of many words come before parts of them.
_RULES = (
    _rule(rf"between (?P<first>{_POINT}|{_WORD}) and (?P<last>{_POINT})", _between),
    _rule(
        rf"(?:(?:from|in) )?(?P<first>{_POINT}|{_WORD}) (?:to|until|through) (?P<last>{_POINT})",
        _between,
    ),
    _rule(rf"since (?:the (?:start|beginning) of )?(?P<first>{_POINT})", _since),
    _rule(
        rf"(?:(?:in|over|for|during) )?(?:the )?(?:last|past|previous) (?P<count>{_COUNT}) "
        rf"(?P<unit>{_UNIT})",
        _last_ones,
    ),
    _rule(
        rf"(?:(?:in|over|for|during) )?(?:the )?(?:last|past|previous) (?P<unit>{_UNIT})",
        _last_one,
    ),
    _rule(rf"(?:(?:in|over|for|during) )?this (?P<unit>{_UNIT})", _this_one),
    _rule("(?:this )?year to date|ytd", _year_to_date),
    _rule("yesterday", _yesterday),
    _rule(
        rf"(?:(?:in|on|for|during|of) )?(?:the )?(?P<point>{_POINT})",
        lambda found, _: _of_point(found["point"]),
    ),
    _rule(rf"(?:in|for|during) (?P<month>{_WORD})", _month_of_some_year),
)


def literals(*patterns: re.Pattern[str]) -> frozenset[str]:
    """The words that stand in patterns."""
    plain = (re.sub(r"\(\?P<\w+>|\\.", " ", pattern.pattern) for pattern in patterns)
    return frozenset(word for text in plain for word in re.findall("[a-z]+", text))


WORDS = literals(*(pattern for pattern, _ in _RULES))
