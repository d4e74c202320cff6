"""Words of a question: cut apart, in one form, and put right where one letter is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

# Of words so short another one is a letter away by chance.
LEAST_LETTERS = 5
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_RANGE_OF_MONTHS = re.compile(rf"\b({_MONTH}(?: \d{{4}})?) ?[-\u2013] ?({_MONTH})\b")
# Jan-2026, Q1-2026: the mark is no minus.
_PERIOD_OF_YEAR = re.compile(rf"\b({_MONTH}|q ?[1-4])[-\u2013](?=(?:19|20)\d{{2}}\b)")
_TOKENS = re.compile(
    r"(?<![\w.])\d{4}-\d{2}(?:-\d{2})?(?!\d)|(?<![\w.])[-+]?(?:\d+(?:[.,]\d+)*|\.\d+)"
    r"|\d+(?:[.,]\d+)*|[^\W\d_]+|[<>]=?|[^\s\w]|\w"
)
# Marks that end or join words and say nothing themselves.
_SILENT = frozenset("?!.,;:'\"()/&+-\u2013\u2014\u2019_")
# Unless a number follows: then they are part of it, and leaving them out would make another one.
_BEFORE_NUMBER = re.compile(r"[.,]\d|[-+\u2013\u2014]\s*\.?\d")
_POSSESSIVE = re.compile(r"['\u2019]s\b")


def tokens(text: str) -> list[str]:
    """The words and numbers of a text, in lower case and in one form.

    ``How many new users, Jan-Jun 2026?`` -> how many new user jan to jun 2026
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("\u2212", "-")
    plain = _POSSESSIVE.sub("", plain)
    plain = _RANGE_OF_MONTHS.sub(r"\1 to \2", plain)
    plain = _PERIOD_OF_YEAR.sub(r"\1 ", plain)
    found = _TOKENS.finditer(plain)
    return [
        stem(token[0])
        for token in found
        if token[0] not in _SILENT or _BEFORE_NUMBER.match(plain, token.start())
    ]


def stem(word: str) -> str:
    """The singular of a plural: users -> user, deliveries -> delivery."""
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word.removesuffix("s")


def put_right(word: str, known: Collection[str]) -> str | None:
    """The one known word that is a single letter away; None where there is none, or several."""
    if len(word) < LEAST_LETTERS or not word.isalpha():
        return None
    near = [other for other in known if is_one_edit_away(word, other)]
    return near[0] if len(near) == 1 else None


def is_one_edit_away(one: str, other: str) -> bool:
    """Whether a letter is missing, added or another one, or two neighbours are swapped."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    same = next(
        (n for n, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter)
    )
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    rest, other_rest = shorter[same:], longer[same:]
    return rest[1:] == other_rest[1:] or (
        rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]
    )


def phrase(words: Iterable[str]) -> str:
    """Words with a space between each two, and around them."""
    return f" {' '.join(words)} "
