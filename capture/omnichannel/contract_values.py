"""Reading the values of a webhook payload, which are spelled as .NET's data contracts spell them.

What is missing or malformed reads as None: no value fails a payload. Microsoft Learn, "Use webhooks to create external
handlers for server events".
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from capture.omnichannel import rows

_DATE = re.compile(r"\\?/Date\((-?\d{1,18})(?:[+-]\d{4})?\)\\?/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1970, 9999)
"""Outside of these a time stands for "none"; the first and last day of the calendar have no neighbours."""
_LARGEST_CODE = 2**31 - 1


def mapping(value: object) -> dict[str, Any]:
    """Read a list of `key` and `value` pairs; of a key that stands twice the last one counts."""
    if isinstance(value, dict):
        return value
    pairs = value if isinstance(value, list) else []
    return {
        pair["key"]: pair.get("value") for pair in pairs if isinstance(pair, dict) and isinstance(pair.get("key"), str)
    }


def guid(values: Mapping[str, Any], column: str) -> str | None:
    """Read a guid in lower case, with or without braces; the empty one is none."""
    found = rows.guid(values, column)
    return None if found is None or not found.strip("0-") else found


def reference(values: Mapping[str, Any], column: str, table: str) -> str | None:
    """Read the id of a lookup that leads to a table, None if it leads elsewhere."""
    value = values.get(column)
    if isinstance(value, str):
        return guid(values, column)
    if not isinstance(value, dict) or value.get("LogicalName") not in (table, None, ""):
        return None
    return guid(value, "Id")


def code(values: Mapping[str, Any], column: str) -> int | None:
    """Read the number of a choice."""
    value = values.get(column)
    if isinstance(value, dict):
        value = value.get("Value")
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST_CODE else None


def moment(values: Mapping[str, Any], column: str) -> datetime | None:
    """Read a time: `/Date(ms)/`, with or without an offset (which only says where the writer was), or ISO 8601."""
    value = values.get(column)
    if not isinstance(value, str):
        return None
    found = _DATE.fullmatch(value.strip())
    if found is None:
        when = rows.moment(values, column)
    else:
        try:
            when = _EPOCH + timedelta(milliseconds=int(found[1]))
        except OverflowError:
            return None
    return when if when is not None and when.year in _YEARS else None
