"""Marked people: some have personal data that nobody else has, to see where it gets to.

Whatever a source file says to omit or to mask is marked, on some people of each business that knows
people. Texts to be omitted hold ``OMITTED_WORD`` or ``OMITTED_DIGITS``, those to be masked
``MASKED_WORD``: a search for these finds them all. A date of birth stays as it is, since ages are
reported: the truth file lists those of the marked, as it lists all that is marked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finhouse.demo.tables import Columns

OMITTED_WORD, OMITTED_DIGITS, MASKED_WORD = "kwanarix", "9073184625", "kwamaskix"
# A moment that no text but a marked one names, and how every engine and format writes its day.
OMITTED_MOMENT, OMITTED_DAY = -1_981_551_149_000, "1907-03-18"
# Row numbers, of people who are there from early on at any scale. Mishaps delete some: with
# fourteen of each business, forty are left.
MARKED_PEOPLE = np.arange(3, 59, 4)
_LETTERS = "abcdefghij"

# Given a row's number and its value, the marked value.
Mark = Callable[[int, object], object]
Marks = Mapping[str, Mark]


def name(word: str = OMITTED_WORD, before: str = "", after: str = "") -> Mark:
    """A name whose last letters tell the row: 'Kwanarix Adjb'."""

    def mark(number: int, _: object) -> str:
        letters = "".join(_LETTERS[int(digit)] for digit in f"{number:03d}")
        return f"{before}{word.capitalize()} A{letters}{after}"

    return mark


def email(number: int, _: object) -> str:
    """An address that holds both marks."""
    return f"{OMITTED_WORD}.{OMITTED_DIGITS}.{number}@example.com"


def digits(before: str = "") -> Mark:
    """A number that ends with the row's: '+25190731846250003'."""
    return lambda number, _: f"{before}{OMITTED_DIGITS}{number:04d}"


def within(start: int = 0) -> Mark:
    """The value itself, with the mark in the place of its characters from ``start``."""

    def mark(_: int, value: object) -> str:
        text = str(value)
        return text[:start] + OMITTED_DIGITS + text[start + len(OMITTED_DIGITS) :]

    return mark


def moment(_: int, __: object) -> int:
    """Milliseconds since 1970 of the marked moment."""
    return OMITTED_MOMENT


def as_it_is(_: int, value: object) -> object:
    """The value: for what is reported in another form."""
    return value


def of_marked(people: np.ndarray) -> np.ndarray:
    """Shape (n,): whether each person is marked."""
    return np.isin(people, MARKED_PEOPLE)


def mark_rows(columns: Columns, marks: Marks, numbers: np.ndarray, people: np.ndarray) -> Columns:
    """The columns, with the marks of the rows of marked people in them.

    Args:
        marks: by column.
        numbers: shape (n,), row numbers.
        people: shape (n,), whose row each is: row numbers in the ledger of people.
    """
    marked = dict(columns)
    if not marks:
        return marked
    is_marked = of_marked(people)
    for column, mark in marks.items():
        values = columns[column]
        before = values.filter(pa.array(is_marked)).to_pylist()
        after = [
            mark(int(number), value)
            for number, value in zip(numbers[is_marked], before, strict=True)
        ]
        marked[column] = pc.replace_with_mask(
            values, pa.array(is_marked), pa.array(after, values.type)
        )
    return marked


def as_text(columns: Columns, marks: Marks) -> dict[str, list[str]]:
    """The values of marked columns, as the truth file has them."""
    return {
        column: sorted({str(value) for value in columns[column].to_pylist() if value})
        for column in marks
    }
