"""What a table's rows read as without being written: its catalogue entries, held against the last.

PostgreSQL tells which rows were written. An enum's label that is renamed, a column that is dropped
and made again with a default, a virtual column with another expression or a partition that is
attached change what a load would read, and write no row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# Of the table $1: the columns by name, with their numbers, which are never used twice; what virtual
# columns compute; labels of the enums in its columns, by number, however deep they are inside
# domains, arrays, ranges and composites; its partitions and children.
SHAPE_QUERY = """
    with recursive family (oid) as (
        select $1::oid
        union
        select i.inhrelid from pg_inherits i join family f on i.inhparent = f.oid
    ),
    columns as (
        select a.attname, a.attnum, a.atttypid, a.attgenerated
        from pg_attribute a
        where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
    ),
    types (oid) as (
        select atttypid from columns
        union
        select part.oid
        from types
        join pg_type t on t.oid = types.oid
        cross join lateral (
            select t.typelem as oid
            union all
            select t.typbasetype
            union all
            select r.rngsubtype from pg_range r where r.rngtypid = t.oid
            union all
            select a.atttypid
            from pg_attribute a
            where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        ) as part
        where part.oid <> 0
    )
    select json_build_object(
        'identity', $1::oid::text,
        'columns', (select json_object_agg(attname, attnum) from columns),
        'computed', (
            select json_object_agg(c.attname, pg_get_expr(d.adbin, d.adrelid))
            from columns c
            join pg_attrdef d on d.adrelid = $1 and d.adnum = c.attnum
            where c.attgenerated <> ''
        ),
        'labels', (
            select json_object_agg(e.oid::text, e.enumlabel)
            from pg_enum e
            where e.enumtypid in (select oid from types)
        ),
        'parts', (select json_object_agg(oid::text, true) from family where oid <> $1)
    )::text
"""


@dataclass(frozen=True)
class TableShape:
    """A table's catalogue entries, as far as they decide what its rows read as.

    Attributes:
        identity: of the table itself, whatever it is called.
        columns: number by name.
        computed: expression of generated columns, by name.
        labels: of enums in its columns, by their number.
        parts: partitions and children, by their number.
    """

    identity: str
    columns: Mapping[str, int]
    computed: Mapping[str, str]
    labels: Mapping[str, str]
    parts: Mapping[str, bool]

    @classmethod
    def parse(cls, text: str) -> TableShape:
        """From the text of ``SHAPE_QUERY``, or of ``str(shape)``."""
        found = json.loads(text)
        return cls(**{name: value or {} for name, value in found.items()})

    def __str__(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    def changed_since(self, before: TableShape) -> str:
        """Why rows that were not written may read otherwise; empty if they read as they did.

        New columns, labels and partitions change no old row; what a new part brings along is
        ``parts_since``.
        """
        if self.identity != before.identity:
            return "another table has its name now"
        for what, was, now in (
            ("column {} was dropped and added again", before.columns, self.columns),
            ("column {} is computed otherwise", before.computed, self.computed),
        ):
            if changed := _changed(was, now):
                return what.format(changed[0])
        if changed := _changed(before.labels, self.labels):
            label = before.labels[changed[0]]
            return f"label {label!r} of an enum is {self.labels[changed[0]]!r} now"
        return ""

    def parts_since(self, before: TableShape) -> list[str]:
        """Numbers of the partitions and children that were attached, old rows and all."""
        return sorted(self.parts.keys() - before.parts.keys())


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in before.keys() & now.keys() if before[key] != now[key])
