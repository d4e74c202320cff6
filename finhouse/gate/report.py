"""The moves as Markdown for one sticky comment on a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from finhouse.dbt.sql_columns import ROWS
from finhouse.errors import FinhouseError
from finhouse.gate.commits import Commit
from finhouse.gate.contracts import ContractChange, in_words
from finhouse.gate.model_changes import ModelChange
from finhouse.gate.moves import PERIODS, Moves, Undeclared, turned
from finhouse.gate.values import KpiMove

# Hidden in the comment, so that the next run finds and replaces it.
MARKER = "<!-- finhouse gate: what moves -->"
_HEADING = f"{MARKER}\n## What this change moves\n\n"
# What GitHub takes as a comment, less some room for what others put around it.
MAX_CHARACTERS = 65_536 - 2_000
# Rows a table may have (and months a KPI), tried in turn until the report is short enough.
_LIMITS = (500, 120, 40, 15, 6, 3)
_NAMES_IN_A_CELL = 12
_MONTH_COLUMNS = ("KPI", "Month", "Old", "New", "Difference")


def render(moves: Moves) -> str:
    """The report; the longest lists are cut, with a count of what is left out, to make it fit."""
    for limit in _LIMITS:
        text = "\n".join(_lines(moves, limit)).rstrip() + "\n"
        if len(text) <= MAX_CHARACTERS:
            return text
    cut = text[:MAX_CHARACTERS].rpartition("\n")[0]
    return f"{cut}\n\nThe report is longer than a comment may be and was cut here.\n"


def summary(moves: Moves) -> Iterator[str]:
    """The report in a few lines, for a terminal."""
    yield _verdict(moves).replace("**", "").replace("`", "")
    for change in moves.contracts:
        if change.is_breaking:
            yield f"  breaking: {change.mart}: {in_words(change)}"
    for code, of_code in _by_code([m for m in moves.kpis if m.mart == "kpi_monthly"]).items():
        latest = of_code[-1]
        yield (
            f"  {code}, {latest.period:%Y-%m}: {_number(latest.old)} -> {_number(latest.new)}"
            f"  {_difference(latest)}; {_count(len(of_code), 'month', 'months')}"
        )
    for cause in moves.causes:
        yield f"  moved by {cause.what}: {', '.join(cause.codes)}"
    for flip in moves.flips:
        yield f"  {flip.code}: {turned(flip)}"
    reached = [dashboard.title for dashboard in moves.impact.dashboards]
    if reached:
        yield f"  reaches the dashboards {', '.join(reached)}"
    owners = _owners(moves)
    if owners:
        yield f"  owners: {', '.join(owners)}"


def render_failures(failures: Mapping[str, FinhouseError], moves: str | None = None) -> str:
    """The report of a change that some steps refuse: why, by step.

    Args:
        moves: the report of what it moves, where it came as far as being compared.
    """
    steps = ", ".join(f"`{step}`" for step in failures)
    messages = "\n".join(str(error) for error in failures.values())
    refused = f"**The gate refuses it: {steps}.**"
    if moves is None:
        refused += " So nothing could be compared."
    text = f"{_HEADING}{refused}\n\n```\n{messages}"[: MAX_CHARACTERS // 2] + "\n```\n"
    if moves is not None:
        text += f"\n{moves.removeprefix(_HEADING)}"
    return text[:MAX_CHARACTERS]


def render_nothing(commit: Commit) -> str:
    """The report of a change that touches nothing of what is built."""
    return (
        f"{_HEADING}No difference.\n\nNothing that is built differs"
        f" from the base `{commit.short}` ({commit.chosen_as}): nothing was built.\n"
    )


def declaration_lines(undeclared: Iterable[Undeclared]) -> list[str]:
    """The lines that CHANGELOG.md must gain, to be completed: one a mart, one for all KPIs."""
    undeclared = list(undeclared)
    lines = [
        f"- **BREAKING** `{entry.name}`: {'; '.join(entry.reasons)}."
        " Old: <what readers had>; new: <what they use instead>."
        for entry in undeclared
        if entry.kind == "mart"
    ]
    codes = [_code(entry.name) for entry in undeclared if entry.kind == "KPI"]
    if codes:
        what = "KPI" if len(codes) == 1 else "KPIs"
        lines.append(
            f"- **BREAKING** {what} {', '.join(codes)}: old: <what it meant>; new: <what it means>."
        )
    return lines


def _lines(moves: Moves, limit: int) -> Iterator[str]:
    yield _HEADING.rstrip("\n")
    yield ""
    yield _verdict(moves)
    yield ""
    yield (
        f"Base `{moves.base}` ({moves.base_is}) and head, both built on the demo company at scale "
        f"{moves.scale:g}; the head rebuilt {moves.rebuilt} of {moves.total} models, seeds "
        "and snapshots."
    )
    if moves.without_rows:
        yield ""
        yield (
            "Without rows on both sides, as the demo company does not have them: "
            f"{_names(moves.without_rows)}. What is made of them was built and not compared."
        )
    if moves.undeclared:
        yield from ("", "### To be declared in CHANGELOG.md", "")
        yield from _table(
            ["", "Name", "What breaks"],
            [(u.kind, _code(u.name), "; ".join(u.reasons)) for u in moves.undeclared],
            limit,
        )
        yield from ("", "Add under the unreleased version, with words of yours:", "", "```")
        lines = declaration_lines(moves.undeclared)
        yield from lines[:limit]
        if len(lines) > limit:
            yield f"... and {len(lines) - limit} more, named above"
        yield "```"
    if moves.is_empty:
        return
    for title, section in _SECTIONS:
        lines = list(section(moves, limit))
        if lines:
            yield from ("", f"### {title}", "", *lines)


def _verdict(moves: Moves) -> str:
    if moves.is_empty:
        return "No difference."
    if moves.undeclared:
        names = ", ".join(_code(entry.name) for entry in moves.undeclared[:_NAMES_IN_A_CELL])
        more = len(moves.undeclared) - _NAMES_IN_A_CELL
        return (
            "**Not to be merged as it is:** breaking changes that CHANGELOG.md does not declare: "
            f"{names}{f' and {more} more' if more > 0 else ''}."
        )
    codes = {move.code for move in (*moves.kpis, *moves.flips)}
    marts = [mart for mart in moves.marts if not mart.is_equal]
    breaking = any(change.is_breaking for change in moves.contracts) or bool(codes)
    what = [
        _count(len(moves.models), "changed model", "changed models"),
        _count(len(marts), "mart with other rows", "marts with other rows"),
        _count(len(codes), "KPI that moved", "KPIs that moved"),
    ]
    return f"{', '.join(what)}." + (" What breaks is declared." if breaking else "")


def _models(moves: Moves, limit: int) -> Iterator[str]:
    yield from _table(
        ["", "Model", "Layer", "What"],
        [(m.kind, _code(m.name), m.layer, _what(m, moves)) for m in moves.models],
        limit,
    )
    for words, names in (("added", moves.tests.added), ("removed", moves.tests.removed)):
        if names:
            yield from ("", f"Tests {words}: {_names(names, limit=min(limit, 40))}.")


def _what(change: ModelChange, moves: Moves) -> str:
    """What changed of a model; SQL that computes the same is told from SQL that does not."""
    text = ", ".join(change.what)
    is_same = change.name not in moves.impact.changed and change.name not in moves.impact.unread
    if change.kind == "changed" and is_same and {"SQL", "rows"} & set(change.what):
        return f"{text} (computes the same)"
    return text


def _contracts(moves: Moves, limit: int) -> Iterator[str]:
    def row(change: ContractChange) -> tuple[str, ...]:
        return (
            "**breaking**" if change.is_breaking else "",
            _code(change.mart),
            _code(change.column) if change.column else "",
            change.what,
            change.old,
            change.new,
        )

    yield from _table(
        ["", "Mart", "Column", "What", "Old", "New"], [row(c) for c in moves.contracts], limit
    )


def _kpis(moves: Moves, limit: int) -> Iterator[str]:
    yield from _kpi_months([move for move in moves.kpis if move.mart == "kpi_monthly"], limit)
    yield from _kpi_days([move for move in moves.kpis if move.mart == "kpi_daily"], limit)
    if moves.causes:
        rows = [
            (_plain([cause.what]), _names(cause.where), _names(cause.codes))
            for cause in moves.causes
        ]
        yield ""
        yield from _table(["Moved by", "In", "KPIs"], rows, limit)


def _flips(moves: Moves, limit: int) -> Iterator[str]:
    """Verdicts that a target turns round while the values stay."""
    rows = [
        (
            _code(flip.code),
            flip.old,
            flip.new,
            f"{flip.periods:,} {PERIODS[flip.mart]}",
            f"{flip.first:%Y-%m-%d} to {flip.last:%Y-%m-%d}",
        )
        for flip in moves.flips
    ]
    yield from _table(["KPI", "Was", "Is now", "Past periods", "From, to"], rows, limit)


def _kpi_months(months: list[KpiMove], limit: int) -> Iterator[str]:
    """The latest month of each KPI; all months folded away where there are several KPIs."""
    if not months:
        return
    by_code = _by_code(months)
    rows, left_out = [], 0
    for of_code in by_code.values():
        # The latest months say most.
        left_out += max(len(of_code) - limit, 0)
        rows += [_month(move) for move in of_code[-limit:]]
    every_month = list(_table(_MONTH_COLUMNS, rows, len(rows), right_from=2))
    if left_out:
        every_month += ["", f"... and {left_out:,} earlier months."]
    if len(by_code) == 1:
        yield from every_month
        return
    latest = [(*_month(of_code[-1]), f"{len(of_code):,}") for of_code in by_code.values()]
    header = (*_MONTH_COLUMNS[:1], "Latest month", *_MONTH_COLUMNS[2:], "Months")
    yield from _table(header, latest, limit * 4, right_from=2)
    yield from ("", f"<details><summary>Every month ({len(months):,})</summary>", "")
    yield from (*every_month, "", "</details>")


def _month(move: KpiMove) -> tuple[str, ...]:
    return (
        _code(move.code),
        f"{move.period:%Y-%m}",
        _number(move.old),
        _number(move.new),
        _difference(move),
    )


def _kpi_days(days: list[KpiMove], limit: int) -> Iterator[str]:
    if not days:
        return
    rows = []
    for code, of_code in _by_code(days).items():
        largest = max(of_code, key=lambda move: (abs(move.difference or 0), move.period))
        rows.append(
            (
                _code(code),
                f"{len(of_code):,}",
                f"{of_code[0].period:%Y-%m-%d} to {of_code[-1].period:%Y-%m-%d}",
                f"{largest.period:%Y-%m-%d}",
                _number(largest.old),
                _number(largest.new),
                _difference(largest),
            )
        )
    yield ""
    yield from _table(
        ["KPI by day", "Days", "From, to", "Largest on", "Old", "New", "Difference"],
        rows,
        limit,
        right_from=4,
    )


def _catalogue(moves: Moves, limit: int) -> Iterator[str]:
    rows = [
        (
            _code(entry.code),
            entry.field or ("KPI added" if entry.new else "KPI removed"),
            entry.old,
            entry.new,
        )
        for entry in moves.catalogue
    ]
    yield from _table(["KPI", "Field", "Old", "New"], rows, limit)


def _marts(moves: Moves, limit: int) -> Iterator[str]:
    different = [mart for mart in moves.marts if not mart.is_equal]
    yield from _table(
        ["Mart", "Rows", "Keys gone", "Keys new", "Keys differing", "Columns", "For example"],
        [
            (
                _code(mart.mart),
                f"{mart.base_rows:,} → {mart.head_rows:,}",
                f"{mart.only_base:,}",
                f"{mart.only_head:,}",
                f"{mart.differing:,}",
                mart.note or _plain([f"{_code(name)} ({count:,})" for name, count in mart.columns]),
                "; ".join(mart.examples[:1]),
            )
            for mart in different
        ],
        limit,
    )
    equal = len(moves.marts) - len(different)
    if equal:
        yield from (
            *([""] if different else []),
            f"{_count(equal, 'mart', 'marts')} rebuilt with the same rows, in shared columns.",
        )


def _impact(moves: Moves, limit: int) -> Iterator[str]:
    impact = moves.impact
    if not (impact.changed or impact.kpis):
        return
    yield (
        "What is computed otherwise, and all that is made of it: it may differ on other data even "
        "where it does not here."
    )
    yield ""
    changed = [(_code(name), _columns(columns)) for name, columns in impact.changed.items()]
    yield from _table(["Changed in", "Columns"], changed, limit)
    if impact.marts:
        moved = {mart.mart for mart in moves.marts if not mart.is_equal}
        rows = [
            (
                _code(name),
                _columns(columns),
                moves.owners.get(name, "nobody"),
                "yes" if name in moved else "",
            )
            for name, columns in impact.marts.items()
        ]
        yield ""
        yield from _table(["Reaches mart", "Columns", "Owner", "Differs here"], rows, limit)
    if impact.kpis and impact.kpis >= moves.kpi_names.keys():
        yield from ("", f"Reaches every KPI, all {len(impact.kpis)} of them.")
    elif impact.kpis:
        moved_kpis = {move.code for move in moves.kpis}
        rows = [
            (
                _code(code),
                moves.kpi_names.get(code, ""),
                moves.owners.get(code, "nobody"),
                "yes" if code in moved_kpis else "",
            )
            for code in sorted(impact.kpis)
        ]
        yield ""
        yield from _table(["Reaches KPI", "Name", "Owner", "Differs here"], rows, limit)
    if impact.dashboards:
        rows = [(d.title, d.owner, _plain(sorted(d.charts))) for d in impact.dashboards]
        yield ""
        yield from _table(["Reaches dashboard", "Owner", "Charts"], rows, limit)
    owners = _owners(moves)
    if owners:
        yield from ("", f"Owners: {', '.join(owners)}.")
    if impact.unread:
        yield from ("", f"Could not be taken apart, so all of it counts: {_names(impact.unread)}.")


def _owners(moves: Moves) -> list[str]:
    """Owners of all marts, KPIs and dashboards that are reached."""
    impact = moves.impact
    owners = {moves.owners.get(name, "nobody") for name in (*impact.marts, *impact.kpis)}
    return sorted(owners | {dashboard.owner for dashboard in impact.dashboards})


_SECTIONS: tuple[tuple[str, Callable[[Moves, int], Iterator[str]]], ...] = (
    ("KPIs that moved", _kpis),
    ("Past verdicts that a target turns", _flips),
    ("KPI catalogue", _catalogue),
    ("Contracts of marts", _contracts),
    ("Rows of marts", _marts),
    ("Models", _models),
    ("Blast radius", _impact),
)


def _table(
    header: Sequence[str], rows: Sequence[Sequence[str]], limit: int, right_from: int | None = None
) -> Iterator[str]:
    """A Markdown table of up to ``limit`` rows; numbers from column ``right_from`` on."""
    if not rows:
        return
    right = len(header) if right_from is None else right_from
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join('---:' if place >= right else '---' for place in range(len(header)))}|"
    for row in rows[:limit]:
        yield f"| {' | '.join(_cell(text) for text in row)} |"
    if len(rows) > limit:
        yield from ("", f"... and {len(rows) - limit:,} more.")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _by_code(moves: list[KpiMove]) -> dict[str, list[KpiMove]]:
    grouped: dict[str, list[KpiMove]] = {}
    for move in moves:
        grouped.setdefault(move.code, []).append(move)
    return grouped


def _number(value: Decimal | None) -> str:
    """Digits as stored, without the zeros at the end: 0.11670000 -> 0.1167."""
    if value is None:
        return "none"
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _difference(move: KpiMove) -> str:
    if move.kind != "moved":
        return move.kind
    if move.difference is None:
        return ""
    if not move.difference:
        return "0 (its numerator or denominator moved)"
    sign = "+" if move.difference > 0 else ""
    share = f" ({move.difference / abs(move.old):+.1%})" if move.old else ""
    return f"{sign}{_number(move.difference)}{share}"


def _columns(columns: set[str]) -> str:
    names = sorted(columns - {ROWS})
    rows = ["its rows"] if ROWS in columns else []
    return ", ".join([*rows, *([_names(names)] if names else [])])


def _names(names: Sequence[str], limit: int = _NAMES_IN_A_CELL) -> str:
    return _plain([_code(name) for name in names], limit)


def _plain(names: Sequence[str], limit: int = _NAMES_IN_A_CELL) -> str:
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more:,} more" if more > 0 else "")


def _code(name: str) -> str:
    return f"`{name}`"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
