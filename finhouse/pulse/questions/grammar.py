"""The grammar: what a question asks, what it might ask, or what of it was not understood."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from finhouse.pulse.questions import periods
from finhouse.pulse.questions.catalogue import Breakdown, Catalogue, Kpi
from finhouse.pulse.questions.periods import Span, VaguePeriodError, find_span
from finhouse.pulse.questions.words import phrase, put_right, tokens

MOST_CANDIDATES = 3
LONGEST_QUESTION = 300
# Without a period: so many of the latest ones, where a question asks for several.
SEVERAL = 12

_FILLERS = frozenset(
    {
        *("a", "an", "the", "what", "whats", "which", "how", "much", "many", "i", "we", "us", "me"),
        *("our", "their", "it", "that", "there", "is", "are", "was", "were", "be", "been", "do"),
        *("doe", "did", "has", "had", "have", "in", "of", "on", "at", "for", "with", "please"),
        *("show", "tell", "give", "see", "value", "figure", "kpi", "current", "currently"),
        "latest",
    }
)
_GRAINS = {
    "month": re.compile(r"(?<= )(?:by month|per month|each month|every month|monthly)(?= )"),
    "day": re.compile(r"(?<= )(?:by day|per day|each day|every day|daily)(?= )"),
}
_NO_GRAIN = re.compile(
    r"(?<= )(?:(?:by|per|each|every) (week|quarter|year|hour)|weekly|quarterly|yearly|hourly)(?= )"
)
_COMPARED = re.compile(
    r"(?<= )(?:compared (?:with|to)|compare (?:with|to)|versus|vs|against) (?:the |its )?"
    r"(?P<what>target|plan|(?:month|day|period) before|previous (?:month|day|period)|"
    r"last year|year before|previous year|year ago)(?= )"
)
_COMPARISONS = {
    **dict.fromkeys(("target", "plan"), "target"),
    **dict.fromkeys(("last year", "year before", "previous year", "year ago"), "year before"),
}
_OPERATORS = {
    ">": (">", "above", "over", "more than", "greater than", "higher than", "exceeding", "exceed"),
    ">=": (">=", "at least", "no less than"),
    "<": ("<", "below", "under", "less than", "lower than", "fewer than"),
    "<=": ("<=", "at most", "no more than"),
}
_OPERATOR_OF = {word: sign for sign, words in _OPERATORS.items() for word in words}
_SCALES = {"k": 1000, "thousand": 1000, "m": 10**6, "million": 10**6, "billion": 10**9}
_THRESHOLD = re.compile(
    rf"(?<= )(?P<op>{'|'.join(sorted(_OPERATOR_OF, key=len, reverse=True))}) "
    rf"(?P<number>[-+]?[\d.,]*\d)(?: (?P<percent>%|percent)| (?P<scale>{'|'.join(_SCALES)}))?"
    r"(?= )"
)
# Numbers that everybody reads alike, with or without commas between thousands.
_PLAIN_NUMBER = re.compile(
    r"[-+]?(?:\d+|\d*\.\d+|\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?|\d{1,3},\d{3}\.\d+)"
)
# 300.000 and 300,000: thousands to some, and three places to others.
_TWO_WAYS = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")
_BY = r"(?<= )(?:split by|by|per|for each) (?P<what>{})(?= )"
# Words of the grammar: whoever writes one means it.
_WORDS = (
    periods.literals(*_GRAINS.values(), _NO_GRAIN, _COMPARED, _THRESHOLD)
    | set(_SCALES)
    | periods.WORDS
)
# A slip of a letter is put right to none of these: another number, or another side of it.
_EXACT = frozenset(
    {word for words in _OPERATOR_OF for word in words.split()}
    | set(_SCALES)
    | set(periods.NUMBERS)
    | set(periods.ORDINALS)
)


@dataclass(frozen=True)
class Threshold:
    """A number that values are to pass; in the KPI's own unit, a fraction for a rate."""

    sign: str
    number: Decimal


@dataclass(frozen=True)
class Reading:
    """A question that was understood.

    Attributes:
        grain: ``month`` or ``day``.
        span: the days it asks for; None for the latest periods.
        several: whether it asks for more than one period.
        breakdown: the dimension it asks for.
        comparison: ``target``, ``before``, ``year before`` or empty.
        put_right: words that were read as others: as written -> as read.
    """

    kpi: Kpi
    grain: str
    span: Span | None = None
    several: bool = False
    breakdown: Breakdown | None = None
    comparison: str = ""
    threshold: Threshold | None = None
    put_right: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        parts = [self.kpi.name, self.kpi.domain.replace("_", " ")]
        if self.span:
            parts.append(str(self.span))
        else:
            parts.append(
                f"latest {SEVERAL} {self.grain}s"
                if self.several
                else f"latest complete {self.grain}"
            )
        parts.append(
            f"by {self.breakdown.dimension} and {self.grain}"
            if self.breakdown
            else f"by {self.grain}"
        )
        if self.comparison:
            before = f"the {self.grain} before" if self.comparison == "before" else ""
            parts.append(f"compared with {before or 'the ' + self.comparison}")
        if self.threshold:
            parts.append(f"where it is {self.threshold.sign} {self._number(self.threshold.number)}")
        read = "".join(f" (read {was!r} as {now!r})" for was, now in self.put_right)
        return ", ".join(parts) + read

    def _number(self, number: Decimal) -> str:
        if self.kpi.unit == "rate":
            return f"{(number * 100).normalize():f} %"
        return f"{number.normalize():f}"


@dataclass(frozen=True)
class Ambiguous:
    """A question that may mean several things; none is run.

    Attributes:
        why: what is not clear.
        candidates: what it might mean, at most three.
    """

    why: str
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class NotUnderstood:
    """A question that was not understood.

    Attributes:
        why: in a sentence.
        unknown_words: those that nothing explains.
        nearest: names of the KPIs that are most like what was asked.
    """

    why: str
    unknown_words: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


Understood = Reading | Ambiguous | NotUnderstood


class _Refused(Exception):  # noqa: N818 - carries an outcome, which is no error of anybody's
    def __init__(self, outcome: Ambiguous | NotUnderstood) -> None:
        super().__init__()
        self.outcome = outcome


def understand(question: str, catalogue: Catalogue, as_of: Mapping[str, date | None]) -> Understood:
    """What a question asks.

    Args:
        as_of: last complete day by domain.
    """
    if len(question) > LONGEST_QUESTION:
        return NotUnderstood(f"it is longer than {LONGEST_QUESTION} characters")
    try:
        return _Parser(catalogue, as_of).reading(question)
    except _Refused as refused:
        return refused.outcome


class _Parser:
    """Takes a question apart: each rule takes its words out, and none may be left."""

    def __init__(self, catalogue: Catalogue, as_of: Mapping[str, date | None]) -> None:
        self._catalogue, self._as_of = catalogue, as_of
        self._dimensions = {name for code in catalogue.kpis for name in catalogue.breakdowns(code)}

    def reading(self, question: str) -> Reading:
        words, corrected = self._corrected(tokens(question))
        # Before the KPIs: a dimension may hold the name of one, as sign-up source does.
        dimension, text = self._dimension(phrase(words))
        codes, text = self._kpis(text)
        codes, text = self._domain(codes, text)
        kpi = self._one(codes, words)
        grain, text = self._grain(text)
        threshold, text = self._threshold(text, kpi)
        comparison, unit, text = self._comparison(text)
        span, text = self._span(text, kpi, words)
        breakdown = self._breakdown(dimension, kpi)
        self._refuse_leftovers(text)
        chosen = self._chosen_grain(kpi, grain, span, breakdown)
        if comparison == "year before" and chosen != "month":
            raise _Refused(NotUnderstood("the year before is kept by month: ask for it by month"))
        if unit and unit != chosen:
            raise _Refused(
                NotUnderstood(
                    f"values by {chosen} are compared with the {chosen} before, not the {unit}"
                )
            )
        if breakdown and (comparison or threshold):
            raise _Refused(
                NotUnderstood(f"values by {breakdown.dimension} are neither compared nor filtered")
            )
        return Reading(
            kpi,
            chosen,
            span,
            several=bool(grain or threshold),
            breakdown=breakdown,
            comparison=comparison,
            threshold=threshold,
            put_right=corrected,
        )

    def _corrected(self, words: Sequence[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
        """Words that nothing knows, put right where just one known word is a letter away."""
        dimensions = {word for dimension in self._dimensions for word in dimension.split()}
        known = self._catalogue.words | _WORDS | dimensions
        read = []
        corrected = []
        for word in words:
            better = None if word in known or word in _FILLERS else put_right(word, known)
            if better in _EXACT:
                better = None
            read.append(better or word)
            if better:
                corrected.append((word, better))
        return read, tuple(dict.fromkeys(corrected))

    def _kpis(self, text: str) -> tuple[list[tuple[str, ...]], str]:
        """The codes of each name that stands in the text, the longest names first."""
        found: list[tuple[str, ...]] = []
        for name in sorted(self._catalogue.names, key=lambda name: (-len(name), name)):
            while (start := text.find(f" {name} ")) >= 0:
                found.append(self._catalogue.names[name])
                text = f"{text[:start]} | {text[start + len(name) + 2 :]}"
        return found, text

    def _domain(self, codes: list[tuple[str, ...]], text: str) -> tuple[list[tuple[str, ...]], str]:
        """Codes of the domain that the text names, where it names one."""
        for name in sorted(self._catalogue.domain_names, key=len, reverse=True):
            if (start := text.find(f" {name} ")) >= 0:
                domain = self._catalogue.domain_names[name]
                kept = [
                    tuple(code for code in one if self._catalogue.kpis[code].domain == domain)
                    for one in codes
                ]
                text = f"{text[:start]} | {text[start + len(name) + 2 :]}"
                if codes and not all(kept):
                    raise _Refused(
                        NotUnderstood(f"{domain.replace('_', ' ')} has no KPI of that name")
                    )
                return kept, text
        return codes, text

    def _one(self, codes: list[tuple[str, ...]], words: Sequence[str]) -> Kpi:
        kpis = self._catalogue.kpis
        distinct = list(dict.fromkeys(codes))
        if not distinct:
            unknown = self._unknown(words)
            raise _Refused(
                NotUnderstood("it names no KPI", unknown, tuple(self._catalogue.nearest(words)))
            )
        every = list(dict.fromkeys(code for one in distinct for code in one))
        if len(every) > 1:
            why = "it names several KPIs" if len(distinct) > 1 else "several KPIs are called so"
            shown = tuple(
                f"{kpis[code].name}, {kpis[code].domain.replace('_', ' ')}" for code in every
            )
            raise _Refused(Ambiguous(why, shown[:MOST_CANDIDATES]))
        return kpis[every[0]]

    def _unknown(self, words: Sequence[str]) -> tuple[str, ...]:
        known = _FILLERS | _WORDS
        return tuple(dict.fromkeys(word for word in words if word not in known and word.isalpha()))

    def _grain(self, text: str) -> tuple[str, str]:
        if found := _NO_GRAIN.search(text):
            raise _Refused(
                NotUnderstood(f"values are kept by month and by day, not {found[0].strip()}")
            )
        for grain, pattern in _GRAINS.items():
            if found := pattern.search(text):
                return grain, f"{text[: found.start()]} | {text[found.end() :]}"
        return "", text

    def _threshold(self, text: str, kpi: Kpi) -> tuple[Threshold | None, str]:
        found = _THRESHOLD.search(text)
        if not found:
            return None, text
        number = _number_of(found)
        sign = _OPERATOR_OF[found["op"]]
        if found["percent"]:
            if kpi.unit != "rate":
                raise _Refused(NotUnderstood(f"{kpi.name} is no rate: it has no percent"))
            number /= 100
        elif kpi.unit == "rate" and abs(number) > 1:
            raise _Refused(
                Ambiguous(
                    f"{kpi.name} is a fraction",
                    (f"{found['op']} {number} %", f"{found['op']} {number * 100} %"),
                )
            )
        number *= _SCALES.get(found["scale"] or "", 1)
        return Threshold(sign, number), f"{text[: found.start()]} | {text[found.end() :]}"

    def _comparison(self, text: str) -> tuple[str, str, str]:
        """What values are compared with; of the period before, also the unit if it is named."""
        found = _COMPARED.search(text)
        if not found:
            return "", "", text
        what = _COMPARISONS.get(found["what"], "before")
        units = [unit for unit in _GRAINS if what == "before" and unit in found["what"].split()]
        return what, "".join(units), f"{text[: found.start()]} | {text[found.end() :]}"

    def _span(self, text: str, kpi: Kpi, words: Sequence[str]) -> tuple[Span | None, str]:
        as_of = self._as_of.get(kpi.domain)
        if as_of is None:
            raise _Refused(NotUnderstood(f"{kpi.domain} has no data yet"))
        try:
            span, text = find_span(text, as_of + timedelta(days=1))
        except VaguePeriodError as error:
            raise _Refused(
                Ambiguous("a month without its year", tuple(error.candidates))
            ) from error
        except ValueError as error:
            raise _Refused(NotUnderstood(f"a day that no calendar has: {error}")) from error
        if span and span.first > span.last:
            raise _Refused(NotUnderstood("the period ends before it begins"))
        return span, text

    def _dimension(self, text: str) -> tuple[str, str]:
        """The dimension that values are to be split by, of any KPI; empty for none."""
        longest_first = sorted(self._dimensions, key=len, reverse=True)
        found = re.search(_BY.format("|".join(longest_first)), text) if longest_first else None
        if not found:
            return "", text
        return found["what"], f"{text[: found.start()]} | {text[found.end() :]}"

    def _breakdown(self, dimension: str, kpi: Kpi) -> Breakdown | None:
        known = self._catalogue.breakdowns(kpi.code)
        if dimension and dimension not in known:
            kept = f"by {', '.join(known)} and by its periods" if known else "by its periods alone"
            raise _Refused(
                NotUnderstood(f"{kpi.name} is not kept by {dimension}: it is kept {kept}")
            )
        return known.get(dimension)

    def _refuse_leftovers(self, text: str) -> None:
        left = [word for word in text.split() if word != "|" and word not in _FILLERS]
        if left:
            raise _Refused(
                NotUnderstood(
                    f"nothing explains {', '.join(dict.fromkeys(left))}",
                    tuple(dict.fromkeys(left)),
                    tuple(self._catalogue.nearest(left)),
                )
            )

    def _chosen_grain(
        self, kpi: Kpi, asked: str, span: Span | None, breakdown: Breakdown | None
    ) -> str:
        natural = span.grain if span else "month"
        if breakdown:
            if asked == "day" or (span and span.grain == "day"):
                raise _Refused(NotUnderstood(f"values by {breakdown.dimension} are kept by month"))
            return "month"
        if asked and asked not in kpi.grains:
            raise _Refused(
                Ambiguous(
                    f"{kpi.name} has no values by {asked}",
                    tuple(f"{kpi.name} by {grain}" for grain in kpi.grains),
                )
            )
        if asked == "month" and span and not self._is_of_months(kpi, span):
            by_month = f"{kpi.name} by month, {span.first:%B %Y} to {span.last:%B %Y}"
            by_day = f"{kpi.name} by day, {span}"
            shown = (by_month, by_day) if "day" in kpi.grains else (by_month,)
            raise _Refused(Ambiguous("the period is not made of whole months", shown))
        if asked:
            return asked
        if natural in kpi.grains:
            return natural
        if span and natural == "day":
            raise _Refused(
                Ambiguous(
                    f"{kpi.name} has no values by day",
                    (f"{kpi.name} by month, {span.first:%B %Y}",),
                )
            )
        return kpi.grains[0]

    def _is_of_months(self, kpi: Kpi, span: Span) -> bool:
        """Whether a period begins with a month, and ends with one or with what is known."""
        ends = (span.last + timedelta(days=1)).day == 1 or span.last == self._as_of[kpi.domain]
        return span.grain == "month" or (span.first.day == 1 and ends)


def _number_of(found: re.Match[str]) -> Decimal:
    """The number of a threshold, where it can be read in one way only."""
    text = found["number"]
    if _PLAIN_NUMBER.fullmatch(text) and not _TWO_WAYS.fullmatch(text):
        return Decimal(text.replace(",", ""))
    *whole, places = re.split("[.,]", text)
    unit = found["percent"] or found["scale"]
    after = f" {unit}" if unit else ""
    readings = (f"{''.join(whole)}{places}", f"{''.join(whole)}.{places}")
    raise _Refused(
        Ambiguous(
            f"{text} may be read in two ways",
            tuple(f"{found['op']} {reading}{after}" for reading in readings),
        )
    )
