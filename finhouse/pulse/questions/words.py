"""Words of a question: cut apart, in one form, and put right where one letter is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

# Of words so short another one is a letter away by chance.
LEAST_LETTERS = 5
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_RANGE_OF_MONTHS = re.compile(rf"\b({_MONTH}(?: \d{{4}})?) ?[-\u2013] ?({_MONTH})\b")
_TOKENS = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{4}-\d{2}|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[^\W\d_]+|[<>]=?|[^\s\w]|\w"
)
# Marks that end or join words and say nothing themselves.
_SILENT = frozenset("?!.,;:'\"()/&+-\u2013\u2014\u2019_")
_POSSESSIVE = re.compile(r"['\u2019]s\b")


def tokens(text: str) -> list[str]:
    """The words and numbers of a text, in lower case and in one form.

    ``How many new users, Jan-Jun 2026?`` -> how many new user jan to jun 2026
    """
    plain = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text).lower())
    plain = _RANGE_OF_MONTHS.sub(r"\1 to \2", plain)
    found = _TOKENS.findall(plain)
    return [stem(token) for token in found if token not in _SILENT]


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
