"""The class of each column of a source: how sensitive its values are, and what they are about.

A source file says it by lists, ``1a contact: [phone, email]``: a level and a category.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

# What identifies a person; a financial fact of a person; what else is sensitive; all else.
LEVELS = ("1a", "1b", "2", "3")
# What is about a person, or lets somebody act as one ...
PERSONAL_CATEGORIES = ("secret", "identity", "contact", "kyc", "credit", "payment", "behaviour")
# ... and what is about the business, or about the row itself.
OTHER_CATEGORIES = ("business", "technical")
CATEGORIES = (*PERSONAL_CATEGORIES, *OTHER_CATEGORIES)
# In place of a list: every column that the table had when it was first loaded.
REST = "rest"

Treatment = Literal["omit", "mask", "pseudonymise", "keep"]
ColumnLists = Mapping[str, "tuple[str, ...] | str"]


@dataclass(frozen=True)
class ColumnClass:
    """How sensitive the values of a column are, and what they are about."""

    level: str
    category: str

    def __str__(self) -> str:
        return f"{self.level} {self.category}"

    @property
    def rank(self) -> tuple[int, int]:
        """Smaller is more sensitive."""
        return LEVELS.index(self.level), CATEGORIES.index(self.category)

    @classmethod
    def parse(cls, text: str) -> ColumnClass:
        """``1b payment`` as a class.

        Raises:
            ValueError: it is none.
        """
        level, _, category = text.partition(" ")
        if level not in LEVELS or category not in CATEGORIES:
            raise ValueError(
                f"{text!r} is no class: write a level ({', '.join(LEVELS)}) and a category"
                f" ({', '.join(CATEGORIES)}), like 1b payment"
            )
        if level in ("1a", "1b") and category in OTHER_CATEGORIES:
            raise ValueError(f"{text!r} is no class: what is of level {level} is about a person")
        return cls(level, category)


OF_NO_PERSON = ColumnClass("3", "technical")


def highest(classes: Iterable[ColumnClass]) -> ColumnClass:
    """The most sensitive of some classes; ``3 technical`` where there is none."""
    return min(classes, key=lambda one: one.rank, default=OF_NO_PERSON)


def check_lists(lists: ColumnLists) -> None:
    """Refuse lists that are not classes, or that name a column twice.

    Raises:
        ValueError: naming what is wrong and what to write.
    """
    seen: dict[str, str] = {}
    for name, columns in lists.items():
        parsed = ColumnClass.parse(name)
        if isinstance(columns, str):
            if columns != REST:
                raise ValueError(f"{name}: {columns}: write a list of columns, or {REST}")
            if parsed.category not in OTHER_CATEGORIES:
                raise ValueError(
                    f"{name}: {REST}: what is about a person is named column by column;"
                    f" {REST} is for {' and '.join(OTHER_CATEGORIES)}"
                )
            columns = (REST,)
        for column in columns:
            if column in seen:
                raise ValueError(f"{column} is in {seen[column]} and in {name}: keep one")
            seen[column] = name


def class_in(lists: ColumnLists, column: str) -> ColumnClass | None:
    """The class that lists give to a column by its name."""
    for name, columns in lists.items():
        if not isinstance(columns, str) and column in columns:
            return ColumnClass.parse(name)
    return None


def class_of_rest(lists: ColumnLists) -> ColumnClass | None:
    """The class of what the lists do not name."""
    return next(
        (ColumnClass.parse(name) for name, columns in lists.items() if columns == REST), None
    )


def check_treatment(table: str, column: str, found: ColumnClass, treatment: str | None) -> None:
    """Refuse a column whose class asks for another treatment than it gets.

    Raises:
        ValueError: naming the column and what to write.
    """
    if found.category == "secret" and treatment != "omit":
        raise ValueError(
            f"{table}.{column} is of class {found}: a secret never leaves the source; write under"
            f" personal_data {column}: omit"
        )
    if found.level == "1a" and treatment not in ("omit", "mask", "pseudonymise"):
        raise ValueError(
            f"{table}.{column} is of class {found}: personal_data says what becomes of it; write"
            f" {column}: omit, pseudonymise or mask"
        )
