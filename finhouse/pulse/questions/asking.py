"""Asking: a question, what it was taken for, and what is published of it; all of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from finhouse.pulse.questions.catalogue import COLUMNS_SQL, catalogue_of
from finhouse.pulse.questions.grammar import Ambiguous, NotUnderstood, Reading, understand
from finhouse.pulse.questions.sql import sql_of

Row = dict[str, Any]
Outcome = Literal["answered", "ambiguous", "not_understood"]
AS_OF_SQL = "select domain, as_of_date from published.data_recency"


@dataclass(frozen=True)
class Answer:
    """What became of a question.

    Attributes:
        question: as it was asked.
        outcome: answered, ambiguous or not_understood.
        reading: how it was understood, in words; empty where it was not.
        understood: the same, as the grammar has it; None where it was not.
        sql: what was run; empty where nothing was.
        rows: what came of it, the latest period first.
        why: what is not clear, or was not understood.
        candidates: what it might mean, at most three.
        unknown_words: those that nothing explains.
        nearest: names of KPIs that are most like it.
    """

    question: str
    outcome: Outcome
    reading: str = ""
    understood: Reading | None = None
    sql: str = ""
    rows: tuple[Row, ...] = ()
    why: str = ""
    candidates: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


def ask(
    question: str, run: Callable[[str], list[Row]], dialect: str, domains: Collection[str]
) -> Answer:
    """Answer a question from one publication, or say why not.

    Args:
        run: runs a query on the publication.
        dialect: of its SQL: ``duckdb`` or ``postgres``.
        domains: whose KPIs may be named.
    """
    catalogue = catalogue_of(run(COLUMNS_SQL), domains)
    as_of = {row["domain"]: row["as_of_date"] for row in run(AS_OF_SQL)}
    understood = understand(question, catalogue, as_of)
    if isinstance(understood, Ambiguous):
        return Answer(question, "ambiguous", why=understood.why, candidates=understood.candidates)
    if isinstance(understood, NotUnderstood):
        return Answer(
            question,
            "not_understood",
            why=understood.why,
            unknown_words=understood.unknown_words,
            nearest=understood.nearest,
        )
    sql = sql_of(understood, dialect)
    return Answer(question, "answered", str(understood), understood, sql, tuple(run(sql)))


def record(connection: psycopg.Connection, answer: Answer, user: str, data_source: str) -> None:
    """Keep a question and what became of it: unknown words are what the synonyms lack."""
    connection.execute(
        "insert into pulse.pulse_query_history (user_id, query_text, executed_at, data_source, "
        "rows_returned, outcome, reading, sql_query, unknown_words) "
        "values (%s, %s, now(), %s, %s, %s, %s, %s, %s)",
        (
            *(user, _storable(answer.question), data_source),
            len(answer.rows) if answer.outcome == "answered" else None,
            *(answer.outcome, answer.reading or None, answer.sql or None),
            Jsonb([_storable(word) for word in answer.unknown_words]),
        ),
    )


def _storable(text: str) -> str:
    """A text without what PostgreSQL keeps in none: zeros, and halves of characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
