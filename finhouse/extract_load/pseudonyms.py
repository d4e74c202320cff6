"""Tokens in place of the values of some columns, on their way from the source into raw.

They are made here, so that neither the source nor the warehouse ever sees the key.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

import pyarrow

from finhouse.errors import ConfigurationError
from finhouse.pseudonyms import KEY, KEY_FILE, PseudonymKey, pseudonym_key
from finhouse.settings import Settings
from finhouse.sources.definitions import PostgresDefinition

if TYPE_CHECKING:
    from finhouse.extract_load.state import TableState
    from finhouse.extract_load.tables.context import TableContext

# PostgreSQL's binary COPY: a signature, flags and the length of an extension; then rows: a number
# of fields, and each with its length, -1 for NULL; -1 in place of the number ends it.
_HEADER = len(b"PGCOPY\n\377\r\n\0") + 4
_LENGTH, _NUMBER = struct.Struct("!i"), struct.Struct("!h")
_NULL = -1


def source_key(settings: Settings, definition: PostgresDefinition) -> PseudonymKey | None:
    """The key that a source's values become tokens by; None where none is needed, or given.

    Raises:
        ConfigurationError: the key cannot be read, or is no key.
    """
    if not any(table.pseudonymised for table in definition.tables):
        return None
    elsewhere = settings.oltp_url or settings.source_urls.get(definition.url_variable)
    return pseudonym_key(settings, of_demo=not elsewhere)


def check_key(context: TableContext, state: TableState | None, *, full_refresh: bool) -> str:
    """Refuse to make tokens that would not join those that are in raw.

    Args:
        state: of the table, some of whose columns are pseudonymised.
        full_refresh: whether all its tokens are made again.

    Returns:
        What has to be loaded again, too, if anything.

    Raises:
        ConfigurationError: there is no key, or another one than before.
    """
    shown, key = context.shown, context.pseudonym_key
    if key is None:
        raise ConfigurationError(
            f"columns of {shown} are pseudonymised, and there is no key for it: neither"
            f" {KEY_FILE} nor {KEY} is set",
            f"make a key with `finhouse pseudonym-key FILE`, and let {KEY_FILE} name it",
        )
    others = context.books.tables_of_other_keys(
        key.fingerprint, context.source_name, context.table_name
    )
    held = state.key_fingerprint if state else None
    if full_refresh:
        listed = ", ".join(others)
        return listed and f"tokens of {listed} are of another key: load them with --full-refresh"
    if held not in (None, key.fingerprint) or (held is None and others):
        of = shown if held else ", ".join(others)
        raise ConfigurationError(
            f"the key of pseudonyms is another one than before: its fingerprint is"
            f" {key.fingerprint}, and tokens of {of} were made with another; new ones would not"
            " join them",
            f"let {KEY_FILE} name the key of before; or, if that is lost, load every table that has"
            " pseudonyms with --full-refresh",
        )
    return ""


def tokens_in_stream(
    stream: pyarrow.RecordBatchReader, positions: Collection[int], key: PseudonymKey
) -> pyarrow.RecordBatchReader:
    """The stream with tokens in some of its columns, which are texts."""
    schema = stream.schema
    for at in positions:
        schema = schema.set(at, pyarrow.field(schema.field(at).name, pyarrow.string()))

    def batches() -> Iterator[pyarrow.RecordBatch]:
        for batch in stream:
            columns = [
                _tokens(column, key) if at in positions else column
                for at, column in enumerate(batch.columns)
            ]
            yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)

    return pyarrow.RecordBatchReader.from_batches(schema, batches())


def _tokens(column: pyarrow.Array, key: PseudonymKey) -> pyarrow.Array:
    encoded = column.dictionary_encode()
    tokens = [key.token(value) for value in encoded.dictionary.to_pylist()]
    return pyarrow.array(tokens, pyarrow.string()).take(encoded.indices)


def tokens_in_copy(
    blocks: Iterable[bytes], positions: Collection[int], key: PseudonymKey
) -> Iterator[bytes]:
    """Blocks of whole rows of binary COPY, with tokens in some of their fields, which are texts."""
    is_first = True
    for block in blocks:
        made, at = bytearray(), 0
        if is_first and block:
            (extension,) = _LENGTH.unpack_from(block, _HEADER)
            at = _HEADER + _LENGTH.size + extension
            made += block[:at]
            is_first = False
        while at < len(block):
            (fields,) = _NUMBER.unpack_from(block, at)
            made += block[at : at + _NUMBER.size]
            at += _NUMBER.size
            for field in range(max(fields, 0)):
                (length,) = _LENGTH.unpack_from(block, at)
                at += _LENGTH.size
                value = block[at : at + max(length, 0)]
                at += len(value)
                if field in positions and length != _NULL:
                    value = key.token(value).encode()
                    length = len(value)
                made += _LENGTH.pack(length) + value
        yield bytes(made)
