"""Hold compiled SQL against what Snowflake documents: ``check_sql.py FOLDER``.

The emulator cannot tell: it hands what it does not know to DuckDB, which knows more. Prints one
line a finding and ends with 1 if there is any.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import ParseError
from sqlglot.tokens import TokenType

# Functions the project's SQL may call, each looked up in Snowflake's reference. A new one belongs
# here once it has been looked up there: do the arguments, the treatment of null and the type of
# the result agree with the other engines?
FUNCTIONS = """
abs cast ceil coalesce convert_timezone count date_trunc dateadd datediff dense_rank exp extract
first_value floor greatest lag lead least listagg ln lower max min mod nullif percentile_cont power
rank regexp_instr replace round row_number sha2 sqrt substr sum to_char trim try_cast upper
"""
# Words that a bracket may follow without being called.
_WORDS = """
all and as by distinct else from group having in join not numeric on or over partition select
then union when where
"""
# Names that cannot be written without quotes:
# https://docs.snowflake.com/en/sql-reference/reserved-keywords
RESERVED = """
account all alter and any as between by case cast check column connect connection constraint
create cross current current_date current_time current_timestamp current_user database delete
distinct drop else exists false following for from full grant group gscluster having ilike in
increment inner insert intersect into is issue join lateral left like localtime localtimestamp
minus natural not null of on or order organization qualify regexp revoke right rlike row rows
sample schema select set some start table tablesample then to trigger true try_cast union
unique update using values view when whenever where with
"""
_TYPES = """
bigint boolean date decimal double int integer numeric text timestamp timestampntz timestamptz
varchar
"""
# What DuckDB or PostgreSQL has and Snowflake has not, or not so: write dateadd for an interval,
# to_utc or local_timestamp for a time zone.
_FOREIGN = (
    exp.Array,
    exp.AtTimeZone,
    exp.Bracket,
    exp.Filter,
    exp.Interval,
    exp.Lambda,
    exp.Struct,
)


def findings(sql: str) -> Iterator[str]:
    """What Snowflake would not take, or would take otherwise, in one sentence each."""
    try:
        tree = parse_one(sql, read="snowflake")
    except ParseError as error:
        place = error.errors[0]
        yield f"line {place['line']}: {place['description']} near {place['highlight']!r}"
        return
    yield from _words(sql)
    for node in tree.walk():
        if isinstance(node, _FOREIGN):
            yield f"{type(node).__name__.lower()} is not Snowflake's: {node.sql()[:60]}"
        elif isinstance(node, exp.Distinct) and node.args.get("on"):
            yield "distinct on is not Snowflake's"
        elif isinstance(node, exp.DataType) and node.this.value.lower() not in _TYPES.split():
            yield f"type {node.sql()} has not been looked up in Snowflake's reference"
        elif isinstance(node, exp.Identifier) and _is_reserved(node):
            yield f"{node.name} is a reserved word of Snowflake's"


def _is_reserved(name: exp.Identifier) -> bool:
    return not name.quoted and name.name.lower() in RESERVED.split()


def _words(sql: str) -> Iterator[str]:
    """Findings in the words as they are written: sqlglot reads other dialects' synonyms, too."""
    callable_words = {*FUNCTIONS.split(), *_WORDS.split()}
    tokens = list(Snowflake.Tokenizer().tokenize(sql))
    for token, following in zip_longest(tokens, tokens[1:]):
        is_called = following is not None and following.token_type is TokenType.L_PAREN
        word = token.text.lower()
        if token.token_type is TokenType.STRING:
            if "\\" in sql[token.start : token.end + 1]:
                yield f"a backslash in a text is an escape to Snowflake: {token.text!r}"
        elif is_called and word.isidentifier() and word not in callable_words:
            yield f"function {word} has not been looked up in Snowflake's reference"


def main(folder: Path) -> int:
    files = sorted(folder.rglob("*.sql"))
    found = [
        f"{file.relative_to(folder)}: {finding}"
        for file in files
        for finding in dict.fromkeys(findings(file.read_text()))
    ]
    print("\n".join(found) or f"{len(files):,} files of SQL hold nothing foreign to Snowflake")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
