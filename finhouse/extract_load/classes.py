"""No column is loaded whose class nobody has declared."""

from __future__ import annotations

from collections.abc import Sequence

from finhouse.errors import ConfigurationError


def refuse_undeclared(source: str, table: str, shown: str, columns: Sequence[str]) -> None:
    """Stop the load of a table that has columns of no class.

    Args:
        source: name of the source.
        table: its name in raw.
        shown: the table, for the message.
        columns: those of no class.

    Raises:
        ConfigurationError: there is one.
    """
    if not columns:
        return
    listed = ", ".join(columns)
    raise ConfigurationError(
        f"no class is declared for column {listed} of {shown}; nothing of it was loaded",
        f"say under classes of table {table} in finhouse/sources/{source}.yml what"
        f" {'it holds' if len(columns) == 1 else 'they hold'}, such as 2 behaviour: [{listed}]"
        " (docs/how-to/data-classes.md)",
    )
