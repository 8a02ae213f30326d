"""Reading the columns of a row. A column that is missing or malformed reads as None: no row fails a page."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

type Row = dict[str, Any]
"""One row, as JSON brought it."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LABEL = "@OData.Community.Display.V1.FormattedValue"
_TABLE = "@Microsoft.Dynamics.CRM.lookuplogicalname"


def is_guid(text: str) -> bool:
    """Tell whether a text is a guid as this product spells them: lower case, without braces."""
    return _GUID.fullmatch(text) is not None


def guid(row: Mapping[str, Any], column: str) -> str | None:
    """Read a guid in lower case."""
    value = row.get(column)
    if not isinstance(value, str):
        return None
    value = value.strip().strip("{}").lower()
    return value if _GUID.fullmatch(value) else None


def text(row: Mapping[str, Any], column: str) -> str | None:
    """Read a text that is not empty."""
    value = row.get(column)
    return value.strip() or None if isinstance(value, str) else None


def moment(row: Mapping[str, Any], column: str) -> datetime | None:
    """Read a time in UTC, with or without fractions of a second."""
    value = row.get(column)
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return None
    try:
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, in another zone
        return None


def number(row: Mapping[str, Any], column: str) -> int | None:
    """Read a whole number, such as the code of a choice."""
    value = row.get(column)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag(row: Mapping[str, Any], column: str) -> bool | None:
    """Read a yes or no."""
    value = row.get(column)
    return value if isinstance(value, bool) else None


def label(row: Mapping[str, Any], column: str) -> str | None:
    """Read what people see in the place of a lookup or choice: a name."""
    return text(row, column + _LABEL)


def table(row: Mapping[str, Any], column: str) -> str | None:
    """Read which table a lookup leads to."""
    return text(row, column + _TABLE)
